//! Who may ask: static keys, license keys, session tokens, and the limits they carry.
//!
//! What enters: what a request says of itself (headers, body, addresses). What leaves: an
//! [`Access`] that a handler may rely on, or the refusal.

pub mod license_key;
pub mod rate;
pub mod restriction;
pub mod token;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use shared::{ErrorCode, Look};
use subtle::ConstantTimeEq;

use crate::clock::{self, Clock};
use crate::config::Secret;
use crate::error::ApiError;
use crate::store::license_keys::{AddLicenseKey, KeyName, LicenseKeyRow};
use crate::store::{Store, StoreError};
use restriction::{Restriction, RestrictionError};

/// The owner under which conversations of the static key stand.
pub const STATIC_OWNER: &str = "static";
/// How long a record is believed before the database is asked again.
const RECORD_TTL: Duration = Duration::from_secs(1);
/// Most records, known and unknown, that are remembered.
const RECORDS: u64 = 10_000;

/// A key as the request path sees it.
#[derive(Clone, Debug)]
pub struct KeyRecord {
    /// `None` for the static key.
    pub license_key_id: Option<String>,
    /// The license key's id, or [`STATIC_OWNER`].
    pub owner: String,
    pub chatbot_id: String,
    pub name: String,
    /// Session tokens of another generation are dead.
    pub generation: i64,
    pub is_active: bool,
    pub deactivated: bool,
    /// Grace days included.
    pub refused_from_ms: Option<i64>,
    pub restriction: Restriction,
    pub monthly_limit: Option<i64>,
    pub rate_limit_per_minute: Option<u32>,
    pub look: Look,
}

impl KeyRecord {
    /// Whether the key may be used now, from this origin and address.
    ///
    /// # Errors
    /// The first reason why not: deactivated, inactive, expired, then the restriction.
    pub fn check(&self, now_ms: i64, origin: Option<&str>, ip: IpAddr) -> Result<(), ApiError> {
        if self.deactivated {
            return Err(ErrorCode::KeyDeactivated.into());
        }
        if !self.is_active {
            return Err(ErrorCode::KeyInactive.into());
        }
        if self.refused_from_ms.is_some_and(|from| now_ms >= from) {
            return Err(ErrorCode::KeyExpired.into());
        }
        match &self.restriction {
            Restriction::None => Ok(()),
            Restriction::Websites(patterns) => {
                let allowed = patterns.is_empty()
                    || origin.is_some_and(|o| patterns.iter().any(|p| p.matches(o)));
                if allowed {
                    return Ok(());
                }
                Err(ApiError::new(ErrorCode::OriginNotAllowed).with_message(match origin {
                    Some(origin) => format!("The website {origin} is not on this key's list."),
                    None => "This key works from the websites on its list only, and the request \
                             names no website (no Origin header)."
                        .into(),
                }))
            }
            Restriction::IpAddresses(networks) => {
                if restriction::contains(networks, ip) {
                    return Ok(());
                }
                Err(ErrorCode::IpNotAllowed.into())
            }
        }
    }

    fn of_row(row: LicenseKeyRow) -> Result<Self, ApiError> {
        let restriction = Restriction::stored(&row.restriction, &row.websites, &row.ip_addresses)
            .map_err(|e| ApiError::internal(&e))?;
        Ok(Self {
            owner: row.id.clone(),
            license_key_id: Some(row.id),
            chatbot_id: row.chatbot_id,
            name: row.name,
            generation: row.generation,
            is_active: row.is_active,
            deactivated: row.deactivated_at.is_some(),
            refused_from_ms: row
                .expires_at
                .map(|at| at.saturating_add(row.grace_days.saturating_mul(86_400_000))),
            restriction,
            monthly_limit: row.monthly_usage_limit,
            rate_limit_per_minute: row.rate_limit_per_minute.and_then(|n| u32::try_from(n).ok()),
            look: serde_json::from_str(&row.ui).map_err(|e| ApiError::internal(&e))?,
        })
    }
}

/// A license key to be made.
#[derive(Clone, Debug)]
pub struct NewLicenseKey {
    pub name: String,
    /// Patterns; `Some` restricts the key to them, an empty list accepts any website.
    pub websites: Option<Vec<String>>,
    /// Addresses and CIDR networks; not together with `websites`.
    pub ip_addresses: Option<Vec<String>>,
    pub monthly_usage_limit: Option<i64>,
    pub rate_limit_per_minute: Option<i64>,
    /// Milliseconds since 1970 UTC.
    pub expires_at: Option<i64>,
    pub is_active: bool,
    /// Switched off for good.
    pub is_deactivated: bool,
    pub look: Look,
}

impl Default for NewLicenseKey {
    fn default() -> Self {
        Self {
            name: String::from("License key"),
            websites: None,
            ip_addresses: None,
            monthly_usage_limit: None,
            rate_limit_per_minute: None,
            expires_at: None,
            is_active: true,
            is_deactivated: false,
            look: Look::default(),
        }
    }
}

/// A license key that was just made; the only time that the key itself is known.
#[derive(Clone)]
pub struct Issued {
    pub id: String,
    pub chatbot_id: String,
    pub key: String,
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Why a license key was not made.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    #[error(transparent)]
    Restriction(#[from] RestrictionError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a license key: 75 random bits, of which only the SHA-256 is kept.
///
/// # Errors
/// When a pattern or address is not one, or the database fails.
pub async fn issue(store: &Store, clock: &Clock, new: NewLicenseKey) -> Result<Issued, IssueError> {
    let id = clock.ulid();
    issue_as(store, clock, id, new).await
}

/// As [`issue`], with an id that was made before.
///
/// # Errors
/// As [`issue`].
pub async fn issue_as(
    store: &Store,
    clock: &Clock,
    id: String,
    new: NewLicenseKey,
) -> Result<Issued, IssueError> {
    let restriction = Restriction::parse(new.websites.as_deref(), new.ip_addresses.as_deref())?;
    let now_ms = clock.now_ms();
    let key = license_key::generate();
    let issued =
        Issued { id, chatbot_id: format!("cb_{}", clock.ulid()), key: license_key::grouped(&key) };
    let json = |list: Option<Vec<String>>| {
        serde_json::to_string(&list.unwrap_or_default()).unwrap_or_else(|_| String::from("[]"))
    };
    store
        .add_license_key(AddLicenseKey {
            id: issued.id.clone(),
            chatbot_id: issued.chatbot_id.clone(),
            name: new.name,
            key_hash: license_key::hash(&key),
            key_hint: license_key::hint(&key),
            is_active: new.is_active,
            deactivated_at: new.is_deactivated.then_some(now_ms),
            restriction: restriction.kind(),
            websites: json(new.websites),
            ip_addresses: json(new.ip_addresses),
            monthly_usage_limit: new.monthly_usage_limit,
            rate_limit_per_minute: new.rate_limit_per_minute,
            expires_at: new.expires_at,
            ui: serde_json::to_string(&new.look).unwrap_or_else(|_| String::from("{}")),
            now_ms,
        })
        .await?;
    Ok(issued)
}

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

/// The static keys and the license keys, with the records in memory.
#[derive(Debug)]
pub struct Keys {
    store: Store,
    widget: StaticKeys,
    admin: StaticKeys,
    records: moka::future::Cache<KeyName, Option<Arc<KeyRecord>>>,
    static_record: Arc<KeyRecord>,
}

impl Keys {
    #[must_use]
    pub fn new(store: Store, widget: &[Secret], admin: &[Secret]) -> Self {
        let widget = StaticKeys::new(widget);
        let static_record = Arc::new(KeyRecord {
            license_key_id: None,
            owner: STATIC_OWNER.into(),
            chatbot_id: STATIC_OWNER.into(),
            name: String::new(),
            generation: widget.generation(),
            is_active: true,
            deactivated: false,
            refused_from_ms: None,
            restriction: Restriction::None,
            monthly_limit: None,
            rate_limit_per_minute: None,
            look: Look::default(),
        });
        Self {
            store,
            widget,
            admin: StaticKeys::new(admin),
            records: moka::future::Cache::builder()
                .max_capacity(RECORDS)
                .time_to_live(RECORD_TTL)
                .build(),
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
    ) -> Result<Option<Arc<KeyRecord>>, ApiError> {
        let name = match name {
            NamedKey::Key(key) if self.widget.holds(key) => {
                return Ok(Some(Arc::clone(&self.static_record)));
            }
            NamedKey::Key(key) => {
                license_key::parse(key).map(|key| KeyName::Hash(license_key::hash(&key)))
            }
            NamedKey::Chatbot(id) => id
                .strip_prefix("cb_")
                .filter(|id| clock::is_ulid(id))
                .map(|_| KeyName::Chatbot(id.to_owned())),
        };
        match name {
            None => Ok(None),
            Some(name) if in_memory_only => Ok(self.records.get(&name).await.flatten()),
            Some(name) => self.record(name).await,
        }
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

    async fn record(&self, name: KeyName) -> Result<Option<Arc<KeyRecord>>, ApiError> {
        if let Some(known) = self.records.get(&name).await {
            return Ok(known);
        }
        // Many requests for one missing record make one look-up.
        let found = self
            .records
            .try_get_with_by_ref(&name, async {
                let row = self.store.license_key(&name).await.map_err(ApiError::from)?;
                row.map(|row| KeyRecord::of_row(row).map(Arc::new)).transpose()
            })
            .await;
        found.map_err(|error| ApiError::clone(&error))
    }

    /// Whether this is an admin's static key.
    #[must_use]
    pub fn is_admin(&self, key: &str) -> bool {
        self.admin.holds(key)
    }

    /// Whether admin routes can be used at all.
    #[must_use]
    pub fn has_admin(&self) -> bool {
        !self.admin.is_empty()
    }
}

/// Keys from the environment, compared length first and then in constant time.
#[derive(Debug)]
struct StaticKeys(Vec<Secret>);

impl StaticKeys {
    fn new(keys: &[Secret]) -> Self {
        Self(keys.to_vec())
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Another number when the keys are others, so that tokens die with the key they came from.
    fn generation(&self) -> i64 {
        use sha2::{Digest, Sha256};
        let mut hash = Sha256::new();
        for key in &self.0 {
            hash.update(Sha256::digest(key.reveal().as_bytes()));
        }
        let bytes: [u8; 32] = hash.finalize().into();
        let mut first = [0; 8];
        first.copy_from_slice(&bytes[..8]);
        i64::from_be_bytes(first)
    }

    fn holds(&self, typed: &str) -> bool {
        // Every key is compared, so that the time does not tell which one matched.
        self.0.iter().fold(false, |held, key| {
            let (key, typed) = (key.reveal().as_bytes(), typed.as_bytes());
            held | (key.len() == typed.len() && bool::from(key.ct_eq(typed)))
        })
    }
}

/// What a chat request has proved once it runs.
#[derive(Clone, Debug)]
pub struct Access {
    pub key: Arc<KeyRecord>,
    pub session_id: String,
}
