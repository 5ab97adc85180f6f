//! Data sources: what agents answer from.
//!
//! What enters: settings, files, texts and addresses of pages, from admins. What leaves: an
//! [`Index`] over the passages of the sources that a question may draw on.
//!
//! | room | what it is for |
//! |---|---|
//! | `library` | the sources in memory, and the indexes that were built of them |
//! | `edit` | what admins do to them |
//! | `database` | tables that a model may query |
//! | `documents` | from a file or text to passages in the database |
//! | `import` | pages that are fetched one by one, beside the requests |
//! | `fetch`, `robots`, `sitemap` | a page from its address, if its website allows |

pub mod database;
pub mod documents;
pub mod edit;
mod fetch;
pub mod import;
mod library;
mod robots;
mod sitemap;

pub use fetch::Fetcher;
pub use library::{GUIDE, Library, Source, index, reload, seed};
