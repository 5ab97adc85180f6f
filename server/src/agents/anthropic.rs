//! Anthropic's Messages protocol.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use shared::{FinishReason, Role};

use serde_json::{Map, Value, json};

use super::model::{Asked, CallPart, Piece, count};
use super::tools::Round;

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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Content<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Text(Cow<'a, str>),
    /// What was looked up, and what came of it.
    Blocks(Vec<Value>),
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
        #[serde(default)]
        index: u64,
        content_block: Block,
    },
    ContentBlockDelta {
        #[serde(default)]
        index: u64,
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

/// A part of an answer, or what is added to one. A model's thoughts are not said to anybody.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    #[serde(alias = "text_delta")]
    Text {
        text: String,
    },
    ToolUse {
        id: String,
        name: String,
        /// Empty where it follows in pieces.
        #[serde(default)]
        input: Map<String, Value>,
    },
    InputJsonDelta {
        partial_json: String,
    },
    #[serde(other)]
    Other,
}

impl Block {
    /// Adds what the block with this number says.
    fn put(self, index: u64, piece: &mut Piece) {
        match self {
            Self::Text { text } => piece.text.push_str(&text),
            Self::ToolUse { id, name, input } => {
                let arguments =
                    if input.is_empty() { String::new() } else { Value::Object(input).to_string() };
                let (id, name) = (Some(id), Some(name));
                piece.calls.push(CallPart { index, id, name, arguments });
            }
            Self::InputJsonDelta { partial_json: arguments } => {
                piece.calls.push(CallPart { index, arguments, ..CallPart::default() });
            }
            Self::Other => {}
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
            Some(Message { role: last, content: Content::Text(said) }) if *last == role => {
                let said = said.to_mut();
                said.push_str("\n\n");
                said.push_str(content);
            }
            _ => {
                let content = Content::Text(Cow::Borrowed(content));
                messages.push(Message { role, content });
            }
        }
    }
    for round in asked.rounds {
        messages.push(Message { role: "assistant", content: Content::Blocks(called(round)) });
        let results = round.calls.iter().zip(&round.results).map(|(call, result)| {
            json!({"type": "tool_result", "tool_use_id": call.id, "content": result})
        });
        messages.push(Message { role: "user", content: Content::Blocks(results.collect()) });
    }
    let tools = asked.tools.iter().map(|tool| {
        json!({"name": tool.name, "description": tool.description,
            "input_schema": tool.parameters})
    });
    serde_json::to_vec(&Body {
        model: asked.model,
        system: asked.system,
        messages,
        max_tokens: asked.max_output_tokens.unwrap_or(OUTPUT_TOKENS),
        stream: true,
        temperature: asked.temperature,
        tools: tools.collect(),
        tool_choice: (!asked.tools.is_empty() && !asked.may_call).then(|| json!({"type": "none"})),
    })
}

/// What the model said and called, as it said it.
fn called(round: &Round) -> Vec<Value> {
    let mut blocks = Vec::new();
    if !round.text.trim().is_empty() {
        blocks.push(json!({"type": "text", "text": round.text}));
    }
    blocks.extend(round.calls.iter().map(|call| {
        let input = serde_json::from_str::<Map<String, Value>>(&call.arguments);
        json!({"type": "tool_use", "id": call.id, "name": call.name,
            "input": input.unwrap_or_default()})
    }));
    blocks
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
        Event::ContentBlockStart { index, content_block: block }
        | Event::ContentBlockDelta { index, delta: block } => block.put(index, &mut piece),
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
            for (index, block) in (0..).zip(content) {
                block.put(index, &mut piece);
            }
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
