//! The reader goes away in the middle of an answer.

use system_tests::app::{only, text, usable_key};
use system_tests::upstream::End;
use system_tests::{Gate, Reply, TestApp, both, types};

use crate::wait::eventually;

both! {
    async fn hanging_up_while_the_question_is_taken_leaves_no_turn_that_nobody_writes(backend) {
        let app = TestApp::with(backend).unhurried().start().await;
        for n in 0..40 {
            let call = tokio::spawn(app.ask(&format!("s{n}"), "Hi").send());
            // Each a little later than the one before.
            for _ in 0..n {
                tokio::task::yield_now().await;
            }
            call.abort();
        }
        for n in 0..40 {
            let again = async || {
                let answer = app.ask(&format!("s{n}"), "Again").send().await;
                let status = answer.status;
                if status == 200 {
                    answer.events().await;
                }
                status
            };
            eventually("the session answers again", again, |status| *status == 200).await;
        }
    }

    async fn with_no_grace_the_model_is_hung_up_on_and_the_part_is_stored(backend) {
        let app = TestApp::with(backend).set("NATTER_DISCONNECT_GRACE_SECONDS", 0).start().await;
        let gate = Gate::new();
        app.upstream.then(Reply::gated(&gate, &["one ", "two"]));
        let mut answer = app.ask("s1", "Hi").send().await.expect(200).await;
        let turn = text(&answer.next_of("start").await, "turnId");
        gate.release(1);
        answer.next_of("token").await;
        drop(answer);
        assert_eq!(app.upstream.seen(0).await.ended().await, End::ClientGone);
        let events = app.resume("s1", &turn, 0).events().await;
        assert_eq!(only(&events, "done")["finishReason"], "stopped");
        assert_eq!(only(&events, "done")["message"], "one");
        let conversation = app.current("s1").await;
        assert_eq!(conversation["messages"][1]["status"], "stopped");
        assert_eq!(conversation["messages"][1]["content"], "one");
    }

    async fn within_the_grace_time_the_answer_is_finished_and_stored(backend) {
        let app = TestApp::start(backend).await;
        let gate = Gate::new();
        app.upstream.then(Reply::gated(&gate, &["one", " two"]));
        let mut answer = app.ask("s1", "Hi").send().await.expect(200).await;
        let turn = text(&answer.next_of("start").await, "turnId");
        drop(answer);
        gate.open();
        assert_eq!(app.upstream.seen(0).await.ended().await, End::Played);
        let events = app.resume("s1", &turn, 0).events().await;
        assert_eq!(only(&events, "done")["message"], "one two");
        assert_eq!(app.current("s1").await["messages"][1]["status"], "complete");
    }

    async fn when_the_grace_time_ends_first_the_part_is_stored_as_stopped_and_counted(backend) {
        let app = TestApp::with(backend).set("NATTER_DISCONNECT_GRACE_SECONDS", 1).start().await;
        let mut new = usable_key();
        new.monthly_usage_limit = Some(1);
        let key = app.issue_key(new).await.key;
        let gate = Gate::new();
        app.upstream.then(Reply::gated(&gate, &["one", " two"]));
        let mut answer = app.ask("s1", "Hi").key(&key).send().await.expect(200).await;
        let turn = text(&answer.next_of("start").await, "turnId");
        gate.release(1);
        answer.next_of("token").await;
        drop(answer);
        assert_eq!(app.upstream.seen(0).await.ended().await, End::ClientGone);
        let events = app.resume("s1", &turn, 0).key(&key).events().await;
        assert_eq!(only(&events, "done")["finishReason"], "stopped");
        assert_eq!(only(&events, "done")["message"], "one");
        app.ask("s2", "Hi").key(&key).send().await.error(429, "monthly_limit_reached").await;
    }

    async fn as_long_as_one_reader_stays_the_answer_goes_on(backend) {
        let app = TestApp::with(backend).set("NATTER_DISCONNECT_GRACE_SECONDS", 0).start().await;
        let gate = Gate::new();
        app.upstream.then(Reply::gated(&gate, &["one", " two"]));
        let mut first = app.ask("s1", "Hi").send().await.expect(200).await;
        let turn = text(&first.next_of("start").await, "turnId");
        let second = app.resume("s1", &turn, 0).send().await.expect(200).await;
        gate.release(1);
        first.next_of("token").await;
        drop(first);
        app.get("/health").send().await.expect(200).await;
        gate.open();
        assert_eq!(only(&second.events().await, "done")["message"], "one two");
    }

    async fn a_chat_in_one_piece_whose_client_leaves_is_finished_too(backend) {
        let app = TestApp::start(backend).await;
        let gate = Gate::new();
        app.upstream.then(Reply::gated(&gate, &["one", " two"]));
        let call = tokio::spawn(app.chat("s1", "Hi").send());
        app.upstream.seen(0).await;
        call.abort();
        assert!(call.await.is_err_and(|e| e.is_cancelled()));
        gate.open();
        assert_eq!(app.upstream.seen(0).await.ended().await, End::Played);
        let running = app.current("s1").await["runningTurn"]["turnId"].clone();
        if let Some(turn) = running.as_str() {
            let events = app.resume("s1", turn, 0).events().await;
            assert_eq!(types(&events).last(), Some(&"done"));
        }
        let conversation = app.current("s1").await;
        assert_eq!(conversation["messages"][1]["content"], "one two");
    }
}
