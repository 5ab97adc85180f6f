//! What an admin reads: conversations, newest first.

use std::time::Duration;

use serde_json::{Value, json};
use system_tests::app::{START_MS, only, text, usable_key};
use system_tests::{Reply, TestApp, both};

const LIST: &str = "/v1/admin/conversations";

async fn list(app: &TestApp, query: &str) -> Value {
    app.admin(&format!("{LIST}{query}")).send().await.expect(200).await.json().await
}

fn sessions(list: &Value) -> Vec<String> {
    let conversations = list["conversations"].as_array().expect("a list");
    conversations.iter().map(|c| text(c, "sessionId")).collect()
}

/// Conversations of sessions s1, s2, …, one second apart.
async fn chats(app: &TestApp, count: usize) {
    for n in 1..=count {
        app.ask(&format!("s{n}"), &format!("Question {n}")).events().await;
        app.clock.advance(Duration::from_secs(1));
    }
}

both! {
    async fn an_empty_installation_lists_nothing(backend) {
        let app = TestApp::start(backend).await;
        let list = list(&app, "").await;
        assert_eq!((&list["conversations"], &list["total"]), (&json!([]), &json!(0)));
    }

    async fn a_summary_has_the_shape_that_older_dashboards_know(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::tokens(&["The answer"]));
        let events = app.ask("s1", "Hi").events().await;
        let list = list(&app, "").await;
        assert_eq!(list["total"], 1);
        let summary = &list["conversations"][0];
        assert_eq!(summary["_id"], only(&events, "start")["conversationId"]);
        assert_eq!(summary["sessionId"], "s1");
        for field in ["_creationTime", "createdAt", "updatedAt"] {
            assert_eq!(summary[field], START_MS, "{field} in {summary}");
        }
        assert_eq!(summary["lastMessage"], "The answer");
        assert_eq!(summary["messageCount"], 2);
        assert_eq!(summary["licenseKeyId"], Value::Null);
    }

    async fn the_last_message_is_cut_at_500_units_and_never_inside_a_character(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::tokens(&[&format!("x{}", "😀".repeat(400))]));
        app.ask("s1", "Hi").events().await;
        let list = list(&app, "").await;
        let last = text(&list["conversations"][0], "lastMessage");
        assert!(last.encode_utf16().count() <= 500);
        assert!(last.starts_with("x😀") && !last.contains('\u{fffd}'));
    }

    async fn conversations_are_listed_newest_first_and_limited(backend) {
        let app = TestApp::start(backend).await;
        chats(&app, 3).await;
        app.ask("s1", "Again").events().await;
        assert_eq!(sessions(&list(&app, "").await), ["s1", "s3", "s2"]);
        let two = list(&app, "?limit=2").await;
        assert_eq!(sessions(&two), ["s1", "s3"]);
        assert_eq!(two["total"], 3, "the count before the limit");
        assert_eq!(sessions(&list(&app, "?limit=1").await), ["s1"]);
        assert_eq!(sessions(&list(&app, "?limit=200").await).len(), 3);
    }

    async fn a_cursor_leads_through_all_pages_without_a_gap(backend) {
        let app = TestApp::with(backend).unhurried().start().await;
        for n in 1..=7 {
            // Some at the same moment: the order must hold all the same.
            app.ask(&format!("s{n}"), "Hi").events().await;
            if n % 3 == 0 {
                app.clock.advance(Duration::from_secs(1));
            }
        }
        let all = sessions(&list(&app, "").await);
        let mut paged = Vec::new();
        let mut query = String::from("?limit=2");
        loop {
            let page = list(&app, &query).await;
            assert_eq!(page["total"], 7);
            paged.extend(sessions(&page));
            let Some(cursor) = page["nextCursor"].as_str() else { break };
            query = format!("?limit=2&cursor={cursor}");
            assert!(paged.len() <= 7, "the pages end");
        }
        assert_eq!(paged, all);
    }

    async fn conversations_are_found_by_word_key_and_time(backend) {
        let app = TestApp::start(backend).await;
        let issued = app.issue_key(usable_key()).await;
        app.upstream.then(Reply::tokens(&["Über 100% _sicher_"]));
        app.ask("s1", "Hi").events().await;
        app.clock.advance(Duration::from_secs(10));
        app.ask("s2", "Hi").key(&issued.key).events().await;
        for found in ["?q=%C3%BCber", "?q=SICHER", "?q=100%25", "?q=_sicher"] {
            assert_eq!(sessions(&list(&app, found).await), ["s1"], "{found}");
        }
        for missing in ["?q=100_", "?q=nowhere", "?q=%25%25"] {
            assert_eq!(list(&app, missing).await["total"], 0, "{missing}");
        }
        let by_key = list(&app, &format!("?licenseKeyId={}", issued.id)).await;
        assert_eq!(sessions(&by_key), ["s2"]);
        assert_eq!(by_key["conversations"][0]["licenseKeyId"], issued.id);
        assert_eq!(by_key["total"], 1);
    }

    async fn a_wrong_parameter_is_400_in_the_words_of_the_contract(backend) {
        let app = TestApp::start(backend).await;
        for bad in [
            "?limit=0",
            "?limit=201",
            "?limit=-1",
            "?limit=abc",
            "?limit=1.5",
            "?cursor=nonsense",
            "?from=yesterday",
            "?limit=99999999999999999999",
        ] {
            let body =
                app.admin(&format!("{LIST}{bad}")).send().await.error(400, "invalid_request").await;
            assert_eq!(body["error"], "Invalid query parameters", "{bad}");
        }
    }

    async fn one_conversation_is_shown_with_its_messages_oldest_first(backend) {
        let app = TestApp::start(backend).await;
        let page = json!({"url": "https://shop.example/cart", "title": "Cart", "referrer": ""});
        let call = app.ask("s1", "Q1").set("page", page).set("metadata", json!({"plan": "pro"}));
        let events = call.events().await;
        app.clock.advance(Duration::from_secs(1));
        app.ask("s1", "Q2").events().await;
        let start = only(&events, "start");
        let id = text(start, "conversationId");
        let shown = app.admin(&format!("{LIST}/{id}")).send().await.expect(200).await.json().await;
        assert_eq!(shown["conversation"]["_id"], id.as_str());
        assert_eq!(shown["conversation"]["updatedAt"], START_MS + 1000);
        let messages = shown["messages"].as_array().unwrap();
        let roles: Vec<_> = messages.iter().map(|m| text(m, "role")).collect();
        assert_eq!(roles, ["user", "assistant", "user", "assistant"]);
        assert_eq!(messages[0]["_id"], start["userMessageId"]);
        assert_eq!(messages[0]["conversationId"], id.as_str());
        assert_eq!(messages[0]["content"], "Q1");
        for field in ["_creationTime", "createdAt"] {
            assert_eq!(messages[0][field], START_MS);
            assert_eq!(messages[2][field], START_MS + 1000);
        }
    }

    async fn an_unknown_conversation_is_404_in_the_words_of_the_contract(backend) {
        let app = TestApp::start(backend).await;
        let call = app.admin(&format!("{LIST}/01ARZ3NDEKTSV4RRFFQ69G5FAV"));
        let body = call.send().await.error(404, "not_found").await;
        assert_eq!(body["error"], "Conversation not found");
    }

    async fn what_is_no_conversation_id_is_400_in_the_words_of_the_contract(backend) {
        let app = TestApp::start(backend).await;
        for bad in ["x", "%00", "a%20b", "..%2f..", &"a".repeat(300)] {
            let body = app
                .admin(&format!("{LIST}/{bad}"))
                .send()
                .await
                .error(400, "invalid_request")
                .await;
            assert_eq!(body["error"], "Invalid conversationId", "{bad}");
        }
    }

    async fn a_session_id_is_shown_to_admins_and_nowhere_in_a_visitors_stream(backend) {
        let app = TestApp::start(backend).await;
        let session = "a-session-id-that-is-a-secret";
        let events = app.ask(session, "Hi").events().await;
        let told =
            serde_json::to_string(&events).unwrap() + &app.current(session).await.to_string();
        assert!(!told.contains(session));
    }
}
