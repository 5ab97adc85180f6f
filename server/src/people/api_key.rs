//! API keys: `nt_live_`, 32 random characters of Crockford's base32, 6 of a checksum.
//!
//! The checksum is the first 30 bits of the SHA-256 of what stands before it. It lets secret
//! scanners tell a key from other texts, and the server refuse junk without asking the database.

use serde_json::{Map, json};
use sha2::{Digest, Sha256};
use shared::admin::{ApiKey, IssuedApiKey, NewApiKey, Scope};
use shared::overview::AuditReminder;
use shared::{ErrorCode, FieldErrors};

use super::Actor;
use crate::app::App;
use crate::clock::{self, CROCKFORD, hex, random};
use crate::error::ApiError;
use crate::keys::form::parse_time;
use crate::store::people::{ApiKeyRow, Edited, PeopleEdit};

/// What every API key begins with.
pub const PREFIX: &str = "nt_live_";
const RANDOM: usize = 32;
const CHECK: usize = 6;

fn letters(bits: impl Iterator<Item = u8>) -> String {
    bits.map(|digit| char::from(CROCKFORD[usize::from(digit & 31)])).collect()
}

fn checksum(body: &str) -> String {
    let hash: [u8; 32] = Sha256::digest(body.as_bytes()).into();
    let word = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
    letters((0..CHECK).map(|at| u8::try_from((word >> (27 - 5 * at)) & 31).unwrap_or(0)))
}

/// A new API key.
#[must_use]
pub fn generate() -> String {
    let body = format!("{PREFIX}{}", letters(random::<RANDOM>().into_iter()));
    let check = checksum(&body);
    body + &check
}

/// Whether this can be an API key at all.
#[must_use]
pub fn is_whole(key: &str) -> bool {
    key.len() == PREFIX.len() + RANDOM + CHECK
        && key.is_ascii()
        && key.starts_with(PREFIX)
        && checksum(&key[..PREFIX.len() + RANDOM]) == key[PREFIX.len() + RANDOM..]
}

/// Lower-case hex SHA-256: what is stored. 160 random bits need no salt.
#[must_use]
pub fn hash(key: &str) -> String {
    hex(&Sha256::digest(key.as_bytes()))
}

/// The fact that tells when an admin last looked through the API keys.
const AUDITED: &str = "api_keys_audited_at";
const DAY_MS: i64 = 86_400_000;
/// How often they are to be looked through, and after how long without use a key counts as unused.
const AUDIT_MS: i64 = 90 * DAY_MS;
/// From when on a key counts as old.
const OLD_MS: i64 = 365 * DAY_MS;

/// The reminder to look through the API keys, when it is due: 90 days after the last time, or after
/// the oldest was made.
///
/// # Errors
/// When the database fails.
pub async fn audit_reminder(app: &App) -> Result<Option<AuditReminder>, ApiError> {
    let now_ms = app.clock.now_ms();
    let keys = app.store.audited_api_keys(now_ms).await?;
    let Some(oldest) = keys.first() else { return Ok(None) };
    let audited = app.store.fact(AUDITED).await?.and_then(|at| at.parse().ok()).unwrap_or(0);
    if now_ms - oldest.created_at.max(audited) < AUDIT_MS {
        return Ok(None);
    }
    let those = |chosen: &dyn Fn(&&ApiKeyRow) -> bool| {
        keys.iter().filter(chosen).cloned().map(view).collect()
    };
    Ok(Some(AuditReminder {
        unused: those(&|key| {
            now_ms - key.last_used_at.unwrap_or(0).max(key.created_at) >= AUDIT_MS
        }),
        old: those(&|key| now_ms - key.created_at >= OLD_MS),
        keys: i64::try_from(keys.len()).unwrap_or(i64::MAX),
    }))
}

/// Notes that the API keys were looked through.
///
/// # Errors
/// When the database fails.
pub async fn dismiss_audit_reminder(app: &App, actor: &Actor) -> Result<(), ApiError> {
    let audit = actor.audit(&app.clock, "api_keys.audited", "api_keys", "", Map::new());
    Ok(app.store.set_fact(AUDITED, app.clock.now_ms().to_string(), audit).await?)
}

/// An API key as it is listed.
#[must_use]
pub fn view(row: ApiKeyRow) -> ApiKey {
    ApiKey {
        scopes: serde_json::from_str(&row.scopes).unwrap_or_default(),
        id: row.id,
        label: row.label,
        prefix: row.prefix,
        last_four: row.last_four,
        created_at: clock::rfc3339(row.created_at),
        last_used_at: row.last_used_at.map(clock::rfc3339),
        expires_at: row.expires_at.map(clock::rfc3339),
    }
}

/// Makes an API key; the answer is the only one that holds it.
///
/// # Errors
/// Complaints by field.
pub async fn issue(app: &App, actor: &Actor, new: NewApiKey) -> Result<IssuedApiKey, ApiError> {
    let mut errors = FieldErrors::default();
    new.check(&mut errors);
    let expires_at = match new.expires_at.as_deref().map(parse_time) {
        Some(None) => {
            errors.add("expires_at", "must be a time such as 2030-01-31T00:00:00Z, or null");
            None
        }
        parsed => parsed.flatten(),
    };
    errors.into_result()?;
    let mut scopes: Vec<Scope> = new.scopes;
    scopes.sort_unstable();
    scopes.dedup();
    let key = generate();
    let row = ApiKeyRow {
        id: app.clock.ulid(),
        label: new.label.trim().to_owned(),
        scopes: serde_json::to_string(&scopes).map_err(|e| ApiError::internal(&e))?,
        prefix: key.get(..PREFIX.len() + 4).unwrap_or_default().to_owned(),
        last_four: key.get(key.len() - 4..).unwrap_or_default().to_owned(),
        created_at: app.clock.now_ms(),
        last_used_at: None,
        expires_at,
    };
    let mut changes = Map::new();
    changes.insert("label".into(), json!([null, row.label]));
    changes.insert("scopes".into(), json!([null, scopes]));
    let audit = actor.audit(&app.clock, "api_key.created", "api_key", &row.id, changes);
    let edit = PeopleEdit::AddApiKey { row: row.clone(), key_hash: hash(&key) };
    app.store.edit_people(edit, audit).await?;
    Ok(IssuedApiKey { api_key: view(row), key })
}

/// Revokes an API key; the next request with it is refused.
///
/// # Errors
/// 404.
pub async fn revoke(app: &App, actor: &Actor, id: &str) -> Result<(), ApiError> {
    let audit = actor.audit(&app.clock, "api_key.deleted", "api_key", id, Map::new());
    match app.store.edit_people(PeopleEdit::DeleteApiKey(id.to_owned()), audit).await? {
        Edited::Done => Ok(()),
        _ => Err(ErrorCode::NotFound.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_told_from_every_other_text_offline() {
        let key = generate();
        assert!(is_whole(&key));
        assert_eq!(key.len(), 46);
        for at in 0..key.len() {
            let mut other = key.clone().into_bytes();
            other[at] = if other[at] == b'7' { b'8' } else { b'7' };
            assert!(!is_whole(&String::from_utf8(other).unwrap()), "{at}");
        }
        for junk in ["", PREFIX, &key[..45], &format!("{key}0"), &"é".repeat(23)] {
            assert!(!is_whole(junk), "{junk}");
        }
    }
}
