//! Conversations as admins see them, at `/api/conversations`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::conversation::{MessageStatus, Rating, Role};
use crate::event::Source;

/// Where a conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ConversationStatus {
    /// An answer is being written.
    Running,
    /// The next message of the visitor goes on with it, unless they were away for too long.
    Open,
    Closed,
}

/// Who a visitor is, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VisitorSummary {
    /// For `visitor_id` of the list and `DELETE /api/visitors/{id}`.
    pub id: String,
    /// Of a verified visitor.
    pub user_id: Option<String>,
    /// A claim, unless a JWT says it; may be empty.
    pub name: String,
    /// A claim, unless a JWT says it; may be empty.
    pub email: String,
}

/// A conversation, without its messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConversationSummary {
    pub id: String,
    pub created_at: String,
    /// When the last message came.
    pub updated_at: String,
    pub status: ConversationStatus,
    /// Null for the static key.
    pub license_key_id: Option<String>,
    pub license_key_name: Option<String>,
    /// Who answered last; null for conversations from before this was kept.
    pub agent_id: Option<String>,
    pub visitor: VisitorSummary,
    pub message_count: i64,
    /// At most 500 UTF-16 units.
    pub last_message: String,
    pub page_url: String,
    pub page_title: String,
    pub thumbs_up: i64,
    pub thumbs_down: i64,
    /// Whether an answer has failed.
    pub has_error: bool,
}

/// Something that an agent has looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ToolUse {
    pub name: String,
    /// What it came to, in a few words.
    pub summary: Option<String>,
}

/// A message as admins read it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ThreadMessage {
    pub id: String,
    pub role: Role,
    /// Markdown, when it is an answer.
    pub content: String,
    pub status: MessageStatus,
    pub created_at: String,
    pub sources: Vec<Source>,
    pub tools: Vec<ToolUse>,
    pub rating: Option<Rating>,
    pub comment: Option<String>,
}

/// What is known of a visitor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VisitorDetail {
    #[serde(flatten)]
    pub visitor: VisitorSummary,
    /// Further claims of a JWT, or the answers to the form before the chat.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub attributes: Map<String, Value>,
}

/// Success of `GET /api/conversations/{id}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Thread {
    pub conversation: ConversationSummary,
    pub visitor: VisitorDetail,
    /// Where the visitor came from to the page.
    pub page_referrer: String,
    /// What the page said besides.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Map<String, Value>,
    /// The answer that is being written; `GET /api/conversations/{id}/live` follows it.
    pub running_turn_id: Option<String>,
    /// Oldest first; those that a retry has replaced are left out.
    pub messages: Vec<ThreadMessage>,
}
