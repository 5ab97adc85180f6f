//! Webhooks: the places that are told, and which events each has chosen.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, json};
use shared::admin::{Webhook, WebhookChange, WebhookWithSecret};
use shared::license_key::check_text;
use shared::{ErrorCode, FieldErrors, limits};

use super::EVENTS;
use crate::app::App;
use crate::clock::{self, random};
use crate::error::ApiError;
use crate::keys::hosts::host_of;
use crate::merge::TRIES;
use crate::people::Actor;
use crate::store::StoreError;
use crate::store::webhooks::{WebhookEdit, WebhookRow};

/// Most webhooks of an installation.
const WEBHOOKS: usize = 100;

/// The events that somebody wants to be told of, so that the others are not even written.
#[derive(Debug, Default)]
pub struct Wanted(RwLock<Arc<HashSet<String>>>);

impl Wanted {
    /// Whether a webhook has chosen this event.
    #[must_use]
    pub fn wants(&self, kind: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(kind)
    }

    fn set(&self, kinds: HashSet<String>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(kinds);
    }
}

/// Reads again what is wanted.
///
/// # Errors
/// When the database fails; what was read before holds on.
pub async fn reload(app: &App) -> Result<(), StoreError> {
    let rows = app.store.webhooks().await?;
    app.wanted.set(rows.iter().filter(|row| row.is_active).flat_map(chosen).collect());
    Ok(())
}

/// The events that a webhook has chosen.
#[must_use]
pub fn chosen(row: &WebhookRow) -> Vec<String> {
    serde_json::from_str(&row.events).unwrap_or_default()
}

fn place(id: &str) -> String {
    format!("webhook:{id}")
}

/// The webhook's secret.
#[must_use]
pub fn secret(app: &App, row: &WebhookRow) -> Option<String> {
    app.vault.open(&place(&row.id), &row.secret_sealed)
}

/// A webhook as the API shows it.
#[must_use]
pub fn view(row: &WebhookRow) -> Webhook {
    Webhook {
        id: row.id.clone(),
        version: row.version,
        url: row.url.clone(),
        description: row.description.clone(),
        events: chosen(row),
        is_active: row.is_active,
        created_at: clock::rfc3339(row.created_at),
        updated_at: clock::rfc3339(row.updated_at),
    }
}

fn with_secret(app: &App, row: &WebhookRow) -> Result<WebhookWithSecret, ApiError> {
    let secret = secret(app, row);
    let secret = secret.ok_or_else(|| ApiError::internal(&"a sealed secret does not open"))?;
    Ok(WebhookWithSecret { webhook: view(row), secret })
}

/// Puts what was given over a webhook.
async fn put(
    app: &App,
    row: &mut WebhookRow,
    given: WebhookChange,
) -> Result<Map<String, serde_json::Value>, ApiError> {
    let mut errors = FieldErrors::default();
    let mut changes = Map::new();
    if let Some(url) = given.url {
        if let Err(why) = app.sender.check(&url).await {
            errors.add("url", &why);
        } else if url != row.url {
            // The path of such an address is often a secret.
            changes.insert("url".into(), json!([host_of(&row.url), host_of(&url)]));
            row.url = url;
        }
    }
    if let Some(description) = given.description {
        check_text(&mut errors, "description", &description, 0, limits::DESCRIPTION_CHARS);
        row.description = description;
    }
    if let Some(mut events) = given.events {
        let mut seen = HashSet::new();
        events.retain(|event| seen.insert(event.clone()));
        if events.is_empty() {
            errors.add("events", "must name at least one event");
        }
        for unknown in events.iter().filter(|event| !EVENTS.contains(&event.as_str())) {
            errors.add(
                "events",
                &format!("{unknown:?} is no event; there are {}", EVENTS.join(", ")),
            );
        }
        changes.insert("events".into(), json!([chosen(row), events]));
        row.events = serde_json::to_string(&events).unwrap_or_else(|_| String::from("[]"));
    }
    if let Some(is_active) = given.is_active {
        changes.insert("is_active".into(), json!([row.is_active, is_active]));
        row.is_active = is_active;
    }
    errors.into_result()?;
    Ok(changes)
}

async fn edit(
    app: &App,
    actor: &Actor,
    id: &str,
    action: &str,
    changes: Map<String, serde_json::Value>,
    edit: WebhookEdit,
) -> Result<bool, ApiError> {
    let audit = actor.audit(&app.clock, action, "webhook", id, changes);
    let done = app.store.edit_webhook(edit, audit, app.clock.now_ms()).await?;
    if done {
        reload(app).await?;
    }
    Ok(done)
}

/// Makes a webhook.
///
/// # Errors
/// Complaints by field.
pub async fn make(
    app: &App,
    actor: &Actor,
    mut given: WebhookChange,
) -> Result<WebhookWithSecret, ApiError> {
    let mut errors = FieldErrors::default();
    if given.url.is_none() {
        errors.add("url", "is required");
    }
    if given.events.is_none() {
        errors.add("events", "must name at least one event");
    }
    errors.into_result()?;
    if app.store.webhooks().await?.len() >= WEBHOOKS {
        return Err(ApiError::field("url", "would be one webhook more than the 100 there may be"));
    }
    given.is_active = Some(given.is_active.unwrap_or(true));
    let id = app.clock.ulid();
    let secret = format!("whsec_{}", STANDARD.encode(random::<24>()));
    let sealed = app.vault.seal(&place(&id), &secret);
    let now_ms = app.clock.now_ms();
    let mut row = WebhookRow {
        id: id.clone(),
        version: 1,
        url: String::new(),
        description: String::new(),
        events: String::from("[]"),
        is_active: true,
        secret_sealed: sealed.ok_or_else(|| ApiError::internal(&"sealing failed"))?,
        created_at: now_ms,
        updated_at: now_ms,
    };
    let changes = put(app, &mut row, given).await?;
    edit(app, actor, &id, "webhook.created", changes, WebhookEdit::Add(row.clone())).await?;
    with_secret(app, &row)
}

/// The stored webhook.
///
/// # Errors
/// 404.
pub async fn row(app: &App, id: &str) -> Result<WebhookRow, ApiError> {
    app.store.webhook(id).await?.ok_or_else(|| ErrorCode::NotFound.into())
}

/// Changes a webhook. Without a version, what is given goes over whatever there is.
///
/// # Errors
/// 404; complaints by field; 409 when somebody else was faster.
pub async fn change(
    app: &App,
    actor: &Actor,
    id: &str,
    given: WebhookChange,
) -> Result<Webhook, ApiError> {
    for _ in 0..TRIES {
        let mut row = row(app, id).await?;
        if given.version.is_some_and(|version| version != row.version) {
            return Err(ApiError::conflict(&view(&row)));
        }
        let changes = put(app, &mut row, given.clone()).await?;
        row.updated_at = app.clock.now_ms();
        let update = WebhookEdit::Update(row.clone());
        if edit(app, actor, id, "webhook.updated", changes, update).await? {
            row.version += 1;
            return Ok(view(&row));
        }
    }
    Err(ApiError::conflict(&view(&row(app, id).await?)))
}

/// Removes a webhook with its delivery log.
///
/// # Errors
/// 404.
pub async fn remove(app: &App, actor: &Actor, id: &str) -> Result<(), ApiError> {
    let removed = WebhookEdit::Delete(id.to_owned());
    let there = edit(app, actor, id, "webhook.deleted", Map::new(), removed).await?;
    if there { Ok(()) } else { Err(ErrorCode::NotFound.into()) }
}

/// Shows a webhook's secret again.
///
/// # Errors
/// 404.
pub async fn reveal(app: &App, actor: &Actor, id: &str) -> Result<WebhookWithSecret, ApiError> {
    let row = row(app, id).await?;
    let action = "webhook.secret_revealed";
    app.store.add_audit(actor.audit(&app.clock, action, "webhook", id, Map::new())).await?;
    with_secret(app, &row)
}
