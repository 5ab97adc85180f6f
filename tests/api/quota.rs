//! The monthly limit: exact under any concurrency, given back when nothing was delivered.

use shared::LicenseKeySettings;
use system_tests::app::{JULY_MS, START_MS, only, usable_key, website_key};
use system_tests::{Answer, Call, Gate, Reply, TestApp, both, types};

async fn key_with_limit(app: &TestApp, limit: i64) -> String {
    app.issue_key(LicenseKeySettings { monthly_usage_limit: Some(limit), ..usable_key() }).await.key
}

fn ask(app: &TestApp, key: &str, session: &str) -> Call {
    app.ask(session, "Hi").key(key)
}

async fn admitted(call: Call) {
    let events = call.events().await;
    assert_eq!(types(&events).last(), Some(&"done"));
}

async fn refused(call: Call) -> serde_json::Value {
    call.send().await.error(429, "monthly_limit_reached").await
}

both! {
    async fn a_limit_of_50_admits_exactly_50_of_200_at_once(backend) {
        let app = TestApp::with(backend).unhurried().start().await;
        let key = key_with_limit(&app, 50).await;
        let answers = app.at_once(200, |n| ask(&app, &key, &format!("s{n}"))).await;
        let mut admitted = 0;
        for answer in answers {
            if answer.status == 200 {
                admitted += 1;
                assert_eq!(types(&answer.events().await).last(), Some(&"done"));
            } else {
                answer.error(429, "monthly_limit_reached").await;
            }
        }
        assert_eq!(admitted, 50);
        assert_eq!(app.upstream.count(), 50, "a refused query reaches no model");
        refused(ask(&app, &key, "late")).await;
    }

    async fn a_limit_holds_over_a_crash_in_the_rush(backend) {
        let mut app = TestApp::with(backend).unhurried().start().await;
        let key = key_with_limit(&app, 20).await;
        for n in 0..12 {
            admitted(ask(&app, &key, &format!("s{n}"))).await;
        }
        app.kill();
        app.start_again().await;
        let answers = app.at_once(40, |n| ask(&app, &key, &format!("t{n}"))).await;
        let admitted = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(admitted, 8, "what was acknowledged before the crash stays counted");
        futures_util::future::join_all(answers.into_iter().map(Answer::text)).await;
    }

    async fn the_limit_says_when_to_come_back(backend) {
        let app = TestApp::start(backend).await;
        let key = key_with_limit(&app, 1).await;
        admitted(ask(&app, &key, "s1")).await;
        let answer = ask(&app, &key, "s1").send().await;
        let seconds = (JULY_MS - START_MS) / 1000;
        assert_eq!(answer.number("retry-after"), seconds);
        let body = answer.error(429, "monthly_limit_reached").await;
        assert_eq!(body["retryAfter"], seconds);
    }

    async fn a_query_that_fails_before_its_first_token_is_given_back(backend) {
        let app = TestApp::start(backend).await;
        let key = key_with_limit(&app, 1).await;
        app.upstream.then(Reply::refusal(400, "no"));
        ask(&app, &key, "s1").send().await.error(502, "upstream_failed").await;
        app.upstream.then(Reply::stream().cut());
        let answer = ask(&app, &key, "s2").send().await;
        if answer.status == 200 {
            assert_eq!(types(&answer.events().await).last(), Some(&"error"));
        }
        admitted(ask(&app, &key, "s3")).await;
        refused(ask(&app, &key, "s4")).await;
    }

    async fn a_query_that_fails_after_a_token_counts(backend) {
        let app = TestApp::start(backend).await;
        let key = key_with_limit(&app, 1).await;
        app.upstream.then(Reply::stream().delta("half").cut());
        let events = ask(&app, &key, "s1").events().await;
        assert_eq!(types(&events).last(), Some(&"error"));
        refused(ask(&app, &key, "s2")).await;
    }

    async fn refused_requests_are_not_counted(backend) {
        let app = TestApp::start(backend).await;
        let new = LicenseKeySettings {
            monthly_usage_limit: Some(1),
            ..website_key(&["https://shop.example"])
        };
        let key = app.issue_key(new).await.key;
        let from_shop =
            |message: &str| app.ask("s1", message).key(&key).origin("https://shop.example");
        app.ask("s1", "Hi")
            .key(&key)
            .origin("https://evil.example")
            .send()
            .await
            .error(403, "origin_not_allowed")
            .await;
        from_shop("").send().await.error(400, "invalid_request").await;
        admitted(from_shop("Hi")).await;
        refused(from_shop("Hi")).await;
    }

    async fn both_ways_to_chat_count(backend) {
        let app = TestApp::start(backend).await;
        let key = key_with_limit(&app, 2).await;
        app.chat("s1", "Hi").key(&key).send().await.expect(200).await;
        admitted(ask(&app, &key, "s1")).await;
        app.chat("s1", "Hi").key(&key).send().await.error(429, "monthly_limit_reached").await;
    }

    async fn a_month_begins_at_midnight_utc_on_the_first(backend) {
        let app = TestApp::start(backend).await;
        let key = key_with_limit(&app, 1).await;
        app.clock.set(JULY_MS - 1);
        admitted(ask(&app, &key, "s1")).await;
        refused(ask(&app, &key, "s1")).await;
        app.clock.set(JULY_MS);
        admitted(ask(&app, &key, "s1")).await;
        refused(ask(&app, &key, "s1")).await;
    }

    async fn a_query_is_given_back_to_the_month_in_which_it_was_counted(backend) {
        let app = TestApp::start(backend).await;
        let key = key_with_limit(&app, 1).await;
        app.clock.set(JULY_MS - 1);
        let gate = Gate::new();
        app.upstream.then(Reply::stream().wait(&gate).cut());
        let june = ask(&app, &key, "june").send().await.expect(200).await;
        app.clock.set(JULY_MS);
        admitted(ask(&app, &key, "july")).await;
        gate.open();
        assert_eq!(types(&june.events().await).last(), Some(&"error"));
        refused(ask(&app, &key, "july")).await;
        app.clock.set(JULY_MS - 1);
        admitted(ask(&app, &key, "june")).await;
    }

    async fn a_clock_that_jumps_over_months_breaks_nothing(backend) {
        let app = TestApp::start(backend).await;
        let key = key_with_limit(&app, 1).await;
        for month in 0..14 {
            // 31 days reach the next month from any 15th.
            app.clock.set(START_MS + month * 31 * 86_400_000);
            admitted(ask(&app, &key, &format!("s{month}"))).await;
            refused(ask(&app, &key, &format!("s{month}"))).await;
        }
    }

    async fn keys_have_their_own_counts(backend) {
        let app = TestApp::start(backend).await;
        let (one, two) = (key_with_limit(&app, 1).await, key_with_limit(&app, 1).await);
        admitted(ask(&app, &one, "s1")).await;
        admitted(ask(&app, &two, "s1")).await;
        refused(ask(&app, &one, "s1")).await;
        admitted(app.ask("s1", "Hi")).await;
    }

    async fn a_stopped_answer_counts(backend) {
        let app = TestApp::start(backend).await;
        let key = key_with_limit(&app, 1).await;
        let gate = Gate::new();
        app.upstream.then(Reply::gated(&gate, &["one", "two"]));
        let mut answer = ask(&app, &key, "s1").send().await.expect(200).await;
        gate.release(1);
        let start = answer.next_of("start").await;
        answer.next_of("token").await;
        let stop = app.stop_turn("s1", start["turnId"].as_str().unwrap()).key(&key);
        stop.send().await.expect(200).await;
        assert_eq!(only(&answer.events().await, "done")["finishReason"], "stopped");
        refused(ask(&app, &key, "s2")).await;
    }
}
