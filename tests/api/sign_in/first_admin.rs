//! How the first admin comes into being.

use reqwest::Method;
use serde_json::json;
use system_tests::{Call, TestApp, both};

use super::{EMAIL, ME, PASSWORD, SETUP, attempt, by_cookie, cookie, me, sign_in, with_admin};
use crate::kit::*;

fn setup(app: &TestApp, token: &str, email: &str, password: &str) -> Call {
    let call = app.post(SETUP).origin(app.base()).set("token", token);
    call.set("email", email).set("password", password)
}

async fn is_needed(app: &TestApp) -> bool {
    let answer = app.get(SETUP).send().await.expect(200).await.json().await;
    answer["needed"].as_bool().unwrap_or_else(|| panic!("`needed` in {answer}"))
}

async fn token_of(app: &TestApp) -> String {
    let token: Option<String> = app.setup_token().await;
    token.expect("a server without an admin prints a set-up link")
}

both! {
    async fn the_printed_link_makes_the_first_admin_once(backend) {
        let app = TestApp::start(backend).await;
        assert!(is_needed(&app).await);
        let token = token_of(&app).await;
        assert!(token.len() >= 20, "nobody guesses it");
        let answer = setup(&app, &token, EMAIL, PASSWORD).send().await.expect(200).await;
        let session = cookie(&answer);
        let user = answer.json().await["user"].clone();
        assert_eq!((&user["email"], &user["role"]), (&json!(EMAIL), &json!("admin")));
        assert_eq!(me(&app, &session).await["id"], user["id"]);
        assert!(!is_needed(&app).await);
        setup(&app, &token, "second@example.com", PASSWORD)
            .send()
            .await
            .error(404, "not_found")
            .await;
        sign_in(&app, EMAIL, PASSWORD).await;
    }

    async fn a_wrong_token_makes_no_admin(backend) {
        let app = TestApp::start(backend).await;
        let token = token_of(&app).await;
        let mut almost = token.clone();
        let last = if almost.pop() == Some('A') { 'B' } else { 'A' };
        almost.push(last);
        for wrong in ["", "x", &almost, &token[1..]] {
            let answer = setup(&app, wrong, EMAIL, PASSWORD).send().await;
            assert!([400, 401].contains(&answer.status), "{wrong:?}: {}", answer.status);
        }
        setup(&app, &almost, EMAIL, PASSWORD).send().await.error(401, "unauthorized").await;
        assert!(is_needed(&app).await);
        setup(&app, &token, EMAIL, PASSWORD).send().await.expect(200).await;
    }

    async fn only_one_of_many_at_once_becomes_the_first_admin(backend) {
        let app = TestApp::start(backend).await;
        let token = token_of(&app).await;
        let call = |n| setup(&app, &token, &format!("admin{n}@example.com"), PASSWORD);
        let answers = app.at_once(6, call).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        assert!(answers.iter().all(|answer| [200, 404].contains(&answer.status)));
        assert_eq!(read(&app, "/api/users").await["total"], 1);
    }

    async fn a_password_has_12_to_200_characters(backend) {
        let app = TestApp::start(backend).await;
        let token = token_of(&app).await;
        for bad in ["", "elevenchars", &"x".repeat(201)] {
            refused_field(setup(&app, &token, EMAIL, bad), "password").await;
        }
        for bad in ["", "nobody", "@example.com", "a b@example.com"] {
            refused_field(setup(&app, &token, bad, PASSWORD), "email").await;
        }
        // Characters, not bytes.
        let long = "ä".repeat(200);
        setup(&app, &token, EMAIL, &long).send().await.expect(200).await;
        sign_in(&app, EMAIL, &long).await;
        attempt(&app, EMAIL, &long[2..]).send().await.error(401, "unauthorized").await;
    }

    async fn the_environment_names_the_first_admin_without_a_link(backend) {
        let mut app = with_admin(backend).await;
        assert!(!is_needed(&app).await);
        assert_eq!(app.setup_token().await, None);
        setup(&app, "x", "second@example.com", PASSWORD).send().await.error(404, "not_found").await;
        sign_in(&app, EMAIL, PASSWORD).await;
        app.stop().await;
        app.start_again().await;
        sign_in(&app, EMAIL, PASSWORD).await;
        assert_eq!(read(&app, "/api/users").await["total"], 1, "one admin, however many starts");
    }

    async fn nobody_is_signed_in_without_a_cookie(backend) {
        let app = with_admin(backend).await;
        app.get(ME).send().await.error(401, "unauthorized").await;
        for wrong in ["natter_session=", "natter_session=x", "natter_session=0123456789abcdef"] {
            by_cookie(&app, wrong, Method::GET, ME).send().await.error(401, "unauthorized").await;
        }
    }
}
