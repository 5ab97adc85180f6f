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
    let (mut with_license, mut with_static) = (Sum::default(), Sum::default());
    for round in 0..8 {
        let slice = Duration::from_secs(1);
        let mut both = [(licensed, &mut with_license), (&fixed, &mut with_static)];
        if round % 2 == 1 {
            both.reverse();
        }
        for (target, sum) in both {
            let before = natter.cpu()?;
            let closed = load::closed(target, 64, slice).await?;
            sum.cpu += natter.cpu()?.saturating_sub(before);
            sum.elapsed += closed.elapsed;
            sum.chats += closed.chats as f64;
        }
    }
    let junk = licensed.junk("AAAA-AAAA-AAAA-AAAA");
    let before = natter.cpu()?;
    let refused = load::refused(&junk, Duration::from_secs(2)).await?;
    let whole = natter.cpu()?.saturating_sub(before).as_secs_f64() * 1e6 / refused as f64;
    let (malformed, flood) = alone().await?;
    Ok(vec![
        Row::figure("chats/s, license key / static key", with_license.rate(), with_static.rate()),
        Row::figure("  CPU per chat, us", with_license.cpu_us(), with_static.cpu_us()),
        Row::at_most("junk key, key check alone, us", malformed, 20.0),
        Row::at_most("unknown key in a flood, alone, us", flood, 20.0),
        Row::figure("  refused over HTTP, CPU us / number", whole, refused as f64),
    ])
}

/// What the slices with one kind of key came to.
#[derive(Default)]
struct Sum {
    chats: f64,
    elapsed: Duration,
    cpu: Duration,
}

impl Sum {
    fn rate(&self) -> f64 {
        self.chats / self.elapsed.as_secs_f64()
    }

    fn cpu_us(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.chats
    }
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
