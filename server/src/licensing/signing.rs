//! Signs answers of the license API with Ed25519, so that software can trust them offline.
//!
//! There is always a key that signs and one that follows it, both published: software that knows
//! both outlives a rotation. A key that was replaced is published until its last lease ends.

use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Map, json};
use shared::license::{SigningKey, SigningKeyStatus};

use crate::app::App;
use crate::clock::{self, random};
use crate::error::ApiError;
use crate::keys::form::stored;
use crate::keys::vault::Vault;
use crate::people::Actor;
use crate::store::StoreError;
use crate::store::signing_keys::SigningKeyRow;

/// A signature and the key that it was made with.
#[derive(Clone, Debug)]
pub struct Signature {
    pub key_id: String,
    /// Base64.
    pub signature: String,
}

/// The keys in memory.
#[derive(Default)]
pub struct Signing(RwLock<Arc<Known>>);

#[derive(Default)]
struct Known {
    active: Option<(String, Ed25519KeyPair)>,
    published: Vec<SigningKeyRow>,
}

impl std::fmt::Debug for Signing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signing(…)")
    }
}

/// Where a signing key is sealed for.
fn place(id: &str) -> String {
    format!("signing_key:{id}")
}

impl Signing {
    fn known(&self) -> Arc<Known> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn take(&self, rows: Vec<SigningKeyRow>, vault: &Vault) {
        let active = rows.iter().find(|row| row.status == "active").and_then(|row| {
            let seed = vault.open(&place(&row.id), &row.secret_sealed)?;
            let seed = STANDARD.decode(seed).ok()?;
            let pair = Ed25519KeyPair::from_seed_unchecked(&seed).ok()?;
            Some((row.id.clone(), pair))
        });
        let known = Arc::new(Known { active, published: rows });
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = known;
    }

    /// Signs the bytes of an answer; none only when there is no key that opens.
    #[must_use]
    pub fn sign(&self, body: &[u8]) -> Option<Signature> {
        let known = self.known();
        let (key_id, pair) = known.active.as_ref()?;
        let signature = STANDARD.encode(pair.sign(body).as_ref());
        Some(Signature { key_id: key_id.clone(), signature })
    }

    /// The keys with which signatures are checked.
    ///
    /// # Errors
    /// When a row was not written by this server.
    pub fn published(&self, now_ms: i64) -> Result<Vec<SigningKey>, ApiError> {
        let known = self.known();
        let published = known
            .published
            .iter()
            .filter(|row| row.published_until.is_none_or(|until| now_ms < until));
        published
            .map(|row| {
                Ok(SigningKey {
                    id: row.id.clone(),
                    algorithm: String::from("Ed25519"),
                    public_key: row.public_key.clone(),
                    status: stored::<SigningKeyStatus>(&row.status)?,
                    created_at: clock::rfc3339(row.created_at),
                })
            })
            .collect()
    }
}

fn new_key(app: &App, status: &str) -> Result<SigningKeyRow, StoreError> {
    let id = app.clock.ulid();
    let seed = random::<32>();
    // Neither fails on 32 bytes.
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| StoreError::Closed)?;
    let sealed = app.vault.seal(&place(&id), &STANDARD.encode(seed)).ok_or(StoreError::Closed)?;
    Ok(SigningKeyRow {
        id,
        status: status.to_owned(),
        public_key: STANDARD.encode(pair.public_key().as_ref()),
        secret_sealed: sealed,
        created_at: app.clock.now_ms(),
        published_until: None,
    })
}

/// Reads the keys, and makes those that are missing.
///
/// # Errors
/// When the database fails.
pub async fn load(app: &App) -> Result<(), StoreError> {
    let mut rows = app.store.signing_keys().await?;
    let has = |status: &str| rows.iter().any(|row| row.status == status);
    if !has("active") || !has("next") {
        let (active, next) = (new_key(app, "active")?, new_key(app, "next")?);
        rows = app.store.keep_signing_keys(active, next, None, app.clock.now_ms()).await?;
    }
    app.signing.take(rows, &app.vault);
    Ok(())
}

/// Lets the next key sign from now on, and makes the one that follows it.
///
/// # Errors
/// When the database fails.
pub async fn rotate(app: &App, actor: &Actor) -> Result<Vec<SigningKey>, ApiError> {
    load(app).await?;
    let (active, next) = (new_key(app, "active")?, new_key(app, "next")?);
    let mut changes = Map::new();
    changes.insert("next".into(), json!([null, next.id]));
    let id = next.id.clone();
    let audit = actor.audit(&app.clock, "signing_key.rotated", "signing_key", &id, changes);
    let now_ms = app.clock.now_ms();
    let lease_ms = i64::try_from(app.config.license_lease.as_millis()).unwrap_or(i64::MAX);
    let rotate = Some((audit, now_ms.saturating_add(lease_ms)));
    let rows = app.store.keep_signing_keys(active, next, rotate, now_ms).await?;
    app.signing.take(rows, &app.vault);
    app.signing.published(now_ms)
}
