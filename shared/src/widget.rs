//! What the widget asks before the first message: its look, then a session.

use serde::{Deserialize, Serialize};

use crate::chat::{Identity, Page};
use crate::conversation::Conversation;
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

/// Success of `POST /v1/widget/config`; nothing is stored by asking.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConfigAnswer {
    pub chatbot: Chatbot,
    pub agent: AgentName,
    pub ui: Look,
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
    pub page: Option<Page>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
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

macro_rules! debug_without_secrets {
    ($($name:ident),*) => {$(
        impl std::fmt::Debug for $name {
            /// Keys, tokens and visitor ids are secrets: none is shown.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}
debug_without_secrets!(ConfigRequest, SessionRequest, SessionAnswer);
