//! `cargo xtask lint`: what can be said about the code without running it.

use anyhow::{Context, Result, bail};

use crate::{paths, step, tools};

/// Crates of the server that must never reach a visitor's browser through `shared`.
const SERVER_ONLY: &[&str] = &["tokio", "sqlx", "axum", "reqwest", "hyper", "utoipa"];

/// What runs in browsers.
const CLIENTS: &[&str] = &["natter-widget", "natter-admin"];

/// A check and what it is called.
type Check = (&'static str, fn() -> Result<()>);

/// Runs every check, also after one has failed, and fails when any did.
pub fn run() -> Result<()> {
    tools::ensure_wasm_target()?;
    let checks: [Check; 5] = [
        ("formatting", || step::run(step::cargo(&["fmt", "--all", "--check"]))),
        ("clippy", clippy),
        ("what is in widget and dashboard", client_dependencies),
        ("wasm-bindgen's two halves", bindgen_versions),
        ("licences, bans and sources", cargo_deny),
    ];
    let failed: Vec<&str> = checks
        .into_iter()
        .filter(|(name, check)| {
            step::timed(name, check).inspect_err(|error| eprintln!("  {error:#}")).is_err()
        })
        .map(|(name, _)| name)
        .collect();
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

fn clippy() -> Result<()> {
    step::run(step::cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    for package in CLIENTS {
        let mut clippy = step::cargo(&["clippy", "--package", package]);
        clippy.args(["--target", tools::WASM_TARGET, "--", "-D", "warnings"]);
        step::run(clippy)?;
    }
    Ok(())
}

/// A server dependency in the wasm would be a heavy download, and nobody would notice.
fn client_dependencies() -> Result<()> {
    for package in CLIENTS {
        let mut tree = step::cargo(&["tree", "--package", package, "--target", tools::WASM_TARGET]);
        tree.args(["--edges", "normal", "--prefix", "none", "--format", "{p}"]);
        let found = server_crates(&step::output(tree)?);
        if let Some(first) = found.first() {
            bail!(
                "{} in the wasm of {package}; `cargo tree -p {package} --target {} -e normal -i \
                 {first}` shows by which way",
                found.join(", "),
                tools::WASM_TARGET
            );
        }
    }
    Ok(())
}

/// Those of the server's crates that stand in a dependency tree of one crate a line.
fn server_crates(tree: &str) -> Vec<&'static str> {
    let names: Vec<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    SERVER_ONLY.iter().filter(|name| names.contains(name)).copied().collect()
}

/// The library in the wasm and the tool that reads it must be of one version.
fn bindgen_versions() -> Result<()> {
    let lock = std::fs::read_to_string(paths::root().join("Cargo.lock"))?;
    let version =
        |name| locked_version(&lock, name).with_context(|| format!("{name} is not in Cargo.lock"));
    let (library, tool) = (version("wasm-bindgen")?, version("wasm-bindgen-cli-support")?);
    if library != tool {
        bail!("wasm-bindgen is {library}, wasm-bindgen-cli-support (xtask/Cargo.toml) is {tool}");
    }
    Ok(())
}

/// The version of a package in the text of a Cargo.lock.
fn locked_version<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let wanted = format!("name = \"{name}\"");
    let mut lines = lock.lines();
    lines.by_ref().find(|line| *line == wanted)?;
    lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')
}

fn cargo_deny() -> Result<()> {
    if tools::on_path("cargo-deny").is_none() {
        eprintln!("  cargo-deny is not installed: left to the workflow on GitHub");
        return Ok(());
    }
    step::run(step::cargo(&["deny", "check", "bans", "licenses", "sources"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_crate_in_the_widgets_tree_is_seen_by_its_whole_name() {
        let tree = "natter-widget v0.1.0 (/x)\nshared v0.1.0\ntokio-macros v2.0.0\n";
        assert!(server_crates(tree).is_empty());
        assert_eq!(server_crates(&format!("{tree}tokio v1.0.0 (*)\n")), ["tokio"]);
    }

    #[test]
    fn versions_are_read_by_the_exact_name() {
        let lock = "[[package]]\nname = \"wasm-bindgen-shared\"\nversion = \"9\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.1\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen"), Some("0.2.1"));
        assert_eq!(locked_version(lock, "wasm"), None);
    }
}
