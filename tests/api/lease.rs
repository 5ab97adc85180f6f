//! The server is killed in the middle of an answer.

use std::time::Duration;

use shared::LicenseKeySettings;
use system_tests::app::{JULY_MS, only, text, usable_key};
use system_tests::{Gate, Reply, TestApp, both, types};

/// Longer than the lease that the tests set.
const PAST_THE_LEASE: Duration = Duration::from_secs(11);

async fn app_with_leases(backend: system_tests::Backend) -> TestApp {
    TestApp::with(backend).set("NATTER_LEASE_SECONDS", 10).start().await
}

async fn key_with_one_query(app: &TestApp) -> String {
    app.issue_key(LicenseKeySettings { monthly_usage_limit: Some(1), ..usable_key() }).await.key
}

both! {
    async fn an_answer_cut_by_a_crash_is_told_as_a_failure_that_may_be_retried(backend) {
        let mut app = app_with_leases(backend).await;
        let gate = Gate::new();
        app.upstream.then(Reply::gated(&gate, &["one", " two"]));
        let mut answer =
            app.ask("s1", "Hi").set("clientMessageId", "c1").send().await.expect(200).await;
        let start = answer.next_of("start").await;
        gate.release(1);
        answer.next_of("token").await;
        app.kill();
        app.clock.advance(PAST_THE_LEASE);
        app.start_again().await;
        let events = app.resume("s1", &text(&start, "turnId"), 0).events().await;
        assert_eq!(types(&events).last(), Some(&"error"));
        assert_eq!(only(&events, "error")["retryable"], true);
        let again = app.ask("s1", "Hi").set("clientMessageId", "c1").events().await;
        assert_eq!(only(&again, "done")["message"], "Hello from the model.");
        assert_ne!(only(&again, "start")["turnId"], start["turnId"]);
        assert_eq!(only(&again, "start")["userMessageId"], start["userMessageId"]);
    }

    async fn the_end_is_news_to_a_client_that_has_seen_part_of_the_stream(backend) {
        let mut app = app_with_leases(backend).await;
        let gate = Gate::new();
        app.upstream.then(Reply::gated(&gate, &["one", " two", " three"]));
        let mut answer = app.ask("s1", "Hi").send().await.expect(200).await;
        let start = answer.next_of("start").await;
        gate.release(3);
        let mut seen = 0;
        for _ in 0..3 {
            seen = answer.next_of("token").await["seq"].as_u64().unwrap();
        }
        assert_eq!(seen, 4);
        app.kill();
        app.clock.advance(PAST_THE_LEASE);
        app.start_again().await;
        let events = app.resume("s1", &text(&start, "turnId"), seen).events().await;
        assert_eq!(types(&events), ["error"]);
        assert!(events[0]["seq"].as_u64() > Some(seen), "{}", events[0]);
    }

    async fn a_query_lost_in_a_crash_before_its_first_token_is_given_back(backend) {
        let mut app = app_with_leases(backend).await;
        let key = key_with_one_query(&app).await;
        app.upstream.then(Reply::stream().hang());
        let mut answer = app.ask("s1", "Hi").key(&key).send().await.expect(200).await;
        let start = answer.next_of("start").await;
        app.kill();
        app.clock.advance(PAST_THE_LEASE);
        app.start_again().await;
        let events = app.resume("s1", &text(&start, "turnId"), 0).key(&key).events().await;
        assert_eq!(types(&events).last(), Some(&"error"));
        let events = app.ask("s1", "Hi").key(&key).events().await;
        assert_eq!(types(&events).last(), Some(&"done"));
        app.ask("s1", "Hi").key(&key).send().await.error(429, "monthly_limit_reached").await;
    }

    async fn a_query_lost_in_a_crash_after_a_token_stays_counted(backend) {
        let mut app = app_with_leases(backend).await;
        let key = key_with_one_query(&app).await;
        let gate = Gate::new();
        app.upstream.then(Reply::gated(&gate, &["one", "two"]));
        let mut answer = app.ask("s1", "Hi").key(&key).send().await.expect(200).await;
        let start = answer.next_of("start").await;
        gate.release(1);
        answer.next_of("token").await;
        app.kill();
        app.clock.advance(PAST_THE_LEASE);
        app.start_again().await;
        let events = app.resume("s1", &text(&start, "turnId"), 0).key(&key).events().await;
        assert_eq!(types(&events).last(), Some(&"error"));
        app.ask("s1", "Hi").key(&key).send().await.error(429, "monthly_limit_reached").await;
    }

    async fn a_query_lost_over_the_end_of_a_month_is_given_back_to_its_month(backend) {
        let mut app = app_with_leases(backend).await;
        let key = key_with_one_query(&app).await;
        app.clock.set(JULY_MS - 1);
        app.upstream.then(Reply::stream().hang());
        let mut answer = app.ask("s1", "Hi").key(&key).send().await.expect(200).await;
        let start = answer.next_of("start").await;
        app.kill();
        app.clock.advance(PAST_THE_LEASE);
        app.start_again().await;
        app.resume("s1", &text(&start, "turnId"), 0).key(&key).events().await;
        app.ask("s1", "Hi").key(&key).events().await;
        app.ask("s1", "Hi").key(&key).send().await.error(429, "monthly_limit_reached").await;
        app.clock.set(JULY_MS - 1);
        let events = app.ask("s2", "Hi").key(&key).events().await;
        assert_eq!(types(&events).last(), Some(&"done"));
    }

    async fn a_crash_leaves_no_conversation_stuck(backend) {
        let mut app = app_with_leases(backend).await;
        app.upstream.then(Reply::stream().delta("half").hang());
        let mut answer = app.ask("s1", "Hi").send().await.expect(200).await;
        answer.next_of("start").await;
        answer.next_of("token").await;
        app.kill();
        app.clock.advance(PAST_THE_LEASE);
        app.start_again().await;
        let events = app.ask("s1", "Again").events().await;
        assert_eq!(types(&events).last(), Some(&"done"));
        assert!(app.current("s1").await["runningTurn"].is_null());
    }

    async fn an_acknowledged_answer_survives_a_crash(backend) {
        let mut app = app_with_leases(backend).await;
        for n in 0..5 {
            let events = app.ask("s1", &format!("Question {n}")).events().await;
            only(&events, "done");
        }
        app.kill();
        app.start_again().await;
        let conversation = app.current("s1").await;
        let messages = conversation["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 10);
        assert!(messages.iter().all(|m| m["status"] == "complete"), "{conversation}");
    }
}
