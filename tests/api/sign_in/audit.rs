//! Who changed what: the audit log.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::app::{ADMIN_KEY, text};
use system_tests::{TestApp, both};

use super::{EMAIL, PASSWORD, SETUP, by_cookie_json, me, sign_in, user, with_admin};
use crate::kit::*;

async fn audit(app: &TestApp) -> Vec<Value> {
    let list = read(app, "/api/audit-log?limit=200").await;
    list["items"].as_array().cloned().unwrap_or_else(|| panic!("`items` in {list}"))
}

/// The only entry about one action on one subject.
async fn entry(app: &TestApp, action: &str, subject: &Value) -> Value {
    let all = audit(app).await;
    let fits = |entry: &&Value| entry["action"] == action && entry["subject_id"] == *subject;
    let found: Vec<_> = all.iter().filter(fits).collect();
    assert_eq!(found.len(), 1, "one entry for {action} in {all:?}");
    found[0].clone()
}

both! {
    async fn a_change_is_told_with_the_old_and_the_new_value_alone(backend) {
        let app = TestApp::with(backend).set("NATTER_TRUSTED_PROXIES", "127.0.0.1").start().await;
        let key = make_key(&app, json!({"name": "Old name", "description": "As it was"})).await;
        app.clock.advance(std::time::Duration::from_secs(60));
        let changes =
            json!({"name": "New name", "monthly_usage_limit": 100, "description": "As it was"});
        let call = patch(&app, &path_of(&key), changes).from_ip("203.0.113.7");
        call.send().await.expect(200).await;
        let entry = entry(&app, "license_key.updated", &key["id"]).await;
        assert_eq!(entry["subject_kind"], "license_key");
        assert_eq!(entry["created_at"], "2026-06-15T12:01:00.000Z");
        assert_eq!(entry["ip_address"], "203.0.113.7");
        assert_eq!(entry["changes"]["name"], json!(["Old name", "New name"]));
        assert_eq!(entry["changes"]["monthly_usage_limit"], json!([null, 100]));
        assert_eq!(entry["changes"].get("description"), None, "what stayed is no change");
        assert_eq!(entry["changes"].get("is_active"), None, "what stayed is no change");
        assert!(!text(&entry, "id").is_empty());
    }

    async fn a_keys_whole_life_is_told_newest_first(backend) {
        let app = TestApp::start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        change_key(&app, &key, json!({"is_active": false})).await;
        act(&app, &key, "regenerate", json!({})).await;
        act(&app, &key, "deactivate", json!({})).await;
        delete(&app, &path_of(&key)).send().await.expect(204).await;
        let all = audit(&app).await;
        let about_key: Vec<_> = all.iter().filter(|e| e["subject_id"] == key["id"]).collect();
        let actions: Vec<_> = about_key.iter().map(|entry| text(entry, "action")).collect();
        let life = ["deleted", "deactivated", "regenerated", "updated", "created"];
        assert_eq!(actions, life.map(|action| format!("license_key.{action}")));
    }

    async fn a_refused_change_is_not_told(backend) {
        let app = TestApp::start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        let before = audit(&app).await;
        refused_field(patch(&app, &path_of(&key), json!({"name": ""})), "name").await;
        let stale = patch(&app, &path_of(&key), json!({"name": "New", "version": 99}));
        stale.send().await.error(409, "version_conflict").await;
        app.post(KEYS).set("name", "Stranger").send().await.error(401, "unauthorized").await;
        assert_eq!(audit(&app).await, before);
    }

    async fn each_kind_of_actor_is_named(backend) {
        let app = TestApp::start(backend).await;
        let token = app.setup_token().await.expect("a set-up link");
        let call = app.post(SETUP).origin(app.base()).set("token", token);
        let call = call.set("email", EMAIL).set("password", PASSWORD);
        call.send().await.expect(200).await;
        let session = sign_in(&app, EMAIL, PASSWORD).await;
        let owner = me(&app, &session).await;
        let actors: Vec<_> = audit(&app).await.iter().map(|e| e["actor"]["kind"].clone()).collect();
        assert!(actors.contains(&json!("setup")), "the set-up is told: {actors:?}");

        let body = json!({"label": "Deploy script", "scopes": ["admin"]});
        let made = post(&app, "/api/api-keys", body).send().await.expect(201).await.json().await;
        let key = make_key(&app, json!({"name": "By the static key"})).await;
        let actor = entry(&app, "license_key.created", &key["id"]).await["actor"].clone();
        assert_eq!(actor["kind"], "static_key");

        let bearer = format!("Bearer {}", text(&made, "key"));
        let call = app.post(KEYS).header("Authorization", &bearer);
        let call = call.set("name", "By an API key");
        let key = call.send().await.expect(201).await.json().await;
        let actor = entry(&app, "license_key.created", &key["id"]).await["actor"].clone();
        assert_eq!((&actor["kind"], &actor["id"]), (&json!("api_key"), &made["id"]));
        assert_eq!(actor["name"], "Deploy script");

        let call = by_cookie_json(&app, &session, Method::POST, KEYS, json!({"name": "By a user"}));
        let key = call.send().await.expect(201).await.json().await;
        let actor = entry(&app, "license_key.created", &key["id"]).await["actor"].clone();
        assert_eq!((&actor["kind"], &actor["id"]), (&json!("user"), &owner["id"]));
        assert!(actor["name"].is_string(), "{actor}");
    }

    async fn users_and_api_keys_are_told_too(backend) {
        let app = with_admin(backend).await;
        let body = user("viewer@example.com", "viewer");
        let made = post(&app, "/api/users", body).send().await.expect(201).await.json().await;
        let path = format!("/api/users/{}", text(&made, "id"));
        patch(&app, &path, json!({"role": "admin"})).send().await.expect(200).await;
        delete(&app, &path).send().await.expect(204).await;
        entry(&app, "user.created", &made["id"]).await;
        let updated = entry(&app, "user.updated", &made["id"]).await;
        assert_eq!(updated["changes"], json!({"role": ["viewer", "admin"]}));
        entry(&app, "user.deleted", &made["id"]).await;
        let body = json!({"label": "Script", "scopes": ["read"]});
        let made = post(&app, "/api/api-keys", body).send().await.expect(201).await.json().await;
        let path = format!("/api/api-keys/{}", text(&made, "id"));
        delete(&app, &path).send().await.expect(204).await;
        entry(&app, "api_key.created", &made["id"]).await;
        entry(&app, "api_key.deleted", &made["id"]).await;
    }

    async fn no_secret_is_ever_told(backend) {
        let app = with_admin(backend).await;
        let session = sign_in(&app, EMAIL, PASSWORD).await;
        let mut secrets = vec![PASSWORD.to_owned(), ADMIN_KEY.to_owned(), session];
        let key = make_key(&app, json!({"name": "Shop", "retrievable": true})).await;
        let renewed = act(&app, &key, "regenerate", json!({})).await;
        act(&app, &key, "reveal", json!({})).await;
        let identity = act(&app, &key, "identity-secret/reveal", json!({})).await;
        let rotated = act(&app, &key, "identity-secret/rotate", json!({})).await;
        let body = json!({"label": "Script", "scopes": ["read"]});
        let api_key = post(&app, "/api/api-keys", body).send().await.expect(201).await;
        let api_key = api_key.json().await;
        let body = json!({"url": "https://93.184.216.34/", "events": ["message.created"]});
        let hook = post(&app, "/api/webhooks", body).send().await.expect(201).await.json().await;
        let made = post(&app, "/api/users", user("a@example.com", "viewer")).send().await;
        let made = made.expect(201).await.json().await;
        let changes = json!({"password": "another long password"});
        let path = format!("/api/users/{}", text(&made, "id"));
        patch(&app, &path, changes).send().await.expect(200).await;
        secrets.push("another long password".to_owned());
        secrets.extend([text(&key, "key"), text(&renewed, "key"), text(&api_key, "key")]);
        secrets.extend([&identity, &rotated, &hook].map(|one| text(one, "secret")));
        let all = json!(audit(&app).await).to_string();
        assert!(all.contains("license_key.regenerated"), "{all}");
        for secret in secrets {
            assert!(!all.contains(&secret), "{secret} in {all}");
            assert!(!all.contains(&secret.replace('-', "")), "{secret} in {all}");
        }
        assert!(!all.contains("argon2"), "not even hashes");
    }

    async fn an_acknowledged_change_is_told_after_a_crash(backend) {
        let mut app = TestApp::start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        change_key(&app, &key, json!({"name": "Store"})).await;
        app.kill();
        app.start_again().await;
        entry(&app, "license_key.created", &key["id"]).await;
        let updated = entry(&app, "license_key.updated", &key["id"]).await;
        assert_eq!(updated["changes"]["name"], json!(["Shop", "Store"]));
    }

    async fn lines_are_found_by_who_did_it_and_when(backend) {
        let app = with_admin(backend).await;
        let session = sign_in(&app, EMAIL, PASSWORD).await;
        let body = json!({"label": "Ünal's 100% script", "scopes": ["admin"]});
        let made = post(&app, "/api/api-keys", body).send().await.expect(201).await.json().await;
        let bearer = format!("Bearer {}", text(&made, "key"));
        app.clock.advance(std::time::Duration::from_secs(3600));
        let call = app.post(KEYS).header("Authorization", &bearer).set("name", "One");
        let one = call.send().await.expect(201).await.json().await;
        app.clock.advance(std::time::Duration::from_secs(3600));
        let call = by_cookie_json(&app, &session, Method::POST, KEYS, json!({"name": "Two"}));
        let two = call.send().await.expect(201).await.json().await;
        let (one, two) = (text(&one, "id"), text(&two, "id"));
        let made_keys = "action=license_key.created";
        let script = format!("actor={}", text(&made, "id"));
        for (query, found) in [
            ("actor=%C3%BCnal", vec![&*one]),
            ("actor=100%25", vec![&*one]),
            ("actor=100_", vec![]),
            (script.as_str(), vec![&*one]),
            ("actor=nobody", vec![]),
            ("from=2026-06-15T13:30:00Z", vec![&*two]),
            ("from=2026-06-15T12:30:00Z&to=2026-06-15T13:30:00Z", vec![&*one]),
            ("from=2026-06-15T13:00:00Z&to=2026-06-15T14:00:00Z", vec![&*one]),
            ("from=2026-06-15T12:30:00Z", vec![&*two, &*one]),
        ] {
            let list = read(&app, &format!("/api/audit-log?{made_keys}&{query}")).await;
            assert_eq!(column(&list, "subject_id"), found, "{query}");
            assert_eq!(list["total"], found.len(), "{query}");
        }
        for bad in ["from=yesterday", "to=1", "actor=%00"] {
            let call = app.admin(&format!("/api/audit-log?{bad}"));
            call.send().await.error(400, "invalid_request").await;
        }
    }

    async fn the_log_is_read_page_by_page_and_cannot_be_changed(backend) {
        let app = TestApp::start(backend).await;
        for n in 0..5 {
            make_key(&app, json!({"name": format!("Key {n}")})).await;
        }
        let all: Vec<_> = audit(&app).await.iter().map(|entry| text(entry, "id")).collect();
        let mut paged = Vec::new();
        let mut path = String::from("/api/audit-log?limit=2");
        loop {
            let page = read(&app, &path).await;
            assert_eq!(page["total"], all.len());
            paged.extend(column(&page, "id"));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/api/audit-log?limit=2&cursor={cursor}");
            assert!(paged.len() <= all.len(), "the pages end");
        }
        assert_eq!(paged, all);
        for method in [Method::DELETE, Method::POST, Method::PATCH] {
            let answer = with_json(&app, method, "/api/audit-log", json!({})).send().await;
            assert!([404, 405].contains(&answer.status), "{}", answer.status);
        }
        assert_eq!(audit(&app).await.len(), all.len());
    }
}
