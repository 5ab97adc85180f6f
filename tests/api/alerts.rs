//! What the owner is told when a key nears its monthly limit: once at 80 %, once at 100 %.

mod mail;
pub mod mailbox;

use serde_json::{Value, json};
use system_tests::app::{JULY_MS, complaints, text};
use system_tests::{Backend, Call, Reply, TestApp, both};

use crate::kit::*;
use crate::wait::{eventually, stays};

const LIST: &str = "/api/notifications";
const READ: &str = "/api/notifications/read";
const APPROACHING: &str = "usage.limit_approaching";
const REACHED: &str = "usage.limit_reached";

async fn start(backend: Backend) -> TestApp {
    TestApp::with(backend).unhurried().start().await
}

async fn key_with_limit(app: &TestApp, limit: usize) -> Value {
    make_key(app, json!({"name": "Shop key", "monthly_usage_limit": limit})).await
}

fn ask(app: &TestApp, key: &Value, session: &str) -> Call {
    app.ask(session, "Hi").key(&text(key, "key"))
}

/// Has `count` questions answered at once.
async fn answered(app: &TestApp, key: &Value, count: usize) {
    for answer in app.at_once(count, |n| ask(app, key, &format!("s{n}"))).await {
        let events = answer.events().await;
        assert_eq!(events.last().map(|event| text(event, "type")).as_deref(), Some("done"));
    }
}

/// The notifications about a key, newest first.
async fn about(app: &TestApp, key: &Value) -> Vec<Value> {
    let list = read(app, &format!("{LIST}?limit=200")).await;
    let items = list["items"].as_array().cloned().unwrap_or_else(|| panic!("`items` in {list}"));
    items.into_iter().filter(|item| item["license_key_id"] == key["id"]).collect()
}

/// How many tell that the limit is near, and how many that it is reached.
async fn told(app: &TestApp, key: &Value) -> [usize; 2] {
    let about = about(app, key).await;
    [APPROACHING, REACHED].map(|kind| about.iter().filter(|item| item["type"] == kind).count())
}

/// Has the limits of two keys reached, which makes four notifications.
async fn four_told(app: &TestApp) {
    for _ in 0..2 {
        let key = key_with_limit(app, 1).await;
        answered(app, &key, 1).await;
        tells(app, &key, "1 of 1", [1, 1]).await;
    }
}

/// Expects exactly these counts of the two, now and later.
async fn tells(app: &TestApp, key: &Value, promise: &str, counts: [usize; 2]) {
    let look = async || told(app, key).await;
    eventually(promise, look, |seen| *seen == counts).await;
    stays(promise, look, |seen| *seen == counts).await;
}

both! {
    async fn the_owner_is_told_once_at_80_and_once_at_100_percent(backend) {
        let app = start(backend).await;
        for (limit, near) in [(5, 4), (10, 8), (100, 80)] {
            let key = key_with_limit(&app, limit).await;
            answered(&app, &key, near - 1).await;
            tells(&app, &key, &format!("{} of {limit}: nothing", near - 1), [0, 0]).await;
            answered(&app, &key, 1).await;
            tells(&app, &key, &format!("{near} of {limit}: near"), [1, 0]).await;
            answered(&app, &key, limit - near - 1).await;
            tells(&app, &key, &format!("{} of {limit}: near", limit - 1), [1, 0]).await;
            answered(&app, &key, 1).await;
            tells(&app, &key, &format!("{limit} of {limit}: reached"), [1, 1]).await;
            ask(&app, &key, "s1").send().await.error(429, "monthly_limit_reached").await;
            tells(&app, &key, "a refusal is no news", [1, 1]).await;
        }
    }

    async fn a_limit_of_one_is_near_and_reached_with_the_same_query(backend) {
        let app = start(backend).await;
        let key = key_with_limit(&app, 1).await;
        tells(&app, &key, "an unused key is no news", [0, 0]).await;
        answered(&app, &key, 1).await;
        tells(&app, &key, "1 of 1: near and reached", [1, 1]).await;
    }

    async fn queries_that_come_all_at_once_tell_once(backend) {
        let app = start(backend).await;
        let key = key_with_limit(&app, 20).await;
        answered(&app, &key, 20).await;
        tells(&app, &key, "20 of 20 at once", [1, 1]).await;
        let key = key_with_limit(&app, 10).await;
        for answer in app.at_once(20, |n| ask(&app, &key, &format!("s{n}"))).await {
            answer.text().await;
        }
        tells(&app, &key, "20 at once of 10 allowed", [1, 1]).await;
    }

    async fn a_notification_says_which_key_and_when(backend) {
        let app = start(backend).await;
        let key = key_with_limit(&app, 1).await;
        answered(&app, &key, 1).await;
        tells(&app, &key, "1 of 1: near and reached", [1, 1]).await;
        for item in about(&app, &key).await {
            assert!(!text(&item, "id").is_empty());
            assert_eq!(item["created_at"], "2026-06-15T12:00:00.000Z");
            assert_eq!(item.get("read_at"), Some(&Value::Null));
            assert!(item["data"].is_object(), "{item}");
        }
    }

    async fn the_next_month_tells_again(backend) {
        let app = start(backend).await;
        let key = key_with_limit(&app, 5).await;
        app.clock.set(JULY_MS - 1);
        answered(&app, &key, 5).await;
        tells(&app, &key, "June tells", [1, 1]).await;
        app.clock.set(JULY_MS);
        answered(&app, &key, 3).await;
        tells(&app, &key, "3 of 5 in July: nothing new", [1, 1]).await;
        answered(&app, &key, 1).await;
        tells(&app, &key, "4 of 5 in July: near", [2, 1]).await;
        answered(&app, &key, 1).await;
        tells(&app, &key, "5 of 5 in July: reached", [2, 2]).await;
    }

    async fn a_query_that_is_given_back_and_asked_again_tells_no_second_time(backend) {
        let app = start(backend).await;
        let key = key_with_limit(&app, 5).await;
        answered(&app, &key, 4).await;
        for _ in 0..3 {
            app.upstream.then(Reply::refusal(400, "no"));
            ask(&app, &key, "s1").send().await.error(502, "upstream_failed").await;
        }
        answered(&app, &key, 1).await;
        tells(&app, &key, "5 of 5, some of them twice", [1, 1]).await;
    }

    async fn a_crash_right_behind_the_answer_loses_and_repeats_nothing(backend) {
        let mut app = start(backend).await;
        let key = key_with_limit(&app, 5).await;
        answered(&app, &key, 5).await;
        app.kill();
        app.start_again().await;
        tells(&app, &key, "told after the crash", [1, 1]).await;
        app.kill();
        app.start_again().await;
        tells(&app, &key, "not told anew after another crash", [1, 1]).await;
    }

    async fn keys_without_a_limit_tell_nothing(backend) {
        let app = start(backend).await;
        let key = make_key(&app, json!({"name": "Free"})).await;
        answered(&app, &key, 20).await;
        app.ask("s1", "Hi").events().await;
        let look = async || read(&app, LIST).await["total"].clone();
        stays("no limit, no news", look, |total| *total == 0).await;
    }

    async fn a_notification_is_marked_as_read_by_its_id_or_with_all(backend) {
        let app = start(backend).await;
        four_told(&app).await;
        let list = read(&app, LIST).await;
        let ids = column(&list, "id");
        app.clock.advance(std::time::Duration::from_secs(60));
        let answer = post(&app, READ, json!({"ids": [ids[1]]})).send().await;
        assert!([200, 204].contains(&answer.status), "{}", answer.status);
        let marks = async || {
            let list = read(&app, LIST).await;
            let items = list["items"].as_array().cloned().unwrap();
            items.iter().map(|item| item["read_at"].clone()).collect::<Vec<_>>()
        };
        let at_12_01 = json!("2026-06-15T12:01:00.000Z");
        assert_eq!(marks().await, [Value::Null, at_12_01.clone(), Value::Null, Value::Null]);
        app.clock.advance(std::time::Duration::from_secs(60));
        let answer = post(&app, READ, json!({"all": true})).send().await;
        assert!([200, 204].contains(&answer.status), "{}", answer.status);
        let at_12_02 = json!("2026-06-15T12:02:00.000Z");
        let expected = [at_12_02.clone(), at_12_01, at_12_02.clone(), at_12_02];
        assert_eq!(marks().await, expected, "what was read stays read since then");
        post(&app, READ, json!({})).send().await.error(400, "invalid_request").await;
    }

    async fn notifications_are_listed_by_whether_they_were_read_and_by_type(backend) {
        let app = start(backend).await;
        four_told(&app).await;
        let all = read(&app, LIST).await["items"].as_array().cloned().unwrap();
        let read_one = &all[1];
        post(&app, READ, json!({"ids": [read_one["id"]]})).send().await.expect(204).await;
        let those = |unread: bool, kind: &str| -> Vec<&str> {
            let wanted = |item: &&Value| {
                !(unread && item["id"] == read_one["id"]) && (kind.is_empty() || item["type"] == kind)
            };
            all.iter().filter(wanted).map(|item| item["id"].as_str().unwrap()).collect()
        };
        for (query, expected) in [
            ("unread=true", those(true, "")),
            ("unread=false", those(false, "")),
            (&format!("kind={REACHED}"), those(false, REACHED)),
            (&format!("unread=true&kind={REACHED}"), those(true, REACHED)),
            (&format!("unread=true&kind={APPROACHING}"), those(true, APPROACHING)),
            ("kind=license_key.expiring", Vec::new()),
        ] {
            lists(&app, &format!("{LIST}?{query}"), "id", &expected).await;
        }
        assert_eq!(read(&app, &format!("{LIST}?unread=true&limit=1")).await["total"], 3);
        for (field, value) in [("unread", "1"), ("kind", "usage")] {
            let refused = app.admin(&format!("{LIST}?{field}={value}")).send().await;
            assert_eq!(complaints(&refused.error(400, "invalid_request").await), [field]);
        }
    }
}
