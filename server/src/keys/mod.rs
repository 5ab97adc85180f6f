//! Who may ask: static keys, license keys, session tokens, and the limits they carry.
//!
//! What enters: what a request says of itself (headers, body, addresses). What leaves: an
//! [`Access`] that a handler may rely on, or the refusal.

pub mod activations;
pub mod edit;
pub mod form;
pub mod hosts;
pub mod identity;
pub mod license_key;
pub mod rate;
mod record;
pub mod restriction;
mod static_keys;
pub mod token;
pub mod vault;
pub mod watch;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use shared::ErrorCode;

pub use record::{ActivationRule, KeyRecord, is_preview, preview_owner};

use crate::clock;
use crate::config::Secret;
use crate::error::ApiError;
use crate::store::Store;
use crate::store::license_keys::KeyName;
use crate::store::usage::RequestFacts;
use static_keys::StaticKeys;
use vault::Vault;

/// The owner under which conversations of the static key stand.
pub const STATIC_OWNER: &str = "static";
/// How long what is remembered is believed when no news comes: then the database is asked again,
/// which fails closed when it is away.
const BELIEVED: i64 = 800;
/// How long a record stays in memory.
const RECORD_TTL: Duration = Duration::from_secs(600);
/// How long the least valid version of a record is remembered: longer than any record.
const VERSION_TTL: Duration = Duration::from_secs(1200);
/// Most records, known and unknown, that are remembered.
const RECORDS: u64 = 20_000;
/// How often a record is read again because it changed while it was read.
const TRIES: usize = 5;

/// How a request names a key.
#[derive(Clone, Copy)]
pub enum NamedKey<'a> {
    Key(&'a str),
    Chatbot(&'a str),
}

impl std::fmt::Debug for NamedKey<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Key(_) => "Key(…)",
            Self::Chatbot(_) => "Chatbot(…)",
        })
    }
}

/// A key that was found, and the generation that its name stands for.
#[derive(Clone, Debug)]
pub struct Found {
    pub key: Arc<KeyRecord>,
    pub generation: i64,
}

/// What is remembered under a name.
#[derive(Clone, Debug)]
enum Remembered {
    Known(Arc<KeyRecord>),
    /// Unknown as of this many changes.
    Unknown(u64),
}

/// The static keys and the license keys, with the records in memory.
///
/// A record is used as long as its version is not below the least that is valid for its key; a
/// change raises that before it is answered. So a change holds from the next request on, also when
/// the record was being read while it was made.
#[derive(Debug)]
pub struct Keys {
    store: Store,
    vault: Arc<Vault>,
    widget: StaticKeys,
    admin: StaticKeys,
    records: moka::future::Cache<KeyName, Remembered>,
    least: moka::sync::Cache<String, i64>,
    /// Grows with each change: what was unknown before may be known since.
    changes: AtomicU64,
    started: Instant,
    /// Milliseconds since `started` at which all news was in.
    confirmed: AtomicI64,
    /// Requests with an unknown key since the start.
    pub unknown_requests: AtomicU64,
    static_record: Arc<KeyRecord>,
}

impl Keys {
    #[must_use]
    pub fn new(store: Store, vault: Arc<Vault>, widget: &[Secret], admin: &[Secret]) -> Self {
        let widget = StaticKeys::new(widget);
        let static_record = Arc::new(KeyRecord::of_static(&widget));
        Self {
            store,
            vault,
            widget,
            admin: StaticKeys::new(admin),
            records: moka::future::Cache::builder()
                .max_capacity(RECORDS)
                .time_to_live(RECORD_TTL)
                .build(),
            least: moka::sync::Cache::builder()
                .max_capacity(10 * RECORDS)
                .time_to_live(VERSION_TTL)
                .build(),
            changes: AtomicU64::new(0),
            started: Instant::now(),
            confirmed: AtomicI64::new(0),
            unknown_requests: AtomicU64::new(0),
            static_record,
        }
    }

    /// The record of a key as typed (static, or a license key) or of a public chatbot id. `None`
    /// when unknown. With `in_memory_only` the database is not asked: what is not remembered is
    /// unknown.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(
        &self,
        name: NamedKey<'_>,
        in_memory_only: bool,
        now_ms: i64,
    ) -> Result<Option<Found>, ApiError> {
        let name = match name {
            NamedKey::Key(key) if self.widget.holds(key) => {
                let key = Arc::clone(&self.static_record);
                return Ok(Some(Found { generation: key.generation, key }));
            }
            NamedKey::Key(key) => {
                license_key::parse(key).map(|key| KeyName::Hash(license_key::hash(&key)))
            }
            NamedKey::Chatbot(id) => id
                .strip_prefix("cb_")
                .filter(|id| clock::is_ulid(id))
                .map(|_| KeyName::Chatbot(id.to_owned())),
        };
        let Some(name) = name else { return Ok(None) };
        let hash = match &name {
            KeyName::Hash(hash) => Some(hash.clone()),
            KeyName::Chatbot(_) | KeyName::Id(_) => None,
        };
        let record = if in_memory_only {
            self.remembered(&name).await.flatten()
        } else {
            self.record(name).await?
        };
        Ok(record
            .filter(|key| hash.as_ref().is_none_or(|hash| key.answers_to(hash, now_ms)))
            .map(|key| Found { generation: key.generation_of(hash.as_deref()), key }))
    }

    /// The record that a session token names. `None` when it is gone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_owner(&self, owner: &str) -> Result<Option<Arc<KeyRecord>>, ApiError> {
        if owner == STATIC_OWNER {
            let configured = !self.widget.is_empty();
            return Ok(configured.then(|| Arc::clone(&self.static_record)));
        }
        self.record(KeyName::Id(owner.to_owned())).await
    }

    /// A key has changed: records below this version are no longer used.
    pub fn note_change(&self, license_key_id: &str, version: i64) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.least.entry_by_ref(license_key_id).and_upsert_with(|known| {
            known.map_or(version, |known| version.max(known.into_value()))
        });
    }

    /// Believes nothing that is remembered any more.
    pub fn forget_all(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.records.invalidate_all();
    }

    /// All changes up to now were noted.
    pub fn confirm(&self, asked: Instant) {
        self.confirmed.store(self.millis(asked), Ordering::Relaxed);
    }

    /// Whether the record is the newest that this server knows of.
    #[must_use]
    pub fn is_current(&self, key: &KeyRecord) -> bool {
        self.least.get(key.id()).is_none_or(|v| key.version >= v)
    }

    fn millis(&self, at: Instant) -> i64 {
        let since = at.saturating_duration_since(self.started).as_millis();
        i64::try_from(since).unwrap_or(i64::MAX)
    }

    fn has_news(&self) -> bool {
        self.millis(Instant::now()) - self.confirmed.load(Ordering::Relaxed) < BELIEVED
    }

    fn holds(&self, entry: &Remembered) -> bool {
        match entry {
            Remembered::Known(key) => self.is_current(key),
            Remembered::Unknown(changes) => *changes == self.changes.load(Ordering::SeqCst),
        }
    }

    /// What is remembered and still holds; the inner `None` is a key that is known to be unknown.
    async fn remembered(&self, name: &KeyName) -> Option<Option<Arc<KeyRecord>>> {
        if !self.has_news() {
            return None;
        }
        match self.records.get(name).await.filter(|entry| self.holds(entry))? {
            Remembered::Known(key) => Some(Some(key)),
            Remembered::Unknown(_) => Some(None),
        }
    }

    async fn record(&self, name: KeyName) -> Result<Option<Arc<KeyRecord>>, ApiError> {
        for _ in 0..TRIES {
            if let Some(known) = self.remembered(&name).await {
                return Ok(known);
            }
            self.records.invalidate(&name).await;
            // Many requests for one missing record make one look-up.
            let read = self
                .records
                .try_get_with_by_ref(&name, async {
                    let changes = self.changes.load(Ordering::SeqCst);
                    let row = self.store.license_key(&name).await.map_err(ApiError::from)?;
                    match row {
                        None => Ok(Remembered::Unknown(changes)),
                        Some(row) => KeyRecord::of_row(row, &self.vault)
                            .map(|record| Remembered::Known(Arc::new(record))),
                    }
                })
                .await
                .map_err(|error: Arc<ApiError>| ApiError::clone(&error))?;
            if self.holds(&read) {
                return Ok(match read {
                    Remembered::Known(key) => Some(key),
                    Remembered::Unknown(_) => None,
                });
            }
        }
        Err(ApiError::new(ErrorCode::StorageUnavailable).with_retry_after(1))
    }

    /// Whether this is an admin's static key.
    #[must_use]
    pub fn is_admin(&self, key: &str) -> bool {
        self.admin.holds(key)
    }

    /// Whether there is an admin's static key.
    #[must_use]
    pub fn has_admin(&self) -> bool {
        !self.admin.is_empty()
    }
}

/// What a chat request has proved once it runs.
#[derive(Clone, Debug)]
pub struct Access {
    pub key: Arc<KeyRecord>,
    /// The generation of the key or token that was shown.
    pub generation: i64,
    pub session_id: String,
    /// For the usage log.
    pub facts: RequestFacts,
}
