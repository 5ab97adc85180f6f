//! Where things lie. Everything is found from the workspace, never from the caller's folder.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::step;

/// The repository's root.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// What the widget's build leaves for the server to embed.
pub fn dist() -> PathBuf {
    root().join("dist")
}

/// The one npm project: browser tests and the tools from npm.
pub fn browser_tests() -> PathBuf {
    root().join("tests/browser")
}

/// Cargo's build folder, wherever the environment or a configuration file put it.
pub fn target() -> Result<PathBuf> {
    let json = step::output(step::cargo(&["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: serde_json::Value =
        serde_json::from_str(&json).context("cargo metadata answered no JSON")?;
    let folder = metadata["target_directory"].as_str().context("no target_directory in it")?;
    Ok(PathBuf::from(folder))
}

/// The server's binary of a cargo profile's folder (`debug`, `release`).
pub fn natter(profile_folder: &str) -> Result<PathBuf> {
    let name = format!("natter{}", std::env::consts::EXE_SUFFIX);
    Ok(target()?.join(profile_folder).join(name))
}
