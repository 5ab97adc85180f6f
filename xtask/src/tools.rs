//! Finding the tools that the commands need, and installing what this machine allows.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{paths, step};

/// The target the widget is compiled for.
pub const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// A program on PATH.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(name)).find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

/// Adds the wasm target to the toolchain when it is missing.
pub fn ensure_wasm_target() -> Result<()> {
    let mut probe = step::command("rustc");
    probe.args(["--print", "target-libdir", "--target", WASM_TARGET]);
    let folder = step::output(probe)?;
    if Path::new(folder.trim()).exists() {
        return Ok(());
    }
    let mut add = step::command("rustup");
    add.args(["target", "add", WASM_TARGET]);
    step::timed(&format!("adding the Rust target {WASM_TARGET}"), || step::run(add))
}

/// `wasm-opt`, from PATH or from the npm project when its packages are installed.
pub fn wasm_opt() -> Option<PathBuf> {
    on_path("wasm-opt").or_else(|| from_npm("wasm-opt"))
}

/// `terser`, which shortens JavaScript, from the npm project when its packages are installed.
pub fn terser() -> Option<PathBuf> {
    from_npm("terser")
}

fn from_npm(name: &str) -> Option<PathBuf> {
    let program = paths::browser_tests().join("node_modules/.bin").join(name);
    is_program(&program).then_some(program)
}

/// Installs the npm project's packages as its lock file says; quick when nothing changed.
pub fn npm_install() -> Result<()> {
    let project = paths::browser_tests();
    let lock = std::fs::read(project.join("package-lock.json"))
        .context("tests/browser/package-lock.json is missing")?;
    let installed = project.join("node_modules/.natter-lock");
    if std::fs::read(&installed).is_ok_and(|done| done == lock) {
        return Ok(());
    }
    if on_path("npm").is_none() {
        bail!("npm is missing: install Node.js 20 or newer (https://nodejs.org)");
    }
    let mut npm = step::command("npm");
    // The browser comes from the machine, or later from Playwright when there is none.
    npm.args(["ci", "--no-audit", "--no-fund"])
        .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
        .current_dir(&project);
    step::timed("npm ci in tests/browser", || step::run(npm))?;
    std::fs::write(&installed, lock).context("cannot mark the npm packages as installed")
}

/// Whether this process may install packages of the system.
fn can_install() -> bool {
    is_root() && on_path("apt-get").is_some()
}

/// Whether this process is root, who must not run PostgreSQL or a sandboxed browser.
pub fn is_root() -> bool {
    let mut id = Command::new("id");
    id.arg("-u");
    step::output(id).is_ok_and(|uid| uid.trim() == "0")
}

/// Installs a Debian package. False where this machine does not allow it.
pub fn apt_install(package: &str) -> Result<bool> {
    if !can_install() {
        return Ok(false);
    }
    step::timed(&format!("apt-get install {package}"), || {
        for args in [vec!["update", "-qq"], vec!["install", "-qq", "-y", package]] {
            let mut apt = step::command("apt-get");
            // Its progress goes to standard error: standard output carries only results.
            apt.args(args)
                .env("DEBIAN_FRONTEND", "noninteractive")
                .stdin(Stdio::null())
                .stdout(std::io::stderr());
            step::run(apt)?;
        }
        Ok(true)
    })
}
