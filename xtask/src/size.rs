//! `cargo xtask size`: what a visitor downloads, and what an admin does, held to their budgets. What
//! only an option brings is shown, but not counted.

use anyhow::{Result, bail};

use crate::manifest::{Entry, Manifest};
use crate::wasm::Optimise;
use crate::widget::{self, LOADER};
use crate::{admin, catalogues};

/// Everything that one visitor downloads, in bytes after brotli.
const BUDGET: usize = 90 * 1024;
/// The loader, which every page view pays, in bytes after brotli.
const LOADER_BUDGET: usize = 3 * 1024;

/// What the dashboard needs to show its first page, in bytes after brotli. Parts come when a page of
/// theirs is opened.
const DASHBOARD_BUDGET: usize = 400 * 1024;

/// Whether only some pages bring the file: the sound, where it is turned on; the module of chats in
/// the page; the English texts once more, for a page that the server has told no language. The types
/// no page brings.
fn is_optional(file: &Entry) -> bool {
    let name = file.name.as_str();
    file.content_type.starts_with("audio/")
        || name.ends_with(".inline.js")
        || name.ends_with(".d.ts")
        || (name.starts_with("widget-") && name.ends_with(".json"))
}

/// What every visitor who opens the chat downloads: of the languages one.
fn counted(manifest: &Manifest) -> impl Iterator<Item = &Entry> {
    let needed = |file: &&Entry| !is_optional(file) && !catalogues::is_other(&file.name);
    manifest.files.iter().filter(needed)
}

pub fn run() -> Result<()> {
    let (widget, dashboard) = built()?;
    println!("{}budget: {BUDGET} bytes after brotli, the loader {LOADER_BUDGET}\n", table(&widget));
    println!("{}{}", table(&dashboard), parts(&dashboard));
    check(&widget)?;
    check_dashboard(&dashboard)
}

/// Builds both and fails when one weighs more than it may.
pub fn check_all() -> Result<()> {
    let (widget, dashboard) = built()?;
    check(&widget)?;
    check_dashboard(&dashboard)
}

fn built() -> Result<(Manifest, Manifest)> {
    Ok((widget::build(Optimise::Required)?, admin::build(Optimise::Required)?))
}

/// What is loaded whichever page is opened, in bytes after brotli.
fn start(manifest: &Manifest) -> usize {
    let is_of_part = |file: &&Entry| manifest.parts.values().flatten().any(|n| *n == file.name);
    manifest.files.iter().filter(|file| !is_of_part(file)).map(|file| file.br_bytes).sum()
}

/// What each part adds the first time that a page of it is opened.
fn parts(manifest: &Manifest) -> String {
    let mut out =
        format!("start: {}, budget {DASHBOARD_BUDGET} bytes after brotli\n", start(manifest));
    for (part, names) in &manifest.parts {
        let files = manifest.files.iter().filter(|file| names.contains(&file.name));
        let bytes: usize = files.map(|file| file.br_bytes).sum();
        out += &format!("its part {part}: {bytes} more in {} files\n", names.len());
    }
    out
}

fn check_dashboard(manifest: &Manifest) -> Result<()> {
    let start = start(manifest);
    if start > DASHBOARD_BUDGET {
        bail!(
            "the dashboard is {start} bytes after brotli before its first page; it may be {DASHBOARD_BUDGET}"
        );
    }
    Ok(())
}

/// One line a file, and their sum; of the other languages the largest.
fn table(manifest: &Manifest) -> String {
    let width = manifest.files.iter().map(|file| file.name.len()).max().unwrap_or(0).max(5);
    let row = |name: &str, raw: &str, gz: &str, br: &str| {
        format!("{name:<width$}  {raw:>9}  {gz:>9}  {br:>9}\n")
    };
    let mut out = row("file", "raw", "gzip", "brotli");
    for file in manifest.files.iter().filter(|file| !catalogues::is_other(&file.name)) {
        let [raw, gz, br] = [file.raw_bytes, file.gz_bytes, file.br_bytes].map(|n| n.to_string());
        out += &row(&file.name, &raw, &gz, &br);
        if is_optional(file) {
            out.insert_str(out.len() - 1, "  optional, not in the sum");
        }
    }
    let sum = |size: fn(&Entry) -> usize| -> String {
        counted(manifest).map(size).sum::<usize>().to_string()
    };
    out += &row("sum", &sum(|f| f.raw_bytes), &sum(|f| f.gz_bytes), &sum(|f| f.br_bytes));
    let others = manifest.files.iter().filter(|file| catalogues::is_other(&file.name));
    if let Some(largest) = others.max_by_key(|file| file.br_bytes) {
        out += &format!("instead of English at most {}: {}\n", largest.br_bytes, largest.name);
    }
    out
}

/// Fails when the widget weighs more than it may.
fn check(manifest: &Manifest) -> Result<()> {
    let all: usize = counted(manifest).map(|file| file.br_bytes).sum();
    if all > BUDGET {
        bail!("the widget is {all} bytes after brotli; it may be {BUDGET}");
    }
    for file in manifest.files.iter().filter(|file| file.name == LOADER) {
        if file.br_bytes > LOADER_BUDGET {
            bail!("the loader is {} bytes after brotli; it may be {LOADER_BUDGET}", file.br_bytes);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(sizes: &[(&str, usize)]) -> Manifest {
        let entry = |&(name, br_bytes): &(&str, usize)| Entry {
            name: name.to_owned(),
            path: String::new(),
            br: String::new(),
            gz: String::new(),
            sha256: String::new(),
            content_type: if name.ends_with(".mp3") { "audio/mpeg" } else { "" }.to_owned(),
            immutable: true,
            raw_bytes: 3 * br_bytes,
            br_bytes,
            gz_bytes: 2 * br_bytes,
        };
        let mut all = Manifest::default();
        all.files = sizes.iter().map(entry).collect();
        all
    }

    #[test]
    fn a_widget_at_its_budget_passes_and_one_byte_more_fails() {
        assert!(check(&manifest(&[(LOADER, 3072), ("w.wasm", BUDGET - 3072)])).is_ok());
        assert!(check(&manifest(&[(LOADER, 3072), ("w.wasm", BUDGET - 3071)])).is_err());
        assert!(check(&manifest(&[(LOADER, 3073)])).is_err(), "the loader has its own");
    }

    #[test]
    fn a_dashboard_at_its_budget_passes_and_one_byte_more_fails() {
        assert!(
            check_dashboard(&manifest(&[("a.js", 1), ("a.wasm", DASHBOARD_BUDGET - 1)])).is_ok()
        );
        let mut one_more = manifest(&[("a.js", 1), ("a.wasm", DASHBOARD_BUDGET)]);
        assert!(check_dashboard(&one_more).is_err());
        one_more.parts.insert("later".to_owned(), vec!["a.js".to_owned()]);
        assert!(check_dashboard(&one_more).is_ok(), "what a later page brings is not the first's");
        assert!(parts(&one_more).contains("later: 1 more in 1 files"));
    }

    #[test]
    fn of_the_languages_only_english_counts() {
        let texts = [("text-en-0.json", 100), ("text-de-0.json", 120), ("text-fr-0.json", 110)];
        let table = table(&manifest(&texts));
        assert!(table.contains("at most 120: text-de-0.json"), "{table}");
        let sum = table.lines().find(|line| line.starts_with("sum")).unwrap();
        assert!(sum.ends_with(" 100"), "{table}");
        assert!(check(&manifest(&[("text-en-0.json", BUDGET), ("text-de-0.json", 1)])).is_ok());
    }

    #[test]
    fn what_only_an_option_brings_is_shown_and_not_counted() {
        let manifest = manifest(&[("w.wasm", BUDGET), ("s.mp3", 1)]);
        assert!(check(&manifest).is_ok());
        assert!(table(&manifest).contains("optional"));
    }

    #[test]
    fn the_table_names_every_file_and_sums_them_up() {
        let table = table(&manifest(&[("a.js", 10), ("b.wasm", 32)]));
        assert!(table.contains("a.js") && table.contains("b.wasm"), "{table}");
        let sum = table.lines().find(|line| line.starts_with("sum")).unwrap();
        let numbers: Vec<&str> = sum.split_whitespace().skip(1).collect();
        assert_eq!(numbers, ["126", "84", "42"]);
    }
}
