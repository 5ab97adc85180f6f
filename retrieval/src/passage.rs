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
    /// Where it can be read, such as `/docs/embedding`; headings become fragments of it, unless it
    /// has one.
    pub url: Option<String>,
    pub headings: Headings,
    pub markdown: String,
}

/// How a heading of a document is reached in a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Headings {
    /// The page has the anchors that this crate gives.
    Anchored,
    /// Nobody knows the page's anchors: the browser looks for the heading's text
    /// (<https://wicg.github.io/scroll-to-text-fragment/>).
    Searched,
}

impl Document {
    /// The address of one of its headings.
    fn address(&self, heading: &str, anchor: &str) -> Option<String> {
        let url = self.url.as_ref()?;
        Some(match self.headings {
            _ if url.contains('#') => url.clone(),
            Headings::Anchored => format!("{url}#{anchor}"),
            Headings::Searched => format!("{url}#:~:text={}", in_fragment(heading)),
        })
    }
}

/// A text for a text fragment: dashes and commas have a meaning there.
fn in_fragment(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
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

impl Passage {
    /// A passage as it was kept: the reverse of what [`passages`] gave.
    #[must_use]
    pub fn stored(
        data_source_id: &str,
        page: String,
        heading: String,
        url: Option<String>,
        text: String,
        language: &str,
    ) -> Self {
        Self {
            title: title(&page, &heading),
            url,
            data_source_id: data_source_id.to_owned(),
            blocks: markdown::blocks(&text),
            language: Language::from_code(language),
            text,
            page,
            heading,
        }
    }

    /// The document's part of the title.
    #[must_use]
    pub fn page(&self) -> &str {
        &self.page
    }

    /// The passage's own part of the title; empty for what opens a document.
    #[must_use]
    pub fn heading(&self) -> &str {
        &self.heading
    }

    /// The language that it is searched in, such as `en`; empty for none that is known.
    #[must_use]
    pub fn language(&self) -> &'static str {
        self.language.map_or("", Language::code)
    }
}

fn title(page: &str, heading: &str) -> String {
    if heading.is_empty() { page.to_owned() } else { format!("{page} › {heading}") }
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
        let title = title(&page, &heading);
        let url = match path.last().filter(|_| !opens) {
            None => document.url.clone(),
            Some((_, own)) => document.address(own, &section.anchor),
        };
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
            headings: Headings::Anchored,
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
    fn a_heading_of_a_foreign_page_is_looked_for_by_its_text() {
        let url = |url: &str| {
            let document = Document {
                url: Some(url.into()),
                headings: Headings::Searched,
                ..document("# P\n\n## Größe - a, b\n\nText.")
            };
            passages(&document).remove(0).url.unwrap()
        };
        assert_eq!(
            url("https://a.b/c?d"),
            "https://a.b/c?d#:~:text=Gr%C3%B6%C3%9Fe%20%2D%20a%2C%20b"
        );
        assert_eq!(url("https://a.b/#c"), "https://a.b/#c");
    }

    #[test]
    fn a_passage_that_was_kept_is_the_one_that_was_read() {
        let long = "Satz um Satz geht es weiter, und er hört nicht auf. ".repeat(200);
        let text = format!(
            "# Seite\n\nOben.\n\n## A\n\n- eins\n- zwei\n\n```\ncode\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n## B\n\n{long}"
        );
        let read = passages(&document(&text));
        assert!(read.len() > 3);
        for passage in read {
            let (page, heading) = (passage.page().to_owned(), passage.heading().to_owned());
            let (url, text) = (passage.url.clone(), passage.text.clone());
            let kept = Passage::stored("d", page, heading, url, text, passage.language());
            assert_eq!(format!("{kept:?}"), format!("{passage:?}"));
        }
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
