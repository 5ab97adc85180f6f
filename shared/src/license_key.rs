//! License keys as the admin API and the dashboard see them.
//!
//! What an admin writes is [`LicenseKeySettings`]; what the server gives is [`LicenseKey`], the same
//! with what the server alone knows. [`LicenseKeySettings::check`] is what both sides hold the
//! settings to; whether a website pattern or an address is one is the server's to say.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::chat::has_nul;
use crate::error::FieldErrors;
use crate::limits;
use crate::look::Look;

/// Where a key may be used from: exactly one of three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RestrictionKind {
    #[default]
    None,
    Websites,
    IpAddresses,
}

impl RestrictionKind {
    /// As it stands in JSON and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Websites => "websites",
            Self::IpAddresses => "ip_addresses",
        }
    }
}

/// Whether visitors prove who they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum IdentityMode {
    /// What a visitor claims is ignored.
    Off,
    /// Anonymous visitors are welcome; a wrong proof is refused.
    #[default]
    Optional,
    /// No proof, no chat.
    Required,
}

impl IdentityMode {
    /// As it stands in JSON and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Optional => "optional",
            Self::Required => "required",
        }
    }
}

/// Computed, never stored: deactivated wins over inactive, inactive over expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum KeyStatus {
    Active,
    /// Switched off; can be switched on again.
    Inactive,
    Expired,
    /// Switched off for good.
    Deactivated,
}

/// What an admin decides about a license key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LicenseKeySettings {
    /// 1..=120 characters.
    pub name: String,
    /// At most 2000 characters.
    pub description: String,
    /// Whether the key can be shown again. Chosen when it is made.
    pub retrievable: bool,
    pub is_active: bool,
    /// The one agent that answers; null = any.
    pub agent_id: Option<String>,
    /// The one data source that is drawn on; null = any.
    pub data_source_id: Option<String>,
    pub restriction: RestrictionKind,
    /// Patterns such as `https://example.com`, `https://*.example.com`, `example.com`.
    pub websites: Vec<String>,
    /// IPv4, IPv6, CIDR.
    pub ip_addresses: Vec<String>,
    /// Queries in a calendar month (UTC), at least 1; null = unlimited.
    pub monthly_usage_limit: Option<i64>,
    /// Chat requests a minute from one IP address, 1..=1000000; null = the server's.
    pub rate_limit_per_minute: Option<u32>,
    /// RFC 3339; null = never.
    pub expires_at: Option<String>,
    /// Days for which the key works on after its expiry, 0..=365.
    pub grace_days: u32,
    /// Websites and devices that may use the key at a time, 1..=100; null = unlimited.
    pub activation_limit: Option<u32>,
    /// Whether a new website takes an activation by itself, or waits for an admin.
    pub auto_activate_hosts: bool,
    pub identity_mode: IdentityMode,
    /// The widget's look.
    pub ui: Look,
    /// At most 4 KiB of JSON.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Map<String, Value>,
}

impl Default for LicenseKeySettings {
    fn default() -> Self {
        Self {
            name: String::new(),
            description: String::new(),
            retrievable: false,
            is_active: true,
            agent_id: None,
            data_source_id: None,
            restriction: RestrictionKind::None,
            websites: Vec::new(),
            ip_addresses: Vec::new(),
            monthly_usage_limit: None,
            rate_limit_per_minute: None,
            expires_at: None,
            grace_days: 0,
            activation_limit: None,
            auto_activate_hosts: true,
            identity_mode: IdentityMode::Optional,
            ui: Look::default(),
            metadata: Map::new(),
        }
    }
}

impl LicenseKeySettings {
    /// Every field, by its JSON name.
    pub const FIELDS: &'static [&'static str] = &[
        "name",
        "description",
        "retrievable",
        "is_active",
        "agent_id",
        "data_source_id",
        "restriction",
        "websites",
        "ip_addresses",
        "monthly_usage_limit",
        "rate_limit_per_minute",
        "expires_at",
        "grace_days",
        "activation_limit",
        "auto_activate_hosts",
        "identity_mode",
        "ui",
        "metadata",
    ];

    /// Adds to `errors` what is wrong, each under its field's JSON name.
    pub fn check(&self, errors: &mut FieldErrors) {
        check_text(errors, "name", &self.name, 1, limits::KEY_NAME_CHARS);
        check_text(errors, "description", &self.description, 0, limits::DESCRIPTION_CHARS);
        for (field, id) in [("agent_id", &self.agent_id), ("data_source_id", &self.data_source_id)]
        {
            if let Some(id) = id {
                check_text(errors, field, id, 1, 64);
            }
        }
        for (field, list) in [("websites", &self.websites), ("ip_addresses", &self.ip_addresses)] {
            if list.len() > limits::LIST_ENTRIES {
                errors.add(field, "must have at most 200 entries");
            }
        }
        if self.monthly_usage_limit.is_some_and(|n| n < 1) {
            errors.add("monthly_usage_limit", "must be a whole number of at least 1, or null");
        }
        if self.rate_limit_per_minute.is_some_and(|n| !(1..=1_000_000).contains(&n)) {
            errors
                .add("rate_limit_per_minute", "must be a whole number from 1 to 1000000, or null");
        }
        if self.grace_days > limits::GRACE_DAYS {
            errors.add("grace_days", "must be a whole number from 0 to 365");
        }
        if self.activation_limit.is_some_and(|n| !(1..=100).contains(&n)) {
            errors.add("activation_limit", "must be a whole number from 1 to 100, or null");
        }
        self.ui.check(errors);
        check_json(errors, "metadata", &self.metadata);
    }
}

/// Adds to `errors` when `text` has not from `least` to `most` characters, or holds U+0000.
pub fn check_text(errors: &mut FieldErrors, field: &str, text: &str, least: usize, most: usize) {
    let length = text.chars().count();
    if length > most || (least > 0 && text.trim().chars().count() < least) {
        let why = if least == 0 {
            format!("must have at most {most} characters")
        } else {
            format!("must have {least} to {most} characters")
        };
        errors.add(field, &why);
    }
    errors.refuse_nul(field, text);
}

/// Adds to `errors` when an object is larger than 4 KiB of JSON, or holds U+0000.
pub fn check_json(errors: &mut FieldErrors, field: &str, object: &Map<String, Value>) {
    let value = Value::Object(object.clone());
    if value.to_string().len() > limits::METADATA_BYTES {
        errors.add(field, "must be at most 4096 bytes of JSON");
    }
    if has_nul(&value) {
        errors.add(field, "must not contain the character U+0000");
    }
}

/// A license key as `/api/license-keys` gives it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LicenseKey {
    pub id: String,
    /// Grows with each change; send it back to be told of somebody else's change.
    pub version: i64,
    /// `cb_…`; public.
    pub chatbot_id: String,
    /// `XXXX-XXXX-XXXX-XXXX`: only in the answer that makes or regenerates the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// `••••-••••-••••-XXXX`.
    pub key_hint: String,
    pub status: KeyStatus,
    #[serde(flatten)]
    pub settings: LicenseKeySettings,
    /// The name of the agent that the key is bound to; null when it is bound to none.
    pub agent_name: Option<String>,
    /// The name of the data source that the key is bound to; null when it is bound to none.
    pub data_source_name: Option<String>,
    /// `websites`, comma-joined; empty unless the key is restricted to websites.
    pub allowed_domains: String,
    /// Queries counted in this month.
    pub monthly_usage: i64,
    pub activation_usage: i64,
    pub order_id: Option<String>,
    pub created_at: String,
    pub updated_at: String,
    /// Accurate to a minute.
    pub last_used_at: Option<String>,
    /// `websites_empty`, `ip_addresses_empty`, `path_ignored`, `in_grace`.
    pub warnings: Vec<String>,
}

/// Body of a call that replaces a secret: how long the old one still works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
// A misspelt overlap would end the old secret at once.
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rotation {
    /// 0..=2592000 (30 days).
    pub overlap_seconds: i64,
}

impl Rotation {
    /// Adds to `errors` when the overlap is not one.
    pub fn check(self, errors: &mut FieldErrors) {
        if !(0..=limits::OVERLAP_SECONDS).contains(&self.overlap_seconds) {
            errors.add("overlap_seconds", "must be a whole number from 0 to 2592000");
        }
    }
}

/// A key that can be shown again.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevealedKey {
    pub key: String,
}

/// The secret with which a site signs its users' ids.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IdentitySecret {
    /// `nis_…`. Server-side only.
    pub secret: String,
    /// Until when the one before is accepted too.
    pub previous_valid_until: Option<String>,
}

/// A token for the dashboard's preview of the widget.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreviewSession {
    pub token: String,
    pub expires_at: String,
}

debug_without_secrets!(LicenseKey, RevealedKey, IdentitySecret, PreviewSession);

/// A website or a device that uses a license key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Activation {
    pub instance_id: String,
    pub instance_name: String,
    /// The website's host; null for a device.
    pub host: Option<String>,
    pub status: ActivationStatus,
    pub created_at: String,
    /// Accurate to a minute.
    pub last_seen_at: String,
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Map<String, Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ActivationStatus {
    Active,
    /// A website that waits for an admin's approval; takes no place.
    Pending,
}

/// Body of `POST /api/check/website`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebsiteCheck {
    pub pattern: String,
    /// An address to try the pattern on.
    pub url: Option<String>,
}

/// What a website pattern means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebsiteMeaning {
    pub normalized: String,
    /// What it matches, in words.
    pub explanation: String,
    /// Whether it matches `url`; null when none was given.
    pub matches: Option<bool>,
    pub warnings: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_named_once() {
        let json = serde_json::to_value(LicenseKeySettings::default()).unwrap();
        let mut names: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
        let mut fields = LicenseKeySettings::FIELDS.to_vec();
        names.sort_unstable();
        fields.sort_unstable();
        assert_eq!(names, fields);
    }

    #[test]
    fn a_usable_key_needs_a_name_alone() {
        let errors = |settings: &LicenseKeySettings| {
            let mut errors = FieldErrors::default();
            settings.check(&mut errors);
            errors.0.into_keys().collect::<Vec<_>>()
        };
        let mut settings = LicenseKeySettings { name: "Shop".into(), ..Default::default() };
        assert!(errors(&settings).is_empty());
        settings.name = " ".into();
        settings.activation_limit = Some(101);
        assert_eq!(errors(&settings), ["activation_limit", "name"]);
    }
}
