//! Data sources: the list, and one with its documents or its database.

mod database;
mod detail;
mod documents;
mod imports;
mod list;
mod search;
mod upload;
mod write;

pub use detail::DataSourcePage;
pub use list::DataSourcesPage;

use shared::data_source::{DataSource, SourceKind, SourceStatus};

use crate::ui::Tone;

/// How a data source stands, in a word.
#[must_use]
pub fn standing(source: &DataSource) -> (&'static str, Tone) {
    match (source.status, source.settings.kind) {
        (SourceStatus::Importing, _) => ("Importing", Tone::Info),
        (SourceStatus::Ready, _) => ("Ready", Tone::Good),
        (SourceStatus::Empty, SourceKind::Documents) => ("Empty", Tone::Warn),
        (SourceStatus::Empty, SourceKind::Database) => ("Not set up", Tone::Warn),
    }
}
