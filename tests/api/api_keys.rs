//! Keys of the management API: their form, what each may do, and how they end.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use server::clock::rfc3339;
use system_tests::app::{ADMIN_KEY, START_MS, WIDGET_KEY, text};
use system_tests::{Call, TestApp, both};

use crate::kit::*;
use crate::sign_in::users::only_reads;
use crate::sign_in::{EMAIL, PASSWORD, by_cookie_json, sign_in};
use crate::wait::eventually;

const API_KEYS: &str = "/api/api-keys";
const CHATS: &str = "/v1/admin/conversations";

/// Makes an API key with these scopes; gives the answer with the key in it.
async fn make(app: &TestApp, scopes: &[&str]) -> Value {
    let body = json!({"label": "Script", "scopes": scopes});
    post(app, API_KEYS, body).send().await.expect(201).await.json().await
}

fn bearer(app: &TestApp, key: &str, method: Method, path: &str) -> Call {
    app.client().request(method, path).header("Authorization", &format!("Bearer {key}"))
}

fn get(app: &TestApp, made: &Value, path: &str) -> Call {
    bearer(app, &text(made, "key"), Method::GET, path)
}

fn send(app: &TestApp, made: &Value, method: Method, path: &str, body: impl Into<Value>) -> Call {
    let body: Value = body.into();
    let call = bearer(app, &text(made, "key"), method, path);
    call.header("Content-Type", "application/json").raw_body(body.to_string())
}

async fn unauthorized(call: Call) {
    call.send().await.error(401, "unauthorized").await;
}

async fn last_used(app: &TestApp) -> Value {
    read(app, API_KEYS).await["items"][0]["last_used_at"].clone()
}

both! {
    async fn an_api_key_is_shown_once_and_listed_by_its_ends(backend) {
        let app = TestApp::start(backend).await;
        let body = json!({"label": "Deploy script", "scopes": ["read", "licenses"]});
        let made = post(&app, API_KEYS, body).send().await.expect(201).await.json().await;
        let key = text(&made, "key");
        let rest = key.strip_prefix("nt_live_").expect("scanners know keys by their beginning");
        assert!(rest.len() > 32 && rest.bytes().all(|b| b.is_ascii_alphanumeric()), "{key}");
        let list = read(&app, API_KEYS).await;
        assert_eq!(list["total"], 1);
        let shown = &list["items"][0];
        for (field, value) in [
            ("id", made["id"].clone()),
            ("label", json!("Deploy script")),
            ("scopes", json!(["read", "licenses"])),
            ("prefix", json!(key[..12])),
            ("last_four", json!(key[key.len() - 4..])),
            ("created_at", json!("2026-06-15T12:00:00.000Z")),
            ("last_used_at", Value::Null),
            ("expires_at", Value::Null),
        ] {
            assert_eq!(made.get(field), Some(&value), "{field} in {made}");
            assert_eq!(shown.get(field), Some(&value), "{field} in {shown}");
        }
        assert_eq!(shown.get("key"), None);
        assert!(!list.to_string().contains(rest));
    }

    async fn no_file_of_the_server_holds_an_api_key(backend) {
        let mut app = TestApp::start(backend).await;
        let key = text(&make(&app, &["admin"]).await, "key");
        app.stop().await;
        for file in std::fs::read_dir(app.backend().data_dir()).unwrap() {
            let path = file.unwrap().path();
            if path.is_file() {
                let bytes = std::fs::read(&path).unwrap();
                let held = bytes.windows(key.len()).any(|window| window == key.as_bytes());
                assert!(!held, "the key in {}", path.display());
            }
        }
    }

    async fn any_changed_letter_makes_it_worthless(backend) {
        let app = TestApp::start(backend).await;
        let key = text(&make(&app, &["admin"]).await, "key");
        bearer(&app, &key, Method::GET, KEYS).send().await.expect(200).await;
        for at in 0..key.len() {
            let mut letters = key.clone().into_bytes();
            letters[at] = if letters[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(letters).unwrap();
            unauthorized(bearer(&app, &changed, Method::GET, KEYS)).await;
            // Whoever guesses may be slowed down.
            app.clock.advance(Duration::from_secs(10));
        }
        for wrong in ["", "nt_live_", &key[1..], &key[..key.len() - 1], &format!("{key}0")] {
            unauthorized(bearer(&app, wrong, Method::GET, KEYS)).await;
            app.clock.advance(Duration::from_secs(10));
        }
        unauthorized(app.get(KEYS).header("Authorization", &format!("Basic {key}"))).await;
        bearer(&app, &key, Method::GET, KEYS).send().await.expect(200).await;
    }

    async fn an_api_key_opens_the_management_and_never_the_chat(backend) {
        let app = TestApp::start(backend).await;
        let made = make(&app, &["admin"]).await;
        let key = text(&made, "key");
        get(&app, &made, CHATS).send().await.expect(200).await;
        let call = send(&app, &made, Method::POST, KEYS, json!({"name": "Shop"}));
        call.send().await.expect(201).await;
        unauthorized(app.ask("s1", "Hi").key(&key)).await;
        let call = app.ask("s1", "Hi").without("x-api-key");
        unauthorized(call.header("Authorization", &format!("Bearer {key}"))).await;
        unauthorized(app.get(&format!("{KEYS}?key={key}&api_key={key}"))).await;
        for wrong in [WIDGET_KEY, "nonsense"] {
            unauthorized(bearer(&app, wrong, Method::GET, KEYS)).await;
            unauthorized(app.get(KEYS).header("X-Admin-Api-Key", wrong)).await;
        }
    }

    async fn scope_read_reads_everything_and_changes_nothing(backend) {
        let app = TestApp::start(backend).await;
        let key = make_key(&app, json!({"name": "Shop", "retrievable": true})).await;
        let made = make(&app, &["read"]).await;
        only_reads(&app, &key, |method, path, body| match body {
            Some(body) => send(&app, &made, method, path, body),
            None => bearer(&app, &text(&made, "key"), method, path),
        })
        .await;
        let own = format!("{API_KEYS}/{}", text(&made, "id"));
        let call = bearer(&app, &text(&made, "key"), Method::DELETE, &own);
        call.send().await.error(403, "forbidden").await;
    }

    async fn scope_licenses_sees_keys_of_orders_alone(backend) {
        let app = TestApp::start(backend).await;
        let key = make_key(&app, json!({"name": "No order's"})).await;
        let made = make(&app, &["licenses"]).await;
        let list = get(&app, &made, KEYS).send().await.expect(200).await.json().await;
        assert_eq!((&list["items"], &list["total"]), (&json!([]), &json!(0)));
        let answer = get(&app, &made, &path_of(&key)).send().await;
        assert!([403, 404].contains(&answer.status), "{}", answer.status);
        for path in ["/api/users", API_KEYS, "/api/audit-log", "/api/webhooks", "/api/settings"] {
            get(&app, &made, path).send().await.error(403, "forbidden").await;
        }
        get(&app, &made, CHATS).send().await.error(403, "forbidden").await;
        let call = send(&app, &made, Method::POST, KEYS, json!({"name": "Shop"}));
        call.send().await.error(403, "forbidden").await;
    }

    async fn scopes_add_up(backend) {
        let app = TestApp::start(backend).await;
        make_key(&app, json!({"name": "Shop"})).await;
        let made = make(&app, &["licenses", "read"]).await;
        let list = get(&app, &made, KEYS).send().await.expect(200).await.json().await;
        assert_eq!(list["total"], 2, "the demo page's is no order's either");
        get(&app, &made, "/api/users").send().await.expect(200).await;
        let call = send(&app, &made, Method::POST, KEYS, json!({"name": "Shop"}));
        call.send().await.error(403, "forbidden").await;
    }

    async fn a_wrong_api_key_is_refused_by_field(backend) {
        let app = TestApp::start(backend).await;
        for (field, body) in [
            ("label", json!({"scopes": ["read"]})),
            ("label", json!({"label": "", "scopes": ["read"]})),
            ("scopes", json!({"label": "x"})),
            ("scopes", json!({"label": "x", "scopes": []})),
            ("scopes", json!({"label": "x", "scopes": ["read", "everything"]})),
            ("expires_at", json!({"label": "x", "scopes": ["read"], "expires_at": "tomorrow"})),
        ] {
            refused_field(post(&app, API_KEYS, body), field).await;
        }
        assert_eq!(read(&app, API_KEYS).await["total"], 0);
    }

    async fn an_api_key_expires_at_its_moment(backend) {
        let app = TestApp::start(backend).await;
        let expires_at = rfc3339(START_MS + 1000);
        let body = json!({"label": "x", "scopes": ["admin"], "expires_at": expires_at});
        let made = post(&app, API_KEYS, body).send().await.expect(201).await.json().await;
        assert_eq!(made["expires_at"], expires_at);
        app.clock.advance(Duration::from_millis(999));
        get(&app, &made, KEYS).send().await.expect(200).await;
        app.clock.advance(Duration::from_millis(1));
        unauthorized(get(&app, &made, KEYS)).await;
        unauthorized(get(&app, &made, CHATS)).await;
    }

    async fn a_revoked_api_key_is_dead_at_once_and_for_good(backend) {
        let mut app = TestApp::start(backend).await;
        let (made, other) = (make(&app, &["admin"]).await, make(&app, &["admin"]).await);
        get(&app, &made, KEYS).send().await.expect(200).await;
        let path = format!("{API_KEYS}/{}", text(&made, "id"));
        delete(&app, &path).send().await.expect(204).await;
        unauthorized(get(&app, &made, KEYS)).await;
        get(&app, &other, KEYS).send().await.expect(200).await;
        assert_eq!(read(&app, API_KEYS).await["total"], 1);
        delete(&app, &path).send().await.error(404, "not_found").await;
        app.kill();
        app.start_again().await;
        unauthorized(get(&app, &made, KEYS)).await;
        get(&app, &other, KEYS).send().await.expect(200).await;
    }

    async fn the_last_use_is_told_to_a_minute(backend) {
        let app = TestApp::start(backend).await;
        let made = make(&app, &["read"]).await;
        assert_eq!(last_used(&app).await, Value::Null);
        let look = async || last_used(&app).await;
        for seconds in [0, 90, 3600] {
            app.clock.advance(Duration::from_secs(seconds));
            get(&app, &made, KEYS).send().await.expect(200).await;
            let now = app.clock.now_ms();
            let (soonest, latest) = (rfc3339(now - 60_000), rfc3339(now));
            let told = |at: &Value| {
                at.as_str().is_some_and(|at| soonest.as_str() <= at && at <= latest.as_str())
            };
            eventually("the last use is told to a minute", look, told).await;
        }
    }

    async fn the_admins_list_takes_any_valid_credential(backend) {
        let app = TestApp::start(backend).await;
        let made = make(&app, &["admin"]).await;
        let reader = make(&app, &["read"]).await;
        app.admin(CHATS).send().await.expect(200).await;
        get(&app, &made, CHATS).send().await.expect(200).await;
        get(&app, &reader, CHATS).send().await.expect(200).await;
        let body = app.get(CHATS).send().await.error(401, "unauthorized").await;
        assert_eq!(body["error"], "Unauthorized");
        unauthorized(bearer(&app, "nonsense", Method::GET, CHATS)).await;
    }

    async fn without_a_static_key_the_admins_list_is_not_configured_for_strangers_alone(backend) {
        let app = TestApp::with(backend)
            .unset("ADMIN_API_KEY")
            .set("NATTER_ADMIN_EMAIL", EMAIL)
            .set("NATTER_ADMIN_PASSWORD", PASSWORD)
            .start()
            .await;
        let session = sign_in(&app, EMAIL, PASSWORD).await;
        let body = json!({"label": "Script", "scopes": ["read"]});
        let call = by_cookie_json(&app, &session, Method::POST, API_KEYS, body);
        let made = call.send().await.expect(201).await.json().await;
        get(&app, &made, CHATS).send().await.expect(200).await;
        app.get(CHATS).header("Cookie", &session).send().await.expect(200).await;
        for stranger in [
            app.get(CHATS),
            app.get(CHATS).header("X-Admin-Api-Key", ADMIN_KEY),
            bearer(&app, "nonsense", Method::GET, CHATS),
        ] {
            let body = stranger.send().await.error(503, "admin_not_configured").await;
            assert_eq!(body["error"], "ADMIN_API_KEY is not configured on this deployment");
        }
        unauthorized(app.get(KEYS)).await;
    }

    async fn api_keys_are_found_by_their_label_as_it_is_written(backend) {
        let app = TestApp::start(backend).await;
        for label in ["100%_Büro", "1000 desks", r"c\d"] {
            let body = json!({"label": label, "scopes": ["read"]});
            post(&app, API_KEYS, body).send().await.expect(201).await;
            app.clock.advance(Duration::from_millis(1));
        }
        searches(&app, API_KEYS, "label", &[
            ("", &[r"c\d", "1000 desks", "100%_Büro"]),
            ("DESKS", &["1000 desks"]),
            ("büro", &["100%_Büro"]),
            ("100%", &["100%_Büro"]),
            ("%_b", &["100%_Büro"]),
            ("0_", &[]),
            (r"C\D", &[r"c\d"]),
        ]).await;
    }
}
