//! A model server that falls silent.

use system_tests::app::only;
use system_tests::upstream::End;
use system_tests::{Gate, Reply, TestApp, both, types};

use crate::failure;

both! {
    async fn silence_before_the_head_is_a_plain_504(backend) {
        let app = TestApp::with(backend).set("NATTER_FIRST_TOKEN_TIMEOUT_MS", 300).start().await;
        app.upstream.otherwise(Reply::silence());
        app.ask("s1", "Hi").send().await.error(504, "upstream_timeout").await;
        app.chat("s2", "Hi").send().await.error(504, "upstream_timeout").await;
        assert_eq!(app.upstream.seen(0).await.ended().await, End::ClientGone);
    }

    async fn silence_before_the_first_token_ends_in_a_timeout(backend) {
        let app = TestApp::with(backend).set("NATTER_FIRST_TOKEN_TIMEOUT_MS", 300).start().await;
        app.upstream.otherwise(Reply::stream().hang());
        assert_eq!(failure(app.ask("s1", "Hi").send().await).await, "upstream_timeout");
        assert_eq!(app.upstream.seen(0).await.ended().await, End::ClientGone);
    }

    async fn chatter_without_a_token_does_not_put_off_the_timeout(backend) {
        let app = TestApp::with(backend).set("NATTER_FIRST_TOKEN_TIMEOUT_MS", 300).start().await;
        let gate = Gate::new();
        app.upstream.then(Reply::stream().bytes(": still thinking\n\n").delta("").wait(&gate));
        assert_eq!(failure(app.ask("s1", "Hi").send().await).await, "upstream_timeout");
        assert_eq!(app.upstream.seen(0).await.ended().await, End::ClientGone);
    }

    async fn silence_in_the_middle_ends_in_an_error_event_and_the_part_is_kept(backend) {
        let app = TestApp::with(backend).set("NATTER_IDLE_TIMEOUT_MS", 300).start().await;
        app.upstream.then(Reply::stream().delta("half").hang());
        let events = app.ask("s1", "Hi").events().await;
        assert_eq!(types(&events), ["start", "token", "error"]);
        assert_eq!(only(&events, "error")["code"], "upstream_timeout");
        assert_eq!(only(&events, "error")["retryable"], true);
        assert_eq!(app.upstream.seen(0).await.ended().await, End::ClientGone);
        assert_eq!(app.current("s1").await["messages"][1]["status"], "failed");
    }

    async fn silence_is_filled_with_pings_that_carry_no_number(backend) {
        let app = TestApp::with(backend).set("NATTER_PING_SECONDS", 1).start().await;
        let gate = Gate::new();
        app.upstream.then(Reply::gated(&gate, &["one", "two"]));
        let mut answer = app.ask("s1", "Hi").send().await.expect(200).await;
        let start = answer.next_of("start").await;
        let ping = answer.next().await.expect("a ping");
        assert_eq!(ping, serde_json::json!({"type": "ping"}));
        gate.release(1);
        let token = answer.next_of("token").await;
        assert_eq!(token["seq"].as_u64().unwrap(), start["seq"].as_u64().unwrap() + 1);
        assert_eq!(answer.next().await.expect("a ping")["type"], "ping");
        gate.open();
        only(&answer.events().await, "done");
    }
}
