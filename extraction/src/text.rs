//! Plain text: its encoding, its paragraphs.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use crate::error::ExtractError;
use crate::page::{Page, clean};
use crate::{Extracted, Limits, format};

pub(crate) fn extract(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    format::expect("text", bytes)?;
    let text = clean(&decode(bytes, None));
    let mut page = Page::new(limits.text);
    let mut paragraph = String::new();
    for line in text.lines().chain([""]) {
        if line.trim().is_empty() {
            page.paragraph(0, &paragraph)?;
            paragraph.clear();
        } else {
            paragraph.push(' ');
            paragraph.push_str(line);
        }
    }
    Ok(Extracted { title: None, markdown: page.finish(), half_rows: Vec::new() })
}

/// By its byte-order mark, else as declared, else UTF-8 where that is valid, else Windows-1252.
pub(crate) fn decode(bytes: &[u8], declared: Option<&'static Encoding>) -> String {
    let (encoding, bytes) = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => (encoding, bytes.get(length..).unwrap_or_default()),
        None => match (declared, std::str::from_utf8(bytes)) {
            (None, Err(_)) => (WINDOWS_1252, bytes),
            (None, Ok(_)) => (UTF_8, bytes),
            (Some(encoding), _) => (encoding, bytes),
        },
    };
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}
