//! Turns an uploaded file into Markdown with headings, which search cuts into passages.
//!
//! In: a file's bytes, its format, limits. Out: its title and its text as Markdown, or one sentence
//! that tells an admin what is wrong with the file. No I/O and no network. Files come from
//! strangers: every loop is bounded by [`Limits`], no input makes it panic, and nothing a file
//! names (entities, links, embedded files) is followed.

use std::time::{Duration, Instant};

mod docx;
mod error;
mod format;
mod html;
mod markdown;
mod page;
mod pairs;
mod pdf;
mod table;
mod text;

pub use error::ExtractError;
pub use format::Format;
pub use pairs::{pairs_of, questions_and_answers};

/// What one file may cost.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Of the file, in bytes.
    pub bytes: usize,
    /// Of what the file's compressed parts hold together, in bytes.
    pub unpacked: usize,
    /// Of the resulting Markdown, in bytes.
    pub text: usize,
    /// How deep HTML and XML elements may stand in each other.
    pub depth: usize,
    /// Of a PDF.
    pub pages: usize,
    /// Of a CSV file, without its header.
    pub rows: usize,
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 20 << 20,
            unpacked: 50 << 20,
            text: 5 << 20,
            depth: 200,
            pages: 2000,
            rows: 10_000,
            time: Duration::from_secs(20),
        }
    }
}

/// What a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extracted {
    /// The file's own name for itself, one line of at most 300 characters.
    pub title: Option<String>,
    /// Without control characters other than newline and tab, at most [`Limits::text`] bytes.
    pub markdown: String,
    /// Of a table of questions and answers: the lines of the file, from 1, where a row begins that has
    /// only one of the two, and is left out.
    pub half_rows: Vec<u64>,
}

/// Reads a file.
///
/// # Errors
/// Whatever keeps the file from being read; see [`ExtractError`].
pub fn extract(format: Format, bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    if bytes.len() > limits.bytes {
        return Err(ExtractError::TooLarge { limit: limits.bytes });
    }
    if bytes.trim_ascii().is_empty() {
        return Err(ExtractError::Empty);
    }
    let deadline = Deadline::after(limits.time);
    let found = match format {
        Format::Markdown => markdown::extract(bytes, limits),
        Format::Html => html::extract(bytes, limits, deadline),
        Format::Text => text::extract(bytes, limits),
        Format::Pdf => pdf::extract(bytes, limits),
        Format::Docx => docx::extract(bytes, limits, deadline),
        Format::Csv => table::extract(bytes, limits, deadline),
    }?;
    if found.markdown.trim().is_empty() {
        return Err(match format {
            Format::Pdf | Format::Docx => ExtractError::NoText,
            Format::Csv if !found.half_rows.is_empty() => ExtractError::HalfRows,
            Format::Markdown | Format::Html | Format::Text | Format::Csv => ExtractError::Blank,
        });
    }
    Ok(Extracted { title: found.title.as_deref().and_then(page::title), ..found })
}

/// A text in UTF-8, where a media type such as `text/html; charset=windows-1251` says that it is in
/// another encoding; it goes before what the text says of itself. Other files stay as they are.
#[must_use]
pub fn in_utf8(bytes: Vec<u8>, media_type: &str) -> Vec<u8> {
    let Some((essence, parameters)) = media_type.split_once(';') else { return bytes };
    let charset = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    });
    let declared = charset.and_then(|label| encoding_rs::Encoding::for_label(label.as_bytes()));
    match declared {
        Some(declared) if essence.trim().starts_with("text/") || essence.contains("xhtml") => {
            // The mark is what every reader here believes first.
            format!("\u{feff}{}", text::decode(&bytes, Some(declared))).into_bytes()
        }
        _ => bytes,
    }
}

/// The moment by which a file has to be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    pub(crate) fn after(time: Duration) -> Self {
        Self(Instant::now().checked_add(time))
    }

    pub(crate) fn check(self) -> Result<(), ExtractError> {
        match self.0 {
            Some(end) if Instant::now() > end => Err(ExtractError::TimedOut),
            _ => Ok(()),
        }
    }
}
