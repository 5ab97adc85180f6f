//! The one shape of an error, and the codes it may carry.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Complaints by the JSON name of their field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldErrors(pub BTreeMap<String, Vec<String>>);

impl FieldErrors {
    /// Adds one complaint about `field`.
    pub fn add(&mut self, field: &str, why: &str) {
        self.0.entry(field.to_owned()).or_default().push(why.to_owned());
    }

    /// Refuses U+0000, which PostgreSQL's TEXT cannot hold.
    pub fn refuse_nul(&mut self, field: &str, value: &str) {
        if value.contains('\0') {
            self.add(field, "must not contain the character U+0000");
        }
    }

    /// Adds complaints about the fields of an object that is itself the field `outer`.
    pub fn add_inner(&mut self, outer: &str, inner: Self) {
        for (field, whys) in inner.0 {
            self.0.entry(format!("{outer}.{field}")).or_default().extend(whys);
        }
    }

    /// One complaint about one field.
    #[must_use]
    pub fn one(field: &str, why: &str) -> Self {
        let mut errors = Self::default();
        errors.add(field, why);
        errors
    }

    /// `Ok` when nothing was complained about.
    ///
    /// # Errors
    /// The complaints.
    pub fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

/// Body of every answer that is not a success.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorBody {
    /// Short English text.
    pub error: String,
    /// Machine-readable; see [`ErrorCode`].
    pub code: ErrorCode,
    /// Detail for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<ErrorDetails>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    pub request_id: String,
    /// With `version_conflict`: what the change was made to, as it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub current: Option<serde_json::Value>,
}

/// What exactly was wrong with a request.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorDetails {
    pub field_errors: FieldErrors,
    /// With a file of orders: what is wrong, line by line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::order::ImportReport>))]
    pub import: Option<serde_json::Value>,
}

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:literal, $text:literal;)*) => {
        /// Why a request was refused or a stream ended in failure.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum ErrorCode {
            $($(#[$doc])* #[serde(rename = $code)] $name,)*
        }

        impl ErrorCode {
            /// Every code, in the order of their statuses.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code as it stands in JSON.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The HTTP status that goes with it.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// The `error` text that goes with it.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Reads a code as it stands in JSON.
            #[must_use]
            pub fn parse(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$name),)* _ => None }
            }
        }
    };
}

error_codes! {
    InvalidRequest = "invalid_request", 400, "Invalid request payload";
    Unauthorized = "unauthorized", 401, "Unauthorized";
    IdentityInvalid = "identity_invalid", 401, "The visitor's identity could not be verified";
    IdentityRequired = "identity_required", 401, "This chat needs a signed-in visitor";
    SessionExpired = "session_expired", 401, "The session has expired";
    KeyDeactivated = "key_deactivated", 403, "This license key has been deactivated";
    KeyInactive = "key_inactive", 403, "This license key is switched off";
    KeyExpired = "key_expired", 403, "This license key has expired";
    OriginNotAllowed = "origin_not_allowed", 403, "This website is not allowed to use this license key";
    IpNotAllowed = "ip_not_allowed", 403, "This IP address is not allowed to use this license key";
    ActivationLimitReached = "activation_limit_reached", 403, "The activation limit of this license key is reached";
    ActivationRequired = "activation_required", 403, "This website or device is not activated for this license key";
    Forbidden = "forbidden", 403, "This credential may not do that";
    AgentNotAllowed = "agent_not_allowed", 403, "This agent is not available to this license key";
    AgentInactive = "agent_inactive", 403, "This agent is switched off";
    DataSourceNotAllowed = "data_source_not_allowed", 403, "This data source is not available to this license key";
    DataSourceInactive = "data_source_inactive", 403, "This data source is switched off";
    NotFound = "not_found", 404, "Not found";
    MethodNotAllowed = "method_not_allowed", 405, "Method not allowed";
    ConversationClosed = "conversation_closed", 409, "This conversation is closed";
    TurnInProgress = "turn_in_progress", 409, "An answer is still being written in this conversation";
    VersionConflict = "version_conflict", 409, "Somebody else has changed this in the meantime";
    NotRetrievable = "not_retrievable", 409, "This secret was shown once and cannot be shown again";
    KeyHasOrder = "key_has_order", 409, "This license key belongs to an order";
    InUse = "in_use", 409, "This is in use";
    OrderStatusConflict = "order_status_conflict", 409, "The status of the order does not allow this";
    LastAdmin = "last_admin", 409, "This is the last admin";
    EmailTaken = "email_taken", 409, "Somebody with this e-mail address exists already";
    PayloadTooLarge = "payload_too_large", 413, "The request body is too large";
    UnsupportedMediaType = "unsupported_media_type", 415, "Unsupported content type";
    IdempotencyMismatch = "idempotency_mismatch", 422, "This id was already used with another text";
    RateLimitExceeded = "rate_limit_exceeded", 429, "Too many requests";
    MonthlyLimitReached = "monthly_limit_reached", 429, "The monthly limit of this license key is reached";
    ConversationMessageLimit = "conversation_message_limit", 429, "The message limit of this conversation is reached";
    Internal = "internal", 500, "Internal server error";
    UpstreamFailed = "upstream_failed", 502, "The model server failed to answer";
    AdminNotConfigured = "admin_not_configured", 503, "ADMIN_API_KEY is not configured on this deployment";
    NotReady = "not_ready", 503, "The server is not ready";
    StorageUnavailable = "storage_unavailable", 503, "The database is not available";
    UpstreamTimeout = "upstream_timeout", 504, "The model server did not answer in time";
    /// Only in a stream: the node that wrote the answer went away.
    TurnLost = "turn_lost", 500, "The answer was interrupted";
}

impl ErrorCode {
    /// Whether sending the same request again later may succeed without anybody changing anything.
    #[must_use]
    pub fn retryable(self) -> bool {
        matches!(
            self,
            Self::TurnInProgress
                | Self::RateLimitExceeded
                | Self::UpstreamFailed
                | Self::UpstreamTimeout
                | Self::NotReady
                | Self::StorageUnavailable
                | Self::TurnLost
                | Self::Internal
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_back_as_itself_and_json_agrees() {
        for &code in ErrorCode::ALL {
            assert_eq!(ErrorCode::parse(code.as_str()), Some(code));
            assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{}\"", code.as_str()));
        }
    }
}
