//! Both parsers' answers as one tree, so that they can be compared.
//!
//! What we mean differently on purpose is made equal here, on both sides: a link whose text is its
//! address is text (bare URLs are links for us alone), a link or image that is not safe is its text, links
//! inside links dissolve, rows lose the empty cells at their end, and a list in which no item holds
//! a paragraph directly is tight (the oracle does not say).

use markdown::{Align, Block, Inline, Item, safe_url};
use pulldown_cmark::{Alignment, CodeBlockKind, Event, LinkType, Options, Parser, Tag};

/// What the oracle says; `None` when it found indented code or a setext heading, which are none for
/// us, or a bare URL in the text, inside which it looks for emphasis and we do not.
pub fn oracle(text: &str) -> Option<Vec<Block>> {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let is_setext = |(event, place): (Event, std::ops::Range<usize>)| {
        matches!(event, Event::Start(Tag::Heading { .. })) && !text[place].starts_with('#')
    };
    if Parser::new_ext(text, options).into_offset_iter().any(is_setext) {
        return None;
    }
    let mut reader =
        Reader { events: Parser::new_ext(text, options), checked: None, outside: false };
    let blocks = reader.blocks().0;
    (!reader.outside).then(|| normal(blocks))
}

/// What we say.
pub fn ours(text: &str) -> Vec<Block> {
    normal(markdown::parse(text))
}

struct Reader<'a> {
    events: Parser<'a>,
    /// The task mark met in the current item.
    checked: Option<bool>,
    /// Something was met that is not in the subset.
    outside: bool,
}

impl Reader<'_> {
    /// The blocks up to the end of the container, and whether a paragraph is among them. Inlines
    /// that stand for themselves (in a tight item) are a paragraph too, but do not count as one.
    fn blocks(&mut self) -> (Vec<Block>, bool) {
        let mut blocks = Vec::new();
        let mut inlines = Vec::new();
        let mut has_paragraph = false;
        while let Some(event) = self.events.next() {
            let block = match event {
                Event::End(_) => break,
                Event::Rule => Block::Rule,
                Event::Start(Tag::Paragraph) => {
                    has_paragraph = true;
                    Block::Paragraph(self.inlines())
                }
                Event::Start(Tag::HtmlBlock) => Block::Paragraph(self.inlines()),
                Event::Start(Tag::Heading { level, .. }) => {
                    Block::Heading { level: level as u8, content: self.inlines() }
                }
                Event::Start(Tag::BlockQuote(_)) => Block::Quote(self.blocks().0),
                Event::Start(Tag::CodeBlock(kind)) => self.code(&kind),
                Event::Start(Tag::List(start)) => self.list(start),
                Event::Start(Tag::Table(alignments)) => self.table(&alignments),
                inline => {
                    self.inline(inline, &mut inlines);
                    continue;
                }
            };
            if !inlines.is_empty() {
                blocks.push(Block::Paragraph(std::mem::take(&mut inlines)));
            }
            blocks.push(block);
        }
        if !inlines.is_empty() {
            blocks.push(Block::Paragraph(inlines));
        }
        (blocks, has_paragraph)
    }

    fn list(&mut self, start: Option<u64>) -> Block {
        let outer = self.checked.take();
        let mut items = Vec::new();
        let mut tight = true;
        while let Some(Event::Start(Tag::Item)) = self.events.next() {
            let (blocks, has_paragraph) = self.blocks();
            tight &= !has_paragraph;
            items.push(Item { checked: self.checked.take(), blocks });
        }
        self.checked = outer;
        let ordered = start.and_then(|start| u32::try_from(start).ok());
        Block::List { ordered, tight, items }
    }

    fn code(&mut self, kind: &CodeBlockKind) -> Block {
        let language = match kind {
            CodeBlockKind::Fenced(info) => info.split([' ', '\t']).next().unwrap_or("").to_owned(),
            CodeBlockKind::Indented => {
                self.outside = true;
                String::new()
            }
        };
        let mut text = String::new();
        while let Some(Event::Text(part)) = self.events.next() {
            text.push_str(&part);
        }
        text.truncate(text.strip_suffix('\n').map_or(text.len(), str::len));
        Block::Code { language, text }
    }

    fn table(&mut self, alignments: &[Alignment]) -> Block {
        let alignments = alignments
            .iter()
            .map(|alignment| match alignment {
                Alignment::None => Align::None,
                Alignment::Left => Align::Left,
                Alignment::Center => Align::Center,
                Alignment::Right => Align::Right,
            })
            .collect();
        let mut rows = Vec::new();
        while let Some(Event::Start(_)) = self.events.next() {
            let mut row = Vec::new();
            while let Some(Event::Start(_)) = self.events.next() {
                row.push(self.inlines());
            }
            rows.push(row);
        }
        let head = rows.remove(0);
        Block::Table { alignments, head, rows }
    }

    /// The inlines up to the end of what holds them.
    fn inlines(&mut self) -> Vec<Inline> {
        let mut inlines = Vec::new();
        while let Some(event) = self.events.next() {
            if let Event::End(_) = event {
                break;
            }
            self.inline(event, &mut inlines);
        }
        inlines
    }

    fn inline(&mut self, event: Event, into: &mut Vec<Inline>) {
        let inline = match event {
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => {
                self.outside |= text.contains("://");
                Inline::Text(text.into_string())
            }
            Event::SoftBreak => Inline::Text(String::from("\n")),
            Event::HardBreak => Inline::Break,
            Event::Code(code) => Inline::Code(code.into_string()),
            Event::TaskListMarker(checked) => {
                self.checked = Some(checked);
                return;
            }
            Event::Start(Tag::Emphasis) => Inline::Emphasis(self.inlines()),
            Event::Start(Tag::Strong) => Inline::Strong(self.inlines()),
            Event::Start(Tag::Strikethrough) => Inline::Strike(self.inlines()),
            Event::Start(Tag::Link { link_type: LinkType::Autolink, dest_url, .. }) => {
                let outside = self.outside;
                let content = self.inlines();
                self.outside = outside;
                Inline::Link { url: dest_url.into_string(), content }
            }
            Event::Start(Tag::Link { link_type, dest_url, .. }) => {
                let mail = link_type == LinkType::Email;
                let url = format!("{}{dest_url}", if mail { "mailto:" } else { "" });
                Inline::Link { url, content: self.inlines() }
            }
            Event::Start(Tag::Image { dest_url, .. }) => {
                let mut content = self.inlines();
                if safe_url(&dest_url).is_none() {
                    into.append(&mut content);
                    return;
                }
                Inline::Image { url: dest_url.into_string(), alt: plain(&content) }
            }
            // Options that are not set: shown, so that the comparison fails.
            other => Inline::Text(format!("{other:?}")),
        };
        into.push(inline);
    }
}

fn plain(inlines: &[Inline]) -> String {
    let mut text = String::new();
    for inline in inlines {
        match inline {
            Inline::Text(part) | Inline::Code(part) | Inline::Image { alt: part, .. } => {
                text.push_str(part);
            }
            Inline::Emphasis(content)
            | Inline::Strong(content)
            | Inline::Strike(content)
            | Inline::Link { content, .. } => text.push_str(&plain(content)),
            Inline::Break => text.push('\n'),
        }
    }
    text
}

fn normal(blocks: Vec<Block>) -> Vec<Block> {
    blocks.into_iter().map(normal_block).collect()
}

fn normal_block(block: Block) -> Block {
    match block {
        Block::Paragraph(content) => Block::Paragraph(inlines(content)),
        Block::Heading { level, content } => Block::Heading { level, content: inlines(content) },
        Block::Quote(blocks) => Block::Quote(normal(blocks)),
        Block::List { ordered, tight, items } => {
            let has_paragraph =
                |item: &Item| item.blocks.iter().any(|block| matches!(block, Block::Paragraph(_)));
            Block::List {
                ordered,
                tight: tight || !items.iter().any(has_paragraph),
                items: items
                    .into_iter()
                    .map(|item| Item { checked: item.checked, blocks: normal(item.blocks) })
                    .collect(),
            }
        }
        Block::Table { alignments, head, rows } => Block::Table {
            alignments,
            head: head.into_iter().map(inlines).collect(),
            rows: rows
                .into_iter()
                .map(|row| {
                    let mut row: Vec<_> = row.into_iter().map(inlines).collect();
                    while row.last().is_some_and(Vec::is_empty) {
                        row.pop();
                    }
                    row
                })
                .collect(),
        },
        Block::Code { .. } | Block::Rule => block,
    }
}

fn inlines(content: Vec<Inline>) -> Vec<Inline> {
    let mut into = Vec::new();
    flatten(content, false, &mut into);
    into
}

fn flatten(content: Vec<Inline>, in_link: bool, into: &mut Vec<Inline>) {
    for inline in content {
        let wrapped = |content: Vec<Inline>| {
            let mut inner = Vec::new();
            flatten(content, in_link, &mut inner);
            inner
        };
        match inline {
            Inline::Text(text) => push_text(&text, into),
            Inline::Emphasis(content) => into.push(Inline::Emphasis(wrapped(content))),
            Inline::Strong(content) => into.push(Inline::Strong(wrapped(content))),
            Inline::Strike(content) => into.push(Inline::Strike(wrapped(content))),
            Inline::Link { url, content } => match safe_url(&url) {
                Some(safe) if !in_link => {
                    let text = plain(&content);
                    if safe == text || safe.strip_prefix("mailto:") == Some(&text) {
                        push_text(&text, into);
                    } else {
                        let mut inner = Vec::new();
                        flatten(content, true, &mut inner);
                        into.push(Inline::Link { url: safe, content: inner });
                    }
                }
                _ => flatten(content, in_link, into),
            },
            Inline::Image { url, alt } => {
                let url = safe_url(&url).unwrap_or_default();
                into.push(Inline::Image { url, alt: single_spaced(&alt) });
            }
            // The oracle keeps the indentation of a code span's later lines, CommonMark does not.
            Inline::Code(code) => into.push(Inline::Code(single_spaced(&code))),
            Inline::Break => into.push(inline),
        }
    }
}

fn single_spaced(text: &str) -> String {
    let words: Vec<_> = text.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

fn push_text(text: &str, into: &mut Vec<Inline>) {
    if text.is_empty() {
        return;
    }
    match into.last_mut() {
        Some(Inline::Text(last)) => last.push_str(text),
        _ => into.push(Inline::Text(String::from(text))),
    }
}
