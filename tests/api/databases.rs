//! Databases as data sources: a model looks up what it may, and nothing else.

use serde_json::{Value, json};
use sqlx::Connection as _;
use system_tests::app::text;
use system_tests::upstream::sse;
use system_tests::{Answer, Backend, Call, Reply, TestApp, both, types};

use crate::kit::*;

const SOURCES: &str = "/api/data-sources";

/// Statements that make a shop's tables, on both databases.
const SHOP: &[&str] = &[
    "CREATE TABLE sales (id INTEGER PRIMARY KEY, customer TEXT, total INTEGER, card_number TEXT)",
    "INSERT INTO sales VALUES (1, 'Ada', 120, 'CANARY-4111'), (2, 'Grace', 80, 'CANARY-4222'), \
     (3, 'Ada', 30, 'CANARY-4333')",
    "CREATE TABLE staff (name TEXT, salary INTEGER)",
    "INSERT INTO staff VALUES ('Eve', 999999)",
];

/// A folder for SQLite files, which goes with the server's data.
fn folder(backend: &Backend) -> std::path::PathBuf {
    let folder = backend.data_dir().join("databases");
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// The address of a PostgreSQL database in a form that names its user, whatever form the tests' is.
fn address(url: &str) -> String {
    let url = url::Url::parse(url).expect("a URL");
    let named =
        |name: &str| url.query_pairs().find(|(n, _)| n == name).map(|(_, v)| v.into_owned());
    let user = named("user").unwrap_or_else(|| url.username().to_owned());
    let password = url.password().map(|p| format!(":{p}")).unwrap_or_default();
    // The tests' own server listens on both.
    let host = match (named("host"), named("port")) {
        (Some(_), port) => format!("127.0.0.1:{}", port.unwrap_or_else(|| String::from("5432"))),
        _ => format!("{}:{}", url.host_str().expect("a host"), url.port().unwrap_or(5432)),
    };
    format!("postgres://{user}{password}@{host}{}", url.path())
}

/// Makes the shop: a file, or tables in the tests' own database.
async fn shop(backend: &Backend) -> Value {
    if backend.is_postgres() {
        let mut conn = sqlx::PgConnection::connect(&backend.url()).await.expect("a connection");
        for sql in SHOP {
            sqlx::query(*sql).execute(&mut conn).await.expect("the shop");
        }
        json!({"engine": "postgres", "connection": address(&backend.url())})
    } else {
        let file = folder(backend).join("shop.db");
        let _ = std::fs::remove_file(&file);
        let url = format!("sqlite:{}?mode=rwc", file.display());
        let mut conn = sqlx::SqliteConnection::connect(&url).await.expect("a connection");
        for sql in SHOP {
            sqlx::query(*sql).execute(&mut conn).await.expect("the shop");
        }
        json!({"engine": "sqlite", "connection": "shop.db"})
    }
}

/// A server with the shop as a data source, and a key of an agent that may look into it.
struct Shop {
    app: TestApp,
    source: Value,
    key: Value,
}

impl Shop {
    async fn open(backend: Backend, provider: &str, settings: Value) -> Self {
        let place = shop(&backend).await;
        let folder = folder(&backend);
        let app = TestApp::with(backend).set("NATTER_DATABASE_DIR", folder.display()).start().await;
        let mut database = json!({"engine": place["engine"],
            "tables": [{"name": "sales", "columns": ["id", "customer", "total"]}]});
        for (name, value) in settings.as_object().into_iter().flatten() {
            database[name] = value.clone();
        }
        let body = json!({"name": "Shop", "kind": "database", "database": database,
            "connection": place["connection"]});
        let source: Value = post(&app, SOURCES, body).send().await.expect(201).await.json().await;
        let agent = json!({"name": "a", "provider": provider, "base_url": app.upstream.base_url(),
            "model": "m", "data_source_ids": [source["id"]]});
        let agent: Value =
            post(&app, "/api/agents", agent).send().await.expect(201).await.json().await;
        let key = make_key(&app, json!({"name": "k", "agent_id": agent["id"]})).await;
        Self { app, source, key }
    }

    fn asks(&self) -> Call {
        let call = self.app.client().request(reqwest::Method::POST, "/v1/chat/stream");
        let call = call.header("X-Api-Key", &text(&self.key, "key"));
        let body =
            json!({"message": "How much did Ada spend?", "sessionId": self.app.clock.ulid()});
        call.header("Content-Type", "application/json").raw_body(body.to_string())
    }

    async fn answered(&self) -> Vec<Value> {
        let answer: Answer = self.asks().send().await.expect(200).await;
        answer.events().await
    }

    /// What the model was told came of its calls, in its `n`th request.
    async fn results(&self, n: usize) -> Vec<String> {
        let body = self.app.upstream.seen(n).await.body.clone();
        let messages = body["messages"].as_array().expect("messages").clone();
        let of_tool = messages.iter().filter(|message| message["role"] == "tool");
        of_tool.map(|message| text(message, "content")).collect()
    }
}

/// A model that calls the tool, its arguments in pieces.
fn calls(sql: &str) -> Reply {
    let arguments = json!({"database": "Shop", "sql": sql}).to_string();
    let mut middle = arguments.len() / 2;
    while !arguments.is_char_boundary(middle) {
        middle += 1;
    }
    let (first, second) = arguments.split_at(middle);
    let piece = |call: Value| {
        sse(
            &json!({"choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": null}]}),
        )
    };
    Reply::stream()
        .bytes(piece(json!({"index": 0, "id": "call_1", "type": "function",
            "function": {"name": "query_database", "arguments": ""}})))
        .bytes(piece(json!({"index": 0, "function": {"arguments": first}})))
        .bytes(piece(json!({"index": 0, "function": {"arguments": second}})))
        .finish("tool_calls")
        .usage(10, 5)
        .done()
}

fn message(events: &[Value]) -> String {
    text(events.last().expect("an end"), "message")
}

both! {
    async fn a_question_is_answered_from_the_database(backend) {
        let shop = Shop::open(backend, "openai", json!({"show_sql": true})).await;
        let sql = "SELECT customer, SUM(total) AS spent FROM sales WHERE customer = 'Ada' GROUP BY customer";
        shop.app.upstream.then(calls(sql)).then(Reply::tokens(&["Ada spent ", "150."]));
        let events = shop.answered().await;
        assert_eq!(types(&events), ["start", "tool", "tool", "token", "token", "token", "sources", "done"]);
        assert_eq!((&events[1]["name"], &events[1]["state"]), (&json!("query_database"), &json!("running")));
        assert_eq!((&events[1]["summary"], &events[2]["state"]), (&json!("Shop"), &json!("done")));
        let said = message(&events);
        assert!(said.starts_with("Ada spent 150.\n\n| customer | spent |\n| --- | --- |\n| Ada | 150 |"), "{said}");
        assert!(said.contains("```sql\nSELECT"), "{said}");
        let cited = json!([{"title": "Shop", "snippet": "", "dataSourceId": shop.source["id"]}]);
        assert_eq!(events[6]["sources"], cited, "it is named, without an address");
        let first = shop.app.upstream.seen(0).await;
        assert!(first.messages()[0].1.contains("<database name=\"Shop\""), "{:?}", first.messages());
        assert!(!first.messages()[0].1.contains("card_number"), "what may not be read is not told");
        assert_eq!(first.body["tools"][0]["function"]["name"], "query_database");
        let results = shop.results(1).await;
        assert_eq!(results, [r#"{"columns":["customer","spent"],"rows":[["Ada","150"]],"truncated":false}"#]);
        let usage = &events.last().unwrap()["usage"];
        assert_eq!((&usage["inputTokens"], &usage["outputTokens"]), (&json!(17), &json!(16)));
    }

    async fn hostile_statements_come_back_with_the_reason_and_read_nothing(backend) {
        let shop = Shop::open(backend, "openai", json!({})).await;
        let hostile = [
            "SELECT card_number FROM sales",
            "SELECT * FROM staff",
            "SELECT customer FROM sales; DROP TABLE sales",
        ];
        for sql in hostile {
            shop.app.upstream.then(calls(sql));
        }
        shop.app.upstream.then(Reply::tokens(&["I cannot say."]));
        let events = shop.answered().await;
        assert_eq!(message(&events), "I cannot say.");
        let results = shop.results(3).await;
        assert_eq!(results.len(), 3);
        assert!(results[0].contains("card_number") && results[1].contains("staff"), "{results:?}");
        assert!(results[2].ends_with("Answer without looking it up."), "three tries: {results:?}");
        assert_eq!(shop.app.upstream.seen(3).await.body["tool_choice"], "none");
        let all = format!("{events:?}{results:?}");
        assert!(!all.contains("CANARY") && !all.contains("999999"), "{all}");
    }

    async fn a_refused_statement_may_be_mended(backend) {
        let shop = Shop::open(backend, "openai", json!({})).await;
        shop.app.upstream
            .then(calls("SELECT costumer FROM sales"))
            .then(calls("SELECT customer FROM sales WHERE id = 2"))
            .then(Reply::tokens(&["Grace."]));
        let said = message(&shop.answered().await);
        assert!(said.starts_with("Grace.") && said.contains("| Grace |"), "{said}");
        assert!(!said.contains("sql"), "the statement is shown only where the admin wants it");
    }

    async fn no_rows_and_a_refusal_are_told_apart(backend) {
        let shop = Shop::open(backend, "openai", json!({})).await;
        shop.app.upstream.then(calls("SELECT customer FROM sales WHERE id = 99")).then(Reply::tokens(&["Nobody."]));
        let events = shop.answered().await;
        assert_eq!(events[2]["summary"], "0");
        assert_eq!(message(&events), "Nobody.\n\nShop: 0", "no table without rows");
        shop.app.upstream.then(calls("SELECT name FROM staff")).then(Reply::tokens(&["No."]));
        let events = shop.answered().await;
        assert_eq!(events[2]["summary"], "refused");
        assert_eq!((message(&events), types(&events).contains(&"sources")), (String::from("No."), false));
    }

    async fn a_model_that_only_calls_tools_gives_an_error_and_no_empty_answer(backend) {
        let shop = Shop::open(backend, "openai", json!({})).await;
        for _ in 0..4 {
            shop.app.upstream.then(calls("SELECT name FROM staff"));
        }
        let silent = Reply::stream().finish("stop").done();
        for _ in 0..2 {
            let events = shop.answered().await;
            let last = events.last().expect("an end");
            assert_eq!((&last["type"], &last["code"]), (&json!("error"), &json!("upstream_failed")), "{events:?}");
            shop.app.upstream.then(calls("SELECT name FROM staff")).then(silent.clone());
        }
    }

    async fn rows_are_capped_and_time_is(backend) {
        let shop = Shop::open(backend, "openai", json!({"max_rows": 2, "timeout_ms": 300})).await;
        shop.app.upstream.then(calls("SELECT id FROM sales ORDER BY id")).then(Reply::tokens(&["Many."]));
        let said = message(&shop.answered().await);
        assert!(said.contains("| 1 |\n| 2 |\n| … |"), "{said}");
        assert!(shop.results(1).await[0].contains("\"truncated\":true"));
        let endless = "SELECT COUNT(*) FROM sales a, sales b, sales c, sales d, sales e, sales f, \
                       sales g, sales h, sales i WHERE a.total + b.total + c.total > d.total * 1000";
        let endless = endless.replace("sales", "(SELECT x.id, x.total FROM sales x, sales y)");
        shop.app.upstream.then(calls(&endless)).then(Reply::tokens(&["Too long."]));
        assert_eq!(message(&shop.answered().await), "Too long.");
        let results = shop.results(3).await;
        assert!(results[0].contains("took too long") || results[0].contains("joins"), "{results:?}");
    }

    async fn nonsense_calls_cost_no_answer(backend) {
        let shop = Shop::open(backend, "openai", json!({})).await;
        let call = |name: &str, arguments: &str| {
            let call = json!({"index": 0, "id": "c", "function": {"name": name, "arguments": arguments}});
            Reply::stream()
                .bytes(sse(&json!({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})))
                .finish("tool_calls").done()
        };
        shop.app.upstream.then(call("rm", "{}")).then(call("query_database", "{\"sql\":"))
            .then(call("query_database", "{\"database\":\"Other\",\"sql\":\"SELECT 1\"}"))
            .then(Reply::tokens(&["Never mind."]));
        assert_eq!(message(&shop.answered().await), "Never mind.");
        // One that calls without end is cut off.
        for _ in 0..8 {
            shop.app.upstream.then(calls("SELECT customer FROM sales WHERE id = 1"));
        }
        let before = shop.app.upstream.count();
        shop.answered().await;
        assert!(shop.app.upstream.count() - before <= 6, "{}", shop.app.upstream.count());
    }

    async fn anthropics_protocol_looks_up_too(backend) {
        let shop = Shop::open(backend, "anthropic", json!({})).await;
        let event = |value: Value| format!("event: {}\ndata: {value}\n\n", text(&value, "type"));
        let sql = json!({"database": "Shop", "sql": "SELECT customer FROM sales WHERE id = 2"}).to_string();
        let first = Reply::stream()
            .bytes(event(json!({"type": "message_start", "message": {"usage": {"input_tokens": 3, "output_tokens": 1}}})))
            .bytes(event(json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})))
            .bytes(event(json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Let me see."}})))
            .bytes(event(json!({"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "t1", "name": "query_database", "input": {}}})))
            .bytes(event(json!({"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": &sql[..9]}})))
            .bytes(event(json!({"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": &sql[9..]}})))
            .bytes(event(json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 9}})))
            .bytes(event(json!({"type": "message_stop"})));
        let second = Reply::stream()
            .bytes(event(json!({"type": "message_start", "message": {"usage": {"input_tokens": 5, "output_tokens": 1}}})))
            .bytes(event(json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Grace."}})))
            .bytes(event(json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}})))
            .bytes(event(json!({"type": "message_stop"})));
        shop.app.upstream.then(first).then(second);
        let said = message(&shop.answered().await);
        assert!(said.starts_with("Let me see.\n\nGrace.\n\n| customer |"), "{said}");
        let body = shop.app.upstream.seen(1).await.body.clone();
        let messages = body["messages"].as_array().unwrap();
        let called = &messages[messages.len() - 2]["content"];
        assert_eq!((&called[0]["text"], &called[1]["type"]), (&json!("Let me see."), &json!("tool_use")));
        assert_eq!(called[1]["input"]["sql"], "SELECT customer FROM sales WHERE id = 2");
        let result = &messages[messages.len() - 1]["content"][0];
        assert_eq!((&result["type"], &result["tool_use_id"]), (&json!("tool_result"), &json!("t1")));
    }

    async fn an_admin_sees_what_is_there_and_never_the_password(backend) {
        let shop = Shop::open(backend, "openai", json!({})).await;
        let path = format!("{SOURCES}/{}", text(&shop.source, "id"));
        let test: Value = post(&shop.app, &format!("{path}/test-connection"), json!({}))
            .send().await.expect(200).await.json().await;
        assert_eq!((&test["ok"], &test["missing"]), (&json!(true), &json!([])), "{test}");
        let sales = test["tables"].as_array().unwrap().iter().find(|table| table["name"] == "sales").unwrap();
        let allowed: Vec<&Value> = sales["columns"].as_array().unwrap().iter()
            .filter(|column| column["is_allowed"] == true).map(|column| &column["name"]).collect();
        assert_eq!(allowed, ["id", "customer", "total"]);
        let wrong = if shop.app.backend().is_postgres() {
            "postgres://nobody:hunter2-secret@127.0.0.1:1/none"
        } else {
            "../natter.db"
        };
        let change = patch(&shop.app, &path, json!({"connection": wrong}));
        if shop.app.backend().is_postgres() {
            change.send().await.expect(200).await;
            let test: Value = post(&shop.app, &format!("{path}/test-connection"), json!({}))
                .send().await.expect(200).await.json().await;
            assert_eq!((&test["ok"], &test["message"]), (&json!(false), &json!("The database cannot be reached.")));
        } else {
            refused_field(change, "connection").await;
        }
        for shown in [read(&shop.app, &path).await, read(&shop.app, "/api/audit-log").await, read(&shop.app, SOURCES).await] {
            let shown = shown.to_string();
            assert!(!shown.contains("hunter2") && !shown.contains("postgres://"), "{shown}");
        }
        shop.app.upstream.otherwise(Reply::tokens(&["Without."]));
        if shop.app.backend().is_postgres() {
            assert_eq!(message(&shop.answered().await), "Without.", "a database that is away costs no answer");
        }
    }

    async fn names_that_a_database_has_not_are_told(backend) {
        let tables = json!([{"name": "sales", "columns": ["id", "costumer"]},
            {"name": "ordres", "columns": ["id"]}]);
        let shop = Shop::open(backend, "openai", json!({"tables": tables})).await;
        let path = format!("{SOURCES}/{}/test-connection", text(&shop.source, "id"));
        let test: Value = post(&shop.app, &path, json!({})).send().await.expect(200).await.json().await;
        assert_eq!((&test["ok"], &test["missing"]), (&json!(false), &json!(["sales.costumer", "ordres"])));
        let message = text(&test, "message");
        assert!(message.contains("sales.costumer, ordres"), "{message}");
        assert!(test["tables"].as_array().is_some_and(|tables| !tables.is_empty()));
    }

    async fn what_is_wrong_with_a_database_is_named_at_each_edge(backend) {
        let shop = Shop::open(backend, "openai", json!({})).await;
        let path = format!("{SOURCES}/{}", text(&shop.source, "id"));
        let base = shop.source["database"].clone();
        for (field, bad, good) in [
            ("max_rows", json!(0), json!(1)),
            ("max_rows", json!(1001), json!(1000)),
            ("timeout_ms", json!(99), json!(100)),
            ("timeout_ms", json!(30_001), json!(30_000)),
        ] {
            let with = |value: Value| {
                let mut database = base.clone();
                database[field] = value;
                json!({"database": database})
            };
            refused_field(patch(&shop.app, &path, with(bad)), &format!("database.{field}")).await;
            patch(&shop.app, &path, with(good)).send().await.expect(200).await;
        }
        for (database, field) in [
            (json!({"tables": [{"name": "sales", "columns": "id"}]}), "database.tables[0].columns"),
            (json!({"tables": [{"name": "sales", "colums": ["id"]}]}), "database.tables[0].colums"),
            (json!({"engine": "mysql"}), "database.engine"),
            (json!({"max_rows": "many"}), "database.max_rows"),
        ] {
            refused_field(patch(&shop.app, &path, json!({"database": database})), field).await;
        }
        refused_field(patch(&shop.app, &path, json!({"kind": "documents"})), "kind").await;
        refused_field(patch(&shop.app, &path, json!({"database": null})), "database").await;
        refused_field(patch(&shop.app, &path, json!({"connection": ""})), "connection").await;
        let documents = json!({"name": "d", "connection": "shop.db"});
        refused_field(post(&shop.app, SOURCES, documents), "connection").await;
        let add = post(&shop.app, &format!("{path}/documents"), json!({"name": "n", "text": "t"}));
        add.send().await.error(400, "invalid_request").await;
    }

    async fn a_wide_result_is_bounded_and_costs_no_sources_and_no_usage(backend) {
        let shop = Shop::open(backend, "openai", json!({"max_rows": 1000})).await;
        let many = vec!["customer"; 101].join(", ");
        let wide = format!("SELECT {} FROM sales a, sales b, sales c, sales d, sales e",
            (0..60).map(|n| format!("a.customer || '{}' AS c{n}", "x".repeat(150))).take(12)
                .collect::<Vec<_>>().join(", "));
        shop.app.upstream.then(calls(&format!("SELECT {many} FROM sales"))).then(calls(&wide))
            .then(Reply::tokens(&["Wide."]));
        let events = shop.answered().await;
        let said = message(&events);
        assert!(said.starts_with("Wide.") && said.len() < 40 * 1024, "{}", said.len());
        assert!(said.contains("| … |"), "it says that there is more");
        assert!(events.last().unwrap()["usage"].is_object());
        let results = shop.results(2).await;
        assert!(results[0].contains("too many columns"), "{results:?}");
        assert!(results[1].len() < 40 * 1024 && results[1].contains("\"truncated\":true"));
    }
}
