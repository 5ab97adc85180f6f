//! Health, readiness, the published contract, an orderly end.

use std::collections::BTreeSet;

use serde_json::Value;
use system_tests::app::only;
use system_tests::{Client, Gate, Reply, TestApp, both, patience};

/// Every `$ref` in a document.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                found.insert(reference.to_owned());
            }
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

both! {
    async fn health_answers_and_is_never_cached(backend) {
        let app = TestApp::start(backend).await;
        let answer = app.get("/health").send().await.expect(200).await;
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.json().await["status"], "ok");
    }

    async fn a_started_server_is_ready(backend) {
        let app = TestApp::start(backend).await;
        app.get("/ready").send().await.expect(200).await;
    }

    async fn counters_are_told_where_the_setting_asks_for_them(backend) {
        let app = TestApp::with(backend).set("NATTER_METRICS", true).start().await;
        app.ask("s1", "Hi").key("nobody-knows-this-key").send().await.error(401, "unauthorized").await;
        let answer = app.get("/metrics").send().await.expect(200).await;
        assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"));
        let text = answer.text().await;
        assert!(text.contains("\nnatter_unknown_key_requests_total 1\n"), "{text}");
        assert!(text.contains("# TYPE natter_running_answers gauge\nnatter_running_answers 0\n"), "{text}");
    }

    async fn counters_are_nobodys_business_otherwise(backend) {
        let app = TestApp::start(backend).await;
        app.get("/metrics").send().await.error(404, "not_found").await;
    }

    async fn the_published_contract_names_every_route_with_its_schemas(backend) {
        let app = TestApp::start(backend).await;
        let answer = app.get("/v1/openapi.json").send().await.expect(200).await;
        assert!(answer.header("content-type").starts_with("application/json"));
        let document = answer.json().await;
        assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
        for (path, method) in [
            ("/health", "get"),
            ("/ready", "get"),
            ("/metrics", "get"),
            ("/v1/openapi.json", "get"),
            ("/v1/widget/config", "post"),
            ("/v1/widget/session", "post"),
            ("/v1/chat", "post"),
            ("/v1/chat/stream", "post"),
            ("/chat", "post"),
            ("/v1/chat/resume", "post"),
            ("/v1/chat/stop", "post"),
            ("/v1/messages/feedback", "post"),
            ("/v1/conversations/current", "post"),
            ("/v1/admin/conversations", "get"),
            ("/v1/admin/conversations/{conversationId}", "get"),
            ("/api/conversations", "get"),
            ("/api/conversations/{id}", "get"),
            ("/api/conversations/{id}", "delete"),
            ("/api/conversations/{id}/live", "get"),
            ("/api/conversations/{id}/export", "get"),
            ("/api/conversations/export", "get"),
            ("/api/visitors/{id}", "delete"),
            ("/api/overview", "get"),
            ("/api/audit-reminder", "get"),
            ("/api/audit-reminder/dismiss", "post"),
        ] {
            let operation = &document["paths"][path][method];
            assert!(operation.is_object(), "{method} {path} is documented");
            assert!(operation["responses"].as_object().is_some_and(|r| !r.is_empty()), "{path}");
        }
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(!found.is_empty());
        for reference in found {
            let pointer = reference.strip_prefix('#').expect("a reference into the document");
            assert!(document.pointer(pointer).is_some(), "{reference} leads somewhere");
        }
    }

    async fn an_orderly_stop_lets_running_answers_end(backend) {
        let mut app = TestApp::start(backend).await;
        let gate = Gate::new();
        app.upstream.then(Reply::gated(&gate, &["one", " two"]));
        let mut answer = app.ask("s1", "Hi").send().await.expect(200).await;
        answer.next_of("start").await;
        gate.release(1);
        answer.next_of("token").await;
        let running = app.take_running();
        let address = running.addr();
        let stopping = tokio::spawn(async move { running.stop().await });
        // It no longer listens: nobody new comes in.
        patience("the server to stop listening", async {
            while tokio::net::TcpStream::connect(address).await.is_ok() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        assert!(!stopping.is_finished(), "it waits for the answer");
        gate.open();
        assert_eq!(only(&answer.events().await, "done")["message"], "one two");
        patience("the stop", stopping).await.unwrap();
        app.start_again().await;
        assert_eq!(app.current("s1").await["messages"][1]["content"], "one two");
    }

    async fn conversations_survive_a_restart(backend) {
        let mut app = TestApp::start(backend).await;
        app.ask("s1", "Hi").events().await;
        let before = app.current("s1").await;
        app.stop().await;
        app.start_again().await;
        assert_eq!(app.current("s1").await, before);
    }

    async fn another_master_key_is_refused_at_the_start_without_showing_it(backend) {
        let mut app = TestApp::start(backend).await;
        app.stop().await;
        let other = "0123456789abcdef".repeat(4);
        let why = app.try_start_with("NATTER_MASTER_KEY", &other).await.unwrap_err();
        assert!(why.contains("NATTER_MASTER_KEY") && !why.contains(&other), "{why}");
        app.start_again().await;
    }

    async fn an_address_in_use_is_refused_by_name(backend) {
        let mut app = TestApp::start(backend).await;
        app.stop().await;
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let why = app.try_start_with("NATTER_LISTEN", &address).await.unwrap_err();
        assert!(why.contains("NATTER_LISTEN") && why.contains(&address), "{why}");
    }

    async fn a_second_start_on_the_same_database_is_ready_at_once(backend) {
        let mut app = TestApp::start(backend).await;
        for _ in 0..3 {
            app.stop().await;
            app.start_again().await;
            app.get("/ready").send().await.expect(200).await;
        }
    }

    async fn half_a_request_does_not_hold_up_the_server(backend) {
        use tokio::io::AsyncWriteExt as _;
        let mut app = TestApp::start(backend).await;
        let running = app.take_running();
        let mut open = Vec::new();
        for _ in 0..50 {
            let mut half = tokio::net::TcpStream::connect(running.addr()).await.unwrap();
            half.write_all(b"POST /v1/chat/stream HTTP/1.1\r\nHost: x\r\nContent-Le")
                .await
                .unwrap();
            open.push(half);
        }
        let client = Client::new(&format!("http://{}", running.addr()));
        client.get("/health").send().await.expect(200).await;
        running.abort();
    }
}
