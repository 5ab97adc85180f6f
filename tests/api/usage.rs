//! The usage log: one row for each query, and for each refusal up to a bound.

mod csv;
mod listing;
mod privacy;
mod refusals;

use std::time::Duration;

use serde_json::{Value, json};
use server::clock::hex;
use system_tests::app::{only, text};
use system_tests::{Backend, Call, Gate, Reply, TestApp, both};

use crate::kit::*;
use crate::wait::eventually;
use crate::webhooks::hmac_sha256;

/// No limit in the way, and no running answer taken for dead when the clock moves.
pub async fn start(backend: Backend) -> TestApp {
    let unhurried = TestApp::with(backend).unhurried().set("NATTER_LEASE_SECONDS", 3600);
    unhurried.set("NATTER_TRUSTED_PROXIES", "127.0.0.1").start().await
}

pub fn ask(app: &TestApp, key: &Value, session: &str, question: &str) -> Call {
    app.ask(session, question).key(&text(key, "key"))
}

/// Asks, and lets time pass until the first token and until the end, both counted from the
/// question; gives the events without the token.
pub async fn timed(app: &TestApp, call: Call, first_token_ms: u64, whole_ms: u64) -> Vec<Value> {
    let (token, end) = (Gate::new(), Gate::new());
    app.upstream.then(Reply::stream().wait(&token).delta("Well.").wait(&end).end());
    let mut answer = call.send().await.expect(200).await;
    let mut events = vec![answer.next_of("start").await];
    app.clock.advance(Duration::from_millis(first_token_ms));
    token.open();
    answer.next_of("token").await;
    app.clock.advance(Duration::from_millis(whole_ms - first_token_ms));
    end.open();
    events.extend(answer.events().await);
    events
}

/// Asks and stops the answer after its first token.
pub async fn stopped(app: &TestApp, key: &Value, session: &str) {
    let gate = Gate::new();
    app.upstream.then(Reply::gated(&gate, &["one", "two"]));
    let mut answer = ask(app, key, session, "Stop me").send().await.expect(200).await;
    let start = answer.next_of("start").await;
    gate.release(1);
    answer.next_of("token").await;
    let stop = app.stop_turn(session, &text(&start, "turnId")).key(&text(key, "key"));
    stop.send().await.expect(200).await;
    assert_eq!(only(&answer.events().await, "done")["finishReason"], "stopped");
}

/// Asks, and the model refuses.
pub async fn failed(app: &TestApp, key: &Value, session: &str) {
    app.upstream.then(Reply::refusal(400, "no"));
    ask(app, key, session, "Fail me").send().await.error(502, "upstream_failed").await;
}

pub async fn usage(app: &TestApp, key: &Value, query: &str) -> Value {
    read(app, &format!("{}/usage{query}", path_of(key))).await
}

/// Whether a field is there and tells nothing: null or an empty text.
pub fn is_blank(row: &Value, field: &str) -> bool {
    row.get(field).is_some_and(|value| value.is_null() || value == "")
}

/// What a row tells of a visitor: the question, the address, the conversation.
pub fn logged_question(row: &Value) -> (&str, &str, Value) {
    let text = |field: &str| row[field].as_str().unwrap_or_else(|| panic!("{field} in {row}"));
    (text("question"), text("ip_address"), row["conversation_id"].clone())
}

pub fn items(list: &Value) -> &[Value] {
    list["items"].as_array().unwrap_or_else(|| panic!("`items` in {list}"))
}

/// The rows of a key, newest first, once there are as many as there must be.
pub async fn rows(app: &TestApp, key: &Value, count: usize) -> Vec<Value> {
    let look = async || usage(app, key, "?limit=200").await;
    let promise = format!("the usage log has {count} rows");
    let list = eventually(&promise, look, |list| items(list).len() == count).await;
    assert_eq!(list["total"], count, "the total in {list}");
    items(&list).to_vec()
}

both! {
    async fn a_query_leaves_one_row_with_everything_about_it(backend) {
        let app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        let question = "Wo ist \"mein\" Päckchen, 📦?\nBitte; schnell";
        let page = "https://shop.example/cart";
        let call = ask(&app, &key, "s1", question)
            .origin("https://shop.example")
            .header("Referer", page)
            .header("User-Agent", "Shop/1.0 (test)")
            .set("page", json!({"url": page, "title": "Cart", "referrer": page}))
            .from_ip("203.0.113.77");
        let events = timed(&app, call, 150, 400).await;
        let row = rows(&app, &key, 1).await.remove(0);
        for (field, value) in [
            ("created_at", json!("2026-06-15T12:00:00.000Z")),
            ("license_key_id", key["id"].clone()),
            ("conversation_id", only(&events, "start")["conversationId"].clone()),
            ("question", json!(question)),
            ("status", json!("ok")),
            ("code", Value::Null),
            ("response_time_ms", json!(400)),
            ("first_token_ms", json!(150)),
            ("ip_address", json!("203.0.113.77")),
            ("referrer", json!(page)),
            ("domain", json!("shop.example")),
            ("user_agent", json!("Shop/1.0 (test)")),
            ("input_tokens", json!(7)),
            ("output_tokens", json!(11)),
            ("user_id", Value::Null),
            ("count", json!(1)),
        ] {
            assert_eq!(row.get(field), Some(&value), "{field} in {row}");
        }
        for field in ["agent_id", "data_source_id"] {
            assert!(row.get(field).is_some(), "{field} in {row}");
        }
        assert!(!text(&row, "id").is_empty());
    }

    async fn what_a_request_does_not_say_is_blank_in_its_row(backend) {
        let app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        app.upstream.then(Reply::stream().delta("a").finish("stop").done());
        accepted(ask(&app, &key, "s1", "Hi")).await;
        let row = rows(&app, &key, 1).await.remove(0);
        for field in ["referrer", "domain", "user_agent"] {
            assert!(is_blank(&row, field), "{field} in {row}");
        }
        for field in ["input_tokens", "output_tokens"] {
            assert_eq!(row.get(field), Some(&Value::Null), "{field} in {row}");
        }
        assert_eq!(row["ip_address"], "127.0.0.1");
    }

    async fn every_way_to_chat_leaves_its_row(backend) {
        let app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        let secret = text(&key, "key");
        accepted(ask(&app, &key, "s1", "streamed")).await;
        app.clock.advance(Duration::from_secs(1));
        app.chat("s1", "whole").key(&secret).send().await.expect(200).await;
        app.clock.advance(Duration::from_secs(1));
        accepted(app.with_session("/chat", "s1").key(&secret).set("message", "legacy")).await;
        app.clock.advance(Duration::from_secs(1));
        let session = app.open_session("https://shop.example", &secret).await;
        let call = app.from_page("/v1/chat/stream", "https://shop.example");
        accepted(call.set("token", text(&session, "token")).set("message", "widget")).await;
        let rows = rows(&app, &key, 4).await;
        let questions: Vec<_> = rows.iter().map(|row| text(row, "question")).collect();
        assert_eq!(questions, ["widget", "legacy", "whole", "streamed"], "newest first");
        assert!(rows.iter().all(|row| row["status"] == "ok"));
        assert_eq!(rows[0]["domain"], "shop.example");
    }

    async fn a_failed_query_is_told_with_its_code(backend) {
        let app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        failed(&app, &key, "s1").await;
        let row = rows(&app, &key, 1).await.remove(0);
        assert_eq!((&row["status"], &row["code"]), (&json!("failed"), &json!("upstream_failed")));
        assert_eq!((&row["question"], &row["first_token_ms"]), (&json!("Fail me"), &Value::Null));
        app.clock.advance(Duration::from_secs(1));
        app.upstream.then(Reply::stream().delta("half an").cut());
        let events = ask(&app, &key, "s2", "Half").events().await;
        let row = rows(&app, &key, 2).await.remove(0);
        assert_eq!((&row["question"], &row["status"]), (&json!("Half"), &json!("failed")));
        assert_eq!(row["code"], only(&events, "error")["code"]);
        assert_eq!(row["first_token_ms"], 0);
    }

    async fn a_stopped_query_is_told_as_stopped(backend) {
        let app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        stopped(&app, &key, "s1").await;
        let row = rows(&app, &key, 1).await.remove(0);
        assert_eq!((&row["status"], &row["question"]), (&json!("stopped"), &json!("Stop me")));
    }

    async fn a_replay_is_no_query_and_a_new_attempt_is_one(backend) {
        let app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        let again = || ask(&app, &key, "s1", "Hi").set("clientMessageId", "c1");
        app.upstream.then(Reply::stream().delta("half").cut());
        again().events().await;
        accepted(again()).await;
        accepted(again()).await;
        let rows = rows(&app, &key, 2).await;
        let states: Vec<_> = rows.iter().map(|row| text(row, "status")).collect();
        assert_eq!(states, ["ok", "failed"]);
    }

    async fn the_row_of_a_verified_visitor_names_the_user(backend) {
        let app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        let secret = act(&app, &key, "identity-secret/reveal", json!({})).await;
        let hash = hex(&hmac_sha256(text(&secret, "secret").as_bytes(), b"user-7"));
        let identity = json!({"userId": "user-7", "userHash": hash});
        accepted(ask(&app, &key, "s1", "Hi").set("identity", identity)).await;
        assert_eq!(rows(&app, &key, 1).await[0]["user_id"], "user-7");
    }

    async fn a_row_is_there_after_a_crash_right_behind_done(backend) {
        let mut app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        let calls = app.at_once(10, |n| ask(&app, &key, &format!("s{n}"), &format!("Q{n}"))).await;
        for answer in calls {
            let events = answer.events().await;
            assert_eq!(events.last().map(|event| text(event, "type")).as_deref(), Some("done"));
        }
        app.kill();
        app.start_again().await;
        let mut questions: Vec<_> =
            rows(&app, &key, 10).await.iter().map(|row| text(row, "question")).collect();
        questions.sort();
        assert_eq!(questions, (0..10).map(|n| format!("Q{n}")).collect::<Vec<_>>());
    }

    async fn a_query_cut_by_a_crash_is_told_as_failed(backend) {
        let mut app = TestApp::with(backend).set("NATTER_LEASE_SECONDS", 10).start().await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        app.upstream.then(Reply::stream().delta("half").hang());
        let mut answer = ask(&app, &key, "s1", "Hi").send().await.expect(200).await;
        answer.next_of("start").await;
        answer.next_of("token").await;
        app.kill();
        app.clock.advance(Duration::from_secs(11));
        app.start_again().await;
        let look = async || usage(&app, &key, "").await;
        let promise = "the lost query is told as failed";
        let list = eventually(promise, look, |list| list["items"][0]["status"] == "failed").await;
        assert_eq!(list["total"], 1);
        assert_eq!(list["items"][0]["question"], "Hi");
    }

    async fn the_rows_of_a_key_are_its_own_and_go_with_it(backend) {
        let app = start(backend).await;
        let one = make_key(&app, json!({"name": "One"})).await;
        let two = make_key(&app, json!({"name": "Two"})).await;
        accepted(ask(&app, &one, "s1", "of one")).await;
        accepted(ask(&app, &two, "s1", "of two")).await;
        accepted(app.ask("s1", "of the static key")).await;
        assert_eq!(rows(&app, &one, 1).await[0]["question"], "of one");
        delete(&app, &path_of(&one)).send().await.expect(204).await;
        for path in ["usage", "usage.csv", "analytics"] {
            let path = format!("{}/{path}", path_of(&one));
            app.admin(&path).send().await.error(404, "not_found").await;
        }
        assert_eq!(rows(&app, &two, 1).await[0]["question"], "of two");
    }
}
