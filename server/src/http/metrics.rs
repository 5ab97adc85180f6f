//! Counters for Prometheus, when the setting asks for them.

use std::fmt::Write as _;
use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use shared::{ErrorBody, ErrorCode};

use crate::app::Shared;
use crate::error::ApiError;

/// What this process counts, in Prometheus' text format. `NATTER_METRICS=true` switches it on; it
/// names no key and no visitor.
#[utoipa::path(get, path = "/metrics", tag = "operations",
    responses((status = 200, description = "Prometheus text format 0.0.4"),
        (status = 404, body = ErrorBody)))]
pub async fn metrics(State(app): State<Shared>) -> Result<impl IntoResponse, ApiError> {
    if !app.config.metrics {
        return Err(ErrorCode::NotFound.into());
    }
    let running = u64::try_from(app.turns.running_count()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (name, kind, help, value) in [
        (
            "natter_unknown_key_requests_total",
            "counter",
            "Requests refused because their key is unknown or missing.",
            app.keys.unknown_requests.load(Ordering::Relaxed),
        ),
        ("natter_running_answers", "gauge", "Answers that are being written.", running),
    ] {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
    }
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(CACHE_CONTROL, "no-store"), (CONTENT_TYPE, kind)], text))
}
