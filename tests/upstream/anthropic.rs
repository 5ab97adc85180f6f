//! Anthropic's Messages protocol: what their API sends, and what it is sent.

mod failures;
mod recorded;
mod request;
mod stream;

use serde_json::{Value, json};
use system_tests::app::{ADMIN_KEY, Builder, only, text, tokens};
use system_tests::upstream::sse;
use system_tests::{Answer, Backend, Reply, TestApp, types};

/// A server whose agent asks in this protocol.
fn claude(backend: Backend) -> Builder {
    TestApp::with(backend).anthropic()
}

/// An event under its name, as the API sends each.
fn event(value: &Value) -> String {
    format!("event: {}\n{}", text(value, "type"), sse(value))
}

/// How every answer begins; `usage` is what the model was told.
fn start(usage: &Value) -> String {
    event(&json!({"type": "message_start", "message": {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "test-model",
        "content": [], "stop_reason": null, "stop_sequence": null, "usage": usage,
    }}))
}

fn delta(token: &str) -> String {
    event(&json!({"type": "content_block_delta", "index": 0,
                  "delta": {"type": "text_delta", "text": token}}))
}

/// How every answer ends; `usage` is what it took.
fn end(reason: &str, usage: &Value) -> String {
    let delta = json!({"stop_reason": reason, "stop_sequence": null});
    let last = event(&json!({"type": "message_delta", "delta": delta, "usage": usage}));
    last + &event(&json!({"type": "message_stop"}))
}

fn error(kind: &str) -> Value {
    json!({"type": "error", "error": {"type": kind, "message": "in their words"}})
}

fn refusal(status: u16, kind: &str) -> Reply {
    Reply::status(status).json(&error(kind))
}

/// Half an answer; anything may follow.
fn half() -> Reply {
    Reply::stream()
        .bytes(start(&json!({"input_tokens": 7, "output_tokens": 1})))
        .bytes(delta("half"))
}

/// A whole answer.
fn whole(said: &str) -> Reply {
    Reply::stream()
        .bytes(start(&json!({"input_tokens": 7, "output_tokens": 1})))
        .bytes(delta(said))
        .bytes(end("end_turn", &json!({"output_tokens": 11})))
}

/// What is said at the end, which must be what streamed.
async fn answered(app: &TestApp, session: &str, reply: Reply) -> Value {
    app.upstream.then(reply);
    let events = app.ask(session, "Hi").events().await;
    assert_eq!(types(&events).last(), Some(&"done"), "{events:?}");
    let done = only(&events, "done").clone();
    assert_eq!(tokens(&events).trim(), done["message"], "what streamed is what is done");
    done
}

async fn admin_posts(app: &TestApp, path: &str, body: &Value) -> Answer {
    let call = app.post(path).header("X-Admin-Api-Key", ADMIN_KEY);
    call.raw_body(body.to_string()).send().await
}

/// Makes an agent that asks the tests' model server, and gives its path.
async fn make_agent(app: &TestApp, changes: &Value) -> String {
    let mut body = json!({"name": "a", "provider": "anthropic", "model": "m",
                          "base_url": app.upstream.base_url(), "api_key": "sk-ant-secret"});
    for (field, value) in changes.as_object().into_iter().flatten() {
        body[field] = value.clone();
    }
    let made = admin_posts(app, "/api/agents", &body).await.expect(201).await.json().await;
    format!("/api/agents/{}", text(&made, "id"))
}
