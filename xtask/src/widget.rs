//! Builds the widget: Rust to wasm, bindings, optimisation, names by content, compression.
//!
//! What leaves is `dist/widget/` and `dist/widget.json`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::catalogues::{self, Catalogue};
use crate::manifest::{self, Bundle, Manifest};
use crate::wasm::{self, Optimise};
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
const RECIPE: &[&str] = &[include_str!("widget.rs"), include_str!("catalogues.rs")];
/// Builds what changed and returns the manifest of all files.
pub fn build(optimise: Optimise) -> Result<Manifest> {
    wasm::prepare(optimise)?;
    let compiled =
        step::timed("compiling the widget", || wasm::compile("natter-widget", "wasm-release"))?;
    step::timed("preparing the widget's files", || prepare(&compiled))
}

/// Turns the compiled wasm and the loader into the files that are served.
fn prepare(compiled: &Path) -> Result<Manifest> {
    let _alone = wasm::lock()?;
    let read =
        |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let asset = |name: &str| read(&paths::root().join("assets").join(name));
    let (compiled, sound, types) = (read(compiled)?, asset("sound.mp3")?, asset(TYPES)?);
    let source = String::from_utf8(asset(LOADER)?).context("the loader is no text")?;
    let (wasm_opt, terser) = (tools::wasm_opt(), tools::terser());
    let catalogues = catalogues::read()?;
    let texts: String = catalogues.iter().map(Catalogue::name).collect();
    let [hash, sounds, typed] = [&compiled, &sound, &types].map(|bytes| manifest::sha256(bytes));
    let inputs = [hash, sounds, typed, texts, source.clone()];
    let programs = [wasm_opt.as_deref(), terser.as_deref()];
    let stamp = wasm::stamp(&inputs, &RECIPE.concat(), &programs)?;
    let stamp_file = Bundle::Widget.stamp();
    if fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp)
        && let Some(manifest) = Manifest::read(Bundle::Widget)
    {
        return Ok(manifest);
    }

    let (js, mut small) = wasm::bind("widget", &compiled)?;
    match wasm_opt {
        Some(program) => small = wasm::shrink(&program, &small)?,
        None => eprintln!("  wasm-opt is not there: the widget works, but is larger"),
    }
    let js = minify::javascript(&js, terser.as_deref(), minify::Kind::Module)?;
    let english = catalogues.iter().find(|one| one.tag == catalogues::ENGLISH);
    let english = english.context("assets/locales has no English catalogue")?.json.as_bytes();
    let all = [js.as_bytes(), &small, &sound, english, source.as_bytes()].concat();
    let build = manifest::short_hash(&all);
    let minified = |kind| -> Result<String> {
        let source = variant(&source, &build, kind)?;
        let text = minify::javascript(&source, terser.as_deref(), kind)?;
        // Between two rules of its style sheet.
        Ok(text.replace("}\\n", "}"))
    };
    let (loader, inline) = (minified(minify::Kind::Script)?, minified(minify::Kind::Module)?);

    let mut manifest = Manifest::new(Bundle::Widget);
    let named = |kind: &str| ["widget-", &build, kind].concat();
    manifest.add(LOADER, loader.as_bytes(), false)?;
    manifest.add(TYPES, &types, false)?;
    for (kind, bytes) in [
        (".js", js.as_bytes()),
        (".wasm", &small),
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
    fs::write(stamp_file, stamp).context("cannot write to dist/")?;
    Ok(manifest)
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
