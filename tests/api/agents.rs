//! Agents: who answers a request, what admins do to agents, and what none of them ever shows.

mod binding;
mod editing;
mod trying;

use serde_json::{Value, json};
use system_tests::app::text;
use system_tests::{Answer, TestApp};

use crate::kit::*;

const AGENTS: &str = "/api/agents";

/// Makes an agent that asks the tests' model server.
async fn make_agent(app: &TestApp, name: &str) -> Value {
    let body = json!({"name": name, "provider": "openai", "base_url": app.upstream.base_url(), "model": "m"});
    post(app, AGENTS, body).send().await.expect(201).await.json().await
}

fn agent_path(agent: &Value) -> String {
    format!("{AGENTS}/{}", text(agent, "id"))
}

async fn change_agent(app: &TestApp, agent: &Value, changes: Value) -> Value {
    patch(app, &agent_path(agent), changes).send().await.expect(200).await.json().await
}

/// A question with a license key, for a headless client.
async fn ask_with(app: &TestApp, key: &Value, session: &str, more: Value) -> Answer {
    let mut body = json!({"message": "Hi", "sessionId": session});
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    let call = app.client().request(reqwest::Method::POST, "/v1/chat");
    let call =
        call.header("X-Api-Key", &text(key, "key")).header("Content-Type", "application/json");
    call.raw_body(body.to_string()).send().await
}
