//! Each figure of the analytics.

use serde_json::{Value, json};
use system_tests::app::{JULY_MS, only, text};
use system_tests::{TestApp, both};

use super::{JUNE, counts, of_all, of_key, series, told, totals};
use crate::kit::*;
use crate::usage::{ask, failed, start, stopped, timed};
use crate::wait::{eventually, stays};

/// Answered in that many milliseconds, the first token in half of them.
async fn answered_in(app: &TestApp, key: &Value, ms: u64) {
    timed(app, ask(app, key, "s1", "Hi"), ms / 2, ms).await;
}

/// At most 3 % off.
fn near(told: &Value, exact: f64) -> bool {
    told.as_f64().is_some_and(|told| (told - exact).abs() <= exact * 0.03)
}

async fn percentiles(app: &TestApp, key: &Value) -> Value {
    let told = of_key(app, key, JUNE).await;
    json!([told["response_time_ms"], told["first_token_ms"]])
}

both! {
    async fn a_key_without_queries_tells_zeros(backend) {
        let app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        for told in [of_key(&app, &key, JUNE).await, of_all(&app, JUNE).await] {
            assert_eq!(totals(&told), json!([0, 0, 0, 0, 0]));
            assert_eq!(series(&told), []);
            assert_eq!(told.get("response_time_ms"), Some(&Value::Null));
            assert_eq!(told.get("first_token_ms"), Some(&Value::Null));
            for list in ["domains", "pages", "refusals"] {
                assert_eq!(told[list], json!([]), "{list}");
            }
            assert_eq!(told["feedback"], json!({"up": 0, "down": 0}));
            assert_eq!(told["month"], json!({"used": 0, "limit": null}));
            assert_eq!(told["interval"], "day");
        }
    }

    async fn every_query_is_in_the_totals_under_what_became_of_it(backend) {
        let mut app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        for _ in 0..3 {
            accepted(ask(&app, &key, "s1", "Hi")).await;
        }
        failed(&app, &key, "s1").await;
        failed(&app, &key, "s1").await;
        stopped(&app, &key, "s1").await;
        change_key(&app, &key, json!({"is_active": false})).await;
        for _ in 0..4 {
            ask(&app, &key, "s1", "Hi").send().await.error(403, "key_inactive").await;
        }
        told(&mut app, &json!([6, 3, 2, 1, 4]), async |app| totals(&of_key(app, &key, JUNE).await))
            .await;
        let expected = [("2026-06-15T00:00:00".to_owned(), [3, 2, 1, 4])];
        assert_eq!(series(&of_key(&app, &key, JUNE).await), expected);
    }

    async fn the_counts_are_exact_when_many_come_at_once(backend) {
        let mut app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        for answer in app.at_once(60, |n| ask(&app, &key, &format!("s{n}"), "Hi")).await {
            answer.events().await;
        }
        told(&mut app, &json!([60, 60, 0, 0, 0]), async |app| {
            totals(&of_key(app, &key, JUNE).await)
        })
        .await;
    }

    async fn the_success_rate_is_the_part_that_was_answered(backend) {
        let mut app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        for _ in 0..3 {
            accepted(ask(&app, &key, "s1", "Hi")).await;
        }
        failed(&app, &key, "s1").await;
        told(&mut app, &json!(0.75), async |app| {
            of_key(app, &key, JUNE).await["totals"]["success_rate"].clone()
        })
        .await;
    }

    async fn this_months_count_stands_against_the_limit(backend) {
        let mut app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop", "monthly_usage_limit": 3})).await;
        failed(&app, &key, "s1").await;
        for _ in 0..3 {
            accepted(ask(&app, &key, "s1", "Hi")).await;
        }
        ask(&app, &key, "s1", "Hi").send().await.error(429, "monthly_limit_reached").await;
        let month = async |app: &TestApp| of_key(app, &key, JUNE).await["month"].clone();
        told(&mut app, &json!({"used": 3, "limit": 3}), month).await;
        app.clock.set(JULY_MS);
        assert_eq!(month(&app).await, json!({"used": 0, "limit": 3}));
        accepted(ask(&app, &key, "s1", "Hi")).await;
        told(&mut app, &json!({"used": 1, "limit": 3}), month).await;
    }

    async fn queries_are_counted_by_domain_most_first(backend) {
        let mut app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        for origin in ["https://b.example", "https://a.example", "https://a.example"] {
            accepted(ask(&app, &key, "s1", "Hi").origin(origin)).await;
        }
        accepted(ask(&app, &key, "s1", "Hi").header("Referer", "https://a.example/x")).await;
        accepted(ask(&app, &key, "s1", "Hi")).await;
        let expected = vec![("a.example".to_owned(), 3), ("b.example".to_owned(), 1)];
        told(&mut app, &expected, async |app| {
            counts(&of_key(app, &key, JUNE).await["domains"], "name")
        })
        .await;
    }

    async fn queries_are_counted_by_page_most_first(backend) {
        let mut app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        for page in ["home", "cart", "cart"] {
            let url = format!("https://a.example/{page}");
            let call = ask(&app, &key, "s1", "Hi").origin("https://a.example");
            let call = call.header("Referer", &url);
            accepted(call.set("page", json!({"url": url, "title": page, "referrer": url}))).await;
        }
        let expected = vec![("cart".to_owned(), 2), ("home".to_owned(), 1)];
        told(&mut app, &expected, async |app| {
            let pages = counts(&of_key(app, &key, JUNE).await["pages"], "name");
            let last_part = |url: &str| url.rsplit('/').next().unwrap_or_default().to_owned();
            pages.into_iter().map(|(url, count)| (last_part(&url), count)).collect()
        })
        .await;
    }

    async fn refusals_are_counted_by_reason_also_those_without_a_row(backend) {
        let mut app = start(backend).await;
        let shop = "https://shop.example";
        let body = json!({"name": "Shop", "websites": [shop], "monthly_usage_limit": 1});
        let key = make_key(&app, body).await;
        accepted(ask(&app, &key, "s1", "Hi").origin(shop)).await;
        for _ in 0..2 {
            let call = ask(&app, &key, "s1", "Hi").origin(shop);
            call.send().await.error(429, "monthly_limit_reached").await;
        }
        let evil = |_| ask(&app, &key, "s1", "Hi").origin("https://evil.example");
        for answer in app.at_once(100, evil).await {
            answer.error(403, "origin_not_allowed").await;
        }
        app.clock.advance(std::time::Duration::from_secs(61));
        let expected = (
            vec![("origin_not_allowed".to_owned(), 100), ("monthly_limit_reached".to_owned(), 2)],
            json!([1, 1, 0, 0, 102]),
        );
        told(&mut app, &expected, async |app| {
            let told = of_key(app, &key, JUNE).await;
            (counts(&told["refusals"], "code"), totals(&told))
        })
        .await;
    }

    async fn percentiles_are_at_most_3_percent_off(backend) {
        let mut app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        // Whatever way to interpolate: the neighbours of each percentile are as long as it.
        let long = |n: u64| match n {
            0..60 => 120,
            60..90 => 700,
            90..97 => 2_340,
            _ => 5_678,
        };
        for n in 0..100 {
            // In no order.
            answered_in(&app, &key, long(n * 37 % 100)).await;
        }
        let look = async || of_key(&app, &key, JUNE).await;
        let all = |told: &Value| told["totals"]["ok"] == 100;
        let all = eventually("all queries are told", look, all).await;
        for (name, exact) in [("p50", 120.0), ("p95", 2_340.0), ("p99", 5_678.0)] {
            assert!(near(&all["response_time_ms"][name], exact), "{name} is {exact} in {all}");
            assert!(near(&all["first_token_ms"][name], exact / 2.0), "{name} of first in {all}");
        }
        let expected = json!([all["response_time_ms"], all["first_token_ms"]]);
        told(&mut app, &expected, async |app| percentiles(app, &key).await).await;
    }

    async fn each_period_tells_its_own_response_times_where_they_are_asked_for(backend) {
        let mut app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        for ms in [100, 100, 100, 3_000] {
            answered_in(&app, &key, ms).await;
        }
        app.clock.advance(std::time::Duration::from_secs(2 * 86_400));
        answered_in(&app, &key, 900).await;
        let query = format!("{JUNE}&response_times=true");
        let times = async |app: &TestApp| {
            let told = of_key(app, &key, &query).await;
            let periods = told["series"].as_array().cloned().unwrap_or_default();
            let timed = periods.iter().filter(|period| period.get("response_time_ms").is_some());
            timed.map(|p| json!([p["start"], p["response_time_ms"]])).collect::<Vec<_>>()
        };
        let two = eventually("two days have times", async || times(&app).await, |t| t.len() == 2);
        let days = two.await;
        assert_eq!(days[0][0], "2026-06-15T00:00:00.000Z");
        assert!(near(&days[0][1]["p50"], 100.0) && near(&days[0][1]["p95"], 3_000.0), "{days:?}");
        assert_eq!(days[1][0], "2026-06-17T00:00:00.000Z");
        assert!(near(&days[1][1]["p50"], 900.0), "{days:?}");
        told(&mut app, &days, times).await;
        let untold = of_key(&app, &key, JUNE).await;
        assert!(untold["series"][14].get("response_time_ms").is_none(), "nobody asked: {untold}");
        let bad = app.admin(&format!("{}/analytics?response_times=1", path_of(&key)));
        bad.send().await.error(400, "invalid_request").await;
    }

    async fn a_single_time_of_any_length_is_at_most_3_percent_off(backend) {
        let mut app = start(backend).await;
        let mut keys = Vec::new();
        for ms in [0, 1, 2, 7, 40, 137, 999, 1_000, 4_321, 59_999, 600_000] {
            let key = make_key(&app, json!({"name": "Shop"})).await;
            answered_in(&app, &key, ms).await;
            keys.push((ms, key));
        }
        let mut before = Vec::new();
        for (ms, key) in &keys {
            let exact = f64::from(u32::try_from(*ms).unwrap());
            let first = f64::from(u32::try_from(*ms / 2).unwrap());
            let look = async || percentiles(&app, key).await;
            let both = eventually("it is told", look, |both| both[0].is_object()).await;
            for name in ["p50", "p95", "p99"] {
                assert!(near(&both[0][name], exact), "{name} of {ms} ms in {both}");
                assert!(near(&both[1][name], first), "{name} of the first token in {both}");
            }
            before.push(both);
        }
        told(&mut app, &before, async |app| {
            let mut now = Vec::new();
            for (_, key) in &keys {
                now.push(percentiles(app, key).await);
            }
            now
        })
        .await;
    }

    async fn ratings_count_as_they_stand_now(backend) {
        let mut app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        let secret = text(&key, "key");
        let mut answers = Vec::new();
        for n in 0..4 {
            let events = ask(&app, &key, &format!("s{n}"), "Hi").events().await;
            answers.push(text(only(&events, "start"), "messageId"));
        }
        let rate = async |app: &TestApp, n: usize, rating: Value| {
            let call = app.rate(&format!("s{n}"), &answers[n], rating).key(&secret);
            call.send().await.expect(200).await;
        };
        let feedback = async |app: &TestApp| of_key(app, &key, JUNE).await["feedback"].clone();
        for (n, rating) in [(0, "up"), (1, "up"), (2, "down")] {
            rate(&app, n, json!(rating)).await;
        }
        told(&mut app, &json!({"up": 2, "down": 1}), feedback).await;
        // Another opinion, the same once more, and taken back: also when all is rolled up.
        rate(&app, 0, json!("down")).await;
        rate(&app, 1, json!("up")).await;
        rate(&app, 2, Value::Null).await;
        told(&mut app, &json!({"up": 1, "down": 1}), feedback).await;
        rate(&app, 0, Value::Null).await;
        rate(&app, 1, Value::Null).await;
        told(&mut app, &json!({"up": 0, "down": 0}), feedback).await;
    }

    async fn the_overview_is_the_sum_of_the_keys(backend) {
        let mut app = start(backend).await;
        let one = make_key(&app, json!({"name": "One", "monthly_usage_limit": 2})).await;
        let two = make_key(&app, json!({"name": "Two"})).await;
        for _ in 0..2 {
            accepted(ask(&app, &one, "s1", "Hi").origin("https://a.example")).await;
        }
        ask(&app, &one, "s1", "Hi").send().await.error(429, "monthly_limit_reached").await;
        accepted(ask(&app, &two, "s1", "Hi").origin("https://a.example")).await;
        accepted(ask(&app, &two, "s1", "Hi").origin("https://b.example")).await;
        failed(&app, &two, "s1").await;
        stopped(&app, &two, "s1").await;
        told(&mut app, &json!([6, 4, 1, 1, 1]), async |app| totals(&of_all(app, JUNE).await)).await;
        let told = of_all(&app, JUNE).await;
        let keys = [of_key(&app, &one, JUNE).await, of_key(&app, &two, JUNE).await];
        for name in ["queries", "ok", "failed", "stopped", "refused"] {
            let sum: u64 = keys.iter().filter_map(|key| key["totals"][name].as_u64()).sum();
            assert_eq!(told["totals"][name], sum, "{name}");
        }
        let used: u64 = keys.iter().filter_map(|key| key["month"]["used"].as_u64()).sum();
        assert_eq!(told["month"]["used"], used);
        assert_eq!(series(&told), [("2026-06-15T00:00:00".to_owned(), [4, 1, 1, 1])]);
        let domains = counts(&told["domains"], "name");
        assert_eq!(domains[..2], [("a.example".to_owned(), 3), ("b.example".to_owned(), 1)]);
        let refusals = counts(&told["refusals"], "code");
        assert_eq!(refusals, [("monthly_limit_reached".to_owned(), 1)]);
    }

    async fn refused_unknown_keys_are_a_count_on_the_overview_alone(backend) {
        let app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        let gone = make_key(&app, json!({"name": "Gone"})).await;
        delete(&app, &path_of(&gone)).send().await.expect(204).await;
        for _ in 0..2 {
            ask(&app, &gone, "s1", "Hi").send().await.error(401, "unauthorized").await;
        }
        for wrong in ["ABCD-EFGH-JKMN-PQRS", "nonsense", "wrong-key-0123456789abcdef"] {
            app.ask("s1", "Hi").key(wrong).send().await.error(401, "unauthorized").await;
        }
        let unknown = async || of_all(&app, JUNE).await["unknown_keys"].clone();
        eventually("five unknown keys are told", unknown, |count| *count == 5).await;
        app.clock.advance(std::time::Duration::from_secs(600));
        stays("five unknown keys are told later too", unknown, |count| *count == 5).await;
        assert!(of_key(&app, &key, JUNE).await["unknown_keys"].is_null());
        assert_eq!(totals(&of_all(&app, JUNE).await), json!([0, 0, 0, 0, 0]));
    }
}
