//! The OpenAI dialect: the same keys, limits, agents and log, in the shapes of that API.

use serde_json::{Value, json};
use system_tests::app::{WIDGET_KEY, text};
use system_tests::{Answer, Call, Reply, TestApp, both};

use crate::kit::*;

const COMPLETIONS: &str = "/v1/chat/completions";

fn complete(app: &TestApp, key: &str, body: impl Into<Value>) -> Call {
    let call = app.client().request(reqwest::Method::POST, COMPLETIONS);
    let call = call.header("Authorization", &format!("Bearer {key}"));
    call.header("Content-Type", "application/json").raw_body(body.into().to_string())
}

fn says(text: &str) -> Value {
    json!({"model": "default", "messages": [{"role": "user", "content": text}]})
}

/// The chunks of a stream; it must have come to its end.
async fn chunks(answer: Answer) -> Vec<Value> {
    assert_eq!(answer.header("content-type"), "text/event-stream; charset=utf-8");
    let body = answer.text().await;
    let mut lines: Vec<&str> = body.split_terminator("\n\n").collect();
    assert_eq!(lines.pop(), Some("data: [DONE]"), "{body}");
    lines
        .iter()
        .map(|line| serde_json::from_str(line.strip_prefix("data: ").unwrap()).unwrap())
        .collect()
}

/// What must not be: an error in this dialect's shape.
async fn refused(call: Call, status: u16, code: &str) -> Value {
    let answer = call.send().await.expect(status).await;
    let body = answer.json().await;
    assert_eq!(body["error"]["code"], code, "{body}");
    assert!(body["error"]["message"].is_string() && body["error"]["type"].is_string(), "{body}");
    assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
    body
}

both! {
    async fn an_answer_in_one_piece_has_the_shape_of_the_dialect(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::tokens(&["Hello", " there."]));
        let call = complete(&app, WIDGET_KEY, says("Hi"));
        let answer = call.send().await.expect(200).await.json().await;
        assert_eq!((&answer["object"], &answer["model"]), (&json!("chat.completion"), &json!("default")));
        let choice = &answer["choices"][0];
        assert_eq!(choice["message"], json!({"role": "assistant", "content": "Hello there."}));
        assert_eq!((&choice["index"], &choice["finish_reason"]), (&json!(0), &json!("stop")));
        assert!(text(&answer, "id").starts_with("chatcmpl-"));
        assert_eq!(answer["created"], 1_781_524_800);
    }

    async fn a_stream_has_the_chunks_of_the_dialect(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::tokens(&["Hel", "lo."]));
        let mut body = says("Hi");
        body["stream"] = true.into();
        body["stream_options"] = json!({"include_usage": true});
        let chunks = chunks(complete(&app, WIDGET_KEY, body).send().await.expect(200).await).await;
        let said: String = chunks.iter()
            .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect();
        assert_eq!(said, "Hello.");
        assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
        assert!(chunks.iter().all(|chunk| chunk["object"] == "chat.completion.chunk"));
        let ends: Vec<&Value> = chunks.iter()
            .filter(|chunk| !chunk["choices"][0]["finish_reason"].is_null()).collect();
        assert_eq!(ends.len(), 1);
        assert_eq!(ends[0]["choices"][0]["finish_reason"], "stop");
    }

    async fn without_a_user_the_messages_are_the_conversation(backend) {
        let app = TestApp::start(backend).await;
        let body = json!({"messages": [
            {"role": "system", "content": "Say that you are a pirate."},
            {"role": "user", "content": "One"},
            {"role": "assistant", "content": "Two"},
            {"role": "tool", "content": "{}"},
            {"role": "user", "content": [{"type": "text", "text": "Three"}, {"type": "text", "text": "four"}]},
        ], "temperature": 2, "tools": [], "made_up": 1});
        complete(&app, WIDGET_KEY, body).send().await.expect(200).await;
        let seen = app.upstream.seen(0).await.messages();
        let said: Vec<(&str, &str)> = seen.iter().map(|(r, t)| (r.as_str(), t.as_str())).collect();
        assert_eq!(said[1..], [("user", "One"), ("assistant", "Two"), ("user", "Three\nfour")]);
        assert!(!said[0].1.contains("pirate"), "instructions are the admin's: {}", said[0].1);
        complete(&app, WIDGET_KEY, says("Alone")).send().await.expect(200).await;
        assert_eq!(app.upstream.seen(1).await.messages().len(), 2);
        let list = app.admin("/v1/admin/conversations").send().await.expect(200).await.json().await;
        assert_eq!(list["conversations"].as_array().unwrap().len(), 2, "{list}");
    }

    async fn with_a_user_the_conversation_goes_on(backend) {
        let app = TestApp::start(backend).await;
        let body = |said: &str| {
            let mut body = says(said);
            body["user"] = "u-1".into();
            body
        };
        complete(&app, WIDGET_KEY, body("One")).send().await.expect(200).await;
        complete(&app, WIDGET_KEY, body("Two")).send().await.expect(200).await;
        let seen = app.upstream.seen(1).await.messages();
        let said: Vec<&str> = seen[1..].iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(said, ["One", "Hello from the model.", "Two"]);
        let mut bad = body("Three");
        bad["user"] = "not a session".into();
        let body = refused(complete(&app, WIDGET_KEY, bad), 400, "invalid_request").await;
        assert_eq!(body["error"]["param"], "user");
    }

    async fn a_license_key_holds_here_as_anywhere(backend) {
        let app = TestApp::start(backend).await;
        let key = make_key(&app, json!({"name": "k", "monthly_usage_limit": 1,
            "restriction": "websites", "websites": ["https://shop.example"]})).await;
        let asks = || complete(&app, &text(&key, "key"), says("Hi"));
        refused(asks(), 403, "origin_not_allowed").await;
        asks().origin("https://shop.example").send().await.expect(200).await;
        refused(asks().origin("https://shop.example"), 429, "monthly_limit_reached").await;
        let rows = logged(&app, &key, 3).await;
        let statuses: Vec<&Value> = rows.iter().map(|row| &row["status"]).collect();
        assert!(statuses.contains(&&json!("ok")) && statuses.contains(&&json!("refused")), "{rows:?}");
        refused(complete(&app, "nobodys-key-0123456789abcdef", says("Hi")), 401, "unauthorized").await;
        let without = complete(&app, "", says("Hi")).without("authorization");
        refused(without, 401, "unauthorized").await;
    }

    async fn a_model_is_an_agent(backend) {
        let app = TestApp::start(backend).await;
        let agent = json!({"name": "Support", "provider": "openai", "base_url": app.upstream.base_url(),
            "model": "m", "instructions": "You are Support."});
        let agent: Value = post(&app, "/api/agents", agent).send().await.expect(201).await.json().await;
        let (id, name) = (text(&agent, "id"), "Support");
        for model in [id.as_str(), name] {
            let body = json!({"model": model, "messages": [{"role": "user", "content": "Hi"}]});
            complete(&app, WIDGET_KEY, body).send().await.expect(200).await;
        }
        for n in 0..2 {
            assert!(app.upstream.seen(n).await.messages()[0].1.starts_with("You are Support."));
        }
        let other = json!({"model": "gpt-4", "messages": [{"role": "user", "content": "Hi"}]});
        let answer = refused(complete(&app, WIDGET_KEY, other), 403, "agent_not_allowed").await;
        assert_eq!(answer["error"]["param"], "model", "{answer}");
        let models = |key: &str| app.get("/v1/models").header("Authorization", &format!("Bearer {key}"));
        let ids = |list: &Value| -> Vec<String> {
            list["data"].as_array().unwrap().iter().map(|model| text(model, "id")).collect()
        };
        let list = models(WIDGET_KEY).send().await.expect(200).await.json().await;
        assert_eq!(ids(&list), ["default", "demo", &id]);
        let names: Vec<&Value> = list["data"].as_array().unwrap().iter().map(|model| &model["name"]).collect();
        assert_eq!(names, ["Demo", "Demo", "Support"]);
        let bound = make_key(&app, json!({"name": "k", "agent_id": "demo"})).await;
        let list = models(&text(&bound, "key")).send().await.expect(200).await.json().await;
        assert_eq!(ids(&list), ["default", "demo"]);
        let away = json!({"model": id, "messages": [{"role": "user", "content": "Hi"}]});
        refused(complete(&app, &text(&bound, "key"), away), 403, "agent_not_allowed").await;
        refused(models("nobodys-key-0123456789abcdef"), 401, "unauthorized").await;
    }

    async fn what_is_wrong_is_named(backend) {
        let app = TestApp::start(backend).await;
        let message = |content: Value| json!({"messages": [{"role": "user", "content": content}]});
        for (body, param) in [
            (json!({}), "messages"),
            (json!({"messages": []}), "messages"),
            (message("".into()), "messages[0].content"),
            (message("x".repeat(4001).into()), "messages[0].content"),
            (message(json!([{"type": "image_url", "image_url": {"url": "x"}}])), "messages[0].content"),
            (json!({"messages": [{"role": "assistant", "content": "x"}]}), "messages[0].role"),
            (json!({"n": 2, "messages": [{"role": "user", "content": "x"}]}), "n"),
        ] {
            let answer = refused(complete(&app, WIDGET_KEY, body.clone()), 400, "invalid_request").await;
            assert_eq!(answer["error"]["param"], param, "{body}: {answer}");
        }
        complete(&app, WIDGET_KEY, message("x".repeat(4000).into())).send().await.expect(200).await;
        let broken = complete(&app, WIDGET_KEY, json!({})).raw_body("{");
        refused(broken, 400, "invalid_request").await;
        let long = json!({"messages": vec![json!({"role": "user", "content": "x"}); 1001]});
        refused(complete(&app, WIDGET_KEY, long), 400, "invalid_request").await;
        let huge = message("x".repeat(1024 * 1024).into());
        let answer = refused(complete(&app, WIDGET_KEY, huge), 413, "payload_too_large").await;
        assert!(text(&answer["error"], "message").contains("1 MiB"), "{answer}");
        for (method, path, status) in [
            (reqwest::Method::POST, "/v1/embeddings", 404),
            (reqwest::Method::POST, "/v1/responses", 404),
            (reqwest::Method::GET, "/v1/models/demo", 404),
            (reqwest::Method::DELETE, "/v1/models", 405),
        ] {
            let answer = app.client().request(method, path).send().await.expect(status).await.json().await;
            assert!(answer["error"]["message"].is_string(), "{path}: {answer}");
        }
        let wrong = app.get(COMPLETIONS).send().await.expect(405).await.json().await;
        assert_eq!(wrong["error"]["code"], "method_not_allowed");
    }

    async fn what_the_model_server_breaks_is_told_in_the_stream(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::status(500)).then(Reply::status(500)).then(Reply::status(500));
        let answer = refused(complete(&app, WIDGET_KEY, says("Hi")), 502, "upstream_failed").await;
        assert_eq!(answer["error"]["message"], "The model server failed to answer", "no detail for visitors");
    }

    async fn sources_are_told_beside_the_answer(backend) {
        let app = TestApp::with(backend).builtin().start().await;
        let question = says("Which databases can Natter use?");
        let answer = complete(&app, WIDGET_KEY, question.clone()).send().await.expect(200).await.json().await;
        assert!(text(&answer["sources"][0], "url").starts_with("/docs/"), "{answer}");
        let mut streamed = question;
        streamed["stream"] = true.into();
        let chunks = chunks(complete(&app, WIDGET_KEY, streamed).send().await.expect(200).await).await;
        assert!(chunks.iter().any(|chunk| chunk["sources"] == answer["sources"]));
    }

    async fn a_conversation_without_a_user_is_nobodys_to_read(backend) {
        let app = TestApp::start(backend).await;
        let answer = complete(&app, WIDGET_KEY, says("My secret")).send().await.expect(200).await.json().await;
        let id = text(&answer, "id").replace("chatcmpl-", "");
        // The ids of one moment follow each other; the session's name must not be among them.
        let alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let (head, last) = id.split_at(id.len() - 1);
        let at = alphabet.find(last).unwrap();
        for near in at.saturating_sub(6)..(at + 6).min(alphabet.len()) {
            let guess = format!("completion:{head}{}", &alphabet[near..=near]);
            assert_eq!(app.current(&guess).await, Value::Null, "{guess}");
        }
    }

    async fn an_unknown_model_is_a_refusal_in_the_log(backend) {
        let app = TestApp::start(backend).await;
        let key = make_key(&app, json!({"name": "k"})).await;
        let body = json!({"model": "gpt-x", "messages": [{"role": "user", "content": "Hi"}]});
        refused(complete(&app, &text(&key, "key"), body), 403, "agent_not_allowed").await;
        let rows = logged(&app, &key, 1).await;
        assert_eq!((&rows[0]["status"], &rows[0]["code"]), (&json!("refused"), &json!("agent_not_allowed")));
    }
}
