//! The visitor's own conversation: reading it back, rating it, its end.

use std::time::Duration;

use serde_json::{Value, json};
use system_tests::app::{complaints, only, text};
use system_tests::{Gate, Reply, TestApp, both};

const DAY: Duration = Duration::from_secs(24 * 3600);

both! {
    async fn a_session_that_never_chatted_has_no_conversation(backend) {
        let app = TestApp::start(backend).await;
        assert_eq!(app.current("s1").await, Value::Null);
    }

    async fn the_conversation_is_told_oldest_first(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::tokens(&["A1"])).then(Reply::tokens(&["A2"]));
        app.ask("s1", "  Q1  ").set("clientMessageId", "c1").events().await;
        app.clock.advance(Duration::from_secs(5));
        app.ask("s1", "Q2").events().await;
        let conversation = app.current("s1").await;
        let messages = conversation["messages"].as_array().unwrap();
        let said: Vec<_> = messages
            .iter()
            .map(|m| (text(m, "role"), text(m, "content").trim().to_owned()))
            .collect();
        let expected = [("user", "Q1"), ("assistant", "A1"), ("user", "Q2"), ("assistant", "A2")];
        assert_eq!(said, expected.map(|(role, content)| (role.to_owned(), content.to_owned())));
        assert!(messages.iter().all(|m| m["status"] == "complete"));
        assert_eq!(messages[0]["clientMessageId"], "c1");
        assert_eq!(messages[0]["createdAt"], "2026-06-15T12:00:00.000Z");
        assert_eq!(messages[2]["createdAt"], "2026-06-15T12:00:05.000Z");
        assert_eq!(conversation["runningTurn"], Value::Null);
    }

    async fn a_running_answer_is_named_with_the_number_of_its_last_event(backend) {
        let app = TestApp::start(backend).await;
        let gate = Gate::new();
        app.upstream.then(Reply::gated(&gate, &["one", "two"]));
        let mut answer = app.ask("s1", "Hi").send().await.expect(200).await;
        let start = answer.next_of("start").await;
        gate.release(1);
        let token = answer.next_of("token").await;
        let conversation = app.current("s1").await;
        assert_eq!(
            conversation["runningTurn"],
            json!({"turnId": start["turnId"], "seq": token["seq"]})
        );
        assert_eq!(conversation["messages"][0]["id"], start["userMessageId"]);
        gate.open();
        answer.events().await;
        assert_eq!(app.current("s1").await["runningTurn"], Value::Null);
    }

    async fn sources_are_kept_with_the_answer(backend) {
        let app = TestApp::start(backend).await;
        let events = app.ask("s1", "How do I put the widget on my page?").events().await;
        let conversation = app.current("s1").await;
        assert_eq!(conversation["messages"][1]["sources"], only(&events, "sources")["sources"]);
    }

    async fn a_failed_part_is_kept_and_marked(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::stream().delta("half an").cut());
        app.ask("s1", "Hi").events().await;
        let conversation = app.current("s1").await;
        assert_eq!(conversation["messages"][1]["content"], "half an");
        assert_eq!(conversation["messages"][1]["status"], "failed");
    }

    async fn after_a_day_of_silence_a_new_conversation_begins(backend) {
        let app = TestApp::start(backend).await;
        let first = app.ask("s1", "One").events().await;
        app.clock.advance(DAY - Duration::from_millis(1));
        let second = app.ask("s1", "Two").events().await;
        assert_eq!(
            only(&first, "start")["conversationId"],
            only(&second, "start")["conversationId"]
        );
        app.clock.advance(DAY + Duration::from_secs(1));
        assert_eq!(app.current("s1").await, Value::Null);
        let third = app.ask("s1", "Three").events().await;
        assert_ne!(
            only(&first, "start")["conversationId"],
            only(&third, "start")["conversationId"]
        );
        let messages = app.upstream.seen(2).await.messages();
        assert!(messages.iter().all(|(_, content)| content != "One" && content != "Two"));
    }

    async fn the_time_of_silence_is_settable(backend) {
        let app = TestApp::with(backend).set("NATTER_CONVERSATION_IDLE_HOURS", 1).start().await;
        let first = app.ask("s1", "One").events().await;
        app.clock.advance(Duration::from_secs(3601));
        let second = app.ask("s1", "Two").events().await;
        assert_ne!(
            only(&first, "start")["conversationId"],
            only(&second, "start")["conversationId"]
        );
    }

    async fn an_answer_can_be_rated_rated_anew_and_unrated(backend) {
        let app = TestApp::start(backend).await;
        let events = app.ask("s1", "Hi").events().await;
        let id = text(&events[0], "messageId");
        for rating in [json!("up"), json!("down"), Value::Null] {
            let body =
                app.rate("s1", &id, rating.clone()).send().await.expect(200).await.json().await;
            assert_eq!(body, json!({"messageId": id, "rating": rating}));
            let stored = app.current("s1").await["messages"][1]["rating"].clone();
            assert_eq!(stored, rating);
        }
        let call = app.rate("s1", &id, "up").set("comment", "x".repeat(2000));
        call.send().await.expect(200).await;
        let call = app.rate("s1", &id, "up").set("comment", "x".repeat(2001));
        let body = call.send().await.error(400, "invalid_request").await;
        assert_eq!(complaints(&body), ["comment"]);
        let call = app.rate("s1", &id, "up").set("comment", "a\0");
        call.send().await.error(400, "invalid_request").await;
        app.rate("s1", &id, "sideways").send().await.error(400, "invalid_request").await;
    }

    async fn only_an_answer_of_ones_own_can_be_rated(backend) {
        let app = TestApp::start(backend).await;
        let events = app.ask("s1", "Hi").events().await;
        let (answer, question) = (text(&events[0], "messageId"), text(&events[0], "userMessageId"));
        app.rate("s2", &answer, "up").send().await.error(404, "not_found").await;
        app.rate("s1", &question, "up").send().await.error(404, "not_found").await;
        app.rate("s1", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "up")
            .send()
            .await
            .error(404, "not_found")
            .await;
        assert_eq!(app.current("s1").await["messages"][1].get("rating"), None);
    }

    async fn any_language_and_any_sign_is_kept_as_it_was_written(backend) {
        let app = TestApp::start(backend).await;
        let hard = "ä ß 語 🧑‍🚀 \u{202e}rtl\u{202c} \u{feff} ' \" \\ % _ ; -- \n\t \u{1}\u{7f} é";
        app.upstream.then(Reply::tokens(&[hard]));
        let events = app.ask("s1", hard).events().await;
        assert_eq!(only(&events, "done")["message"], hard);
        let conversation = app.current("s1").await;
        assert_eq!(conversation["messages"][0]["content"], hard);
        assert_eq!(conversation["messages"][1]["content"], hard);
        let seen = app.upstream.seen(0).await.messages();
        assert_eq!(seen.last().map(|(_, content)| content.as_str()), Some(hard));
    }

    async fn a_nul_character_from_the_model_breaks_no_database(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::tokens(&["a\0b"]));
        let events = app.ask("s1", "Hi").events().await;
        let done = text(only(&events, "done"), "message");
        assert!(done.starts_with('a') && done.ends_with('b'));
        assert_eq!(app.current("s1").await["messages"][1]["content"], done.as_str());
    }
}
