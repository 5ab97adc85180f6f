//! The dashboard's first page: how things stand.

use serde::{Deserialize, Serialize};

use crate::admin::{ApiKey, Percentiles, Period, Totals};
use crate::admin_conversation::ConversationSummary;

/// What the usage of all keys came to in a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Figures {
    pub totals: Totals,
    /// Null without queries.
    pub response_time_ms: Option<Percentiles>,
}

/// A license key that has used most of its monthly limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NearLimit {
    pub id: String,
    pub name: String,
    pub used: i64,
    pub limit: i64,
}

/// API keys are to be looked through: that is due every 90 days.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditReminder {
    /// How many API keys there are.
    pub keys: i64,
    /// Those that nobody has used for 90 days.
    pub unused: Vec<ApiKey>,
    /// Those that are older than a year.
    pub old: Vec<ApiKey>,
}

/// Success of `GET /api/overview`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Overview {
    /// The day so far, in UTC.
    pub today: Figures,
    /// The calendar month so far, in UTC.
    pub month: Figures,
    /// The range that is asked for.
    pub from: String,
    /// Excluded.
    pub to: String,
    /// hour, day, month.
    pub interval: String,
    pub range: Figures,
    /// Every period of the range, also the empty ones.
    pub series: Vec<Period>,
    /// License keys that can be used now.
    pub active_keys: i64,
    /// License keys in all.
    pub keys: i64,
    /// Active keys at 80 % of their monthly limit or more: the nearest 20, the nearest first.
    pub near_limit: Vec<NearLimit>,
    /// How many of them there are.
    pub near_limit_total: i64,
    /// Requests with a key that nobody knows, since this server's start.
    pub unknown_keys: u64,
    /// The latest 10, the newest first.
    pub conversations: Vec<ConversationSummary>,
    pub unread_notifications: i64,
    /// Null while it is not due.
    pub audit_reminder: Option<AuditReminder>,
}
