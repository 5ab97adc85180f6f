//! The visitor says stop.

use system_tests::app::{only, text};
use system_tests::upstream::End;
use system_tests::{Gate, Reply, TestApp, both, types};

both! {
    async fn stop_ends_the_answer_keeps_the_part_and_hangs_up_on_the_model(backend) {
        let app = TestApp::start(backend).await;
        let gate = Gate::new();
        app.upstream.then(Reply::gated(&gate, &["one ", "two "]));
        let mut answer = app.ask("s1", "Hi").send().await.expect(200).await;
        let start = answer.next_of("start").await;
        gate.release(1);
        answer.next_of("token").await;
        let turn = text(&start, "turnId");
        let body = app.stop_turn("s1", &turn).send().await.expect(200).await.json().await;
        assert_eq!((&body["turnId"], &body["stopped"]), (&start["turnId"], &true.into()));
        let rest = answer.events().await;
        assert_eq!(types(&rest), ["done"]);
        assert_eq!(only(&rest, "done")["finishReason"], "stopped");
        assert_eq!(only(&rest, "done")["message"], "one");
        assert_eq!(app.upstream.seen(0).await.ended().await, End::ClientGone);
        let conversation = app.current("s1").await;
        assert_eq!(conversation["messages"][1]["status"], "stopped");
        assert_eq!(conversation["messages"][1]["content"], "one");
        assert!(conversation["runningTurn"].is_null());
    }

    async fn the_part_is_stored_when_stop_answers(backend) {
        let app = TestApp::start(backend).await;
        let gate = Gate::new();
        app.upstream.then(Reply::gated(&gate, &["one", "two"]));
        let mut answer = app.ask("s1", "Hi").send().await.expect(200).await;
        let start = answer.next_of("start").await;
        gate.release(1);
        answer.next_of("token").await;
        app.stop_turn("s1", &text(&start, "turnId")).send().await.expect(200).await;
        let conversation = app.current("s1").await;
        assert_eq!(conversation["messages"][1]["content"], "one");
        app.ask("s1", "Next").send().await.expect(200).await.events().await;
        answer.events().await;
    }

    async fn stopping_before_the_first_token_leaves_the_conversation_usable(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::stream().hang());
        let mut answer = app.ask("s1", "Hi").send().await.expect(200).await;
        let start = answer.next_of("start").await;
        app.stop_turn("s1", &text(&start, "turnId")).send().await.expect(200).await;
        let rest = answer.events().await;
        assert_eq!(only(&rest, "done")["finishReason"], "stopped");
        assert_eq!(only(&rest, "done")["message"], "");
        assert_eq!(app.upstream.seen(0).await.ended().await, End::ClientGone);
        let events = app.ask("s1", "Next").events().await;
        assert_eq!(types(&events).last(), Some(&"done"));
    }

    async fn stopping_what_has_ended_changes_nothing(backend) {
        let app = TestApp::start(backend).await;
        let events = app.ask("s1", "Hi").events().await;
        let turn = text(&events[0], "turnId");
        let body = app.stop_turn("s1", &turn).send().await.expect(200).await.json().await;
        assert_eq!(body["stopped"], false);
        let conversation = app.current("s1").await;
        assert_eq!(conversation["messages"][1]["status"], "complete");
        assert_eq!(conversation["messages"][1]["content"], "Hello from the model.");
    }

    async fn a_turn_is_stopped_by_its_own_session_alone(backend) {
        let app = TestApp::start(backend).await;
        let gate = Gate::new();
        app.upstream.then(Reply::gated(&gate, &["one"]));
        let mut answer = app.ask("s1", "Hi").send().await.expect(200).await;
        let turn = text(&answer.next_of("start").await, "turnId");
        app.stop_turn("s2", &turn).send().await.error(404, "not_found").await;
        app.stop_turn("s1", "01ARZ3NDEKTSV4RRFFQ69G5FAV")
            .send()
            .await
            .error(404, "not_found")
            .await;
        gate.open();
        assert_eq!(only(&answer.events().await, "done")["finishReason"], "stop");
    }

    async fn every_reader_of_a_stopped_answer_sees_its_end(backend) {
        let app = TestApp::start(backend).await;
        let gate = Gate::new();
        app.upstream.then(Reply::gated(&gate, &["one"]));
        let mut first = app.ask("s1", "Hi").send().await.expect(200).await;
        let turn = text(&first.next_of("start").await, "turnId");
        let second = app.resume("s1", &turn, 0).send().await.expect(200).await;
        app.stop_turn("s1", &turn).send().await.expect(200).await;
        let last = first.events().await.pop();
        assert_eq!(second.events().await.pop(), last);
        assert_eq!(last.unwrap()["finishReason"], "stopped");
    }

    async fn a_chat_in_one_piece_is_answered_with_its_part_when_stopped(backend) {
        let app = TestApp::start(backend).await;
        let gate = Gate::new();
        app.upstream.then(Reply::gated(&gate, &["one", "two"]));
        let whole = tokio::spawn(app.chat("s1", "Hi").send());
        app.upstream.seen(0).await;
        let turn = loop {
            let running = app.current("s1").await["runningTurn"].clone();
            if let Some(turn) = running["turnId"].as_str() {
                break turn.to_owned();
            }
        };
        // Read along, so that it is known when the token has come.
        let mut along = app.resume("s1", &turn, 0).send().await.expect(200).await;
        gate.release(1);
        along.next_of("start").await;
        along.next_of("token").await;
        app.stop_turn("s1", &turn).send().await.expect(200).await;
        let body = whole.await.unwrap().expect(200).await.json().await;
        assert_eq!(body["message"], "one");
    }
}
