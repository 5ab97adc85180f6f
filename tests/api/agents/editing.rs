//! What admins do to agents.

use super::*;
use system_tests::both;

both! {
    async fn an_agent_has_what_it_was_given_and_no_key_is_ever_shown(backend) {
        let app = TestApp::start(backend).await;
        let given = json!({
            "name": "  Support ", "description": "d", "instructions": "i", "provider": "anthropic",
            "base_url": "http://127.0.0.1:9/v1", "model": "m", "api_key": "sk-very-secret",
            "temperature": 0.5, "max_output_tokens": 100, "history_messages": 4,
            "data_source_ids": ["guide"], "is_active": false, "fallback_message": "f",
        });
        let answer = post(&app, AGENTS, given).send().await.expect(201).await;
        let made: Value = answer.json().await;
        assert_eq!(made["name"], "Support");
        assert_eq!(made["has_api_key"], true);
        assert_eq!((&made["temperature"], &made["max_output_tokens"]), (&json!(0.5), &json!(100)));
        assert_eq!(read(&app, &agent_path(&made)).await, made);
        for path in [AGENTS, "/api/audit-log"] {
            let shown = read(&app, path).await.to_string();
            assert!(!shown.contains("sk-very-secret"), "{shown}");
        }
        let removed = change_agent(&app, &made, json!({"api_key": null})).await;
        assert_eq!(removed["has_api_key"], false);
    }

    async fn a_stored_key_goes_to_no_other_server_than_it_was_given_for(backend) {
        let app = TestApp::start(backend).await;
        let agent = make_agent(&app, "a").await;
        change_agent(&app, &agent, json!({"api_key": "sk-1"})).await;
        let path = agent_path(&agent);
        let elsewhere = json!({"base_url": "http://127.0.0.1:9/v1"});
        refused_field(patch(&app, &path, elsewhere), "api_key").await;
        refused_field(patch(&app, &path, json!({"provider": "anthropic"})), "api_key").await;
        let again = json!({"base_url": "http://127.0.0.1:9/v1", "api_key": "sk-2"});
        patch(&app, &path, again).send().await.expect(200).await;
    }

    async fn only_secrets_that_are_meant_for_it_are_taken_from_the_environment(backend) {
        let app = TestApp::with(backend).set("NATTER_SECRET_MODEL", "sk-env").start().await;
        let agent = make_agent(&app, "a").await;
        let path = agent_path(&agent);
        for name in ["NATTER_MASTER_KEY", "ADMIN_API_KEY", "PATH", "DATABASE_URL", "", "natter_secret_model"] {
            refused_field(patch(&app, &path, json!({"api_key_env": name})), "api_key_env").await;
        }
        // The server's own key goes where the environment says, and nowhere else.
        refused_field(patch(&app, &path, json!({"api_key_env": "OPENAI_API_KEY"})), "api_key_env").await;
        refused_field(patch(&app, &path, json!({"api_key_env": "NATTER_SECRET_NONE"})), "api_key_env").await;
        change_agent(&app, &agent, json!({"api_key_env": "NATTER_SECRET_MODEL"})).await;
        let key = make_key(&app, json!({"name": "k", "agent_id": agent["id"]})).await;
        ask_with(&app, &key, "s1", json!({})).await.expect(200).await;
        assert_eq!(app.upstream.seen(0).await.header("authorization"), Some("Bearer sk-env"));
    }

    async fn a_secret_that_is_bound_to_a_host_goes_to_no_other(backend) {
        let app = TestApp::with(backend)
            .set("NATTER_SECRET_HERE", "sk-here").set("NATTER_SECRET_HERE_HOST", "127.0.0.1")
            .set("NATTER_SECRET_PORT", "sk-port").set("NATTER_SECRET_PORT_HOST", "127.0.0.1:9")
            .set("NATTER_SECRET_AWAY", "sk-away").set("NATTER_SECRET_AWAY_HOST", "models.example")
            .start().await;
        let agent = make_agent(&app, "a").await;
        let path = agent_path(&agent);
        for name in ["NATTER_SECRET_AWAY", "NATTER_SECRET_PORT"] {
            refused_field(patch(&app, &path, json!({"api_key_env": name})), "api_key_env").await;
        }
        change_agent(&app, &agent, json!({"api_key_env": "NATTER_SECRET_HERE"})).await;
        let moved = json!({"base_url": "https://evil.example/v1"});
        refused_field(patch(&app, &path, moved), "api_key_env").await;
        let fine = json!({"base_url": "https://MODELS.example/v1", "api_key_env": "NATTER_SECRET_AWAY"});
        change_agent(&app, &agent, fine).await;
        let fine = json!({"base_url": "http://127.0.0.1:9/v1", "api_key_env": "NATTER_SECRET_PORT"});
        change_agent(&app, &agent, fine).await;
    }

    async fn what_is_wrong_is_named_by_its_field_at_each_edge(backend) {
        let app = TestApp::start(backend).await;
        let agent = make_agent(&app, "a").await;
        let path = agent_path(&agent);
        let long = |n: usize| Value::from("x".repeat(n));
        for (field, bad, good) in [
            ("name", long(121), long(120)),
            ("description", long(2001), long(2000)),
            ("instructions", long(20_001), long(20_000)),
            ("model", long(201), long(200)),
            ("fallback_message", long(2001), long(2000)),
            ("temperature", json!(2.01), json!(2)),
            ("temperature", json!(-0.1), json!(0)),
            ("max_output_tokens", json!(0), json!(1)),
            ("max_output_tokens", json!(1_000_001), json!(1_000_000)),
            ("history_messages", json!(1001), json!(1000)),
            ("history_messages", json!(-1), json!(0)),
            ("data_source_ids", json!(["nothing"]), json!(["guide"])),
            ("provider", json!("gpt"), json!("openai")),
            ("api_key", json!("a b"), json!("ab")),
            ("api_key", json!(""), Value::Null),
        ] {
            refused_field(patch(&app, &path, json!({field: bad})), field).await;
            change_agent(&app, &agent, json!({field: good})).await;
        }
        for address in ["ftp://x/v1", "http://u:p@x/v1", "http://x/v1?a=b", "http://x/#a", "x"] {
            refused_field(patch(&app, &path, json!({"base_url": address})), "base_url").await;
        }
        refused_field(patch(&app, &path, json!({"colour": "red"})), "colour").await;
        refused_field(post(&app, AGENTS, json!({})), "name").await;
    }

    async fn two_admins_do_not_overwrite_each_other(backend) {
        let app = TestApp::start(backend).await;
        let agent = make_agent(&app, "a").await;
        let first = change_agent(&app, &agent, json!({"version": agent["version"], "name": "b"})).await;
        let stale = patch(&app, &agent_path(&agent), json!({"version": agent["version"], "name": "c"}));
        let body = stale.send().await.error(409, "version_conflict").await;
        assert_eq!((&body["current"]["name"], &body["current"]["version"]), (&json!("b"), &first["version"]));
    }

    async fn there_is_always_one_default_and_no_key_loses_its_agent(backend) {
        let app = TestApp::start(backend).await;
        let agent = make_agent(&app, "a").await;
        let refused = delete(&app, &format!("{AGENTS}/demo")).send().await;
        refused.error(400, "invalid_request").await;
        let mut keys = Vec::new();
        for n in 1..=7 {
            keys.push(make_key(&app, json!({"name": format!("k{n}"), "agent_id": agent["id"]})).await);
        }
        let refused = delete(&app, &agent_path(&agent)).send().await;
        let body = refused.error(400, "invalid_request").await;
        let names = r#""k1", "k2", "k3", "k4", "k5" and 2 more."#;
        assert!(text(&body, "message").contains(names), "it says which keys: {body}");
        for key in &keys {
            change_key(&app, key, json!({"agent_id": null})).await;
        }
        change_agent(&app, &agent, json!({"is_default": true})).await;
        delete(&app, &format!("{AGENTS}/demo")).send().await.expect(204).await;
        let list = read(&app, AGENTS).await;
        assert_eq!((&list["total"], &list["items"][0]["is_default"]), (&json!(1), &json!(true)));
    }

    async fn an_edited_agent_is_what_its_admin_made_it_and_not_what_the_environment_says(backend) {
        let app = TestApp::start(backend).await;
        let demo = read(&app, &format!("{AGENTS}/demo")).await;
        assert_eq!((&demo["provider"], &demo["effective_provider"]), (&json!("builtin"), &json!("openai")));
        let edited = change_agent(&app, &demo, json!({"description": "mine now"})).await;
        assert_eq!(edited["effective_provider"], "builtin");
        app.ask("s1", "Which databases can I use?").send().await.expect(200).await.events().await;
        assert_eq!(app.upstream.count(), 0);
    }
}
