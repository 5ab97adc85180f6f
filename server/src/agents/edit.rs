//! What admins do to agents: make, change, remove.
//!
//! What enters: JSON as an admin wrote it, and who it was. What leaves: the agent as it is from now
//! on, or every complaint by its field. A key for a model server goes in and never comes out.

use serde_json::{Map, Value, json};
use shared::agent::{Agent as Shown, AgentSettings};
use shared::{ErrorCode, FieldErrors};
use url::Url;

use super::{catalog, model};
use crate::app::App;
use crate::clock;
use crate::error::ApiError;
use crate::merge::{asked_version, differences, merge};
use crate::people::Actor;
use crate::store::agents::{AgentEdit, AgentEdited, AgentRow};

/// Most agents of an installation.
const AGENTS: usize = 200;
/// Longest key for a model server, in characters.
const API_KEY_CHARS: usize = 2000;
/// What the server alone knows of an agent: sent back to it, it is ignored.
const READ_ONLY: &[&str] =
    &["id", "version", "has_api_key", "effective_provider", "created_at", "updated_at"];

/// Where an agent's key is sealed for.
pub(super) fn key_place(id: &str) -> String {
    format!("agent:{id}")
}

/// An agent's settings as they are stored.
pub(super) fn settings_of(row: &AgentRow) -> AgentSettings {
    let number = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    AgentSettings {
        name: row.name.clone(),
        description: row.description.clone(),
        instructions: row.instructions.clone(),
        // Written by this server alone.
        provider: serde_json::from_value(Value::from(row.provider.as_str())).unwrap_or_default(),
        base_url: row.base_url.clone(),
        model: row.model.clone(),
        api_key_env: row.api_key_env.clone(),
        temperature: row.temperature,
        max_output_tokens: row.max_output_tokens.map(number),
        history_messages: number(row.history_messages),
        data_source_ids: serde_json::from_str(&row.data_source_ids).unwrap_or_default(),
        is_active: row.is_active,
        fallback_message: row.fallback_message.clone(),
    }
}

/// Settings as they are stored.
pub(super) fn to_row(settings: &AgentSettings, id: &str, now_ms: i64) -> AgentRow {
    AgentRow {
        id: id.to_owned(),
        version: 1,
        is_default: false,
        name: settings.name.trim().to_owned(),
        description: settings.description.clone(),
        instructions: settings.instructions.clone(),
        provider: settings.provider.as_str().to_owned(),
        base_url: settings.base_url.clone(),
        model: settings.model.trim().to_owned(),
        api_key_sealed: None,
        api_key_env: settings.api_key_env.clone(),
        temperature: settings.temperature,
        max_output_tokens: settings.max_output_tokens.map(i64::from),
        history_messages: i64::from(settings.history_messages),
        data_source_ids: json!(settings.data_source_ids).to_string(),
        is_active: settings.is_active,
        fallback_message: settings.fallback_message.clone(),
        created_at: now_ms,
        updated_at: now_ms,
    }
}

/// An agent as the API shows it.
#[must_use]
pub fn view(app: &App, row: &AgentRow) -> Shown {
    let settings = settings_of(row);
    let effective = app.agents.get(&row.id).map_or(settings.provider, |agent| agent.kind());
    Shown {
        id: row.id.clone(),
        version: row.version,
        is_default: row.is_default,
        settings,
        has_api_key: row.api_key_sealed.is_some(),
        effective_provider: effective,
        created_at: clock::rfc3339(row.created_at),
        updated_at: clock::rfc3339(row.updated_at),
    }
}

/// The stored agent with this id.
///
/// # Errors
/// 404 when there is none.
pub async fn row(app: &App, id: &str) -> Result<AgentRow, ApiError> {
    app.store.agent(id).await?.ok_or_else(|| ErrorCode::NotFound.into())
}

/// Every agent, newest first.
///
/// # Errors
/// When the database fails.
pub async fn all(app: &App) -> Result<Vec<Shown>, ApiError> {
    Ok(app.store.agents().await?.iter().map(|row| view(app, row)).collect())
}

/// A key for a model server, as it was given.
enum GivenKey {
    Kept,
    Removed,
    New(String),
}

fn given_key(given: &mut Map<String, Value>, errors: &mut FieldErrors) -> GivenKey {
    match given.remove("api_key") {
        None => GivenKey::Kept,
        Some(Value::Null) => GivenKey::Removed,
        Some(Value::String(key)) => {
            let key = key.trim().to_owned();
            // It goes into a header.
            if key.is_empty()
                || key.len() > API_KEY_CHARS
                || !key.bytes().all(|b| b.is_ascii_graphic())
            {
                errors.add("api_key", "must have 1 to 2000 visible ASCII characters, or be null");
            }
            GivenKey::New(key)
        }
        Some(_) => {
            errors.add("api_key", "must be a text, or null");
            GivenKey::Kept
        }
    }
}

fn given_default(given: &mut Map<String, Value>, errors: &mut FieldErrors) -> bool {
    match given.remove("is_default") {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::Bool(true)) => true,
        Some(_) => {
            errors.add("is_default", "must be true or false");
            false
        }
    }
}

/// Puts what was given over `row` and checks the whole.
async fn put(
    app: &App,
    row: &mut AgentRow,
    mut given: Map<String, Value>,
) -> Result<Map<String, Value>, ApiError> {
    let mut errors = FieldErrors::default();
    // Sent back as it was read, an agent that is the default stays it.
    let makes_default = given_default(&mut given, &mut errors);
    given.retain(|name, _| !READ_ONLY.contains(&name.as_str()));
    let key = given_key(&mut given, &mut errors);
    let old = settings_of(row);
    let fields = AgentSettings::FIELDS;
    let Some(settings) = merge(&old, given, fields, "an agent", &mut errors) else {
        return Err(errors.into());
    };
    settings.check(&mut errors);
    check_address(&settings, &mut errors);
    // What it had before may be gone: that is no fault of this change.
    let had = |id: &&String| old.data_source_ids.contains(id);
    for id in settings.data_source_ids.iter().filter(|id| !had(id)) {
        if app.store.source(id).await?.is_none() {
            errors.add("data_source_ids", &no_source(id));
        }
    }
    if let Some(name) = &settings.api_key_env {
        match catalog::secret(&app.config, &settings, name) {
            Err(why) => errors.add("api_key_env", why),
            Ok(None) => errors.add("api_key_env", "is not set in the server's environment"),
            Ok(Some(_)) => {}
        }
    }
    // A stored key is for the server that it was given for.
    let moved = (&old.base_url, old.provider) != (&settings.base_url, settings.provider);
    if moved && row.api_key_sealed.is_some() && matches!(key, GivenKey::Kept) {
        errors.add("api_key", "must be given again when provider or base_url change, or be null");
    }
    errors.into_result()?;
    let mut changes = differences(&old, &settings);
    let stored = to_row(&settings, &row.id, row.updated_at);
    let sealed = match key {
        GivenKey::Kept => row.api_key_sealed.take(),
        GivenKey::Removed => {
            if row.api_key_sealed.take().is_some() {
                changes.insert("api_key".into(), json!("removed"));
            }
            None
        }
        GivenKey::New(key) => {
            changes.insert("api_key".into(), json!("replaced"));
            let sealed = app.vault.seal(&key_place(&row.id), &key);
            Some(sealed.ok_or_else(|| ApiError::internal(&"sealing failed"))?)
        }
    };
    if makes_default && !row.is_default {
        changes.insert("is_default".into(), json!([false, true]));
    }
    *row = AgentRow {
        version: row.version,
        is_default: row.is_default || makes_default,
        api_key_sealed: sealed,
        created_at: row.created_at,
        ..stored
    };
    Ok(changes)
}

fn no_source(id: &str) -> String {
    format!("{id:?} is no data source")
}

/// A model server stands at a plain web address: what else it holds would be lost, or show a secret.
fn check_address(settings: &AgentSettings, errors: &mut FieldErrors) {
    if settings.base_url.is_empty() {
        return;
    }
    if model::Dialect::of(settings.provider).is_none() {
        errors.add("base_url", "is for the providers openai and anthropic");
        return;
    }
    let fine = Url::parse(&settings.base_url).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.host().is_some()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    });
    if !fine {
        errors.add("base_url", "must be a web address such as http://127.0.0.1:11434/v1, without user, query or fragment");
    }
}

/// Makes an agent.
///
/// # Errors
/// Complaints by field.
pub async fn make(app: &App, actor: &Actor, given: Map<String, Value>) -> Result<Shown, ApiError> {
    if app.store.agents().await?.len() >= AGENTS {
        return Err(ApiError::field("name", "there are 200 agents, which is the most"));
    }
    let id = app.clock.ulid();
    let now_ms = app.clock.now_ms();
    let mut row = to_row(&AgentSettings::default(), &id, now_ms);
    let changes = put(app, &mut row, given).await?;
    let audit = actor.audit(&app.clock, "agent.created", "agent", &id, changes);
    let edited = app.store.edit_agent(AgentEdit::Add(row), audit, now_ms).await?;
    if let AgentEdited::NoSource(id) = edited {
        return Err(ApiError::field("data_source_ids", &no_source(&id)));
    }
    catalog::reload(app).await?;
    Ok(view(app, &self::row(app, &id).await?))
}

/// Changes an agent: what is given replaces what was.
///
/// # Errors
/// Complaints by field, 404, 409 when somebody else was faster.
pub async fn change(
    app: &App,
    actor: &Actor,
    id: &str,
    given: Map<String, Value>,
) -> Result<Shown, ApiError> {
    let version = asked_version(&given)?;
    let mut row = row(app, id).await?;
    if version.is_some_and(|version| version != row.version) {
        return Err(conflict(app, id).await);
    }
    let now_ms = app.clock.now_ms();
    let changes = put(app, &mut row, given).await?;
    if changes.is_empty() {
        return Ok(view(app, &row));
    }
    row.updated_at = now_ms;
    let audit = actor.audit(&app.clock, "agent.updated", "agent", id, changes);
    match app.store.edit_agent(AgentEdit::Update(row), audit, now_ms).await? {
        AgentEdited::Done => {}
        AgentEdited::Not => return Err(conflict(app, id).await),
        // Removed since it was looked for.
        AgentEdited::NoSource(id) => {
            return Err(ApiError::field("data_source_ids", &no_source(&id)));
        }
    }
    catalog::reload(app).await?;
    Ok(view(app, &self::row(app, id).await?))
}

/// Somebody else was faster: the error, with the agent as it is now.
async fn conflict(app: &App, id: &str) -> ApiError {
    match row(app, id).await {
        Ok(row) => ApiError::conflict(&view(app, &row)),
        Err(gone) => gone,
    }
}

/// Removes an agent.
///
/// # Errors
/// 404; 400 when it is the default, or license keys are bound to it.
pub async fn remove(app: &App, actor: &Actor, id: &str) -> Result<(), ApiError> {
    let row = row(app, id).await?;
    let changes = Map::from_iter([("name".to_owned(), json!([row.name, null]))]);
    let audit = actor.audit(&app.clock, "agent.deleted", "agent", id, changes);
    let now_ms = app.clock.now_ms();
    let edited = app.store.edit_agent(AgentEdit::Delete(id.to_owned()), audit, now_ms).await?;
    if edited == AgentEdited::Done {
        catalog::reload(app).await?;
        return Ok(());
    }
    let row = self::row(app, id).await?;
    let why = if row.is_default {
        String::from("The default agent cannot be removed. Make another one the default first.")
    } else if let Some(keys) = app.store.keys_of_agent(id).await? {
        format!("License keys are bound to this agent: {keys}. Bind them to another one first.")
    } else if let Some(plans) = app.store.plans_naming("agent_id", id).await? {
        format!("Plans bind their license keys to this agent: {plans}. Change them first.")
    } else if let Some(orders) = app.store.orders_naming("agent_id", id).await? {
        format!(
            "Pending orders will bind their license keys to this agent: {orders}. Complete or \
             cancel them first."
        )
    } else {
        return Err(conflict(app, id).await);
    };
    Err(ApiError::new(ErrorCode::InvalidRequest).with_message(why))
}
