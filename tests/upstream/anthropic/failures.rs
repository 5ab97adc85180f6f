//! A model server that breaks, stalls or refuses: told cleanly, once.

use std::time::{Duration, Instant};

use super::recorded::{SAID, TEXT};
use super::*;
use crate::failure;
use system_tests::upstream::End;
use system_tests::{FakeUpstream, Gate, both};

both! {
    async fn an_error_in_mid_stream_is_one_error_event_and_the_part_is_kept(backend) {
        let app = claude(backend).start().await;
        for (n, kind) in ["overloaded_error", "api_error", "of_tomorrow"].into_iter().enumerate() {
            let session = format!("s{n}");
            app.upstream.then(half().bytes(event(&error(kind))).hang());
            let events = app.ask(&session, "Hi").events().await;
            assert_eq!(types(&events), ["start", "token", "error"], "{kind}");
            let told = only(&events, "error");
            assert_eq!((&told["code"], &told["retryable"]), (&json!("upstream_failed"), &json!(true)));
            assert!(!told.to_string().contains("in their words"), "{told}");
            assert_eq!(app.upstream.seen(n).await.ended().await, End::ClientGone);
            let kept = &app.current(&session).await["messages"][1];
            assert_eq!((&kept["content"], &kept["status"]), (&json!("half"), &json!("failed")));
        }
    }

    async fn what_is_no_answer_is_a_failure(backend) {
        let app = claude(backend).unhurried().start().await;
        let page = "<html><body>It works!</body></html>";
        let begun = || Reply::stream().bytes(start(&json!({"input_tokens": 7})));
        for (n, reply) in [
            Reply::status(200).json(&error("overloaded_error")),
            Reply::status(200).json(&json!({"error": {"message": "no"}})),
            Reply::status(200).json(&json!({"type": "message"})),
            Reply::status(200).json(&json!({"type": "message", "content": [], "stop_reason": null})),
            Reply::status(200).header("Content-Type", "application/json").bytes("{}"),
            Reply::status(200).header("Content-Type", "text/html").bytes(page),
            Reply::stream(),
            Reply::stream().bytes(page),
            Reply::stream().bytes(event(&error("overloaded_error"))),
            Reply::stream().bytes("event: message_start\n\n").bytes("event: message_stop\n\n"),
            begun(),
            begun().cut(),
            begun().bytes("data: not json\n\n"),
            begun().bytes("data: {\"type\": \"content_block_delta\", \"delta\": {\"type\": \"text_delta\", \"text\": \"a\"\n\n"),
            begun().bytes(&b"data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"\xff\"}}\n\n"[..]),
            begun().bytes("data: [1, 2]\n\n"),
            begun().bytes("data: {\"no\": \"type\"}\n\n"),
            begun().bytes("data: {\"type\": \"content_block_delta\", \"delta\": 5}\n\n"),
            begun().bytes("data: {\"type\": \"content_block_delta\", \"delta\": {\"type\": \"text_delta\", \"text\": null}}\n\n"),
            half(),
            half().cut(),
            half().bytes("data: {broken\n\n").bytes(end("end_turn", &json!({}))),
            // Another protocol's answer, as a wrongly set provider gets.
            Reply::tokens(&["Hello"]),
            Reply::status(302).header("Location", "http://127.0.0.1:1/"),
        ]
        .into_iter()
        .enumerate()
        {
            app.upstream.then(reply.clone());
            let answer = app.ask(&format!("s{n}"), "Hi").send().await;
            assert_eq!(failure(answer).await, "upstream_failed", "{reply:?}");
        }
    }

    async fn an_answer_that_ends_anywhere_is_whole_or_failed(backend) {
        let app = claude(backend).unhurried().start().await;
        // From here on it is known that nothing more is said.
        let told = TEXT.find("\"usage\":{\"output_tokens\":15").unwrap();
        let told = told + TEXT[told..].find('\n').unwrap();
        for at in (1..TEXT.len()).step_by(5) {
            let session = format!("s{at}");
            let broken_off = Reply::stream().bytes(&TEXT.as_bytes()[..at]);
            for reply in [broken_off.clone(), broken_off.cut()] {
                if at > told + 1 {
                    assert_eq!(answered(&app, &session, reply).await["message"], SAID, "ends at {at}");
                } else if at < told - 20 {
                    app.upstream.then(reply);
                    let answer = app.ask(&session, "Hi").send().await;
                    assert_eq!(failure(answer).await, "upstream_failed", "ends at {at}");
                }
            }
        }
    }

    async fn an_endless_line_is_a_failure_within_bounds(backend) {
        const BOUND: u64 = 32 * 1024 * 1024;
        let app = claude(backend).start().await;
        for (n, reply) in [
            Reply::stream().bytes("data: ").flood("x".repeat(64 * 1024)),
            half().bytes("event: ").flood("x".repeat(64 * 1024)),
            half().bytes("data: {\"type\": \"").flood("x".repeat(64 * 1024)),
            Reply::status(200).header("Content-Type", "application/json").flood("[".repeat(64 * 1024)),
        ]
        .into_iter()
        .enumerate()
        {
            app.upstream.then(reply);
            let answer = app.ask(&format!("s{n}"), "Hi").send().await;
            assert_eq!(failure(answer).await, "upstream_failed", "case {n}");
            let seen = app.upstream.seen(n).await;
            assert_eq!(seen.ended().await, End::ClientGone);
            assert!(seen.bytes_sent() < BOUND, "{} bytes taken in", seen.bytes_sent());
        }
    }

    async fn an_endless_answer_is_cut_and_the_model_is_hung_up_on(backend) {
        let app = claude(backend).start().await;
        app.upstream.then(half().flood(delta(&"0123456789abcde ".repeat(64))));
        let events = app.ask("s1", "Hi").events().await;
        assert_eq!(only(&events, "done")["finishReason"], "length");
        assert_eq!(app.upstream.seen(0).await.ended().await, End::ClientGone);
    }

    async fn a_passing_refusal_is_tried_again_and_a_lasting_one_told(backend) {
        let app = claude(backend).start().await;
        for (n, (status, kind)) in
            [(429, "rate_limit_error"), (500, "api_error"), (529, "overloaded_error")].into_iter().enumerate()
        {
            app.upstream.then(refusal(status, kind));
            let done = answered(&app, &format!("s{n}"), whole("Yes.")).await;
            assert_eq!(done["message"], "Yes.", "after {status}");
            assert_eq!(app.upstream.count(), 2 * (n + 1), "after {status}");
        }
        app.upstream.otherwise(refusal(529, "overloaded_error"));
        app.ask("lasting", "Hi").send().await.error(502, "upstream_failed").await;
        assert!((8..=11).contains(&app.upstream.count()), "{} tries", app.upstream.count());
    }

    async fn retry_after_is_waited_for(backend) {
        let app = claude(backend).start().await;
        app.upstream.then(refusal(429, "rate_limit_error").header("retry-after", "1"));
        let asked = Instant::now();
        answered(&app, "s1", whole("Yes.")).await;
        assert!(asked.elapsed() >= Duration::from_secs(1), "not earlier than the server asked for");
    }

    async fn what_will_be_refused_again_is_not_tried_again(backend) {
        let app = claude(backend).start().await;
        let refusals = [
            (400, "invalid_request_error"),
            (401, "authentication_error"),
            (403, "permission_error"),
            (404, "not_found_error"),
            (413, "request_too_large"),
        ];
        for (n, (status, kind)) in refusals.into_iter().enumerate() {
            app.upstream.then(refusal(status, kind));
            let body = app.ask("s1", "Hi").send().await.error(502, "upstream_failed").await;
            assert!(!body.to_string().contains("in their words"), "{body}");
            assert_eq!(app.upstream.count(), n + 1, "after {status}");
        }
    }

    async fn a_test_of_the_connection_says_in_plain_words_what_is_wrong(backend) {
        let app = claude(backend).start().await;
        let agent = make_agent(&app, &json!({})).await;
        let test = async |agent: &str| -> Value {
            let answer = admin_posts(&app, &format!("{agent}/test-connection"), &json!({})).await;
            answer.expect(200).await.json().await
        };
        app.upstream.then(whole("ready"));
        let good = test(&agent).await;
        assert_eq!((&good["ok"], &good["models"]), (&json!(true), &json!(["first-model", "second-model"])));
        for (status, kind, hint) in [
            (401, "authentication_error", "Check the agent's key"),
            (404, "not_found_error", "its base_url"),
            (429, "rate_limit_error", "fewer requests"),
            (529, "overloaded_error", "overloaded"),
        ] {
            // A refusal that may pass is tried again, and stays one.
            app.upstream.otherwise(refusal(status, kind));
            let bad = test(&agent).await;
            assert_eq!(bad["ok"], false, "{bad}");
            assert!(text(&bad, "message").contains(hint), "{bad}");
            assert!(!bad.to_string().contains("in their words"), "{bad}");
            assert!(!bad.to_string().contains("sk-ant-secret"), "{bad}");
        }
        app.upstream.then(half().bytes(event(&error("overloaded_error"))));
        assert_eq!(test(&agent).await["ok"], true, "a word is an answer");
        app.upstream.then(Reply::tokens(&["Hello"]));
        assert!(text(&test(&agent).await, "message").contains("protocol"));
        let nobody = make_agent(&app, &json!({"base_url": FakeUpstream::nobody().await})).await;
        assert!(text(&test(&nobody).await, "message").contains("cannot be reached"));
        // What is set in the environment is looked for there.
        app.upstream.otherwise(refusal(404, "not_found_error"));
        let bad = test("/api/agents/demo").await;
        assert!(text(&bad, "message").contains("ANTHROPIC_BASE_URL and ANTHROPIC_MODEL"), "{bad}");
    }

    async fn silence_before_the_first_token_is_a_timeout_whatever_else_comes(backend) {
        let app = claude(backend).set("NATTER_FIRST_TOKEN_TIMEOUT_MS", 300).start().await;
        app.upstream.then(Reply::silence());
        app.ask("s1", "Hi").send().await.error(504, "upstream_timeout").await;
        let begun = Reply::stream().bytes(start(&json!({"input_tokens": 7})));
        app.upstream.then(begun.bytes(event(&json!({"type": "ping"}))).hang());
        assert_eq!(failure(app.ask("s2", "Hi").send().await).await, "upstream_timeout");
        for n in 0..2 {
            assert_eq!(app.upstream.seen(n).await.ended().await, End::ClientGone);
        }
    }

    async fn pings_alone_do_not_keep_a_call_open(backend) {
        let app = claude(backend).set("NATTER_IDLE_TIMEOUT_MS", 400).start().await;
        let (gate, ping) = (Gate::new(), event(&json!({"type": "ping"})));
        let pings = (0..150).fold(half(), |reply, _| reply.wait(&gate).bytes(ping.clone()));
        app.upstream.then(pings.bytes(end("end_turn", &json!({}))));
        // Often enough to be heard within the time, for far longer than it.
        let metronome = tokio::spawn(async move {
            loop {
                gate.release(1);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        let events = app.ask("s1", "Hi").events().await;
        metronome.abort();
        assert_eq!(types(&events), ["start", "token", "error"]);
        assert_eq!(only(&events, "error")["code"], "upstream_timeout");
        assert_eq!(app.upstream.seen(0).await.ended().await, End::ClientGone);
        assert_eq!(app.current("s1").await["messages"][1]["status"], "failed");
    }

    async fn stop_and_hanging_up_reach_the_model_server(backend) {
        let app = claude(backend).set("NATTER_DISCONNECT_GRACE_SECONDS", 0).start().await;
        app.upstream.otherwise(half().hang());
        let mut answer = app.ask("s1", "Hi").send().await.expect(200).await;
        let turn = text(&answer.next_of("start").await, "turnId");
        answer.next_of("token").await;
        app.stop_turn("s1", &turn).send().await.expect(200).await;
        assert_eq!(app.upstream.seen(0).await.ended().await, End::ClientGone);
        assert_eq!(only(&answer.events().await, "done")["finishReason"], "stopped");
        let mut answer = app.ask("s2", "Hi").send().await.expect(200).await;
        answer.next_of("start").await;
        answer.next_of("token").await;
        drop(answer);
        assert_eq!(app.upstream.seen(1).await.ended().await, End::ClientGone);
    }
}
