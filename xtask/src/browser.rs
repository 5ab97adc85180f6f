//! The browser tests: finds a Chromium and runs Playwright.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::tally::Tally;
use crate::{paths, step, tools};

/// Names the browser to use; also what the tests read.
const VARIABLE: &str = "NATTER_CHROMIUM";
/// Where a Chromium may stand on PATH.
const NAMES: &[&str] = &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// What the browser tests need besides the server: npm's packages and a browser.
///
/// Returns the machine's browser, or `None` when Playwright brings its own.
pub fn prepare() -> Result<Option<PathBuf>> {
    tools::npm_install()?;
    if let Some(named) = std::env::var_os(VARIABLE).map(PathBuf::from) {
        if !named.is_file() {
            bail!("{VARIABLE} names {}, which is no file", named.display());
        }
        return Ok(Some(named));
    }
    let on_path = || NAMES.iter().find_map(|name| tools::on_path(name));
    if let Some(found) = on_path() {
        return Ok(Some(found));
    }
    if tools::apt_install("chromium").unwrap_or(false)
        && let Some(found) = on_path()
    {
        return Ok(Some(found));
    }
    let mut download = step::command("npx");
    download.args(["playwright", "install", "chromium"]).current_dir(paths::browser_tests());
    step::timed("downloading a Chromium with Playwright", || step::run(download)).with_context(
        || format!("no Chromium: `apt-get install chromium`, or name one with {VARIABLE}"),
    )?;
    Ok(None)
}

/// Runs the browser tests whose title holds one of `filters`, or all.
pub fn run(browser: Option<&Path>, natter: &Path, filters: &[String]) -> Result<Tally> {
    let project = paths::browser_tests();
    let report = project.join("artifacts/results.json");
    // An old report must not speak for a run that never came to write one.
    if report.exists() {
        fs::remove_file(&report)?;
    }
    let mut playwright = step::command("npx");
    playwright.args(["playwright", "test", "--pass-with-no-tests"]).current_dir(&project);
    if !filters.is_empty() {
        playwright.arg("--grep").arg(grep(filters));
    }
    playwright.env("NATTER_BIN", natter);
    if let Some(browser) = browser {
        playwright.env(VARIABLE, browser);
    }
    let ended = step::run(playwright);
    let text = fs::read_to_string(&report).context("Playwright wrote no report")?;
    let tally = Tally::of_playwright(&text)?;
    if tally.failed == 0 {
        ended?;
    }
    Ok(tally)
}

/// A pattern that finds the filters as they stand, as cargo does.
fn grep(filters: &[String]) -> String {
    let escape = |text: &String| -> String {
        text.chars()
            .flat_map(|c| {
                (!(c.is_alphanumeric() || c == ' ')).then_some('\\').into_iter().chain([c])
            })
            .collect()
    };
    filters.iter().map(escape).collect::<Vec<_>>().join("|")
}

#[cfg(test)]
mod tests {
    use super::grep;

    #[test]
    fn filters_are_plain_words_to_playwright_as_to_cargo() {
        assert_eq!(grep(&["a.b".to_owned(), "c d".to_owned()]), r"a\.b|c d");
    }
}
