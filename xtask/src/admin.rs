//! Builds the dashboard's client: Rust to wasm, bindings, optimisation, names by content, compression.
//!
//! What leaves is `dist/admin/` and `dist/admin.json`.

use std::collections::BTreeMap;
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

    let split = wasm::split("admin", compiled)?;
    let small = |wasm: Vec<u8>| match &wasm_opt {
        Some(program) => wasm::shrink(program, &wasm),
        None => Ok(wasm),
    };
    let mut manifest = Manifest::new(Bundle::Dashboard);
    let mut js = split.js;
    let mut named = BTreeMap::new();
    for (part, wasm) in split.parts {
        let wasm = small(wasm)?;
        let name = manifest::hashed_name(&part, "wasm", &wasm);
        manifest.add(&name, &wasm, true)?;
        js = js.replace(&format!("\"./{part}.wasm\""), &format!("\"./{name}\""));
        named.insert(part, name);
    }
    let wasm = small(split.main)?;
    let name = manifest::hashed_name("admin", "wasm", &wasm);
    manifest.add(&name, &wasm, true)?;
    // Started by itself: the page may hold no script of its own.
    js += &format!("__wbg_init({{ module_or_path: new URL('{name}', import.meta.url) }});\n");
    let js = minify::javascript(&js, terser.as_deref(), minify::Kind::Module)?;
    for (kind, bytes) in [("js", js.as_bytes()), ("css", &css)] {
        manifest.add(&manifest::hashed_name("admin", kind, bytes), bytes, true)?;
    }
    let files =
        |parts: Vec<String>| parts.iter().filter_map(|part| named.get(part).cloned()).collect();
    manifest.parts = split.needs.into_iter().map(|(area, parts)| (area, files(parts))).collect();
    manifest.publish()?;
    fs::write(stamp_file, stamp).context("cannot write to dist/")?;
    Ok(manifest)
}
