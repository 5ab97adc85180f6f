//! Whatever is sent, the server answers with sense: never 500, never a body of another shape.

use std::time::Duration;

use proptest::prelude::*;
use reqwest::header::HeaderValue;
use serde_json::{Map, Value, json};
use system_tests::app::WIDGET_KEY;
use system_tests::{Answer, Call, TestApp, both, for_all};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(Value::from("\0")),
        Just(Value::from("")),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(field(), inner, 0..6)
                .prop_map(|map| Value::Object(Map::from_iter(map))),
        ]
    })
}

fn field() -> impl Strategy<Value = String> {
    const FIELDS: &[&str] = &[
        "token",
        "sessionId",
        "message",
        "agentId",
        "dataSourceId",
        "clientMessageId",
        "identity",
        "instanceId",
        "page",
        "metadata",
        "turnId",
        "after",
        "messageId",
        "rating",
        "comment",
        "licenseKey",
        "chatbotId",
        "visitorId",
        "new",
        "locale",
        "url",
        "title",
        "referrer",
        "userId",
        "userHash",
        "jwt",
    ];
    prop_oneof![3 => prop::sample::select(FIELDS).prop_map(str::to_owned), 1 => any::<String>()]
}

fn path() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "/v1/chat/stream",
        "/v1/chat",
        "/chat",
        "/v1/chat/resume",
        "/v1/chat/stop",
        "/v1/messages/feedback",
        "/v1/conversations/current",
        "/v1/widget/config",
        "/v1/widget/session",
    ])
}

/// A success, or a refusal by the client's fault in the one shape.
async fn sensible(answer: Answer) {
    let status = answer.status;
    let id = answer.header("x-request-id").to_owned();
    assert!(!id.is_empty());
    let text = answer.text().await;
    if status == 200 {
        return;
    }
    assert!((400..500).contains(&status), "{status}: {text}");
    let body: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e} in {text:?}"));
    for field in ["error", "code"] {
        assert!(body[field].as_str().is_some_and(|text| !text.is_empty()), "{field} in {body}");
    }
    assert_eq!(body["requestId"], id);
}

both! {
    async fn any_json_as_a_body_is_answered_with_sense(backend) {
        let app = TestApp::with(backend).unhurried().start().await;
        for_all((path(), any_json()), async move |(path, body)| {
            let call = app.post(path).key(WIDGET_KEY).raw_body(body.to_string());
            sensible(call.send().await).await;
        })
        .await;
    }

    async fn any_value_in_any_field_is_answered_with_sense(backend) {
        let app = TestApp::with(backend).unhurried().start().await;
        for_all((path(), field(), any_json()), async move |(path, field, value)| {
            let call = app.with_session(path, "s1").set("message", "Hi").set("turnId", "t");
            let call = call.set("licenseKey", WIDGET_KEY).set("messageId", "m").set(&field, value);
            sensible(call.send().await).await;
        })
        .await;
    }

    async fn any_bytes_as_a_body_are_answered_with_sense(backend) {
        let app = TestApp::with(backend).unhurried().start().await;
        let bytes = prop::collection::vec(any::<u8>(), 0..2000);
        for_all((path(), bytes), async move |(path, bytes)| {
            sensible(app.post(path).key(WIDGET_KEY).raw_body(bytes).send().await).await;
        })
        .await;
    }

    async fn any_header_value_is_answered_with_sense(backend) {
        let app = TestApp::with(backend)
            .unhurried()
            .set("NATTER_TRUSTED_PROXIES", "127.0.0.1")
            .start()
            .await;
        let names = prop::sample::select(vec![
            "Origin",
            "Referer",
            "X-Forwarded-For",
            "Forwarded",
            "Authorization",
            "X-Widget-Api-Key",
            "Api-Key",
            "Content-Type",
            "Accept",
            "User-Agent",
            "X-Request-Id",
            "Idempotency-Key",
            "Accept-Language",
            "Cookie",
            "X-Forwarded-Proto",
            "X-Forwarded-Host",
        ]);
        let value = prop::collection::vec(
            prop_oneof![9 => 32u8..127, 1 => 128u8..=255, 1 => Just(9)],
            0..200,
        );
        for_all((names, value), async move |(name, value)| {
            let value = HeaderValue::from_bytes(&value).expect("a value that a header may hold");
            let call: Call = app.ask("s1", "Hi").raw_header(name, value);
            sensible(call.send().await).await;
        })
        .await;
    }

    async fn any_key_is_unknown(backend) {
        let app = TestApp::with(backend).unhurried().start().await;
        let value = prop::collection::vec(prop_oneof![9 => 33u8..127, 1 => 128u8..=255], 1..80);
        for_all(value, async move |value| {
            let value = HeaderValue::from_bytes(&value).expect("a value that a header may hold");
            let answer = app.ask("s1", "Hi").raw_header("X-Api-Key", value).send().await;
            assert!([401, 429].contains(&answer.status), "{}", answer.status);
            sensible(answer).await;
        })
        .await;
    }

    async fn any_message_comes_back_as_it_was_sent(backend) {
        let app = TestApp::with(backend).unhurried().start().await;
        for_all(("[^\0]{0,200}", 0u64..u64::MAX), async move |(message, session)| {
            let session = format!("s{session}");
            // Reading a conversation has a limit of its own a minute.
            app.clock.advance(Duration::from_secs(1));
            let answer = app.ask(&session, &message).send().await;
            if message.trim().is_empty() {
                answer.error(400, "invalid_request").await;
                return;
            }
            answer.expect(200).await.events().await;
            let stored = app.current(&session).await;
            assert_eq!(stored["messages"][0]["content"], json!(message));
        })
        .await;
    }

    async fn any_query_of_the_admins_list_is_answered_with_sense(backend) {
        let app = TestApp::with(backend).unhurried().start().await;
        app.ask("s1", "Hi").events().await;
        let names =
            prop::sample::select(vec!["limit", "cursor", "q", "licenseKeyId", "from", "to", "x"]);
        for_all((names, "[ -~]{0,40}"), async move |(name, value)| {
            let escaped: String = value.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let path = format!("/v1/admin/conversations?{name}={escaped}");
            sensible(app.admin(&path).send().await).await;
        })
        .await;
    }
}
