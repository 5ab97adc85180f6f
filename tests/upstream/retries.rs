//! Tried again only while nothing was said, and only where that may help.

use std::time::{Duration, Instant};

use system_tests::app::only;
use system_tests::{Reply, TestApp, both, types};

use crate::failure;

both! {
    async fn a_passing_refusal_is_tried_again_and_nobody_notices(backend) {
        let app = TestApp::start(backend).await;
        for (n, status) in [408, 429, 500, 502, 503, 504].into_iter().enumerate() {
            app.upstream.then(Reply::refusal(status, "later"));
            let events = app.ask(&format!("s{n}"), "Hi").events().await;
            assert_eq!(only(&events, "done")["message"], "Hello from the model.", "after {status}");
            assert_eq!(app.upstream.count(), 2 * (n + 1), "after {status}");
        }
    }

    async fn a_lasting_refusal_is_told_after_a_few_tries(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.otherwise(Reply::refusal(503, "down"));
        app.ask("s1", "Hi").send().await.error(502, "upstream_failed").await;
        assert!((2..=5).contains(&app.upstream.count()), "{} tries", app.upstream.count());
    }

    async fn retry_after_is_waited_for(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::refusal(429, "slow down").header("Retry-After", "1"));
        let asked = Instant::now();
        let events = app.ask("s1", "Hi").events().await;
        assert_eq!(types(&events).last(), Some(&"done"));
        assert!(asked.elapsed() >= Duration::from_secs(1), "not earlier than the server asked for");
    }

    async fn a_retry_after_beyond_the_patience_is_a_failure_at_once(backend) {
        let app = TestApp::with(backend).set("NATTER_FIRST_TOKEN_TIMEOUT_MS", 5000).start().await;
        app.upstream.then(Reply::refusal(429, "tomorrow").header("Retry-After", "86400"));
        failure(app.ask("s1", "Hi").send().await).await;
        assert_eq!(app.upstream.count(), 1);
    }

    async fn a_retry_after_that_is_no_time_breaks_nothing(backend) {
        let app = TestApp::start(backend).await;
        for (n, endless) in ["18446744073709551615", "9223372036854775807"].into_iter().enumerate()
        {
            app.upstream.then(Reply::refusal(503, "never").header("Retry-After", endless));
            app.ask("s1", "Hi").send().await.error(502, "upstream_failed").await;
            assert_eq!(app.upstream.count(), n + 1);
        }
        for (n, nonsense) in ["-1", "soon", "1e9", "", "18446744073709551616"].into_iter().enumerate()
        {
            app.upstream.then(Reply::refusal(503, "later").header("Retry-After", nonsense));
            let events = app.ask(&format!("again{n}"), "Hi").events().await;
            assert_eq!(types(&events).last(), Some(&"done"), "{nonsense}");
        }
    }

    async fn nothing_is_tried_again_once_a_token_was_said(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::stream().delta("half").cut());
        let events = app.ask("s1", "Hi").events().await;
        assert_eq!(types(&events), ["start", "token", "error"]);
        assert_eq!(app.upstream.count(), 1);
    }

    async fn a_retried_question_is_one_query_and_one_message(backend) {
        let app = TestApp::start(backend).await;
        let mut new = system_tests::app::usable_key();
        new.monthly_usage_limit = Some(1);
        let key = app.issue_key(new).await.key;
        app.upstream.then(Reply::refusal(503, "later"));
        let events = app.ask("s1", "Hi").key(&key).events().await;
        assert_eq!(types(&events).last(), Some(&"done"));
        app.ask("s1", "Hi").key(&key).send().await.error(429, "monthly_limit_reached").await;
        let messages = app.upstream.seen(1).await.messages();
        assert_eq!(messages.iter().filter(|(role, _)| role == "user").count(), 1);
    }
}
