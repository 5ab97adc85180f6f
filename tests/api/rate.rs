//! Requests per minute: by key and address.

use std::time::Duration;

use shared::LicenseKeySettings;
use system_tests::app::{START_MS, WIDGET_KEY, usable_key};
use system_tests::{Backend, Call, TestApp, both};

async fn behind_a_proxy(backend: Backend) -> TestApp {
    TestApp::with(backend).set("NATTER_TRUSTED_PROXIES", "127.0.0.1").start().await
}

async fn allowed(call: Call) {
    call.send().await.expect(200).await.events().await;
}

async fn refused(call: Call) {
    let body = call.send().await.error(429, "rate_limit_exceeded").await;
    assert_eq!(body["error"], "Too many requests");
}

both! {
    async fn thirty_chats_a_minute_are_allowed_and_the_next_is_told_when_to_come_back(backend) {
        let app = TestApp::start(backend).await;
        let mut reset = 0;
        for n in 0..30 {
            let answer = app.ask(&format!("s{n}"), "Hi").send().await.expect(200).await;
            assert_eq!(answer.number("x-ratelimit-limit"), 30);
            assert_eq!(answer.number("x-ratelimit-remaining"), 29 - n);
            reset = answer.number("x-ratelimit-reset");
            assert!((START_MS / 1000 + 1..=START_MS / 1000 + 60).contains(&reset), "{reset}");
            answer.events().await;
        }
        let answer = app.ask("s30", "Hi").send().await;
        let wait = reset - START_MS / 1000;
        assert_eq!(answer.number("x-ratelimit-remaining"), 0);
        assert_eq!(answer.number("x-ratelimit-reset"), reset);
        assert_eq!(answer.number("retry-after"), wait);
        let body = answer.error(429, "rate_limit_exceeded").await;
        assert_eq!(body["retryAfter"], wait);
        assert_eq!(body["error"], "Too many requests");
        app.clock.advance(Duration::from_secs(u64::try_from(wait).unwrap()));
        allowed(app.ask("s31", "Hi")).await;
        assert_eq!(app.upstream.count(), 31, "a refused request reaches no model");
    }

    async fn the_limit_is_exact_when_all_come_at_once(backend) {
        let app = TestApp::start(backend).await;
        let answers = app.at_once(60, |n| app.ask(&format!("s{n}"), "Hi")).await;
        assert_eq!(answers.iter().filter(|a| a.status == 200).count(), 30);
        assert_eq!(answers.iter().filter(|a| a.status == 429).count(), 30);
    }

    async fn all_three_chat_routes_share_one_count(backend) {
        let app = TestApp::with(backend).set("RATE_LIMIT_MAX_REQUESTS", 3).start().await;
        allowed(app.ask("s1", "Hi")).await;
        app.chat("s1", "Hi").send().await.expect(200).await;
        allowed(app.with_session("/chat", "s1").set("message", "Hi")).await;
        refused(app.chat("s1", "Hi")).await;
        refused(app.ask("s1", "Hi")).await;
    }

    async fn the_settings_change_limit_and_window(backend) {
        let app = TestApp::with(backend)
            .set("RATE_LIMIT_MAX_REQUESTS", 1)
            .set("RATE_LIMIT_WINDOW_MS", 5000)
            .start()
            .await;
        allowed(app.ask("s1", "Hi")).await;
        refused(app.ask("s1", "Hi")).await;
        app.clock.advance(Duration::from_millis(5000));
        allowed(app.ask("s1", "Hi")).await;
    }

    async fn a_keys_own_limit_replaces_the_servers(backend) {
        let app = TestApp::with(backend).set("RATE_LIMIT_MAX_REQUESTS", 3).start().await;
        let with = |n| LicenseKeySettings { rate_limit_per_minute: Some(n), ..usable_key() };
        let (slow, quick) = (app.issue_key(with(1)).await.key, app.issue_key(with(5)).await.key);
        allowed(app.ask("s1", "Hi").key(&slow)).await;
        refused(app.ask("s1", "Hi").key(&slow)).await;
        for _ in 0..5 {
            allowed(app.ask("s2", "Hi").key(&quick)).await;
        }
        refused(app.ask("s2", "Hi").key(&quick)).await;
    }

    async fn keys_and_addresses_are_counted_apart(backend) {
        let app = TestApp::with(backend)
            .set("NATTER_TRUSTED_PROXIES", "127.0.0.1")
            .set("RATE_LIMIT_MAX_REQUESTS", 1)
            .start()
            .await;
        let key = app.issue_key(usable_key()).await.key;
        allowed(app.ask("s1", "Hi").from_ip("203.0.113.1")).await;
        refused(app.ask("s1", "Hi").from_ip("203.0.113.1")).await;
        allowed(app.ask("s1", "Hi").from_ip("203.0.113.2")).await;
        allowed(app.ask("s1", "Hi").from_ip("203.0.113.1").key(&key)).await;
    }

    async fn an_address_before_the_trusted_proxy_cannot_be_forged_to_dodge_the_limit(backend) {
        let app = TestApp::with(backend)
            .set("NATTER_TRUSTED_PROXIES", "127.0.0.1")
            .set("RATE_LIMIT_MAX_REQUESTS", 1)
            .start()
            .await;
        allowed(app.ask("s1", "Hi").from_ip("198.51.100.1, 203.0.113.1")).await;
        refused(app.ask("s1", "Hi").from_ip("198.51.100.2, 203.0.113.1")).await;
    }

    async fn the_widgets_own_calls_have_their_own_120_a_minute(backend) {
        let app = behind_a_proxy(backend).await;
        let config = |ip| {
            let call = app.from_page("/v1/widget/config", "https://shop.example");
            call.set("licenseKey", WIDGET_KEY).from_ip(ip)
        };
        for _ in 0..120 {
            config("203.0.113.1").send().await.expect(200).await;
        }
        config("203.0.113.1").send().await.error(429, "rate_limit_exceeded").await;
        config("203.0.113.2").send().await.expect(200).await;
        allowed(app.ask("s1", "Hi").from_ip("203.0.113.1")).await;
    }

    async fn the_eleventh_unknown_key_in_a_minute_is_refused_without_a_look(backend) {
        let app = behind_a_proxy(backend).await;
        let wrong = || app.ask("s1", "Hi").key("wrong-key-of-the-tests-0123456789abcdef");
        for _ in 0..10 {
            wrong().from_ip("203.0.113.1").send().await.error(401, "unauthorized").await;
        }
        wrong().from_ip("203.0.113.1").send().await.error(429, "rate_limit_exceeded").await;
        wrong().from_ip("203.0.113.2").send().await.error(401, "unauthorized").await;
        app.clock.advance(Duration::from_secs(60));
        wrong().from_ip("203.0.113.1").send().await.error(401, "unauthorized").await;
    }
}
