//! The same message sent twice is one message.

use std::time::Duration;

use serde_json::Value;
use system_tests::app::{only, text, usable_key};
use system_tests::{Call, Gate, Reply, TestApp, both, types};

fn ask(app: &TestApp, message: &str, id: &str) -> Call {
    app.ask("s1", message).set("clientMessageId", id)
}

fn numbered(events: Vec<Value>) -> Vec<Value> {
    events.into_iter().filter(|event| event["type"] != "ping").collect()
}

both! {
    async fn a_repeated_message_joins_its_running_answer_from_the_start(backend) {
        let app = TestApp::start(backend).await;
        let gate = Gate::new();
        app.upstream.then(Reply::gated(&gate, &["one", " two"]));
        let mut first = ask(&app, "Hi", "c1").send().await.expect(200).await;
        let mut seen = vec![first.next_of("start").await];
        gate.release(1);
        seen.push(first.next_of("token").await);
        let second = ask(&app, "Hi", "c1").send().await.expect(200).await;
        gate.open();
        let first = [seen, numbered(first.events().await)].concat();
        assert_eq!(numbered(second.events().await), first);
        assert_eq!(app.upstream.count(), 1);
    }

    async fn a_repeated_message_replays_its_finished_answer(backend) {
        let app = TestApp::start(backend).await;
        let first = numbered(ask(&app, "Hi", "c1").events().await);
        let again = numbered(ask(&app, "Hi", "c1").events().await);
        assert_eq!(only(&again, "start")["turnId"], only(&first, "start")["turnId"]);
        assert_eq!(only(&again, "done"), only(&first, "done"));
        assert_eq!(app.upstream.count(), 1);
        let conversation = app.current("s1").await;
        assert_eq!(conversation["messages"].as_array().map(Vec::len), Some(2));
        assert_eq!(conversation["messages"][0]["clientMessageId"], "c1");
    }

    async fn a_replay_works_after_later_messages_and_a_restart(backend) {
        let mut app = TestApp::start(backend).await;
        let first = ask(&app, "Hi", "c1").events().await;
        ask(&app, "More", "c2").events().await;
        app.stop().await;
        app.start_again().await;
        let again = ask(&app, "Hi", "c1").events().await;
        assert_eq!(only(&again, "start")["turnId"], only(&first, "start")["turnId"]);
        assert_eq!(only(&again, "done")["message"], only(&first, "done")["message"]);
        assert_eq!(app.upstream.count(), 2);
    }

    async fn a_chat_in_one_piece_is_replayed_too(backend) {
        let app = TestApp::start(backend).await;
        let call = || app.chat("s1", "Hi").set("clientMessageId", "c1").send();
        let first = call().await.expect(200).await.json().await;
        assert_eq!(call().await.expect(200).await.json().await, first);
        assert_eq!(app.upstream.count(), 1);
    }

    async fn a_failed_message_is_tried_anew_and_stored_once(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::stream().delta("half").cut());
        let first = ask(&app, "Hi", "c1").events().await;
        assert_eq!(types(&first).last(), Some(&"error"));
        let second = ask(&app, "Hi", "c1").events().await;
        assert_eq!(only(&second, "done")["message"], "Hello from the model.");
        let (before, after) = (only(&first, "start"), only(&second, "start"));
        assert_ne!(before["turnId"], after["turnId"]);
        assert_eq!(before["userMessageId"], after["userMessageId"]);
        let conversation = app.current("s1").await;
        let said: Vec<_> = conversation["messages"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|m| m["role"] == "user")
            .collect();
        assert_eq!(said.len(), 1, "{conversation}");
        assert_eq!(app.upstream.count(), 2);
    }

    async fn a_message_refused_by_the_model_server_is_tried_anew_and_stored_once(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::refusal(400, "no"));
        ask(&app, "Hi", "c1").send().await.error(502, "upstream_failed").await;
        let second = ask(&app, "Hi", "c1").events().await;
        assert_eq!(types(&second).last(), Some(&"done"));
        let conversation = app.current("s1").await;
        assert_eq!(conversation["messages"].as_array().map(Vec::len), Some(2), "{conversation}");
    }

    async fn each_attempt_is_a_query_of_its_own(backend) {
        let app = TestApp::start(backend).await;
        let mut new = usable_key();
        new.monthly_usage_limit = Some(2);
        let key = app.issue_key(new).await.key;
        app.upstream.then(Reply::stream().delta("half").cut());
        ask(&app, "Hi", "c1").key(&key).events().await;
        app.clock.advance(Duration::from_millis(1));
        ask(&app, "Hi", "c1").key(&key).events().await;
        ask(&app, "Hi", "c1").key(&key).events().await;
        ask(&app, "More", "c2").key(&key).send().await.error(429, "monthly_limit_reached").await;
    }

    async fn an_id_that_was_used_with_another_text_is_422(backend) {
        let app = TestApp::start(backend).await;
        ask(&app, "Hi", "c1").events().await;
        ask(&app, "Ho", "c1").send().await.error(422, "idempotency_mismatch").await;
        let call = app.chat("s1", "Ho").set("clientMessageId", "c1");
        call.send().await.error(422, "idempotency_mismatch").await;
        assert_eq!(app.upstream.count(), 1);
    }

    async fn ids_count_within_their_session_alone(backend) {
        let app = TestApp::start(backend).await;
        let first = ask(&app, "Hi", "c1").events().await;
        let other = app.ask("s2", "Ho").set("clientMessageId", "c1").events().await;
        assert_ne!(only(&first, "start")["turnId"], only(&other, "start")["turnId"]);
        assert_eq!(app.upstream.count(), 2);
    }

    async fn twenty_copies_at_once_are_one_question(backend) {
        let app = TestApp::with(backend).unhurried().start().await;
        let answers = app.at_once(20, |_| ask(&app, "Hi", "c1")).await;
        let mut turns = Vec::new();
        for answer in answers {
            let events = answer.events().await;
            assert_eq!(only(&events, "done")["message"], "Hello from the model.");
            turns.push(text(&events[0], "turnId"));
        }
        turns.dedup();
        assert_eq!(turns.len(), 1);
        assert_eq!(app.upstream.count(), 1);
        assert_eq!(app.current("s1").await["messages"].as_array().map(Vec::len), Some(2));
    }
}
