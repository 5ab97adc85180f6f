//! The data sources in memory, and the indexes that were built of them.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use moka::future::Cache;
use retrieval::{Index, Passage};
use shared::data_source::SourceKind;
use tokio::sync::Mutex;

use crate::app::App;
use crate::error::ApiError;
use crate::people::Actor;
use crate::store::StoreError;
use crate::store::sources::SourceEdit;

use super::database::Database;
use super::edit;

/// The id of the user guide's data source.
pub const GUIDE: &str = "guide";
/// Passages that are kept ready for searching, over all indexes.
const PASSAGES: u32 = 100_000;

/// A data source, as it was when the database was last read.
#[derive(Clone, Debug)]
pub struct Source {
    pub id: String,
    pub name: String,
    pub kind: SourceKind,
    pub is_active: bool,
    /// Whether a request may name it where its agent does not have it.
    pub is_public: bool,
    /// Of a database: it, or why it cannot be queried.
    pub database: Option<Result<Database, String>>,
    version: i64,
    content_version: i64,
}

/// Sources by what they were when an index was built of them.
type IndexKey = Vec<(String, i64)>;

#[derive(Clone, Debug)]
struct Built {
    index: Arc<Index>,
    passages: u32,
}

/// Every data source of this server.
#[derive(Debug)]
pub struct Library {
    sources: RwLock<Arc<HashMap<String, Arc<Source>>>>,
    indexes: Cache<IndexKey, Built>,
    guide: Vec<Passage>,
    reloading: Mutex<()>,
}

impl Library {
    /// With no source yet: see [`reload`]. `guide` is what the user guide says.
    #[must_use]
    pub fn new(guide: Vec<Passage>) -> Self {
        let indexes = Cache::builder()
            .max_capacity(u64::from(PASSAGES))
            .weigher(|_, built: &Built| built.passages.clamp(1, PASSAGES))
            .build();
        Self { sources: RwLock::default(), indexes, guide, reloading: Mutex::default() }
    }

    /// The source with this id, if there is one.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Arc<Source>> {
        let sources = self.sources.read().unwrap_or_else(PoisonError::into_inner);
        sources.get(id).cloned()
    }

    /// What the user guide says.
    #[must_use]
    pub fn guide_passages(&self) -> &[Passage] {
        &self.guide
    }
}

/// What is found in these sources, whether they are switched on or not.
///
/// # Errors
/// When the database fails.
pub async fn index(app: &App, ids: &[String]) -> Result<Arc<Index>, ApiError> {
    let library = &app.library;
    let mut key: IndexKey = ids
        .iter()
        .filter_map(|id| library.get(id))
        .filter(|source| source.kind == SourceKind::Documents)
        .map(|source| (source.id.clone(), source.content_version))
        .collect();
    key.sort_unstable();
    key.dedup();
    // One builds; whoever asks meanwhile waits for it.
    let built = library.indexes.try_get_with_by_ref(&key, build(app, &key)).await;
    built.map(|built| built.index).map_err(|error| match Arc::into_inner(error) {
        Some(error) => error.into(),
        None => ApiError::new(shared::ErrorCode::NotReady),
    })
}

async fn build(app: &App, key: &IndexKey) -> Result<Built, StoreError> {
    let mut passages = Vec::new();
    for (id, _) in key {
        if id == GUIDE {
            passages.extend_from_slice(&app.library.guide);
        } else {
            passages.extend(app.store.passages(id).await?.0);
        }
    }
    let count = u32::try_from(passages.len()).unwrap_or(u32::MAX);
    let index = tokio::task::spawn_blocking(move || Index::new(passages)).await;
    let index = index.map_err(|_| StoreError::Closed)?;
    Ok(Built { index: Arc::new(index), passages: count })
}

/// Reads the data sources again.
///
/// # Errors
/// When the database fails; what was read before holds on.
pub async fn reload(app: &App) -> Result<(), StoreError> {
    // One after the other: an older reading must not replace a newer one.
    let _turn = app.library.reloading.lock().await;
    let sources = app.store.sources().await?.into_iter().map(|row| {
        let settings = edit::settings_of(&row);
        // What is known of a database, and who waits for it, outlives a change of something else.
        let known = app.library.get(&row.id).filter(|known| known.version == row.version);
        let is_database = settings.kind == SourceKind::Database;
        let source = Source {
            database: match known {
                Some(known) => known.database.clone(),
                None => is_database.then(|| edit::database_of(app, &row)),
            },
            version: row.version,
            id: row.id.clone(),
            name: settings.name,
            kind: settings.kind,
            is_active: settings.is_active,
            is_public: settings.is_public,
            content_version: row.content_version,
        };
        (row.id, Arc::new(source))
    });
    let sources = Arc::new(sources.collect());
    *app.library.sources.write().unwrap_or_else(PoisonError::into_inner) = sources;
    Ok(())
}

/// Makes the user guide's source, once in an installation's life.
///
/// # Errors
/// When the database fails.
pub async fn seed(app: &App) -> Result<(), ApiError> {
    const FACT: &str = "guide_source";
    if app.store.fact(FACT).await?.is_some() {
        return Ok(());
    }
    let settings = shared::data_source::DataSourceSettings {
        name: String::from("User guide"),
        description: String::from("How Natter is used. It comes with the program."),
        ..Default::default()
    };
    let now_ms = app.clock.now_ms();
    let row = edit::to_row(&settings, GUIDE, now_ms);
    let changes = crate::merge::differences(&Default::default(), &settings);
    let audit = Actor::local("setup").audit(
        &app.clock,
        "data_source.created",
        "data_source",
        GUIDE,
        changes,
    );
    // False when another server that starts on this database was faster.
    app.store.edit_source(SourceEdit::Add(row), audit, now_ms).await?;
    app.store.set_once(FACT, GUIDE).await?;
    Ok(())
}
