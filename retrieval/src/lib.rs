//! Finds the passages of documents that answer a question, and composes an answer from them.
//!
//! In: documents as Markdown, and questions. Out: ranked passages, an answer made of the
//! documents' own sentences with its sources, and the pages of the user guide as HTML. Pure logic:
//! no I/O, no clock, no randomness, no model; the same question on the same documents gets the
//! same answer.
//!
//! | room | what it is for |
//! |---|---|
//! | `language`, `words`, `spelling`, `chatter` | from text to words: languages, stems, slips of the keys, what says nothing |
//! | `markdown`, `sentence` | from Markdown to sections, blocks and sentences; anchors |
//! | `passage` | a document along its headings |
//! | `lexicon` | the words of all documents, and what a word of a question may mean among them |
//! | `synonyms` | words that mean nearly the same |
//! | `reading`, `query` | a passage and a question as terms |
//! | `scorer`, `index` | ranking |
//! | `compose`, `nothing` | the answer, or what is said when there is none |
//! | `guide` | the user guide as pages |
//!
//! Scoring is BM25, sixty lines of our own: a word of a question stands for several terms here, of
//! which the best one counts, and no crate has that. `tantivy` was the other choice: it is made for
//! indexes on disk, brings about a hundred crates and a thread pool, and knows neither
//! `WIDGET_API_KEY` nor Japanese as words that somebody would ask for.

mod chatter;
mod compose;
mod guide;
mod index;
mod language;
mod lexicon;
mod markdown;
mod nothing;
mod passage;
mod query;
mod reading;
mod scorer;
mod sentence;
mod spelling;
mod synonyms;
mod words;

pub use compose::{Composed, compose, grounds};
pub use guide::{Guide, Page};
pub use index::{Hit, Index};
pub use passage::{Document, Headings, Passage, passages};
