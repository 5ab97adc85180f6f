//! The dashboard's first page, and the reminder to look through the API keys.

use std::time::Duration;

use serde_json::{Value, json};
use server::clock::rfc3339;
use system_tests::app::{JULY_MS, START_MS, text};
use system_tests::{Reply, TestApp, both};

use crate::analytics::series;
use crate::kit::*;
use crate::usage::{ask, failed, start, timed};
use crate::wait::eventually;

const OVERVIEW: &str = "/api/overview";
const REMINDER: &str = "/api/audit-reminder";
const DISMISS: &str = "/api/audit-reminder/dismiss";
const DAY: u64 = 24 * 3600;

async fn overview(app: &TestApp) -> Value {
    read(app, OVERVIEW).await
}

async fn reminder(app: &TestApp) -> Value {
    let reminder = read(app, REMINDER).await;
    assert_eq!(overview(app).await["audit_reminder"], reminder, "both say the same");
    reminder
}

fn names(list: &Value, field: &str) -> Vec<String> {
    list.as_array().expect("a list").iter().map(|item| text(item, field)).collect()
}

async fn api_key(app: &TestApp, label: &str) -> Value {
    let body = json!({"label": label, "scopes": ["read"]});
    post(app, "/api/api-keys", body).send().await.expect(201).await.json().await
}

both! {
    async fn a_new_installation_has_an_overview_of_nothing(backend) {
        let app = start(backend).await;
        let told = overview(&app).await;
        for when in ["today", "month", "range"] {
            assert_eq!(told[when]["totals"]["queries"], 0, "{when}");
            assert_eq!(told[when]["totals"]["success_rate"], Value::Null, "{when}");
            assert_eq!(told[when]["response_time_ms"], Value::Null, "{when}");
        }
        assert_eq!(told["conversations"], json!([]));
        assert_eq!((&told["near_limit"], &told["near_limit_total"]), (&json!([]), &json!(0)));
        assert_eq!((&told["unread_notifications"], &told["unknown_keys"]), (&json!(0), &json!(0)));
        assert_eq!(told["audit_reminder"], Value::Null);
        assert_eq!(told["series"].as_array().map(Vec::len), Some(31), "30 days and today");
    }

    async fn today_this_month_and_the_range_count_what_is_theirs(backend) {
        let app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        timed(&app, ask(&app, &key, "s1", "Hi"), 100, 400).await;
        app.clock.set(START_MS + 86_400_000);
        timed(&app, ask(&app, &key, "s2", "Hi"), 100, 900).await;
        failed(&app, &key, "s3").await;
        let query = format!(
            "{OVERVIEW}?from={}&to={}&interval=hour",
            rfc3339(START_MS - 3_600_000), rfc3339(START_MS + 3_600_000)
        );
        let counts = |told: &Value| {
            ["today", "month", "range"].map(|when| told[when]["totals"]["queries"].clone())
        };
        let all = |told: &Value| counts(told) == [json!(2), json!(3), json!(1)];
        let told = eventually("every query counts", async || read(&app, &query).await, all).await;
        assert_eq!(told["today"]["totals"]["success_rate"], 0.5);
        assert_eq!(told["range"]["totals"]["success_rate"], 1.0);
        let median = told["range"]["response_time_ms"]["p50"].as_i64().expect("a median");
        assert!((390..=410).contains(&median), "{median}");
        assert_eq!(series(&told), [("2026-06-15T12:00:00".to_owned(), [1, 0, 0, 0])]);
        app.clock.set(JULY_MS);
        let told = overview(&app).await;
        assert_eq!(counts(&told), [json!(0), json!(0), json!(3)]);
    }

    async fn keys_near_their_limit_are_named_the_nearest_first(backend) {
        let app = start(backend).await;
        let limits = [("Far", 10), ("Near", 5), ("Full", 4), ("Off", 4)];
        let mut keys = Vec::new();
        for (name, limit) in limits {
            let key = make_key(&app, json!({"name": name, "monthly_usage_limit": limit})).await;
            for n in 0..4 {
                accepted(ask(&app, &key, &format!("s{n}"), "Hi")).await;
            }
            keys.push(key);
        }
        change_key(&app, &keys[3], json!({"is_active": false})).await;
        let told = overview(&app).await;
        assert_eq!(told["near_limit"], json!([
            {"id": keys[2]["id"], "name": "Full", "used": 4, "limit": 4},
            {"id": keys[1]["id"], "name": "Near", "used": 4, "limit": 5},
        ]));
        assert_eq!(told["near_limit_total"], 2);
        assert_eq!((&told["active_keys"], &told["keys"]), (&json!(4), &json!(5)), "with the demo's");
    }

    async fn the_latest_conversations_and_what_waits_for_an_admin_are_told(backend) {
        let app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop", "monthly_usage_limit": 12})).await;
        for n in 1..=12 {
            app.upstream.then(Reply::tokens(&[&format!("Answer {n}")]));
            accepted(ask(&app, &key, &format!("s{n}"), "Hi")).await;
            app.clock.advance(Duration::from_secs(1));
        }
        app.ask("s1", "Hi").key("ZZZZ-ZZZZ-ZZZZ-ZZZZ").send().await.error(401, "unauthorized").await;
        let told = overview(&app).await;
        let newest: Vec<_> = (3..=12).rev().map(|n| format!("Answer {n}")).collect();
        assert_eq!(names(&told["conversations"], "last_message"), newest);
        let first = &told["conversations"][0];
        assert_eq!(first["license_key_id"], key["id"]);
        assert_eq!(first["license_key_name"], "Shop");
        assert_eq!((&first["status"], &first["has_error"]), (&json!("open"), &json!(false)));
        assert_eq!(told["unknown_keys"], 1);
        let both_told = |told: &Value| told["unread_notifications"] == 2;
        eventually("80 % and 100 % ring the bell", async || overview(&app).await, both_told).await;
        post(&app, "/api/notifications/read", json!({"all": true})).send().await.expect(204).await;
        assert_eq!(overview(&app).await["unread_notifications"], 0);
    }

    async fn every_ninety_days_somebody_is_to_look_through_the_api_keys(backend) {
        let app = start(backend).await;
        let used = api_key(&app, "Used").await;
        api_key(&app, "Unused").await;
        app.clock.advance(Duration::from_secs(90 * DAY - 1));
        let bearer = format!("Bearer {}", text(&used, "key"));
        app.get("/api/settings").header("Authorization", &bearer).send().await.expect(200).await;
        assert_eq!(reminder(&app).await, Value::Null, "not due");
        app.clock.advance(Duration::from_secs(1));
        let due = reminder(&app).await;
        assert_eq!((names(&due["unused"], "label"), &due["keys"]), (vec!["Unused".to_owned()], &json!(2)));
        assert_eq!(due["old"], json!([]));
        assert!(!due.to_string().contains(&text(&used, "key")));
        post(&app, DISMISS, json!({})).send().await.expect(204).await;
        assert_eq!(reminder(&app).await, Value::Null, "looked through");
        let log = read(&app, "/api/audit-log?action=api_keys.audited").await;
        assert_eq!(log["total"], 1);
        app.clock.advance(Duration::from_secs(300 * DAY));
        let due = reminder(&app).await;
        assert_eq!(names(&due["old"], "label"), ["Used", "Unused"]);
        assert_eq!(names(&due["unused"], "label"), ["Used", "Unused"]);
    }

    async fn a_wrong_range_is_refused(backend) {
        let app = start(backend).await;
        for query in ["?interval=week", "?from=yesterday", "?from=2026-06-02T00:00:00Z&to=2026-06-01T00:00:00Z"] {
            app.admin(&format!("{OVERVIEW}{query}")).send().await.error(400, "invalid_request").await;
        }
    }

    async fn the_overview_is_for_those_who_may_read(backend) {
        let app = start(backend).await;
        let routes = [("GET", OVERVIEW), ("GET", REMINDER), ("POST", DISMISS)];
        strangers_stay_out(&app, &routes).await;
    }
}
