//! `cargo xtask bench`: the release server under load, beside its stub upstream, in one run; then
//! what is found in documentation, and how fast.

use anyhow::Result;

use crate::{dist, paths, step};

pub fn run(args: &[String]) -> Result<()> {
    let args = args.strip_prefix(&["--".to_owned()]).unwrap_or(args);
    dist::run()?;
    let mut driver = step::cargo(&["run", "--release", "--package", "system-tests"]);
    driver.args(["--bin", "bench", "--"]).args(args);
    driver.env("NATTER_BIN", paths::natter("release")?);
    step::timed("measuring", || step::run(driver))?;
    if args.is_empty() {
        let mut found = step::cargo(&["test", "--release", "--package", "retrieval"]);
        found.args(["--test", "corpora", "the_right_section", "--", "--nocapture"]);
        step::timed("what is found in documentation of six kinds", || step::run(found))?;
        let mut speed = step::cargo(&["run", "--release", "--package", "retrieval"]);
        speed.args(["--example", "speed"]);
        step::timed("building and searching an index", || step::run(speed))?;
    }
    Ok(())
}
