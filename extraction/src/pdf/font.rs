//! A font: which text its codes stand for, and how wide that is.

use std::collections::HashMap;

use lopdf::{Dictionary, Document, Object};

use super::budget::Budget;
use super::unicode::ToUnicode;
use crate::error::ExtractError;

/// Of a code whose width is not told, in thousandths of the font's size.
const USUAL_WIDTH: f32 = 500.0;
/// More codes than any font has.
const MOST_WIDTHS: usize = 70_000;

#[derive(Default)]
pub(super) struct Font {
    /// Whether each code has two bytes.
    wide: bool,
    to_unicode: ToUnicode,
    /// Of one-byte codes.
    encoding: Vec<String>,
    /// Whether codes are UTF-16 themselves.
    utf16: bool,
    widths: HashMap<u32, f32>,
    usual_width: f32,
}

impl Font {
    pub(super) fn read(
        document: &Document,
        font: &Dictionary,
        budget: &mut Budget,
    ) -> Result<Self, ExtractError> {
        let wide = font.get(b"Subtype").and_then(Object::as_name).is_ok_and(|n| n == b"Type0");
        let mut found = Self { wide, usual_width: USUAL_WIDTH, ..Self::default() };
        if let Ok(stream) = font.get_deref(b"ToUnicode", document).and_then(Object::as_stream) {
            found.to_unicode = ToUnicode::parse(&budget.unpack(stream)?);
        }
        if wide {
            let name = font.get_deref(b"Encoding", document).and_then(Object::as_name);
            found.utf16 =
                name.is_ok_and(|name| name.ends_with(b"-UCS2-H") || name.ends_with(b"-UTF16-H"));
            found.read_wide_widths(document, font);
        } else {
            found.encoding = encoding(document, font, budget)?;
            found.read_widths(document, font);
        }
        Ok(found)
    }

    /// The text of a string and its width in thousandths of the font's size, with what stands
    /// between its characters and its words added by `spacing` (for each code).
    pub(super) fn decode(
        &self,
        bytes: &[u8],
        mut spacing: impl FnMut(u32) -> f32,
    ) -> (String, f32) {
        let (mut text, mut width) = (String::new(), 0.0);
        let length = if self.wide { 2 } else { 1 };
        for chunk in bytes.chunks(length) {
            let code = chunk.iter().fold(0, |code, &byte| code << 8 | u32::from(byte));
            width += self.widths.get(&code).copied().unwrap_or(self.usual_width) + spacing(code);
            // Some writers give a table of one-byte codes to a two-byte font, or the reverse.
            match self
                .to_unicode
                .text(length, code)
                .or_else(|| self.to_unicode.text(3 - length, code))
            {
                Some(found) => text.push_str(&found),
                None if self.utf16 => text.extend(char::from_u32(code)),
                None => {
                    let known = usize::try_from(code).ok().and_then(|code| self.encoding.get(code));
                    text.push_str(known.map_or("", String::as_str));
                }
            }
        }
        (text, width)
    }

    /// Whether its codes can be told apart as characters at all.
    pub(super) fn is_readable(&self) -> bool {
        self.utf16 || !self.to_unicode.is_empty() || !self.encoding.is_empty()
    }

    fn read_widths(&mut self, document: &Document, font: &Dictionary) {
        let first = font.get_deref(b"FirstChar", document).and_then(Object::as_i64).unwrap_or(0);
        let widths = font.get_deref(b"Widths", document).and_then(Object::as_array);
        // A Type 3 font has units of its own.
        let matrix = font.get_deref(b"FontMatrix", document).and_then(Object::as_array).ok();
        let unit =
            matrix.and_then(|m| m.first()?.as_float().ok()).map_or(1.0, |unit| unit * 1000.0);
        for (code, width) in (first.clamp(0, 255)..256).zip(widths.into_iter().flatten()) {
            if let (Ok(code), Some(width)) = (u32::try_from(code), number(document, width)) {
                self.widths.insert(code, width * unit);
            }
        }
    }

    /// `W`: `first [width width …]` or `first last width`, as often as needed.
    fn read_wide_widths(&mut self, document: &Document, font: &Dictionary) {
        let descendants = font.get_deref(b"DescendantFonts", document).and_then(Object::as_array);
        let Some(inner) = descendants.ok().and_then(|fonts| fonts.first()) else { return };
        let Ok((_, Object::Dictionary(inner))) = document.dereference(inner) else { return };
        self.usual_width =
            inner.get_deref(b"DW", document).and_then(Object::as_float).unwrap_or(1000.0);
        let Ok(widths) = inner.get_deref(b"W", document).and_then(Object::as_array) else { return };
        let mut codes: Vec<u32> = Vec::new();
        for entry in widths {
            let Ok((_, entry)) = document.dereference(entry) else { continue };
            match (entry, codes.as_slice()) {
                (Object::Array(listed), [first]) => {
                    for (code, width) in (*first..).zip(listed).take(MOST_WIDTHS) {
                        self.widths.extend(number(document, width).map(|width| (code, width)));
                    }
                    codes.clear();
                }
                (entry, [first, last]) => {
                    if let Ok(width) = entry.as_float() {
                        let range = (*first..=*last).take(MOST_WIDTHS);
                        self.widths.extend(range.map(|code| (code, width)));
                    }
                    codes.clear();
                }
                (entry, _) => {
                    codes.extend(entry.as_i64().ok().and_then(|code| u32::try_from(code).ok()));
                }
            }
            if self.widths.len() > MOST_WIDTHS {
                break;
            }
        }
    }
}

fn number(document: &Document, object: &Object) -> Option<f32> {
    document.dereference(object).ok()?.1.as_float().ok()
}

/// The characters of the 256 codes. `lopdf` knows the encodings; it is not shown `ToUnicode`,
/// of which it would write out every range.
fn encoding(
    document: &Document,
    font: &Dictionary,
    budget: &mut Budget,
) -> Result<Vec<String>, ExtractError> {
    budget.check()?;
    let mut shown = Dictionary::new();
    shown.set("Type", Object::Name(b"Font".to_vec()));
    if let Ok(encoding) = font.get_deref(b"Encoding", document)
        && matches!(encoding, Object::Name(_) | Object::Dictionary(_))
    {
        shown.set("Encoding", encoding.clone());
    }
    let Ok(encoding) = shown.get_font_encoding_with_limit(document, 1 << 20) else {
        return Ok(Vec::new());
    };
    let text = |code| {
        let text = encoding.bytes_to_string(&[code]).unwrap_or_default();
        if text.is_empty() && code.is_ascii_graphic() { char::from(code).to_string() } else { text }
    };
    Ok((0..=255).map(text).collect())
}
