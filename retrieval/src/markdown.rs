//! Reads Markdown: sections along headings, their anchors, their blocks.
//!
//! In: a document's source. Out: slices of that source, so that what is quoted is what was written.
//! The guide's HTML and the passages' addresses take their anchors from here, so that a source
//! always leads to its heading.

use std::collections::HashMap;
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::sentence::sentences;

/// The Markdown that documents are read as.
pub(crate) fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS
}

/// Gives every heading of a page an anchor of its own.
#[derive(Default)]
pub(crate) struct Anchors {
    used: HashMap<String, usize>,
}

impl Anchors {
    /// The anchor of the page's next heading.
    pub(crate) fn next(&mut self, heading: &str) -> String {
        let slug = slug(heading);
        let seen = self.used.entry(slug.clone()).or_insert(0);
        *seen += 1;
        if *seen == 1 { slug } else { format!("{slug}-{}", *seen - 1) }
    }
}

/// A heading as it stands in an address: `Stop, retry & resume` → `stop-retry-resume`.
fn slug(heading: &str) -> String {
    let mut slug = String::new();
    for c in heading.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() || c == '_' {
            slug.push(c);
        } else if matches!(c, '\'' | '’') {
            // visitor's → visitors
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let kept = slug.trim_end_matches('-').len();
    slug.truncate(kept);
    if slug.is_empty() { String::from("section") } else { slug }
}

/// What stands under one heading.
#[derive(Debug)]
pub(crate) struct Section<'a> {
    /// 0 before the first heading, else 1 to 6.
    pub level: usize,
    /// Without Markdown.
    pub heading: String,
    pub anchor: String,
    pub body: &'a str,
}

/// The sections of a document in their order.
pub(crate) fn sections(source: &str) -> Vec<Section<'_>> {
    let mut anchors = Anchors::default();
    let mut marks: Vec<(usize, String, String, Range<usize>)> = Vec::new();
    let (mut depth, mut heading) = (0_usize, None);
    for (event, range) in Parser::new_ext(source, options()).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                heading = Some((level as usize, String::new(), range, depth));
                depth += 1;
            }
            Event::End(TagEnd::Heading(_)) => {
                depth = depth.saturating_sub(1);
                if let Some((level, text, range, at)) = heading.take() {
                    let anchor = anchors.next(&text);
                    if at == 0 {
                        marks.push((level, text, anchor, range));
                    }
                }
            }
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Text(text) | Event::Code(text) => {
                if let Some((_, heading, ..)) = &mut heading {
                    heading.push_str(&text);
                }
            }
            _ => {}
        }
    }
    let first = marks.first().map_or(source.len(), |(.., range)| range.start);
    let mut found = vec![Section {
        level: 0,
        heading: String::new(),
        anchor: String::new(),
        body: &source[..first],
    }];
    let ends: Vec<usize> =
        marks.iter().skip(1).map(|(.., range)| range.start).chain([source.len()]).collect();
    for ((level, heading, anchor, range), end) in marks.into_iter().zip(ends) {
        found.push(Section { level, heading, anchor, body: &source[range.end..end] });
    }
    found
}

/// The source without what makes no sense away from its page: links to neighbouring files keep
/// their words, images their descriptions.
pub(crate) fn without_local_links(source: &str) -> String {
    let mut kept = String::with_capacity(source.len());
    let mut copied = 0;
    // The range of a link to be dropped, and what was seen of its inside.
    let mut open: Option<(Range<usize>, Option<Range<usize>>)> = None;
    for (event, range) in Parser::new_ext(source, options()).into_offset_iter() {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) if open.is_none() && is_local(&dest_url) => {
                open = Some((range, None));
            }
            Event::Start(Tag::Image { .. }) if open.is_none() => open = Some((range, None)),
            Event::End(TagEnd::Link | TagEnd::Image)
                if open.as_ref().is_some_and(|(outer, _)| *outer == range) =>
            {
                if let Some((outer, inner)) = open.take() {
                    kept.push_str(&source[copied..outer.start]);
                    kept.push_str(inner.map_or("", |inner| &source[inner]));
                    copied = outer.end;
                }
            }
            _ => {
                if let Some((_, inner)) = &mut open {
                    let seen = inner.get_or_insert(range.clone());
                    *seen = seen.start.min(range.start)..seen.end.max(range.end);
                }
            }
        }
    }
    kept.push_str(&source[copied..]);
    kept
}

/// Whether a link leads to a place that only the document's own folder knows.
pub(crate) fn is_local(url: &str) -> bool {
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    scheme.is_empty() || !scheme.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// A block of a section; each piece is a part of it that can be quoted alone.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub kind: BlockKind,
    pub pieces: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BlockKind {
    /// Pieces are sentences.
    Paragraph,
    /// Pieces are items with their markers.
    List,
    /// One piece: the code with its fences.
    Code,
    /// Pieces are rows; the head goes before whichever are quoted.
    Table { head: String },
}

impl Block {
    /// The pieces with these numbers (ascending) as they stand in the document.
    pub(crate) fn quote(&self, picked: &[usize]) -> String {
        let pieces: Vec<&str> =
            picked.iter().filter_map(|&at| self.pieces.get(at)).map(String::as_str).collect();
        match &self.kind {
            BlockKind::Paragraph => pieces.join(" "),
            BlockKind::List | BlockKind::Code => pieces.join("\n"),
            BlockKind::Table { head } => format!("{head}\n{}", pieces.join("\n")),
        }
    }
}

/// The words of a piece without its marks.
pub(crate) fn plain(markdown: &str) -> String {
    if let Some(row) = markdown.strip_prefix('|') {
        let cells = row.split('|').map(plain).filter(|cell| !cell.is_empty());
        return cells.collect::<Vec<_>>().join(" · ");
    }
    let mut text = String::new();
    for event in Parser::new_ext(markdown, options()) {
        match event {
            Event::Text(part) | Event::Code(part) => text.push_str(&part),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            Event::End(TagEnd::Item | TagEnd::Paragraph) => text.push(' '),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The blocks of a section's body.
pub(crate) fn blocks(body: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    // Of the list or table being read: where its parts are.
    let (mut parts, mut table_body) = (Vec::new(), None);
    for (event, range) in Parser::new_ext(body, options()).into_offset_iter() {
        match event {
            Event::Start(tag) => {
                match (&tag, depth) {
                    (Tag::Item, 1) => parts.push(body[range.clone()].trim_end().to_owned()),
                    (Tag::TableRow, 1) => {
                        table_body.get_or_insert(range.start);
                        parts.push(body[range.clone()].trim().to_owned());
                    }
                    (tag, 0) => leaf(tag, &body[range.clone()], &mut found),
                    _ => {}
                }
                depth += 1;
            }
            Event::End(end) => {
                depth = depth.saturating_sub(1);
                let kind = match end {
                    TagEnd::List(_) => BlockKind::List,
                    TagEnd::Table => BlockKind::Table {
                        head: body[range.start..table_body.take().unwrap_or(range.end)]
                            .trim()
                            .to_owned(),
                    },
                    _ => continue,
                };
                if depth == 0 {
                    found.push(Block { kind, pieces: std::mem::take(&mut parts) });
                }
            }
            _ => {}
        }
    }
    found.retain(|block| !block.pieces.is_empty());
    found
}

/// A block without parts.
fn leaf(tag: &Tag<'_>, source: &str, found: &mut Vec<Block>) {
    match tag {
        Tag::Paragraph => {
            found.push(Block { kind: BlockKind::Paragraph, pieces: sentences(source) });
        }
        Tag::CodeBlock(CodeBlockKind::Fenced(_)) => {
            found.push(Block { kind: BlockKind::Code, pieces: vec![source.trim_end().to_owned()] });
        }
        Tag::CodeBlock(CodeBlockKind::Indented) => {
            let piece = format!("```\n{}\n```", source.trim_end());
            found.push(Block { kind: BlockKind::Code, pieces: vec![piece] });
        }
        Tag::BlockQuote(_) => {
            let unquoted: Vec<&str> = source
                .lines()
                .map(|line| {
                    let line = line.trim_start();
                    line.strip_prefix("> ").or_else(|| line.strip_prefix('>')).unwrap_or(line)
                })
                .collect();
            // Each level of quoting is one character less, so this ends.
            found.extend(blocks(&unquoted.join("\n")));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn anchors_are_readable_and_each_their_own() {
        let mut anchors = Anchors::default();
        assert_eq!(anchors.next("Stop, retry & resume"), "stop-retry-resume");
        assert_eq!(anchors.next("Stop, retry, resume!"), "stop-retry-resume-1");
        assert_eq!(anchors.next("WIDGET_API_KEY"), "widget_api_key");
        assert_eq!(anchors.next("The visitor's view"), "the-visitors-view");
        assert_eq!(anchors.next("鍵"), "鍵");
        assert_eq!(anchors.next("?"), "section");
    }

    #[test]
    fn a_document_falls_apart_along_its_headings() {
        let source = "intro\n\n# One `x`\n\nfirst\n\n```\n# no heading\n```\n\n## Two\nlast\n";
        let found: Vec<_> = sections(source)
            .into_iter()
            .map(|s| (s.level, s.heading, s.anchor, s.body.trim().to_owned()))
            .collect();
        let want = [
            (0, "", "", "intro"),
            (1, "One x", "one-x", "first\n\n```\n# no heading\n```"),
            (2, "Two", "two", "last"),
        ];
        assert_eq!(found.len(), 3);
        for (found, want) in found.iter().zip(want) {
            assert_eq!((found.0, &*found.1, &*found.2, &*found.3), want);
        }
    }

    #[test]
    fn blocks_are_quoted_as_they_were_written() {
        let body = "Aa. Bb.\n\n- one\n- two\n  more\n\n```sh\nrun\n```\n\n> C.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n";
        let blocks = blocks(body);
        let pieces: Vec<Vec<&str>> =
            blocks.iter().map(|b| b.pieces.iter().map(String::as_str).collect()).collect();
        assert_eq!(
            pieces,
            [
                vec!["Aa.", "Bb."],
                vec!["- one", "- two\n  more"],
                vec!["```sh\nrun\n```"],
                vec!["C."],
                vec!["| 1 | 2 |", "| 3 | 4 |"],
            ]
        );
        assert_eq!(blocks[4].kind, BlockKind::Table { head: "| a | b |\n|---|---|".into() });
    }

    #[test]
    fn a_piece_reads_well_without_its_marks() {
        assert_eq!(plain("Set `a_b` to **one**, see\n[x](https://x)."), "Set a_b to one, see x.");
        assert_eq!(plain("| `A` | 1 | what it is |"), "A · 1 · what it is");
        assert_eq!(plain("- item\n  more"), "item more");
    }

    #[test]
    fn links_that_only_work_beside_the_document_keep_their_words() {
        let text = "See [the `keys`](keys.md#a), ![shot](a.png) and [Ollama](https://ollama.com).";
        assert_eq!(
            without_local_links(text),
            "See the `keys`, shot and [Ollama](https://ollama.com)."
        );
        assert!(is_local("a.md") && is_local("/docs") && is_local("#x") && is_local("docs/a:b"));
        assert!(!is_local("https://x") && !is_local("mailto:a@b"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn no_markdown_makes_it_panic(text in "[-#>|*`\\[\\]()! \nab1.é鍵]{0,80}") {
            let text = without_local_links(&text);
            for section in sections(&text) {
                blocks(section.body);
            }
        }
    }
}
