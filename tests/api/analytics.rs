//! What the usage adds up to, for one key and for all.
//!
//! Whatever is told right after the queries must be told unchanged when the background has rolled
//! the rows up, and after a crash: [`told`] asks all three times.

mod figures;
mod ranges;

use std::fmt::Debug;
use std::time::Duration;

use serde_json::{Value, json};
use system_tests::TestApp;

use crate::kit::*;
use crate::wait::{eventually, stays};

/// All of June 2026.
pub const JUNE: &str = "?from=2026-06-01T00:00:00Z&to=2026-07-01T00:00:00Z&interval=day";

pub async fn of_key(app: &TestApp, key: &Value, query: &str) -> Value {
    read(app, &format!("{}/analytics{query}", path_of(key))).await
}

pub async fn of_all(app: &TestApp, query: &str) -> Value {
    read(app, &format!("/api/analytics{query}")).await
}

/// Expects the same at once, when ten minutes have passed, and after a crash.
pub async fn told<T: Debug + PartialEq>(
    app: &mut TestApp,
    expected: &T,
    look: impl AsyncFn(&TestApp) -> T,
) {
    let same = |seen: &T| seen == expected;
    eventually("told right after the queries", async || look(app).await, same).await;
    app.clock.advance(Duration::from_secs(600));
    stays("told unchanged ten minutes later", async || look(app).await, same).await;
    app.kill();
    app.start_again().await;
    stays("told unchanged after a crash", async || look(app).await, same).await;
}

/// The counts of the whole range.
pub fn totals(told: &Value) -> Value {
    let totals = &told["totals"];
    let count = |name: &str| totals[name].as_u64().unwrap_or_else(|| panic!("{name} in {told}"));
    json!(["queries", "ok", "failed", "stopped", "refused"].map(count))
}

/// The entries of a list of counts that have a name, as they come.
pub fn counts(list: &Value, name: &str) -> Vec<(String, u64)> {
    let entries = list.as_array().unwrap_or_else(|| panic!("a list instead of {list}"));
    let count = |entry: &Value| {
        let count = entry["count"].as_u64().unwrap_or_else(|| panic!("`count` in {entry}"));
        Some((entry[name].as_str()?.to_owned(), count))
    };
    entries.iter().filter_map(count).collect()
}

/// The pieces of the series in which something happened: when they begin, to the second, and
/// their counts of ok, failed, stopped and refused.
pub fn series(told: &Value) -> Vec<(String, [u64; 4])> {
    let pieces = told["series"].as_array().unwrap_or_else(|| panic!("`series` in {told}"));
    let piece = |piece: &Value| {
        let count = |name: &str| piece[name].as_u64().unwrap_or_else(|| panic!("{name}: {piece}"));
        let start = piece["start"].as_str().unwrap_or_else(|| panic!("`start` in {piece}"));
        (start[..19].to_owned(), ["ok", "failed", "stopped", "refused"].map(count))
    };
    pieces.iter().map(piece).filter(|(_, counts)| *counts != [0; 4]).collect()
}
