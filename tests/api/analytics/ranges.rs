//! Over which time the analytics add up, and in which pieces.

use serde_json::{Value, json};
use server::clock::rfc3339;
use system_tests::app::START_MS;
use system_tests::{TestApp, both};

use super::{of_key, series, told, totals};
use crate::kit::*;
use crate::usage::{ask, start};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// One query at each of these times after the start.
async fn queries(app: &TestApp, key: &Value, times: &[i64]) {
    for time in times {
        app.clock.set(START_MS + time);
        accepted(ask(app, key, "s1", "Hi")).await;
    }
}

/// The query of a range, both ends counted from the start.
fn range(from: i64, to: i64, interval: &str) -> String {
    let (from, to) = (rfc3339(START_MS + from), rfc3339(START_MS + to));
    format!("?from={from}&to={to}&interval={interval}")
}

fn ok(start: &str, count: u64) -> (String, [u64; 4]) {
    (start.to_owned(), [count, 0, 0, 0])
}

both! {
    async fn hours_begin_at_full_hours_in_utc(backend) {
        let mut app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        queries(&app, &key, &[0, HOUR - 1, HOUR, 3 * HOUR + 1, 12 * HOUR - 1, 12 * HOUR]).await;
        let expected = vec![
            ok("2026-06-15T12:00:00", 2),
            ok("2026-06-15T13:00:00", 1),
            ok("2026-06-15T15:00:00", 1),
            ok("2026-06-15T23:00:00", 1),
            ok("2026-06-16T00:00:00", 1),
        ];
        told(&mut app, &expected, async |app| {
            series(&of_key(app, &key, &range(0, DAY, "hour")).await)
        })
        .await;
    }

    async fn days_begin_at_midnight_utc(backend) {
        let mut app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        queries(&app, &key, &[0, 12 * HOUR - 1, 12 * HOUR, 20 * DAY]).await;
        let expected = vec![
            ok("2026-06-15T00:00:00", 2),
            ok("2026-06-16T00:00:00", 1),
            ok("2026-07-05T00:00:00", 1),
        ];
        told(&mut app, &expected, async |app| {
            series(&of_key(app, &key, &range(-12 * HOUR, 40 * DAY, "day")).await)
        })
        .await;
    }

    async fn months_are_those_of_the_calendar(backend) {
        let mut app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        let (july, new_year) = (15 * DAY + 12 * HOUR, 199 * DAY + 12 * HOUR);
        queries(&app, &key, &[0, july - 1, july, new_year - 1, new_year]).await;
        let expected = vec![
            ok("2026-06-01T00:00:00", 2),
            ok("2026-07-01T00:00:00", 1),
            ok("2026-12-01T00:00:00", 1),
            ok("2027-01-01T00:00:00", 1),
        ];
        told(&mut app, &expected, async |app| {
            let year = "?from=2026-06-01T00:00:00Z&to=2027-06-01T00:00:00Z&interval=month";
            series(&of_key(app, &key, year).await)
        })
        .await;
    }

    async fn any_range_is_exact_also_within_an_hour(backend) {
        let mut app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        let times = [15, 45, 75, 105, 135].map(|minute| minute * MINUTE);
        queries(&app, &key, &times).await;
        told(&mut app, &vec![2, 1, 5, 0, 3], async |app| {
            let mut found = Vec::new();
            for (from, to) in [(30, 90), (40, 50), (-600, 600), (46, 74), (60, 150)] {
                let range = range(from * MINUTE, to * MINUTE, "hour");
                let told = of_key(app, &key, &range).await;
                let sum: u64 = series(&told).iter().map(|(_, counts)| counts[0]).sum();
                assert_eq!(told["totals"]["ok"], sum, "the pieces of {range} add up");
                found.push(sum);
            }
            found
        })
        .await;
    }

    async fn what_happened_outside_the_range_is_in_no_figure(backend) {
        let mut app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        app.clock.set(START_MS);
        accepted(ask(&app, &key, "s1", "Hi").origin("https://a.example")).await;
        let look = async |app: &TestApp| {
            let mut told = of_key(app, &key, &range(DAY, 2 * DAY, "hour")).await;
            told["month"].take();
            json!([totals(&told), told["domains"], told["pages"], told["response_time_ms"]])
        };
        told(&mut app, &json!([[0, 0, 0, 0, 0], [], [], null]), look).await;
    }

    async fn a_range_is_told_back(backend) {
        let app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        for interval in ["hour", "day", "month"] {
            let told = of_key(&app, &key, &range(-12 * HOUR, 12 * HOUR, interval)).await;
            assert_eq!(told["interval"], interval);
            assert_eq!(told["from"], "2026-06-15T00:00:00.000Z");
            assert_eq!(told["to"], "2026-06-16T00:00:00.000Z");
        }
        let told = of_key(&app, &key, "").await;
        assert!(told["from"].is_string() && told["to"].is_string() && told["interval"].is_string());
    }

    async fn a_wrong_parameter_is_400(backend) {
        let app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        let day = "2026-06-15T";
        for bad in [
            "interval=week".to_owned(),
            "interval=".to_owned(),
            "from=yesterday".to_owned(),
            "to=1781524800000".to_owned(),
            "from=2026-02-30T00:00:00Z".to_owned(),
            format!("from={day}13:00:00Z&to={day}12:00:00Z"),
        ] {
            let of_key = format!("{}/analytics?{bad}", path_of(&key));
            for path in [of_key, format!("/api/analytics?{bad}")] {
                let body = app.admin(&path).send().await.error(400, "invalid_request").await;
                assert_eq!(body["error"], "Invalid query parameters", "{path}");
            }
        }
    }
}
