//! What admins do to data sources: make, change, remove.
//!
//! What enters: JSON as an admin wrote it, and who it was. What leaves: the source as it is from now
//! on, or every complaint by its field.

use serde_json::{Map, Value, json};
use shared::data_source::{
    DataSource, DataSourceSettings, DatabaseTest, SourceCounts, SourceKind, SourceStatus,
};
use shared::{ErrorCode, FieldErrors};

use super::database::{Database, Listing};
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
    "has_connection",
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
        database: serde_json::from_str(&row.settings).ok(),
    }
}

/// Where a source's connection is sealed for.
fn connection_place(id: &str) -> String {
    format!("data_source:{id}")
}

/// The database of a source, ready to be queried.
///
/// # Errors
/// Why it cannot be, in plain words.
pub(super) fn database_of(app: &App, row: &SourceRow) -> Result<Database, String> {
    let settings = settings_of(row).database.ok_or("The data source is no database.")?;
    let sealed = row.connection_sealed.as_ref().ok_or("The data source has no connection yet.")?;
    let opened = app.vault.open(&connection_place(&row.id), sealed);
    let connection = opened.ok_or("The connection cannot be opened: set it again.")?;
    let database =
        Database::new(&row.id, settings, &connection, app.config.database_dir.as_deref());
    database.map_err(|why| format!("The connection {why}."))
}

/// Whether a source's database can be reached, and what is in it.
///
/// # Errors
/// 404; 400 for documents.
pub async fn test_connection(app: &App, id: &str) -> Result<DatabaseTest, ApiError> {
    let row = row(app, id).await?;
    if settings_of(&row).kind != SourceKind::Database {
        return Err(
            ApiError::new(ErrorCode::InvalidRequest).with_message("Documents need no connection.")
        );
    }
    let failed = |message: String| DatabaseTest {
        ok: false,
        message,
        tables: Vec::new(),
        missing: Vec::new(),
    };
    let database = match database_of(app, &row) {
        Ok(database) => database,
        Err(why) => return Ok(failed(why)),
    };
    Ok(match database.tables().await {
        Ok(Listing { tables, missing }) => {
            let message = if missing.is_empty() {
                String::from("The database answers.")
            } else {
                format!(
                    "The database answers, but these names in database.tables do not exist or may \
                     not be read: {}.",
                    missing.join(", ")
                )
            };
            DatabaseTest { ok: missing.is_empty(), message, tables, missing }
        }
        Err(error) => failed(error.to_string()),
    })
}

/// A connection, as it was given.
enum GivenConnection {
    Kept,
    Removed,
    New(String),
}

fn given_connection(given: &mut Map<String, Value>, errors: &mut FieldErrors) -> GivenConnection {
    match given.remove("connection") {
        None => GivenConnection::Kept,
        Some(Value::Null) => GivenConnection::Removed,
        Some(Value::String(connection)) => GivenConnection::New(connection.trim().to_owned()),
        Some(_) => {
            errors.add("connection", "must be a text, or null");
            GivenConnection::Kept
        }
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
        settings: settings
            .database
            .as_ref()
            .map_or_else(|| String::from("null"), |database| json!(database).to_string()),
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
    let settings = settings_of(row);
    let is_empty = match &settings.database {
        Some(database) => database.tables.is_empty() || row.connection_sealed.is_none(),
        None => counts.passages == 0,
    };
    let status = match (row.is_importing, is_empty) {
        (true, _) => SourceStatus::Importing,
        (false, true) => SourceStatus::Empty,
        (false, false) => SourceStatus::Ready,
    };
    DataSource {
        id: row.id.clone(),
        version: row.version,
        settings,
        is_built_in,
        has_connection: row.connection_sealed.is_some(),
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

/// Puts what was given over `row` and checks the whole; what differs by it.
fn put(
    app: &App,
    row: &mut SourceRow,
    old: &DataSourceSettings,
    mut given: Map<String, Value>,
) -> Result<Map<String, Value>, ApiError> {
    let mut errors = FieldErrors::default();
    given.retain(|name, _| !READ_ONLY.contains(&name.as_str()));
    let connection = given_connection(&mut given, &mut errors);
    let fields = DataSourceSettings::FIELDS;
    let Some(settings) = merge(old, given, fields, "a data source", &mut errors) else {
        return Err(errors.into());
    };
    settings.check(&mut errors);
    let engine = |settings: &DataSourceSettings| settings.database.as_ref().map(|d| d.engine);
    match (&connection, &settings.database) {
        (GivenConnection::New(_), None) => {
            errors.add("connection", "is for the kind database");
        }
        (GivenConnection::New(text), Some(database)) => {
            let folder = app.config.database_dir.as_deref();
            if let Err(why) = Database::new(&row.id, database.clone(), text, folder) {
                errors.add("connection", &why);
            }
        }
        (GivenConnection::Kept, _)
            if row.connection_sealed.is_some()
                && settings.database.is_some()
                && engine(old) != engine(&settings) =>
        {
            errors.add("connection", "must be given again when the engine changes, or be null");
        }
        _ => {}
    }
    errors.into_result()?;
    let mut changes = differences(old, &settings);
    let sealed = match connection {
        GivenConnection::Kept => row.connection_sealed.take(),
        GivenConnection::Removed => {
            if row.connection_sealed.take().is_some() {
                changes.insert("connection".into(), json!("removed"));
            }
            None
        }
        GivenConnection::New(connection) => {
            changes.insert("connection".into(), json!("replaced"));
            let sealed = app.vault.seal(&connection_place(&row.id), &connection);
            Some(sealed.ok_or_else(|| ApiError::internal(&"sealing failed"))?)
        }
    };
    let version = row.version;
    *row = SourceRow {
        version,
        connection_sealed: sealed,
        ..to_row(&settings, &row.id, row.updated_at)
    };
    Ok(changes)
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
    let nothing = DataSourceSettings::default();
    let mut row = to_row(&nothing, &id, now_ms);
    let changes = put(app, &mut row, &nothing, given)?;
    let audit = actor.audit(&app.clock, "data_source.created", "data_source", &id, changes);
    app.store.edit_source(SourceEdit::Add(row), audit, now_ms).await?;
    library::reload(app).await?;
    look(app, &id);
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
    let mut row = row(app, id).await?;
    if version.is_some_and(|version| version != row.version) {
        return Err(conflict(app, id).await);
    }
    let old = settings_of(&row);
    if given.get("kind").is_some_and(|kind| *kind != json!(old.kind)) {
        return Err(ApiError::field("kind", "stays as it was made"));
    }
    let now_ms = app.clock.now_ms();
    row.updated_at = now_ms;
    let changes = put(app, &mut row, &old, given)?;
    if changes.is_empty() {
        return Ok(view(app, &self::row(app, id).await?));
    }
    let audit = actor.audit(&app.clock, "data_source.updated", "data_source", id, changes);
    if !app.store.edit_source(SourceEdit::Update(row), audit, now_ms).await? {
        return Err(conflict(app, id).await);
    }
    library::reload(app).await?;
    look(app, id);
    Ok(view(app, &self::row(app, id).await?))
}

/// Looks at a database as soon as it is set, beside the request: misspelt names come to the log.
fn look(app: &App, id: &str) {
    if let Some(source) = app.library.get(id)
        && let Some(Ok(database)) = source.database.clone()
    {
        app.tasks.spawn(async move { database.schema().await.is_ok() });
    }
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
    let why = if let Some(agents) = app.store.agents_of_source(id).await? {
        format!("Agents draw on this data source: {agents}. Take it from their lists first.")
    } else if let Some(keys) = app.store.keys_of_source(id).await? {
        format!(
            "License keys are bound to this data source: {keys}. Bind them to another one first."
        )
    } else if let Some(plans) = app.store.plans_naming("data_source_id", id).await? {
        format!("Plans bind their license keys to this data source: {plans}. Change them first.")
    } else if let Some(orders) = app.store.orders_naming("data_source_id", id).await? {
        format!(
            "Pending orders will bind their license keys to this data source: {orders}. Complete or \
             cancel them first."
        )
    } else {
        return Err(conflict(app, id).await);
    };
    Err(ApiError::new(ErrorCode::InvalidRequest).with_message(why))
}
