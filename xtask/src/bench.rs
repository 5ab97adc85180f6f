//! `cargo xtask bench`: the release server under load, beside its stub upstream, in one run.

use anyhow::Result;

use crate::{dist, paths, step};

pub fn run(args: &[String]) -> Result<()> {
    let args = args.strip_prefix(&["--".to_owned()]).unwrap_or(args);
    dist::run()?;
    let mut driver = step::cargo(&["run", "--release", "--package", "system-tests"]);
    driver.args(["--bin", "bench", "--"]).args(args);
    driver.env("NATTER_BIN", paths::natter("release")?);
    step::timed("measuring", || step::run(driver))
}
