//! PDF: what its pages write, joined into lines, paragraphs, and headings.
//!
//! `lopdf` reads the file's objects. What a stranger can blow up is done here: the pages' programs
//! and the fonts' tables are read step by step against one budget of unpacked bytes and one
//! deadline, and loading is stopped between two objects once it costs too much. One object alone
//! cannot be stopped, and a bug of `lopdf` may panic, so reading has a thread of its own: a panic
//! becomes an error, and after the deadline the caller goes on. The thread may then still run
//! until the object at hand has been read; it keeps a copy of the file until then.

mod budget;
mod font;
mod layout;
mod lexer;
mod program;
mod state;
mod unicode;

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;

use lopdf::{Document, Object};

use crate::error::ExtractError;
use crate::{Deadline, Extracted, Limits, format};
use budget::Budget;

/// Of the thread, in bytes: `lopdf` goes into nested objects by recursion.
const STACK: usize = 16 << 20;

pub(crate) fn extract(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    format::expect("PDF", bytes)?;
    let (sender, receiver) = sync_channel(1);
    let (copy, copied) = (bytes.to_vec(), limits.clone());
    let started = thread::Builder::new().name("pdf".into()).stack_size(STACK).spawn(move || {
        // After the deadline nobody waits for it.
        let _ = sender.send(read(&copy, &copied));
    });
    if started.is_err() {
        return Err(ExtractError::Busy);
    }
    match receiver.recv_timeout(limits.time) {
        Ok(found) => found,
        Err(RecvTimeoutError::Timeout) => Err(ExtractError::TimedOut),
        // The thread panicked.
        Err(RecvTimeoutError::Disconnected) => Err(malformed("it cannot be understood")),
    }
}

fn read(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    let deadline = Deadline::after(limits.time);
    let document = budget::load(bytes, limits.unpacked, deadline)?;
    let mut budget = Budget::new(limits.unpacked, deadline);
    // A file that opens without a password is read: its author only restricts printing and such.
    if document.is_encrypted() {
        return Err(ExtractError::Encrypted);
    }
    budget.check()?;
    let pages: Vec<_> = document.page_iter().take(limits.pages.saturating_add(1)).collect();
    if pages.len() > limits.pages {
        return Err(ExtractError::TooManyPages { limit: limits.pages });
    }
    if pages.is_empty() {
        return Err(malformed("it has no pages"));
    }
    let lines = program::lines(&document, &pages, &mut budget, limits)?;
    Ok(Extracted {
        title: title(&document),
        markdown: layout::render(lines, limits.text)?,
        half_rows: Vec::new(),
    })
}

fn title(document: &Document) -> Option<String> {
    let info = document.trailer.get_deref(b"Info", document).and_then(Object::as_dict).ok()?;
    let title = lopdf::decode_text_string(info.get_deref(b"Title", document).ok()?).ok()?;
    // What programs write when nobody named the document.
    let unnamed = ["", "(anonymous)", "untitled"].contains(&title.trim().to_lowercase().as_str());
    let unnamed = unnamed || title.starts_with("Microsoft Word - ");
    (!unnamed).then_some(title)
}

fn malformed(what: &'static str) -> ExtractError {
    ExtractError::Malformed { format: "PDF", what }
}
