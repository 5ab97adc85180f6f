//! What keeps a file from being read, each as one sentence for the admin who uploaded it.

use thiserror::Error;

/// Why a file was refused. Sizes are in bytes.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ExtractError {
    #[error("The file is larger than {}. Split it into smaller files.", size(*limit))]
    TooLarge { limit: usize },
    #[error("The file unpacks to more than {}. Split it, or save it without images.", size(*limit))]
    UnpacksTooLarge { limit: usize },
    #[error("The file holds more than {} of text. Split it into smaller files.", size(*limit))]
    TooMuchText { limit: usize },
    #[error("The file has more than {limit} pages. Split it into smaller files.")]
    TooManyPages { limit: usize },
    #[error("The table has more than {limit} rows. Split it into smaller files.")]
    TooManyRows { limit: usize },
    #[error("The table has more than {limit} columns. Keep those that answer questions.")]
    TooManyColumns { limit: usize },
    #[error("The file has more than {limit} parts. Simplify it, or save it anew.")]
    TooManyParts { limit: usize },
    #[error("The file's elements are nested more than {limit} deep. Simplify its structure.")]
    TooDeep { limit: usize },
    #[error("The file is protected by a password. Save it without one.")]
    Encrypted,
    #[error("The file is empty.")]
    Empty,
    #[error("There is no text in the file.")]
    Blank,
    #[error("Each row of the table lacks its question or its answer. Fill both columns.")]
    HalfRows,
    #[error("No text was found in the file. If it is a scan, run text recognition (OCR) first.")]
    NoText,
    #[error(
        "The file is called {named} but is {found}. Give it the right ending, or save it again."
    )]
    OtherFormat { named: &'static str, found: &'static str },
    #[error("The {format} file is damaged: {what}. Save it again.")]
    Malformed { format: &'static str, what: &'static str },
    #[error("The server has no room to read the file now. Try again later.")]
    Busy,
    #[error("Reading the file took too long. Split it into smaller files.")]
    TimedOut,
}

/// Bytes as people write them.
fn size(bytes: usize) -> String {
    if bytes >= 1 << 20 { format!("{} MiB", bytes >> 20) } else { format!("{bytes} bytes") }
}
