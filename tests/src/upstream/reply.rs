//! What the model server is told to say, step by step.

use serde_json::{Value, json};

use crate::gate::Gate;

/// A scripted reply: what is sent, and where it waits, hangs or breaks off.
#[derive(Clone, Debug)]
pub struct Reply {
    pub(super) steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Head {
        status: u16,
        headers: Vec<(String, String)>,
    },
    /// One chunk of the body.
    Bytes(Vec<u8>),
    Wait(Gate),
    /// Nothing more comes, the connection stays.
    Hang,
    /// The connection ends without the end of the body.
    Cut,
    /// The same chunk for as long as the client takes it.
    Flood(Vec<u8>),
}

/// One server-sent event that carries `value`.
#[must_use]
pub fn sse(value: &Value) -> String {
    format!("data: {value}\n\n")
}

/// The server-sent event of one token.
#[must_use]
pub fn delta(token: &str) -> String {
    sse(&chunk(&json!({"content": token}), &Value::Null))
}

fn chunk(delta: &Value, finish_reason: &Value) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "test-model",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}],
    })
}

impl Reply {
    /// An empty reply with a status; a body and headers may follow.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self { steps: vec![Step::Head { status, headers: Vec::new() }] }
    }

    /// The head of a stream of events.
    #[must_use]
    pub fn stream() -> Self {
        Self::status(200).header("Content-Type", "text/event-stream")
    }

    /// A whole answer: the tokens, the end, the usage (7 in, 11 out), `[DONE]`.
    #[must_use]
    pub fn tokens(tokens: &[&str]) -> Self {
        let reply = Self::stream().bytes(sse(&chunk(&json!({"role": "assistant"}), &Value::Null)));
        tokens.iter().fold(reply, |reply, token| reply.delta(token)).end()
    }

    /// As [`Self::tokens`], but each token, and then the end, waits for the gate.
    #[must_use]
    pub fn gated(gate: &Gate, tokens: &[&str]) -> Self {
        tokens.iter().fold(Self::stream(), |r, token| r.wait(gate).delta(token)).wait(gate).end()
    }

    /// The list of models.
    #[must_use]
    pub fn models(ids: &[&str]) -> Self {
        let data: Vec<Value> =
            ids.iter().map(|id| json!({"id": id, "object": "model", "owned_by": "test"})).collect();
        Self::status(200).json(&json!({"object": "list", "data": data}))
    }

    /// An error as a model server words it.
    #[must_use]
    pub fn refusal(status: u16, message: &str) -> Self {
        let body = json!({"error": {"message": message, "type": "server_error", "code": null}});
        Self::status(status).json(&body)
    }

    /// The connection ends before a byte of the reply.
    #[must_use]
    pub fn cut_at_once() -> Self {
        Self { steps: vec![Step::Cut] }
    }

    /// The request is taken and never answered.
    #[must_use]
    pub fn silence() -> Self {
        Self { steps: vec![Step::Hang] }
    }

    /// Adds a header to the head.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        for step in &mut self.steps {
            if let Step::Head { headers, .. } = step {
                headers.push((name.to_owned(), value.to_owned()));
            }
        }
        self
    }

    /// Waits for the gate before the head.
    #[must_use]
    pub fn after(mut self, gate: &Gate) -> Self {
        self.steps.insert(0, Step::Wait(gate.clone()));
        self
    }

    /// A JSON body.
    #[must_use]
    pub fn json(self, value: &Value) -> Self {
        self.header("Content-Type", "application/json").bytes(value.to_string())
    }

    /// One chunk of body, as it is.
    #[must_use]
    pub fn bytes(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.step(Step::Bytes(bytes.into()))
    }

    /// One token.
    #[must_use]
    pub fn delta(self, token: &str) -> Self {
        self.bytes(delta(token))
    }

    /// The finish chunk: `stop`, `length`, …
    #[must_use]
    pub fn finish(self, reason: &str) -> Self {
        self.bytes(sse(&chunk(&json!({}), &json!(reason))))
    }

    /// The usage chunk, which has no choices.
    #[must_use]
    pub fn usage(self, input: u64, output: u64) -> Self {
        self.bytes(sse(&json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": [],
            "usage": {"prompt_tokens": input, "completion_tokens": output,
                      "total_tokens": input + output},
        })))
    }

    /// `[DONE]`.
    #[must_use]
    pub fn done(self) -> Self {
        self.bytes("data: [DONE]\n\n")
    }

    /// What stands after the tokens of a good answer.
    #[must_use]
    pub fn end(self) -> Self {
        self.finish("stop").usage(7, 11).done()
    }

    /// Waits for the gate.
    #[must_use]
    pub fn wait(self, gate: &Gate) -> Self {
        self.step(Step::Wait(gate.clone()))
    }

    /// Nothing more comes, the connection stays open.
    #[must_use]
    pub fn hang(self) -> Self {
        self.step(Step::Hang)
    }

    /// The connection breaks off without the end of the body.
    #[must_use]
    pub fn cut(self) -> Self {
        self.step(Step::Cut)
    }

    /// The same chunk until the client hangs up.
    #[must_use]
    pub fn flood(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.step(Step::Flood(bytes.into()))
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}
