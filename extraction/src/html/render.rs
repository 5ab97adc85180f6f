//! A tree's visible text as Markdown blocks.

use std::mem;

use super::kinds::{is_block, is_layout, name_of, skipped};
use super::tree::{Data, Element, NodeId, Tree};
use crate::Limits;
use crate::error::ExtractError;
use crate::page::Page;

/// What is under `root`, without navigation, scripts, controls, and hidden parts.
pub(super) fn render(tree: &Tree, root: NodeId, limits: &Limits) -> Result<String, ExtractError> {
    let mut writer = Writer {
        page: Page::new(limits.text),
        text: String::new(),
        limit: limits.text,
        lists: Vec::new(),
        item: None,
        heading: 0,
        code: 0,
        table: None,
        tables: 0,
    };
    let inside_main = !matches!(name_of(tree, root), "body" | "");
    let mut next = tree.first_child(root);
    while let Some(id) = next {
        let mut down = None;
        match tree.data(id) {
            Data::Text(text) => writer.text(text)?,
            Data::Element(element) if !skipped(tree, id, element, inside_main) => {
                writer.open(element, is_layout(tree, id, element))?;
                down = tree.first_child(id);
                if down.is_none() {
                    writer.close(element)?;
                }
            }
            _ => {}
        }
        let mut at = id;
        while down.is_none() && at != root {
            down = tree.next_sibling(at);
            let Some(parent) = tree.parent(at) else { break };
            if let (None, Data::Element(element), true) = (down, tree.data(parent), parent != root)
            {
                writer.close(element)?;
            }
            at = parent;
        }
        next = down;
    }
    writer.flush()?;
    Ok(writer.page.finish())
}

struct List {
    numbered: bool,
    items: usize,
}

struct Writer {
    page: Page,
    /// Of the block that is being read.
    text: String,
    limit: usize,
    lists: Vec<List>,
    /// An item whose first block has not been written: its number, where it has one.
    item: Option<Option<usize>>,
    /// The level of the last heading.
    heading: usize,
    /// How many `pre` elements are open.
    code: usize,
    table: Option<Vec<Vec<String>>>,
    /// How many tables are open: an inner one is text of the outer's cell.
    tables: usize,
}

impl Writer {
    fn text(&mut self, text: &str) -> Result<(), ExtractError> {
        // White space may be dropped later, so that more than the limit can still fit.
        if self.text.len() + text.len() > self.limit.saturating_mul(4) {
            return Err(ExtractError::TooMuchText { limit: self.limit });
        }
        self.text.push_str(text);
        Ok(())
    }

    fn open(&mut self, element: &Element, layout: bool) -> Result<(), ExtractError> {
        let name = &*element.name.local;
        if self.table.is_some() {
            self.open_in_table(name);
        } else if is_block(name) {
            self.break_block()?;
        }
        match name {
            "br" => self.text.push(if self.code > 0 { '\n' } else { ' ' }),
            "img" => {
                if let Some(alt) = &element.alt {
                    self.text(&format!(" {alt} "))?;
                }
            }
            "pre" => self.code += 1,
            "ul" | "ol" | "menu" if self.table.is_none() => {
                self.lists.push(List { numbered: name == "ol", items: 0 });
            }
            "li" if self.table.is_none() => {
                self.item = Some(self.lists.last_mut().and_then(|list| {
                    list.items += 1;
                    list.numbered.then_some(list.items)
                }));
            }
            "table" if !layout && self.code == 0 => {
                self.tables += 1;
                self.table.get_or_insert_default();
            }
            _ => {}
        }
        Ok(())
    }

    fn open_in_table(&mut self, name: &str) {
        match name {
            "tr" if self.tables == 1 => {
                self.text.clear();
                if let Some(rows) = &mut self.table {
                    rows.push(Vec::new());
                }
            }
            "td" | "th" if self.tables == 1 => self.text.clear(),
            _ if is_block(name) => self.text.push(' '),
            _ => {}
        }
    }

    fn close(&mut self, element: &Element) -> Result<(), ExtractError> {
        let name = &*element.name.local;
        match name {
            "table" if self.tables > 0 => {
                self.tables = self.tables.saturating_sub(1);
                if self.tables == 0
                    && let Some(rows) = self.table.take()
                {
                    self.text.clear();
                    self.item_mark()?;
                    return self.page.table(self.lists.len(), &rows);
                }
            }
            "td" | "th" if self.tables == 1 => {
                let cell = mem::take(&mut self.text);
                if let Some(row) = self.table.as_mut().and_then(|rows| rows.last_mut()) {
                    row.push(cell);
                }
            }
            "caption" if self.tables == 1 => {
                let text = mem::take(&mut self.text);
                self.page.paragraph(self.lists.len(), &text)?;
            }
            "pre" => {
                if self.table.is_none() {
                    self.flush()?;
                }
                self.code = self.code.saturating_sub(1);
            }
            _ if self.table.is_some() && is_block(name) => self.text.push(' '),
            _ if self.table.is_some() => {}
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                let level = usize::from(name.as_bytes().get(1).map_or(1, |digit| digit - b'0'));
                self.heading = level;
                self.write_heading(level)?;
            }
            // A question that opens its answer.
            "summary" => self.write_heading(self.heading + 1)?,
            "ul" | "ol" | "menu" => {
                self.flush()?;
                self.lists.pop();
                self.item = None;
            }
            "li" => {
                self.flush()?;
                self.item = None;
            }
            _ if is_block(name) => self.break_block()?,
            _ => {}
        }
        Ok(())
    }

    /// Within code a block is a line.
    fn break_block(&mut self) -> Result<(), ExtractError> {
        if self.code == 0 {
            return self.flush();
        }
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        Ok(())
    }

    /// A heading in a list's item or in code stays text: passages begin at headings outside of blocks.
    fn write_heading(&mut self, level: usize) -> Result<(), ExtractError> {
        if !self.lists.is_empty() || self.code > 0 {
            return self.break_block();
        }
        let text = mem::take(&mut self.text);
        self.page.heading(level, &text)
    }

    /// Writes the block that was read.
    fn flush(&mut self) -> Result<(), ExtractError> {
        if self.text.trim().is_empty() {
            self.text.clear();
            return Ok(());
        }
        let text = mem::take(&mut self.text);
        let depth = self.lists.len();
        if self.code > 0 {
            self.item_mark()?;
            return self.page.code(depth, &text);
        }
        match self.item.take() {
            Some(number) => self.page.item(depth.max(1), number, &text),
            None => self.page.paragraph(depth, &text),
        }
    }

    /// A list's item that begins with a table or code needs no mark: they stand on their own.
    fn item_mark(&mut self) -> Result<(), ExtractError> {
        if self.item.take().is_some() {
            self.page.item(self.lists.len().max(1), None, "…")?;
        }
        Ok(())
    }
}
