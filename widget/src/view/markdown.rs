//! Draws an answer's blocks as nodes; text becomes text nodes, so nothing in it is ever markup.

use std::cell::Cell;

use markdown::{Align, Block, Inline, Item};
use wasm_bindgen::JsCast as _;
use web_sys::{Element, Node};

use crate::dom::{append, document, element, icon_button, labelled, set};
use crate::look::is_from;
use crate::text;
use crate::view::sections::Sections;
use crate::view::{icons, style};
use crate::words::Words;

/// What blocks are drawn with.
#[derive(Debug)]
struct Pen {
    words: Words,
    /// Where pictures may come from; none while a block may still grow.
    hosts: Vec<String>,
    /// A picture was drawn as a link.
    late: Cell<bool>,
}

/// The node of a block.
#[derive(Debug)]
struct Part {
    /// Of a code block.
    language: Option<String>,
    node: Element,
    /// There is a picture in it that is a link so far.
    late: bool,
}

/// The nodes of an answer, one for each block.
#[derive(Debug)]
pub struct Drawn {
    sections: Sections,
    pen: Pen,
    blocks: Vec<Part>,
}

impl Drawn {
    #[must_use]
    pub fn new(root: Element, words: Words) -> Self {
        let pen = Pen { words, hosts: Vec::new(), late: Cell::new(false) };
        Self { sections: Sections::new(root), pen, blocks: Vec::new() }
    }

    pub fn clear(&mut self) {
        self.sections.clear();
        self.blocks.clear();
    }

    /// Draws `blocks` anew from index `from` on; those before it stay as they are.
    pub fn draw(&mut self, blocks: &[Block], from: usize) {
        self.sections.put_by();
        // Code grows in its place, so that a selection in it and its scroll position stay.
        let grown = match (self.blocks.get(from), blocks.get(from)) {
            (
                Some(Part { language: Some(was), node, .. }),
                Some(Block::Code { language, text }),
            ) if was == language => {
                let code = node.query_selector("code").ok().flatten();
                code.map(|code| code.set_text_content(Some(text))).is_some()
            }
            _ => false,
        };
        let from = from + usize::from(grown);
        let rest = self.blocks.drain(from.min(self.blocks.len())..);
        self.sections.remove(rest.map(|part| part.node));
        for block in blocks.iter().skip(from) {
            let node = draw_block(block, &self.pen);
            self.sections.append(&node);
            let language = match block {
                Block::Code { language, .. } => Some(language.clone()),
                _ => None,
            };
            self.blocks.push(Part { language, node, late: self.pen.late.take() });
        }
    }

    /// Shows the pictures from `hosts` in the first `count` blocks, which do not grow any more.
    pub fn show_pictures(&mut self, blocks: &[Block], count: usize, hosts: &[String]) {
        for (part, block) in self.blocks.iter_mut().zip(blocks).take(count) {
            if std::mem::take(&mut part.late) && !hosts.is_empty() {
                hosts.clone_into(&mut self.pen.hosts);
                let node = draw_block(block, &self.pen);
                self.pen.hosts.clear();
                let old = &part.node;
                let _ = old.parent_node().map(|parent| parent.replace_child(&node, old));
                part.node = node;
            }
        }
        self.pen.late.set(false);
    }
}

fn draw_block(block: &Block, pen: &Pen) -> Element {
    match block {
        Block::Paragraph(content) => inlines(element("p", ""), content, pen),
        Block::Heading { level, content } => {
            // The panel's title is a heading of level 2: those of an answer stand below it.
            let tag = ["h3", "h4", "h5", "h6"][usize::from(level.saturating_sub(1)).min(3)];
            inlines(element(tag, ""), content, pen)
        }
        Block::List { ordered, tight, items } => draw_list(*ordered, *tight, items, pen),
        Block::Quote(blocks) => children(element("blockquote", ""), blocks, pen),
        Block::Code { language, text } => draw_code(language, text, pen),
        Block::Table { alignments, head, rows } => draw_table(alignments, head, rows, pen),
        Block::Rule => element("hr", ""),
    }
}

fn children(parent: Element, blocks: &[Block], pen: &Pen) -> Element {
    for block in blocks {
        append(&parent, &draw_block(block, pen));
    }
    parent
}

fn draw_list(ordered: Option<u32>, tight: bool, items: &[Item], pen: &Pen) -> Element {
    let list =
        element(if ordered.is_some() { "ol" } else { "ul" }, if tight { "tight" } else { "" });
    if let Some(first) = ordered.filter(|first| *first != 1) {
        set(&list, "start", &first.to_string());
    }
    // Room for long numbers: two digits fit.
    let last = ordered.unwrap_or(0) as usize + items.len();
    let digits = last.saturating_sub(1).to_string().len() as u32;
    if digits > 2 {
        let room = (12 + 9 * digits).to_string() + "px";
        let _ = style(list.unchecked_ref()).set_property("padding-inline-start", &room);
    }
    for item in items {
        let node = element("li", "");
        if let Some(checked) = item.checked {
            set(&node, "class", "task");
            let sign = labelled("span", "box", if checked { "✓" } else { "" });
            set(&sign, "role", "img");
            let name = if checked { text::TASK_DONE } else { text::TASK_OPEN };
            set(&sign, "aria-label", &pen.words.get(name));
            append(&node, &sign);
        }
        append(&list, &children(node, &item.blocks, pen));
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

fn draw_code(language: &str, source: &str, pen: &Pen) -> Element {
    let root = element("div", "code");
    let bar = element("div", "bar");
    append(&bar, &labelled("span", "", language));
    let copy = icon_button("act", &pen.words.get(text::COPY_CODE), icons::COPY);
    set(&copy, "data-act", "code");
    append(&bar, &copy);
    append(&root, &bar);
    let code = pen.words.get(text::CODE);
    let lines = scrolling("pre", "", if language.is_empty() { &code } else { language });
    append(&lines, &labelled("code", "", source));
    append(&root, &lines);
    root
}

fn draw_table(
    alignments: &[Align],
    head: &[Vec<Inline>],
    rows: &[Vec<Vec<Inline>>],
    pen: &Pen,
) -> Element {
    let root = scrolling("div", "table", &pen.words.get(text::TABLE));
    let table = element("table", "");
    let line = |tag: &str, cells: &[Vec<Inline>]| {
        let line = element("tr", "");
        for (at, cell) in cells.iter().enumerate() {
            let class = match alignments.get(at) {
                Some(Align::Center) => "mid",
                Some(Align::Right) => "end",
                _ => "",
            };
            append(&line, &inlines(element(tag, class), cell, pen));
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

fn inlines(parent: Element, content: &[Inline], pen: &Pen) -> Element {
    for inline in content {
        let node: Node = match inline {
            Inline::Text(text) => document().create_text_node(text).into(),
            Inline::Code(text) => labelled("code", "", text).into(),
            Inline::Emphasis(content) => inlines(element("em", ""), content, pen).into(),
            Inline::Strong(content) => inlines(element("strong", ""), content, pen).into(),
            Inline::Strike(content) => inlines(element("s", ""), content, pen).into(),
            Inline::Link { url, content } => {
                let link = inlines(link(url), content, pen);
                if content.is_empty() {
                    link.set_text_content(Some(url));
                }
                link.into()
            }
            // The admin trusts this place.
            Inline::Image { url, alt } if is_from(url, &pen.hosts) => {
                let picture = element("img", "picture");
                for (name, value) in
                    [("alt", alt.as_str()), ("loading", "lazy"), ("referrerpolicy", "no-referrer")]
                {
                    set(&picture, name, value);
                }
                set(&picture, "src", url);
                picture.into()
            }
            // Loading a picture that a model chose would tell its server what was asked.
            Inline::Image { url, alt } => {
                pen.late.set(true);
                let link = link(url);
                let name = pen.words.get(text::IMAGE);
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
