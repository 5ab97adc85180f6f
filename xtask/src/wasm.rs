//! From a Leptos crate to the JavaScript module and the wasm that a browser loads: what the widget's
//! and the dashboard's builds share.
//!
//! wasm-bindgen is linked in rather than called, so that a fresh machine need not build its command
//! line first.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, anyhow, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::shorten::Names;
use crate::{manifest, paths, step, tools};

/// What Rust's wasm target uses, for a wasm-opt that does not read it from the file.
const FEATURES: &[&str] = &[
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// Whether a build may go without `wasm-opt` and `terser`, which take about a tenth off it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Optimise {
    /// Use them when they are there: enough to try the product.
    WhenPossible,
    /// Get them from npm when they are not there: what is measured, tested or handed out.
    Required,
}

/// Gets the tools that a build needs.
pub fn prepare(optimise: Optimise) -> Result<()> {
    tools::ensure_wasm_target()?;
    if optimise == Optimise::Required && (tools::wasm_opt().is_none() || tools::terser().is_none())
    {
        tools::npm_install()?;
        if tools::wasm_opt().is_none() || tools::terser().is_none() {
            bail!("wasm-opt or terser is missing: `npm ci` in tests/browser brings both");
        }
    }
    Ok(())
}

/// Compiles a crate's binary and returns where cargo put the wasm.
pub fn compile(package: &str, profile: &str) -> Result<PathBuf> {
    let mut cargo = step::cargo(&["build", "--package", package, "--bins"]);
    cargo
        .args(["--target", tools::WASM_TARGET, "--profile", profile])
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
        bail!("{package} does not compile");
    }
    wasm.with_context(|| format!("cargo made no wasm file for {package}"))
}

/// Until it is dropped no other build writes to `dist/`: two at once would remove each other's files.
pub fn lock() -> Result<File> {
    fs::create_dir_all(paths::dist())?;
    let lock = File::create(paths::dist().join(".lock")).context("cannot write to dist/")?;
    lock.lock().context("cannot lock dist/")?;
    Ok(lock)
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

/// What decides how inputs become files: a change here makes every file anew.
const RECIPE: &[&str] = &[
    include_str!("wasm.rs"),
    include_str!("manifest.rs"),
    include_str!("compress.rs"),
    include_str!("shorten.rs"),
    include_str!("slim.rs"),
    include_str!("minify.rs"),
];

/// Everything the files depend on, in one hash.
pub fn stamp(inputs: &[String], recipe: &str, programs: &[Option<&Path>]) -> Result<String> {
    let mut parts = vec![inputs.join("\0"), RECIPE.concat(), recipe.to_owned()];
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

/// The JavaScript module and the wasm that together are the program. `name` is what wasm-bindgen
/// calls it.
pub fn bind(name: &str, wasm: &[u8]) -> Result<(String, Vec<u8>)> {
    bound(Bindgen::new().input_bytes(name, wasm.to_vec()), name, None)
}

/// A program in parts: what starts it, and what it loads when it comes to it.
pub struct Split {
    /// Binds the wasm, and loads parts by the names that stand in it as `"./<name>.wasm"`.
    pub js: String,
    pub main: Vec<u8>,
    /// Name and wasm of each.
    pub parts: Vec<(String, Vec<u8>)>,
    /// Which parts each split of the source needs.
    pub needs: BTreeMap<String, Vec<String>>,
}

/// Cuts a program at its `#[wasm_split]` functions; it was linked with `--emit-relocs`.
pub fn split(name: &str, wasm: &[u8]) -> Result<Split> {
    let folder = paths::dist().join(".parts");
    let main = folder.join("main.wasm");
    let mut options = wasm_split_cli_support::Options::new(wasm);
    options.output_dir = &folder;
    options.main_out_path = &main;
    options.link_name = LINK;
    let cut = wasm_split_cli_support::transform(options)
        .map_err(|why| anyhow!("{name} cannot be cut into parts: {why:#}"))?;
    let part = |path: &PathBuf| -> Result<(String, Vec<u8>)> {
        let stem = path.file_stem().context("a part without a name")?;
        Ok((stem.to_string_lossy().into_owned(), fs::read(path)?))
    };
    let parts = cut.split_modules.iter().map(part).collect::<Result<Vec<_>>>()?;
    let (main, link) = (fs::read(main)?, fs::read_to_string(folder.join(LINK))?);
    fs::remove_dir_all(folder)?;
    let mut bindgen = Bindgen::new();
    // The parts share the memory, the table and the stack pointer.
    bindgen.input_bytes(name, main).keep_lld_exports(true);
    let (js, main) = bound(&mut bindgen, name, Some(&link))?;
    Ok(Split { js, main, parts, needs: cut.prefetch_map.into_iter().collect() })
}

/// What the linking module of a program in parts is called before it is joined to the bindings.
const LINK: &str = "__wasm_split.js";

fn bound(bindgen: &mut Bindgen, name: &str, link: Option<&str>) -> Result<(String, Vec<u8>)> {
    bindgen.web(true)?;
    // Whoever loads it says where the wasm is; the bindings need no guess of their own.
    bindgen.omit_default_module_path(true);
    bindgen.typescript(false).remove_name_section(true).remove_producers_section(true);
    let mut output = bindgen.generate_output().context("wasm-bindgen failed")?;
    let inline = output.snippets().values().any(|files| !files.is_empty());
    if inline || !output.local_modules().is_empty() {
        bail!(
            "a dependency brings JavaScript files of its own (inline_js or module): \
             they would need names, hashes and compression; use a dependency without them"
        );
    }
    let mut js = output.js().to_owned();
    let wasm = output.wasm_mut();
    let mut names = Names::default();
    let own = format!("./{name}_bg.js");
    for import in wasm.imports.iter_mut().filter(|import| import.module == own) {
        import.name = names.shorten(&import.name);
        import.module.clear();
    }
    // Of what the wasm gives, only what wasm-bindgen itself named: the page knows the others.
    for export in wasm.exports.iter_mut().filter(|export| export.name.starts_with("wasm_bindgen__"))
    {
        export.name = names.shorten(&export.name);
    }
    replace_once(&mut js, &format!("\"{own}\": import0"), "\"\": import0")?;
    if let Some(link) = link {
        js = linked(&js, link)?;
    }
    let js = names.replace_in(&js);
    Ok((js, wasm.emit_wasm()))
}

/// The bindings and what loads the parts, each of which imports the other, as one module.
fn linked(js: &str, link: &str) -> Result<String> {
    let mut link = link.to_owned();
    replace_once(&mut link, "import { initSync } from \"./main.js\";", "")?;
    let loader =
        |line: &str| Some(line.strip_prefix("export const ")?.split(' ').next()?.to_owned());
    let loaders: Vec<String> = link.lines().filter_map(loader).collect();
    // wasm-bindgen imports the module once for each part.
    let (import, entry) = (format!(" from \"{LINK}\""), format!("\"{LINK}\": import"));
    let all = format!("\"{LINK}\": {{ {} }},", loaders.join(", "));
    let (mut lines, mut imports, mut entries) = (Vec::new(), 0, 0);
    for line in js.lines() {
        if line.starts_with("import ") && line.contains(&import) {
            imports += 1;
        } else if line.trim_start().starts_with(&entry) {
            if entries == 0 {
                lines.push(all.as_str());
            }
            entries += 1;
        } else {
            lines.push(line);
        }
    }
    if loaders.is_empty() || imports != loaders.len() || entries != loaders.len() {
        bail!("the bindings import {LINK} in a way that is not known here");
    }
    Ok(format!("{}\n{}", lines.join("\n"), link.replace("export const ", "const ")))
}

/// What these tools write is not promised: where it is another, the build says so.
fn replace_once(js: &mut String, from: &str, to: &str) -> Result<()> {
    if js.matches(from).count() != 1 {
        bail!("the bindings have no {from}: they are written in another way now");
    }
    *js = js.replacen(from, to, 1);
    Ok(())
}

/// The wasm after `wasm-opt`.
pub fn shrink(program: &Path, wasm: &[u8]) -> Result<Vec<u8>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    const BINDINGS: &str = "import * as import1 from \"__wasm_split.js\"\n\
        import * as import2 from \"__wasm_split.js\"\nfunction imports() {\n    return {\n        \
        \"\": import0,\n        \"__wasm_split.js\": import1,\n\"__wasm_split.js\": import2,\n    };\n}";
    const LINK_MODULE: &str = "import { initSync } from \"./main.js\";\n\
        export const __wasm_split_load_a = load(\"./split_a.wasm\");\n\
        export const __wasm_split_load_b = load(\"./split_b.wasm\");\n";

    #[test]
    fn bindings_and_loaders_that_import_each_other_become_one_module() {
        let module = linked(BINDINGS, LINK_MODULE).unwrap();
        assert!(!module.contains("import * as") && !module.contains("import {"), "{module}");
        assert!(!module.contains("export const"), "{module}");
        let all = "\"__wasm_split.js\": { __wasm_split_load_a, __wasm_split_load_b },";
        assert_eq!(module.matches(all).count(), 1, "{module}");
        assert_eq!(module.matches("\"__wasm_split.js\"").count(), 1, "{module}");
        assert!(module.contains("\"\": import0,"), "other imports stay: {module}");
        assert!(module.contains("const __wasm_split_load_b = load("), "{module}");
    }

    #[test]
    fn what_is_written_in_another_way_stops_the_build() {
        for (bindings, link) in [
            ("function imports() {}", LINK_MODULE),
            (BINDINGS, "export const __wasm_split_load_a = load();\n"),
            (BINDINGS, "import { initSync } from \"./main.js\";\nexport const one = 1;\n"),
        ] {
            assert!(linked(bindings, link).is_err(), "{bindings} {link}");
        }
    }
}
