//! `cargo xtask dist`: the binary to hand out, with widget and dashboard inside.

use anyhow::Result;

use crate::{paths, run, size};

pub fn run() -> Result<()> {
    size::check_all()?;
    run::build_server(&["--release"])?;
    println!("{}", paths::natter("release")?.display());
    Ok(())
}
