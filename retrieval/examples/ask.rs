//! Asks the guide as the built-in agent does, for whoever writes it: `cargo run -p retrieval
//! --example ask -- "How do I …?"`. Earlier questions go first; the last one is answered.

use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{env, fs};

use retrieval::{Guide, Index, compose, passages};

fn main() -> Result<(), Box<dyn Error>> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let mut pages = Vec::new();
    for entry in fs::read_dir(&docs)? {
        let path = entry?.path();
        // Pictures stand in a folder beside the pages.
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        pages.push((name, fs::read_to_string(path)?));
    }
    let summary = fs::read_to_string(docs.join("SUMMARY.md"))?;
    let pages: Vec<(&str, &str)> = pages.iter().map(|(n, text)| (&**n, &**text)).collect();
    let guide = Guide::new(&summary, &pages);
    let begun = Instant::now();
    let index = Index::new(guide.documents("guide").iter().flat_map(passages).collect());
    let built = begun.elapsed();

    let asked: Vec<String> = env::args().skip(1).collect();
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    let Some((question, earlier)) = asked.split_last() else {
        return Err("which question?".into());
    };
    let answer = compose(&index, question, earlier);
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}\n", answer.text)?;
    for source in &answer.sources {
        let url = source.url.as_deref().unwrap_or("-");
        writeln!(out, "[{}] {url}\n    {}", source.title, source.snippet)?;
    }
    for hit in index.search(question, 5) {
        writeln!(out, "{:8.3}  {}", hit.score, hit.passage.title)?;
    }
    let mean = |work: &dyn Fn()| -> Duration {
        let begun = Instant::now();
        (0..1000).for_each(|_| work());
        begun.elapsed() / 1000
    };
    let composed = mean(&|| drop(compose(&index, question, earlier)));
    let searched = mean(&|| drop(index.search(question, 5)));
    writeln!(
        out,
        "{index:?}: built in {built:?}; composed in {composed:?}, searched in {searched:?}"
    )?;
    Ok(())
}
