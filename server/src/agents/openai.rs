//! The chat-completions protocol, as OpenAI and most model servers speak it.

use serde::{Deserialize, Serialize};
use shared::{FinishReason, Role};

use super::model::{Asked, Piece, count};

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    stream: bool,
    stream_options: StreamOptions,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<ChunkUsage>,
    error: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Choice {
    /// A stream has `delta`, a whole answer `message`.
    #[serde(alias = "message")]
    delta: Option<ChunkDelta>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct ChunkDelta {
    content: Option<String>,
}

#[derive(Deserialize)]
struct ChunkUsage {
    #[serde(default, deserialize_with = "count")]
    prompt_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    completion_tokens: Option<u64>,
}

/// The body of a question.
pub(super) fn body(asked: &Asked<'_>) -> serde_json::Result<Vec<u8>> {
    let mut messages = vec![Message { role: "system", content: asked.system }];
    messages.extend(asked.prompt.history.iter().map(|(role, content)| Message {
        role: match role {
            Role::User => "user",
            Role::Assistant => "assistant",
        },
        content,
    }));
    messages.push(Message { role: "user", content: &asked.prompt.question });
    serde_json::to_vec(&Body {
        model: asked.model,
        messages,
        stream: true,
        stream_options: StreamOptions { include_usage: true },
        temperature: asked.temperature,
        max_tokens: asked.max_output_tokens,
    })
}

/// What an event says, or a whole answer.
pub(super) fn read(json: &str) -> serde_json::Result<Piece> {
    let chunk: Chunk = serde_json::from_str(json)?;
    let mut piece = Piece {
        failed: chunk.error.is_some(),
        silent: chunk.choices.is_empty() && chunk.usage.is_none(),
        ..Piece::default()
    };
    for choice in chunk.choices {
        if let Some(text) = choice.delta.and_then(|delta| delta.content) {
            piece.text.push_str(&text);
        }
        if let Some(reason) = choice.finish_reason {
            piece.finish = Some(match reason.as_str() {
                "length" => FinishReason::Length,
                _ => FinishReason::Stop,
            });
        }
    }
    if let Some(usage) = chunk.usage {
        piece.input_tokens = usage.prompt_tokens;
        piece.output_tokens = usage.completion_tokens;
    }
    Ok(piece)
}
