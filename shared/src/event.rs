//! The NDJSON stream: one [`Event`] a line, ended by `\n`.

use serde::{Deserialize, Serialize};

use crate::error::ErrorCode;

/// A line of the stream: what happened, and its number within the turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// From 1, growing by one; absent on `ping`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    #[serde(flatten)]
    pub event: StreamEvent,
}

/// What happened. A client that knows only `start`, `token`, `done` and `error` ignores the rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum StreamEvent {
    /// First: the visitor's message is stored and the upstream has accepted.
    Start {
        conversation_id: String,
        turn_id: String,
        /// The answer's id.
        message_id: String,
        user_message_id: String,
    },
    /// A piece of the answer, in order, not trimmed, never empty.
    Token { token: String },
    /// What the answer was drawn from.
    Sources { sources: Vec<Source> },
    /// An agent's data query.
    Tool {
        name: String,
        state: ToolState,
        #[serde(skip_serializing_if = "Option::is_none")]
        summary: Option<String>,
    },
    /// Every 15 seconds of silence; carries no `seq`.
    Ping,
    /// Last on success, after the answer is durably stored.
    Done {
        /// The whole text; the client replaces what it shows by it.
        message: String,
        conversation_id: String,
        message_id: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        usage: Option<Usage>,
        finish_reason: FinishReason,
    },
    /// Last on failure after `start`.
    Error { error: String, code: ErrorCode, retryable: bool },
}

impl StreamEvent {
    /// Whether nothing follows this event.
    #[must_use]
    pub fn is_last(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Error { .. })
    }
}

/// A place the answer was drawn from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Source {
    pub title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    pub snippet: String,
    pub data_source_id: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ToolState {
    Running,
    Done,
}

/// Tokens that the model server counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Usage {
    pub input_tokens: u64,
    pub output_tokens: u64,
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum FinishReason {
    /// The model came to its end.
    Stop,
    /// The model's or the server's limit on the answer's length.
    Length,
    /// The visitor stopped it, or left for longer than the grace time.
    Stopped,
}

impl FinishReason {
    /// As it stands in JSON and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::Stopped => "stopped",
        }
    }

    /// Reads what [`Self::as_str`] wrote; anything else is `Stop`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "length" => Self::Length,
            "stopped" => Self::Stopped,
            _ => Self::Stop,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_keeps_the_public_contract_of_four_types() {
        let line = |event| serde_json::to_string(&Event { seq: Some(1), event }).unwrap();
        insta::assert_snapshot!(line(StreamEvent::Start {
            conversation_id: "c".into(), turn_id: "t".into(),
            message_id: "m".into(), user_message_id: "u".into(),
        }), @r#"{"seq":1,"type":"start","conversationId":"c","turnId":"t","messageId":"m","userMessageId":"u"}"#);
        insta::assert_snapshot!(line(StreamEvent::Token { token: " a\n".into() }), @r#"{"seq":1,"type":"token","token":" a\n"}"#);
        insta::assert_snapshot!(line(StreamEvent::Done {
            message: "x".into(), conversation_id: "c".into(), message_id: "m".into(),
            usage: Some(Usage { input_tokens: 1, output_tokens: 2 }), finish_reason: FinishReason::Stop,
        }), @r#"{"seq":1,"type":"done","message":"x","conversationId":"c","messageId":"m","usage":{"inputTokens":1,"outputTokens":2},"finishReason":"stop"}"#);
        insta::assert_snapshot!(line(StreamEvent::Error {
            error: "e".into(), code: ErrorCode::UpstreamFailed, retryable: true,
        }), @r#"{"seq":1,"type":"error","error":"e","code":"upstream_failed","retryable":true}"#);
        insta::assert_snapshot!(serde_json::to_string(&Event { seq: None, event: StreamEvent::Ping }).unwrap(), @r#"{"type":"ping"}"#);
    }
}
