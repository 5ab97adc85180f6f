//! Conversations as admins see them, at `/api/conversations`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::conversation::{Rating, Role};
use crate::event::{Source, ToolState};

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
    /// Null when that agent is gone.
    pub agent_name: Option<String>,
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

/// Where and with what a visitor last asked; from the usage log, as far as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VisitorDetails {
    pub ip_address: String,
    pub user_agent: String,
    /// Host of the page's origin.
    pub domain: String,
    /// Further claims of a JWT, or the answers to the form before the chat.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub attributes: Map<String, Value>,
}

/// One entry of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ThreadMessage {
    pub id: String,
    /// Grows within the conversation: what `after` of the live stream goes by.
    pub position: i64,
    pub role: Role,
    /// Markdown, as the agent wrote it.
    pub content: String,
    /// complete, stopped, failed, or superseded by a retry.
    pub status: String,
    pub created_at: String,
    pub turn_id: String,
    pub agent_id: Option<String>,
    pub sources: Vec<Source>,
    pub tools: Vec<ToolUse>,
    pub rating: Option<Rating>,
    pub comment: Option<String>,
    /// The code of the failure; on the visitor's message when there is no part of an answer.
    pub error: Option<String>,
    /// From the question to the end of the answer.
    pub response_time_ms: Option<i64>,
    pub input_tokens: Option<i64>,
    pub output_tokens: Option<i64>,
}

/// A conversation with its messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConversationThread {
    #[serde(flatten)]
    pub conversation: ConversationSummary,
    pub details: VisitorDetails,
    /// Where the visitor came from to the page.
    pub page_referrer: String,
    /// What the client sent along with the first message.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Map<String, Value>,
    /// Oldest first.
    pub messages: Vec<ThreadMessage>,
}

/// A line of `GET /api/conversations/{id}/live`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum LiveLine {
    /// A message that is stored.
    Message { message: Box<ThreadMessage> },
    /// An answer is being written, from its first token on.
    Answer { turn_id: String, message_id: String },
    /// A piece of that answer.
    Token { turn_id: String, token: String },
    /// The agent looks something up.
    Tool { turn_id: String, name: String, state: ToolState, summary: Option<String> },
    /// Nothing more of that answer; its message follows, unless there is none.
    Ended { turn_id: String },
    /// After silence.
    Ping,
    /// Last: the conversation is gone.
    Deleted,
}
