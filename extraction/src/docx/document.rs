//! A document's body as Markdown.

use std::collections::HashMap;
use std::mem;

use super::styles::Styles;
use super::xml::{self, Event, Tag};
use crate::error::ExtractError;
use crate::page::Page;
use crate::{Deadline, Limits};

pub(super) fn render(
    body: &str,
    styles: &Styles,
    limits: &Limits,
    deadline: Deadline,
) -> Result<String, ExtractError> {
    let mut writer = Writer {
        styles,
        page: Page::new(limits.text),
        open: Vec::new(),
        hidden: false,
        in_text: false,
        skipped: 0,
        counts: HashMap::new(),
        rows: Vec::new(),
        tables: 0,
    };
    xml::read(body, limits.depth, deadline, |event| match event {
        Event::Open(tag) => {
            writer.open(tag);
            Ok(())
        }
        Event::Close(name) => writer.close(name),
        Event::Text(text) => {
            writer.text(text);
            Ok(())
        }
    })?;
    Ok(writer.page.finish())
}

#[derive(Default)]
struct Paragraph {
    text: String,
    style: String,
    /// Of its list, where it says so itself; `0` takes it out of its style's.
    list: Option<String>,
    list_level: usize,
    heading: Option<usize>,
}

struct Writer<'a> {
    styles: &'a Styles,
    page: Page,
    /// Paragraphs that are open: text boxes stand in one another's.
    open: Vec<Paragraph>,
    /// Whether the current run is hidden.
    hidden: bool,
    /// Within a text element.
    in_text: bool,
    /// How many elements are open whose content is left out.
    skipped: usize,
    counts: HashMap<(String, usize), usize>,
    rows: Vec<Vec<String>>,
    /// How many tables are open: an inner one is text of the outer's cell.
    tables: usize,
}

/// What was removed, and what repeats what stands elsewhere.
fn is_skipped(name: &str) -> bool {
    matches!(name, "del" | "moveFrom" | "Fallback" | "rPrChange" | "pPrChange")
}

impl Writer<'_> {
    fn open(&mut self, tag: &Tag<'_>) {
        if is_skipped(tag.name) {
            self.skipped += 1;
        }
        if self.skipped > 0 {
            return;
        }
        let value = || tag.value("val").unwrap_or_default();
        let is_off = || matches!(value().as_str(), "0" | "false" | "off");
        match tag.name {
            "p" => self.open.push(Paragraph::default()),
            "r" => self.hidden = false,
            "t" => self.in_text = true,
            "vanish" => self.hidden = !is_off(),
            "tab" | "br" | "cr" => self.text_of_run(" "),
            "noBreakHyphen" => self.text_of_run("-"),
            "tbl" => self.tables += 1,
            "tr" if self.tables == 1 => self.rows.push(Vec::new()),
            "tc" if self.tables == 1 => {
                if let Some(row) = self.rows.last_mut() {
                    row.push(String::new());
                }
            }
            name => {
                let Some(paragraph) = self.open.last_mut() else { return };
                match name {
                    "pStyle" => paragraph.style = value(),
                    "numId" => paragraph.list = Some(value()),
                    "ilvl" => paragraph.list_level = value().parse().unwrap_or(0).min(8),
                    "outlineLvl" => {
                        let level: Option<usize> = value().parse().ok();
                        paragraph.heading = level.filter(|level| *level < 9).map(|level| level + 1);
                    }
                    _ => {}
                }
            }
        }
    }

    fn text(&mut self, text: &str) {
        if self.in_text && self.skipped == 0 {
            self.text_of_run(text);
        }
    }

    fn text_of_run(&mut self, text: &str) {
        if let (false, Some(paragraph)) = (self.hidden, self.open.last_mut()) {
            paragraph.text.push_str(text);
        }
    }

    fn close(&mut self, name: &str) -> Result<(), ExtractError> {
        if is_skipped(name) {
            self.skipped = self.skipped.saturating_sub(1);
            return Ok(());
        }
        if self.skipped > 0 {
            return Ok(());
        }
        match name {
            "t" => self.in_text = false,
            "r" => self.hidden = false,
            "p" => {
                if let Some(paragraph) = self.open.pop() {
                    self.write(&paragraph)?;
                }
            }
            "tbl" => {
                self.tables = self.tables.saturating_sub(1);
                if self.tables == 0 {
                    let rows = mem::take(&mut self.rows);
                    self.page.table(0, &rows)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn write(&mut self, paragraph: &Paragraph) -> Result<(), ExtractError> {
        let cell = self.rows.last_mut().and_then(|row| row.last_mut());
        if let (true, Some(cell)) = (self.tables > 0, cell) {
            cell.push_str(&paragraph.text);
            cell.push(' ');
            return Ok(());
        }
        if paragraph.text.trim().is_empty() || self.styles.is_contents(&paragraph.style) {
            return Ok(());
        }
        // A heading may be numbered: it is a heading all the same.
        if let Some(level) = paragraph.heading.or_else(|| self.styles.level(&paragraph.style)) {
            return self.page.heading(level, &paragraph.text);
        }
        let list = paragraph.list.as_deref().or_else(|| self.styles.numbering(&paragraph.style));
        match list.filter(|list| *list != "0") {
            Some(list) => {
                let level = paragraph.list_level;
                let number = self
                    .styles
                    .is_numbered(list, level)
                    .then(|| count(&mut self.counts, list, level));
                self.page.item(level + 1, number, &paragraph.text)
            }
            None => self.page.paragraph(0, &paragraph.text),
        }
    }
}

/// The number of a list's next item; deeper levels begin anew under it.
fn count(counts: &mut HashMap<(String, usize), usize>, list: &str, level: usize) -> usize {
    for deeper in level + 1..9 {
        counts.remove(&(list.to_owned(), deeper));
    }
    let number = counts.entry((list.to_owned(), level)).or_insert(0);
    *number += 1;
    *number
}
