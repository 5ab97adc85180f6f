//! The admin API but for license keys: lists, people, API keys, the audit log, the usage log,
//! analytics, alerts, settings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::FieldErrors;
use crate::license_key::check_text;
use crate::limits;

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    pub items: Vec<T>,
    /// How many there are in all, whatever the page.
    pub total: i64,
    /// For the next page; null on the last.
    pub next_cursor: Option<String>,
}

/// What somebody who signs in may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum UserRole {
    /// Everything.
    Admin,
    /// Reads.
    Viewer,
}

impl UserRole {
    /// As it stands in JSON and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Viewer => "viewer",
        }
    }
}

/// Somebody who signs in to the dashboard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    pub id: String,
    /// Grows with each change; send it back to be told of somebody else's change.
    pub version: i64,
    pub email: String,
    pub name: String,
    pub role: UserRole,
    pub created_at: String,
    pub last_signed_in_at: Option<String>,
}

/// Success of signing in, and of asking who is signed in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedIn {
    pub user: User,
}

/// Whether the first admin is still to be made.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetupState {
    pub needed: bool,
}

/// Body of `POST /api/auth/setup`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Setup {
    /// From the link that the server printed.
    pub token: String,
    pub email: String,
    pub name: String,
    /// 12..=200 characters.
    pub password: String,
}

/// Body of `POST /api/auth/sign-in`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignIn {
    pub email: String,
    pub password: String,
}

/// Body of `POST /api/auth/password`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasswordChange {
    /// The one that counts until now.
    pub current: String,
    /// 12..=200 characters.
    pub password: String,
}

/// Body of `POST /api/users`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewUser {
    pub email: String,
    pub name: String,
    /// `admin` when it is left out.
    pub role: Option<UserRole>,
    /// 12..=200 characters.
    pub password: String,
}

/// Body of `PATCH /api/users/{id}`: what is left out stays.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserChange {
    /// Of the user who was seen.
    pub version: Option<i64>,
    pub email: Option<String>,
    pub name: Option<String>,
    pub role: Option<UserRole>,
    pub password: Option<String>,
}

debug_without_secrets!(
    Setup,
    SignIn,
    PasswordChange,
    NewUser,
    UserChange,
    IssuedApiKey,
    WebhookWithSecret
);

/// Adds to `errors` when this is no address for mail.
pub fn check_email(errors: &mut FieldErrors, field: &str, email: &str) {
    let parts: Vec<&str> = email.split('@').collect();
    let fine = matches!(parts[..], [name, domain] if !name.is_empty()
        && domain.len() > 2
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.'));
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>,;\"()".contains(c);
    if !(fine || matches!(parts[..], [name, "localhost"] if !name.is_empty()))
        || email.len() > limits::EMAIL_BYTES
        || email.contains(odd)
    {
        errors.add(field, "must be an e-mail address");
    }
}

/// Adds to `errors` when a password is too short or too long.
pub fn check_password(errors: &mut FieldErrors, password: &str) {
    check_text(errors, "password", password, 12, 200);
}

impl Setup {
    /// Adds to `errors` what is wrong with the fields.
    pub fn check(&self, errors: &mut FieldErrors) {
        check_email(errors, "email", &self.email);
        check_text(errors, "name", &self.name, 0, limits::KEY_NAME_CHARS);
        check_password(errors, &self.password);
    }
}

impl PasswordChange {
    /// Adds to `errors` what is wrong with the fields.
    pub fn check(&self, errors: &mut FieldErrors) {
        if self.current.is_empty() {
            errors.add("current", "is missing");
        }
        check_password(errors, &self.password);
    }
}

impl NewUser {
    /// Adds to `errors` what is wrong with the fields.
    pub fn check(&self, errors: &mut FieldErrors) {
        check_email(errors, "email", &self.email);
        check_text(errors, "name", &self.name, 0, limits::KEY_NAME_CHARS);
        check_password(errors, &self.password);
    }
}

impl UserChange {
    /// Adds to `errors` what is wrong with the fields.
    pub fn check(&self, errors: &mut FieldErrors) {
        if let Some(email) = &self.email {
            check_email(errors, "email", email);
        }
        if let Some(name) = &self.name {
            check_text(errors, "name", name, 0, limits::KEY_NAME_CHARS);
        }
        if let Some(password) = &self.password {
            check_password(errors, password);
        }
    }
}

/// What an API key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Scope {
    /// Everything.
    Admin,
    /// Reads everything.
    Read,
    /// Orders, the license keys of orders, and activations.
    Licenses,
}

/// A secret for the admin API, as it is listed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiKey {
    pub id: String,
    pub label: String,
    pub scopes: Vec<Scope>,
    /// `nt_live_` and the first four characters.
    pub prefix: String,
    pub last_four: String,
    pub created_at: String,
    /// Accurate to a minute.
    pub last_used_at: Option<String>,
    pub expires_at: Option<String>,
}

/// An API key that was just made: the only time that it is shown.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IssuedApiKey {
    #[serde(flatten)]
    pub api_key: ApiKey,
    pub key: String,
}

/// Body of `POST /api/api-keys`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewApiKey {
    /// 1..=120 characters.
    pub label: String,
    pub scopes: Vec<Scope>,
    /// RFC 3339; null = never.
    pub expires_at: Option<String>,
}

impl NewApiKey {
    /// Adds to `errors` what is wrong, but for the time.
    pub fn check(&self, errors: &mut FieldErrors) {
        check_text(errors, "label", &self.label, 1, limits::KEY_NAME_CHARS);
        if self.scopes.is_empty() {
            errors.add("scopes", "must name at least one of admin, read, licenses");
        }
    }
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActorInfo {
    /// user, api_key, static_key, cli, setup, system.
    pub kind: String,
    pub id: Option<String>,
    pub name: String,
}

/// A line of the audit log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    pub id: String,
    pub created_at: String,
    pub actor: ActorInfo,
    /// Such as `license_key.updated`.
    pub action: String,
    pub subject_kind: String,
    pub subject_id: String,
    /// Field to `[old, new]`; never a secret.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub changes: BTreeMap<String, Value>,
    pub ip_address: String,
}

/// One query in the usage log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UsageEntry {
    pub id: String,
    pub created_at: String,
    /// Null for the static key.
    pub license_key_id: Option<String>,
    pub conversation_id: Option<String>,
    /// Empty for refusals, and where questions are not kept.
    pub question: String,
    /// ok, failed, stopped, refused.
    pub status: String,
    pub code: Option<String>,
    /// How many requests the row stands for: more than 1 only for refusals past 60 a minute.
    pub count: i64,
    pub response_time_ms: Option<i64>,
    pub first_token_ms: Option<i64>,
    pub ip_address: String,
    pub referrer: String,
    /// Host of the origin.
    pub domain: String,
    pub user_agent: String,
    pub agent_id: Option<String>,
    /// Null when that agent is gone.
    pub agent_name: Option<String>,
    pub data_source_id: Option<String>,
    /// Null when that data source is gone.
    pub data_source_name: Option<String>,
    pub input_tokens: Option<i64>,
    pub output_tokens: Option<i64>,
    /// Of a verified visitor.
    pub user_id: Option<String>,
}

/// Queries by how they ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Totals {
    /// ok + failed + stopped.
    pub queries: i64,
    pub ok: i64,
    pub failed: i64,
    pub stopped: i64,
    pub refused: i64,
    /// (ok + stopped) / queries; null without queries.
    pub success_rate: Option<f64>,
}

/// This month's count against the limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MonthCount {
    pub used: i64,
    /// Null = unlimited, and over all keys.
    pub limit: Option<i64>,
}

/// One period of a series.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Period {
    /// RFC 3339: the period's begin.
    pub start: String,
    pub ok: i64,
    pub failed: i64,
    pub stopped: i64,
    pub refused: i64,
    /// Only with `response_times=true`; left out of a period without queries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_time_ms: Option<Percentiles>,
}

/// Milliseconds, at most 3 % off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Percentiles {
    pub p50: i64,
    pub p95: i64,
    pub p99: i64,
}

/// How often something was counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NamedCount {
    pub name: String,
    pub count: i64,
}

/// Refusals for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CodeCount {
    pub code: String,
    pub count: i64,
}

/// Ratings given in the range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedbackCount {
    pub up: i64,
    pub down: i64,
}

/// What the usage log comes to in a range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Analytics {
    /// Rounded down to the interval.
    pub from: String,
    /// Rounded up to the interval; excluded.
    pub to: String,
    /// hour, day, month.
    pub interval: String,
    pub totals: Totals,
    pub month: MonthCount,
    /// Every period of the range, also the empty ones.
    pub series: Vec<Period>,
    pub response_time_ms: Option<Percentiles>,
    pub first_token_ms: Option<Percentiles>,
    /// The most frequent 20.
    pub domains: Vec<NamedCount>,
    /// The most frequent 20.
    pub pages: Vec<NamedCount>,
    pub refusals: Vec<CodeCount>,
    pub feedback: FeedbackCount,
    /// Requests with a key that nobody knows, since this server's start; over all keys only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown_keys: Option<u64>,
}

/// A line of the dashboard's bell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Notification {
    pub id: String,
    /// Such as `usage.limit_reached`.
    #[serde(rename = "type")]
    pub kind: String,
    pub created_at: String,
    pub read_at: Option<String>,
    pub license_key_id: Option<String>,
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub data: Value,
}

/// Body of `POST /api/notifications/read`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MarkRead {
    pub ids: Vec<String>,
    pub all: bool,
}

/// A place that is told of events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Webhook {
    pub id: String,
    /// Grows with each change; send it back to be told of somebody else's change.
    pub version: i64,
    pub url: String,
    pub description: String,
    pub events: Vec<String>,
    pub is_active: bool,
    pub created_at: String,
    pub updated_at: String,
}

/// A webhook that was just made, or whose secret was asked for.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookWithSecret {
    #[serde(flatten)]
    pub webhook: Webhook,
    /// `whsec_…`: what signatures are made with.
    pub secret: String,
}

/// Body of `POST /api/webhooks`, and of `PATCH`, where what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookChange {
    /// Of the webhook that was seen; not for a new one.
    pub version: Option<i64>,
    /// http or https, without a user name; private addresses are refused.
    pub url: Option<String>,
    pub description: Option<String>,
    /// At least one.
    pub events: Option<Vec<String>>,
    pub is_active: Option<bool>,
}

/// One event on its way to one webhook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Delivery {
    pub id: String,
    pub event_id: String,
    pub event_type: String,
    /// pending, delivered, failed.
    pub status: String,
    pub attempts: i64,
    /// Null once it is delivered or given up.
    pub next_attempt_at: Option<String>,
    /// HTTP status of the last attempt.
    pub last_status: Option<i64>,
    pub last_error: Option<String>,
    pub created_at: String,
    pub delivered_at: Option<String>,
}

/// Success of `POST /api/settings/mail-test`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MailTest {
    /// Whether the mail server has taken the letter.
    pub ok: bool,
    /// To whom it went, or why it did not.
    pub message: String,
}

/// What this installation is: success of `GET /api/about`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct About {
    pub version: String,
    /// SQLite, PostgreSQL.
    pub database: String,
    /// Empty when `NATTER_PUBLIC_URL` is not set.
    pub public_url: String,
    /// Whether alerts are sent by e-mail.
    pub mail: bool,
    /// Whether `/metrics` is served.
    pub metrics: bool,
}

/// Settings of the whole installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InstallationSettings {
    /// Grows with each change; send it back to be told of somebody else's change.
    pub version: i64,
    /// Days for which the usage log is kept, 1..=36500.
    pub retention_days: u32,
    /// Days for which conversations are kept, 1..=36500; null = for ever.
    pub conversation_retention_days: Option<u32>,
    /// Whether addresses are kept as /24 and /48 only.
    pub anonymize_ip: bool,
    /// Whether the usage log keeps questions.
    pub store_questions: bool,
    /// Names of those that the environment decides.
    #[serde(default)]
    pub from_environment: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_for_mail_are_told_from_other_texts() {
        let fine = |email: &str| {
            let mut errors = FieldErrors::default();
            check_email(&mut errors, "email", email);
            errors.0.is_empty()
        };
        for good in ["a@b.example", "first.last+tag@sub.example.com", "root@localhost"] {
            assert!(fine(good), "{good}");
        }
        for bad in ["", "a", "a@", "@b.c", "a@b", "a b@c.de", "a@b@c.de", "a@c.de\n", "<a@c.de>"] {
            assert!(!fine(bad), "{bad:?}");
        }
    }
}
