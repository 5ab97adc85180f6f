//! What the tests of the management API share: calls as the admin, keys that are made as an admin
//! makes them, and requests that no HTTP library would send.

use reqwest::Method;
use serde_json::Value;
use system_tests::app::{ADMIN_KEY, complaints, text};
use system_tests::{Answer, Call, TestApp, patience};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// The list of license keys, and where they are made.
pub const KEYS: &str = "/api/license-keys";

/// A call with the admin's key and without a body.
pub fn api(app: &TestApp, method: Method, path: &str) -> Call {
    app.client().request(method, path).header("X-Admin-Api-Key", ADMIN_KEY)
}

/// A call with the admin's key and this JSON as its body.
pub fn with_json(app: &TestApp, method: Method, path: &str, body: impl Into<Value>) -> Call {
    let body: Value = body.into();
    api(app, method, path).header("Content-Type", "application/json").raw_body(body.to_string())
}

pub fn post(app: &TestApp, path: &str, body: impl Into<Value>) -> Call {
    with_json(app, Method::POST, path, body)
}

pub fn patch(app: &TestApp, path: &str, body: impl Into<Value>) -> Call {
    with_json(app, Method::PATCH, path, body)
}

pub fn delete(app: &TestApp, path: &str) -> Call {
    api(app, Method::DELETE, path)
}

/// POSTs as the admin; it must make something.
pub async fn made(app: &TestApp, path: &str, body: Value) -> Value {
    post(app, path, body).send().await.expect(201).await.json().await
}

/// What a GET as the admin answers; it must be a success.
pub async fn read(app: &TestApp, path: &str) -> Value {
    app.admin(path).send().await.expect(200).await.json().await
}

/// Makes a license key, as an admin does, and gives the whole object with its `key`.
pub async fn make_key(app: &TestApp, body: Value) -> Value {
    post(app, KEYS, body).send().await.expect(201).await.json().await
}

/// The path of a license key, from its object.
pub fn path_of(key: &Value) -> String {
    format!("{KEYS}/{}", text(key, "id"))
}

/// The license key as it stands now.
pub async fn read_key(app: &TestApp, key: &Value) -> Value {
    read(app, &path_of(key)).await
}

/// Changes a license key; it must be a success.
pub async fn change_key(app: &TestApp, key: &Value, changes: Value) -> Value {
    patch(app, &path_of(key), changes).send().await.expect(200).await.json().await
}

/// POSTs to what hangs on a license key, such as `regenerate`; it must be a success.
pub async fn act(app: &TestApp, key: &Value, action: &str, body: Value) -> Value {
    let path = format!("{}/{action}", path_of(key));
    post(app, &path, body).send().await.expect(200).await.json().await
}

/// Expects a 400 that complains about exactly this field.
pub async fn refused_field(call: Call, field: &str) {
    let body = call.send().await.error(400, "invalid_request").await;
    assert_eq!(body["error"], "Invalid request payload", "in {body}");
    assert_eq!(complaints(&body), [field], "in {body}");
}

/// One field of every item of a list.
pub fn column(list: &Value, field: &str) -> Vec<String> {
    let items = list["items"].as_array().unwrap_or_else(|| panic!("`items` in {list}"));
    items.iter().map(|item| text(item, field)).collect()
}

/// Expects that a list, asked with a query, gives exactly these entries by a field, also where its
/// pages have one entry each, and that each page counts them all.
pub async fn lists(app: &TestApp, list: &str, field: &str, expected: &[&str]) {
    assert_eq!(column(&read(app, list).await, field), expected, "{list}");
    let (mut walked, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = read(app, &format!("{list}&limit=1{cursor}")).await;
        assert_eq!(page["total"], expected.len(), "the total of {list}");
        walked.extend(column(&page, field));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
        assert!(walked.len() <= expected.len(), "the pages of {list} end");
    }
    assert_eq!(walked, expected, "{list}, one by one");
}

/// Expects what a list finds by each `q`, that it finds nothing by another, and how long one may be.
pub async fn searches(app: &TestApp, list: &str, field: &str, cases: &[(&str, &[&str])]) {
    let longest = "x".repeat(500);
    for (q, expected) in cases.iter().chain(&[("nowhere", [].as_slice()), (&longest, &[])]) {
        let q: String = url::form_urlencoded::byte_serialize(q.as_bytes()).collect();
        lists(app, &format!("{list}?q={q}"), field, expected).await;
    }
    let refused = app.admin(&format!("{list}?q={longest}x")).send().await;
    assert_eq!(complaints(&refused.error(400, "invalid_request").await), ["q"]);
}

/// The warnings of a license key object, or of any answer that has some.
pub fn warnings(value: &Value) -> Vec<String> {
    let warnings = value["warnings"].as_array().unwrap_or_else(|| panic!("`warnings` in {value}"));
    warnings.iter().map(|w| w.as_str().expect("a warning is text").to_owned()).collect()
}

/// Expects a chat answer to be a whole stream that ends well.
pub async fn accepted(call: Call) {
    let events = call.send().await.expect(200).await.events().await;
    let last = events.last().unwrap_or_else(|| panic!("no event"));
    assert_eq!(last["type"], "done", "the last event");
}

/// What a visitor says in a session that a page of `origin` has opened.
pub fn say(app: &TestApp, origin: &str, session: &Value) -> Call {
    let call = app.from_page("/v1/chat/stream", origin);
    call.set("token", text(session, "token")).set("message", "Hi")
}

/// The newest rows of a key's usage log, as soon as there are `count` of them.
pub async fn logged(app: &TestApp, key: &Value, count: usize) -> Vec<Value> {
    let path = format!("{}/usage", path_of(key));
    patience("the rows of the usage log", async {
        loop {
            let list = read(app, &path).await;
            let rows = list["items"].as_array().cloned().unwrap_or_default();
            if rows.len() >= count {
                return rows;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

/// Expects that an answer carries no CORS header, as nothing under `/api` does.
pub fn without_cors(answer: &Answer) {
    let names = answer.headers.keys().map(|name| name.as_str().to_owned());
    let sent: Vec<_> = names.filter(|name| name.starts_with("access-control-")).collect();
    assert!(sent.is_empty(), "{sent:?}");
}

/// Sends bytes as they are on a connection of their own and reads until its end; gives the status
/// and everything that came. The request must ask for `Connection: close`.
pub async fn raw_exchange(app: &TestApp, request: &[u8]) -> (u16, String) {
    let address = app.base().trim_start_matches("http://");
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("a connection");
    stream.write_all(request).await.expect("the request is taken");
    let mut answer = Vec::new();
    // A server that refuses early may reset the connection: what was read until then counts.
    let _ = patience("the end of a raw answer", stream.read_to_end(&mut answer)).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|word| word.parse().ok());
    (status.unwrap_or_else(|| panic!("no status in {answer:?}")), answer)
}

/// Expects that these routes are closed to whoever has no credential, and to an API key that may do
/// nothing but sell licenses.
pub async fn strangers_stay_out(app: &TestApp, routes: &[(&str, &str)]) {
    let body = serde_json::json!({"label": "Shop", "scopes": ["licenses"]});
    let made = post(app, "/api/api-keys", body).send().await.expect(201).await.json().await;
    let bearer = format!("Bearer {}", text(&made, "key"));
    for (method, path) in routes {
        let call = || {
            let call = app.client().request(method.parse().expect("a method"), path);
            call.header("Content-Type", "application/json").raw_body("{}")
        };
        call().send().await.error(401, "unauthorized").await;
        call().header("Authorization", &bearer).send().await.error(403, "forbidden").await;
    }
}
