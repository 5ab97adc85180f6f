//! One answer at a time in one conversation.

use system_tests::app::only;
use system_tests::{Gate, Reply, TestApp, both, types};

both! {
    async fn a_second_message_waits_for_the_answer_to_the_first(backend) {
        let app = TestApp::start(backend).await;
        let gate = Gate::new();
        app.upstream.then(Reply::gated(&gate, &["one"]));
        let mut first = app.ask("s1", "Hi").send().await.expect(200).await;
        first.next_of("start").await;
        app.ask("s1", "And").send().await.error(409, "turn_in_progress").await;
        app.chat("s1", "And").send().await.error(409, "turn_in_progress").await;
        let call = app.ask("s1", "And").set("clientMessageId", "c9");
        call.send().await.error(409, "turn_in_progress").await;
        gate.open();
        first.events().await;
        let events = app.ask("s1", "And").events().await;
        assert_eq!(types(&events).last(), Some(&"done"));
        assert_eq!(app.current("s1").await["messages"].as_array().map(Vec::len), Some(4));
    }

    async fn of_ten_different_messages_at_once_one_is_answered_at_a_time(backend) {
        let app = TestApp::with(backend).unhurried().start().await;
        let gate = Gate::new();
        app.upstream.otherwise(Reply::gated(&gate, &["one"]));
        let answers = app.at_once(10, |n| app.ask("s1", &format!("Question {n}"))).await;
        let (running, refused): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|a| a.status == 200);
        assert_eq!(running.len(), 1);
        for answer in refused {
            answer.error(409, "turn_in_progress").await;
        }
        gate.open();
        for answer in running {
            only(&answer.events().await, "done");
        }
        assert_eq!(app.upstream.count(), 1);
    }

    async fn a_refused_message_consumes_no_quota_and_is_not_stored(backend) {
        let app = TestApp::start(backend).await;
        let mut new = system_tests::app::usable_key();
        new.monthly_usage_limit = Some(2);
        let key = app.issue_key(new).await.key;
        let gate = Gate::new();
        app.upstream.then(Reply::gated(&gate, &["one"]));
        let first = app.ask("s1", "Hi").key(&key).send().await.expect(200).await;
        for _ in 0..3 {
            app.ask("s1", "And").key(&key).send().await.error(409, "turn_in_progress").await;
        }
        gate.open();
        first.events().await;
        app.ask("s1", "And").key(&key).events().await;
        let messages = app.upstream.seen(1).await.messages();
        let said = messages.iter().filter(|(role, _)| role == "user").count();
        assert_eq!(said, 2, "{messages:?}");
    }

    async fn other_sessions_are_not_held_up(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::stream().hang());
        let mut first = app.ask("s1", "Hi").send().await.expect(200).await;
        first.next_of("start").await;
        let events = app.ask("s2", "Hi").events().await;
        assert_eq!(types(&events).last(), Some(&"done"));
    }
}
