//! `dist/widget.json` and `dist/admin.json`: which files the server embeds, and their compressed twins.
//!
//! Paths are relative to the repository's root and use `/`. The server's build script reads this
//! file and includes exactly what it lists.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{compress, paths};

/// A set of files that belong together: a folder under `dist/`, and a list of the same name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bundle {
    #[default]
    Widget,
    Dashboard,
}

impl Bundle {
    fn name(self) -> &'static str {
        match self {
            Self::Widget => "widget",
            Self::Dashboard => "admin",
        }
    }

    /// The folder of its files, relative to the root.
    fn folder(self) -> String {
        format!("dist/{}", self.name())
    }

    fn list(self) -> PathBuf {
        paths::dist().join(format!("{}.json", self.name()))
    }

    /// What tells whether its files are of the present inputs.
    pub fn stamp(self) -> PathBuf {
        paths::dist().join(format!(".{}.stamp", self.name()))
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Manifest {
    #[serde(skip)]
    bundle: Bundle,
    pub files: Vec<Entry>,
    /// Names of the files that a part of the program brings when it is first needed, by part. All
    /// others are there from the start.
    #[serde(default)]
    pub parts: BTreeMap<String, Vec<String>>,
}

/// One file as it is served.
#[derive(Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Under `/widget/` or `/admin/assets/`.
    pub name: String,
    pub path: String,
    pub br: String,
    pub gz: String,
    /// Of the uncompressed file, in hex.
    pub sha256: String,
    pub content_type: String,
    /// Its name changes with its content.
    pub immutable: bool,
    pub raw_bytes: usize,
    pub br_bytes: usize,
    pub gz_bytes: usize,
}

/// SHA-256 in hex.
pub fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The first 16 hex digits of the content's hash, as they stand in names.
pub fn short_hash(bytes: &[u8]) -> String {
    let mut hash = sha256(bytes);
    hash.truncate(16);
    hash
}

/// `stem-<the content's short hash>.extension`.
pub fn hashed_name(stem: &str, extension: &str, bytes: &[u8]) -> String {
    format!("{stem}-{}.{extension}", short_hash(bytes))
}

impl Manifest {
    /// No files yet.
    pub fn new(bundle: Bundle) -> Self {
        Self { bundle, ..Self::default() }
    }

    /// The manifest of an earlier build, if it and all its files are there.
    pub fn read(bundle: Bundle) -> Option<Self> {
        let json = fs::read(bundle.list()).ok()?;
        let manifest: Self = serde_json::from_slice(&json).ok()?;
        let manifest = Self { bundle, ..manifest };
        let root = paths::root();
        let there = |path: &String| root.join(path).is_file();
        let whole = manifest.files.iter().all(|f| [&f.path, &f.br, &f.gz].into_iter().all(there));
        whole.then_some(manifest)
    }

    /// Writes a file and its compressed twins, and lists them.
    pub fn add(&mut self, name: &str, bytes: &[u8], immutable: bool) -> Result<()> {
        let (br, gz) = (compress::brotli(bytes)?, compress::gzip(bytes)?);
        let path = format!("{}/{name}", self.bundle.folder());
        for (path, bytes) in
            [(path.clone(), bytes), (format!("{path}.br"), &br), (format!("{path}.gz"), &gz)]
        {
            write(&paths::root().join(path), bytes)?;
        }
        self.files.push(Entry {
            name: name.to_owned(),
            br: format!("{path}.br"),
            gz: format!("{path}.gz"),
            path,
            sha256: sha256(bytes),
            content_type: content_type(name).to_owned(),
            immutable,
            raw_bytes: bytes.len(),
            br_bytes: br.len(),
            gz_bytes: gz.len(),
        });
        Ok(())
    }

    /// Makes this the manifest in force, then removes files that no longer stand in it.
    pub fn publish(&self) -> Result<()> {
        let json = serde_json::to_string_pretty(self)?;
        let file = self.bundle.list();
        let new = file.with_extension("json.new");
        write(&new, json.as_bytes())?;
        // A build that reads the manifest meanwhile sees the old one or the new one, never half.
        fs::rename(new, &file).with_context(|| format!("cannot replace {}", file.display()))?;
        let name = self.bundle.folder();
        let folder = paths::root().join(&name);
        let listed: Vec<&str> =
            self.files.iter().flat_map(|f| [&*f.path, &*f.br, &*f.gz]).collect();
        for found in fs::read_dir(&folder).with_context(|| format!("cannot list {name}"))? {
            let found = found?.file_name();
            let path = format!("{name}/{}", found.to_string_lossy());
            if !listed.contains(&path.as_str()) {
                fs::remove_file(folder.join(found))
                    .with_context(|| format!("cannot tidy {name}"))?;
            }
        }
        Ok(())
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css; charset=utf-8",
        // What TypeScript is has no registered type; browsers do not run it.
        Some("ts") => "text/plain; charset=utf-8",
        Some("mp3") => "audio/mpeg",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hashed_name_changes_with_the_content_alone() {
        let name = hashed_name("widget", "js", b"a");
        assert_eq!(name, "widget-ca978112ca1bbdca.js");
        assert_eq!(name, hashed_name("widget", "js", b"a"));
        assert_ne!(name, hashed_name("widget", "js", b"b"));
    }

    #[test]
    fn browsers_are_told_what_each_file_is() {
        assert_eq!(content_type("widget-00.wasm"), "application/wasm", "else it cannot stream");
        assert_eq!(content_type("chat-widget.js"), "text/javascript; charset=utf-8");
    }
}
