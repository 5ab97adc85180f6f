//! No model server can make the server hold more than its bounds, or keep a call open.

use serde_json::json;
use system_tests::app::{only, text, tokens};
use system_tests::upstream::{End, delta};
use system_tests::{Reply, TestApp, both, types};

use crate::failure;

/// Far above what the server may take in before it gives up, far below what would hurt.
const BOUND: u64 = 32 * 1024 * 1024;

both! {
    async fn an_answer_is_cut_at_256_kib_and_the_model_is_hung_up_on(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::stream().flood(delta(&"0123456789abcde ".repeat(64))));
        let events = app.ask("s1", "Hi").events().await;
        let done = only(&events, "done");
        assert_eq!(done["finishReason"], "length");
        let message = text(done, "message");
        assert!((255 * 1024..=256 * 1024).contains(&message.len()), "{}", message.len());
        assert!(tokens(&events).trim().starts_with(&message[..250 * 1024]));
        let seen = app.upstream.seen(0).await;
        assert_eq!(seen.ended().await, End::ClientGone);
        assert!(seen.bytes_sent() < BOUND);
        assert_eq!(app.current("s1").await["messages"][1]["content"], message.as_str());
    }

    async fn an_answer_is_never_cut_inside_a_character(backend) {
        let app = TestApp::start(backend).await;
        // Three bytes each, so that the limit falls inside one.
        app.upstream.then(Reply::stream().flood(delta(&"語".repeat(1000))));
        let events = app.ask("s1", "Hi").events().await;
        let message = text(only(&events, "done"), "message");
        assert!(message.len() <= 256 * 1024);
        assert!(message.chars().all(|c| c == '語'));
    }

    async fn one_delta_beyond_the_limit_is_cut_too(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::tokens(&[&"x".repeat(300 * 1024)]));
        let answer = app.ask("s1", "Hi").send().await;
        if answer.status == 200 {
            let events = answer.events().await;
            if types(&events).last() == Some(&"done") {
                assert_eq!(only(&events, "done")["finishReason"], "length");
                assert!(text(only(&events, "done"), "message").len() <= 256 * 1024);
            } else {
                assert_eq!(only(&events, "error")["code"], "upstream_failed");
            }
        } else {
            answer.error(502, "upstream_failed").await;
        }
    }

    async fn an_endless_line_is_a_failure_within_bounds(backend) {
        let app = TestApp::start(backend).await;
        for (n, reply) in [
            Reply::stream().bytes("data: ").flood("x".repeat(64 * 1024)),
            Reply::stream().delta("half").bytes("data: {\"a\": \"").flood("x".repeat(64 * 1024)),
            Reply::stream().bytes("data: {}\n").flood("data: {}\n".repeat(1000)),
            Reply::status(200)
                .header("Content-Type", "application/json")
                .flood("[".repeat(64 * 1024)),
        ]
        .into_iter()
        .enumerate()
        {
            app.upstream.then(reply);
            assert_eq!(
                failure(app.ask("s1", "Hi").send().await).await,
                "upstream_failed",
                "case {n}"
            );
            let seen = app.upstream.seen(n).await;
            assert_eq!(seen.ended().await, End::ClientGone);
            assert!(seen.bytes_sent() < BOUND, "{} bytes taken in", seen.bytes_sent());
        }
    }

    async fn endless_chatter_without_a_token_ends(backend) {
        let app = TestApp::with(backend).set("NATTER_FIRST_TOKEN_TIMEOUT_MS", 2000).start().await;
        app.upstream.then(Reply::stream().flood(": nothing yet\n\n".repeat(1000)));
        failure(app.ask("s1", "Hi").send().await).await;
        assert_eq!(app.upstream.seen(0).await.ended().await, End::ClientGone);
    }

    async fn an_endless_error_body_is_not_read_to_its_end(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::status(400).flood("x".repeat(64 * 1024)));
        app.ask("s1", "Hi").send().await.error(502, "upstream_failed").await;
        let seen = app.upstream.seen(0).await;
        assert_eq!(seen.ended().await, End::ClientGone);
        assert!(seen.bytes_sent() < BOUND);
    }

    async fn an_endless_list_of_models_is_a_failure(backend) {
        let app = TestApp::with(backend).unset("OPENAI_MODEL").start().await;
        app.upstream.models(Reply::status(200).flood(json!({"id": "x"}).to_string()));
        app.ask("s1", "Hi").send().await.error(502, "upstream_failed").await;
    }

    async fn many_small_tokens_arrive_in_order(backend) {
        let app = TestApp::start(backend).await;
        let words: Vec<String> = (0..5000).map(|n| format!("{n} ")).collect();
        let pieces: Vec<&str> = words.iter().map(String::as_str).collect();
        app.upstream.then(Reply::tokens(&pieces));
        let events = app.ask("s1", "Hi").events().await;
        assert_eq!(tokens(&events), words.concat());
        assert_eq!(only(&events, "done")["message"], words.concat().trim());
    }
}
