//! `cargo xtask run`: from a clone to a running server. Never calls npm.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use crate::manifest::{Bundle, Manifest};
use crate::wasm::Optimise;
use crate::{admin, paths, step, widget};

pub fn run(args: &[String]) -> Result<()> {
    let args = args.strip_prefix(&["--".to_owned()]).unwrap_or(args);
    // The first time both take minutes and neither fills the processors to the end, so the
    // server's dependencies are compiled beside the clients. What fails there fails again below,
    // where its messages are shown.
    let cold = Manifest::read(Bundle::Widget).is_none();
    let beside = if cold { start_server_build() } else { None };
    let built = build_clients(Optimise::WhenPossible);
    if let Some(mut beside) = beside {
        match built {
            Ok(()) => step::timed("waiting for the server's dependencies", || {
                beside.wait().map(drop).context("cannot wait for cargo")
            })?,
            Err(_) => drop(beside.kill().and_then(|()| beside.wait())),
        }
    }
    built?;
    build_server(&[])?;

    let natter = paths::natter("debug")?;
    let here = std::env::current_dir()?;
    // Replaces this process: signals and the exit code are the server's own.
    let error = Command::new(&natter).args(args).current_dir(here).exec();
    Err(error).with_context(|| format!("cannot start {}", natter.display()))
}

/// Builds what runs in browsers.
pub fn build_clients(optimise: Optimise) -> Result<()> {
    widget::build(optimise)?;
    admin::build(optimise).map(drop)
}

fn server_build() -> Command {
    step::cargo(&["build", "--package", "server", "--bin", "natter"])
}

fn start_server_build() -> Option<Child> {
    eprintln!("▸ compiling the server's dependencies meanwhile");
    let mut quiet = server_build();
    quiet.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.spawn().ok()
}

/// Compiles the server with the clients' files inside.
pub fn build_server(args: &[&str]) -> Result<()> {
    let mut cargo = server_build();
    cargo.args(args);
    step::timed("compiling the server", || step::run(cargo))
}
