//! `cargo xtask test`: brings what the tests need, runs all of them, and adds up.

use std::process::{Command, ExitCode};

use anyhow::{Result, bail};

use crate::cluster::{self, Cluster};
use crate::tally::{self, Tally};
use crate::wasm::Optimise;
use crate::{browser, paths, run, step};

/// Settings of a developer's own server, which must not reach the servers under test.
const SETTINGS: &[&str] = &[
    "NATTER_",
    "OPENAI_",
    "ANTHROPIC_",
    "WIDGET_API_KEY",
    "ADMIN_API_KEY",
    "DATABASE_URL",
    "CORS_ORIGIN",
    "RATE_LIMIT_",
    "MAX_HISTORY_MESSAGES",
    "SMTP_",
];

/// Which tests to run.
#[derive(Debug, PartialEq, Eq)]
struct Choice {
    rust: bool,
    browser: bool,
    filters: Vec<String>,
}

/// Runs the tests; the last line printed is their sum.
pub fn run(args: &[String]) -> ExitCode {
    let mut sum = Tally::default();
    // Whatever goes wrong outside of a test counts as one that failed.
    if let Err(error) = choose(args).and_then(|choice| run_chosen(&choice, &mut sum)) {
        eprintln!("xtask test: {error:#}");
        sum.failed += 1;
    }
    println!("{} passed, {} failed", sum.passed, sum.failed);
    if sum.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn choose(args: &[String]) -> Result<Choice> {
    let (flags, filters): (Vec<_>, Vec<_>) =
        args.iter().cloned().partition(|arg| arg.starts_with('-'));
    let (mut rust, mut browser) = (false, false);
    for flag in flags {
        match flag.as_str() {
            "--rust" => rust = true,
            "--browser" => browser = true,
            "--" => {}
            other => bail!("unknown flag {other}; there are --rust and --browser"),
        }
    }
    // Neither named: both.
    Ok(Choice { rust: rust || !browser, browser: browser || !rust, filters })
}

fn run_chosen(choice: &Choice, sum: &mut Tally) -> Result<()> {
    // What may be missing on this machine is asked for before minutes are spent on building.
    let chromium = if choice.browser { Some(browser::prepare()?) } else { None };
    let cluster = if choice.rust { Some(Cluster::start()?) } else { None };

    run::build_clients(Optimise::Required)?;
    run::build_server(&[])?;

    let mut errors = Vec::new();
    let mut count = |tally: Result<Tally>| match tally {
        Ok(tally) => sum.add(tally),
        Err(error) => errors.push(format!("{error:#}")),
    };
    if let Some(cluster) = &cluster {
        count(step::timed("Rust tests", || {
            tally::of_cargo_test(cargo_test(cluster, choice), &mut std::io::stdout())
        }));
    }
    // Stopped before the browser needs the memory.
    drop(cluster);
    if let Some(chromium) = chromium {
        let natter = paths::natter("debug")?;
        count(step::timed("browser tests", || {
            browser::run(chromium.as_deref(), &natter, &choice.filters)
        }));
    }
    if !errors.is_empty() {
        bail!("{}", errors.join("\n"));
    }
    Ok(())
}

fn cargo_test(cluster: &Cluster, choice: &Choice) -> Command {
    let mut cargo = step::cargo(&["test", "--workspace", "--no-fail-fast"]);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| SETTINGS.iter().any(|set| name.starts_with(set))) {
            cargo.env_remove(name);
        }
    }
    cargo.env(cluster::URL_VARIABLE, &cluster.url);
    if !choice.filters.is_empty() {
        cargo.arg("--").args(&choice.filters);
    }
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(args: &[&str]) -> Choice {
        choose(&args.iter().map(|&arg| arg.to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn without_a_flag_every_test_runs() {
        assert_eq!(chosen(&[]), Choice { rust: true, browser: true, filters: vec![] });
        assert_eq!(
            chosen(&["--rust", "quota"]),
            Choice { rust: true, browser: false, filters: vec!["quota".to_owned()] }
        );
        assert_eq!(chosen(&["--browser"]), Choice { rust: false, browser: true, filters: vec![] });
    }

    #[test]
    fn a_flag_nobody_knows_is_refused() {
        assert!(choose(&["--fast".to_owned()]).is_err());
    }
}
