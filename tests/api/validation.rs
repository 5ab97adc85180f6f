//! What a request may hold, at every edge.

use serde_json::{Value, json};
use system_tests::app::{WIDGET_KEY, complaints};
use system_tests::{Call, TestApp, both};

/// Expects a 400 that complains about exactly this field.
async fn refused(call: Call, field: &str) {
    let body = call.send().await.error(400, "invalid_request").await;
    assert_eq!(body["error"], "Invalid request payload");
    assert_eq!(complaints(&body), [field]);
}

async fn accepted(call: Call) {
    call.send().await.expect(200).await.events().await;
}

/// `call` with a body of exactly `bytes` bytes.
fn padded(call: Call, bytes: usize) -> Call {
    let call = call.set("padding", "");
    let missing = bytes - call.body_text().len();
    let call = call.set("padding", "x".repeat(missing));
    let text = call.body_text();
    assert_eq!(text.len(), bytes);
    call.raw_body(text)
}

both! {
    async fn a_message_takes_4000_utf16_units_and_no_more(backend) {
        let app = TestApp::start(backend).await;
        accepted(app.ask("s1", &"x".repeat(4000))).await;
        refused(app.ask("s1", &"x".repeat(4001)), "message").await;
        accepted(app.ask("s2", &"😀".repeat(2000))).await;
        refused(app.ask("s2", &"😀".repeat(2001)), "message").await;
        // Counted in units, not in bytes.
        accepted(app.ask("s3", &"語".repeat(4000))).await;
    }

    async fn a_message_must_say_something(backend) {
        let app = TestApp::start(backend).await;
        for nothing in ["", " ", "\n\t\r\n", "\u{a0}\u{2003}"] {
            refused(app.ask("s1", nothing), "message").await;
        }
        refused(app.ask("s1", "x").unset("message"), "message").await;
        assert_eq!(app.upstream.count(), 0, "a refused message reaches no model");
        assert_eq!(app.current("s1").await, Value::Null, "a refused message is not stored");
    }

    async fn a_session_id_takes_128_of_its_characters(backend) {
        let app = TestApp::start(backend).await;
        accepted(app.ask(&"a".repeat(128), "Hi")).await;
        accepted(app.ask("A.z_0:9-", "Hi")).await;
        for bad in ["", "a b", "a/b", "ä", "a\n", "%00", &"a".repeat(129)] {
            refused(app.ask(bad, "Hi"), "sessionId").await;
        }
    }

    async fn a_key_needs_a_session_id_beside_it(backend) {
        let app = TestApp::start(backend).await;
        refused(app.ask("s1", "Hi").unset("sessionId"), "sessionId").await;
    }

    async fn every_wrong_field_is_named_at_once(backend) {
        let app = TestApp::start(backend).await;
        let body = app.ask("a b", "").send().await.error(400, "invalid_request").await;
        assert_eq!(complaints(&body), ["message", "sessionId"]);
    }

    async fn a_client_message_id_takes_128_bytes(backend) {
        let app = TestApp::start(backend).await;
        accepted(app.ask("s1", "Hi").set("clientMessageId", "c".repeat(128))).await;
        for bad in ["", &"c".repeat(129)] {
            refused(app.ask("s1", "Hi").set("clientMessageId", bad), "clientMessageId").await;
        }
    }

    async fn metadata_takes_4_kib_of_json(backend) {
        let app = TestApp::start(backend).await;
        // {"k":"…"} is eight bytes around the value.
        let with = |n: usize| app.ask("s1", "Hi").set("metadata", json!({"k": "x".repeat(n)}));
        accepted(with(4096 - 8)).await;
        refused(with(4096 - 7), "metadata").await;
    }

    async fn each_field_of_the_page_takes_2_kib(backend) {
        let app = TestApp::start(backend).await;
        for field in ["url", "title", "referrer"] {
            let with = |n: usize| app.ask("s1", "Hi").set("page", json!({field: "x".repeat(n)}));
            accepted(with(2048)).await;
            refused(with(2049), &format!("page.{field}")).await;
        }
    }

    async fn a_body_takes_64_kib_and_one_byte_more_is_413(backend) {
        let app = TestApp::start(backend).await;
        accepted(padded(app.ask("s1", "Hi"), 64 * 1024)).await;
        let call = padded(app.ask("s1", "Hi"), 64 * 1024 + 1);
        let error = call.send().await.error(413, "payload_too_large").await;
        assert_eq!(error["message"], "The request's body is too long: it may have 65536 bytes.");
    }

    async fn a_body_that_is_not_the_expected_json_is_400(backend) {
        let app = TestApp::start(backend).await;
        for bad in [
            "",
            "{",
            "[]",
            "null",
            "\"text\"",
            "{\"message\": 5, \"sessionId\": \"s1\"}",
            "{\"message\": \"Hi\", \"sessionId\": [\"s1\"]}",
            "{\"message\": \"\\ud800\"}",
            "{'message': 'Hi'}",
            &"[".repeat(60_000),
        ] {
            let call = app.post("/v1/chat/stream").key(WIDGET_KEY).raw_body(bad);
            let body = call.send().await.error(400, "invalid_request").await;
            assert_eq!(body["error"], "Invalid request payload", "for {bad:.40}");
        }
        let call =
            app.post("/v1/chat/stream").key(WIDGET_KEY).raw_body(&b"{\"message\": \"\xff\"}"[..]);
        call.send().await.error(400, "invalid_request").await;
    }

    async fn json_and_plain_text_are_taken_and_other_content_types_are_415(backend) {
        let app = TestApp::start(backend).await;
        for (n, good) in [
            "application/json",
            "application/json; charset=utf-8",
            "text/plain",
            "text/plain;charset=UTF-8",
            "Application/JSON",
        ]
        .into_iter()
        .enumerate()
        {
            accepted(app.ask(&format!("s{n}"), "Hi").header("Content-Type", good)).await;
        }
        for bad in [
            "application/xml",
            "multipart/form-data; boundary=x",
            "image/png",
            "application/x-www-form-urlencoded",
            "text/html",
        ] {
            let call = app.ask("s1", "Hi").header("Content-Type", bad);
            call.send().await.error(415, "unsupported_media_type").await;
        }
    }

    async fn a_nul_character_is_refused_by_name_and_breaks_no_database(backend) {
        let app = TestApp::start(backend).await;
        refused(app.ask("s1", "a\0b"), "message").await;
        refused(app.ask("s1\0", "Hi"), "sessionId").await;
        refused(app.ask("s1", "Hi").set("clientMessageId", "a\0"), "clientMessageId").await;
        refused(app.ask("s1", "Hi").set("page", json!({"title": "a\0"})), "page.title").await;
        refused(app.ask("s1", "Hi").set("metadata", json!({"a\0": 1})), "metadata").await;
        refused(app.ask("s1", "Hi").set("metadata", json!({"a": ["\0"]})), "metadata").await;
        for (path, field) in [
            ("/v1/chat/resume", "turnId"),
            ("/v1/chat/stop", "turnId"),
            ("/v1/messages/feedback", "messageId"),
            ("/v1/chat/stream", "agentId"),
            ("/v1/chat/stream", "dataSourceId"),
        ] {
            let call = app.with_session(path, "s1").set("message", "Hi").set(field, "a\0b");
            let answer = call.send().await;
            assert!((400..500).contains(&answer.status), "{path} {field}: {}", answer.status);
        }
    }

    async fn every_chat_answer_tells_the_rate_limit_also_a_refusal(backend) {
        let app = TestApp::start(backend).await;
        let answer = app.ask("s1", "").send().await;
        assert_eq!(answer.number("x-ratelimit-limit"), 30);
        assert!(answer.number("x-ratelimit-remaining") <= 30);
        assert!(answer.number("x-ratelimit-reset") > 0);
        answer.error(400, "invalid_request").await;
    }
}
