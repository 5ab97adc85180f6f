//! Adds up what the test runners report.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Tests that passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
}

impl Tally {
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    /// Reads one line of libtest's output: `test result: ok. 3 passed; 1 failed; …`.
    fn of_line(line: &str) -> Option<Self> {
        let counts = line.trim_start().strip_prefix("test result: ")?;
        let count = |word: &str| {
            let before = counts.split(word).next()?;
            before.split_whitespace().next_back()?.parse().ok()
        };
        Some(Self { passed: count(" passed")?, failed: count(" failed")? })
    }

    /// Reads the `stats` of Playwright's JSON report. A test that passed only at a second try
    /// failed; one that was skipped by accident did not pass.
    pub fn of_playwright(report: &str) -> Result<Self> {
        let report: serde_json::Value = serde_json::from_str(report)?;
        let stat = |name: &str| report["stats"][name].as_u64().context("no such figure in stats");
        Ok(Self { passed: stat("expected")?, failed: stat("unexpected")? + stat("flaky")? })
    }
}

/// Runs `cargo test`, passes its output on to `shown` as it comes, and counts.
pub fn of_cargo_test(mut cargo: Command, shown: &mut impl Write) -> Result<Tally> {
    let mut child = cargo.stdout(Stdio::piped()).spawn().context("cannot start cargo")?;
    let mut lines = BufReader::new(child.stdout.take().context("cargo has no output")?);
    let mut tally = Tally::default();
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        shown.write_all(&line)?;
        if let Some(counted) = Tally::of_line(&String::from_utf8_lossy(&line)) {
            tally.add(counted);
        }
        line.clear();
    }
    let status = child.wait()?;
    // Not a failed test, but for instance one that does not compile or that ended its process.
    if !status.success() && tally.failed == 0 {
        bail!("cargo test did not end properly ({status})");
    }
    Ok(tally)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_binary_of_cargo_is_counted() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered";
        assert_eq!(Tally::of_line(line), Some(Tally { passed: 12, failed: 3 }));
        assert_eq!(Tally::of_line("test result_of_a_test ... ok"), None);
        assert_eq!(Tally::of_line("running 3 tests"), None);
    }

    #[test]
    fn a_flaky_browser_test_counts_as_failed() {
        let report = r#"{"stats":{"expected":5,"unexpected":1,"flaky":1,"skipped":2}}"#;
        assert_eq!(Tally::of_playwright(report).unwrap(), Tally { passed: 5, failed: 2 });
        assert!(Tally::of_playwright("{}").is_err(), "no figures, no success");
    }

    #[test]
    fn a_runner_that_dies_without_a_failed_test_is_an_error() {
        let mut dying = Command::new("sh");
        dying.args(["-c", "echo 'test result: ok. 1 passed; 0 failed;'; exit 1"]);
        assert!(of_cargo_test(dying, &mut std::io::sink()).is_err());
        let mut failing = Command::new("sh");
        failing.args(["-c", "echo 'test result: FAILED. 1 passed; 2 failed;'; exit 1"]);
        assert_eq!(
            of_cargo_test(failing, &mut std::io::sink()).unwrap(),
            Tally { passed: 1, failed: 2 }
        );
    }
}
