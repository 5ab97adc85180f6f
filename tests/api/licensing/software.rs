//! What a customer's software asks: activate, validate, let go.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::app::text;
use system_tests::{TestApp, both};

use super::*;
use crate::wait::eventually;

async fn instances(app: &TestApp, order: &Value) -> Value {
    let key = text(order, "license_key_id");
    read(app, &format!("{KEYS}/{key}/activations")).await
}

async fn missing(call: Call) -> String {
    let body = call.send().await.expect(404).await.json().await;
    assert_eq!(body["valid"], false);
    assert_eq!(body["metadata"], json!({}));
    text(&body, "code")
}

both! {
    async fn a_license_is_activated_validated_and_let_go(backend) {
        let app = TestApp::start(backend).await;
        let licenses = json!({"activation_limit_enabled": true, "activation_limit": 2,
            "has_expiry": true, "duration_value": 1, "duration_unit": "year"});
        let plan = plan(&app, "pro", licenses).await;
        let order = order(&app, &plan, "c1").await;
        let body = json!({"customerId": "c1", "instanceName": "Laptop", "metadata": {"os": "linux"}});
        let first = about(&app, ACTIVATE, &order, body).send().await.expect(201).await;
        let first: Value = first.json().await;
        let expires = "2027-06-15T12:00:00.000Z";
        assert_eq!(first["activatedAt"], "2026-06-15T12:00:00.000Z");
        assert_eq!(first["expiresOn"], expires);
        let license = &first["license"];
        for (field, value) in [
            ("id", order["license_key_id"].clone()),
            ("licenseKey", order["license_key"].clone()),
            ("activatedOn", json!("2026-06-15T12:00:00.000Z")),
            ("expiresOn", json!(expires)),
            ("activationUsage", json!(1)),
            ("activationLimit", json!(2)),
            ("enabled", json!(true)),
            ("customer", Value::Null),
            ("plan", json!({"identifier": "pro", "name": "Pro", "description": "", "product":
                {"id": plan["product_id"], "identifier": "studio", "name": "Studio"}})),
        ] {
            assert_eq!(license[field], value, "{field} in {license}");
        }
        let valid = validate(&app, &order).await;
        assert_eq!((&valid["valid"], &valid["code"]), (&json!(true), &json!("VALID")));
        assert_eq!(&valid["license"], license, "validating consumes nothing");
        let shown = instances(&app, &order).await;
        assert_eq!(column(&shown, "instance_name"), ["Laptop"]);
        assert_eq!(shown["items"][0]["metadata"], json!({"os": "linux"}));
        let id = json!({"instanceId": first["instanceId"]});
        let gone: Value = about(&app, DEACTIVATE, &order, id.clone())
            .send().await.expect(200).await.json().await;
        assert_eq!(gone["deactivatedAt"], "2026-06-15T12:00:00.000Z");
        assert!(!text(&gone, "message").is_empty());
        assert_eq!(missing(about(&app, VALIDATE, &order, id.clone())).await, "INSTANCE_NOT_FOUND");
        let (code, _) = refusal(about(&app, DEACTIVATE, &order, id).send().await, 404).await;
        assert_eq!(code, "instance_not_found");
        let left = validate(&app, &order).await;
        assert_eq!((&left["code"], &left["license"]["activationUsage"]), (&json!("VALID"), &json!(0)));
        assert_eq!(left["license"]["activatedOn"], license["activatedOn"], "when it was first");
    }

    async fn the_limit_is_said_with_its_numbers_and_one_place_is_freed_at_a_time(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, Some(2)).await;
        let first = activate(&app, &order).await;
        activate(&app, &order).await;
        let refused = about(&app, ACTIVATE, &order, json!({})).send().await;
        let (code, said) = refusal(refused, 403).await;
        assert_eq!(code, "activation_limit_reached");
        assert!(said.ends_with("limit reached (2/2)"), "{said}");
        let id = json!({"instanceId": first["instanceId"]});
        about(&app, DEACTIVATE, &order, id).send().await.expect(200).await;
        activate(&app, &order).await;
        refusal(about(&app, ACTIVATE, &order, json!({})).send().await, 403).await;
    }

    async fn a_lowered_limit_keeps_what_is_activated_and_admits_no_more(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, Some(3)).await;
        let mut ids = Vec::new();
        for _ in 0..3 {
            ids.push(activate(&app, &order).await["instanceId"].clone());
        }
        let key = key_of(&app, &order).await;
        change_key(&app, &key, json!({"activation_limit": 1})).await;
        for id in &ids {
            about(&app, VALIDATE, &order, json!({"instanceId": id})).send().await.expect(200).await;
        }
        let (_, said) = refusal(about(&app, ACTIVATE, &order, json!({})).send().await, 403).await;
        assert!(said.ends_with("limit reached (3/1)"), "{said}");
        let path = format!("{}/activations/{}", path_of(&key), ids[0].as_str().unwrap());
        delete(&app, &path).send().await.expect(204).await;
        let (_, said) = refusal(about(&app, ACTIVATE, &order, json!({})).send().await, 403).await;
        assert!(said.ends_with("limit reached (2/1)"), "{said}");
        change_key(&app, &key, json!({"activation_limit": null})).await;
        let free = activate(&app, &order).await;
        assert_eq!(free["license"]["activationLimit"], Value::Null);
        assert_eq!(free["license"]["activationUsage"], 3);
    }

    async fn one_device_by_its_fingerprint_takes_one_place(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, Some(1)).await;
        let device = || about(&app, ACTIVATE, &order, json!({"fingerprint": "mac-1"}));
        let first: Value = device().send().await.expect(201).await.json().await;
        app.clock.advance(DAY);
        let again: Value = device().send().await.expect(200).await.json().await;
        assert_eq!(again["instanceId"], first["instanceId"]);
        assert_eq!(again["activatedAt"], first["activatedAt"]);
        let other = about(&app, ACTIVATE, &order, json!({"fingerprint": "mac-2"})).send().await;
        refusal(other, 403).await;
        let id = json!({"instanceId": first["instanceId"]});
        about(&app, DEACTIVATE, &order, id).send().await.expect(200).await;
        let anew: Value = device().send().await.expect(201).await.json().await;
        assert_ne!(anew["instanceId"], first["instanceId"]);
        // The same fingerprint under another license is another device.
        let plan = json!({"id": order["plan_id"]});
        let second = super::order(&app, &plan, "c2").await;
        about(&app, ACTIVATE, &second, json!({"fingerprint": "mac-1"})).send().await.expect(201).await;
    }

    async fn a_license_that_may_not_be_used_is_refused_in_the_order_of_the_checks(backend) {
        let app = TestApp::start(backend).await;
        let plan = plan(&app, "pro", json!({"activation_limit_enabled": true, "has_expiry": true,
            "duration_value": 1, "duration_unit": "day"})).await;
        let order = order(&app, &plan, "c1").await;
        let key = key_of(&app, &order).await;
        activate(&app, &order).await;
        let state = async || {
            let refused = refusal(about(&app, ACTIVATE, &order, json!({})).send().await, 403).await;
            let valid = validate(&app, &order).await;
            assert_eq!(valid["valid"], valid["code"] == "VALID");
            (refused.0, text(&valid, "code"))
        };
        let told = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(state().await, told("activation_limit_reached", "VALID"));
        app.clock.advance(DAY);
        assert_eq!(state().await, told("key_expired", "EXPIRED"));
        change_key(&app, &key, json!({"is_active": false})).await;
        assert_eq!(state().await, told("key_inactive", "INACTIVE"));
        act(&app, &key, "deactivate", json!({})).await;
        assert_eq!(state().await, told("key_deactivated", "DEACTIVATED"));
        assert_eq!(validate(&app, &order).await["license"]["enabled"], false);
    }

    async fn days_of_grace_are_valid_and_say_when_they_end(backend) {
        let app = TestApp::start(backend).await;
        let plan = plan(&app, "pro", json!({"has_expiry": true, "duration_value": 1,
            "duration_unit": "day", "grace_days": 2})).await;
        let order = order(&app, &plan, "c1").await;
        app.clock.advance(DAY - Duration::from_millis(1));
        assert_eq!(validity(&app, &order).await, "VALID");
        app.clock.advance(Duration::from_millis(1));
        let grace = validate(&app, &order).await;
        assert_eq!((&grace["valid"], &grace["code"]), (&json!(true), &json!("GRACE")));
        assert_eq!(grace["graceEndsOn"], "2026-06-18T12:00:00.000Z");
        app.clock.advance(2 * DAY - Duration::from_millis(1));
        assert_eq!(validity(&app, &order).await, "GRACE");
        app.clock.advance(Duration::from_millis(1));
        let expired = validate(&app, &order).await;
        assert_eq!((&expired["valid"], &expired["code"]), (&json!(false), &json!("EXPIRED")));
        assert_eq!(expired.get("graceEndsOn"), None);
        let key = key_of(&app, &order).await;
        change_key(&app, &key, json!({"expires_at": "2027-01-01T00:00:00Z"})).await;
        let extended = validate(&app, &order).await;
        assert_eq!((&extended["code"], &extended["license"]["expiresOn"]), (&json!("VALID"), &json!("2027-01-01T00:00:00.000Z")));
    }

    async fn an_unknown_key_and_another_customer_are_told_the_same(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, None).await;
        let foreign = about(&app, ACTIVATE, &order, json!({"customerId": "c2"})).send().await;
        let foreign = refusal(foreign, 404).await;
        // A whole key that nobody has, a mistyped one, and junk.
        for key in ["0000-0000-0000-000W", "AAAA-AAAA-AAAA-AAAA", "junk", "é", &"x".repeat(255)] {
            let call = software(&app, ACTIVATE, json!({"licenseKey": key}));
            assert_eq!(refusal(call.send().await, 404).await, foreign, "{key}");
            assert_eq!(missing(software(&app, VALIDATE, json!({"licenseKey": key}))).await, "INVALID_KEY");
            let call = software(&app, DEACTIVATE, json!({"licenseKey": key, "instanceId": "x"}));
            assert_eq!(refusal(call.send().await, 404).await, foreign);
        }
        assert_eq!(instances(&app, &order).await["total"], 0);
    }

    async fn a_key_is_read_however_it_is_typed(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, None).await;
        let key = text(&order, "license_key");
        for typed in [key.to_lowercase(), key.replace('-', ""), format!(" {key} "), key.replace('0', "O").replace('1', "l")] {
            let valid = software(&app, VALIDATE, json!({"licenseKey": typed})).send().await;
            let valid: Value = valid.expect(200).await.json().await;
            assert_eq!(valid["license"]["licenseKey"], key);
        }
    }

    async fn a_client_library_for_such_apis_works_as_it_is(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, Some(1)).await;
        let body = json!({"label": "Backend", "scopes": ["licenses"]});
        let api_key = text(&made(&app, "/api/api-keys", body).await, "key");
        let key = text(&order, "license_key");
        let ask = async |name: &str, status: u16, body: Value| {
            let call = software(&app, &format!("/api/v1/license/{name}/"), body);
            let call = call.header("Authorization", &format!("Bearer {api_key}"));
            call.send().await.expect(status).await.json().await
        };
        let activated = ask("activate", 201, json!({"license_key": key, "customer_id": "c1",
            "instance_name": "Server 1", "metadata": {"region": "eu"}})).await;
        let id = text(&activated, "instanceId");
        let customer = json!({"customerId": "c1", "name": "Ada Lovelace", "email": ""});
        assert_eq!(activated["license"]["customer"], customer);
        let valid = ask("validate", 200, json!({"license_key": key, "instance_id": id})).await;
        assert_eq!(valid["metadata"], json!({"region": "eu"}));
        assert_eq!(valid["license"]["customer"], customer);
        ask("deactivate", 200, json!({"license_key": key, "instance_id": id})).await;
        let missing = ask("validate", 400, json!({"instance_id": id})).await;
        assert_eq!(missing, json!({"license_key": ["This field is required."]}));
    }

    async fn every_mount_and_notation_answers(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, None).await;
        let key = text(&order, "license_key");
        for base in ["/license", "/api/v1/license"] {
            for end in ["", "/"] {
                let path = |name: &str| format!("{base}/{name}{end}");
                let form = app.client().request(Method::POST, &path("activate"))
                    .header("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
                    .raw_body(format!("license_key={key}&instance_name=A+B&metadata=%7B%7D"));
                let made: Value = form.send().await.expect(201).await.json().await;
                let id = made["instanceId"].clone();
                let body = json!({"licenseKey": key, "instanceId": id});
                software(&app, &path("validate"), body.clone()).send().await.expect(200).await;
                software(&app, &path("deactivate"), body).send().await.expect(200).await;
                app.get(&path("keys")).send().await.expect(200).await;
            }
        }
        let call = app.client().request(Method::POST, VALIDATE);
        let call = call.header("Content-Type", "multipart/form-data; boundary=x").raw_body("x");
        call.send().await.error(415, "unsupported_media_type").await;
        app.get(VALIDATE).send().await.error(405, "method_not_allowed").await;
    }

    async fn what_is_wrong_is_told_in_a_map_of_fields(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, None).await;
        let required = "This field is required.";
        assert_eq!(complained(software(&app, ACTIVATE, json!({})), "licenseKey").await, required);
        let body = json!({"licenseKey": order["license_key"]});
        assert_eq!(complained(software(&app, DEACTIVATE, body), "instanceId").await, required);
        for (field, value) in [
            ("licenseKey", json!("k".repeat(256))),
            ("instanceName", json!("n".repeat(256))),
            ("fingerprint", json!("f".repeat(256))),
            ("customerId", json!("c".repeat(201))),
            ("nonce", json!("n".repeat(129))),
            ("metadata", json!({"a": "x".repeat(4096)})),
            ("metadata", json!("text")),
        ] {
            let mut body = json!({"licenseKey": order["license_key"]});
            body[field] = value;
            complained(software(&app, ACTIVATE, body), field).await;
        }
        let most = json!({"instanceName": "n".repeat(255), "fingerprint": "f".repeat(255),
            "nonce": "n".repeat(128), "metadata": {"a": "x".repeat(4096 - 8)}});
        about(&app, ACTIVATE, &order, most).send().await.expect(201).await;
        let junk = app.client().request(Method::POST, VALIDATE)
            .header("Content-Type", "application/json").raw_body("{");
        complained(junk, "nonFieldErrors").await;
        let long = software(&app, VALIDATE, json!({"licenseKey": "x".repeat(70_000)}));
        long.send().await.error(413, "payload_too_large").await;
    }

    async fn last_seen_is_when_the_instance_was_last_validated(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, None).await;
        let id = json!({"instanceId": activate(&app, &order).await["instanceId"]});
        let seen = async || instances(&app, &order).await["items"][0]["last_seen_at"].clone();
        assert_eq!(seen().await, "2026-06-15T12:00:00.000Z");
        app.clock.advance(Duration::from_secs(90));
        about(&app, VALIDATE, &order, id).send().await.expect(200).await;
        // Written with others, some seconds later.
        app.clock.advance(Duration::from_secs(5));
        eventually("it is noted", seen, |seen| *seen == "2026-06-15T12:01:30.000Z").await;
    }

    async fn one_address_asks_sixty_times_a_minute_about_one_license(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, None).await;
        for left in (0..60).rev() {
            let answer = about(&app, VALIDATE, &order, json!({})).send().await.expect(200).await;
            assert_eq!(answer.number("x-ratelimit-remaining"), left);
        }
        let refused = about(&app, VALIDATE, &order, json!({})).send().await;
        assert!(refused.number("retry-after") > 0);
        refused.error(429, "rate_limit_exceeded").await;
        let other = super::order(&app, &json!({"id": order["plan_id"]}), "c2").await;
        about(&app, VALIDATE, &other, json!({})).send().await.expect(200).await;
        // Whoever has an API key asks for many customers.
        about(&app, VALIDATE, &order, json!({})).header("X-Admin-Api-Key", system_tests::app::ADMIN_KEY)
            .send().await.expect(200).await;
        app.clock.advance(Duration::from_secs(60));
        about(&app, VALIDATE, &order, json!({})).send().await.expect(200).await;
    }

    async fn guessing_keys_is_bounded_for_each_address(backend) {
        let app = TestApp::with(backend).set("NATTER_LICENSE_RATE_LIMIT", 2).start().await;
        for n in 0..15 {
            let key = format!("junk{n}");
            let call = software(&app, VALIDATE, json!({"licenseKey": key}));
            let status = call.send().await.status;
            assert_eq!(status, if n < 2 { 404 } else { 429 }, "{n}");
        }
        let sold = sold(&app, None).await;
        about(&app, VALIDATE, &sold, json!({})).send().await.expect(200).await;
    }

    async fn one_address_asks_ten_times_as_often_about_all_licenses(backend) {
        let app = TestApp::with(backend).set("NATTER_LICENSE_RATE_LIMIT", 2).start().await;
        let first = sold(&app, None).await;
        let plan = json!({"id": first["plan_id"]});
        for n in 0..10 {
            let order = super::order(&app, &plan, &format!("many-{n}")).await;
            for _ in 0..2 {
                about(&app, VALIDATE, &order, json!({})).send().await.expect(200).await;
            }
        }
        let refused = about(&app, VALIDATE, &first, json!({})).send().await;
        refused.error(429, "rate_limit_exceeded").await;
        app.clock.advance(Duration::from_secs(60));
        about(&app, VALIDATE, &first, json!({})).send().await.expect(200).await;
    }

    async fn metadata_without_an_instance_is_the_licenses_own(backend) {
        let app = TestApp::start(backend).await;
        let plan = plan(&app, "pro", json!({})).await;
        let mut body = bought_by(&plan, "c1");
        body["metadata"] = json!({"tier": "gold"});
        let order = made(&app, ORDERS, body).await;
        let trusted = async |body: Value| {
            let call = about(&app, VALIDATE, &order, body);
            let call = call.header("X-Admin-Api-Key", system_tests::app::ADMIN_KEY);
            call.send().await.expect(200).await.json().await["metadata"].clone()
        };
        assert_eq!(trusted(json!({})).await, json!({"tier": "gold"}));
        let id = activate(&app, &order).await["instanceId"].clone();
        assert_eq!(trusted(json!({"instanceId": id})).await, json!({}));
        let key = key_of(&app, &order).await;
        change_key(&app, &key, json!({"is_active": false})).await;
        assert_eq!(trusted(json!({})).await, json!({"tier": "gold"}));
        assert_eq!(trusted(json!({"instanceId": "none"})).await, json!({}), "that has none");
        assert_eq!(validate(&app, &order).await["metadata"], json!({}), "strangers are told none");
    }

    async fn an_ordinary_key_is_a_license_without_a_plan(backend) {
        let app = TestApp::start(backend).await;
        let key = make_key(&app, json!({"name": "By hand", "activation_limit": 1})).await;
        let as_order = json!({"license_key": key["key"]});
        let made = activate(&app, &as_order).await;
        assert_eq!((&made["license"]["plan"], &made["license"]["customer"]), (&Value::Null, &Value::Null));
        let claimed = about(&app, ACTIVATE, &as_order, json!({"customerId": "c1"})).send().await;
        refusal(claimed, 404).await;
    }

    async fn pages_of_other_websites_may_ask(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, None).await;
        for path in [VALIDATE, "/api/v1/license/validate/"] {
            let call = about(&app, path, &order, json!({})).origin("https://app.example.com");
            let answer = call.send().await.expect(200).await;
            assert_eq!(answer.header("access-control-allow-origin"), "https://app.example.com");
            assert!(answer.headers.get("access-control-allow-credentials").is_none());
        }
    }

    async fn a_device_that_is_activated_rings_no_bell_and_a_refused_one_does(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, Some(1)).await;
        activate(&app, &order).await;
        refusal(about(&app, ACTIVATE, &order, json!({})).send().await, 403).await;
        let bell = async || read(&app, "/api/notifications").await;
        let rung = eventually("the owner is told", bell, |list| list["items"] != json!([])).await;
        assert_eq!(column(&rung, "type"), ["license.activation_limit_reached"]);
    }

    async fn activations_are_found_by_id_name_and_host_as_it_is_written(backend) {
        let app = TestApp::start(backend).await;
        let plan = plan(&app, "pro", limited(Some(9))).await;
        let (sold, other) = (order(&app, &plan, "c1").await, order(&app, &plan, "c2").await);
        let list = format!("{KEYS}/{}/activations", text(&sold, "license_key_id"));
        let mut ids = Vec::new();
        for name in ["100%_Büro", "1000 desks", r"c\d"] {
            let call = about(&app, ACTIVATE, &sold, json!({"instanceName": name}));
            let made: Value = call.send().await.expect(201).await.json().await;
            ids.push(text(&made, "instanceId"));
            app.clock.advance(Duration::from_millis(1));
        }
        app.open_session("https://one.example.com", &text(&sold, "license_key")).await;
        let call = about(&app, ACTIVATE, &other, json!({"instanceName": "100% other"}));
        call.send().await.expect(201).await;
        searches(&app, &list, "instance_name", &[
            ("", &["one.example.com", r"c\d", "1000 desks", "100%_Büro"]),
            (&ids[1].to_lowercase(), &["1000 desks"]),
            ("DESKS", &["1000 desks"]),
            ("büro", &["100%_Büro"]),
            ("One.Example", &["one.example.com"]),
            ("one_example", &[]),
            ("100%", &["100%_Büro"]),
            ("0_", &[]),
            (r"C\D", &[r"c\d"]),
        ]).await;
    }
}
