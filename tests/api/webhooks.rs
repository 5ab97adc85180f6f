//! Webhooks: what is told, to whom, how it is signed, and how often it is tried.

mod endpoints;
mod events;
mod receiver;
mod retries;
mod signature;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use system_tests::app::text;
use system_tests::{Backend, TestApp};

use crate::kit::*;

const HOOKS: &str = "/api/webhooks";

/// HMAC-SHA256, as the contract of webhooks and of visitors' identity has it.
pub fn hmac_sha256(secret: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length will do");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// A server that may tell receivers on loopback.
async fn start(backend: Backend) -> TestApp {
    let app = TestApp::with(backend).unhurried();
    app.set("NATTER_WEBHOOK_ALLOW_PRIVATE", true).start().await
}

/// Makes an endpoint for these events.
async fn endpoint(app: &TestApp, url: &str, events: &[&str]) -> Value {
    let body = json!({"url": url, "events": events});
    post(app, HOOKS, body).send().await.expect(201).await.json().await
}

fn hook_path(endpoint: &Value) -> String {
    format!("{HOOKS}/{}", text(endpoint, "id"))
}

/// What was tried to tell an endpoint, newest first.
async fn deliveries(app: &TestApp, endpoint: &Value) -> Vec<Value> {
    let list = read(app, &format!("{}/deliveries", hook_path(endpoint))).await;
    list["items"].as_array().cloned().unwrap_or_else(|| panic!("`items` in {list}"))
}
