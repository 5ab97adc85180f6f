//! License keys as an admin makes, reads, lists, changes and deletes them.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::app::{ADMIN_KEY, START_MS, WIDGET_KEY, complaints, text};
use system_tests::{Backend, TestApp, both};

use crate::kit::{
    KEYS, accepted, act, api, change_key, column, delete, make_key, patch, path_of, post, read,
    read_key, refused_field, with_json, without_cors,
};

const UNKNOWN: &str = "/api/license-keys/01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// What can be done with one key.
fn routes_of_a_key() -> Vec<(Method, &'static str)> {
    vec![
        (Method::GET, ""),
        (Method::PATCH, ""),
        (Method::DELETE, ""),
        (Method::POST, "/regenerate"),
        (Method::POST, "/reveal"),
        (Method::POST, "/deactivate"),
        (Method::GET, "/usage"),
        (Method::GET, "/usage.csv"),
        (Method::GET, "/analytics"),
        (Method::GET, "/activations"),
        (Method::POST, "/identity-secret/reveal"),
        (Method::POST, "/identity-secret/rotate"),
    ]
}

/// A server whose list of keys is empty: the demo page has none.
async fn without_demo(backend: Backend) -> TestApp {
    TestApp::with(backend).set("NATTER_DEMO", "false").start().await
}

/// Every field that can be set, with a value that is not its default.
fn everything() -> Value {
    json!({
        "name": "Shop",
        "description": "The shop's chat",
        "is_active": false,
        "restriction": "websites",
        "websites": ["https://shop.example", "*.shop.example"],
        "ip_addresses": ["203.0.113.7"],
        "monthly_usage_limit": 1000,
        "rate_limit_per_minute": 10,
        "expires_at": "2027-01-01T00:00:00.000Z",
        "grace_days": 7,
        "activation_limit": 3,
        "auto_activate_hosts": false,
        "identity_mode": "required",
        "metadata": {"plan": {"name": "pro"}},
    })
}

fn without(mut object: Value, fields: &[&str]) -> Value {
    for field in fields {
        object.as_object_mut().expect("an object").remove(*field);
    }
    object
}

/// Keys named K1, K2, …, some made in the same millisecond.
async fn some_keys(app: &TestApp, count: usize) {
    for n in 1..=count {
        make_key(app, json!({"name": format!("K{n}")})).await;
        if n % 3 == 0 {
            app.clock.advance(Duration::from_secs(1));
        }
    }
}

async fn names(app: &TestApp, query: &str) -> Vec<String> {
    column(&read(app, &format!("{KEYS}{query}")).await, "name")
}

both! {
    async fn a_key_that_is_only_named_has_every_default(backend) {
        let app = TestApp::start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        for (field, default) in [
            ("name", json!("Shop")),
            ("description", json!("")),
            ("retrievable", json!(false)),
            ("status", json!("active")),
            ("is_active", json!(true)),
            ("agent_id", Value::Null),
            ("data_source_id", Value::Null),
            ("restriction", json!("none")),
            ("websites", json!([])),
            ("allowed_domains", json!("")),
            ("ip_addresses", json!([])),
            ("monthly_usage_limit", Value::Null),
            ("monthly_usage", json!(0)),
            ("rate_limit_per_minute", Value::Null),
            ("expires_at", Value::Null),
            ("grace_days", json!(0)),
            ("activation_limit", Value::Null),
            ("activation_usage", json!(0)),
            ("auto_activate_hosts", json!(true)),
            ("identity_mode", json!("optional")),
            ("metadata", json!({})),
            ("order_id", Value::Null),
            ("created_at", json!("2026-06-15T12:00:00.000Z")),
            ("updated_at", json!("2026-06-15T12:00:00.000Z")),
            ("last_used_at", Value::Null),
            ("warnings", json!([])),
        ] {
            assert_eq!(key.get(field), Some(&default), "{field} in {key}");
        }
        assert!(key["version"].is_i64() && key["ui"].is_object(), "{key}");
        assert_eq!(text(&key, "id").len(), 26);
        assert!(text(&key, "chatbot_id").starts_with("cb_"));
    }

    async fn a_key_is_four_groups_of_four_and_its_hint_shows_the_last(backend) {
        let app = TestApp::start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        let written = text(&key, "key");
        let groups: Vec<_> = written.split('-').collect();
        assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [4, 4, 4, 4]);
        let crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        assert!(groups.concat().chars().all(|c| crockford.contains(c)), "{written}");
        assert_eq!(key["key_hint"], format!("••••-••••-••••-{}", groups[3]));
    }

    async fn a_key_opens_the_chat_as_soon_as_it_is_made(backend) {
        let app = TestApp::start(backend).await;
        let made = make_key(&app, json!({"name": "Shop"})).await;
        let key = text(&made, "key");
        accepted(app.ask("s1", "Hi").key(&key)).await;
        app.open_session("https://shop.example", &key).await;
        assert_eq!(read_key(&app, &made).await["monthly_usage"], 1);
    }

    async fn a_key_is_shown_once_and_in_no_later_answer(backend) {
        let app = without_demo(backend).await;
        for retrievable in [false, true] {
            let made = make_key(&app, json!({"name": "Shop", "retrievable": retrievable})).await;
            let key = text(&made, "key");
            let list = read(&app, &format!("{KEYS}?q=Shop")).await;
            let later = [
                read_key(&app, &made).await,
                list["items"][0].clone(),
                change_key(&app, &made, json!({"description": "x"})).await,
                act(&app, &made, "deactivate", json!({})).await,
            ];
            for object in &later {
                assert_eq!(object["id"], made["id"]);
                assert_eq!(object.get("key"), None, "{object}");
            }
            let told = later.map(|object| object.to_string()).concat() + &list.to_string();
            assert!(!told.contains(&key) && !told.contains(&key.replace('-', "")));
            delete(&app, &path_of(&made)).send().await.expect(204).await;
        }
    }

    async fn a_key_reads_as_it_was_made(backend) {
        let app = TestApp::start(backend).await;
        let made = make_key(&app, everything()).await;
        for (field, value) in everything().as_object().unwrap() {
            assert_eq!(&made[field], value, "{field} in {made}");
        }
        assert_eq!(made["status"], "inactive");
        assert_eq!(made["allowed_domains"], "https://shop.example,*.shop.example");
        let read = read_key(&app, &made).await;
        assert_eq!(read, without(made, &["key"]));
    }

    async fn a_change_changes_what_it_names_and_nothing_else(backend) {
        let app = TestApp::start(backend).await;
        let made = make_key(&app, everything()).await;
        app.clock.advance(Duration::from_secs(5));
        let changed = change_key(&app, &made, json!({"monthly_usage_limit": 5})).await;
        assert_eq!(changed["monthly_usage_limit"], 5);
        assert_eq!(changed["updated_at"], "2026-06-15T12:00:05.000Z");
        assert!(changed["version"].as_i64() > made["version"].as_i64());
        let moved = ["key", "monthly_usage_limit", "updated_at", "version"];
        assert_eq!(without(changed.clone(), &moved), without(made.clone(), &moved));
        assert_eq!(read_key(&app, &made).await, changed);
    }

    async fn null_takes_each_field_back_to_its_default(backend) {
        let app = TestApp::start(backend).await;
        let made = make_key(&app, everything()).await;
        let fresh = make_key(&app, json!({"name": "Shop"})).await;
        let fields = everything();
        let nulls = fields.as_object().unwrap().keys().filter(|field| *field != "name");
        let nulls: serde_json::Map<_, _> =
            nulls.map(|field| (field.clone(), Value::Null)).collect();
        let cleared = change_key(&app, &made, Value::Object(nulls)).await;
        let own = ["id", "chatbot_id", "key", "key_hint", "version"];
        assert_eq!(without(cleared, &own), without(fresh, &own));
    }

    async fn a_key_must_have_a_name(backend) {
        let app = TestApp::start(backend).await;
        refused_field(post(&app, KEYS, json!({})), "name").await;
        refused_field(post(&app, KEYS, json!({"name": null})), "name").await;
        let made = make_key(&app, json!({"name": "Shop"})).await;
        refused_field(patch(&app, &path_of(&made), json!({"name": null})), "name").await;
    }

    async fn a_change_based_on_an_older_version_is_refused_with_the_newer_one(backend) {
        let app = TestApp::start(backend).await;
        let made = make_key(&app, json!({"name": "Shop"})).await;
        let version = made["version"].clone();
        let second =
            change_key(&app, &made, json!({"name": "Second", "version": version.clone()})).await;
        let late = json!({"name": "Third", "version": version});
        let body =
            patch(&app, &path_of(&made), late).send().await.error(409, "version_conflict").await;
        assert_eq!(body["current"], second);
        assert_eq!(read_key(&app, &made).await, second);
        let next = json!({"name": "Third", "version": second["version"]});
        assert_eq!(change_key(&app, &made, next).await["name"], "Third");
    }

    async fn of_many_changes_to_one_version_exactly_one_lands(backend) {
        let app = TestApp::start(backend).await;
        let made = make_key(&app, json!({"name": "Shop"})).await;
        let change = |n| {
            let body = json!({"name": format!("Name {n}"), "version": made["version"]});
            patch(&app, &path_of(&made), body)
        };
        let mut landed = Vec::new();
        for answer in app.at_once(12, change).await {
            if answer.status == 200 {
                landed.push(answer.json().await);
            } else {
                answer.error(409, "version_conflict").await;
            }
        }
        assert_eq!(landed, [read_key(&app, &made).await]);
    }

    async fn what_only_the_server_sets_is_taken_and_ignored(backend) {
        let app = TestApp::start(backend).await;
        let foreign = json!({
            "id": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "chatbot_id": "cb_01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "key": "ABCD-EFGH-JKMN-PQRS",
            "key_hint": "mine",
            "status": "deactivated",
            "monthly_usage": 99,
            "activation_usage": 99,
            "order_id": "ORD-1",
            "agent_name": "Mine",
            "data_source_name": "Mine",
            "created_at": "2020-01-01T00:00:00Z",
            "updated_at": "2020-01-01T00:00:00Z",
            "last_used_at": "2020-01-01T00:00:00Z",
            "warnings": ["mine"],
        });
        let mut body = foreign.clone();
        body["name"] = json!("Shop");
        body["version"] = json!(77);
        let made = make_key(&app, body).await;
        let changed = change_key(&app, &made, foreign.clone()).await;
        for (field, value) in foreign.as_object().unwrap() {
            assert_ne!(&made[field], value, "{field} in {made}");
            assert_ne!(&changed[field], value, "{field} in {changed}");
        }
        assert_ne!(made["version"], 77);
        assert_eq!(changed["id"], made["id"]);
    }

    async fn a_field_that_does_not_exist_is_refused_by_its_name(backend) {
        let app = TestApp::start(backend).await;
        let made = make_key(&app, json!({"name": "Shop"})).await;
        for unknown in ["colour", "isActive", "Name", "monthlyUsageLimit", "generation"] {
            let body = json!({"name": "Shop", unknown: 1});
            refused_field(post(&app, KEYS, body.clone()), unknown).await;
            refused_field(patch(&app, &path_of(&made), body), unknown).await;
        }
        let body = post(&app, KEYS, json!({"one": 1, "two": 2, "name": ""}));
        let body = body.send().await.error(400, "invalid_request").await;
        assert_eq!(complaints(&body), ["name", "one", "two"], "all at once");
    }

    async fn a_body_that_is_no_json_object_is_refused_and_makes_nothing(backend) {
        let app = without_demo(backend).await;
        let call = || api(&app, Method::POST, KEYS).header("Content-Type", "application/json");
        for bad in ["", "{", "[]", "null", "5", "\"name\"", "{\"name\": \"a\"", "{'name': 'a'}"] {
            let body = call().raw_body(bad).send().await.error(400, "invalid_request").await;
            assert_eq!(body["error"], "Invalid request payload", "for {bad:?}");
        }
        call().raw_body(&b"{\"name\": \"\xff\"}"[..]).send().await.expect(400).await;
        let huge = json!({"name": "x".repeat(70_000)}).to_string();
        call().raw_body(huge).send().await.error(413, "payload_too_large").await;
        let xml = call().header("Content-Type", "application/xml").raw_body("<name/>");
        xml.send().await.error(415, "unsupported_media_type").await;
        assert_eq!(read(&app, KEYS).await["total"], 0);
    }

    async fn keys_are_listed_newest_first(backend) {
        let app = without_demo(backend).await;
        let empty = read(&app, KEYS).await;
        assert_eq!(empty, json!({"items": [], "total": 0, "next_cursor": null}));
        some_keys(&app, 4).await;
        assert_eq!(names(&app, "").await, ["K4", "K3", "K2", "K1"]);
    }

    async fn a_cursor_leads_through_all_keys_without_a_gap(backend) {
        let app = without_demo(backend).await;
        some_keys(&app, 7).await;
        let all = names(&app, "?limit=200").await;
        assert_eq!(all.len(), 7);
        let (mut paged, mut query) = (Vec::new(), String::from("?limit=2"));
        loop {
            let page = read(&app, &format!("{KEYS}{query}")).await;
            assert_eq!(page["total"], 7, "the count before the limit");
            paged.extend(column(&page, "name"));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            query = format!("?limit=2&cursor={cursor}");
            assert!(paged.len() <= 7, "the pages end");
            if paged.len() == 2 {
                // What is made meanwhile moves no page.
                app.clock.advance(Duration::from_secs(1));
                let late = make_key(&app, json!({"name": "Late"})).await;
                delete(&app, &path_of(&late)).send().await.expect(204).await;
            }
        }
        assert_eq!(paged, all);
    }

    async fn keys_are_found_by_name_description_and_the_end_of_the_key(backend) {
        let app = without_demo(backend).await;
        let shop = make_key(&app, json!({"name": "Über 100% _Shop_", "description": "x"})).await;
        make_key(&app, json!({"name": "Blog", "description": "of the Überseemuseum"})).await;
        for (query, found) in [
            ("?q=%C3%BCBER", vec!["Blog", "Über 100% _Shop_"]),
            ("?q=seemuseum", vec!["Blog"]),
            ("?q=100%25", vec!["Über 100% _Shop_"]),
            ("?q=_shop", vec!["Über 100% _Shop_"]),
            ("?q=100_", vec![]),
            ("?q=%25%25", vec![]),
            ("?q=nowhere", vec![]),
        ] {
            assert_eq!(names(&app, query).await, found, "{query}");
            let total = read(&app, &format!("{KEYS}{query}&limit=1")).await["total"].clone();
            assert_eq!(total, found.len(), "{query}");
        }
        let last = text(&shop, "key")[15..].to_owned();
        assert_eq!(names(&app, &format!("?q={last}")).await, ["Über 100% _Shop_"]);
        let whole = text(&shop, "key");
        assert!(names(&app, &format!("?q={whole}")).await.is_empty(), "nobody finds a key by it");
    }

    async fn a_keys_status_is_deactivated_before_inactive_before_expired(backend) {
        let app = without_demo(backend).await;
        let expires = "2026-06-15T12:00:01Z";
        let made = make_key(&app, json!({"name": "Shop", "expires_at": expires})).await;
        assert_eq!(made["status"], "active");
        app.clock.set(START_MS + 1000);
        assert_eq!(read_key(&app, &made).await["status"], "expired");
        let off = change_key(&app, &made, json!({"is_active": false})).await;
        assert_eq!(off["status"], "inactive");
        let gone = act(&app, &made, "deactivate", json!({})).await;
        assert_eq!(gone["status"], "deactivated");
        assert_eq!(read_key(&app, &made).await["status"], "deactivated");
    }

    async fn keys_are_listed_by_their_status(backend) {
        let app = without_demo(backend).await;
        make_key(&app, json!({"name": "active"})).await;
        make_key(&app, json!({"name": "inactive", "is_active": false})).await;
        let past = "2026-06-15T11:59:59Z";
        make_key(&app, json!({"name": "expired", "expires_at": past})).await;
        let body = json!({"name": "deactivated", "is_active": false, "expires_at": past});
        let gone = make_key(&app, body).await;
        act(&app, &gone, "deactivate", json!({})).await;
        for status in ["active", "inactive", "expired", "deactivated"] {
            assert_eq!(names(&app, &format!("?status={status}")).await, [status]);
            let list = read(&app, &format!("{KEYS}?status={status}")).await;
            assert_eq!((&list["total"], &list["items"][0]["status"]), (&json!(1), &json!(status)));
        }
    }

    async fn a_wrong_parameter_of_the_list_is_refused_by_its_name(backend) {
        let app = TestApp::start(backend).await;
        for (name, value) in [
            ("limit", "0"),
            ("limit", "201"),
            ("limit", "-1"),
            ("limit", "1.5"),
            ("limit", "abc"),
            ("limit", "99999999999999999999"),
            ("cursor", "nonsense"),
            ("cursor", "%00"),
            ("status", "happy"),
        ] {
            let call = app.admin(&format!("{KEYS}?{name}={value}"));
            let body = call.send().await.error(400, "invalid_request").await;
            assert_eq!(body["error"], "Invalid query parameters", "{name}={value}");
            assert_eq!(complaints(&body), [name], "{name}={value}");
        }
        for good in ["1", "200"] {
            app.admin(&format!("{KEYS}?limit={good}")).send().await.expect(200).await;
        }
    }

    async fn a_key_that_does_not_exist_is_404_on_every_route(backend) {
        let app = TestApp::start(backend).await;
        for (method, suffix) in routes_of_a_key() {
            let call = |base: &str| {
                let path = format!("{base}{suffix}");
                match method {
                    Method::GET | Method::DELETE => api(&app, method.clone(), &path),
                    _ => with_json(&app, method.clone(), &path, json!({})),
                }
            };
            call(UNKNOWN).send().await.error(404, "not_found").await;
            for id in ["x", "%00", "..%2f..", "'%20OR%201=1--", &"a".repeat(300)] {
                let status = call(&format!("{KEYS}/{id}")).send().await.status;
                assert!(status == 400 || status == 404, "{method} {id:.20}{suffix}: {status}");
            }
        }
        app.admin("/api/nothing").send().await.error(404, "not_found").await;
        let call = with_json(&app, Method::PUT, KEYS, json!({}));
        call.send().await.error(405, "method_not_allowed").await;
    }

    async fn without_a_credential_every_route_is_401(backend) {
        let app = TestApp::start(backend).await;
        let made = make_key(&app, json!({"name": "Shop"})).await;
        let path = path_of(&made);
        let mut calls = vec![app.get(KEYS), app.post(KEYS).set("name", "Mine")];
        calls.push(app.post("/api/check/website").set("pattern", "https://shop.example"));
        calls.push(app.post(&format!("{path}/preview-session")));
        calls.push(app.client().request(Method::DELETE, &format!("{path}/activations/x")));
        for (method, suffix) in routes_of_a_key() {
            calls.push(app.client().request(method, &format!("{path}{suffix}")));
        }
        for call in calls {
            let body = call.send().await.error(401, "unauthorized").await;
            assert_eq!(body["error"], "Unauthorized");
        }
        assert_eq!(read_key(&app, &made).await, without(made, &["key"]), "nothing has changed");
    }

    async fn only_an_admins_key_opens_the_api_in_either_header(backend) {
        let app = TestApp::start(backend).await;
        let key = text(&make_key(&app, json!({"name": "Shop"})).await, "key");
        for call in [
            app.admin(KEYS).header("X-Admin-Api-Key", "wrong"),
            app.admin(KEYS).header("X-Admin-Api-Key", WIDGET_KEY),
            app.get(KEYS).header("Authorization", &format!("Bearer {key}")),
            app.get(KEYS).header("Authorization", &format!("Basic {ADMIN_KEY}")),
            app.get(KEYS).key(ADMIN_KEY),
            app.get(&format!("{KEYS}?api_key={ADMIN_KEY}&token={ADMIN_KEY}")),
        ] {
            call.send().await.error(401, "unauthorized").await;
        }
        let bearer = app.get(KEYS).header("Authorization", &format!("Bearer {ADMIN_KEY}"));
        bearer.send().await.expect(200).await;
    }

    async fn no_page_of_another_origin_may_read_the_api(backend) {
        let app = TestApp::start(backend).await;
        let page = "https://evil.example";
        let preflight = app.client().request(Method::OPTIONS, KEYS).origin(page);
        let preflight = preflight.header("Access-Control-Request-Method", "POST");
        let preflight =
            preflight.header("Access-Control-Request-Headers", "content-type,x-admin-api-key");
        for call in [
            preflight,
            app.get(KEYS).origin(page),
            app.admin(KEYS).origin(page),
            post(&app, KEYS, json!({"name": ""})).origin(page),
            post(&app, "/api/check/website", json!({"pattern": "*"})).origin(page),
            app.admin("/api/nothing").origin(page),
        ] {
            without_cors(&call.send().await);
        }
    }

    async fn a_deleted_key_is_gone_from_everywhere(backend) {
        let app = without_demo(backend).await;
        let made = make_key(&app, json!({"name": "Shop"})).await;
        let other = make_key(&app, json!({"name": "Blog"})).await;
        let key = text(&made, "key");
        accepted(app.ask("s1", "Hi").key(&key)).await;
        let answer = delete(&app, &path_of(&made)).send().await.expect(204).await;
        assert_eq!(answer.text().await, "");
        app.ask("s1", "Hi").key(&key).send().await.error(401, "unauthorized").await;
        for (field, value) in [("licenseKey", key), ("chatbotId", text(&made, "chatbot_id"))] {
            let call = app.from_page("/v1/widget/session", "https://shop.example");
            call.set(field, value).send().await.error(401, "unauthorized").await;
        }
        app.admin(&path_of(&made)).send().await.error(404, "not_found").await;
        delete(&app, &path_of(&made)).send().await.error(404, "not_found").await;
        assert_eq!(names(&app, "").await, ["Blog"]);
        accepted(app.ask("s1", "Hi").key(&text(&other, "key"))).await;
    }
}
