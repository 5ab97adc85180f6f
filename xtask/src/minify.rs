//! Makes JavaScript small: with `terser` when it is there, else by leaving out comments alone.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::{paths, slim, step};

/// How a file is loaded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A classic script.
    Script,
    /// What is imported.
    Module,
}

/// `source`, doing the same in fewer bytes. Names of properties and of unknown globals stay.
pub fn javascript(source: &str, terser: Option<&Path>, kind: Kind) -> Result<String> {
    let source = slim::javascript(source);
    let Some(program) = terser else { return Ok(source) };
    let before = paths::dist().join("before.js");
    fs::write(&before, &source)?;
    let mut command = step::command(program);
    command.arg(&before).args(["--ecma", "2020", "--mangle"]);
    command.args(["--compress", "passes=3,unsafe_arrows=true"]);
    if kind == Kind::Module {
        command.arg("--module");
    }
    let small = step::output(command).context("terser cannot read a file of the widget")?;
    fs::remove_file(before)?;
    Ok(small.trim_end().to_owned())
}
