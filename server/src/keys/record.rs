//! A key as the request path sees it: read once, kept in memory, checked with every request.

use std::net::IpAddr;

use shared::license_key::{IdentityMode, RestrictionKind};
use shared::{ErrorCode, Look};

use super::restriction::{self, Restriction};
use super::static_keys::StaticKeys;
use super::vault::Vault;
use super::{STATIC_OWNER, edit, form};
use crate::config::Secret;
use crate::error::ApiError;
use crate::store::license_keys::LicenseKeyRow;
use crate::store::licenses::grace_end;

/// What stands before the key's id in the owner of a preview.
const PREVIEW: &str = "preview/";

/// The owner of what is said in previews of a key.
#[must_use]
pub fn preview_owner(id: &str) -> String {
    format!("{PREVIEW}{id}")
}

/// Whether what has this owner is a preview: nothing of it is counted, logged or told.
#[must_use]
pub fn is_preview(owner: &str) -> bool {
    owner.starts_with(PREVIEW)
}

/// The key before a rotation, while both work.
#[derive(Clone, Debug)]
pub struct Previous {
    pub key_hash: String,
    /// `None` when its tokens are dead already.
    pub generation: Option<i64>,
    pub until_ms: i64,
}

/// How many websites and devices may use a key.
#[derive(Clone, Copy, Debug)]
pub struct ActivationRule {
    pub limit: i64,
    /// Whether a new website takes a place by itself.
    pub auto: bool,
}

/// A key as the request path sees it.
#[derive(Clone, Debug)]
pub struct KeyRecord {
    /// `None` for the static key, and in previews.
    pub license_key_id: Option<String>,
    /// The license key's id, or [`STATIC_OWNER`].
    pub owner: String,
    pub chatbot_id: String,
    pub name: String,
    /// Grows with each change of the key.
    pub version: i64,
    pub key_hash: String,
    /// Session tokens of another generation are dead.
    pub generation: i64,
    pub previous: Option<Previous>,
    pub is_active: bool,
    pub deactivated: bool,
    /// Grace days included.
    pub refused_from_ms: Option<i64>,
    pub restriction: Restriction,
    pub monthly_limit: Option<i64>,
    pub rate_limit_per_minute: Option<u32>,
    pub activations: Option<ActivationRule>,
    pub agent_id: Option<String>,
    pub data_source_id: Option<String>,
    pub identity_mode: IdentityMode,
    /// The secret that holds.
    identity_secret: Option<Secret>,
    /// The one before, and until when it holds too.
    previous_identity_secret: Option<(Secret, i64)>,
    pub look: Look,
}

impl KeyRecord {
    /// The static key: without restriction or limit.
    pub(super) fn of_static(widget: &StaticKeys) -> Self {
        Self {
            license_key_id: None,
            owner: STATIC_OWNER.into(),
            chatbot_id: STATIC_OWNER.into(),
            name: String::new(),
            version: 0,
            key_hash: String::new(),
            generation: widget.generation(),
            previous: None,
            is_active: true,
            deactivated: false,
            refused_from_ms: None,
            restriction: Restriction::None,
            monthly_limit: None,
            rate_limit_per_minute: None,
            activations: None,
            agent_id: None,
            data_source_id: None,
            identity_mode: IdentityMode::Optional,
            identity_secret: None,
            previous_identity_secret: None,
            look: Look::default(),
        }
    }

    pub(super) fn of_row(row: LicenseKeyRow, vault: &Vault) -> Result<Self, ApiError> {
        let list = |json: &str| {
            serde_json::from_str::<Vec<String>>(json).map_err(|e| ApiError::internal(&e))
        };
        let kind: RestrictionKind = form::stored(&row.restriction)?;
        let restriction = Restriction::of(kind, &list(&row.websites)?, &list(&row.ip_addresses)?);
        let open = |sealed: &Option<String>| -> Result<Option<Secret>, ApiError> {
            let Some(sealed) = sealed else { return Ok(None) };
            let secret = vault.open(&edit::identity_place(&row.id), sealed);
            let secret =
                secret.ok_or_else(|| ApiError::internal(&"a sealed secret does not open"))?;
            Ok(Some(Secret::new(&secret)))
        };
        let previous_identity_secret =
            open(&row.previous_identity_secret_sealed)?.zip(row.previous_identity_secret_until);
        Ok(Self {
            owner: row.id.clone(),
            chatbot_id: row.chatbot_id,
            name: row.name,
            version: row.version,
            key_hash: row.key_hash,
            generation: row.generation,
            previous: row.previous_key_hash.zip(row.previous_key_until).map(
                |(key_hash, until_ms)| Previous {
                    key_hash,
                    generation: row.previous_generation,
                    until_ms,
                },
            ),
            is_active: row.is_active,
            deactivated: row.deactivated_at.is_some(),
            refused_from_ms: row.expires_at.map(|at| grace_end(at, row.grace_days)),
            restriction,
            monthly_limit: row.monthly_usage_limit,
            rate_limit_per_minute: row.rate_limit_per_minute.and_then(|n| u32::try_from(n).ok()),
            activations: row
                .activation_limit
                .map(|limit| ActivationRule { limit, auto: row.auto_activate_hosts }),
            agent_id: row.agent_id,
            data_source_id: row.data_source_id,
            identity_mode: form::stored(&row.identity_mode)?,
            identity_secret: open(&row.identity_secret_sealed)?,
            previous_identity_secret,
            look: serde_json::from_str(&row.ui).map_err(|e| ApiError::internal(&e))?,
            license_key_id: Some(row.id),
        })
    }

    /// The same chatbot for the dashboard's preview: no restriction, no limit, nothing counted.
    #[must_use]
    pub fn for_preview(&self) -> Self {
        Self {
            license_key_id: None,
            owner: preview_owner(&self.owner),
            is_active: true,
            deactivated: false,
            refused_from_ms: None,
            restriction: Restriction::None,
            monthly_limit: None,
            rate_limit_per_minute: None,
            activations: None,
            identity_mode: IdentityMode::Off,
            ..self.clone()
        }
    }

    /// Whether this is the record of [`Self::for_preview`].
    #[must_use]
    pub fn is_preview(&self) -> bool {
        is_preview(&self.owner)
    }

    /// The key's id, also of a preview's record.
    #[must_use]
    pub fn id(&self) -> &str {
        self.owner.strip_prefix(PREVIEW).unwrap_or(&self.owner)
    }

    /// Whether the key with this hash is this one, or the one before while both work.
    #[must_use]
    pub fn answers_to(&self, hash: &str, now_ms: i64) -> bool {
        self.key_hash == hash
            || self.previous.as_ref().is_some_and(|p| p.key_hash == hash && now_ms < p.until_ms)
    }

    /// Whether tokens and streams of this generation still live.
    #[must_use]
    pub fn accepts_generation(&self, generation: i64, now_ms: i64) -> bool {
        self.generation == generation
            || self
                .previous
                .as_ref()
                .is_some_and(|p| p.generation == Some(generation) && now_ms < p.until_ms)
    }

    /// The generation that the key with this hash stands for.
    #[must_use]
    pub fn generation_of(&self, hash: Option<&str>) -> i64 {
        match (&self.previous, hash) {
            (Some(previous), Some(hash)) if previous.key_hash == hash => {
                previous.generation.unwrap_or(self.generation)
            }
            _ => self.generation,
        }
    }

    /// The identity secrets that hold.
    #[must_use]
    pub fn identity_secrets(&self, now_ms: i64) -> Vec<Secret> {
        let previous = self.previous_identity_secret.iter();
        let previous = previous.filter(|(_, until)| now_ms < *until).map(|(secret, _)| secret);
        self.identity_secret.iter().chain(previous).cloned().collect()
    }

    /// Whether the key may be used at all, wherever from.
    ///
    /// # Errors
    /// The first reason why not: deactivated, inactive, expired.
    pub fn check_state(&self, now_ms: i64) -> Result<(), ErrorCode> {
        if self.deactivated {
            return Err(ErrorCode::KeyDeactivated);
        }
        if !self.is_active {
            return Err(ErrorCode::KeyInactive);
        }
        if self.refused_from_ms.is_some_and(|from| now_ms >= from) {
            return Err(ErrorCode::KeyExpired);
        }
        Ok(())
    }

    /// Whether the key may be used now, from this origin and address.
    ///
    /// # Errors
    /// The first reason why not: deactivated, inactive, expired, then the restriction.
    pub fn check(&self, now_ms: i64, origin: Option<&str>, ip: IpAddr) -> Result<(), ApiError> {
        self.check_state(now_ms)?;
        match &self.restriction {
            Restriction::None => Ok(()),
            Restriction::Websites(patterns) if Restriction::lets_pass(patterns, origin) => Ok(()),
            Restriction::Websites(_) => Err(ApiError::new(ErrorCode::OriginNotAllowed)
                .with_message(match origin {
                    Some(origin) => format!("The website {origin} is not on this key's list."),
                    None => "This key works from the websites on its list only, and the request \
                             names no website (no Origin header)."
                        .into(),
                })),
            Restriction::IpAddresses(networks) if restriction::contains(networks, ip) => Ok(()),
            Restriction::IpAddresses(_) => Err(ErrorCode::IpNotAllowed.into()),
        }
    }
}
