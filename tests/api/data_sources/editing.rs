//! What admins do to data sources.

use super::*;
use system_tests::both;

both! {
    async fn a_new_installation_has_the_user_guide(backend) {
        let app = TestApp::with(backend).builtin().start().await;
        let list = read(&app, SOURCES).await;
        assert_eq!(list["total"], 1);
        let guide = &list["items"][0];
        assert_eq!((&guide["id"], &guide["kind"]), (&json!("guide"), &json!("documents")));
        assert_eq!((&guide["is_built_in"], &guide["status"]), (&json!(true), &json!("ready")));
        assert!(guide["counts"]["passages"].as_i64().unwrap() > 100, "{guide}");
        let refused = post(&app, &documents_path(guide), json!({"name": "a", "text": "b"}));
        refused.send().await.error(400, "invalid_request").await;
    }

    async fn a_source_is_made_changed_and_removed(backend) {
        let app = TestApp::start(backend).await;
        let made = make_source(&app, "  Shop ").await;
        assert_eq!((&made["name"], &made["version"]), (&json!("Shop"), &json!(1)));
        assert_eq!((&made["status"], &made["is_public"]), (&json!("empty"), &json!(false)));
        let path = source_path(&made);
        let changed: Value = patch(&app, &path, json!({"is_public": true, "version": 1}))
            .send().await.expect(200).await.json().await;
        assert_eq!((&changed["version"], &changed["is_public"]), (&json!(2), &json!(true)));
        let stale = patch(&app, &path, json!({"name": "x", "version": 1})).send().await;
        let error = stale.error(409, "version_conflict").await;
        assert_eq!(error["current"]["version"], 2);
        delete(&app, &path).send().await.expect(204).await;
        app.admin(&path).send().await.error(404, "not_found").await;
        let audit = read(&app, &format!("/api/audit-log?subject_id={}", text(&made, "id"))).await;
        let expected = ["data_source.deleted", "data_source.updated", "data_source.created"];
        assert_eq!(column(&audit, "action"), expected);
    }

    async fn what_is_wrong_is_named_by_its_field_at_each_edge(backend) {
        let app = TestApp::start(backend).await;
        let source = make_source(&app, "a").await;
        let path = source_path(&source);
        let long = |n: usize| Value::from("x".repeat(n));
        for (field, bad, good) in [
            ("name", long(121), long(120)),
            ("name", json!(""), long(1)),
            ("description", long(2001), long(2000)),
            ("is_active", json!("yes"), json!(false)),
            ("kind", json!("folder"), json!("documents")),
        ] {
            refused_field(patch(&app, &path, json!({field: bad})), field).await;
            patch(&app, &path, json!({field: good})).send().await.expect(200).await;
        }
        refused_field(patch(&app, &path, json!({"colour": "red"})), "colour").await;
        refused_field(post(&app, SOURCES, json!({})), "name").await;
    }

    async fn a_source_in_use_is_not_removed(backend) {
        let app = TestApp::start(backend).await;
        let source = make_source(&app, "used").await;
        let agent: Value = post(&app, "/api/agents", json!({"name": "a", "data_source_ids": [source["id"]]}))
            .send().await.expect(201).await.json().await;
        let path = source_path(&source);
        let refused = delete(&app, &path).send().await.error(400, "invalid_request").await;
        assert!(text(&refused, "message").contains("source: \"a\"."), "{refused}");
        patch(&app, &format!("/api/agents/{}", text(&agent, "id")), json!({"data_source_ids": []}))
            .send().await.expect(200).await;
        let key = make_key(&app, json!({"name": "k", "data_source_id": source["id"]})).await;
        let refused = delete(&app, &path).send().await.error(400, "invalid_request").await;
        assert!(text(&refused, "message").contains("source: \"k\"."), "{refused}");
        change_key(&app, &key, json!({"data_source_id": null})).await;
        delete(&app, &path).send().await.expect(204).await;
    }

    async fn no_agent_gets_a_source_that_is_being_removed(backend) {
        let app = TestApp::start(backend).await;
        let agent: Value = post(&app, "/api/agents", json!({"name": "a"}))
            .send().await.expect(201).await.json().await;
        let agent = format!("/api/agents/{}", text(&agent, "id"));
        for _ in 0..30 {
            let source = make_source(&app, "s").await;
            let path = source_path(&source);
            let list = json!({"data_source_ids": [source["id"]]});
            tokio::join!(patch(&app, &agent, list).send(), delete(&app, &path).send());
            let is_gone = api(&app, reqwest::Method::GET, &path).send().await.status == 404;
            let has_it = read(&app, &agent).await["data_source_ids"] == json!([source["id"]]);
            assert_ne!(is_gone, has_it, "either the one was first or the other");
            patch(&app, &agent, json!({"data_source_ids": []})).send().await.expect(200).await;
        }
    }

    async fn a_key_is_bound_to_what_exists(backend) {
        let app = TestApp::start(backend).await;
        let new = |field: &str| post(&app, "/api/license-keys", json!({"name": "k", field: "nothing"}));
        refused_field(new("agent_id"), "agent_id").await;
        refused_field(new("data_source_id"), "data_source_id").await;
        let key = make_key(&app, json!({"name": "k"})).await;
        refused_field(patch(&app, &path_of(&key), json!({"agent_id": "nothing"})), "agent_id").await;
    }

    async fn nobody_but_an_admin_gets_at_data_sources(backend) {
        let app = TestApp::start(backend).await;
        let source = make_source(&app, "a").await;
        let (path, documents) = (source_path(&source), documents_path(&source));
        for path in [SOURCES, &path, &documents, &format!("{path}/imports")] {
            app.get(path).send().await.error(401, "unauthorized").await;
            app.get(path).key(system_tests::app::WIDGET_KEY).send().await.error(401, "unauthorized").await;
        }
        for path in [SOURCES, &documents, &format!("{path}/files"), &format!("{path}/imports")] {
            app.post(path).send().await.error(401, "unauthorized").await;
        }
    }
}
