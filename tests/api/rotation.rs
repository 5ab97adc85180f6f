//! A license key is replaced, shown again, switched off for good.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::app::{START_MS, only, text};
use system_tests::{TestApp, both};

use crate::kit::{
    KEYS, accepted, act, api, change_key, delete, make_key, patch, path_of, post, read, read_key,
    refused_field, say,
};

const PAGE: &str = "https://shop.example";
const HOUR: Duration = Duration::from_secs(3600);

async fn new_key(app: &TestApp) -> (Value, String) {
    let made = make_key(app, json!({"name": "Shop"})).await;
    let key = text(&made, "key");
    (made, key)
}

/// Replaces the key; the old one stays good for `overlap` seconds.
async fn regenerate(app: &TestApp, made: &Value, overlap: u64) -> String {
    let fresh = act(app, made, "regenerate", json!({"overlap_seconds": overlap})).await;
    text(&fresh, "key")
}

async fn unknown(app: &TestApp, key: &str) {
    app.ask("s1", "Hi").key(key).send().await.error(401, "unauthorized").await;
}

both! {
    async fn a_replaced_key_is_dead_when_the_new_one_is_shown(backend) {
        let app = TestApp::start(backend).await;
        let (made, old) = new_key(&app).await;
        accepted(app.ask("s1", "Hi").key(&old)).await;
        let fresh = act(&app, &made, "regenerate", json!({})).await;
        let new = text(&fresh, "key");
        assert_ne!(new, old);
        for field in ["id", "chatbot_id", "name", "created_at"] {
            assert_eq!(fresh[field], made[field], "{field} stays");
        }
        assert_eq!(fresh["key_hint"], format!("••••-••••-••••-{}", &new[15..]));
        assert!(fresh["version"].as_i64() > made["version"].as_i64());
        unknown(&app, &old).await;
        for path in ["/v1/widget/config", "/v1/widget/session"] {
            let call = app.from_page(path, PAGE).set("licenseKey", old.as_str());
            call.send().await.error(401, "unauthorized").await;
        }
        accepted(app.ask("s1", "Hi").key(&new)).await;
        app.open_session(PAGE, &new).await;
        let call = app.from_page("/v1/widget/session", PAGE);
        let call = call.set("chatbotId", text(&made, "chatbot_id"));
        call.send().await.expect(200).await;
        assert_eq!(read_key(&app, &made).await["monthly_usage"], 2, "the month's count stays");
    }

    async fn a_key_is_replaced_without_a_body_too(backend) {
        let app = TestApp::start(backend).await;
        let (made, old) = new_key(&app).await;
        let call = api(&app, Method::POST, &format!("{}/regenerate", path_of(&made)));
        let fresh = call.send().await.expect(200).await.json().await;
        unknown(&app, &old).await;
        accepted(app.ask("s1", "Hi").key(&text(&fresh, "key"))).await;
    }

    async fn session_tokens_die_with_the_key_they_came_from(backend) {
        let app = TestApp::start(backend).await;
        let (made, old) = new_key(&app).await;
        let session = app.open_session(PAGE, &old).await;
        accepted(say(&app, PAGE, &session)).await;
        let new = regenerate(&app, &made, 0).await;
        say(&app, PAGE, &session).send().await.error(401, "session_expired").await;
        for path in ["/v1/conversations/current", "/v1/chat/resume", "/v1/chat/stop"] {
            let call = app.from_page(path, PAGE).set("token", text(&session, "token"));
            let call = call.set("turnId", "01ARZ3NDEKTSV4RRFFQ69G5FAV");
            call.send().await.error(401, "session_expired").await;
        }
        accepted(say(&app, PAGE, &app.open_session(PAGE, &new).await)).await;
    }

    async fn a_conversation_outlives_the_key_it_was_held_with(backend) {
        let app = TestApp::start(backend).await;
        let (made, old) = new_key(&app).await;
        let before = app.ask("s1", "Hi").key(&old).events().await;
        let new = regenerate(&app, &made, 0).await;
        let after = app.ask("s1", "Hi").key(&new).events().await;
        let id = |events: &[Value]| only(events, "start")["conversationId"].clone();
        assert_eq!(id(&after), id(&before));
    }

    async fn with_an_overlap_the_old_key_works_until_its_end_and_the_new_one_at_once(backend) {
        let app = TestApp::start(backend).await;
        let (made, old) = new_key(&app).await;
        let new = regenerate(&app, &made, 3600).await;
        for key in [&old, &new] {
            accepted(app.ask("s1", "Hi").key(key)).await;
            app.open_session(PAGE, key).await;
        }
        app.clock.set(START_MS + 3_600_000 - 1);
        accepted(app.ask("s1", "Hi").key(&old)).await;
        app.clock.set(START_MS + 3_600_000);
        unknown(&app, &old).await;
        let call = app.from_page("/v1/widget/session", PAGE).set("licenseKey", old.as_str());
        call.send().await.error(401, "unauthorized").await;
        accepted(app.ask("s1", "Hi").key(&new)).await;
    }

    async fn with_an_overlap_old_tokens_live_until_its_end(backend) {
        let app = TestApp::start(backend).await;
        let (made, old) = new_key(&app).await;
        let session = app.open_session(PAGE, &old).await;
        regenerate(&app, &made, 60).await;
        accepted(say(&app, PAGE, &session)).await;
        app.clock.advance(Duration::from_millis(59_999));
        accepted(say(&app, PAGE, &session)).await;
        app.clock.advance(Duration::from_millis(1));
        say(&app, PAGE, &session).send().await.error(401, "session_expired").await;
    }

    async fn replacing_again_at_once_ends_an_overlap(backend) {
        let app = TestApp::start(backend).await;
        let (made, first) = new_key(&app).await;
        let second = regenerate(&app, &made, 3600).await;
        let third = regenerate(&app, &made, 0).await;
        unknown(&app, &first).await;
        unknown(&app, &second).await;
        accepted(app.ask("s1", "Hi").key(&third)).await;
    }

    async fn a_key_in_its_overlap_obeys_what_the_admin_changes(backend) {
        let app = TestApp::start(backend).await;
        let (made, old) = new_key(&app).await;
        regenerate(&app, &made, 3600).await;
        change_key(&app, &made, json!({"monthly_usage_limit": 1})).await;
        accepted(app.ask("s1", "Hi").key(&old)).await;
        let over = app.ask("s1", "Hi").key(&old);
        over.send().await.error(429, "monthly_limit_reached").await;
        change_key(&app, &made, json!({"is_active": false})).await;
        app.ask("s1", "Hi").key(&old).send().await.error(403, "key_inactive").await;
    }

    async fn an_overlap_is_at_most_thirty_days(backend) {
        let app = TestApp::start(backend).await;
        let (made, first) = new_key(&app).await;
        let path = format!("{}/regenerate", path_of(&made));
        for bad in [json!(-1), json!(2_592_001), json!(i64::MAX)] {
            refused_field(post(&app, &path, json!({"overlap_seconds": bad})), "overlap_seconds")
                .await;
        }
        accepted(app.ask("s1", "Hi").key(&first)).await;
        regenerate(&app, &made, 2_592_000).await;
        app.clock.advance(24 * 30 * HOUR - Duration::from_millis(1));
        accepted(app.ask("s1", "Hi").key(&first)).await;
        app.clock.advance(Duration::from_millis(1));
        unknown(&app, &first).await;
    }

    async fn a_body_that_was_meant_otherwise_replaces_nothing(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = new_key(&app).await;
        for bad in [
            json!({"overlap_seconds": "60"}),
            json!({"overlap_seconds": 1.5}),
            json!({"overlap_seconds": u64::MAX}),
            json!({"overlapSeconds": 60}),
            json!({"overlap": 60}),
            json!([60]),
            json!("60"),
        ] {
            let call = post(&app, &format!("{}/regenerate", path_of(&made)), bad);
            call.send().await.error(400, "invalid_request").await;
        }
        accepted(app.ask("s1", "Hi").key(&key)).await;
    }

    async fn a_retrievable_key_is_shown_again_whenever_asked_for(backend) {
        let app = TestApp::start(backend).await;
        let made = make_key(&app, json!({"name": "Shop", "retrievable": true})).await;
        let shown = act(&app, &made, "reveal", json!({})).await;
        assert_eq!(shown, json!({"key": made["key"]}));
        let new = regenerate(&app, &made, 3600).await;
        assert_eq!(act(&app, &made, "reveal", json!({})).await["key"], new.as_str());
        app.get(&path_of(&made)).send().await.error(401, "unauthorized").await;
    }

    async fn a_key_that_was_to_be_shown_once_is_not_shown_again(backend) {
        let app = TestApp::start(backend).await;
        let (made, _) = new_key(&app).await;
        let path = format!("{}/reveal", path_of(&made));
        let body = post(&app, &path, json!({})).send().await.error(409, "not_retrievable").await;
        assert_eq!(body.get("key"), None);
    }

    async fn no_revealed_or_replaced_answer_may_be_cached(backend) {
        let app = TestApp::start(backend).await;
        let body = json!({"name": "Shop", "retrievable": true});
        let answer = post(&app, KEYS, body).send().await.expect(201).await;
        assert_eq!(answer.header("cache-control"), "no-store");
        let made = answer.json().await;
        for action in ["reveal", "regenerate", "identity-secret/reveal"] {
            let call = post(&app, &format!("{}/{action}", path_of(&made)), json!({}));
            let answer = call.send().await.expect(200).await;
            assert_eq!(answer.header("cache-control"), "no-store", "{action}");
        }
    }

    async fn a_deactivated_key_is_off_for_good(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = new_key(&app).await;
        let session = app.open_session(PAGE, &key).await;
        let gone = act(&app, &made, "deactivate", json!({})).await;
        assert_eq!(gone["status"], "deactivated");
        app.ask("s1", "Hi").key(&key).send().await.error(403, "key_deactivated").await;
        say(&app, PAGE, &session).send().await.error(403, "key_deactivated").await;
        let path = path_of(&made);
        let on = patch(&app, &path, json!({"is_active": true}));
        on.send().await.error(403, "key_deactivated").await;
        let again = post(&app, &format!("{path}/regenerate"), json!({}));
        again.send().await.error(403, "key_deactivated").await;
        assert_eq!(read_key(&app, &made).await["status"], "deactivated");
        app.ask("s1", "Hi").key(&key).send().await.error(403, "key_deactivated").await;
    }

    async fn a_deactivated_key_stays_so_over_a_restart_and_can_be_deleted(backend) {
        let mut app = TestApp::with(backend).set("NATTER_DEMO", "false").start().await;
        let (made, key) = new_key(&app).await;
        act(&app, &made, "deactivate", json!({})).await;
        app.stop().await;
        app.start_again().await;
        app.ask("s1", "Hi").key(&key).send().await.error(403, "key_deactivated").await;
        delete(&app, &path_of(&made)).send().await.expect(204).await;
        assert_eq!(read(&app, KEYS).await["total"], 0);
    }

    async fn a_replaced_key_stays_dead_and_an_overlap_alive_over_a_restart(backend) {
        let mut app = TestApp::start(backend).await;
        let (one, first) = new_key(&app).await;
        let (two, second) = new_key(&app).await;
        let new = regenerate(&app, &one, 0).await;
        regenerate(&app, &two, 3600).await;
        app.kill();
        app.start_again().await;
        unknown(&app, &first).await;
        accepted(app.ask("s1", "Hi").key(&new)).await;
        accepted(app.ask("s1", "Hi").key(&second)).await;
        app.clock.advance(HOUR);
        unknown(&app, &second).await;
    }

    async fn the_preview_is_for_the_dashboards_session_alone(backend) {
        let app = TestApp::start(backend).await;
        let (made, _) = new_key(&app).await;
        let call = post(&app, &format!("{}/preview-session", path_of(&made)), json!({}));
        call.send().await.error(403, "forbidden").await;
    }
}
