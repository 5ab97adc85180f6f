//! A font's `ToUnicode` table: which characters its codes stand for.
//!
//! Ranges are kept as ranges: written out, a table of one line can have four thousand million
//! entries.

use std::collections::BTreeMap;

use super::lexer::{Lexer, Token};

/// More ranges than any font has glyphs.
const MOST_RANGES: usize = 70_000;

struct Range {
    last: u32,
    /// The first code's characters; later codes count up the last of them.
    text: Vec<u16>,
}

/// By code length (1 to 4 bytes) and first code.
#[derive(Default)]
pub(super) struct ToUnicode {
    ranges: BTreeMap<(usize, u32), Range>,
}

impl ToUnicode {
    pub(super) fn parse(table: &[u8]) -> Self {
        let mut found = Self::default();
        let mut texts: Vec<Vec<u8>> = Vec::new();
        // Within the brackets of a range: the characters of each of its codes.
        let mut listed: Option<usize> = None;
        let mut in_ranges = false;
        for token in Lexer::new(table) {
            if found.ranges.len() > MOST_RANGES {
                break;
            }
            match token {
                Token::Operator(word) => {
                    in_ranges = word == b"beginbfrange";
                    if word == b"endbfchar" {
                        for pair in texts.chunks_exact(2) {
                            if let [code, text] = pair {
                                found.add(code, code, text, 0);
                            }
                        }
                    }
                    texts.clear();
                    listed = None;
                }
                Token::ArrayStart => listed = Some(0),
                Token::ArrayEnd => {
                    listed = None;
                    texts.clear();
                }
                Token::Text(text) => match (&mut listed, in_ranges, texts.as_slice()) {
                    (Some(at), true, [first, _]) => {
                        found.add(first, first, &text, *at);
                        *at += 1;
                    }
                    (None, true, [first, last]) => {
                        found.add(first, last, &text, 0);
                        texts.clear();
                    }
                    _ if texts.len() < 2 * MOST_RANGES => texts.push(text),
                    _ => {}
                },
                _ => {}
            }
        }
        found
    }

    /// `after`: how many codes behind `first` it begins.
    fn add(&mut self, first: &[u8], last: &[u8], text: &[u8], after: usize) {
        let offset = u32::try_from(after).unwrap_or(u32::MAX);
        let length = first.len();
        if !(1..=4).contains(&length) {
            return;
        }
        let start = code(first).saturating_add(offset);
        let last = code(last).saturating_add(offset).max(start);
        let text = text.chunks(2).take(16).map(|unit| code(unit) as u16).collect();
        self.ranges.insert((length, start), Range { last, text });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The characters of a code of `length` bytes.
    pub(super) fn text(&self, length: usize, code: u32) -> Option<String> {
        let (&(found, first), range) = self.ranges.range(..=(length, code)).next_back()?;
        if found != length || code > range.last {
            return None;
        }
        let mut units = range.text.clone();
        if let Some(last) = units.last_mut() {
            *last = last.wrapping_add((code - first) as u16);
        }
        Some(String::from_utf16_lossy(&units))
    }
}

fn code(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |code, &byte| code << 8 | u32::from(byte))
}
