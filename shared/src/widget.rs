//! What the widget asks before the first message: its look, then a session.

use serde::{Deserialize, Serialize};

use crate::chat::{Identity, Page};
use crate::conversation::Conversation;
use crate::error::ErrorCode;
use crate::look::Look;

/// Body of `POST /v1/widget/config`. Exactly one of `licenseKey` and `chatbotId`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConfigRequest {
    /// A license key, or the static `WIDGET_API_KEY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chatbot_id: Option<String>,
    /// The language that the page sets for the chat (BCP 47, at most 35 characters). It goes before
    /// the key's `ui.locale`.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "tag")]
    pub locale: Option<String>,
    /// The language of the page, else of the browser: for a chat that nobody has set one for.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "tag")]
    pub fallback_locale: Option<String>,
}

/// A language as a page wrote it: what can be none is as none, so that a slip of the page's costs
/// its language and not the chat.
fn tag<'de, D: serde::Deserializer<'de>>(reader: D) -> Result<Option<String>, D::Error> {
    let given = serde_json::Value::deserialize(reader)?;
    let tag = given.as_str().filter(|tag| tag.chars().count() <= crate::limits::LOCALE_CHARS);
    Ok(tag.map(str::to_owned))
}

/// Success of `POST /v1/widget/config`; nothing is stored by asking.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConfigAnswer {
    pub chatbot: Chatbot,
    pub agent: AgentName,
    pub ui: Look,
    /// The language that the widget will speak: of those asked for the first that there is, else
    /// English.
    pub locale: String,
    /// The file under `/widget/` with everything that the widget says in it.
    pub text: String,
    pub words: LoaderWords,
}

/// What is said before the rest of the widget is there; named as in the catalogue.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LoaderWords {
    /// The name of the button.
    pub open: String,
    /// The server does not answer.
    pub unreachable: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Chatbot {
    /// `cb_…`; `static` for the static key.
    pub id: String,
    pub name: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgentName {
    pub name: String,
}

/// Body of `POST /v1/widget/session`, sent when the visitor first opens the chat.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionRequest {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chatbot_id: Option<String>,
    /// As an earlier answer gave it; anything else gets a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visitor_id: Option<String>,
    /// Closes the open conversation: the next message begins a new one.
    pub new: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead: Option<Lead>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<Page>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

/// What a visitor says about themselves before the first message: claims, nothing is proved.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Lead {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The answers to the site owner's own questions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<serde_json::Map<String, serde_json::Value>>,
}

impl Lead {
    /// Adds to `errors` what is wrong with the fields.
    pub fn check(&self, errors: &mut crate::FieldErrors) {
        use crate::license_key::{check_json, check_text};
        check_text(errors, "lead.name", self.name.as_deref().unwrap_or(""), 0, 200);
        if let Some(email) = self.email.as_deref().filter(|email| !email.is_empty()) {
            crate::admin::check_email(errors, "lead.email", email);
        }
        if let Some(fields) = &self.fields {
            check_json(errors, "lead.fields", fields);
        }
    }
}

/// Success of `POST /v1/widget/session`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionAnswer {
    /// Bound to the key, the visitor and the page's origin.
    pub token: String,
    /// RFC 3339, UTC.
    pub expires_at: String,
    pub visitor_id: String,
    /// Whether the visitor's identity was proved.
    pub verified: bool,
    pub conversation: Option<Conversation>,
}

/// What the widget has a use for of an [`crate::ErrorBody`]: it sends only what it has checked, and
/// edits nothing that others edit.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub code: ErrorCode,
    /// For a developer.
    pub error: String,
    /// For a person, when the admin or the server has something to say.
    pub message: Option<String>,
    /// Seconds.
    pub retry_after: Option<u64>,
}

debug_without_secrets!(ConfigRequest, SessionRequest, Lead, SessionAnswer);
