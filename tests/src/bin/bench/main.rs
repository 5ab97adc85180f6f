//! `cargo xtask bench`: the release server as a process of its own, between a load generator and a
//! stub of a model server, everything on loopback and bounded in time.
//!
//! What enters: the server's binary (`NATTER_BIN`, else `target/release/natter`) and the options of
//! [`Options`]. What leaves: one table of figures beside their targets. Nothing here passes or
//! fails on speed; what fails it is a wrong answer.

mod history;
mod keys;
mod licenses;
mod load;
mod natter;
mod stub;
mod table;

use std::time::Duration;

use anyhow::{Context, Result, bail};

use load::{Latencies, Target};
use natter::Natter;
use table::Row;

/// What can be chosen on the command line.
struct Options {
    /// Length of the closed-loop measurement.
    seconds: u64,
    /// Connections of the closed loop.
    connections: usize,
}

const HELP: &str = "options: --seconds N (10), --connections N (64)";

impl Options {
    fn parse(args: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self { seconds: 10, connections: 64 };
        let mut args = args;
        while let Some(name) = args.next() {
            let value = args.next().with_context(|| format!("{name} needs a value; {HELP}"))?;
            match name.as_str() {
                "--seconds" => options.seconds = value.parse().context(HELP)?,
                "--connections" => options.connections = value.parse().context(HELP)?,
                _ => bail!("{name} is no option; {HELP}"),
            }
        }
        if !(1..=600).contains(&options.seconds) || !(1..=1000).contains(&options.connections) {
            bail!("--seconds is 1 to 600, --connections 1 to 1000");
        }
        Ok(options)
    }
}

fn main() -> Result<()> {
    let options = Options::parse(std::env::args().skip(1))?;
    let stub = stub::start()?;
    // One thread, as the server and the stub want the rest of the machine.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let rows = runtime.block_on(measure(&options, stub))?;
    table::print(&rows);
    Ok(())
}

async fn measure(options: &Options, stub: std::net::SocketAddr) -> Result<Vec<Row>> {
    let natter = Natter::start(stub).await?;
    let direct = Target::stub(stub);
    let through = Target::natter(natter.addr(), natter.key());
    println!(
        "SQLite on disk; a license key bound to a website with a monthly limit; the stub sends \
         {} tokens at once; each chat is a new conversation; {} connections for {} s.",
        stub::TOKENS,
        options.connections,
        options.seconds
    );
    let idle = natter.memory()?;

    // Caches, pools and the allocator settle before anything is counted.
    load::closed(&through, options.connections, Duration::from_secs(1)).await?;
    let cpu_before = natter.cpu()?;
    let time = Duration::from_secs(options.seconds);
    let closed = load::closed(&through, options.connections, time).await?;
    let cpu = natter.cpu()?.saturating_sub(cpu_before);
    let loaded = natter.memory()?;
    let per_second = closed.chats as f64 / closed.elapsed.as_secs_f64();
    let cpu_ms = cpu.as_secs_f64() * 1000.0 / closed.chats as f64;

    // Turn about, so that whatever else the machine does meets both alike.
    let rate = per_second / 2.0;
    let (mut stub_first, mut natter_first) = (Latencies::default(), Latencies::default());
    for _ in 0..5 {
        let slice = Duration::from_secs(1);
        stub_first.extend(load::open(&direct, rate, slice).await?);
        natter_first.extend(load::open(&through, rate, slice).await?);
    }
    let mut rows = keys::measure(&natter, &through).await?;
    rows.extend(licenses::measure(&natter, time).await?);
    drop(natter);
    rows.extend(history::measure(stub).await?);
    let added = |of: fn(&Latencies) -> f64| of(&natter_first) - of(&stub_first);
    let mut all = vec![
        Row::at_least("chats/s", per_second, 3000.0),
        Row::at_most("server CPU per chat, ms", cpu_ms, 0.4),
        Row::at_most("first token, added p50, ms", added(Latencies::p50), 0.3),
        Row::at_most("first token, added p99, ms", added(Latencies::p99), 2.0),
        Row::figure("  stub directly p50 / p99, ms", stub_first.p50(), stub_first.p99()),
        Row::figure("  through Natter p50 / p99, ms", natter_first.p50(), natter_first.p99()),
        Row::figure("  at chats/s / samples", rate, natter_first.count() as f64),
        Row::at_most("resident idle, MiB", idle.resident_mib, 30.0),
        Row::at_most("resident under load (peak), MiB", loaded.peak_mib, 120.0),
    ];
    all.append(&mut rows);
    Ok(all)
}
