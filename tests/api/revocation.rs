//! What an admin takes away is gone at once: for the next request, for running answers, and on
//! every server.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use server::config::Config;
use system_tests::app::{ADMIN_KEY, START_MS, WIDGET_KEY, only, text};
use system_tests::upstream::End;
use system_tests::{Answer, Call, Client, Gate, Reply, TestApp, both, patience, types};

use crate::kit::{accepted, act, change_key, delete, make_key, patch, path_of, read_key, say};

const PAGE: &str = "https://shop.example";
const DAY: Duration = Duration::from_secs(86_400);

/// What a stream may end with when its key is not known any more.
const GONE: &[&str] = &["key_inactive", "unauthorized", "session_expired"];

async fn new_key(app: &TestApp) -> (Value, String) {
    let made = make_key(app, json!({"name": "Shop"})).await;
    let key = text(&made, "key");
    (made, key)
}

/// An answer that has come to its first token; what follows waits for the gate.
async fn half_way(app: &TestApp, call: Call, gate: &Gate) -> Answer {
    app.upstream.then(Reply::gated(gate, &["one", " two"]));
    let mut answer = call.send().await.expect(200).await;
    answer.next_of("start").await;
    gate.release(1);
    assert_eq!(answer.next_of("token").await["token"], "one");
    answer
}

/// Expects the stream to end here in an error with one of these codes.
async fn cut_off(answer: Answer, codes: &[&str]) {
    let rest = answer.events().await;
    assert_eq!(types(&rest), ["error"]);
    let error = only(&rest, "error");
    assert!(codes.contains(&text(error, "code").as_str()), "{error}");
    assert_eq!(error["retryable"], false, "{error}");
    assert!(error["seq"].is_u64() && !text(error, "error").is_empty(), "{error}");
}

async fn refused(call: Call, code: &str) {
    call.send().await.error(403, code).await;
}

async fn switch(app: &TestApp, made: &Value, is_active: bool) {
    change_key(app, made, json!({"is_active": is_active})).await;
}

/// The open conversation of a session of this key.
async fn conversation(app: &TestApp, key: &str, session: &str) -> Value {
    let call = app.with_session("/v1/conversations/current", session).key(key);
    call.send().await.expect(200).await.json().await["conversation"].clone()
}

async fn usage(app: &TestApp, made: &Value) -> Value {
    read_key(app, made).await["monthly_usage"].clone()
}

/// Another server on the same database, with the same clock.
pub(crate) async fn second_server(app: &TestApp) -> server::Running {
    let (database, upstream) = (app.backend().url(), app.upstream.base_url());
    let data_dir = app.backend().data_dir().display().to_string();
    let config = Config::from_vars(&[
        ("NATTER_LISTEN", "127.0.0.1:0"),
        ("NATTER_DATA_DIR", &data_dir),
        ("DATABASE_URL", &database),
        ("WIDGET_API_KEY", WIDGET_KEY),
        ("ADMIN_API_KEY", ADMIN_KEY),
        ("OPENAI_BASE_URL", &upstream),
        ("OPENAI_API_KEY", "the-model-servers-key"),
        ("OPENAI_MODEL", "test-model"),
        ("NATTER_FIRST_TOKEN_TIMEOUT_MS", "600000"),
        ("NATTER_IDLE_TIMEOUT_MS", "600000"),
        ("RATE_LIMIT_MAX_REQUESTS", "1000000"),
    ]);
    let started = server::start(config.expect("sound settings"), app.clock.clone());
    patience("the second server's start", started).await.expect("the second server starts")
}

/// Sends a question until the server answers with this status. The question is empty, so that one
/// which is let through is refused as such and asks no model.
async fn until(server: &Client, key: &str, status: u16) {
    patience("the change on the other server", async {
        loop {
            let call = server.post("/v1/chat/stream").key(key).set("sessionId", "probe");
            if call.set("message", "").send().await.status == status {
                return;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
}

both! {
    async fn switching_a_key_off_stops_the_next_request_and_on_lets_it_through(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = new_key(&app).await;
        let chatbot = text(&made, "chatbot_id");
        let events = app.ask("s1", "Hi").key(&key).events().await;
        let turn = text(only(&events, "start"), "turnId");
        switch(&app, &made, false).await;
        refused(app.ask("s1", "Hi").key(&key), "key_inactive").await;
        refused(app.chat("s1", "Hi").key(&key), "key_inactive").await;
        refused(app.resume("s1", &turn, 0).key(&key), "key_inactive").await;
        refused(app.stop_turn("s1", &turn).key(&key), "key_inactive").await;
        let current = app.with_session("/v1/conversations/current", "s1").key(&key);
        refused(current, "key_inactive").await;
        for path in ["/v1/widget/config", "/v1/widget/session"] {
            for (field, value) in [("licenseKey", &key), ("chatbotId", &chatbot)] {
                let call = app.from_page(path, PAGE).set(field, value.as_str());
                refused(call, "key_inactive").await;
            }
        }
        switch(&app, &made, true).await;
        accepted(app.ask("s1", "Hi").key(&key)).await;
        accepted(say(&app, PAGE, &app.open_session(PAGE, &key).await)).await;
    }

    async fn session_tokens_from_before_a_key_was_off_stay_dead(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = new_key(&app).await;
        let session = app.open_session(PAGE, &key).await;
        accepted(say(&app, PAGE, &session)).await;
        switch(&app, &made, false).await;
        refused(say(&app, PAGE, &session), "key_inactive").await;
        switch(&app, &made, true).await;
        say(&app, PAGE, &session).send().await.error(401, "session_expired").await;
        let call = app.from_page("/v1/widget/session", PAGE).set("licenseKey", key.as_str());
        let again = call.set("visitorId", text(&session, "visitorId"));
        let again = again.send().await.expect(200).await.json().await;
        assert_eq!(again["visitorId"], session["visitorId"]);
        assert_eq!(again["conversation"]["messages"].as_array().map(Vec::len), Some(2));
        accepted(say(&app, PAGE, &again)).await;
    }

    async fn a_change_of_something_else_keeps_session_tokens_and_answers_alive(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = new_key(&app).await;
        let session = app.open_session(PAGE, &key).await;
        let gate = Gate::new();
        let answer = half_way(&app, say(&app, PAGE, &session), &gate).await;
        change_key(&app, &made, json!({"name": "Blog", "monthly_usage_limit": 50})).await;
        change_key(&app, &made, json!({"is_active": true})).await;
        gate.open();
        assert_eq!(only(&answer.events().await, "done")["message"], "one two");
        accepted(say(&app, PAGE, &session)).await;
    }

    async fn switching_a_key_off_ends_running_answers_for_every_reader(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = new_key(&app).await;
        let gate = Gate::new();
        app.upstream.then(Reply::gated(&gate, &["one", " two"]));
        let mut first = app.ask("s1", "Hi").key(&key).send().await.expect(200).await;
        let turn = text(&first.next_of("start").await, "turnId");
        gate.release(1);
        first.next_of("token").await;
        let mut second = app.resume("s1", &turn, 0).key(&key).send().await.expect(200).await;
        second.next_of("start").await;
        second.next_of("token").await;
        switch(&app, &made, false).await;
        cut_off(first, &["key_inactive"]).await;
        cut_off(second, &["key_inactive"]).await;
        assert_eq!(app.upstream.seen(0).await.ended().await, End::ClientGone);
    }

    async fn a_visitors_answer_in_the_widget_ends_with_its_key_too(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = new_key(&app).await;
        let session = app.open_session(PAGE, &key).await;
        let gate = Gate::new();
        let answer = half_way(&app, say(&app, PAGE, &session), &gate).await;
        switch(&app, &made, false).await;
        cut_off(answer, &["key_inactive"]).await;
    }

    async fn an_answer_that_was_cut_off_after_a_token_is_stored_as_failed_and_counted(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = new_key(&app).await;
        let gate = Gate::new();
        let answer = half_way(&app, app.ask("s1", "Hi").key(&key), &gate).await;
        switch(&app, &made, false).await;
        cut_off(answer, &["key_inactive"]).await;
        assert_eq!(usage(&app, &made).await, 1);
        switch(&app, &made, true).await;
        let stored = conversation(&app, &key, "s1").await;
        assert_eq!(stored["messages"][0]["content"], "Hi");
        assert_eq!(stored["messages"][1]["content"], "one");
        assert_eq!(stored["messages"][1]["status"], "failed");
        assert_eq!(stored["runningTurn"], Value::Null);
        accepted(app.ask("s1", "Again").key(&key)).await;
        assert_eq!(usage(&app, &made).await, 2);
    }

    async fn an_answer_that_was_cut_off_before_its_first_token_is_given_back(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = new_key(&app).await;
        change_key(&app, &made, json!({"monthly_usage_limit": 1})).await;
        app.upstream.then(Reply::stream().hang());
        let mut answer = app.ask("s1", "Hi").key(&key).send().await.expect(200).await;
        answer.next_of("start").await;
        assert_eq!(usage(&app, &made).await, 1, "counted while it runs");
        switch(&app, &made, false).await;
        cut_off(answer, &["key_inactive"]).await;
        assert_eq!(usage(&app, &made).await, 0);
        switch(&app, &made, true).await;
        accepted(app.ask("s1", "Hi").key(&key)).await;
        let over = app.ask("s1", "Hi").key(&key);
        over.send().await.error(429, "monthly_limit_reached").await;
    }

    async fn what_waits_for_the_models_first_word_is_refused_with_a_status(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = new_key(&app).await;
        app.upstream.then(Reply::silence()).then(Reply::silence());
        let streamed = tokio::spawn(app.ask("s1", "Hi").key(&key).send());
        app.upstream.seen(0).await;
        let whole = tokio::spawn(app.chat("s2", "Hi").key(&key).send());
        app.upstream.seen(1).await;
        switch(&app, &made, false).await;
        for call in [streamed, whole] {
            call.await.unwrap().error(403, "key_inactive").await;
        }
        assert_eq!(usage(&app, &made).await, 0);
    }

    async fn deactivating_deleting_and_replacing_a_key_end_its_answers_too(backend) {
        let app = TestApp::start(backend).await;
        for (action, codes) in
            [("deactivate", &["key_deactivated"][..]), ("regenerate", GONE), ("delete", &["key_deactivated"])]
        {
            let (made, key) = new_key(&app).await;
            let gate = Gate::new();
            let answer = half_way(&app, app.ask("s1", "Hi").key(&key), &gate).await;
            if action == "delete" {
                delete(&app, &path_of(&made)).send().await.expect(204).await;
            } else {
                act(&app, &made, action, json!({})).await;
            }
            cut_off(answer, codes).await;
            if action != "delete" {
                assert_eq!(usage(&app, &made).await, 1, "{action}");
            }
        }
    }

    async fn with_an_overlap_running_answers_go_on_to_their_end(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = new_key(&app).await;
        let gate = Gate::new();
        let answer = half_way(&app, app.ask("s1", "Hi").key(&key), &gate).await;
        act(&app, &made, "regenerate", json!({"overlap_seconds": 60})).await;
        gate.open();
        assert_eq!(only(&answer.events().await, "done")["message"], "one two");
    }

    async fn an_answer_that_outlives_the_overlap_ends_with_it(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = new_key(&app).await;
        let gate = Gate::new();
        let answer = half_way(&app, app.ask("s1", "Hi").key(&key), &gate).await;
        act(&app, &made, "regenerate", json!({"overlap_seconds": 60})).await;
        app.clock.advance(Duration::from_secs(60));
        cut_off(answer, GONE).await;
    }

    async fn another_keys_answers_go_on(backend) {
        let app = TestApp::start(backend).await;
        let ((made, _), (_, other)) = (new_key(&app).await, new_key(&app).await);
        let (gate, second_gate) = (Gate::new(), Gate::new());
        let answer = half_way(&app, app.ask("s1", "Hi").key(&other), &gate).await;
        let of_the_static_key = half_way(&app, app.ask("s1", "Hi"), &second_gate).await;
        switch(&app, &made, false).await;
        delete(&app, &path_of(&made)).send().await.expect(204).await;
        gate.open();
        second_gate.open();
        for answer in [answer, of_the_static_key] {
            assert_eq!(only(&answer.events().await, "done")["message"], "one two");
        }
    }

    async fn no_request_with_the_old_key_is_admitted_after_the_new_one_was_told(backend) {
        let app = TestApp::with(backend)
            .unhurried()
            .set("NATTER_TRUSTED_PROXIES", "127.0.0.1")
            .start()
            .await;
        let (made, mut key) = new_key(&app).await;
        let mut counted = 0;
        for round in 0..5 {
            // Each from its own address: unknown keys are few from one.
            let ask = |n: usize| {
                let call = app.ask(&format!("r{round}s{n}"), "Hi").key(&key);
                call.from_ip(&format!("203.0.113.{n}"))
            };
            let early: Vec<_> = (0..20).map(|n| tokio::spawn(ask(n).send())).collect();
            let fresh = act(&app, &made, "regenerate", json!({})).await;
            for answer in app.at_once(10, |n| ask(100 + n)).await {
                answer.error(401, "unauthorized").await;
            }
            for call in early {
                let answer = call.await.unwrap();
                if answer.status == 200 {
                    counted += i32::from(types(&answer.events().await).contains(&"token"));
                } else {
                    // Refused, or taken and ended before the model had said a word.
                    assert!([401, 403].contains(&answer.status), "{}", answer.status);
                }
            }
            key = text(&fresh, "key");
        }
        assert_eq!(usage(&app, &made).await, counted, "each that told a word, and no other");
    }

    async fn no_request_is_admitted_after_the_key_was_switched_off(backend) {
        let app = TestApp::with(backend).unhurried().start().await;
        let (made, key) = new_key(&app).await;
        let mut counted = 0;
        for round in 0..5 {
            let ask = |n: usize| app.ask(&format!("r{round}s{n}"), "Hi").key(&key);
            let early: Vec<_> = (0..20).map(|n| tokio::spawn(ask(n).send())).collect();
            switch(&app, &made, false).await;
            for answer in app.at_once(10, |n| ask(100 + n)).await {
                answer.error(403, "key_inactive").await;
            }
            for call in early {
                let answer = call.await.unwrap();
                if answer.status == 200 {
                    counted += i32::from(types(&answer.events().await).contains(&"token"));
                } else {
                    answer.error(403, "key_inactive").await;
                }
            }
            switch(&app, &made, true).await;
        }
        assert_eq!(usage(&app, &made).await, counted, "each that told a word, and no other");
    }

    async fn a_key_expires_at_its_moment_and_works_on_through_its_days_of_grace(backend) {
        let app = TestApp::with(backend).unhurried().start().await;
        let body = json!({"name": "Shop", "expires_at": "2026-06-15T12:00:01Z", "grace_days": 2});
        let made = make_key(&app, body).await;
        let key = text(&made, "key");
        let end = START_MS + 1000 + 2 * 86_400_000;
        for alive in [START_MS, START_MS + 999, START_MS + 1000, end - 1] {
            app.clock.set(alive);
            accepted(app.ask("s1", "Hi").key(&key)).await;
            app.open_session(PAGE, &key).await;
        }
        app.clock.set(end);
        refused(app.ask("s1", "Hi").key(&key), "key_expired").await;
        let call = app.from_page("/v1/widget/session", PAGE).set("licenseKey", key.as_str());
        refused(call, "key_expired").await;
        change_key(&app, &made, json!({"grace_days": 3})).await;
        accepted(app.ask("s1", "Hi").key(&key)).await;
        change_key(&app, &made, json!({"grace_days": null})).await;
        refused(app.ask("s1", "Hi").key(&key), "key_expired").await;
        change_key(&app, &made, json!({"expires_at": null})).await;
        app.clock.advance(1000 * DAY);
        accepted(app.ask("s1", "Hi").key(&key)).await;
    }

    async fn an_expiry_in_the_past_ends_a_key_at_once(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = new_key(&app).await;
        accepted(app.ask("s1", "Hi").key(&key)).await;
        let past = json!({"expires_at": "2026-06-15T12:00:00Z"});
        assert_eq!(change_key(&app, &made, past).await["status"], "expired");
        refused(app.ask("s1", "Hi").key(&key), "key_expired").await;
    }

    async fn a_limit_below_the_usage_blocks_and_a_higher_one_opens_at_once(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = new_key(&app).await;
        let ask = || app.ask("s1", "Hi").key(&key);
        let over = async || {
            ask().send().await.error(429, "monthly_limit_reached").await;
        };
        for _ in 0..3 {
            accepted(ask()).await;
        }
        let lowered = change_key(&app, &made, json!({"monthly_usage_limit": 2})).await;
        assert_eq!((&lowered["monthly_usage"], &lowered["status"]), (&json!(3), &json!("active")));
        over().await;
        change_key(&app, &made, json!({"monthly_usage_limit": 3})).await;
        over().await;
        change_key(&app, &made, json!({"monthly_usage_limit": 4})).await;
        accepted(ask()).await;
        over().await;
        change_key(&app, &made, json!({"monthly_usage_limit": null})).await;
        accepted(ask()).await;
        assert_eq!(usage(&app, &made).await, 5);
    }

    async fn a_rate_counts_from_the_moment_it_is_set(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = new_key(&app).await;
        change_key(&app, &made, json!({"rate_limit_per_minute": 1})).await;
        let answer = app.ask("s1", "Hi").key(&key).send().await.expect(200).await;
        assert_eq!(answer.number("x-ratelimit-limit"), 1);
        answer.events().await;
        app.ask("s1", "Hi").key(&key).send().await.error(429, "rate_limit_exceeded").await;
        change_key(&app, &made, json!({"rate_limit_per_minute": null})).await;
        accepted(app.ask("s1", "Hi").key(&key)).await;
    }

    async fn a_website_taken_off_the_list_is_refused_at_once_with_its_tokens(backend) {
        let app = TestApp::start(backend).await;
        let (made, key) = new_key(&app).await;
        let websites = json!({"websites": [PAGE, "https://blog.example"]});
        change_key(&app, &made, websites).await;
        let session = app.open_session(PAGE, &key).await;
        accepted(say(&app, PAGE, &session)).await;
        change_key(&app, &made, json!({"websites": ["https://blog.example"]})).await;
        refused(say(&app, PAGE, &session), "origin_not_allowed").await;
        refused(app.ask("s1", "Hi").key(&key).origin(PAGE), "origin_not_allowed").await;
        accepted(app.ask("s1", "Hi").key(&key).origin("https://blog.example")).await;
    }

    async fn a_change_on_one_server_reaches_the_other(backend) {
        let app = TestApp::with(backend).unhurried().start().await;
        let running = second_server(&app).await;
        let second = Client::new(&format!("http://{}", running.addr()));
        let (made, key) = new_key(&app).await;
        // Known to both from here on; 400 = the key itself is taken.
        until(&second, &key, 400).await;
        switch(&app, &made, false).await;
        until(&second, &key, 403).await;
        switch(&app, &made, true).await;
        until(&second, &key, 400).await;
        let gate = Gate::new();
        let call = second.post("/v1/chat/stream").key(&key);
        let call = call.set("sessionId", "s1").set("message", "Hi");
        let answer = half_way(&app, call, &gate).await;
        switch(&app, &made, false).await;
        cut_off(answer, &["key_inactive"]).await;
        switch(&app, &made, true).await;
        until(&second, &key, 400).await;
        let admin = second.request(Method::DELETE, &path_of(&made));
        let admin = admin.header("X-Admin-Api-Key", ADMIN_KEY);
        admin.send().await.expect(204).await;
        until(app.client(), &key, 401).await;
        let gone = patch(&app, &path_of(&made), json!({"name": "Blog"}));
        gone.send().await.error(404, "not_found").await;
        running.abort();
    }
}
