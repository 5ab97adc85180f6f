//! What the API is sent.

use super::*;
use system_tests::{FakeUpstream, both};

/// The messages of an agent's trial with this history, as (role, content).
async fn sent(app: &TestApp, n: usize, history: Value) -> Vec<(String, String)> {
    app.upstream.then(whole("Yes."));
    let body = json!({"message": "Now", "history": history});
    admin_posts(app, "/api/agents/demo/try", &body).await.expect(200).await.events().await;
    app.upstream.seen(n).await.messages()
}

fn pairs(messages: &[(&str, &str)]) -> Vec<(String, String)> {
    messages.iter().map(|&(role, content)| (role.to_owned(), content.to_owned())).collect()
}

both! {
    async fn a_question_goes_out_as_the_protocol_wants_it(backend) {
        let app = claude(backend).start().await;
        answered(&app, "s1", whole("Yes.")).await;
        let seen = app.upstream.seen(0).await;
        assert_eq!(seen.path, "/v1/messages");
        for (name, value) in [
            ("x-api-key", Some("the-model-servers-key")),
            ("anthropic-version", Some("2023-06-01")),
            ("content-type", Some("application/json")),
            ("accept", Some("text/event-stream")),
            ("authorization", None),
        ] {
            assert_eq!(seen.header(name), value, "{name}");
        }
        let mut fields: Vec<&str> =
            seen.body.as_object().unwrap().keys().map(String::as_str).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["max_tokens", "messages", "model", "stream", "system"]);
        assert_eq!((&seen.body["model"], &seen.body["stream"]), (&json!("test-model"), &json!(true)));
        assert!(seen.body["max_tokens"].as_u64().is_some_and(|most| most > 0));
        assert!(text(&seen.body, "system").contains("visitors of a website"));
        assert_eq!(seen.messages(), pairs(&[("user", "Hi")]));
    }

    async fn an_agents_own_settings_go_with_its_questions(backend) {
        let app = claude(backend).start().await;
        let settings = json!({"temperature": 0.25, "max_output_tokens": 100, "instructions": "Be kind."});
        let agent = make_agent(&app, &settings).await;
        app.upstream.then(whole("Yes."));
        let tried = admin_posts(&app, &format!("{agent}/try"), &json!({"message": "Hi"})).await;
        only(&tried.events().await, "done");
        let seen = app.upstream.seen(0).await;
        assert_eq!(seen.header("x-api-key"), Some("sk-ant-secret"));
        assert_eq!((&seen.body["temperature"], &seen.body["max_tokens"]), (&json!(0.25), &json!(100)));
        assert_eq!(seen.body["model"], "m");
        assert!(text(&seen.body, "system").starts_with("Be kind."));
    }

    async fn a_temperature_that_the_protocol_refuses_cannot_be_set(backend) {
        let app = claude(backend).start().await;
        make_agent(&app, &json!({"temperature": 1})).await;
        let hot = json!({"name": "a", "provider": "anthropic", "model": "m", "temperature": 1.1});
        let refused = admin_posts(&app, "/api/agents", &hot).await;
        let body = refused.error(400, "invalid_request").await;
        assert_eq!(system_tests::app::complaints(&body), ["temperature"]);
    }

    async fn a_conversation_begins_with_its_visitor_and_takes_turns(backend) {
        let app = claude(backend).start().await;
        let (you, me) = (|text| json!({"role": "user", "content": text}), |text| json!({"role": "assistant", "content": text}));
        assert_eq!(
            sent(&app, 0, json!([me("Welcome"), you("One"), me("1"), you("Two"), me("2")])).await,
            pairs(&[("user", "One"), ("assistant", "1"), ("user", "Two"), ("assistant", "2"), ("user", "Now")])
        );
        assert_eq!(
            sent(&app, 1, json!([me("Welcome"), me("I am here"), you("One"), you("More")])).await,
            pairs(&[("user", "One\n\nMore\n\nNow")])
        );
        assert_eq!(
            sent(&app, 2, json!([you("One"), me("1"), me("and 2")])).await,
            pairs(&[("user", "One"), ("assistant", "1\n\nand 2"), ("user", "Now")])
        );
    }

    async fn a_question_that_got_no_answer_leaves_the_next_one_in_order(backend) {
        let app = claude(backend).start().await;
        app.upstream.then(refusal(400, "invalid_request_error"));
        app.ask("s1", "First").send().await.error(502, "upstream_failed").await;
        app.upstream.then(whole("Yes."));
        let events = app.ask("s1", "Again").events().await;
        assert_eq!(types(&events).last(), Some(&"done"));
        let messages = app.upstream.seen(1).await.messages();
        assert_eq!(messages.len() % 2, 1, "{messages:?}");
        for (n, (role, content)) in messages.iter().enumerate() {
            assert_eq!(role, ["user", "assistant"][n % 2], "{messages:?}");
            assert!(!content.trim().is_empty(), "{messages:?}");
        }
        assert!(messages.last().unwrap().1.ends_with("Again"));
    }

    async fn the_version_belongs_to_the_address_whether_it_is_written_or_not(backend) {
        let claude_at = FakeUpstream::start().await;
        claude_at.otherwise(whole("Yes."));
        let host = claude_at.base_url().replace("/v1", "");
        let mut app = claude(backend).set("ANTHROPIC_BASE_URL", &host).start().await;
        for (n, (given, path)) in [
            ("", "/v1/messages"),
            ("/", "/v1/messages"),
            ("/v1", "/v1/messages"),
            ("/v1/", "/v1/messages"),
            ("/proxy/anthropic", "/proxy/anthropic/v1/messages"),
            ("/proxy/v1", "/proxy/v1/messages"),
        ]
        .into_iter()
        .enumerate()
        {
            let url = format!("{host}{given}");
            let agent = make_agent(&app, &json!({"base_url": url})).await;
            admin_posts(&app, &format!("{agent}/try"), &json!({"message": "Hi"})).await.events().await;
            assert_eq!(claude_at.seen(2 * n).await.path, path, "an agent's {url}");
            app.kill();
            app.set("ANTHROPIC_BASE_URL", &url);
            app.start_again().await;
            app.ask(&format!("s{n}"), "Hi").events().await;
            assert_eq!(claude_at.seen(2 * n + 1).await.path, path, "the environment's {url}");
        }
    }

    async fn without_a_model_the_first_that_the_api_lists_is_asked(backend) {
        let app = claude(backend).unset("ANTHROPIC_MODEL").start().await;
        app.upstream.models(Reply::status(200).json(&json!({
            "data": [{"type": "model", "id": "claude-first", "display_name": "First", "created_at": "2025-02-19T00:00:00Z"},
                     {"type": "model", "id": "claude-second", "display_name": "Second", "created_at": "2025-02-19T00:00:00Z"}],
            "has_more": true, "first_id": "claude-first", "last_id": "claude-second",
        })));
        answered(&app, "s1", whole("Yes.")).await;
        assert_eq!(app.upstream.seen(0).await.body["model"], "claude-first");
    }
}
