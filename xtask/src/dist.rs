//! `cargo xtask dist`: the binary to hand out, with the widget inside.

use anyhow::Result;

use crate::widget::{self, Optimise};
use crate::{paths, run, size};

pub fn run() -> Result<()> {
    let manifest = widget::build(Optimise::Required)?;
    size::check(&manifest)?;
    run::build_server(&["--release"])?;
    println!("{}", paths::natter("release")?.display());
    Ok(())
}
