//! Builds the widget: Rust to wasm, bindings, optimisation, names by content, compression.
//!
//! What leaves is `dist/widget/` and `dist/manifest.json`. wasm-bindgen is linked in rather than
//! called, so that a fresh machine need not build its command line first.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::catalogues::{self, Catalogue};
use crate::manifest::{self, Manifest};
use crate::shorten::Names;
use crate::{minify, paths, step, tools};

/// The loader's name, which never changes: it stands in the pages of site owners.
pub const LOADER: &str = "chat-widget.js";
/// The loader's types, for those who write TypeScript.
const TYPES: &str = "chat-widget.d.ts";
/// What stands in the loader for the build's name, as a literal, and so for the names of its files.
const BUILD: &str = "NATTER_BUILD";
/// What stands in it for whether it is the module of chats in the page.
const INLINE: &str = "NATTER_INLINE";
/// What decides how inputs become files: a change here makes every file anew.
const RECIPE: &[&str] = &[
    include_str!("widget.rs"),
    include_str!("catalogues.rs"),
    include_str!("manifest.rs"),
    include_str!("compress.rs"),
    include_str!("shorten.rs"),
    include_str!("slim.rs"),
    include_str!("minify.rs"),
];
/// What Rust's wasm target uses, for a wasm-opt that does not read it from the file.
const FEATURES: &[&str] = &[
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// Whether the widget may go without `wasm-opt` and `terser`, which take about a tenth off it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Optimise {
    /// Use them when they are there: enough to try the product.
    WhenPossible,
    /// Get them from npm when they are not there: what is measured, tested or handed out.
    Required,
}

/// Builds what changed and returns the manifest of all files.
pub fn build(optimise: Optimise) -> Result<Manifest> {
    tools::ensure_wasm_target()?;
    if optimise == Optimise::Required && (tools::wasm_opt().is_none() || tools::terser().is_none())
    {
        tools::npm_install()?;
        if tools::wasm_opt().is_none() || tools::terser().is_none() {
            bail!("wasm-opt or terser is missing: `npm ci` in tests/browser brings both");
        }
    }
    let wasm = step::timed("compiling the widget", compile)?;
    step::timed("preparing the widget's files", || prepare(&wasm))
}

/// Compiles the widget's crate and returns where cargo put the wasm.
fn compile() -> Result<PathBuf> {
    let mut cargo = step::cargo(&["build", "--package", "natter-widget", "--bins"]);
    cargo
        .args(["--target", tools::WASM_TARGET, "--profile", "wasm-release"])
        .arg("--message-format=json-render-diagnostics")
        .env("CARGO_ENCODED_RUSTFLAGS", rust_flags())
        .stdout(Stdio::piped());
    let mut child = cargo.spawn().context("cannot start cargo")?;
    let stdout = child.stdout.take().context("cargo has no output")?;
    let mut wasm = None;
    for line in BufReader::new(stdout).lines() {
        let Ok(message) = serde_json::from_str::<serde_json::Value>(&line?) else { continue };
        let files = message["filenames"].as_array().into_iter().flatten();
        wasm = files
            .filter_map(|file| file.as_str())
            .find(|file| file.ends_with(".wasm"))
            .map(PathBuf::from)
            .or(wasm);
    }
    if !child.wait()?.success() {
        bail!("the widget does not compile");
    }
    wasm.context("cargo made no wasm file for natter-widget")
}

/// Keeps this machine's folders out of the texts of panics: smaller, and the same everywhere.
fn rust_flags() -> String {
    let mut flags: Vec<String> = std::env::var("RUSTFLAGS")
        .map(|flags| flags.split_whitespace().map(str::to_owned).collect())
        .unwrap_or_default();
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let registries = home
        .and_then(|home| fs::read_dir(home.join("registry/src")).ok())
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()));
    for folder in registries.chain([paths::root()]) {
        flags.push(format!("--remap-path-prefix={}=", folder.display()));
    }
    flags.join("\u{1f}")
}

/// Turns the compiled wasm and the loader into the files that are served.
fn prepare(wasm: &Path) -> Result<Manifest> {
    fs::create_dir_all(paths::dist())?;
    // Two builds at once would remove each other's files.
    let lock = File::create(paths::dist().join(".lock")).context("cannot write to dist/")?;
    lock.lock().context("cannot lock dist/")?;

    let read =
        |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let asset = |name: &str| read(&paths::root().join("assets").join(name));
    let (compiled, sound, types) = (read(wasm)?, asset("sound.mp3")?, asset(TYPES)?);
    let source = String::from_utf8(asset(LOADER)?).context("the loader is no text")?;
    let (wasm_opt, terser) = (tools::wasm_opt(), tools::terser());
    let catalogues = catalogues::read()?;
    let texts: String = catalogues.iter().map(Catalogue::name).collect();
    let [hash, sounds, typed] = [&compiled, &sound, &types].map(|bytes| manifest::sha256(bytes));
    let inputs = [hash, sounds, typed, texts, source.clone()];
    let stamp = stamp(&inputs, &[wasm_opt.as_deref(), terser.as_deref()])?;
    let stamp_file = paths::dist().join(".stamp");
    if fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp)
        && let Some(manifest) = Manifest::read()
    {
        return Ok(manifest);
    }

    let (js, mut wasm) = bind(&compiled)?;
    match wasm_opt {
        Some(program) => wasm = shrink(&program, &wasm)?,
        None => eprintln!("  wasm-opt is not there: the widget works, but is larger"),
    }
    let js = minify::javascript(&js, terser.as_deref(), minify::Kind::Module)?;
    let english = catalogues.iter().find(|one| one.tag == catalogues::ENGLISH);
    let english = english.context("assets/locales has no English catalogue")?.json.as_bytes();
    let all = [js.as_bytes(), &wasm, &sound, english, source.as_bytes()].concat();
    let build = manifest::short_hash(&all);
    let small = |kind| -> Result<String> {
        let source = variant(&source, &build, kind)?;
        let small = minify::javascript(&source, terser.as_deref(), kind)?;
        // Between two rules of its style sheet.
        Ok(small.replace("}\\n", "}"))
    };
    let (loader, inline) = (small(minify::Kind::Script)?, small(minify::Kind::Module)?);

    let mut manifest = Manifest::default();
    let named = |kind: &str| ["widget-", &build, kind].concat();
    manifest.add(LOADER, loader.as_bytes(), false)?;
    manifest.add(TYPES, &types, false)?;
    for (kind, bytes) in [
        (".js", js.as_bytes()),
        (".wasm", &wasm),
        (".inline.js", inline.as_bytes()),
        (".mp3", &sound),
        // For a loader that the server has not told another language.
        (".json", english),
    ] {
        manifest.add(&named(kind), bytes, true)?;
    }
    for catalogue in &catalogues {
        manifest.add(&catalogue.name(), catalogue.json.as_bytes(), true)?;
    }
    manifest.publish()?;
    fs::write(stamp_file, stamp).context("cannot write dist/.stamp")?;
    Ok(manifest)
}

/// Everything the files depend on, in one hash.
fn stamp(inputs: &[String], programs: &[Option<&Path>]) -> Result<String> {
    let mut parts = vec![inputs.join("\0"), RECIPE.concat()];
    for program in programs {
        parts.push(match program {
            None => "none".to_owned(),
            Some(program) => {
                let mut command = step::command(program);
                command.arg("--version");
                step::output(command)?
            }
        });
    }
    Ok(manifest::sha256(parts.join("\0").as_bytes()))
}

/// The JavaScript module and the wasm that together are the widget.
fn bind(wasm: &[u8]) -> Result<(String, Vec<u8>)> {
    let mut bindgen = Bindgen::new();
    bindgen.input_bytes("widget", wasm.to_vec());
    bindgen.web(true)?;
    // The loader says where the wasm is; the bindings need no guess of their own.
    bindgen.omit_default_module_path(true);
    bindgen.typescript(false).remove_name_section(true).remove_producers_section(true);
    let mut output = bindgen.generate_output().context("wasm-bindgen failed")?;
    let inline = output.snippets().values().any(|files| !files.is_empty());
    if inline || !output.local_modules().is_empty() {
        bail!(
            "a dependency of the widget brings JavaScript files of its own (inline_js or module): \
             they would need names, hashes and compression; use a dependency without them"
        );
    }
    let js = output.js().to_owned();
    let wasm = output.wasm_mut();
    let mut names = Names::default();
    for import in wasm.imports.iter_mut() {
        import.name = names.shorten(&import.name);
        import.module.clear();
    }
    // Of what the wasm gives, only what wasm-bindgen itself named: the loader knows the others.
    for export in wasm.exports.iter_mut().filter(|export| export.name.starts_with("wasm_bindgen__"))
    {
        export.name = names.shorten(&export.name);
    }
    // All imports come from this one object of the bindings.
    let (from, to) = ("\"./widget_bg.js\": import0", "\"\": import0");
    if js.matches(from).count() != 1 {
        bail!("the bindings have no {from}: wasm-bindgen writes them in another way now");
    }
    let js = names.replace_in(&js.replace(from, to));
    Ok((js, wasm.emit_wasm()))
}

/// The wasm after `wasm-opt`.
fn shrink(program: &Path, wasm: &[u8]) -> Result<Vec<u8>> {
    let (before, after) = (paths::dist().join("before.wasm"), paths::dist().join("after.wasm"));
    fs::write(&before, wasm)?;
    let mut command = step::command(program);
    command.args(FEATURES).args(["-Oz", "--strip-debug", "--strip-producers"]);
    command.args(["--strip-target-features", "-o"]).arg(&after).arg(&before);
    step::run(command)?;
    let small = fs::read(&after).context("wasm-opt wrote nothing")?;
    fs::remove_file(before)?;
    fs::remove_file(after)?;
    Ok(small)
}

/// The loader of this build, or, as a module, that of chats in the page: both are of one source.
fn variant(loader: &str, build: &str, kind: minify::Kind) -> Result<String> {
    let inline = kind == minify::Kind::Module;
    match loader.matches(BUILD).count() {
        1 => {}
        n => bail!("assets/{LOADER} must hold `{BUILD}` exactly once, it stands there {n}×"),
    }
    let source = loader
        .replace(BUILD, &format!("'{build}'"))
        .replace(INLINE, if inline { "true" } else { "false" });
    Ok(if inline { source.replacen("(() => {", "export default (() => {", 1) } else { source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loader_and_the_module_get_the_name_of_this_build() {
        let loader = "(() => { let build = NATTER_BUILD; if (NATTER_INLINE) f((() => {})) })()";
        let got = variant(loader, "12ab", minify::Kind::Script).unwrap();
        assert_eq!(got, "(() => { let build = '12ab'; if (false) f((() => {})) })()");
        let got = variant(loader, "12ab", minify::Kind::Module).unwrap();
        assert!(got.starts_with("export default (() => { let build = '12ab'; if (true)"), "{got}");
    }

    #[test]
    fn a_loader_without_its_placeholder_or_with_two_is_refused() {
        assert!(variant("const A = 1;", "", minify::Kind::Script).is_err());
        assert!(variant(&BUILD.repeat(2), "", minify::Kind::Script).is_err());
    }
}
