//! Conversations for the dashboard: found, read, followed, exported, removed.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::app::{only, text};
use system_tests::{Gate, Reply, TestApp, both};

use crate::kit::*;
use crate::usage::{ask, failed, logged_question, start};

const LIST: &str = "/api/conversations";
const NOBODY: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// Asks, and gives the id of the conversation.
async fn talk(app: &TestApp, key: &Value, session: &str, question: &str, answer: &str) -> String {
    app.upstream.then(Reply::tokens(&[answer]));
    let events = ask(app, key, session, question).events().await;
    app.clock.advance(Duration::from_secs(1));
    text(only(&events, "start"), "conversationId")
}

async fn shop(app: &TestApp) -> Value {
    make_key(app, json!({"name": "Shop"})).await
}

async fn ids(app: &TestApp, query: &str) -> Vec<String> {
    column(&read(app, &format!("{LIST}{query}")).await, "id")
}

async fn gone(app: &TestApp, id: &str) {
    app.admin(&format!("{LIST}/{id}")).send().await.error(404, "not_found").await;
}

both! {
    async fn conversations_are_found_by_what_was_said_and_by_what_became_of_it(backend) {
        let app = start(backend).await;
        let (key, other) = (shop(&app).await, shop(&app).await);
        let first = talk(&app, &key, "s1", "Über 100% _sicher_?", "Yes").await;
        talk(&app, &key, "s1", "Thanks", "Bye").await;
        let second = talk(&app, &other, "s2", "Hello", "World").await;
        failed(&app, &other, "s3").await;
        let third = ids(&app, "?has_error=true").await.remove(0);
        for (query, found) in [
            ("", vec![&third, &first, &second]),
            ("?q=%C3%BCber", vec![&first]),
            ("?q=%C3%9CBER", vec![&first]),
            ("?q=100%25", vec![&first]),
            ("?q=world", vec![&second]),
            ("?q=100_", vec![]),
            (&format!("?license_key_id={}", text(&key, "id")), vec![&first]),
            (&format!("?visitor_id={second}"), vec![&second]),
            ("?has_error=false&limit=1", vec![&second]),
            ("?status=open", vec![&third, &first, &second]),
            ("?status=running", vec![]),
            ("?feedback=any", vec![]),
            (&format!("?agent_id={NOBODY}"), vec![]),
            ("?to=2026-06-15T12:00:00Z", vec![]),
        ] {
            let mut found: Vec<String> = found.into_iter().cloned().collect();
            let mut seen = ids(&app, query).await;
            found.sort();
            seen.sort();
            assert_eq!(seen, found, "{query}");
        }
        for bad in ["?status=x", "?feedback=x", "?has_error=1", "?from=x", "?cursor=x", "?limit=0"] {
            app.admin(&format!("{LIST}{bad}")).send().await.error(400, "invalid_request").await;
        }
    }

    async fn a_thread_tells_what_was_said_rated_and_asked_from_where(backend) {
        let app = start(backend).await;
        let key = shop(&app).await;
        let page = json!({"url": "https://shop.example/cart", "title": "Cart", "referrer": "https://a.example/"});
        app.upstream.then(Reply::tokens(&["**Yes**"]));
        let call = ask(&app, &key, "s1", "Hi").set("page", page).set("metadata", json!({"plan": "pro"}));
        let events = call.header("User-Agent", "Shop/1.0").from_ip("203.0.113.7").events().await;
        let id = text(only(&events, "start"), "conversationId");
        let answer = text(only(&events, "done"), "messageId");
        let rate = app.rate("s1", &answer, "up").key(&text(&key, "key")).set("comment", "Good");
        rate.send().await.expect(200).await;
        let told = read(&app, &format!("{LIST}/{id}")).await;
        assert_eq!((&told["license_key_name"], &told["thumbs_up"]), (&json!("Shop"), &json!(1)));
        assert_eq!((&told["page_title"], &told["page_referrer"]), (&json!("Cart"), &json!("https://a.example/")));
        assert_eq!(told["metadata"], json!({"plan": "pro"}));
        assert_eq!(told["details"]["ip_address"], "203.0.113.7");
        assert_eq!(told["details"]["user_agent"], "Shop/1.0");
        let messages = told["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 2);
        assert_eq!((&messages[1]["content"], &messages[1]["rating"], &messages[1]["comment"]),
            (&json!("**Yes**"), &json!("up"), &json!("Good")));
        assert_eq!(messages[1]["agent_id"], told["agent_id"]);
        assert!(told["agent_id"].is_string());
        assert_eq!((&messages[0]["position"], &messages[1]["position"]), (&json!(1), &json!(2)));
        assert_eq!(ids(&app, "?feedback=up").await, std::slice::from_ref(&id));
        assert_eq!(ids(&app, &format!("?agent_id={}", text(&told, "agent_id"))).await, [id]);
        gone(&app, NOBODY).await;
    }

    async fn a_failed_question_tells_why(backend) {
        let app = start(backend).await;
        let key = shop(&app).await;
        failed(&app, &key, "s1").await;
        let id = ids(&app, "?has_error=true").await.remove(0);
        let told = read(&app, &format!("{LIST}/{id}")).await;
        assert_eq!(told["messages"][0]["error"], "upstream_failed");
    }

    async fn an_admin_follows_an_answer_while_it_is_written(backend) {
        let app = start(backend).await;
        let key = shop(&app).await;
        let gate = Gate::new();
        app.upstream.then(Reply::gated(&gate, &["one", " two"]));
        let mut visitor = ask(&app, &key, "s1", "Hi").send().await.expect(200).await;
        let id = text(&visitor.next_of("start").await, "conversationId");
        let mut live = app.admin(&format!("{LIST}/{id}/live")).send().await.expect(200).await;
        assert_eq!(live.next_of("message").await["message"]["content"], "Hi");
        let answer = live.next_of("answer").await;
        gate.release(1);
        let token = live.next_of("token").await;
        assert_eq!((&token["token"], &token["turn_id"]), (&json!("one"), &answer["turn_id"]));
        gate.release(1);
        assert_eq!(live.next_of("token").await["token"], " two");
        gate.open();
        live.next_of("ended").await;
        let stored = live.next_of("message").await;
        assert_eq!((&stored["message"]["id"], &stored["message"]["content"]),
            (&answer["message_id"], &json!("one two")));
        visitor.events().await;
        delete(&app, &format!("{LIST}/{id}")).send().await.expect(204).await;
        assert_eq!(live.next_of("deleted").await["type"], "deleted");
        app.admin(&format!("{LIST}/{id}/live")).send().await.error(404, "not_found").await;
    }

    async fn a_conversation_goes_out_as_json_csv_and_text_and_the_log_tells_who_took_it(backend) {
        let app = start(backend).await;
        let key = shop(&app).await;
        let id = talk(&app, &key, "s1", "=1+1", "Two, \"of course\"").await;
        let get = async |query: &str| {
            app.admin(&format!("{LIST}/{id}/export{query}")).send().await.expect(200).await
        };
        assert_eq!(get("").await.json().await["messages"][0]["content"], "=1+1");
        let csv = get("?format=csv").await;
        assert!(csv.header("content-disposition").contains(".csv"));
        let csv = csv.text().await;
        assert_eq!(csv.lines().count(), 3, "{csv}");
        assert!(csv.contains(",\"'=1+1\",") && csv.contains("\"Two, \"\"of course\"\"\""), "{csv}");
        let txt = get("?format=txt").await.text().await;
        assert!(txt.contains("Visitor:\n=1+1\n"), "{txt}");
        let path = format!("{LIST}/{id}/export?format=xml");
        app.admin(&path).send().await.error(400, "invalid_request").await;
        let log = read(&app, "/api/audit-log?action=conversation.exported").await;
        assert_eq!((&log["total"], &log["items"][0]["subject_id"]), (&json!(3), &json!(id)));
    }

    async fn what_the_filters_let_pass_goes_out_whole(backend) {
        let app = start(backend).await;
        let (key, other) = (shop(&app).await, shop(&app).await);
        for n in 0..51 {
            talk(&app, &key, &format!("s{n}"), "Hi", "Yes").await;
        }
        talk(&app, &other, "s", "Hi", "Yes").await;
        let path = format!("{LIST}/export?license_key_id={}", text(&key, "id"));
        let all = read(&app, &path).await;
        assert_eq!(all.as_array().map(Vec::len), Some(51));
        let csv = app.admin(&format!("{path}&format=csv")).send().await.expect(200).await.text().await;
        assert_eq!(csv.lines().count(), 1 + 2 * 51);
        assert_eq!(read(&app, &format!("{LIST}/export?q=nowhere")).await, json!([]));
        assert_eq!(read(&app, "/api/audit-log?action=conversations.exported").await["total"], 3);
    }

    async fn a_removed_conversation_leaves_a_count_and_nothing_of_its_visitor(backend) {
        let app = start(backend).await;
        let key = shop(&app).await;
        let id = talk(&app, &key, "s1", "My secret", "Yes").await;
        let kept = talk(&app, &key, "s2", "Hello", "Yes").await;
        delete(&app, &format!("{LIST}/{id}")).send().await.expect(204).await;
        gone(&app, &id).await;
        assert_eq!(ids(&app, "").await, [kept]);
        let rows = logged(&app, &key, 2).await;
        assert_eq!(logged_question(&rows[1]), ("", "", Value::Null));
        assert_eq!(logged_question(&rows[0]).0, "Hello");
        delete(&app, &format!("{LIST}/{id}")).send().await.error(404, "not_found").await;
        assert_eq!(read(&app, "/api/audit-log?action=conversation.deleted").await["total"], 1);
    }

    async fn a_visitor_is_forgotten_with_all_their_conversations(backend) {
        let app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        let first = talk(&app, &key, "s1", "One", "Yes").await;
        app.clock.advance(Duration::from_secs(40 * 24 * 3600));
        let second = talk(&app, &key, "s1", "Two", "Yes").await;
        assert_ne!(first, second, "the first was idle for too long");
        let kept = talk(&app, &key, "s2", "Three", "Yes").await;
        let told = read(&app, &format!("{LIST}/{second}")).await;
        assert_eq!(told["visitor"]["id"], first.as_str());
        let theirs = ids(&app, &format!("?visitor_id={second}")).await;
        assert_eq!(theirs, [second.clone(), first.clone()]);
        delete(&app, &format!("/api/visitors/{second}")).send().await.expect(204).await;
        assert_eq!(ids(&app, "").await, [kept]);
        let rows = logged(&app, &key, 3).await;
        let questions: Vec<_> = rows.iter().map(|row| logged_question(row).0).collect();
        assert_eq!(questions, ["Three", "", ""]);
        delete(&app, &format!("/api/visitors/{second}")).send().await.error(404, "not_found").await;
        assert_eq!(read(&app, "/api/audit-log?action=visitor.deleted").await["total"], 1);
    }

    async fn conversations_are_for_those_who_may_read_and_removed_by_those_who_may_write(backend) {
        let app = start(backend).await;
        let key = shop(&app).await;
        let id = talk(&app, &key, "s1", "Hi", "Yes").await;
        let at = |more: &str| format!("{LIST}/{id}{more}");
        let reads = [LIST.to_owned(), at(""), at("/export"), format!("{LIST}/export")];
        let changes = [at(""), format!("/api/visitors/{id}")];
        let mut routes: Vec<_> = reads.iter().map(|path| ("GET", path.as_str())).collect();
        let live = at("/live");
        routes.push(("GET", &live));
        routes.extend(changes.iter().map(|path| ("DELETE", path.as_str())));
        strangers_stay_out(&app, &routes).await;
        let body = json!({"label": "Reader", "scopes": ["read"]});
        let made = post(&app, "/api/api-keys", body).send().await.expect(201).await.json().await;
        let bearer = format!("Bearer {}", text(&made, "key"));
        for path in &reads {
            app.get(path).header("Authorization", &bearer).send().await.expect(200).await;
        }
        for path in &changes {
            let call = app.client().request(Method::DELETE, path).header("Authorization", &bearer);
            call.send().await.error(403, "forbidden").await;
        }
    }

    async fn a_conversation_names_its_key_and_the_agent_that_answered_last(backend) {
        let app = start(backend).await;
        let agent = json!({"name": "Own", "provider": "openai", "model": "m", "base_url": app.upstream.base_url()});
        let agent = post(&app, "/api/agents", agent).send().await.expect(201).await;
        let agent: Value = agent.json().await;
        let key = make_key(&app, json!({"name": "Shop", "agent_id": agent["id"]})).await;
        let id = talk(&app, &key, "s1", "Hi", "Yes").await;
        let shown = async || {
            let listed = read(&app, LIST).await["items"][0].clone();
            let one = read(&app, &format!("{LIST}/{id}")).await;
            let fields = ["license_key_name", "agent_id", "agent_name"];
            assert!(fields.iter().all(|field| listed.get(field) == one.get(field)), "{listed} {one}");
            fields.map(|field| listed[field].clone())
        };
        assert_eq!(shown().await, [json!("Shop"), agent["id"].clone(), json!("Own")]);
        change_key(&app, &key, json!({"agent_id": null})).await;
        let path = format!("/api/agents/{}", text(&agent, "id"));
        delete(&app, &path).send().await.expect(204).await;
        assert_eq!(shown().await, [json!("Shop"), agent["id"].clone(), Value::Null]);
    }
}
