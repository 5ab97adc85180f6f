//! The repository's commands: `cargo xtask <command>`.
//!
//! What enters: the source tree and whatever tools the machine has. What leaves: `dist/` (the
//! widget's and the dashboard's files, ready to be embedded in the server), a running server, or a verdict.
//! One file for each command; the other files are what the commands share.

mod admin;
mod bench;
mod browser;
mod catalogues;
mod cluster;
mod compress;
mod dist;
mod lint;
mod manifest;
mod minify;
mod paths;
mod run;
mod shorten;
mod size;
mod slim;
mod step;
mod tally;
mod test;
mod tools;
mod wasm;
mod widget;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask <command>

  run [-- natter's arguments]   builds widget, dashboard and server, then starts the server
  test [--rust|--browser] [filter…]
                                runs every test (or those whose name holds a filter)
  lint                          formatting, clippy, what may be in the widget, licences
  size                          weighs the widget's and the dashboard's files against their budgets
  bench [-- arguments]          measures the release server beside its stub upstream
  dist                          builds target/release/natter with widget and dashboard inside
  widget                        builds dist/widget alone (a step of the others)
  admin                         builds dist/admin, the dashboard, alone (a step of the others)";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match args.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", [].as_slice()),
    };
    let outcome = match command {
        "run" => run::run(rest),
        // Its last line is the sum, also when it fails.
        "test" => return test::run(rest),
        "lint" => lint::run(),
        "size" => size::run(),
        "bench" => bench::run(rest),
        "dist" => dist::run(),
        "widget" => widget::build(wasm::Optimise::WhenPossible).map(drop),
        "admin" => admin::build(wasm::Optimise::WhenPossible).map(drop),
        cluster::GUARD_COMMAND => cluster::guard(rest),
        "help" | "--help" | "-h" => {
            println!("{HELP}");
            Ok(())
        }
        other => Err(anyhow::anyhow!("there is no command {other:?}\n\n{HELP}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {command}: {error:#}");
            ExitCode::FAILURE
        }
    }
}
