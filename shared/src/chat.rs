//! Requests and answers of the three chat routes, resume and stop.

use serde::{Deserialize, Serialize};

use crate::error::FieldErrors;
use crate::event::{Source, Usage};
use crate::limits;

/// Body of `POST /v1/chat`, `/v1/chat/stream` and `/chat`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChatRequest {
    /// The widget's session token. Taken instead of a key and a `sessionId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Names the visitor's session; required with a key: `^[A-Za-z0-9._:-]{1,128}$`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// 1..4000 UTF-16 units, not only white space.
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_source_id: Option<String>,
    /// Makes sending idempotent within the session: the same id joins or replays its turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_message_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// An activation of the license key, for keys with an activation limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<Page>,
    /// At most 4 KiB of JSON, stored with the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Proof of who the visitor is: a user id signed by the site's backend, or a JWT.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Identity {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt: Option<String>,
}

impl std::fmt::Debug for Identity {
    /// Leaves out the proofs, which are secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

/// The page that embeds the widget, as the page itself tells it: never trusted for a decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page {
    pub url: String,
    pub title: String,
    pub referrer: String,
}

/// Success of `POST /v1/chat`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChatAnswer {
    pub conversation_id: String,
    pub turn_id: String,
    /// The whole answer.
    pub message: String,
    /// The answer's id.
    pub message_id: String,
    pub user_message_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<Source>>,
}

/// Body of `POST /v1/chat/resume`: the events of a turn after `after`, then what follows live.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResumeRequest {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    pub turn_id: String,
    /// The last `seq` the client has; 0 for all.
    pub after: u64,
}

/// Body of `POST /v1/chat/stop`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StopRequest {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    pub turn_id: String,
}

/// Success of `POST /v1/chat/stop`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StopAnswer {
    pub turn_id: String,
    /// False when the turn had already ended.
    pub stopped: bool,
}

/// What is wrong with a session id, if anything.
///
/// # Errors
/// One English sentence for the field `sessionId`.
pub fn check_session_id(id: &str) -> Result<(), &'static str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '-');
    if id.is_empty() || id.len() > limits::SESSION_ID_CHARS || !id.chars().all(allowed) {
        return Err("must be 1 to 128 characters of A-Z a-z 0-9 . _ : -");
    }
    Ok(())
}

/// What is wrong with a visitor's message, if anything.
///
/// # Errors
/// One English sentence for the field `message`.
pub fn check_message(message: &str) -> Result<(), &'static str> {
    if message.trim().is_empty() {
        return Err("must not be empty");
    }
    if limits::utf16_len(message) > limits::MESSAGE_UNITS {
        return Err("must be at most 4000 characters");
    }
    if message.contains('\0') {
        return Err("must not contain the character U+0000");
    }
    Ok(())
}

impl ChatRequest {
    /// Adds to `errors` what is wrong with the fields, but for the session id; see
    /// [`check_session_id`].
    pub fn check(&self, errors: &mut FieldErrors) {
        if let Err(why) = check_message(&self.message) {
            errors.add("message", why);
        }
        if let Some(id) = &self.client_message_id {
            if id.is_empty() || id.len() > limits::CLIENT_MESSAGE_ID_BYTES {
                errors.add("clientMessageId", "must be 1 to 128 bytes long");
            }
            errors.refuse_nul("clientMessageId", id);
        }
        if let Some(page) = &self.page {
            page.check(errors);
        }
        if let Some(metadata) = &self.metadata {
            crate::license_key::check_json(errors, "metadata", metadata);
        }
        if let Some(identity) = &self.identity {
            identity.check(errors);
        }
        for (field, value) in [
            ("agentId", &self.agent_id),
            ("dataSourceId", &self.data_source_id),
            ("instanceId", &self.instance_id),
        ] {
            if let Some(value) = value
                && (value.is_empty() || value.len() > 64 || value.contains('\0'))
            {
                errors.add(field, "must be 1 to 64 bytes long, without the character U+0000");
            }
        }
    }
}

#[must_use]
pub fn has_nul(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::String(text) => text.contains('\0'),
        serde_json::Value::Array(list) => list.iter().any(has_nul),
        serde_json::Value::Object(map) => {
            map.iter().any(|(name, value)| name.contains('\0') || has_nul(value))
        }
        _ => false,
    }
}

/// Adds to `errors` when `id` cannot be one that the server made.
fn check_id(field: &str, id: &str, errors: &mut FieldErrors) {
    if id.is_empty() || id.len() > 64 || id.contains('\0') {
        errors.add(field, "must be the id that the server gave");
    }
}

impl ResumeRequest {
    /// Adds to `errors` what is wrong with the fields, but for the session id.
    pub fn check(&self, errors: &mut FieldErrors) {
        check_id("turnId", &self.turn_id, errors);
    }
}

impl StopRequest {
    /// Adds to `errors` what is wrong with the fields, but for the session id.
    pub fn check(&self, errors: &mut FieldErrors) {
        check_id("turnId", &self.turn_id, errors);
    }
}

impl crate::conversation::Feedback {
    /// Adds to `errors` what is wrong with the fields, but for the session id.
    pub fn check(&self, errors: &mut FieldErrors) {
        check_id("messageId", &self.message_id, errors);
        if let Some(comment) = &self.comment {
            if limits::utf16_len(comment) > limits::FEEDBACK_COMMENT_UNITS {
                errors.add("comment", "must be at most 2000 characters");
            }
            errors.refuse_nul("comment", comment);
        }
    }
}

impl crate::conversation::CurrentRequest {
    /// Nothing but the session id, which is checked with the key.
    pub fn check(&self, _errors: &mut FieldErrors) {}
}

impl Identity {
    /// Adds to `errors` what cannot be meant, whether it is proved or not.
    pub fn check(&self, errors: &mut FieldErrors) {
        for (field, value, most) in [
            ("identity.userId", &self.user_id, limits::USER_ID_BYTES),
            ("identity.userHash", &self.user_hash, limits::USER_ID_BYTES),
            ("identity.name", &self.name, limits::USER_ID_BYTES),
            ("identity.email", &self.email, limits::EMAIL_BYTES),
            ("identity.jwt", &self.jwt, limits::JWT_BYTES),
        ] {
            if let Some(value) = value {
                if value.len() > most {
                    errors.add(field, &format!("must be at most {most} bytes long"));
                }
                errors.refuse_nul(field, value);
            }
        }
    }
}

impl Page {
    /// Adds to `errors` what is wrong with the page's fields.
    pub fn check(&self, errors: &mut FieldErrors) {
        for (field, value) in [
            ("page.url", &self.url),
            ("page.title", &self.title),
            ("page.referrer", &self.referrer),
        ] {
            if value.len() > limits::PAGE_FIELD_BYTES {
                errors.add(field, "must be at most 2048 bytes long");
            }
            errors.refuse_nul(field, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(message: String) -> ChatRequest {
        ChatRequest { message, session_id: Some("s".into()), ..ChatRequest::default() }
    }

    fn check(request: &ChatRequest) -> Result<(), FieldErrors> {
        let mut errors = FieldErrors::default();
        request.check(&mut errors);
        errors.into_result()
    }

    #[test]
    fn message_is_limited_to_4000_utf16_units() {
        assert!(check(&request("x".repeat(4000))).is_ok());
        assert!(check(&request("x".repeat(4001))).is_err());
        assert!(check(&request("😀".repeat(2000))).is_ok());
        assert!(check(&request("😀".repeat(2001))).is_err());
    }

    #[test]
    fn only_white_space_is_refused_but_white_space_around_is_kept() {
        assert!(check(&request(" \n\t\u{a0}".into())).is_err());
        assert!(check(&request("  hello  ".into())).is_ok());
    }

    #[test]
    fn session_id_takes_128_of_its_characters_and_no_more() {
        assert!(check_session_id(&"a".repeat(128)).is_ok());
        assert!(check_session_id("A.z_0:9-").is_ok());
        for bad in ["", "a b", "ä", "a/b", &"a".repeat(129)] {
            assert!(check_session_id(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn metadata_is_limited_to_4_kib_of_json() {
        let with = |n: usize| {
            let mut request = request("hi".into());
            let mut map = serde_json::Map::new();
            map.insert("k".into(), "x".repeat(n).into());
            request.metadata = Some(map);
            check(&request)
        };
        // {"k":"…"} is eight bytes around the value.
        assert!(with(4096 - 8).is_ok());
        assert!(with(4096 - 7).is_err());
    }

    #[test]
    fn every_refusal_names_its_field() {
        let mut bad = request(String::new());
        bad.page = Some(Page { url: "x".repeat(2049), ..Page::default() });
        let errors = check(&bad).unwrap_err();
        for field in ["message", "page.url"] {
            assert!(errors.0.contains_key(field), "{field} is named");
        }
    }
}
