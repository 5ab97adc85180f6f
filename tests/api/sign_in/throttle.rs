//! Guessing passwords leads nowhere, and tells nothing about who has an account.

use std::time::Duration;

use serde_json::Value;
use system_tests::{Backend, Call, TestApp, both};

use super::{EMAIL, PASSWORD, attempt};

const A_QUARTER: Duration = Duration::from_secs(15 * 60);

/// Addresses are told apart.
async fn start(backend: Backend) -> TestApp {
    let app = TestApp::with(backend).set("NATTER_ADMIN_EMAIL", EMAIL);
    let app = app.set("NATTER_ADMIN_PASSWORD", PASSWORD);
    app.set("NATTER_TRUSTED_PROXIES", "127.0.0.1").start().await
}

async fn wrong(call: Call) -> Value {
    let answer = call.send().await;
    assert_eq!(answer.header("set-cookie"), "", "no session for a wrong password");
    answer.error(401, "unauthorized").await
}

async fn throttled(call: Call) {
    let answer = call.send().await;
    let wait = answer.number("retry-after");
    assert!((1..=15 * 60).contains(&wait), "{wait}");
    answer.error(429, "rate_limit_exceeded").await;
}

both! {
    async fn an_unknown_account_and_a_wrong_password_are_told_alike(backend) {
        let app = start(backend).await;
        let mut bodies = Vec::new();
        for (email, password) in [
            (EMAIL, "a wrong password"),
            ("stranger@example.com", "a wrong password"),
            ("stranger@example.com", PASSWORD),
        ] {
            let mut body = wrong(attempt(&app, email, password)).await;
            body["requestId"].take();
            bodies.push(body);
        }
        assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
    }

    async fn ten_wrong_passwords_in_a_quarter_of_an_hour_close_the_account_to_their_address(backend) {
        let app = start(backend).await;
        let from = |ip: &str, password| attempt(&app, EMAIL, password).from_ip(ip);
        for _ in 0..10 {
            wrong(from("203.0.113.1", "a wrong password")).await;
            app.clock.advance(Duration::from_secs(1));
        }
        throttled(from("203.0.113.1", "a wrong password")).await;
        throttled(from("203.0.113.1", PASSWORD)).await;
        // A stranger's guesses keep nobody out elsewhere.
        from("203.0.113.2", PASSWORD).send().await.expect(200).await;
        app.clock.advance(A_QUARTER);
        from("203.0.113.1", PASSWORD).send().await.expect(200).await;
    }

    async fn a_hundred_wrong_passwords_from_many_addresses_close_the_account(backend) {
        let app = start(backend).await;
        for n in 0..100 {
            let call = attempt(&app, EMAIL, "a wrong password");
            wrong(call.from_ip(&format!("203.0.113.{}", n / 10))).await;
        }
        throttled(attempt(&app, EMAIL, PASSWORD).from_ip("203.0.113.99")).await;
        app.clock.advance(A_QUARTER);
        attempt(&app, EMAIL, PASSWORD).from_ip("203.0.113.99").send().await.expect(200).await;
    }

    async fn an_unknown_account_is_closed_alike(backend) {
        let app = start(backend).await;
        let guess = || {
            let call = attempt(&app, "stranger@example.com", "a wrong password");
            call.from_ip("203.0.113.1")
        };
        for _ in 0..10 {
            wrong(guess()).await;
        }
        throttled(guess()).await;
        let call = attempt(&app, EMAIL, PASSWORD).from_ip("203.0.113.1");
        call.send().await.expect(200).await;
    }

    async fn ten_at_once_are_counted_as_ten(backend) {
        let app = start(backend).await;
        let call = |_| attempt(&app, EMAIL, "a wrong password");
        let answers = app.at_once(25, call).await;
        let looked_at = answers.iter().filter(|answer| answer.status == 401).count();
        assert!(looked_at <= 10, "{looked_at} guesses of ten allowed");
        throttled(attempt(&app, EMAIL, PASSWORD)).await;
    }

    async fn thirty_wrong_passwords_close_the_address_for_every_account(backend) {
        let app = start(backend).await;
        let from = |n: usize, ip: &str| {
            attempt(&app, &format!("user{n}@example.com"), "a wrong password").from_ip(ip)
        };
        for n in 0..30 {
            wrong(from(n, "203.0.113.1")).await;
        }
        throttled(from(30, "203.0.113.1")).await;
        throttled(attempt(&app, EMAIL, PASSWORD).from_ip("203.0.113.1")).await;
        let call = attempt(&app, EMAIL, PASSWORD).from_ip("203.0.113.2");
        call.send().await.expect(200).await;
        app.clock.advance(A_QUARTER);
        let call = attempt(&app, EMAIL, PASSWORD).from_ip("203.0.113.1");
        call.send().await.expect(200).await;
    }
}
