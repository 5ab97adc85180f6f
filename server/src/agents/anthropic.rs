//! Anthropic's Messages protocol.

use serde::{Deserialize, Serialize};
use shared::{FinishReason, Role};

use super::model::{Asked, Piece};

/// The version of the protocol that is spoken here.
pub(super) const VERSION: &str = "2023-06-01";

/// The protocol wants a bound; what an agent without one gets.
const OUTPUT_TOKENS: u32 = 4096;

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    system: &'a str,
    messages: Vec<Message<'a>>,
    max_tokens: u32,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

/// An event, or a whole answer: told apart by `type`. Kinds that are not known are passed over, as
/// the protocol asks for.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event {
    MessageStart {
        message: Start,
    },
    ContentBlockStart {
        content_block: Block,
    },
    ContentBlockDelta {
        delta: Block,
    },
    MessageDelta {
        delta: End,
        usage: Option<Tokens>,
    },
    MessageStop,
    Error,
    Message {
        content: Vec<Block>,
        stop_reason: Option<String>,
        usage: Option<Tokens>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Start {
    usage: Option<Tokens>,
}

#[derive(Deserialize)]
struct Block {
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct End {
    stop_reason: Option<String>,
}

#[derive(Deserialize)]
struct Tokens {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
}

/// The body of a question. A conversation begins with its visitor there.
pub(super) fn body(asked: &Asked<'_>) -> serde_json::Result<Vec<u8>> {
    let history = asked.prompt.history.iter().skip_while(|(role, _)| *role == Role::Assistant);
    let mut messages: Vec<Message<'_>> = history
        // An answer of which nothing came cannot be told there.
        .filter(|(_, content)| !content.trim().is_empty())
        .map(|(role, content)| Message {
            role: match role {
                Role::User => "user",
                Role::Assistant => "assistant",
            },
            content,
        })
        .collect();
    messages.push(Message { role: "user", content: &asked.prompt.question });
    serde_json::to_vec(&Body {
        model: asked.model,
        system: asked.system,
        messages,
        max_tokens: asked.max_output_tokens.unwrap_or(OUTPUT_TOKENS),
        stream: true,
        temperature: asked.temperature,
    })
}

fn finish(reason: Option<String>) -> Option<FinishReason> {
    Some(match reason?.as_str() {
        "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
        _ => FinishReason::Stop,
    })
}

/// What an event says, or a whole answer.
pub(super) fn read(json: &str) -> serde_json::Result<Piece> {
    let mut piece = Piece::default();
    match serde_json::from_str(json)? {
        Event::MessageStart { message } => {
            piece.input_tokens = message.usage.and_then(|usage| usage.input_tokens);
        }
        Event::ContentBlockStart { content_block: block }
        | Event::ContentBlockDelta { delta: block } => piece.text = block.text,
        Event::MessageDelta { delta, usage } => {
            piece.finish = finish(delta.stop_reason);
            if let Some(usage) = usage {
                piece.input_tokens = usage.input_tokens;
                piece.output_tokens = usage.output_tokens;
            }
        }
        Event::MessageStop => piece.ended = true,
        Event::Error => piece.failed = true,
        Event::Message { content, stop_reason, usage } => {
            piece.text = content.into_iter().map(|block| block.text).collect();
            piece.finish = finish(stop_reason);
            if let Some(usage) = usage {
                piece.input_tokens = usage.input_tokens;
                piece.output_tokens = usage.output_tokens;
            }
        }
        Event::Other => {}
    }
    Ok(piece)
}
