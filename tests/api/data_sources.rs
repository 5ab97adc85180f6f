//! Data sources: what is put in is found, what is taken out is not, and nothing gets in from where
//! it must not.

mod documents;
mod editing;
mod guards;
mod imports;

use serde_json::{Value, json};
use system_tests::app::text;
use system_tests::{Call, TestApp};

use crate::kit::*;

const SOURCES: &str = "/api/data-sources";

async fn make_source(app: &TestApp, name: &str) -> Value {
    post(app, SOURCES, json!({"name": name})).send().await.expect(201).await.json().await
}

fn source_path(source: &Value) -> String {
    format!("{SOURCES}/{}", text(source, "id"))
}

fn documents_path(source: &Value) -> String {
    format!("{}/documents", source_path(source))
}

/// Puts a text into a source.
async fn put_text(app: &TestApp, source: &Value, name: &str, markdown: &str) -> Value {
    let body = json!({"name": name, "text": markdown});
    post(app, &documents_path(source), body).send().await.expect(201).await.json().await
}

/// The titles that a question finds in a source, best first.
async fn found(app: &TestApp, source: &Value, question: &str) -> Vec<String> {
    let path = format!("{}/search", source_path(source));
    let call = post(app, &path, json!({"question": question}));
    column(&call.send().await.expect(200).await.json().await, "title")
}

/// A built-in agent on a source, and a license key that is bound to it.
async fn key_of_agent_on(app: &TestApp, sources: &[&Value]) -> Value {
    let ids: Vec<Value> = sources.iter().map(|source| source["id"].clone()).collect();
    let body = json!({"name": "a", "data_source_ids": ids});
    let agent: Value = post(app, "/api/agents", body).send().await.expect(201).await.json().await;
    make_key(app, json!({"name": "k", "agent_id": agent["id"]})).await
}

fn ask(app: &TestApp, key: &Value, session: &str, message: &str, more: &Value) -> Call {
    let mut body = json!({"message": message, "sessionId": session});
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    let call = app.client().request(reqwest::Method::POST, "/v1/chat");
    let call =
        call.header("X-Api-Key", &text(key, "key")).header("Content-Type", "application/json");
    call.raw_body(body.to_string())
}

/// What an agent says, and the titles of its sources.
async fn answer(app: &TestApp, key: &Value, session: &str, message: &str) -> (String, Vec<String>) {
    let call = ask(app, key, session, message, &json!({}));
    let answer = call.send().await.expect(200).await.json().await;
    let sources = answer["sources"].as_array().cloned().unwrap_or_default();
    (text(&answer, "message"), sources.iter().map(|source| text(source, "title")).collect())
}
