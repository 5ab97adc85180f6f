//! Which kind of file it is.

use crate::error::ExtractError;

/// A kind of file that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Markdown,
    Html,
    Text,
    Pdf,
    Docx,
    Csv,
}

impl Format {
    /// By the name's ending, else by the media type, else by the first bytes; none when it is
    /// no file that can be read. A file whose bytes contradict its name is refused on reading.
    #[must_use]
    pub fn of(file_name: &str, media_type: Option<&str>, bytes: &[u8]) -> Option<Self> {
        let ending = file_name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        ending
            .and_then(|ending| Self::of_ending(&ending))
            .or_else(|| media_type.and_then(Self::of_media_type))
            .or_else(|| Self::of_bytes(bytes))
    }

    fn of_ending(ending: &str) -> Option<Self> {
        Some(match ending {
            "md" | "markdown" | "mdx" => Self::Markdown,
            "html" | "htm" | "xhtml" => Self::Html,
            "txt" | "text" | "log" => Self::Text,
            "pdf" => Self::Pdf,
            "docx" => Self::Docx,
            "csv" | "tsv" => Self::Csv,
            _ => return None,
        })
    }

    fn of_media_type(media_type: &str) -> Option<Self> {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        Some(match essence.to_ascii_lowercase().as_str() {
            "text/markdown" | "text/x-markdown" => Self::Markdown,
            "text/html" | "application/xhtml+xml" => Self::Html,
            "text/plain" => Self::Text,
            "application/pdf" => Self::Pdf,
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => Self::Docx,
            "text/csv" | "text/tab-separated-values" => Self::Csv,
            _ => return None,
        })
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let start = start(bytes);
        if is_pdf(bytes) {
            return Some(Self::Pdf);
        }
        if is_zip(bytes) {
            return contains(bytes, b"word/document").then_some(Self::Docx);
        }
        let head = start.trim_ascii_start().to_ascii_lowercase();
        if [&b"<!doctype html"[..], b"<html", b"<head", b"<body"]
            .iter()
            .any(|s| head.starts_with(s))
        {
            return Some(Self::Html);
        }
        let cut = match std::str::from_utf8(start) {
            Ok(_) => true,
            // The last character may stand across the end of what is looked at.
            Err(error) => error.error_len().is_none(),
        };
        (cut && !start.is_empty() && !start.contains(&0)).then_some(Self::Text)
    }
}

/// Refuses a file whose first bytes are those of another kind.
pub(crate) fn expect(named: &'static str, bytes: &[u8]) -> Result<(), ExtractError> {
    let found = if is_pdf(bytes) {
        "a PDF file"
    } else if is_zip(bytes) {
        "a ZIP archive or an Office document"
    } else if bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        // A DOCX with a password is such a container too.
        if contains(bytes, &utf16(b"EncryptedPackage")) {
            return Err(ExtractError::Encrypted);
        }
        "an old Office document (such as DOC)"
    } else if start(bytes).contains(&0)
        && !bytes.starts_with(b"\xff\xfe")
        && !bytes.starts_with(b"\xfe\xff")
    {
        "no text"
    } else {
        "text"
    };
    let fits = match named {
        "PDF" => found == "a PDF file",
        "DOCX" => found.starts_with("a ZIP"),
        _ => found == "text",
    };
    if fits { Ok(()) } else { Err(ExtractError::OtherFormat { named, found }) }
}

/// A PDF's mark may stand behind other bytes.
fn is_pdf(bytes: &[u8]) -> bool {
    contains(start(bytes), b"%PDF-")
}

fn start(bytes: &[u8]) -> &[u8] {
    bytes.get(..bytes.len().min(1024)).unwrap_or_default()
}

fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

fn utf16(ascii: &[u8]) -> Vec<u8> {
    ascii.iter().flat_map(|&b| [b, 0]).collect()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
