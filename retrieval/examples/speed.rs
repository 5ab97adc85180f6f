//! Measures how long an index of many passages takes to build and to search: `cargo run --release
//! -p retrieval --example speed`. The passages are made of the corpora's own sentences, mixed anew,
//! each with words that no other has, so that the vocabulary grows as real ones do.

use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use retrieval::{Document, Headings, Index, compose, passages};

const QUESTIONS: [&str; 6] = [
    "How do I send an article back?",
    "Was kostet ein neuer Bewohnerparkausweis?",
    "my pasword is not acepted and the parcel never came",
    "パスワードを忘れてしまいました",
    "refund?",
    "What is the capital of Australia?",
];

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpora");
    let mut lines: Vec<String> = Vec::new();
    for file in files(&root)? {
        let text = fs::read_to_string(file)?;
        lines.extend(text.lines().filter(|line| line.len() > 40).map(str::to_owned));
    }
    let mut out = std::io::stdout().lock();
    for sections in [1_000, 20_000] {
        let documents = documents(&lines, sections);
        let bytes: usize = documents.iter().map(|document| document.markdown.len()).sum();
        let begun = Instant::now();
        let read: Vec<_> = documents.iter().flat_map(passages).collect();
        let cut = begun.elapsed();
        let begun = Instant::now();
        let index = Index::new(read);
        let built = begun.elapsed();
        writeln!(out, "{index:?}, {} KB: cut in {cut:?}, built in {built:?}", bytes / 1024)?;
        for question in QUESTIONS {
            let search = mean(&|| drop(index.search(question, 5)));
            let answer = mean(&|| drop(compose(&index, question, &[])));
            writeln!(out, "    searched in {search:?}, answered in {answer:?}: {question}")?;
        }
    }
    Ok(())
}

fn files(root: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for kind in fs::read_dir(root)? {
        let kind = kind?.path();
        if kind.is_dir() {
            for file in fs::read_dir(kind)? {
                found.push(file?.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Documents of 40 sections each.
fn documents(lines: &[String], sections: usize) -> Vec<Document> {
    let mut seed = 1_u64;
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below.max(1)
    };
    let document = |at: usize| {
        let mut markdown = format!("# Page {at}\n\n");
        for section in 0..40 {
            let word = |n: usize| format!("term{}", (n * n) % 300_000);
            markdown.push_str(&format!("## Section {section} {}\n\n", word(next(90_000))));
            for _ in 0..6 {
                let line = lines.get(next(lines.len())).map_or("", String::as_str);
                markdown.push_str(&format!("{line} {}\n\n", word(next(90_000))));
            }
        }
        let name = format!("page-{at}");
        Document {
            data_source_id: "speed".into(),
            url: Some(format!("/{name}")),
            headings: Headings::Anchored,
            name,
            markdown,
        }
    };
    (0..sections / 40).map(document).collect()
}

fn mean(work: &dyn Fn()) -> Duration {
    const TIMES: u32 = 20;
    let begun = Instant::now();
    (0..TIMES).for_each(|_| work());
    begun.elapsed() / TIMES
}
