//! Each event, and what it carries.

use std::time::Duration;

use serde_json::{Value, json};
use server::clock::rfc3339;
use system_tests::app::{START_MS, only, text};
use system_tests::{Call, TestApp, both};

use super::receiver::{Delivery, Receiver};
use super::{endpoint, start};
use crate::kit::*;

const EVERY: [&str; 13] = [
    "conversation.started",
    "message.created",
    "feedback.created",
    "usage.limit_approaching",
    "usage.limit_reached",
    "license_key.created",
    "license_key.regenerated",
    "license_key.deactivated",
    "license_key.expiring",
    "license.activated",
    "license.instance_deactivated",
    "license.activation_limit_reached",
    "lead.captured",
];
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

fn ask(app: &TestApp, key: &Value, session: &str, question: &str) -> Call {
    app.ask(session, question).key(&text(key, "key"))
}

/// A delivery whose data holds all of these texts.
fn with<'a>(got: &'a [Delivery], parts: &[&str]) -> &'a Delivery {
    let holds = |delivery: &&Delivery| {
        let data = delivery.event()["data"].to_string();
        parts.iter().all(|part| data.contains(part))
    };
    got.iter().find(holds).unwrap_or_else(|| panic!("{parts:?} in the data of one of {got:?}"))
}

both! {
    async fn an_event_says_what_when_and_about_what(backend) {
        let app = start(backend).await;
        let receiver = Receiver::start().await;
        endpoint(&app, &receiver.url(), &["conversation.started"]).await;
        let events = app.ask("s1", "Hi").events().await;
        let got = receiver.exactly("conversation.started", 1).await;
        assert_eq!(got[0].path, "/hook");
        assert!(got[0].header("content-type").starts_with("application/json"));
        let event = got[0].event();
        assert_eq!(event["timestamp"], "2026-06-15T12:00:00.000Z");
        assert!(event["data"].is_object());
        with(&got, &[&text(only(&events, "start"), "conversationId")]);
    }

    async fn a_conversation_starts_once_and_each_message_is_told(backend) {
        let app = start(backend).await;
        let receiver = Receiver::start().await;
        endpoint(&app, &receiver.url(), &["conversation.started", "message.created"]).await;
        let events = app.ask("s1", "Where is my parcel?").events().await;
        app.ask("s1", "And my other one?").events().await;
        let id = text(only(&events, "start"), "conversationId");
        // Two questions and two answers, in whatever order they arrive.
        let got = receiver.exactly("message.created", 4).await;
        with(&got, &[&id, "Where is my parcel?"]);
        with(&got, &[&id, "And my other one?"]);
        receiver.exactly("conversation.started", 1).await;
        app.ask("s2", "Hi").events().await;
        receiver.exactly("conversation.started", 2).await;
    }

    async fn a_rating_is_told(backend) {
        let app = start(backend).await;
        let receiver = Receiver::start().await;
        endpoint(&app, &receiver.url(), &["feedback.created"]).await;
        let id = text(only(&app.ask("s1", "Hi").events().await, "start"), "messageId");
        let call = app.rate("s1", &id, "down").set("comment", "Not what I asked");
        call.send().await.expect(200).await;
        let got = receiver.exactly("feedback.created", 1).await;
        with(&got, &[&id, "down", "Not what I asked"]);
    }

    async fn a_monthly_limit_is_told_when_it_is_near_and_when_it_is_reached(backend) {
        let app = start(backend).await;
        let receiver = Receiver::start().await;
        let usage = ["usage.limit_approaching", "usage.limit_reached"];
        endpoint(&app, &receiver.url(), &usage).await;
        let key = make_key(&app, json!({"name": "Shop", "monthly_usage_limit": 5})).await;
        let id = text(&key, "id");
        for count in 1..=5 {
            accepted(ask(&app, &key, "s1", "Hi")).await;
            if count == 3 {
                receiver.total("3 of 5 is no news", 0).await;
            } else if count == 4 {
                with(&receiver.exactly("usage.limit_approaching", 1).await, &[&id]);
                receiver.total("4 of 5 is not 5", 1).await;
            }
        }
        with(&receiver.exactly("usage.limit_reached", 1).await, &[&id]);
        ask(&app, &key, "s1", "Hi").send().await.error(429, "monthly_limit_reached").await;
        receiver.total("each is told once", 2).await;
    }

    async fn a_license_keys_life_is_told_without_the_key(backend) {
        let app = start(backend).await;
        let receiver = Receiver::start().await;
        endpoint(&app, &receiver.url(), &EVERY).await;
        let key = make_key(&app, json!({"name": "Shop", "retrievable": true})).await;
        let id = text(&key, "id");
        with(&receiver.exactly("license_key.created", 1).await, &[&id, "Shop"]);
        let renewed = act(&app, &key, "regenerate", json!({})).await;
        with(&receiver.exactly("license_key.regenerated", 1).await, &[&id]);
        act(&app, &key, "deactivate", json!({})).await;
        with(&receiver.exactly("license_key.deactivated", 1).await, &[&id]);
        for delivery in receiver.total("three things happened", 3).await {
            for secret in [text(&key, "key"), text(&renewed, "key")] {
                assert!(!delivery.body.contains(&secret), "{delivery:?}");
                assert!(!delivery.body.contains(&secret.replace('-', "")), "{delivery:?}");
            }
        }
    }

    async fn what_is_sold_and_used_is_told_without_the_key(backend) {
        let app = start(backend).await;
        let receiver = Receiver::start().await;
        endpoint(&app, &receiver.url(), &EVERY).await;
        endpoint(&app, &receiver.url(), &["order.created"]).await;
        let made = async |path: &str, body: Value| -> Value {
            post(&app, path, body).send().await.expect(201).await.json().await
        };
        let product = made("/api/products", json!({"identifier": "studio", "name": "Studio"})).await;
        let licenses = json!({"activation_limit_enabled": true, "activation_limit": 1});
        made("/api/plans", json!({"product_id": product["id"], "identifier": "pro", "name": "Pro",
            "licenses": licenses})).await;
        let order = made("/api/orders", json!({"plan_id": "studio/pro", "customer": {"id": "c1"}})).await;
        let (order_id, id) = (text(&order, "id"), text(&order, "license_key_id"));
        with(&receiver.exactly("order.created", 1).await, &[&order_id, &id, "c1"]);
        with(&receiver.exactly("license_key.created", 1).await, &[&id, "Studio Pro"]);
        let software = |name: &str, mut body: Value| {
            body["licenseKey"] = order["license_key"].clone();
            let call = app.client().request(reqwest::Method::POST, &format!("/license/{name}"));
            call.header("Content-Type", "application/json").raw_body(body.to_string())
        };
        let laptop = json!({"instanceName": "Laptop"});
        let laptop = software("activate", laptop).send().await.expect(201).await.json().await;
        let instance = text(&laptop, "instanceId");
        with(&receiver.exactly("license.activated", 1).await, &[&id, &instance, "Laptop"]);
        software("activate", json!({})).send().await.expect(403).await;
        with(&receiver.exactly("license.activation_limit_reached", 1).await, &[&id]);
        let gone = json!({"instanceId": instance});
        software("deactivate", gone).send().await.expect(200).await;
        with(&receiver.exactly("license.instance_deactivated", 1).await, &[&id, &instance, "Laptop"]);
        let refund = format!("/api/orders/{order_id}/refund");
        post(&app, &refund, json!({})).send().await.expect(200).await;
        with(&receiver.exactly("license_key.deactivated", 1).await, &[&id, &order_id]);
        let key = text(&order, "license_key");
        for delivery in receiver.total("each is told once", 6).await {
            assert!(!delivery.body.contains(&key), "{delivery:?}");
        }
    }

    async fn an_expiry_is_told_30_7_and_1_days_before_once_each(backend) {
        let mut app = start(backend).await;
        let receiver = Receiver::start().await;
        endpoint(&app, &receiver.url(), &["license_key.expiring"]).await;
        let expiry = START_MS + 40 * DAY;
        let key = make_key(&app, json!({"name": "Shop", "expires_at": rfc3339(expiry)})).await;
        make_key(&app, json!({"name": "For ever"})).await;
        for (days, told) in [(30, 0), (7, 1), (1, 2)] {
            app.clock.set(expiry - days * DAY - HOUR);
            receiver.exactly("license_key.expiring", told).await;
            app.clock.set(expiry - days * DAY + HOUR);
            let got = receiver.exactly("license_key.expiring", told + 1).await;
            with(&got[told..], &[&text(&key, "id")]);
        }
        app.kill();
        app.start_again().await;
        receiver.exactly("license_key.expiring", 3).await;
        app.clock.set(expiry + DAY);
        receiver.exactly("license_key.expiring", 3).await;
    }

    async fn activations_of_hosts_are_told(backend) {
        let app = start(backend).await;
        let receiver = Receiver::start().await;
        endpoint(&app, &receiver.url(), &EVERY).await;
        let key = make_key(&app, json!({"name": "Shop", "activation_limit": 1})).await;
        let secret = text(&key, "key");
        app.open_session("https://a.example", &secret).await;
        let id = text(&key, "id");
        with(&receiver.exactly("license.activated", 1).await, &[&id, "a.example"]);
        app.open_session("https://a.example", &secret).await;
        receiver.exactly("license.activated", 1).await;
        let call = app.from_page("/v1/widget/session", "https://b.example");
        let call = call.set("licenseKey", secret.as_str());
        call.send().await.error(403, "activation_limit_reached").await;
        with(&receiver.wait_for("license.activation_limit_reached", 1).await, &[&id]);
        let activations = format!("{}/activations", path_of(&key));
        let instance = column(&read(&app, &activations).await, "instance_id").remove(0);
        delete(&app, &format!("{activations}/{instance}")).send().await.expect(204).await;
        let got = receiver.exactly("license.instance_deactivated", 1).await;
        with(&got, &[&id, &instance]);
        app.open_session("https://b.example", &secret).await;
        with(&receiver.exactly("license.activated", 2).await, &[&id, "b.example"]);
    }

    async fn what_a_visitor_writes_before_the_chat_is_told(backend) {
        let app = start(backend).await;
        let receiver = Receiver::start().await;
        endpoint(&app, &receiver.url(), &["lead.captured"]).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        app.open_session("https://a.example", &text(&key, "key")).await;
        let lead = json!({
            "name": "Ada Lovelace", "email": "ada@example.com", "fields": {"company": "Engines"},
        });
        let call = app.from_page("/v1/widget/session", "https://a.example");
        let call = call.set("licenseKey", text(&key, "key")).set("lead", lead);
        call.send().await.expect(200).await;
        let got = receiver.exactly("lead.captured", 1).await;
        with(&got, &[&text(&key, "id"), "Ada Lovelace", "ada@example.com", "Engines"]);
    }

    async fn an_endpoint_is_told_what_it_chose_and_nothing_else(backend) {
        let app = start(backend).await;
        let (messages, feedback) = (Receiver::start().await, Receiver::start().await);
        endpoint(&app, &messages.url(), &["message.created"]).await;
        endpoint(&app, &feedback.url(), &["feedback.created"]).await;
        let id = text(only(&app.ask("s1", "Hi").events().await, "start"), "messageId");
        app.rate("s1", &id, "up").send().await.expect(200).await;
        messages.wait_for("message.created", 1).await;
        feedback.total("the rating alone", 1).await;
        let kinds = |receiver: &Receiver| -> Vec<Value> {
            receiver.got().iter().map(|delivery| delivery.event()["type"].clone()).collect()
        };
        assert!(kinds(&messages).iter().all(|kind| kind == "message.created"));
        assert_eq!(kinds(&feedback), ["feedback.created"]);
    }

    async fn each_of_many_events_at_once_is_told_once(backend) {
        let app = start(backend).await;
        let receiver = Receiver::start().await;
        endpoint(&app, &receiver.url(), &["conversation.started"]).await;
        for answer in app.at_once(30, |n| app.ask(&format!("s{n}"), "Hi")).await {
            answer.events().await;
        }
        let got = receiver.exactly("conversation.started", 30).await;
        let mut ids: Vec<_> = got.iter().map(|one| one.header("webhook-id").to_owned()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 30, "each event has its own id");
        app.clock.advance(Duration::from_secs(3600));
        receiver.exactly("conversation.started", 30).await;
    }
}
