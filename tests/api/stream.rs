//! A chat from question to `done`.

use serde_json::{Value, json};
use system_tests::app::{first_contract, only, text, tokens};
use system_tests::{Gate, Reply, TestApp, both, types};

/// The types a client must know, without those it may ignore.
fn core(events: &[Value]) -> Vec<&str> {
    types(events)
        .into_iter()
        .filter(|kind| ["start", "token", "done", "error"].contains(kind))
        .collect()
}

both! {
    async fn a_chat_is_start_then_tokens_then_done(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::tokens(&["Hel", "lo ", "world"]));
        let events = app.ask("s1", "Hi").events().await;
        assert_eq!(core(&events), ["start", "token", "token", "token", "done"]);
        assert_eq!(tokens(&events), "Hello world");
        assert_eq!(only(&events, "done")["message"], "Hello world");
        assert_eq!(only(&events, "done")["finishReason"], "stop");
    }

    async fn ids_agree_between_start_done_and_the_stored_conversation(backend) {
        let app = TestApp::start(backend).await;
        let events = app.ask("s1", "Hi").events().await;
        let (start, done) = (only(&events, "start"), only(&events, "done"));
        assert_eq!(start["conversationId"], done["conversationId"]);
        assert_eq!(start["messageId"], done["messageId"]);
        assert_ne!(start["messageId"], start["userMessageId"]);
        assert!(!text(start, "turnId").is_empty());
        let conversation = app.current("s1").await;
        assert_eq!(conversation["id"], start["conversationId"]);
        assert_eq!(conversation["messages"][0]["id"], start["userMessageId"]);
        assert_eq!(conversation["messages"][1]["id"], start["messageId"]);
        assert_eq!(conversation["messages"][1]["content"], done["message"]);
    }

    async fn every_event_is_numbered_from_one_without_a_gap(backend) {
        let app = TestApp::start(backend).await;
        let events = app.ask("s1", "Hi").events().await;
        let numbers: Vec<u64> = events
            .iter()
            .filter(|e| e["type"] != "ping")
            .filter_map(|e| e["seq"].as_u64())
            .collect();
        assert_eq!(numbers, (1..=types(&events).len() as u64).collect::<Vec<_>>());
    }

    async fn a_token_is_sent_when_it_comes_and_not_with_the_next_one(backend) {
        let app = TestApp::start(backend).await;
        let gate = Gate::new();
        app.upstream.then(Reply::gated(&gate, &["one", " two"]));
        let mut answer = app.ask("s1", "Hi").send().await.expect(200).await;
        answer.next_of("start").await;
        gate.release(1);
        assert_eq!(answer.next_of("token").await["token"], "one");
        gate.release(1);
        assert_eq!(answer.next_of("token").await["token"], " two");
        gate.open();
        assert_eq!(only(&answer.events().await, "done")["message"], "one two");
    }

    async fn tokens_keep_their_white_space_and_done_is_trimmed(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::tokens(&["\n ", "a", "\n\n", "  b", " \n"]));
        let events = app.ask("s1", "Hi").events().await;
        assert_eq!(tokens(&events), "\n a\n\n  b \n");
        assert_eq!(only(&events, "done")["message"], "a\n\n  b");
    }

    async fn a_stream_carries_the_headers_that_keep_proxies_from_holding_it_back(backend) {
        let app = TestApp::start(backend).await;
        let answer = app.ask("s1", "Hi").header("Accept-Encoding", "gzip, br").send().await;
        let answer = answer.expect(200).await;
        assert_eq!(answer.header("content-type"), "application/x-ndjson; charset=utf-8");
        assert_eq!(answer.header("cache-control"), "no-store, no-transform");
        assert_eq!(answer.header("x-accel-buffering"), "no");
        assert_eq!(answer.header("content-encoding"), "", "a stream is never compressed");
        assert!(!answer.header("x-request-id").is_empty());
        assert_eq!(answer.number("x-ratelimit-limit"), 30);
        assert_eq!(answer.number("x-ratelimit-remaining"), 29);
        assert!(answer.number("x-ratelimit-reset") > 0);
        answer.events().await;
    }

    async fn usage_is_told_when_the_model_server_counts_and_only_then(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::tokens(&["a"]));
        app.upstream.then(Reply::stream().delta("b").finish("stop").done());
        let events = app.ask("s1", "Hi").events().await;
        assert_eq!(only(&events, "done")["usage"], json!({"inputTokens": 7, "outputTokens": 11}));
        let events = app.ask("s2", "Hi").events().await;
        assert_eq!(only(&events, "done").get("usage"), None);
    }

    async fn a_chat_in_one_piece_gives_the_same_answer(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::tokens(&[" Hello", " world "]));
        let answer = app.chat("s1", "Hi").send().await.expect(200).await;
        assert!(answer.header("content-type").starts_with("application/json"));
        assert_eq!(answer.number("x-ratelimit-remaining"), 29);
        let body = answer.json().await;
        assert_eq!(body["message"], "Hello world");
        assert_eq!(body["usage"], json!({"inputTokens": 7, "outputTokens": 11}));
        let conversation = app.current("s1").await;
        assert_eq!(conversation["id"], body["conversationId"]);
        assert_eq!(conversation["messages"][0]["id"], body["userMessageId"]);
        assert_eq!(conversation["messages"][1]["id"], body["messageId"]);
        assert!(!text(&body, "turnId").is_empty());
    }

    async fn the_old_path_of_the_stream_still_works(backend) {
        let app = TestApp::start(backend).await;
        let events = app.with_session("/chat", "s1").set("message", "Hi").events().await;
        assert_eq!(only(&events, "done")["message"], "Hello from the model.");
    }

    async fn a_client_that_knows_four_event_types_gets_everything_it_needs(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::tokens(&["Hello", " world"]));
        let events = app.ask("s1", "How do I put the widget on my page?").events().await;
        let id = only(&events, "start")["conversationId"].clone();
        let message_id = only(&events, "start")["messageId"].clone();
        assert_eq!(
            first_contract(&events),
            [
                json!({"type": "start", "conversationId": id}),
                json!({"type": "token", "token": "Hello"}),
                json!({"type": "token", "token": " world"}),
                json!({"type": "done", "message": "Hello world", "conversationId": id,
                       "messageId": message_id}),
            ]
        );
    }

    async fn unknown_fields_are_ignored(backend) {
        let app = TestApp::start(backend).await;
        let call = app.ask("s1", "Hi").set("futureField", json!({"a": [1]}));
        assert_eq!(core(&call.events().await).last(), Some(&"done"));
    }

    async fn a_reader_that_stands_still_holds_nobody_up_and_loses_nothing(backend) {
        let app = TestApp::start(backend).await;
        let piece = "0123456789abcdef".repeat(1024);
        let pieces = vec![piece.as_str(); 15];
        app.upstream.then(Reply::tokens(&pieces));
        let slow = app.ask("slow", "Hi").send().await.expect(200).await;
        let events = app.ask("quick", "Hi").events().await;
        assert_eq!(only(&events, "done")["message"], "Hello from the model.");
        let events = slow.events().await;
        assert_eq!(tokens(&events), piece.repeat(15));
        assert_eq!(only(&events, "done")["message"], piece.repeat(15));
    }
}
