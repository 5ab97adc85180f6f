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
        let own = |row: &Value| row["agent_id"] == own["id"] && row["agent_name"] == "Own";
        assert!(rows.iter().any(own), "{log}");
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

    async fn a_key_tells_the_names_of_what_it_is_bound_to_wherever_it_is_shown(backend) {
        let app = TestApp::start(backend).await;
        let agent = make_agent(&app, "Own").await;
        let source = post(&app, "/api/data-sources", json!({"name": "Shelf"}));
        let source: Value = source.send().await.expect(201).await.json().await;
        let names = |key: &Value| {
            let name = |field: &str| key.get(field).cloned().expect("the name, or null");
            (name("agent_name"), name("data_source_name"))
        };
        let shown = async |key: &Value| {
            let list = read(&app, KEYS).await;
            let items = list["items"].as_array().cloned().unwrap();
            let listed = items.into_iter().find(|item| item["id"] == key["id"]).unwrap();
            assert_eq!(names(&listed), names(&read_key(&app, key).await));
            names(&listed)
        };
        let none = (Value::Null, Value::Null);
        let key = make_key(&app, json!({"name": "k"})).await;
        assert_eq!((names(&key), shown(&key).await), (none.clone(), none.clone()));
        let bind = json!({"agent_id": agent["id"], "data_source_id": source["id"]});
        let bound = change_key(&app, &key, bind).await;
        let both = (json!("Own"), json!("Shelf"));
        assert_eq!((names(&bound), shown(&key).await), (both.clone(), both));
        change_agent(&app, &agent, json!({"name": "Renamed"})).await;
        assert_eq!(shown(&key).await, (json!("Renamed"), json!("Shelf")));
        let stale = patch(&app, &path_of(&key), json!({"name": "x", "version": 1})).send().await;
        let stale = stale.error(409, "version_conflict").await;
        assert_eq!(names(&stale["current"]), (json!("Renamed"), json!("Shelf")));
        let again = act(&app, &key, "regenerate", json!({})).await;
        assert_eq!(names(&again), (json!("Renamed"), json!("Shelf")));
        let freed = change_key(&app, &key, json!({"agent_id": null, "data_source_id": null})).await;
        assert_eq!((names(&freed), shown(&key).await), (none.clone(), none));
    }
}
