//! Draws an answer's blocks as nodes; text becomes text nodes, so nothing in it is ever markup.

use markdown::{Align, Block, Inline, Item};
use web_sys::{Element, Node};

use crate::dom::{append, document, element, icon_button, labelled, set};
use crate::text;
use crate::view::icons;
use crate::words::Words;

/// The nodes of an answer, one for each block.
#[derive(Debug)]
pub struct Drawn {
    root: Element,
    words: Words,
    /// With a code block's language; other blocks have none.
    blocks: Vec<(Option<String>, Element)>,
}

impl Drawn {
    #[must_use]
    pub fn new(root: Element, words: Words) -> Self {
        Self { root, words, blocks: Vec::new() }
    }

    pub fn clear(&mut self) {
        self.root.set_text_content(None);
        self.blocks.clear();
    }

    /// Draws `blocks` anew from index `from` on; those before it stay as they are.
    pub fn draw(&mut self, blocks: &[Block], from: usize) {
        // Code grows in its place, so that a selection in it and its scroll position stay.
        let grown = match (self.blocks.get(from), blocks.get(from)) {
            (Some((Some(was), node)), Some(Block::Code { language, text })) if was == language => {
                let code = node.query_selector("code").ok().flatten();
                code.map(|code| code.set_text_content(Some(text))).is_some()
            }
            _ => false,
        };
        let from = from + usize::from(grown);
        for (_, node) in self.blocks.drain(from.min(self.blocks.len())..) {
            // Not `remove`, which pages are known to replace.
            let _ = self.root.remove_child(&node);
        }
        for block in blocks.iter().skip(from) {
            let node = draw_block(block, &self.words);
            append(&self.root, &node);
            let language = match block {
                Block::Code { language, .. } => Some(language.clone()),
                _ => None,
            };
            self.blocks.push((language, node));
        }
    }
}

fn draw_block(block: &Block, words: &Words) -> Element {
    match block {
        Block::Paragraph(content) => inlines(element("p", ""), content, words),
        Block::Heading { level, content } => {
            // The panel's title is a heading of level 2: those of an answer stand below it.
            let tag = ["h3", "h4", "h5", "h6"][usize::from(level.saturating_sub(1)).min(3)];
            inlines(element(tag, ""), content, words)
        }
        Block::List { ordered, tight, items } => draw_list(*ordered, *tight, items, words),
        Block::Quote(blocks) => children(element("blockquote", ""), blocks, words),
        Block::Code { language, text } => draw_code(language, text, words),
        Block::Table { alignments, head, rows } => draw_table(alignments, head, rows, words),
        Block::Rule => element("hr", ""),
    }
}

fn children(parent: Element, blocks: &[Block], words: &Words) -> Element {
    for block in blocks {
        append(&parent, &draw_block(block, words));
    }
    parent
}

fn draw_list(ordered: Option<u32>, tight: bool, items: &[Item], words: &Words) -> Element {
    let list =
        element(if ordered.is_some() { "ol" } else { "ul" }, if tight { "tight" } else { "" });
    if let Some(first) = ordered.filter(|first| *first != 1) {
        set(&list, "start", &first.to_string());
    }
    for item in items {
        let node = element("li", "");
        if let Some(checked) = item.checked {
            set(&node, "class", "task");
            let sign = labelled("span", "box", if checked { "✓" } else { "" });
            set(&sign, "role", "img");
            let name = if checked { text::TASK_DONE } else { text::TASK_OPEN };
            set(&sign, "aria-label", &words.get(name));
            append(&node, &sign);
        }
        append(&list, &children(node, &item.blocks, words));
    }
    list
}

/// What is wider than the panel scrolls sideways by itself, also by keyboard.
fn scrolling(tag: &str, class: &str, label: &str) -> Element {
    let node = element(tag, class);
    set(&node, "tabindex", "0");
    set(&node, "role", "group");
    set(&node, "aria-label", label);
    node
}

fn draw_code(language: &str, source: &str, words: &Words) -> Element {
    let root = element("div", "code");
    let bar = element("div", "bar");
    append(&bar, &labelled("span", "", language));
    let copy = icon_button("act", &words.get(text::COPY_CODE), icons::COPY);
    set(&copy, "data-act", "code");
    append(&bar, &copy);
    append(&root, &bar);
    let code = words.get(text::CODE);
    let lines = scrolling("pre", "", if language.is_empty() { &code } else { language });
    append(&lines, &labelled("code", "", source));
    append(&root, &lines);
    root
}

fn draw_table(
    alignments: &[Align],
    head: &[Vec<Inline>],
    rows: &[Vec<Vec<Inline>>],
    words: &Words,
) -> Element {
    let root = scrolling("div", "table", &words.get(text::TABLE));
    let table = element("table", "");
    let line = |tag: &str, cells: &[Vec<Inline>]| {
        let line = element("tr", "");
        for (at, cell) in cells.iter().enumerate() {
            let class = match alignments.get(at) {
                Some(Align::Center) => "mid",
                Some(Align::Right) => "end",
                _ => "",
            };
            append(&line, &inlines(element(tag, class), cell, words));
        }
        line
    };
    let top = element("thead", "");
    append(&top, &line("th", head));
    append(&table, &top);
    let body = element("tbody", "");
    for row in rows {
        append(&body, &line("td", row));
    }
    append(&table, &body);
    append(&root, &table);
    root
}

fn inlines(parent: Element, content: &[Inline], words: &Words) -> Element {
    for inline in content {
        let node: Node = match inline {
            Inline::Text(text) => document().create_text_node(text).into(),
            Inline::Code(text) => labelled("code", "", text).into(),
            Inline::Emphasis(content) => inlines(element("em", ""), content, words).into(),
            Inline::Strong(content) => inlines(element("strong", ""), content, words).into(),
            Inline::Strike(content) => inlines(element("s", ""), content, words).into(),
            Inline::Link { url, content } => {
                let link = inlines(link(url), content, words);
                if content.is_empty() {
                    link.set_text_content(Some(url));
                }
                link.into()
            }
            // Loading a picture that a model chose would tell its server what was asked.
            Inline::Image { url, alt } => {
                let link = link(url);
                let name = words.get(text::IMAGE);
                link.set_text_content(Some(if alt.is_empty() { &name } else { alt }));
                link.into()
            }
            Inline::Break => element("br", "").into(),
        };
        let _ = parent.append_child(&node);
    }
    parent
}

/// A link in a new tab. The parser has let only harmless addresses through.
fn link(url: &str) -> Element {
    let link = element("a", "");
    set(&link, "href", url);
    set(&link, "target", "_blank");
    set(&link, "rel", "noopener nofollow ugc");
    link
}
