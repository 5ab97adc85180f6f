//! One line of the text and how far its containers have consumed it.
//!
//! Indentation is counted in columns: a tab reaches to the next multiple of four, and a container
//! may take only a part of one.

use crate::{
    scan::{cut, trim},
    steps::step,
};

/// A line without its end, and a place in it.
pub(crate) struct Line<'a> {
    pub(crate) text: &'a str,
    /// Bytes consumed.
    at: usize,
    /// The column of the next byte, less `pad`.
    col: usize,
    /// Columns left of a tab that was consumed in part.
    pad: usize,
}

impl<'a> Line<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0, col: 0, pad: 0 }
    }

    pub(crate) fn byte(&self, at: usize) -> u8 {
        // A line holds no line end, so this one stands for "nothing there".
        self.text.as_bytes().get(at).copied().unwrap_or(b'\n')
    }

    /// Columns of white space here, and the byte after them.
    pub(crate) fn indent(&self) -> (usize, usize) {
        let (mut at, mut col) = (self.at, self.col + self.pad);
        loop {
            match self.byte(at) {
                b' ' => col += 1,
                b'\t' => col += 4 - col % 4,
                _ => break,
            }
            at += 1;
        }
        step(at - self.at + 1);
        (col - self.col, at)
    }

    /// Consumes up to `columns` of white space.
    pub(crate) fn skip_space(&mut self, mut columns: usize) {
        while columns > 0 {
            if self.pad == 0 {
                self.pad = match self.byte(self.at) {
                    b' ' => 1,
                    b'\t' => 4 - self.col % 4,
                    _ => return,
                };
                self.at += 1;
            }
            let taken = columns.min(self.pad);
            self.pad -= taken;
            self.col += taken;
            columns -= taken;
        }
    }

    /// Consumes the white space here and `bytes` of a marker after it.
    pub(crate) fn skip_marker(&mut self, bytes: usize) {
        let (indent, at) = self.indent();
        self.col += indent + bytes;
        self.at = at + bytes;
        self.pad = 0;
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.indent().1 >= self.text.len()
    }

    /// What is left, without the white space around it.
    pub(crate) fn content(&self) -> &'a str {
        trim(self.rest())
    }

    /// What is left; of a tab consumed in part, nothing ([`Line::pad`] says how much).
    pub(crate) fn rest(&self) -> &'a str {
        cut(self.text, self.at, self.text.len())
    }

    /// Columns left of a tab that was consumed in part.
    pub(crate) fn pad(&self) -> usize {
        self.pad
    }
}

/// Where the line that begins at `at` ends, and where the next one begins.
pub(crate) fn line_end(text: &str, at: usize) -> (usize, usize) {
    let rest = cut(text, at, text.len()).as_bytes();
    let length = rest.iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(rest.len());
    step(length + 1);
    let ending = match (rest.get(length), rest.get(length + 1)) {
        (Some(b'\r'), Some(b'\n')) => 2,
        (Some(_), _) => 1,
        (None, _) => 0,
    };
    (at + length, at + length + ending)
}
