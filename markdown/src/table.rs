//! GFM tables: a header line with pipes, a delimiter row with as many cells, then rows.

use crate::{
    Align, Block, Inline, inline,
    scan::{cut, trim},
    steps::step,
};

/// A table that is still being read.
pub(crate) struct Table {
    alignments: Vec<Align>,
    head: Vec<Vec<Inline>>,
    rows: Vec<Vec<Vec<Inline>>>,
}

impl Table {
    /// The table that `delimiters` makes of the line before it.
    pub(crate) fn begin(head: &str, delimiters: &str) -> Option<Self> {
        let has_pipe = |line: &str| line.bytes().any(|b| b == b'|');
        step(delimiters.len());
        if !has_pipe(delimiters) || !has_pipe(head) {
            return None;
        }
        let mut alignments = Vec::new();
        for cell in Cells::of(delimiters) {
            alignments.push(alignment(cell)?);
        }
        if alignments.is_empty() || Cells::of(head).count() != alignments.len() {
            return None;
        }
        let head = cells(head, alignments.len());
        Some(Self { alignments, head, rows: Vec::new() })
    }

    pub(crate) fn row(&mut self, line: &str) {
        self.rows.push(cells(line, self.alignments.len()));
    }

    pub(crate) fn end(self) -> Block {
        Block::Table { alignments: self.alignments, head: self.head, rows: self.rows }
    }
}

fn alignment(cell: &str) -> Option<Align> {
    let (left, cell) = match cell.strip_prefix(':') {
        Some(rest) => (true, rest),
        None => (false, cell),
    };
    let (right, dashes) = match cell.strip_suffix(':') {
        Some(rest) => (true, rest),
        None => (false, cell),
    };
    if dashes.is_empty() || dashes.bytes().any(|b| b != b'-') {
        return None;
    }
    Some(match (left, right) {
        (false, false) => Align::None,
        (true, false) => Align::Left,
        (true, true) => Align::Center,
        (false, true) => Align::Right,
    })
}

fn cells(line: &str, most: usize) -> Vec<Vec<Inline>> {
    let mut row = Vec::new();
    for cell in Cells::of(line).take(most) {
        row.push(inline::parse(&without_escapes(cell)));
    }
    row
}

/// The cell with its escaped pipes as pipes, also inside code spans: GFM takes the row apart first.
fn without_escapes(cell: &str) -> String {
    let mut plain = String::new();
    for c in cell.chars() {
        // Only an escaped one is inside a cell.
        if c == '|' {
            plain.pop();
        }
        plain.push(c);
    }
    plain
}

/// The cells of a row, trimmed; a pipe after a backslash divides nothing.
struct Cells<'a> {
    rest: &'a str,
}

impl<'a> Cells<'a> {
    fn of(line: &'a str) -> Self {
        let line = trim(line);
        Self { rest: line.strip_prefix('|').unwrap_or(line) }
    }
}

impl<'a> Iterator for Cells<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        let mut end = 0;
        let mut escaped = false;
        for b in self.rest.bytes() {
            if b == b'|' && !escaped {
                break;
            }
            escaped = b == b'\\';
            end += 1;
        }
        step(end + 1);
        let cell = trim(cut(self.rest, 0, end));
        self.rest = cut(self.rest, end + 1, self.rest.len());
        Some(cell)
    }
}
