//! Finds the passages of documents that answer a question, and composes an answer from them.
//!
//! In: documents as Markdown, and questions. Out: ranked passages, an answer made of the
//! documents' own sentences with its sources, and the pages of the user guide as HTML. Pure logic:
//! no I/O, no clock, no randomness, no model; the same question on the same documents gets the
//! same answer.
//!
//! | room | what it is for |
//! |---|---|
//! | `language`, `words`, `spelling` | from text to terms: languages, Unicode words, stems, stop words |
//! | `markdown`, `sentence` | from Markdown to sections, blocks and sentences; anchors |
//! | `passage` | a document along its headings |
//! | `index` | ranking |
//! | `compose` | the answer |
//! | `guide` | the user guide as pages |
//!
//! Scoring is the `bm25` crate's. `tantivy` was the other choice: it is made for indexes on disk,
//! brings about a hundred crates and a thread pool, and a few hundred passages are too few to need
//! it. `bm25` adds two tiny crates. Its own tokenizer is not used, because it knows one language at
//! a time and cuts neither `WIDGET_API_KEY` nor Japanese into words that somebody would ask for.

mod compose;
mod guide;
mod index;
mod language;
mod lexicon;
mod markdown;
mod passage;
mod scorer;
mod sentence;
mod spelling;
mod words;

pub use compose::{Composed, compose, grounds};
pub use guide::{Guide, Page};
pub use index::{Hit, Index};
pub use passage::{Document, Passage, passages};
