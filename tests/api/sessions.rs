//! Sessions of the widget with license keys: what opens one, what ends it, and how many websites
//! may.

use std::time::Duration;

use serde_json::{Value, json};
use system_tests::app::{complaints, only, text};
use system_tests::{Answer, Call, TestApp, both};

use crate::kit::{
    accepted, act, change_key, column, delete, make_key, path_of, post, read, read_key, say,
};

const PAGE: &str = "https://shop.example";
const OTHER: &str = "https://blog.example";
const DAY: Duration = Duration::from_secs(86_400);

/// A key with these fields, as an object and as text.
async fn key_with(app: &TestApp, mut fields: Value) -> (Value, String) {
    fields["name"] = json!("Shop");
    let made = make_key(app, fields).await;
    let key = text(&made, "key");
    (made, key)
}

async fn limited(app: &TestApp, limit: u32) -> (Value, String) {
    key_with(app, json!({"activation_limit": limit})).await
}

/// A page's request for a session.
fn open(app: &TestApp, origin: &str, key: &str) -> Call {
    app.from_page("/v1/widget/session", origin).set("licenseKey", key)
}

async fn opened(call: Call) -> Value {
    call.send().await.expect(200).await.json().await
}

async fn refused(call: Call, code: &str) {
    call.send().await.error(403, code).await;
}

async fn full(app: &TestApp, origin: &str, key: &str) {
    refused(open(app, origin, key), "activation_limit_reached").await;
}

/// Expects a 403 about activations: the slots are taken, or this one needs one first.
async fn not_activated(answer: Answer) {
    let codes = ["activation_limit_reached", "activation_required"];
    let status = answer.status;
    let body = answer.json().await;
    let code = body["code"].as_str().unwrap_or_default();
    assert!(status == 403 && codes.contains(&code), "{status}: {body}");
}

async fn activations(app: &TestApp, made: &Value) -> Value {
    read(app, &format!("{}/activations", path_of(made))).await
}

/// The path of the activation of this host.
async fn activation(app: &TestApp, made: &Value, host: &str) -> String {
    let list = activations(app, made).await;
    let of_host = list["items"].as_array().expect("a list").iter().find(|a| a["host"] == host);
    let id = text(of_host.unwrap_or_else(|| panic!("{host} in {list}")), "instance_id");
    format!("{}/activations/{id}", path_of(made))
}

async fn usage(app: &TestApp, made: &Value) -> Value {
    read_key(app, made).await["activation_usage"].clone()
}

/// An object whose JSON has this many bytes.
fn sized(bytes: usize) -> Value {
    // {"k":"…"} is eight bytes around the value.
    json!({"k": "x".repeat(bytes - 8)})
}

both! {
    async fn the_widget_is_let_in_as_a_chat_would_be(backend) {
        let app = TestApp::with(backend).set("NATTER_TRUSTED_PROXIES", "127.0.0.1").start().await;
        let past = "2026-06-15T11:59:59Z";
        for (fields, code) in [
            (json!({"is_active": false, "expires_at": past}), "key_inactive"),
            (json!({"expires_at": past}), "key_expired"),
            (json!({"websites": [OTHER], "expires_at": past}), "key_expired"),
            (json!({"websites": [OTHER]}), "origin_not_allowed"),
            (json!({"ip_addresses": ["203.0.113.7"]}), "ip_not_allowed"),
        ] {
            let (made, key) = key_with(&app, fields).await;
            for path in ["/v1/widget/config", "/v1/widget/session"] {
                let call = || app.from_page(path, PAGE).from_ip("203.0.113.8");
                refused(call().set("licenseKey", key.as_str()), code).await;
                refused(call().set("chatbotId", text(&made, "chatbot_id")), code).await;
            }
            act(&app, &made, "deactivate", json!({})).await;
            refused(open(&app, PAGE, &key), "key_deactivated").await;
        }
        let (_, key) = key_with(&app, json!({"ip_addresses": ["203.0.113.7"]})).await;
        opened(open(&app, PAGE, &key).from_ip("203.0.113.7")).await;
    }

    async fn opening_a_session_counts_no_query_and_begins_no_conversation(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = key_with(&app, json!({"monthly_usage_limit": 1})).await;
        for _ in 0..3 {
            let session = opened(open(&app, PAGE, &key)).await;
            assert_eq!(session["conversation"], Value::Null);
        }
        assert_eq!(read_key(&app, &made).await["monthly_usage"], 0);
        assert_eq!(read(&app, "/v1/admin/conversations").await["total"], 0);
        let session = opened(open(&app, PAGE, &key)).await;
        accepted(say(&app, PAGE, &session)).await;
        say(&app, PAGE, &session).send().await.error(429, "monthly_limit_reached").await;
        opened(open(&app, PAGE, &key)).await;
    }

    async fn a_token_is_worth_nothing_on_another_website_even_one_that_is_allowed(backend) {
        let app = TestApp::start(backend).await;
        let (_, key) = key_with(&app, json!({"websites": [PAGE, OTHER]})).await;
        let session = opened(open(&app, PAGE, &key)).await;
        for other in [OTHER, "https://evil.example", "http://shop.example", "null"] {
            refused(say(&app, other, &session), "origin_not_allowed").await;
        }
        refused(say(&app, PAGE, &session).without("origin"), "origin_not_allowed").await;
        accepted(say(&app, PAGE, &session)).await;
        accepted(say(&app, "https://SHOP.example:443", &session)).await;
    }

    async fn a_token_of_one_key_does_not_do_for_another(backend) {
        let app = TestApp::start(backend).await;
        let (one, first) = key_with(&app, json!({})).await;
        let (two, _) = key_with(&app, json!({})).await;
        accepted(say(&app, PAGE, &opened(open(&app, PAGE, &first)).await)).await;
        assert_eq!(read_key(&app, &one).await["monthly_usage"], 1);
        assert_eq!(read_key(&app, &two).await["monthly_usage"], 0);
    }

    async fn a_visitor_id_of_one_key_is_unknown_to_another(backend) {
        let app = TestApp::start(backend).await;
        let (_, first) = key_with(&app, json!({})).await;
        let (_, second) = key_with(&app, json!({})).await;
        let session = opened(open(&app, PAGE, &first)).await;
        let visitor = text(&session, "visitorId");
        let strange = opened(open(&app, PAGE, &second).set("visitorId", visitor.as_str())).await;
        assert_ne!(strange["visitorId"], visitor.as_str());
    }

    async fn a_token_lives_fifteen_minutes_and_its_successor_goes_on(backend) {
        let app = TestApp::start(backend).await;
        let (_, key) = key_with(&app, json!({})).await;
        let session = opened(open(&app, PAGE, &key)).await;
        app.clock.advance(Duration::from_millis(15 * 60 * 1000 - 1));
        let first = say(&app, PAGE, &session).events().await;
        app.clock.advance(Duration::from_millis(1));
        say(&app, PAGE, &session).send().await.error(401, "session_expired").await;
        let call = open(&app, PAGE, &key).set("visitorId", text(&session, "visitorId"));
        let second = say(&app, PAGE, &opened(call).await).events().await;
        let id = |events: &[Value]| only(events, "start")["conversationId"].clone();
        assert_eq!(id(&first), id(&second));
    }

    async fn a_token_of_a_deleted_key_is_worth_nothing(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = key_with(&app, json!({})).await;
        let session = opened(open(&app, PAGE, &key)).await;
        delete(&app, &path_of(&made)).send().await.expect(204).await;
        let answer = say(&app, PAGE, &session).send().await.expect(401).await;
        let body = answer.json().await;
        assert!(body["code"] == "unauthorized" || body["code"] == "session_expired", "{body}");
    }

    async fn the_first_website_takes_the_only_activation_and_the_second_is_refused(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = limited(&app, 1).await;
        assert_eq!(usage(&app, &made).await, 0);
        let session = opened(open(&app, PAGE, &key)).await;
        assert_eq!(usage(&app, &made).await, 1);
        full(&app, OTHER, &key).await;
        let call = app.from_page("/v1/widget/session", OTHER);
        refused(call.set("chatbotId", text(&made, "chatbot_id")), "activation_limit_reached").await;
        // The same website again takes no second one.
        for _ in 0..3 {
            opened(open(&app, PAGE, &key)).await;
        }
        accepted(say(&app, PAGE, &session)).await;
        assert_eq!(usage(&app, &made).await, 1);
    }

    async fn asking_for_the_look_takes_no_activation(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = limited(&app, 1).await;
        let call = app.from_page("/v1/widget/config", OTHER).set("licenseKey", key.as_str());
        call.send().await.expect(200).await;
        assert_eq!(usage(&app, &made).await, 0);
        opened(open(&app, PAGE, &key)).await;
    }

    async fn without_an_activation_limit_any_number_of_websites_may(backend) {
        let app = TestApp::start(backend).await;
        let (_, key) = key_with(&app, json!({})).await;
        for n in 0..10 {
            opened(open(&app, &format!("https://shop{n}.example"), &key)).await;
        }
        accepted(app.ask("s1", "Hi").key(&key)).await;
    }

    async fn activations_are_listed_by_their_host(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = limited(&app, 5).await;
        let empty = activations(&app, &made).await;
        assert_eq!(empty, json!({"items": [], "total": 0, "next_cursor": null}));
        opened(open(&app, "https://Shop.example", &key)).await;
        app.clock.advance(Duration::from_secs(60));
        opened(open(&app, OTHER, &key)).await;
        opened(open(&app, PAGE, &key)).await;
        let list = activations(&app, &made).await;
        assert_eq!(list["total"], 2);
        assert_eq!(column(&list, "host"), ["blog.example", "shop.example"], "newest first");
        assert_eq!(column(&list, "instance_name"), ["blog.example", "shop.example"]);
        assert_eq!(column(&list, "status"), ["active", "active"]);
        let oldest = &list["items"][1];
        assert_eq!(oldest["created_at"], "2026-06-15T12:00:00.000Z");
        assert_eq!(oldest["metadata"], json!({}));
        assert!(!text(oldest, "instance_id").is_empty());
        assert!(oldest["last_seen_at"].is_string());
        let first = read(&app, &format!("{}/activations?limit=1", path_of(&made))).await;
        assert_eq!(
            (&first["total"], first["items"].as_array().map(Vec::len)),
            (&json!(2), Some(1))
        );
        let cursor = text(&first, "next_cursor");
        let path = format!("{}/activations?limit=1&cursor={cursor}", path_of(&made));
        assert_eq!(column(&read(&app, &path).await, "host"), ["shop.example"]);
    }

    async fn a_revoked_activation_makes_room_for_another_website(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = limited(&app, 1).await;
        opened(open(&app, PAGE, &key)).await;
        let path = activation(&app, &made, "shop.example").await;
        delete(&app, &path).send().await.expect(204).await;
        assert_eq!(usage(&app, &made).await, 0);
        delete(&app, &path).send().await.error(404, "not_found").await;
        opened(open(&app, OTHER, &key)).await;
        full(&app, PAGE, &key).await;
        not_activated(app.ask("s1", "Hi").key(&key).origin(PAGE).send().await).await;
    }

    async fn an_activation_lapses_after_thirty_idle_days(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = limited(&app, 1).await;
        opened(open(&app, PAGE, &key)).await;
        app.clock.advance(20 * DAY);
        opened(open(&app, PAGE, &key)).await;
        app.clock.advance(30 * DAY - Duration::from_secs(1));
        full(&app, OTHER, &key).await;
        app.clock.advance(Duration::from_secs(2));
        opened(open(&app, OTHER, &key)).await;
        assert_eq!(usage(&app, &made).await, 1);
        full(&app, PAGE, &key).await;
    }

    async fn an_activation_that_lapsed_is_taken_up_again_when_there_is_room(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = limited(&app, 1).await;
        opened(open(&app, PAGE, &key)).await;
        app.clock.advance(40 * DAY);
        accepted(say(&app, PAGE, &opened(open(&app, PAGE, &key)).await)).await;
        assert_eq!(usage(&app, &made).await, 1);
        assert_eq!(activations(&app, &made).await["total"], 1);
        full(&app, OTHER, &key).await;
    }

    async fn a_website_waits_for_an_admin_where_they_approve_each(backend) {
        let app = TestApp::start(backend).await;
        let fields = json!({"activation_limit": 2, "auto_activate_hosts": false});
        let (made, key) = key_with(&app, fields).await;
        for _ in 0..2 {
            refused(open(&app, PAGE, &key), "activation_required").await;
        }
        refused(app.ask("s1", "Hi").key(&key).origin(PAGE), "activation_required").await;
        let list = activations(&app, &made).await;
        assert_eq!((&list["total"], &list["items"][0]["status"]), (&json!(1), &json!("pending")));
        let path = activation(&app, &made, "shop.example").await;
        let call = post(&app, &format!("{path}/approve"), json!({}));
        let approved = call.send().await.expect(200).await.json().await;
        assert_eq!(
            (&approved["status"], &approved["host"]),
            (&json!("active"), &json!("shop.example"))
        );
        assert_eq!(usage(&app, &made).await, 1);
        accepted(say(&app, PAGE, &opened(open(&app, PAGE, &key)).await)).await;
        accepted(app.ask("s1", "Hi").key(&key).origin(PAGE)).await;
        refused(open(&app, OTHER, &key), "activation_required").await;
        let unknown = format!("{}/activations/01ARZ3NDEKTSV4RRFFQ69G5FAV/approve", path_of(&made));
        post(&app, &unknown, json!({})).send().await.error(404, "not_found").await;
    }

    async fn an_approved_website_lapses_too_and_makes_room_for_the_next(backend) {
        let app = TestApp::start(backend).await;
        let fields = json!({"activation_limit": 1, "auto_activate_hosts": false});
        let (made, key) = key_with(&app, fields).await;
        for (origin, host) in [(PAGE, "shop.example"), (OTHER, "blog.example")] {
            refused(open(&app, origin, &key), "activation_required").await;
            let path = activation(&app, &made, host).await;
            post(&app, &format!("{path}/approve"), json!({})).send().await.expect(200).await;
            opened(open(&app, origin, &key)).await;
            app.clock.advance(31 * DAY);
        }
        refused(open(&app, PAGE, &key), "activation_required").await;
        assert_eq!(usage(&app, &made).await, 0);
    }

    async fn a_website_that_waits_is_let_in_when_no_approval_is_asked_for_any_more(backend) {
        let app = TestApp::start(backend).await;
        let fields = json!({"activation_limit": 1, "auto_activate_hosts": false});
        let (made, key) = key_with(&app, fields).await;
        refused(open(&app, PAGE, &key), "activation_required").await;
        change_key(&app, &made, json!({"auto_activate_hosts": true})).await;
        opened(open(&app, PAGE, &key)).await;
        assert_eq!(usage(&app, &made).await, 1);
        full(&app, OTHER, &key).await;
    }

    async fn made_up_websites_keep_the_real_one_from_no_approval(backend) {
        let app = TestApp::with(backend).set("NATTER_TRUSTED_PROXIES", "127.0.0.1").start().await;
        let fields = json!({"activation_limit": 1, "auto_activate_hosts": false});
        let (made, key) = key_with(&app, fields).await;
        for n in 0..110 {
            let call = open(&app, &format!("https://made-up-{n}.example"), &key);
            refused(call.from_ip("203.0.113.7"), "activation_required").await;
        }
        refused(open(&app, PAGE, &key), "activation_required").await;
        assert_eq!(activations(&app, &made).await["total"], 100);
        let path = activation(&app, &made, "shop.example").await;
        post(&app, &format!("{path}/approve"), json!({})).send().await.expect(200).await;
        opened(open(&app, PAGE, &key)).await;
    }

    async fn an_activation_is_reached_through_its_own_key_alone(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = limited(&app, 1).await;
        let (other, _) = limited(&app, 1).await;
        opened(open(&app, PAGE, &key)).await;
        let path = activation(&app, &made, "shop.example").await;
        let foreign = path.replace(&path_of(&made), &path_of(&other));
        delete(&app, &foreign).send().await.error(404, "not_found").await;
        let call = post(&app, &format!("{foreign}/approve"), json!({}));
        call.send().await.error(404, "not_found").await;
        assert_eq!(usage(&app, &made).await, 1);
    }

    async fn a_chat_by_key_from_a_page_needs_the_pages_activation(backend) {
        let app = TestApp::start(backend).await;
        let (_, key) = limited(&app, 1).await;
        opened(open(&app, PAGE, &key)).await;
        let ask = |origin| app.ask("s1", "Hi").key(&key).origin(origin);
        accepted(ask(PAGE)).await;
        not_activated(ask(OTHER).send().await).await;
        not_activated(ask("null").send().await).await;
        let referer = app.ask("s1", "Hi").key(&key).header("Referer", "https://shop.example/cart");
        accepted(referer).await;
    }

    async fn a_chat_by_key_without_a_page_names_an_activation(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = limited(&app, 1).await;
        let (other, others_key) = limited(&app, 1).await;
        opened(open(&app, PAGE, &key)).await;
        opened(open(&app, PAGE, &others_key)).await;
        let id = column(&activations(&app, &made).await, "instance_id").remove(0);
        let others_id = column(&activations(&app, &other).await, "instance_id").remove(0);
        let ask = || app.ask("s1", "Hi").key(&key);
        refused(ask(), "activation_required").await;
        for wrong in ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "x", &others_id, "shop.example"] {
            refused(ask().set("instanceId", wrong), "activation_required").await;
        }
        accepted(ask().set("instanceId", id.as_str())).await;
        let path = activation(&app, &made, "shop.example").await;
        delete(&app, &path).send().await.expect(204).await;
        refused(ask().set("instanceId", id), "activation_required").await;
        change_key(&app, &made, json!({"activation_limit": null})).await;
        accepted(ask()).await;
    }

    async fn twenty_websites_at_once_take_exactly_the_five_activations_there_are(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = limited(&app, 5).await;
        let call = |n| open(&app, &format!("https://shop{n}.example"), &key);
        let mut taken = 0;
        for answer in app.at_once(20, call).await {
            if answer.status == 200 {
                taken += 1;
            } else {
                answer.error(403, "activation_limit_reached").await;
            }
        }
        assert_eq!(taken, 5);
        assert_eq!(usage(&app, &made).await, 5);
        assert_eq!(activations(&app, &made).await["total"], 5);
    }

    async fn one_website_at_once_takes_one_activation(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = limited(&app, 1).await;
        for answer in app.at_once(20, |_| open(&app, PAGE, &key)).await {
            answer.expect(200).await;
        }
        assert_eq!(usage(&app, &made).await, 1);
        assert_eq!(activations(&app, &made).await["total"], 1);
    }

    async fn a_lower_limit_keeps_the_websites_there_are_and_blocks_new_ones(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = limited(&app, 3).await;
        opened(open(&app, PAGE, &key)).await;
        opened(open(&app, OTHER, &key)).await;
        change_key(&app, &made, json!({"activation_limit": 1})).await;
        accepted(say(&app, PAGE, &opened(open(&app, PAGE, &key)).await)).await;
        accepted(say(&app, OTHER, &opened(open(&app, OTHER, &key)).await)).await;
        full(&app, "https://third.example", &key).await;
        assert_eq!(usage(&app, &made).await, 2);
        change_key(&app, &made, json!({"activation_limit": 3})).await;
        opened(open(&app, "https://third.example", &key)).await;
    }

    async fn activations_end_with_the_key_they_were_made_with(backend) {
        let app = TestApp::start(backend).await;
        let (made, old) = limited(&app, 1).await;
        opened(open(&app, PAGE, &old)).await;
        let fresh = act(&app, &made, "regenerate", json!({})).await;
        assert_eq!(usage(&app, &made).await, 0);
        let new = text(&fresh, "key");
        opened(open(&app, OTHER, &new)).await;
        full(&app, PAGE, &new).await;
    }

    async fn activations_survive_a_restart(backend) {
        let mut app = TestApp::start(backend).await;
        let (made, key) = limited(&app, 1).await;
        opened(open(&app, PAGE, &key)).await;
        app.stop().await;
        app.start_again().await;
        full(&app, OTHER, &key).await;
        opened(open(&app, PAGE, &key)).await;
        assert_eq!(usage(&app, &made).await, 1);
    }

    async fn a_lead_is_taken_with_the_session(backend) {
        let app = TestApp::start(backend).await;
        let (_, key) = key_with(&app, json!({})).await;
        let longest = "x".repeat(320 - "@shop.example".len()) + "@shop.example";
        for lead in [
            json!({"name": "Ada", "email": "ada@shop.example", "fields": {"company": "A & B"}}),
            json!({"name": "x".repeat(200), "email": longest, "fields": sized(4096)}),
            json!({"name": "'; DROP TABLE visitors; --", "email": "o'neil+x@shop.example"}),
            json!({"email": "ada@shop.example"}),
            json!({}),
            Value::Null,
        ] {
            let session = opened(open(&app, PAGE, &key).set("lead", lead)).await;
            assert_eq!(session["verified"], false, "a lead proves nothing");
            accepted(say(&app, PAGE, &session)).await;
        }
    }

    async fn a_lead_that_is_too_long_is_refused_by_the_name_of_its_field(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = limited(&app, 1).await;
        let long = "x".repeat(321 - "@shop.example".len()) + "@shop.example";
        for (lead, field) in [
            (json!({"name": "x".repeat(201)}), "lead.name"),
            (json!({"name": "a\0b"}), "lead.name"),
            (json!({"email": long}), "lead.email"),
            (json!({"email": "a\0@shop.example"}), "lead.email"),
            (json!({"fields": sized(4097)}), "lead.fields"),
            (json!({"fields": {"a\0": 1}}), "lead.fields"),
            (json!({"fields": {"a": ["\0"]}}), "lead.fields"),
        ] {
            let call = open(&app, PAGE, &key).set("lead", lead);
            let body = call.send().await.error(400, "invalid_request").await;
            assert_eq!(complaints(&body), [field]);
        }
        let body = open(&app, PAGE, &key);
        let body = body.set("lead", json!({"name": "x".repeat(201), "email": long}));
        let body = body.send().await.error(400, "invalid_request").await;
        assert_eq!(complaints(&body), ["lead.email", "lead.name"], "all at once");
        for wrong in [json!("Ada"), json!([1]), json!({"name": 5}), json!({"fields": "x"})] {
            let call = open(&app, PAGE, &key).set("lead", wrong);
            call.send().await.error(400, "invalid_request").await;
        }
        assert_eq!(usage(&app, &made).await, 0, "what is refused takes no activation");
    }
}
