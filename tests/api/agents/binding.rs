//! Which agent answers, and from which data source.

use super::*;
use system_tests::{Reply, both};

both! {
    async fn a_new_installation_has_one_agent_that_answers_from_the_guide(backend) {
        let app = TestApp::with(backend).builtin().start().await;
        let list = read(&app, AGENTS).await;
        assert_eq!(list["total"], 1);
        let demo = &list["items"][0];
        assert_eq!((&demo["id"], &demo["is_default"]), (&json!("demo"), &json!(true)));
        assert_eq!((&demo["name"], &demo["provider"]), (&json!("Demo"), &json!("builtin")));
        assert_eq!(demo["data_source_ids"], json!(["guide"]));
    }

    async fn a_bound_key_is_answered_by_its_agent_and_no_other(backend) {
        let app = TestApp::start(backend).await;
        let (own, other) = (make_agent(&app, "Own").await, make_agent(&app, "Other").await);
        change_agent(&app, &own, json!({"instructions": "You are Own."})).await;
        let key = make_key(&app, json!({"name": "k", "agent_id": own["id"]})).await;
        ask_with(&app, &key, "s1", json!({})).await.expect(200).await;
        let seen = app.upstream.seen(0).await;
        assert!(seen.messages()[0].1.starts_with("You are Own."), "{:?}", seen.messages());
        ask_with(&app, &key, "s2", json!({"agentId": own["id"]})).await.expect(200).await;
        let refused = ask_with(&app, &key, "s3", json!({"agentId": other["id"]})).await;
        refused.error(403, "agent_not_allowed").await;
        let log = read(&app, &format!("{}/usage", path_of(&key))).await;
        let rows = log["items"].as_array().unwrap();
        assert!(rows.iter().any(|row| row["agent_id"] == own["id"]), "{log}");
    }

    async fn an_unbound_key_may_choose_and_else_gets_the_default(backend) {
        let app = TestApp::start(backend).await;
        let chosen = make_agent(&app, "Chosen").await;
        change_agent(&app, &chosen, json!({"instructions": "You are Chosen."})).await;
        let key = make_key(&app, json!({"name": "k"})).await;
        ask_with(&app, &key, "s1", json!({"agentId": chosen["id"]})).await.expect(200).await;
        assert!(app.upstream.seen(0).await.messages()[0].1.starts_with("You are Chosen."));
        ask_with(&app, &key, "s2", json!({})).await.expect(200).await;
        assert!(!app.upstream.seen(1).await.messages()[0].1.starts_with("You are Chosen."));
        change_agent(&app, &chosen, json!({"is_default": true})).await;
        ask_with(&app, &key, "s3", json!({})).await.expect(200).await;
        assert!(app.upstream.seen(2).await.messages()[0].1.starts_with("You are Chosen."));
        let gone = ask_with(&app, &key, "s4", json!({"agentId": "nobody"})).await;
        gone.error(403, "agent_not_allowed").await;
    }

    async fn an_agent_that_is_switched_off_answers_nobody(backend) {
        let app = TestApp::start(backend).await;
        let agent = make_agent(&app, "Off").await;
        change_agent(&app, &agent, json!({"is_active": false})).await;
        let bound = make_key(&app, json!({"name": "k", "agent_id": agent["id"]})).await;
        ask_with(&app, &bound, "s1", json!({})).await.error(403, "agent_inactive").await;
        let free = make_key(&app, json!({"name": "free"})).await;
        let named = ask_with(&app, &free, "s2", json!({"agentId": agent["id"]})).await;
        named.error(403, "agent_inactive").await;
        assert_eq!(app.upstream.count(), 0);
        change_agent(&app, &agent, json!({"is_active": true})).await;
        ask_with(&app, &bound, "s3", json!({})).await.expect(200).await;
    }

    async fn a_source_that_is_not_the_agents_is_not_drawn_on(backend) {
        let app = TestApp::start(backend).await;
        let agent = make_agent(&app, "Without sources").await;
        let key = make_key(&app, json!({"name": "k", "agent_id": agent["id"]})).await;
        let other = ask_with(&app, &key, "s1", json!({"dataSourceId": "guide"})).await;
        other.error(403, "data_source_not_allowed").await;
        let both = make_key(&app, json!({"name": "b", "agent_id": agent["id"], "data_source_id": "guide"})).await;
        app.upstream.then(Reply::tokens(&["Yes."]));
        ask_with(&app, &both, "s2", json!({"message": "Which databases can I use?"})).await.expect(200).await;
        let system = app.upstream.seen(0).await.messages()[0].1.clone();
        assert!(system.contains("<passage source="), "a bound source is drawn on by any agent: {system}");
    }
}
