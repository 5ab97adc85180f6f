//! Builds the dashboard's client: Rust to wasm, bindings, optimisation, names by content, compression.
//!
//! What leaves is `dist/admin/` and `dist/admin.json`.

use std::fs;

use anyhow::{Context, Result};

use crate::manifest::{self, Bundle, Manifest};
use crate::wasm::{self, Optimise};
use crate::{minify, paths, step, tools};

/// What decides how inputs become files: a change here makes every file anew.
const RECIPE: &str = include_str!("admin.rs");

/// Builds what changed and returns the manifest of all files.
pub fn build(optimise: Optimise) -> Result<Manifest> {
    wasm::prepare(optimise)?;
    // The smallest wasm takes the linker minutes, which somebody who tries the product waits for.
    let profile = match optimise {
        Optimise::Required => "wasm-release",
        Optimise::WhenPossible => "wasm-quick",
    };
    let compiled =
        step::timed("compiling the dashboard", || wasm::compile("natter-admin", profile))?;
    let compiled =
        fs::read(&compiled).with_context(|| format!("cannot read {}", compiled.display()))?;
    step::timed("preparing the dashboard's files", || prepare(&compiled, optimise))
}

fn prepare(compiled: &[u8], optimise: Optimise) -> Result<Manifest> {
    let _alone = wasm::lock()?;
    let css = fs::read(paths::root().join("admin/style.css")).context("no admin/style.css")?;
    let terser = tools::terser();
    let wasm_opt = tools::wasm_opt().filter(|_| optimise == Optimise::Required);
    let inputs = [manifest::sha256(compiled), manifest::sha256(&css)];
    let stamp = wasm::stamp(&inputs, RECIPE, &[wasm_opt.as_deref(), terser.as_deref()])?;
    let stamp_file = Bundle::Dashboard.stamp();
    if fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp)
        && let Some(manifest) = Manifest::read(Bundle::Dashboard)
    {
        return Ok(manifest);
    }

    let (js, mut wasm) = wasm::bind("admin", compiled)?;
    if let Some(program) = wasm_opt {
        wasm = wasm::shrink(&program, &wasm)?;
    }
    let name = manifest::hashed_name("admin", "wasm", &wasm);
    // Started by itself: the page may hold no script of its own.
    let js =
        format!("{js}\n__wbg_init({{ module_or_path: new URL('{name}', import.meta.url) }});\n");
    let js = minify::javascript(&js, terser.as_deref(), minify::Kind::Module)?;

    let mut manifest = Manifest::new(Bundle::Dashboard);
    manifest.add(&name, &wasm, true)?;
    for (kind, bytes) in [("js", js.as_bytes()), ("css", &css)] {
        manifest.add(&manifest::hashed_name("admin", kind, bytes), bytes, true)?;
    }
    manifest.publish()?;
    fs::write(stamp_file, stamp).context("cannot write to dist/")?;
    Ok(manifest)
}
