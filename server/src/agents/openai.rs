//! The chat-completions protocol, as OpenAI and most model servers speak it.

use serde::{Deserialize, Serialize};
use shared::{FinishReason, Role};

use serde_json::{Value, json};

use super::model::{Asked, CallPart, Piece, count};

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
    /// The newer name, which OpenAI's own models that think want, and few other servers know.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<&'static str>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

impl<'a> Message<'a> {
    fn of(role: &'static str, content: &'a str) -> Self {
        Self { role, content, tool_calls: Vec::new(), tool_call_id: None }
    }
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
    #[serde(default)]
    tool_calls: Option<Vec<ChunkCall>>,
}

#[derive(Deserialize)]
struct ChunkCall {
    index: Option<u64>,
    id: Option<String>,
    function: Option<ChunkFunction>,
}

#[derive(Deserialize)]
struct ChunkFunction {
    name: Option<String>,
    arguments: Option<String>,
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
    let mut messages = vec![Message::of("system", asked.system)];
    messages.extend(asked.prompt.history.iter().map(|(role, content)| {
        let role = match role {
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        Message::of(role, content)
    }));
    messages.push(Message::of("user", &asked.prompt.question));
    for round in asked.rounds {
        let called = round.calls.iter().map(|call| {
            json!({"id": call.id, "type": "function",
                "function": {"name": call.name, "arguments": call.arguments}})
        });
        let tool_calls = called.collect();
        messages.push(Message { tool_calls, ..Message::of("assistant", &round.text) });
        for (call, result) in round.calls.iter().zip(&round.results) {
            let tool_call_id = Some(call.id.as_str());
            messages.push(Message { tool_call_id, ..Message::of("tool", result) });
        }
    }
    let tools = asked.tools.iter().map(|tool| {
        json!({"type": "function", "function": {"name": tool.name,
            "description": tool.description, "parameters": tool.parameters}})
    });
    serde_json::to_vec(&Body {
        model: asked.model,
        messages,
        stream: true,
        stream_options: StreamOptions { include_usage: true },
        temperature: asked.temperature,
        max_tokens: asked.max_output_tokens.filter(|_| !asked.is_home),
        max_completion_tokens: asked.max_output_tokens.filter(|_| asked.is_home),
        tools: tools.collect(),
        tool_choice: (!asked.tools.is_empty() && !asked.may_call).then_some("none"),
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
        if let Some(delta) = choice.delta {
            piece.text.push_str(&delta.content.unwrap_or_default());
            let calls = delta.tool_calls.unwrap_or_default();
            piece.calls.extend((0..).zip(calls).map(|(at, call)| {
                let function =
                    call.function.unwrap_or(ChunkFunction { name: None, arguments: None });
                CallPart {
                    // A whole answer has its calls in their order.
                    index: call.index.unwrap_or(at),
                    id: call.id,
                    name: function.name,
                    arguments: function.arguments.unwrap_or_default(),
                }
            }));
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
