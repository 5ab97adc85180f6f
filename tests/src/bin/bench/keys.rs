//! What the key check costs: a license key against a static key, and keys that nobody knows.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use server::clock::Clock;
use server::config::Config;
use server::keys::{NamedKey, license_key};

use crate::load::{self, Target};
use crate::natter::{Natter, STATIC_KEY};
use crate::table::Row;

/// Checks of one kind that are timed together.
const CHECKS: u32 = 100_000;

/// Measures both, turn about.
pub async fn measure(natter: &Natter, licensed: &Target) -> Result<Vec<Row>> {
    let fixed = licensed.junk(STATIC_KEY);
    let (mut with_license, mut with_static) = (0.0, 0.0);
    for _ in 0..4 {
        let slice = Duration::from_secs(2);
        for (target, sum) in [(licensed, &mut with_license), (&fixed, &mut with_static)] {
            let closed = load::closed(target, 64, slice).await?;
            *sum += closed.chats as f64 / closed.elapsed.as_secs_f64() / 4.0;
        }
    }
    let junk = licensed.junk("AAAA-AAAA-AAAA-AAAA");
    let before = natter.cpu()?;
    let refused = load::refused(&junk, Duration::from_secs(2)).await?;
    let whole = natter.cpu()?.saturating_sub(before).as_secs_f64() * 1e6 / refused as f64;
    let (malformed, flood) = alone().await?;
    Ok(vec![
        Row::figure("chats/s, license key / static key", with_license, with_static),
        Row::at_most("junk key, key check alone, us", malformed, 20.0),
        Row::at_most("unknown key in a flood, alone, us", flood, 20.0),
        Row::figure("  refused over HTTP, CPU us / number", whole, refused as f64),
    ])
}

/// The key check by itself, in microseconds: a key with a wrong check character, and a well-formed
/// one that nobody knows from an address that has tried too many.
async fn alone() -> Result<(f64, f64)> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().to_str().context("a readable temporary folder")?;
    let vars = [("NATTER_LISTEN", "127.0.0.1:0"), ("NATTER_DATA_DIR", path)];
    let config = Config::from_vars(&vars).map_err(anyhow::Error::msg)?;
    let running = server::start(config, Clock::system()).await?;
    let keys = &running.app().keys;
    let unknown = license_key::grouped(&license_key::generate());
    let mut times = [0.0; 2];
    for (time, (key, in_memory_only)) in
        times.iter_mut().zip([("AAAA-AAAA-AAAA-AAAA", false), (unknown.as_str(), true)])
    {
        let started = Instant::now();
        for _ in 0..CHECKS {
            let found = keys.find(NamedKey::Key(key), in_memory_only, 0).await;
            anyhow::ensure!(matches!(found, Ok(None)), "an unknown key was found");
        }
        *time = started.elapsed().as_secs_f64() * 1e6 / f64::from(CHECKS);
    }
    running.stop().await;
    Ok((times[0], times[1]))
}
