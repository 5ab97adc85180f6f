//! Licenses that are sold: products, plans, orders, and what a customer's software asks.

mod catalog;
mod command_line;
mod concurrency;
mod imports;
mod letters;
mod orders;
mod scopes;
mod signatures;
mod software;
mod widget;

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::app::text;
use system_tests::{Answer, Call, TestApp};

use crate::kit::*;

const PRODUCTS: &str = "/api/products";
const PLANS: &str = "/api/plans";
const ORDERS: &str = "/api/orders";
const ACTIVATE: &str = "/license/activate";
const VALIDATE: &str = "/license/validate";
const DEACTIVATE: &str = "/license/deactivate";

/// The product that plans of tests belong to; made at the first call.
async fn product(app: &TestApp) -> String {
    let list = read(app, &format!("{PRODUCTS}?q=studio")).await;
    if let Some(known) = list["items"].as_array().and_then(|items| items.first()) {
        return text(known, "id");
    }
    text(&made(app, PRODUCTS, json!({"identifier": "studio", "name": "Studio"})).await, "id")
}

/// Makes a plan with these licenses.
async fn plan(app: &TestApp, identifier: &str, licenses: Value) -> Value {
    let product_id = product(app).await;
    let body = json!({
        "product_id": product_id, "identifier": identifier, "name": "Pro", "licenses": licenses,
    });
    made(app, PLANS, body).await
}

/// A license with this many activations, or with any number.
fn limited(limit: Option<u32>) -> Value {
    match limit {
        Some(limit) => json!({"activation_limit_enabled": true, "activation_limit": limit}),
        None => json!({}),
    }
}

fn bought_by(plan: &Value, customer: &str) -> Value {
    json!({"plan_id": plan["id"], "customer": {"id": customer, "name": "Ada Lovelace"}})
}

/// Places an order; the answer holds its key.
async fn order(app: &TestApp, plan: &Value, customer: &str) -> Value {
    made(app, ORDERS, bought_by(plan, customer)).await
}

/// Orders a license with this many activations and gives its order.
async fn sold(app: &TestApp, limit: Option<u32>) -> Value {
    let plan = plan(app, "pro", limited(limit)).await;
    order(app, &plan, "c1").await
}

fn path_of_order(order: &Value) -> String {
    format!("{ORDERS}/{}", text(order, "id"))
}

/// POSTs to what hangs on an order, such as `refund`.
fn order_action(app: &TestApp, order: &Value, action: &str) -> Call {
    post(app, &format!("{}/{action}", path_of_order(order)), json!({}))
}

/// The license key of an order, by its id.
async fn key_of(app: &TestApp, order: &Value) -> Value {
    read(app, &format!("{KEYS}/{}", text(order, "license_key_id"))).await
}

/// A call of a customer's software.
fn software(app: &TestApp, path: &str, body: impl Into<Value>) -> Call {
    let body: Value = body.into();
    let call = app.client().request(Method::POST, path);
    call.header("Content-Type", "application/json").raw_body(body.to_string())
}

/// A call about the license of an order.
fn about(app: &TestApp, path: &str, order: &Value, mut more: Value) -> Call {
    more["licenseKey"] = order["license_key"].clone();
    software(app, path, more)
}

async fn activate(app: &TestApp, order: &Value) -> Value {
    about(app, ACTIVATE, order, json!({})).send().await.expect(201).await.json().await
}

async fn validate(app: &TestApp, order: &Value) -> Value {
    about(app, VALIDATE, order, json!({})).send().await.expect(200).await.json().await
}

/// The word with which a license is validated.
async fn validity(app: &TestApp, order: &Value) -> String {
    text(&validate(app, order).await, "code")
}

/// What a refusal of the license API says: its code and its text.
async fn refusal(answer: Answer, status: u16) -> (String, String) {
    let body = answer.expect(status).await.json().await;
    (text(&body, "code"), text(&body, "error"))
}

/// Expects a map of complaints with one field.
async fn complained(call: Call, field: &str) -> String {
    let body = call.send().await.expect(400).await.json().await;
    let fields: Vec<_> = body.as_object().unwrap().keys().cloned().collect();
    assert_eq!(fields, [field], "{body}");
    body[field][0].as_str().unwrap().to_owned()
}

/// Milliseconds of so many days.
const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);
