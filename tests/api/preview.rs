//! The dashboard's preview: a session for a key, as long as the admin is signed in.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::app::{only, text};
use system_tests::{Call, Gate, Reply, TestApp, both};

use crate::kit::{KEYS, act, change_key, delete, make_key, path_of, post, read, read_key};
use crate::sign_in::{EMAIL, PASSWORD, by_cookie, sign_in, user, with_admin};

/// A preview's token, for whoever has this cookie.
async fn preview(app: &TestApp, cookie: &str, key: &Value) -> String {
    let path = format!("{}/preview-session", path_of(key));
    let answer = by_cookie(app, cookie, Method::POST, &path).send().await.expect(200).await;
    text(&answer.json().await, "token")
}

/// What the preview on the dashboard's page asks.
fn ask(app: &TestApp, token: &str) -> Call {
    let call = app.from_page("/v1/chat/stream", app.base());
    call.set("token", token).set("message", "Hi")
}

both! {
    async fn a_preview_is_bound_by_nothing_of_the_key_and_counts_nowhere(backend) {
        let app = with_admin(backend).await;
        let cookie = sign_in(&app, EMAIL, PASSWORD).await;
        let key = make_key(&app, json!({
            "name": "Shop", "restriction": "websites", "websites": ["https://shop.example"],
            "monthly_usage_limit": 1, "is_active": false, "identity_mode": "required",
        })).await;
        let token = preview(&app, &cookie, &key).await;
        for _ in 0..3 {
            only(&ask(&app, &token).events().await, "done");
        }
        assert_eq!(read_key(&app, &key).await["monthly_usage"], 0);
        assert_eq!(read(&app, &format!("{}/usage", path_of(&key))).await["total"], 0);
    }

    async fn the_widget_runs_with_a_previews_token_in_the_place_of_a_chatbot_id(backend) {
        let app = with_admin(backend).await;
        let cookie = sign_in(&app, EMAIL, PASSWORD).await;
        let key = make_key(&app, json!({
            "name": "Shop", "restriction": "websites", "websites": ["https://shop.example"],
            "is_active": false, "activation_limit": 1, "identity_mode": "required",
            "ui": {"title": "Ask us"},
        })).await;
        let token = preview(&app, &cookie, &key).await;
        let call = |path: &str, origin: &str| app.from_page(path, origin).set("chatbotId", token.as_str());
        let look = call("/v1/widget/config", app.base()).send().await.expect(200).await.json().await;
        assert_eq!(look["ui"]["title"], "Ask us");
        let opened = call("/v1/widget/session", app.base()).send().await.expect(200).await;
        let opened = text(&opened.json().await, "token");
        only(&ask(&app, &opened).events().await, "done");
        assert_eq!(read_key(&app, &key).await["monthly_usage"], 0);
        assert_eq!(read_key(&app, &key).await["activation_usage"], 0);
        // On no other website, with no visitor's token, and no longer than the sign-in.
        let foreign = call("/v1/widget/session", "https://evil.example").send().await;
        foreign.error(403, "origin_not_allowed").await;
        let visitors = make_key(&app, json!({"name": "Other"})).await;
        let theirs = app.from_page("/v1/widget/session", app.base()).set("licenseKey", text(&visitors, "key"));
        let theirs = text(&theirs.send().await.expect(200).await.json().await, "token");
        let again = app.from_page("/v1/widget/session", app.base()).set("chatbotId", theirs);
        again.send().await.error(401, "unauthorized").await;
        let out = by_cookie(&app, &cookie, Method::POST, "/api/auth/sign-out");
        assert!(out.send().await.status < 300);
        call("/v1/widget/session", app.base()).send().await.error(401, "session_expired").await;
        ask(&app, &opened).send().await.error(401, "session_expired").await;
    }

    async fn a_preview_ends_with_its_sign_in(backend) {
        let app = with_admin(backend).await;
        let (cookie, other) =
            (sign_in(&app, EMAIL, PASSWORD).await, sign_in(&app, EMAIL, PASSWORD).await);
        let key = make_key(&app, json!({"name": "Shop"})).await;
        let (token, kept) =
            (preview(&app, &cookie, &key).await, preview(&app, &other, &key).await);
        let out = by_cookie(&app, &cookie, Method::POST, "/api/auth/sign-out");
        assert!(out.send().await.status < 300);
        ask(&app, &token).send().await.error(401, "session_expired").await;
        only(&ask(&app, &kept).events().await, "done");
        app.clock.advance(Duration::from_secs(15 * 60));
        ask(&app, &kept).send().await.error(401, "session_expired").await;
    }

    async fn a_preview_ends_when_its_admin_is_one_no_more(backend) {
        let app = with_admin(backend).await;
        let made = post(&app, "/api/users", user("second@example.com", "admin"));
        let second = made.send().await.expect(201).await.json().await;
        let cookie = sign_in(&app, "second@example.com", PASSWORD).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        let token = preview(&app, &cookie, &key).await;
        only(&ask(&app, &token).events().await, "done");
        let path = format!("/api/users/{}", text(&second, "id"));
        crate::kit::patch(&app, &path, json!({"role": "viewer"})).send().await.expect(200).await;
        ask(&app, &token).send().await.error(401, "session_expired").await;
    }

    async fn a_regenerated_key_ends_its_previews_answer_and_a_renamed_one_does_not(backend) {
        let app = with_admin(backend).await;
        let cookie = sign_in(&app, EMAIL, PASSWORD).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        let token = preview(&app, &cookie, &key).await;
        let gate = Gate::new();
        app.upstream.then(Reply::gated(&gate, &["one", " two", " three"]));
        let mut answer = ask(&app, &token).send().await.expect(200).await;
        gate.release(1);
        answer.next_of("start").await;
        answer.next_of("token").await;
        change_key(&app, &key, json!({"name": "Store"})).await;
        gate.release(1);
        assert_eq!(answer.next_of("token").await["token"], " two");
        act(&app, &key, "regenerate", json!({})).await;
        assert_eq!(answer.next_of("error").await["code"], "key_inactive");
        ask(&app, &token).send().await.error(401, "session_expired").await;
    }

    async fn a_deleted_key_takes_its_previews_conversations_along(backend) {
        let app = with_admin(backend).await;
        let cookie = sign_in(&app, EMAIL, PASSWORD).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        let token = preview(&app, &cookie, &key).await;
        only(&ask(&app, &token).events().await, "done");
        assert_eq!(read(&app, "/v1/admin/conversations").await["total"], 1);
        delete(&app, &path_of(&key)).send().await.expect(204).await;
        assert_eq!(read(&app, "/v1/admin/conversations").await["total"], 0);
        assert!(read(&app, KEYS).await["items"].as_array().is_some_and(|l| l.iter().all(|k| k["id"] != key["id"])));
    }
}
