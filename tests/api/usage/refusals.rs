//! Refused requests in the usage log.

use std::time::Duration;

use serde_json::{Value, json};
use system_tests::app::text;
use system_tests::{Call, TestApp, both};

use super::{ask, is_blank, rows, start, usage};
use crate::kit::*;
use crate::wait::stays;

const A_MINUTE: Duration = Duration::from_secs(60);

async fn inactive_key(app: &TestApp) -> Value {
    make_key(app, json!({"name": "Off", "is_active": false})).await
}

/// Has `count` requests refused with this status and code.
async fn refuse(app: &TestApp, count: usize, status: u16, code: &str, call: impl Fn() -> Call) {
    for answer in app.at_once(count, |_| call()).await {
        answer.error(status, code).await;
    }
}

/// What the rows of one reason stand for, most first.
fn counts(rows: &[Value], code: &str) -> Vec<u64> {
    let of_code = rows.iter().filter(|row| row["code"] == code);
    let count = |row: &Value| row["count"].as_u64().unwrap_or_else(|| panic!("`count` in {row}"));
    let mut counts: Vec<u64> = of_code.map(count).collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    counts
}

/// The counts of a minute with more refusals than rows.
fn sixty_and(rest: u64) -> Vec<u64> {
    let mut counts = vec![1; 60];
    counts.insert(0, rest);
    counts
}

both! {
    async fn each_reason_is_told_without_the_question_and_never_counted(backend) {
        let app = start(backend).await;
        for (code, status, admitted, mut body) in [
            ("key_inactive", 403, 0, json!({"is_active": false})),
            ("key_expired", 403, 0, json!({"expires_at": "2026-06-15T11:59:59Z"})),
            ("origin_not_allowed", 403, 0, json!({"websites": ["https://shop.example"]})),
            ("ip_not_allowed", 403, 0, json!({"ip_addresses": ["203.0.113.7"]})),
            ("rate_limit_exceeded", 429, 1, json!({"rate_limit_per_minute": 1})),
            ("monthly_limit_reached", 429, 1, json!({"monthly_usage_limit": 1})),
        ] {
            body["name"] = json!(code);
            let key = make_key(&app, body).await;
            for _ in 0..admitted {
                accepted(ask(&app, &key, "s1", "Hi")).await;
            }
            let call = ask(&app, &key, "s1", "A secret question").origin("https://evil.example");
            let call = call.header("User-Agent", "Evil/6.6").from_ip("198.51.100.6");
            // The rate is counted by address.
            let call = if code == "rate_limit_exceeded" { call.from_ip("127.0.0.1") } else { call };
            call.send().await.error(status, code).await;
            let rows = rows(&app, &key, admitted + 1).await;
            let row = rows.iter().find(|row| row["status"] == "refused");
            let row = row.unwrap_or_else(|| panic!("a refused row for {code} in {rows:?}"));
            assert_eq!(row["code"], code);
            assert!(is_blank(row, "question"), "{code}");
            assert_eq!(row["domain"], "evil.example", "{code}");
            assert_eq!(row["user_agent"], "Evil/6.6", "{code}");
            assert_eq!(row["count"], 1, "{code}");
            assert!(!json!(rows).to_string().contains("secret question"), "{code}");
            assert_eq!(read_key(&app, &key).await["monthly_usage"], admitted, "{code}");
        }
    }

    async fn a_hundred_refusals_in_a_minute_are_sixty_rows_and_one_for_the_rest(backend) {
        let app = start(backend).await;
        let key = inactive_key(&app).await;
        refuse(&app, 100, 403, "key_inactive", || ask(&app, &key, "s1", "Hi")).await;
        app.clock.advance(A_MINUTE + Duration::from_secs(1));
        let rows = rows(&app, &key, 61).await;
        assert_eq!(counts(&rows, "key_inactive"), sixty_and(40));
        for row in &rows {
            assert_eq!(row["status"], "refused");
            assert!(is_blank(row, "question"), "{row}");
            assert_eq!(row["license_key_id"], key["id"]);
            assert!(text(row, "created_at").starts_with("2026-06-15T12:0"), "{row}");
        }
    }

    async fn sixty_refusals_in_a_minute_need_no_row_for_the_rest(backend) {
        let app = start(backend).await;
        let key = inactive_key(&app).await;
        refuse(&app, 60, 403, "key_inactive", || ask(&app, &key, "s1", "Hi")).await;
        app.clock.advance(A_MINUTE + Duration::from_secs(1));
        assert_eq!(counts(&rows(&app, &key, 60).await, "key_inactive"), vec![1; 60]);
        let look = async || usage(&app, &key, "?limit=1").await["total"].clone();
        stays("sixty refusals are sixty rows", look, |total| *total == 60).await;
    }

    async fn keys_and_reasons_have_their_own_sixty(backend) {
        let app = start(backend).await;
        let shop = "https://shop.example";
        let restriction = json!({"name": "Shop", "websites": [shop], "monthly_usage_limit": 1});
        let key = make_key(&app, restriction).await;
        accepted(ask(&app, &key, "s1", "Hi").origin(shop)).await;
        let other = inactive_key(&app).await;
        let evil = || ask(&app, &key, "s1", "Hi").origin("https://evil.example");
        refuse(&app, 63, 403, "origin_not_allowed", evil).await;
        let spent = || ask(&app, &key, "s1", "Hi").origin(shop);
        refuse(&app, 64, 429, "monthly_limit_reached", spent).await;
        refuse(&app, 65, 403, "key_inactive", || ask(&app, &other, "s1", "Hi")).await;
        app.clock.advance(A_MINUTE + Duration::from_secs(1));
        let mine = rows(&app, &key, 123).await;
        assert_eq!(counts(&mine, "origin_not_allowed"), sixty_and(3));
        assert_eq!(counts(&mine, "monthly_limit_reached"), sixty_and(4));
        assert_eq!(counts(&rows(&app, &other, 61).await, "key_inactive"), sixty_and(5));
    }

    async fn each_minute_has_its_own_sixty(backend) {
        let app = start(backend).await;
        let key = inactive_key(&app).await;
        for _ in 0..2 {
            refuse(&app, 62, 403, "key_inactive", || ask(&app, &key, "s1", "Hi")).await;
            app.clock.advance(A_MINUTE + Duration::from_secs(1));
        }
        let counts = counts(&rows(&app, &key, 122).await, "key_inactive");
        assert_eq!(counts.iter().sum::<u64>(), 124);
        assert_eq!(counts[..2], [2, 2]);
    }

    async fn an_orderly_stop_loses_no_refusal(backend) {
        let mut app = start(backend).await;
        let key = inactive_key(&app).await;
        refuse(&app, 70, 403, "key_inactive", || ask(&app, &key, "s1", "Hi")).await;
        app.stop().await;
        app.clock.advance(A_MINUTE + Duration::from_secs(1));
        app.start_again().await;
        assert_eq!(counts(&rows(&app, &key, 61).await, "key_inactive"), sixty_and(10));
    }
}
