//! Anthropic's Messages protocol.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use shared::{FinishReason, Role};

use super::model::{Asked, Piece, count};

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
    content: Cow<'a, str>,
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

/// A part of an answer, or what is added to one. A model's thoughts, and what it would have tools
/// do, are not said to anybody.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    #[serde(alias = "text_delta")]
    Text { text: String },
    #[serde(other)]
    Other,
}

impl Block {
    fn into_text(self) -> String {
        match self {
            Self::Text { text } => text,
            Self::Other => String::new(),
        }
    }
}

#[derive(Deserialize)]
struct End {
    stop_reason: Option<String>,
}

#[derive(Deserialize)]
struct Tokens {
    /// Without those that went through the cache.
    #[serde(default, deserialize_with = "count")]
    input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    cache_creation_input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    cache_read_input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    output_tokens: Option<u64>,
}

impl Tokens {
    /// All that the model was told.
    fn input(&self) -> Option<u64> {
        let cached = [self.cache_creation_input_tokens, self.cache_read_input_tokens];
        self.input_tokens.map(|fresh| fresh + cached.into_iter().flatten().sum::<u64>())
    }
}

/// The body of a question. A conversation begins with its visitor there, and both sides take turns.
pub(super) fn body(asked: &Asked<'_>) -> serde_json::Result<Vec<u8>> {
    let history = asked.prompt.history.iter().map(|(role, content)| (*role, content.as_str()));
    let mut messages: Vec<Message<'_>> = Vec::new();
    for (role, content) in history.chain([(Role::User, asked.prompt.question.as_str())]) {
        let role = match role {
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        match messages.last_mut() {
            // An answer of which nothing came cannot be told there.
            _ if content.trim().is_empty() => {}
            None if role == "assistant" => {}
            Some(last) if last.role == role => {
                let said = last.content.to_mut();
                said.push_str("\n\n");
                said.push_str(content);
            }
            _ => messages.push(Message { role, content: Cow::Borrowed(content) }),
        }
    }
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
            piece.input_tokens = message.usage.and_then(|usage| usage.input());
        }
        Event::ContentBlockStart { content_block: block }
        | Event::ContentBlockDelta { delta: block } => piece.text = block.into_text(),
        Event::MessageDelta { delta, usage } => {
            piece.finish = finish(delta.stop_reason);
            if let Some(usage) = usage {
                piece.input_tokens = usage.input();
                piece.output_tokens = usage.output_tokens;
            }
        }
        Event::MessageStop => piece.ended = true,
        Event::Error => piece.failed = true,
        Event::Message { content, stop_reason, usage } => {
            piece.text = content.into_iter().map(Block::into_text).collect();
            piece.finish = finish(stop_reason);
            if let Some(usage) = usage {
                piece.input_tokens = usage.input();
                piece.output_tokens = usage.output_tokens;
            }
        }
        Event::Other => piece.silent = true,
    }
    Ok(piece)
}
