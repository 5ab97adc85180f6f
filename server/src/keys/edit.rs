//! What admins do to license keys: make, change, rotate, reveal, switch off, remove.
//!
//! What enters: JSON as an admin wrote it, and who it was. What leaves: the key as it is from now
//! on, or every complaint by its field. Running answers end before the change is answered.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use shared::license_key::{
    IdentitySecret, KeyStatus, LicenseKey, LicenseKeySettings, RestrictionKind, RevealedKey,
    Rotation,
};
use shared::{ErrorCode, FieldErrors};

use super::restriction::{Pattern, network};
use super::{identity, license_key, watch};
use crate::alerts;
use crate::app::App;
use crate::clock;
use crate::error::ApiError;
use crate::people::Actor;
use crate::store::events::NewEvent;
use crate::store::license_keys::{
    ChangeKey, KeyChange, KeyName, LicenseKeyRow, StoredKey, StoredSettings,
};

/// What the server alone knows of a key: sent back to it, it is ignored.
const READ_ONLY: &[&str] = &[
    "id",
    "version",
    "chatbot_id",
    "key",
    "key_hint",
    "status",
    "monthly_usage",
    "activation_usage",
    "order_id",
    "created_at",
    "updated_at",
    "last_used_at",
    "warnings",
];
/// How often a change is made again because somebody else was faster.
const TRIES: usize = 5;

/// Where a key's copy is sealed for.
fn key_place(id: &str) -> String {
    format!("license_key:{id}")
}

/// Where a key's identity secret is sealed for.
#[must_use]
pub fn identity_place(id: &str) -> String {
    format!("identity_secret:{id}")
}

/// An enum as it is stored: its JSON name.
///
/// # Errors
/// When the row was not written by this server.
pub fn stored<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    serde_json::from_value(Value::from(text)).map_err(|e| ApiError::internal(&e))
}

/// Settings as an admin wrote them, checked, and what they should know about them.
#[derive(Clone, Debug)]
pub struct Checked {
    pub settings: LicenseKeySettings,
    pub expires_ms: Option<i64>,
    pub warnings: Vec<String>,
}

/// Puts what an admin gave over `base`, and checks the whole. What is null goes back to its
/// default; `allowed_domains` is another way to write `websites`.
///
/// # Errors
/// Every complaint, by its field.
pub fn read(
    base: &LicenseKeySettings,
    mut given: Map<String, Value>,
) -> Result<Checked, FieldErrors> {
    let mut errors = FieldErrors::default();
    given.retain(|name, _| !READ_ONLY.contains(&name.as_str()));
    let by_domains = given.contains_key("allowed_domains") && !given.contains_key("websites");
    allowed_domains(&mut given, &mut errors);
    infer_restriction(&mut given, &mut errors);
    let mut document = object_of(base);
    let defaults = object_of(&LicenseKeySettings::default());
    for (name, value) in given {
        if !LicenseKeySettings::FIELDS.contains(&name.as_str()) {
            errors.add(&name, "is not a field of a license key");
            continue;
        }
        let value = match (name.as_str(), value) {
            (_, Value::Null) => defaults.get(&name).cloned().unwrap_or_default(),
            ("ui", Value::Object(ui)) => merged_ui(base, ui, &mut errors),
            ("ui", _) => {
                errors.add("ui", "must be an object");
                continue;
            }
            (_, value) => value,
        };
        let alone = Value::Object(Map::from_iter([(name.clone(), value.clone())]));
        match serde_json::from_value::<LicenseKeySettings>(alone) {
            Ok(_) => drop(document.insert(name, value)),
            Err(why) => errors.add(&name, &format!("is not right: {why}")),
        }
    }
    let settings: LicenseKeySettings = match serde_json::from_value(Value::Object(document)) {
        Ok(settings) => settings,
        Err(why) => {
            errors.add("body", &why.to_string());
            return Err(errors);
        }
    };
    check(settings, errors).map_err(|mut errors| {
        // The complaint stands under the name that was written.
        if by_domains && let Some(whys) = errors.0.remove("websites") {
            errors.0.entry("allowed_domains".into()).or_default().extend(whys);
        }
        errors
    })
}

/// Checks settings and writes their patterns and times the one way.
///
/// # Errors
/// Every complaint, by its field.
pub fn check(
    mut settings: LicenseKeySettings,
    mut errors: FieldErrors,
) -> Result<Checked, FieldErrors> {
    settings.check(&mut errors);
    let mut warnings = Vec::new();
    for website in &mut settings.websites {
        match Pattern::parse(website) {
            Ok(pattern) => {
                if pattern.path_ignored && warnings.is_empty() {
                    warnings.push(String::from("path_ignored"));
                }
                *website = pattern.to_string();
            }
            Err(why) => errors.add("websites", &format!("{website:?} {why}")),
        }
    }
    for address in &mut settings.ip_addresses {
        match network(address) {
            Some(net) if net.prefix_len() == net.max_prefix_len() => *address = net.addr().to_string(),
            Some(net) => *address = net.to_string(),
            None => errors
                .add("ip_addresses", &format!("{address:?} is not an IP address or CIDR network")),
        }
    }
    let expires_ms = match settings.expires_at.as_deref().map(parse_time) {
        None => None,
        Some(Some(ms)) => {
            settings.expires_at = Some(clock::rfc3339(ms));
            Some(ms)
        }
        Some(None) => {
            errors.add("expires_at", "must be a time such as 2030-01-31T00:00:00Z, or null");
            None
        }
    };
    errors.into_result()?;
    Ok(Checked { settings, expires_ms, warnings })
}

/// A time in RFC 3339, from the year 1970 to 9999, as milliseconds.
#[must_use]
pub fn parse_time(text: &str) -> Option<i64> {
    let ms = text.parse::<jiff::Timestamp>().ok()?.as_millisecond();
    (0..253_402_300_800_000).contains(&ms).then_some(ms)
}

fn object_of(settings: &LicenseKeySettings) -> Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

fn merged_ui(
    base: &LicenseKeySettings,
    given: Map<String, Value>,
    errors: &mut FieldErrors,
) -> Value {
    let object = |look| match serde_json::to_value(look) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    };
    let (mut ui, defaults) = (object(&base.ui), object(&shared::Look::default()));
    for (name, value) in given {
        let field = format!("ui.{name}");
        let Some(default) = defaults.get(&name) else {
            errors.add(&field, "is not an option of the widget");
            continue;
        };
        let value = if value.is_null() { default.clone() } else { value };
        let alone = Value::Object(Map::from_iter([(name.clone(), value.clone())]));
        match serde_json::from_value::<shared::Look>(alone) {
            Ok(_) => drop(ui.insert(name, value)),
            Err(why) => errors.add(&field, &format!("is not right: {why}")),
        }
    }
    Value::Object(ui)
}

fn is_filled(given: &Map<String, Value>, name: &str) -> bool {
    given.get(name).and_then(Value::as_array).is_some_and(|list| !list.is_empty())
}

fn allowed_domains(given: &mut Map<String, Value>, errors: &mut FieldErrors) {
    let Some(value) = given.remove("allowed_domains") else { return };
    let domains: Vec<Value> = match value {
        Value::Null => Vec::new(),
        Value::String(text) => text
            .split(',')
            .map(str::trim)
            .filter(|domain| !domain.is_empty())
            .map(Value::from)
            .collect(),
        Value::Array(list) if list.iter().all(Value::is_string) => list,
        _ => {
            errors.add("allowed_domains", "must be a comma-separated text or a list of texts");
            return;
        }
    };
    for other in ["websites", "ip_addresses"] {
        if is_filled(given, other) && (other != "websites" || !domains.is_empty()) {
            errors.add("allowed_domains", &format!("cannot be given together with {other}"));
            return;
        }
    }
    let kind = if domains.is_empty() { "none" } else { "websites" };
    // A key that is sent back as it was read is restricted as its own field says.
    if domains.is_empty() && given.contains_key("restriction") {
        return;
    }
    if !domains.is_empty() && given.get("restriction").is_some_and(|kind| kind != "websites") {
        errors.add("allowed_domains", "restricts the key to websites, and restriction says otherwise");
        return;
    }
    given.insert("restriction".into(), kind.into());
    given.insert("websites".into(), Value::Array(domains));
}

/// A list that is given restricts the key, unless `restriction` says otherwise.
fn infer_restriction(given: &mut Map<String, Value>, errors: &mut FieldErrors) {
    if given.contains_key("restriction") {
        return;
    }
    match (is_filled(given, "websites"), is_filled(given, "ip_addresses")) {
        (true, true) => errors.add(
            "restriction",
            "must say which of websites and ip_addresses holds when both are given",
        ),
        (true, false) => drop(given.insert("restriction".into(), "websites".into())),
        (false, true) => drop(given.insert("restriction".into(), "ip_addresses".into())),
        (false, false) => {}
    }
}

fn to_stored(checked: &Checked) -> StoredSettings {
    let s = &checked.settings;
    let json = |value: Result<String, serde_json::Error>, empty: &str| {
        value.unwrap_or_else(|_| empty.to_owned())
    };
    StoredSettings {
        name: s.name.trim().to_owned(),
        description: s.description.clone(),
        is_active: s.is_active,
        agent_id: s.agent_id.clone(),
        data_source_id: s.data_source_id.clone(),
        restriction: s.restriction.as_str(),
        websites: json(serde_json::to_string(&s.websites), "[]"),
        ip_addresses: json(serde_json::to_string(&s.ip_addresses), "[]"),
        monthly_usage_limit: s.monthly_usage_limit,
        rate_limit_per_minute: s.rate_limit_per_minute.map(i64::from),
        expires_at: checked.expires_ms,
        grace_days: i64::from(s.grace_days),
        activation_limit: s.activation_limit.map(i64::from),
        auto_activate_hosts: s.auto_activate_hosts,
        identity_mode: s.identity_mode.as_str(),
        ui: json(serde_json::to_string(&s.ui), "{}"),
        metadata: json(serde_json::to_string(&s.metadata), "{}"),
    }
}

/// The settings of a stored key.
///
/// # Errors
/// When the row was not written by this server.
pub fn settings_of(row: &LicenseKeyRow) -> Result<LicenseKeySettings, ApiError> {
    fn json<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
        serde_json::from_str(text).map_err(|e| ApiError::internal(&e))
    }
    let small = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    Ok(LicenseKeySettings {
        name: row.name.clone(),
        description: row.description.clone(),
        retrievable: row.retrievable,
        is_active: row.is_active,
        agent_id: row.agent_id.clone(),
        data_source_id: row.data_source_id.clone(),
        restriction: stored(&row.restriction)?,
        websites: json(&row.websites)?,
        ip_addresses: json(&row.ip_addresses)?,
        monthly_usage_limit: row.monthly_usage_limit,
        rate_limit_per_minute: row.rate_limit_per_minute.map(small),
        expires_at: row.expires_at.map(clock::rfc3339),
        grace_days: small(row.grace_days),
        activation_limit: row.activation_limit.map(small),
        auto_activate_hosts: row.auto_activate_hosts,
        identity_mode: stored(&row.identity_mode)?,
        ui: json(&row.ui)?,
        metadata: json(&row.metadata)?,
    })
}

/// A stored key as the API gives it; `used` is this month's count.
///
/// # Errors
/// When the row was not written by this server.
pub fn view(row: &LicenseKeyRow, used: i64, now_ms: i64) -> Result<LicenseKey, ApiError> {
    let settings = settings_of(row)?;
    let status = if row.deactivated_at.is_some() {
        KeyStatus::Deactivated
    } else if !row.is_active {
        KeyStatus::Inactive
    } else if row.expires_at.is_some_and(|at| at <= now_ms) {
        KeyStatus::Expired
    } else {
        KeyStatus::Active
    };
    let mut warnings = Vec::new();
    match settings.restriction {
        RestrictionKind::Websites if settings.websites.is_empty() => {
            warnings.push("websites_empty".into());
        }
        RestrictionKind::IpAddresses if settings.ip_addresses.is_empty() => {
            warnings.push("ip_addresses_empty".into());
        }
        _ => {}
    }
    let grace_end = row.expires_at.map(|at| at + row.grace_days * 86_400_000);
    if status == KeyStatus::Expired && grace_end.is_some_and(|end| now_ms < end) {
        warnings.push("in_grace".into());
    }
    let websites = settings.restriction == RestrictionKind::Websites;
    Ok(LicenseKey {
        id: row.id.clone(),
        version: row.version,
        chatbot_id: row.chatbot_id.clone(),
        key: None,
        key_hint: row.key_hint.clone(),
        status,
        allowed_domains: if websites { settings.websites.join(",") } else { String::new() },
        settings,
        monthly_usage: used,
        activation_usage: row.activation_usage,
        order_id: row.order_id.clone(),
        created_at: clock::rfc3339(row.created_at),
        updated_at: clock::rfc3339(row.updated_at),
        last_used_at: row.last_used_at.map(clock::rfc3339),
        warnings,
    })
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
    let row = row(app, id).await?;
    let now_ms = app.clock.now_ms();
    let used = app.store.monthly_usage(id, clock::month_of(now_ms)).await?;
    view(&row, used, now_ms)
}

fn key_event(app: &App, kind: &str, id: &str, name: &str) -> NewEvent {
    alerts::event(&app.clock, kind, Some(id), &json!({ "license_key_id": id, "name": name }))
}

fn new_key(app: &App, id: &str, retrievable: bool) -> Result<(String, StoredKey), ApiError> {
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
    let retrievable = checked.settings.retrievable;
    let (grouped, key) = new_key(app, &id, retrievable)?;
    let mut changes = Map::new();
    changes.insert("name".into(), json!([null, checked.settings.name.trim()]));
    let change = KeyChange::Add {
        chatbot_id: format!("cb_{}", app.clock.ulid()),
        key,
        settings: Box::new(to_stored(checked)),
        identity_secret_sealed: sealed_identity_secret(app, &id, &identity::new_secret())?,
        retrievable,
    };
    let event = key_event(app, "license_key.created", &id, checked.settings.name.trim());
    apply(app, actor, &id, change, "license_key.created", changes, vec![event]).await?;
    let mut made = current(app, &id).await?;
    made.key = Some(grouped);
    made.warnings.extend(checked.warnings.iter().cloned());
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
    let checked = check(settings, FieldErrors::default())?;
    make(app, &Actor::local("system"), id, &checked).await
}

/// Makes a change; false when the key has changed in the meantime, or is gone.
async fn apply(
    app: &App,
    actor: &Actor,
    id: &str,
    change: KeyChange,
    action: &str,
    changes: Map<String, Value>,
    events: Vec<NewEvent>,
) -> Result<bool, ApiError> {
    let now_ms = app.clock.now_ms();
    let audit = actor.audit(&app.clock, action, "license_key", id, changes);
    let change = ChangeKey { id: id.to_owned(), change, now_ms, audit, events };
    let Some(version) = app.store.change_key(change).await? else { return Ok(false) };
    watch::key_changed(app, id, version).await;
    app.teller.notify_one();
    Ok(true)
}

/// What differs between two keys, for the audit log.
fn differences(old: &LicenseKeySettings, new: &LicenseKeySettings) -> Map<String, Value> {
    let (old, new) = (object_of(old), object_of(new));
    let mut changes = Map::new();
    for (name, value) in new {
        let before = old.get(&name).cloned().unwrap_or_default();
        if before != value {
            changes.insert(name, json!([before, value]));
        }
    }
    changes
}

fn asked_version(given: &Map<String, Value>) -> Result<Option<i64>, ApiError> {
    match given.get("version") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_i64()
            .map(Some)
            .ok_or_else(|| ApiError::field("version", "must be the version that the server gave")),
    }
}

/// Somebody else was faster: the error, with the key as it is now.
async fn conflict(app: &App, id: &str) -> ApiError {
    let error = ApiError::new(ErrorCode::VersionConflict);
    match current(app, id).await {
        Ok(current) => match serde_json::to_value(current) {
            Ok(current) => error.with_current(current),
            Err(_) => error,
        },
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
        let checked = read(&old, given.clone())?;
        if checked.settings.retrievable != old.retrievable {
            return Err(ApiError::field("retrievable", "is chosen when the key is made"));
        }
        if row.deactivated_at.is_some() && checked.settings.is_active != old.is_active {
            return Err(ErrorCode::KeyDeactivated.into());
        }
        let changes = differences(&old, &checked.settings);
        if changes.is_empty() {
            return with_warnings(current(app, id).await?, &checked);
        }
        let switches_off = old.is_active && !checked.settings.is_active;
        let settings = Box::new(to_stored(&checked));
        let change = KeyChange::Update { version: row.version, settings, switches_off };
        if apply(app, actor, id, change, "license_key.updated", changes, Vec::new()).await? {
            return with_warnings(current(app, id).await?, &checked);
        }
        if version.is_some() {
            return Err(conflict(app, id).await);
        }
    }
    Err(conflict(app, id).await)
}

fn with_warnings(mut key: LicenseKey, checked: &Checked) -> Result<LicenseKey, ApiError> {
    key.warnings.extend(checked.warnings.iter().cloned());
    Ok(key)
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
        let (grouped, key) = new_key(app, id, row.retrievable)?;
        let until = app.clock.now_ms() + rotation.overlap_seconds * 1000;
        let mut changes = Map::new();
        changes.insert("key_hint".into(), json!([row.key_hint, key.hint]));
        changes.insert("overlap_seconds".into(), json!([null, rotation.overlap_seconds]));
        let change = KeyChange::Regenerate { version: row.version, key, until };
        let event = key_event(app, "license_key.regenerated", id, &row.name);
        let action = "license_key.regenerated";
        if apply(app, actor, id, change, action, changes, vec![event]).await? {
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
        apply(app, actor, id, change, action, changes, vec![event]).await?;
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
    app.store.remove_history_of(id).await?;
    let mut changes = Map::new();
    changes.insert("name".into(), json!([row.name, null]));
    let change = KeyChange::Delete;
    apply(app, actor, id, change, "license_key.deleted", changes, Vec::new()).await?;
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
        if apply(app, actor, id, change, action, changes, Vec::new()).await? {
            let until = (rotation.overlap_seconds > 0).then(|| clock::rfc3339(until));
            return Ok(IdentitySecret { secret, previous_valid_until: until });
        }
    }
    Err(conflict(app, id).await)
}

/// Lets every server ask again which websites and devices are activated.
///
/// # Errors
/// When the database fails.
pub async fn touch(
    app: &App,
    actor: &Actor,
    id: &str,
    action: &str,
    changes: Map<String, Value>,
) -> Result<(), ApiError> {
    apply(app, actor, id, KeyChange::Touch, action, changes, Vec::new()).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    fn base() -> LicenseKeySettings {
        LicenseKeySettings { name: "Shop".into(), ..LicenseKeySettings::default() }
    }

    fn fields(value: Value) -> Vec<String> {
        read(&base(), given(value)).map_or_else(|e| e.0.into_keys().collect(), |_| Vec::new())
    }

    #[test]
    fn every_complaint_names_its_field() {
        assert_eq!(fields(json!({"nmae": "x"})), ["nmae"]);
        assert_eq!(fields(json!({"name": 7, "grace_days": -1})), ["grace_days", "name"]);
        assert_eq!(fields(json!({"ui": {"theme": "pink", "x": 1}})), ["ui.theme", "ui.x"]);
        assert_eq!(fields(json!({"websites": ["*"], "expires_at": "soon"})), ["expires_at", "websites"]);
        assert_eq!(fields(json!({"websites": ["a.de"], "ip_addresses": ["::1"]})), ["restriction"]);
        assert_eq!(
            fields(json!({"allowed_domains": "a.de", "ip_addresses": ["::1"]})),
            ["allowed_domains"]
        );
        assert!(fields(json!({"id": "x", "status": "y", "version": 3})).is_empty());
    }

    #[test]
    fn a_list_restricts_and_allowed_domains_are_websites() {
        let read = |value| read(&base(), given(value)).unwrap().settings;
        let settings = read(json!({"allowed_domains": " Example.com, *.shop.example "}));
        assert_eq!(settings.restriction, RestrictionKind::Websites);
        assert_eq!(settings.websites, ["example.com", "*.shop.example"]);
        assert_eq!(read(json!({"allowed_domains": []})).restriction, RestrictionKind::None);
        assert_eq!(
            read(json!({"ip_addresses": ["10.1.2.3/8", "::ffff:192.0.2.1"]})).ip_addresses,
            ["10.0.0.0/8", "192.0.2.1"]
        );
        assert_eq!(read(json!({"ui": {"theme": "dark"}})).ui.opener_size, 70);
    }
}
