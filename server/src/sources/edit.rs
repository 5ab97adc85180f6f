//! What admins do to data sources: make, change, remove.
//!
//! What enters: JSON as an admin wrote it, and who it was. What leaves: the source as it is from now
//! on, or every complaint by its field.

use serde_json::{Map, Value, json};
use shared::data_source::{DataSource, DataSourceSettings, SourceCounts, SourceStatus};
use shared::{ErrorCode, FieldErrors};

use super::library::{self, GUIDE};
use crate::app::App;
use crate::clock;
use crate::error::ApiError;
use crate::merge::{asked_version, differences, merge};
use crate::people::Actor;
use crate::store::sources::{SourceEdit, SourceRow};

/// Most data sources of an installation.
const SOURCES: usize = 200;
/// What the server alone knows of a source: sent back to it, it is ignored.
const READ_ONLY: &[&str] = &[
    "id",
    "version",
    "is_built_in",
    "status",
    "counts",
    "last_indexed_at",
    "created_at",
    "updated_at",
];

/// A source's settings as they are stored.
pub(super) fn settings_of(row: &SourceRow) -> DataSourceSettings {
    DataSourceSettings {
        name: row.name.clone(),
        description: row.description.clone(),
        // Written by this server alone.
        kind: serde_json::from_value(Value::from(row.kind.as_str())).unwrap_or_default(),
        is_active: row.is_active,
        is_public: row.is_public,
    }
}

/// Settings as they are stored.
pub(super) fn to_row(settings: &DataSourceSettings, id: &str, now_ms: i64) -> SourceRow {
    SourceRow {
        id: id.to_owned(),
        version: 1,
        kind: settings.kind.as_str().to_owned(),
        name: settings.name.trim().to_owned(),
        description: settings.description.clone(),
        is_active: settings.is_active,
        is_public: settings.is_public,
        settings: String::from("{}"),
        connection_sealed: None,
        content_version: 0,
        documents: 0,
        passages: 0,
        characters: 0,
        last_indexed_at: None,
        created_at: now_ms,
        updated_at: now_ms,
        is_importing: false,
    }
}

/// A data source as the API shows it.
#[must_use]
pub fn view(app: &App, row: &SourceRow) -> DataSource {
    let is_built_in = row.id == GUIDE;
    let counts = if is_built_in {
        let guide = app.library.guide_passages();
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        SourceCounts {
            documents: count(app.guide.pages().len()),
            passages: count(guide.len()),
            characters: count(guide.iter().map(|passage| passage.text.chars().count()).sum()),
        }
    } else {
        SourceCounts {
            documents: row.documents,
            passages: row.passages,
            characters: row.characters,
        }
    };
    let status = match (row.is_importing, counts.passages) {
        (true, _) => SourceStatus::Importing,
        (false, 0) => SourceStatus::Empty,
        (false, _) => SourceStatus::Ready,
    };
    DataSource {
        id: row.id.clone(),
        version: row.version,
        settings: settings_of(row),
        is_built_in,
        status,
        counts,
        last_indexed_at: row.last_indexed_at.map(clock::rfc3339),
        created_at: clock::rfc3339(row.created_at),
        updated_at: clock::rfc3339(row.updated_at),
    }
}

/// The stored data source with this id.
///
/// # Errors
/// 404 when there is none.
pub async fn row(app: &App, id: &str) -> Result<SourceRow, ApiError> {
    app.store.source(id).await?.ok_or_else(|| ErrorCode::NotFound.into())
}

/// Every data source, newest first.
///
/// # Errors
/// When the database fails.
pub async fn all(app: &App) -> Result<Vec<DataSource>, ApiError> {
    Ok(app.store.sources().await?.iter().map(|row| view(app, row)).collect())
}

/// Puts what was given over `old` and checks the whole.
fn put(
    old: &DataSourceSettings,
    mut given: Map<String, Value>,
) -> Result<DataSourceSettings, ApiError> {
    let mut errors = FieldErrors::default();
    given.retain(|name, _| !READ_ONLY.contains(&name.as_str()));
    let fields = DataSourceSettings::FIELDS;
    let Some(settings) = merge(old, given, fields, "a data source", &mut errors) else {
        return Err(errors.into());
    };
    settings.check(&mut errors);
    errors.into_result()?;
    Ok(settings)
}

/// Makes a data source.
///
/// # Errors
/// Complaints by field.
pub async fn make(
    app: &App,
    actor: &Actor,
    given: Map<String, Value>,
) -> Result<DataSource, ApiError> {
    if app.store.sources().await?.len() >= SOURCES {
        return Err(ApiError::field("name", "there are 200 data sources, which is the most"));
    }
    let id = app.clock.ulid();
    let now_ms = app.clock.now_ms();
    let settings = put(&DataSourceSettings::default(), given)?;
    let changes = differences(&DataSourceSettings::default(), &settings);
    let audit = actor.audit(&app.clock, "data_source.created", "data_source", &id, changes);
    let row = to_row(&settings, &id, now_ms);
    app.store.edit_source(SourceEdit::Add(row), audit, now_ms).await?;
    library::reload(app).await?;
    Ok(view(app, &self::row(app, &id).await?))
}

/// Changes a data source: what is given replaces what was.
///
/// # Errors
/// Complaints by field, 404, 409 when somebody else was faster.
pub async fn change(
    app: &App,
    actor: &Actor,
    id: &str,
    given: Map<String, Value>,
) -> Result<DataSource, ApiError> {
    let version = asked_version(&given)?;
    let row = row(app, id).await?;
    if version.is_some_and(|version| version != row.version) {
        return Err(conflict(app, id).await);
    }
    let old = settings_of(&row);
    let settings = put(&old, given)?;
    if settings.kind != old.kind {
        return Err(ApiError::field("kind", "stays as it was made"));
    }
    let changes = differences(&old, &settings);
    if changes.is_empty() {
        return Ok(view(app, &row));
    }
    let now_ms = app.clock.now_ms();
    let audit = actor.audit(&app.clock, "data_source.updated", "data_source", id, changes);
    let changed = SourceRow { version: row.version, ..to_row(&settings, id, now_ms) };
    if !app.store.edit_source(SourceEdit::Update(changed), audit, now_ms).await? {
        return Err(conflict(app, id).await);
    }
    library::reload(app).await?;
    Ok(view(app, &self::row(app, id).await?))
}

/// Somebody else was faster: the error, with the source as it is now.
async fn conflict(app: &App, id: &str) -> ApiError {
    match row(app, id).await {
        Ok(row) => ApiError::conflict(&view(app, &row)),
        Err(gone) => gone,
    }
}

/// Removes a data source with all that is in it.
///
/// # Errors
/// 404; 400 while an agent has it, or license keys are bound to it.
pub async fn remove(app: &App, actor: &Actor, id: &str) -> Result<(), ApiError> {
    let row = row(app, id).await?;
    let changes = Map::from_iter([("name".to_owned(), json!([row.name, null]))]);
    let audit = actor.audit(&app.clock, "data_source.deleted", "data_source", id, changes);
    let now_ms = app.clock.now_ms();
    if app.store.edit_source(SourceEdit::Delete(id.to_owned()), audit, now_ms).await? {
        library::reload(app).await?;
        return Ok(());
    }
    // 404 when somebody else was faster.
    self::row(app, id).await?;
    let why = match app.store.keys_of_source(id).await? {
        0 => String::from("An agent draws on this data source. Take it from its list first."),
        count => format!(
            "License keys are bound to this data source: {count}. Bind them to another one first."
        ),
    };
    Err(ApiError::new(ErrorCode::InvalidRequest).with_message(why))
}
