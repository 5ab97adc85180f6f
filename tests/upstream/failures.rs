//! A model server that breaks: told cleanly, once, with nothing lost.

use serde_json::json;
use system_tests::app::only;
use system_tests::upstream::{End, sse};
use system_tests::{FakeUpstream, Reply, TestApp, both, types};

use crate::failure;

both! {
    async fn a_refusing_model_server_is_a_plain_502_before_any_stream(backend) {
        let app = TestApp::start(backend).await;
        for status in [400, 401, 403, 404, 422] {
            app.upstream.then(Reply::refusal(status, "no"));
            let body = app.ask("s1", "Hi").send().await.error(502, "upstream_failed").await;
            assert!(!body.to_string().contains("\"no\""));
        }
        assert_eq!(app.upstream.count(), 5, "what will be refused again is not tried again");
        app.upstream.then(Reply::refusal(400, "no"));
        app.chat("s1", "Hi").send().await.error(502, "upstream_failed").await;
    }

    async fn an_unreachable_model_server_is_a_plain_502(backend) {
        let nobody = FakeUpstream::nobody().await;
        let app = TestApp::with(backend).set("OPENAI_BASE_URL", nobody).start().await;
        app.ask("s1", "Hi").send().await.error(502, "upstream_failed").await;
        app.chat("s1", "Hi").send().await.error(502, "upstream_failed").await;
        app.get("/ready").send().await.expect(200).await;
    }

    async fn a_connection_that_breaks_off_before_the_head_is_a_plain_502(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.otherwise(Reply::cut_at_once());
        app.ask("s1", "Hi").send().await.error(502, "upstream_failed").await;
    }

    async fn a_stream_that_breaks_off_is_an_error_event_and_its_part_is_kept(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::stream().delta("half").cut());
        let events = app.ask("s1", "Hi").events().await;
        assert_eq!(types(&events), ["start", "token", "error"]);
        assert_eq!(only(&events, "error")["code"], "upstream_failed");
        assert_eq!(only(&events, "error")["retryable"], true);
        let conversation = app.current("s1").await;
        assert_eq!(conversation["messages"][1]["content"], "half");
        assert_eq!(conversation["messages"][1]["status"], "failed");
    }

    async fn a_chat_in_one_piece_that_breaks_off_is_a_plain_502_and_its_part_is_kept(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::stream().delta("half").cut());
        app.chat("s1", "Hi").send().await.error(502, "upstream_failed").await;
        assert_eq!(app.current("s1").await["messages"][1]["status"], "failed");
    }

    async fn a_stream_that_just_ends_is_not_taken_for_a_whole_answer(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::stream().delta("half"));
        assert_eq!(failure(app.ask("s1", "Hi").send().await).await, "upstream_failed");
        app.upstream.then(Reply::stream());
        assert_eq!(failure(app.ask("s2", "Hi").send().await).await, "upstream_failed");
    }

    async fn a_success_with_an_error_inside_is_a_failure(backend) {
        let app = TestApp::start(backend).await;
        let error =
            json!({"error": {"message": "overloaded", "type": "server_error", "code": 529}});
        for reply in [
            Reply::status(200).json(&error),
            Reply::stream().bytes(sse(&error)),
            Reply::stream().bytes(sse(&error)).done(),
            Reply::stream().bytes(format!("event: error\n{}", sse(&error))),
            Reply::stream().delta("half").bytes(sse(&error)).done(),
            Reply::stream().bytes(sse(&json!({"error": "a plain text"}))),
        ] {
            app.upstream.then(reply);
            assert_eq!(failure(app.ask("s1", "Hi").send().await).await, "upstream_failed");
        }
    }

    async fn what_is_not_the_dialect_is_a_failure(backend) {
        let app = TestApp::start(backend).await;
        let page = "<html><body>It works!</body></html>";
        for reply in [
            Reply::status(200).header("Content-Type", "text/html").bytes(page),
            Reply::stream().bytes(page),
            Reply::stream()
                .bytes("data: {\"choices\": [{\"delta\": {\"content\": \"a\"}\n\n")
                .done(),
            Reply::stream().bytes("data: not json\n\n").done(),
            Reply::stream()
                .bytes(&b"data: {\"choices\": [{\"delta\": {\"content\": \"\xff\xfe\"}}]}\n\n"[..])
                .done(),
            Reply::stream().bytes("data: [1, 2]\n\n").done(),
            Reply::stream().bytes("data: {\"choices\": 5}\n\n").done(),
            Reply::status(200).header("Content-Type", "application/json").bytes("{}"),
            Reply::status(204),
            Reply::status(302).header("Location", "http://127.0.0.1:1/"),
        ] {
            app.upstream.then(reply.clone());
            let answer = app.ask("s1", "Hi").send().await;
            assert_eq!(failure(answer).await, "upstream_failed", "{reply:?}");
        }
    }

    async fn garbage_after_a_token_ends_in_one_error_event(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::stream().delta("half").bytes("data: {broken\n\n").hang());
        let events = app.ask("s1", "Hi").events().await;
        assert_eq!(types(&events), ["start", "token", "error"]);
        assert_eq!(app.upstream.seen(0).await.ended().await, End::ClientGone);
    }

    async fn a_redirect_is_not_followed(backend) {
        let app = TestApp::start(backend).await;
        let elsewhere = FakeUpstream::start().await;
        let target = format!("{}/chat/completions", elsewhere.base_url());
        app.upstream.then(Reply::status(307).header("Location", &target));
        app.ask("s1", "Hi").send().await.error(502, "upstream_failed").await;
        assert_eq!(elsewhere.count(), 0, "the key and the conversation stay with the named server");
    }

    async fn after_any_failure_the_session_can_go_on(backend) {
        let app = TestApp::start(backend).await;
        for reply in
            [Reply::refusal(400, "no"), Reply::stream().cut(), Reply::stream().delta("half").cut()]
        {
            app.upstream.then(reply);
            failure(app.ask("s1", "Hi").send().await).await;
            let events = app.ask("s1", "Again").events().await;
            assert_eq!(types(&events).last(), Some(&"done"));
        }
    }
}
