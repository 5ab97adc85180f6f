//! A document along its headings.

use crate::language::Language;
use crate::markdown::{self, Block};

/// Sections longer than this fall into several passages, in bytes: a passage is what a model gets
/// to see and what a reader is sent to.
const LONGEST: usize = 3000;

/// A document to be searched.
#[derive(Clone, Debug)]
pub struct Document {
    pub data_source_id: String,
    /// Stands before the headings when the document has no first heading of its own.
    pub name: String,
    /// Where it can be read, such as `/docs/embedding`; headings become `#anchors` of it.
    pub url: Option<String>,
    pub markdown: String,
}

/// What stands under one heading of a document.
#[derive(Clone, Debug)]
pub struct Passage {
    /// The headings that lead to it: `Embedding › Script tag`.
    pub title: String,
    /// With the heading's anchor: `/docs/embedding#script-tag`.
    pub url: Option<String>,
    /// Markdown, without the heading.
    pub text: String,
    pub data_source_id: String,
    pub(crate) blocks: Vec<Block>,
    pub(crate) language: Option<Language>,
    /// The document's part of `title`.
    pub(crate) page: String,
    /// The part of `title` that is this passage's own; empty for what opens a document.
    pub(crate) heading: String,
}

/// The passages of a document in their order.
#[must_use]
pub fn passages(document: &Document) -> Vec<Passage> {
    let source = markdown::without_local_links(&document.markdown);
    let language = Language::of(&source);
    let sections = markdown::sections(&source);
    let top = sections.iter().position(|section| section.level == 1);
    let page = top.map_or_else(|| document.name.clone(), |at| sections[at].heading.clone());
    let mut path: Vec<(usize, String)> = Vec::new();
    let mut found = Vec::new();
    for (at, section) in sections.into_iter().enumerate() {
        let opens = section.level == 0 || Some(at) == top;
        path.retain(|(level, _)| *level < section.level);
        if !opens {
            path.push((section.level, section.heading));
        }
        let heading = path.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(" › ");
        let title = match heading.as_str() {
            "" => page.clone(),
            _ => format!("{page} › {heading}"),
        };
        let url = document.url.as_ref().map(|url| match opens {
            true => url.clone(),
            false => format!("{url}#{}", section.anchor),
        });
        for (text, blocks) in parts(section.body) {
            found.push(Passage {
                title: title.clone(),
                url: url.clone(),
                text,
                data_source_id: document.data_source_id.clone(),
                blocks,
                language,
                page: page.clone(),
                heading: heading.clone(),
            });
        }
    }
    found
}

/// A section's body, cut between blocks when it is long; nothing when there is nothing to quote.
fn parts(body: &str) -> Vec<(String, Vec<Block>)> {
    let blocks = markdown::blocks(body);
    if body.len() <= LONGEST {
        return if blocks.is_empty() { Vec::new() } else { vec![(body.trim().to_owned(), blocks)] };
    }
    let mut parts: Vec<(String, Vec<Block>)> = Vec::new();
    for block in blocks.into_iter().flat_map(within_limit) {
        let text = block.quote(&(0..block.pieces.len()).collect::<Vec<_>>());
        match parts.last_mut() {
            Some((written, blocks)) if written.len() + text.len() < LONGEST => {
                written.push_str("\n\n");
                written.push_str(&text);
                blocks.push(block);
            }
            _ => parts.push((text, vec![block])),
        }
    }
    parts
}

/// A block cut between its pieces, so that no part passes the limit unless one piece does.
fn within_limit(block: Block) -> Vec<Block> {
    let mut cut: Vec<Block> = Vec::new();
    let mut size = usize::MAX;
    for piece in block.pieces {
        if size.saturating_add(piece.len()) > LONGEST {
            cut.push(Block { kind: block.kind.clone(), pieces: Vec::new() });
            size = 0;
        }
        size += piece.len();
        if let Some(last) = cut.last_mut() {
            last.pieces.push(piece);
        }
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(markdown: &str) -> Document {
        Document {
            data_source_id: "d".into(),
            name: "file".into(),
            url: Some("/docs/page".into()),
            markdown: markdown.into(),
        }
    }

    #[test]
    fn a_passage_knows_its_headings_and_its_address() {
        let passages =
            passages(&document("# Page\n\nTop.\n\n## A\n\nIn a.\n\n### B c\n\nIn b.\n\n## D\n"));
        let found: Vec<_> =
            passages.iter().map(|p| (&*p.title, p.url.as_deref().unwrap(), &*p.text)).collect();
        assert_eq!(
            found,
            [
                ("Page", "/docs/page", "Top."),
                ("Page › A", "/docs/page#a", "In a."),
                ("Page › A › B c", "/docs/page#b-c", "In b."),
            ],
            "a heading without text is no passage"
        );
        assert_eq!(super::passages(&document("Only text."))[0].title, "file");
    }

    #[test]
    fn a_long_section_falls_into_passages_and_nothing_is_lost() {
        let long = "Word by word it goes on. ".repeat(500);
        let found = passages(&document(&long));
        assert!(found.len() > 3);
        assert!(found.iter().all(|p| p.text.len() <= LONGEST + 200));
        assert_eq!(found.iter().map(|p| p.text.matches("goes on").count()).sum::<usize>(), 500);
    }
}
