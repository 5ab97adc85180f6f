//! What admins do to license keys: make, change, rotate, reveal, switch off, remove.
//!
//! What enters: JSON as an admin wrote it, and who it was. What leaves: the key as it is from now
//! on, or every complaint by its field. Running answers end before the change is answered.

use serde_json::{Map, Value, json};
use shared::license_key::{IdentitySecret, LicenseKey, LicenseKeySettings, RevealedKey, Rotation};
use shared::{ErrorCode, FieldErrors};

use super::form::{self, Checked, settings_of, to_stored, view};
use super::{identity, license_key, preview_owner, watch};
use crate::alerts;
use crate::app::App;
use crate::clock;
use crate::error::ApiError;
use crate::licensing::letter;
use crate::merge::{TRIES, asked_version, differences};
use crate::people::Actor;
use crate::store::events::{NewEvent, NewMail};
use crate::store::license_keys::{ChangeKey, KeyChange, KeyName, LicenseKeyRow, NewKey, StoredKey};

/// Where a key's copy is sealed for.
#[must_use]
pub fn key_place(id: &str) -> String {
    format!("license_key:{id}")
}

/// Where a key's identity secret is sealed for.
#[must_use]
pub fn identity_place(id: &str) -> String {
    format!("identity_secret:{id}")
}

/// The stored key with this id.
///
/// # Errors
/// 404 when there is none.
pub async fn row(app: &App, id: &str) -> Result<LicenseKeyRow, ApiError> {
    let row = app.store.license_key(&KeyName::Id(id.to_owned())).await?;
    row.ok_or_else(|| ErrorCode::NotFound.into())
}

/// The key as it is now.
///
/// # Errors
/// 404 when there is none.
pub async fn current(app: &App, id: &str) -> Result<LicenseKey, ApiError> {
    let bound = app.store.bound_key(id).await?.ok_or(ErrorCode::NotFound)?;
    let now_ms = app.clock.now_ms();
    let used = app.store.monthly_usage(id, clock::month_of(now_ms)).await?;
    view(&bound, used, now_ms)
}

/// An event about a license key.
pub fn key_event(app: &App, kind: &str, id: &str, name: &str) -> NewEvent {
    alerts::event(&app.clock, kind, Some(id), &json!({ "license_key_id": id, "name": name }))
}

/// A key to be made, and the key as it is shown once.
///
/// # Errors
/// When sealing fails.
pub fn new_key(
    app: &App,
    id: &str,
    checked: &Checked,
    order_id: Option<String>,
) -> Result<(String, NewKey), ApiError> {
    let retrievable = checked.settings.retrievable;
    let (grouped, key) = random_key(app, id, retrievable)?;
    let new = NewKey {
        id: id.to_owned(),
        chatbot_id: format!("cb_{}", app.clock.ulid()),
        key,
        settings: to_stored(checked),
        identity_secret_sealed: sealed_identity_secret(app, id, &identity::new_secret())?,
        retrievable,
        order_id,
    };
    Ok((grouped, new))
}

fn random_key(app: &App, id: &str, retrievable: bool) -> Result<(String, StoredKey), ApiError> {
    let key = license_key::generate();
    let grouped = license_key::grouped(&key);
    let sealed = if retrievable {
        let sealed = app.vault.seal(&key_place(id), &grouped);
        Some(sealed.ok_or_else(|| ApiError::internal(&"sealing failed"))?)
    } else {
        None
    };
    let stored = StoredKey { hash: license_key::hash(&key), hint: license_key::hint(&key), sealed };
    Ok((grouped, stored))
}

fn sealed_identity_secret(app: &App, id: &str, secret: &str) -> Result<Option<String>, ApiError> {
    let sealed = app.vault.seal(&identity_place(id), secret);
    sealed.map(Some).ok_or_else(|| ApiError::internal(&"sealing failed"))
}

/// Whether what a key is newly bound to exists.
async fn check_binding(
    app: &App,
    old: &LicenseKeySettings,
    new: &LicenseKeySettings,
) -> Result<(), ApiError> {
    let mut errors = FieldErrors::default();
    if let Some(id) = new.agent_id.as_ref().filter(|_| new.agent_id != old.agent_id)
        && app.store.agent(id).await?.is_none()
    {
        errors.add("agent_id", "is no agent");
    }
    if let Some(id) =
        new.data_source_id.as_ref().filter(|_| new.data_source_id != old.data_source_id)
        && app.store.source(id).await?.is_none()
    {
        errors.add("data_source_id", "is no data source");
    }
    Ok(errors.into_result()?)
}

/// Makes a license key; the answer is the only one that holds the key.
///
/// # Errors
/// When the database fails.
pub async fn make(
    app: &App,
    actor: &Actor,
    id: String,
    checked: &Checked,
) -> Result<LicenseKey, ApiError> {
    check_binding(app, &LicenseKeySettings::default(), &checked.settings).await?;
    let (grouped, new) = new_key(app, &id, checked, None)?;
    let mut changes = Map::new();
    changes.insert("name".into(), json!([null, checked.settings.name.trim()]));
    let change = KeyChange::Add(Box::new(new));
    let event = key_event(app, "license_key.created", &id, checked.settings.name.trim());
    apply(app, actor, &id, change, "license_key.created", changes, Told::event(event)).await?;
    let mut made = with_warnings(current(app, &id).await?, checked);
    made.key = Some(grouped);
    Ok(made)
}

/// Makes a license key by the server itself or a test; see [`make`].
///
/// # Errors
/// Complaints by field.
pub async fn issue(
    app: &App,
    id: String,
    settings: LicenseKeySettings,
) -> Result<LicenseKey, ApiError> {
    let checked = form::check(settings, FieldErrors::default())?;
    make(app, &Actor::local("system"), id, &checked).await
}

/// Who is told of a change, and how.
#[derive(Default)]
struct Told {
    events: Vec<NewEvent>,
    mail: Option<NewMail>,
}

impl Told {
    fn event(event: NewEvent) -> Self {
        Self { events: vec![event], mail: None }
    }
}

/// Makes a change; false when the key has changed in the meantime, or is gone.
async fn apply(
    app: &App,
    actor: &Actor,
    id: &str,
    change: KeyChange,
    action: &str,
    changes: Map<String, Value>,
    told: Told,
) -> Result<bool, ApiError> {
    let now_ms = app.clock.now_ms();
    let audit = actor.audit(&app.clock, action, "license_key", id, changes);
    let Told { events, mail } = told;
    let change = ChangeKey { id: id.to_owned(), change, now_ms, audit, events, mail };
    let Some(version) = app.store.change_key(change).await? else { return Ok(false) };
    watch::key_changed(app, id, version).await;
    app.teller.notify_one();
    Ok(true)
}

/// Somebody else was faster: the error, with the key as it is now.
async fn conflict(app: &App, id: &str) -> ApiError {
    match current(app, id).await {
        Ok(current) => ApiError::conflict(&current),
        Err(gone) => gone,
    }
}

/// Changes a license key's settings: what is given replaces what was.
///
/// # Errors
/// Complaints by field, 404, 409 when the given version is stale, 403 when the key was switched off
/// for good.
pub async fn change(
    app: &App,
    actor: &Actor,
    id: &str,
    given: Map<String, Value>,
) -> Result<LicenseKey, ApiError> {
    let version = asked_version(&given)?;
    for _ in 0..TRIES {
        let row = row(app, id).await?;
        if version.is_some_and(|version| version != row.version) {
            return Err(conflict(app, id).await);
        }
        let old = settings_of(&row)?;
        let checked = form::read(&old, given.clone())?;
        if checked.settings.retrievable != old.retrievable {
            return Err(ApiError::field("retrievable", "is chosen when the key is made"));
        }
        if row.deactivated_at.is_some() && checked.settings.is_active != old.is_active {
            return Err(ErrorCode::KeyDeactivated.into());
        }
        check_binding(app, &old, &checked.settings).await?;
        let changes = differences(&old, &checked.settings);
        if changes.is_empty() {
            return Ok(with_warnings(current(app, id).await?, &checked));
        }
        let switches_off = old.is_active && !checked.settings.is_active;
        let settings = Box::new(to_stored(&checked));
        let change = KeyChange::Update { version: row.version, settings, switches_off };
        if apply(app, actor, id, change, "license_key.updated", changes, Told::default()).await? {
            return Ok(with_warnings(current(app, id).await?, &checked));
        }
        if version.is_some() {
            return Err(conflict(app, id).await);
        }
    }
    Err(conflict(app, id).await)
}

/// The key with what its admin should know about what they have just written.
fn with_warnings(mut key: LicenseKey, checked: &Checked) -> LicenseKey {
    key.warnings.extend(checked.warnings.iter().cloned());
    key
}

/// Replaces the key; the one before works on for the overlap, or not at all.
///
/// # Errors
/// 404; 403 when the key was switched off for good; 400 for an overlap of an order's key.
pub async fn regenerate(
    app: &App,
    actor: &Actor,
    id: &str,
    rotation: Rotation,
) -> Result<LicenseKey, ApiError> {
    let mut errors = FieldErrors::default();
    rotation.check(&mut errors);
    errors.into_result()?;
    for _ in 0..TRIES {
        let row = row(app, id).await?;
        if row.deactivated_at.is_some() {
            return Err(ErrorCode::KeyDeactivated.into());
        }
        if row.order_id.is_some() && rotation.overlap_seconds > 0 {
            return Err(ApiError::field("overlap_seconds", "must be 0 for the key of an order"));
        }
        let (grouped, key) = random_key(app, id, row.retrievable)?;
        let until = app.clock.now_ms() + rotation.overlap_seconds * 1000;
        let mut changes = Map::new();
        changes.insert("key_hint".into(), json!([row.key_hint, key.hint]));
        changes.insert("overlap_seconds".into(), json!([null, rotation.overlap_seconds]));
        let change = KeyChange::Regenerate { version: row.version, key, until };
        let event = key_event(app, "license_key.regenerated", id, &row.name);
        let action = "license_key.regenerated";
        let mail = letter::of_replaced(app, row.order_id.as_deref()).await;
        let told = Told { events: vec![event], mail };
        if apply(app, actor, id, change, action, changes, told).await? {
            let mut key = current(app, id).await?;
            key.key = Some(grouped);
            return Ok(key);
        }
    }
    Err(conflict(app, id).await)
}

/// Shows a retrievable key again.
///
/// # Errors
/// 404; 409 when it cannot be shown.
pub async fn reveal(app: &App, actor: &Actor, id: &str) -> Result<RevealedKey, ApiError> {
    let row = row(app, id).await?;
    let sealed = row.key_sealed.as_ref().ok_or(ErrorCode::NotRetrievable)?;
    let key = app.vault.open(&key_place(id), sealed);
    let key = key.ok_or_else(|| ApiError::internal(&"a sealed key does not open"))?;
    let audit = actor.audit(&app.clock, "license_key.revealed", "license_key", id, Map::new());
    app.store.add_audit(audit).await?;
    Ok(RevealedKey { key })
}

/// Switches a key off for good.
///
/// # Errors
/// 404.
pub async fn deactivate(app: &App, actor: &Actor, id: &str) -> Result<LicenseKey, ApiError> {
    let row = row(app, id).await?;
    if row.deactivated_at.is_none() {
        let mut changes = Map::new();
        changes.insert("status".into(), json!([null, "deactivated"]));
        let event = key_event(app, "license_key.deactivated", id, &row.name);
        let action = "license_key.deactivated";
        let change = KeyChange::Deactivate;
        apply(app, actor, id, change, action, changes, Told::event(event)).await?;
    }
    current(app, id).await
}

/// Removes a key with its history.
///
/// # Errors
/// 404; 409 when it belongs to an order.
pub async fn delete(app: &App, actor: &Actor, id: &str) -> Result<(), ApiError> {
    let row = row(app, id).await?;
    if row.order_id.is_some() {
        return Err(ErrorCode::KeyHasOrder.into());
    }
    // Nothing is added to the history while it is removed, which may take a while.
    deactivate(app, actor, id).await?;
    for turn in app.turns.running_of(id) {
        turn.read(u64::MAX).to_end(|_| {}).await;
    }
    let preview = preview_owner(id);
    app.store.remove_history_of(id, &preview).await?;
    let mut changes = Map::new();
    changes.insert("name".into(), json!([row.name, null]));
    let change = KeyChange::Delete;
    apply(app, actor, id, change, "license_key.deleted", changes, Told::default()).await?;
    // What was refused meanwhile.
    app.store.remove_history_of(id, &preview).await?;
    Ok(())
}

/// The secret with which the site signs its users' ids.
///
/// # Errors
/// 404.
pub async fn identity_secret(
    app: &App,
    actor: &Actor,
    id: &str,
) -> Result<IdentitySecret, ApiError> {
    let row = row(app, id).await?;
    let Some(sealed) = &row.identity_secret_sealed else {
        // Keys of older versions have none yet.
        return rotate_identity_secret(app, actor, id, Rotation::default()).await;
    };
    let secret = app.vault.open(&identity_place(id), sealed);
    let secret = secret.ok_or_else(|| ApiError::internal(&"a sealed secret does not open"))?;
    let action = "license_key.identity_secret_revealed";
    let audit = actor.audit(&app.clock, action, "license_key", id, Map::new());
    app.store.add_audit(audit).await?;
    let until = row.previous_identity_secret_until.filter(|until| *until > app.clock.now_ms());
    Ok(IdentitySecret { secret, previous_valid_until: until.map(clock::rfc3339) })
}

/// Replaces that secret; the one before is accepted for the overlap, or not at all.
///
/// # Errors
/// 404.
pub async fn rotate_identity_secret(
    app: &App,
    actor: &Actor,
    id: &str,
    rotation: Rotation,
) -> Result<IdentitySecret, ApiError> {
    let mut errors = FieldErrors::default();
    rotation.check(&mut errors);
    errors.into_result()?;
    for _ in 0..TRIES {
        let row = row(app, id).await?;
        let secret = identity::new_secret();
        let sealed = sealed_identity_secret(app, id, &secret)?;
        let until = app.clock.now_ms() + rotation.overlap_seconds * 1000;
        let mut changes = Map::new();
        changes.insert("overlap_seconds".into(), json!([null, rotation.overlap_seconds]));
        let change = KeyChange::SetIdentitySecret { version: row.version, sealed, until };
        let action = "license_key.identity_secret_rotated";
        if apply(app, actor, id, change, action, changes, Told::default()).await? {
            let until = (rotation.overlap_seconds > 0).then(|| clock::rfc3339(until));
            return Ok(IdentitySecret { secret, previous_valid_until: until });
        }
    }
    Err(conflict(app, id).await)
}
