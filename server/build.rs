//! Embeds the widget, the dashboard, the user guide and the migrations into the binary.
//!
//! The files of the two are those that `dist/widget.json` and `dist/admin.json` name (written by
//! `cargo xtask`). Without a list none is embedded and the server says so when one is asked for.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("..").canonicalize()?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for bundle in ["widget", "admin"] {
        fs::write(out.join(format!("{bundle}_files.rs")), files(&root, bundle)?)?;
    }
    fs::write(out.join("guide_pages.rs"), guide_pages(&root)?)?;
    println!("cargo:rerun-if-changed=migrations");
    Ok(())
}

fn watch(path: &Path) {
    println!("cargo:rerun-if-changed={}", path.display());
}

fn files(root: &Path, bundle: &str) -> Result<String, Box<dyn Error>> {
    let list = format!("dist/{bundle}.json");
    let manifest = root.join(&list);
    watch(&manifest);
    let mut code = String::from("&[\n");
    if let Ok(text) = fs::read_to_string(&manifest) {
        let manifest: serde_json::Value = serde_json::from_str(&text)?;
        for file in manifest["files"].as_array().ok_or(format!("{list} names no files"))? {
            let text = |name: &str| {
                file[name].as_str().ok_or(format!("{list}: a file has no {name}"))
            };
            let path = |name: &str| Ok::<_, String>(root.join(text(name)?));
            writeln!(
                code,
                "EmbeddedFile {{ name: {:?}, content_type: {:?}, sha256: {:?}, immutable: {}, \
                 raw: include_bytes!({:?}), br: include_bytes!({:?}), gz: include_bytes!({:?}) }},",
                text("name")?,
                text("content_type")?,
                text("sha256")?,
                file["immutable"].as_bool().unwrap_or(false),
                path("path")?,
                path("br")?,
                path("gz")?,
            )?;
        }
    }
    code.push_str("]\n");
    Ok(code)
}

fn guide_pages(root: &Path) -> Result<String, Box<dyn Error>> {
    let docs = root.join("docs");
    watch(&docs);
    let mut names: Vec<_> = fs::read_dir(&docs)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".md") && name != "SUMMARY.md")
        .collect();
    names.sort();
    let mut code = String::from("&[\n");
    for name in names {
        let path = docs.join(&name);
        watch(&path);
        writeln!(code, "({name:?}, include_str!({path:?})),")?;
    }
    code.push_str("]\n");
    watch(&docs.join("SUMMARY.md"));
    Ok(code)
}
