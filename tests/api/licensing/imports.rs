//! Files of orders: taken as a whole or not at all.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};
use sqlx::Connection as _;
use system_tests::app::{ADMIN_KEY, complaints, text};
use system_tests::{TestApp, both};

use super::*;
use crate::wait::eventually;

const IMPORT: &str = "/api/orders/import";

fn file(app: &TestApp, body: impl Into<Vec<u8>>) -> Call {
    import(app, "", body)
}

fn import(app: &TestApp, query: &str, body: impl Into<Vec<u8>>) -> Call {
    let path = format!("{IMPORT}{query}");
    let call = app.client().request(Method::POST, &path).header("X-Admin-Api-Key", ADMIN_KEY);
    call.header("Content-Type", "text/csv").raw_body(body)
}

async fn taken(app: &TestApp, body: impl Into<Vec<u8>>) -> Value {
    file(app, body).send().await.expect(200).await.json().await
}

fn counts(imported: u64, skipped: u64) -> Value {
    json!({"imported": imported, "skipped": skipped, "errors": [], "error_count": 0, "dry_run": false})
}

/// What is wrong with a file, as (line, column).
async fn mistakes(call: Call) -> Vec<(u64, String)> {
    let body = call.send().await.error(400, "invalid_request").await;
    let import = &body["details"]["import"];
    assert_eq!(import["imported"], 0, "{body}");
    let errors = import["errors"].as_array().unwrap_or_else(|| panic!("errors in {body}"));
    assert_eq!(import["error_count"], errors.len(), "{body}");
    errors.iter().map(|error| (error["line"].as_u64().unwrap(), text(error, "column"))).collect()
}

fn at(line: u64, column: &str) -> (u64, String) {
    (line, column.to_owned())
}

async fn total(app: &TestApp) -> Value {
    read(app, ORDERS).await["total"].clone()
}

/// How many lines are put aside in the database.
async fn aside(app: &TestApp) -> i64 {
    count(app, "SELECT COUNT(*) FROM import_lines").await
}

both! {
    async fn a_file_becomes_orders_with_keys_that_work(backend) {
        let app = TestApp::start(backend).await;
        let licenses = json!({"has_expiry": true, "duration_value": 1, "duration_unit": "month",
            "activation_limit_enabled": true, "activation_limit": 3});
        let plan = plan(&app, "pro", licenses).await;
        let body = format!("\u{feff}customer_name,purchased_at,plan,customer_id,metadata,status\r\n\
            \"Ada\r\nLovelace, \"\"Countess\"\"\",2026-05-31T10:00:00Z,studio/pro,c1,\"{{\"\"seats\"\":2}}\",\r\n\
            \r\n,,{},c2,,pending\r\n", text(&plan, "id"));
        assert_eq!(taken(&app, body).await, counts(2, 0));
        let list = read(&app, ORDERS).await;
        assert_eq!(column(&list, "status"), ["pending", "complete"]);
        let order = &list["items"][1];
        assert_eq!(order["customer"]["name"], "Ada\r\nLovelace, \"Countess\"");
        assert_eq!(order["license"]["expires_at"], "2026-06-30T10:00:00.000Z");
        let key = key_of(&app, order).await;
        assert_eq!((&key["name"], &key["activation_limit"]), (&json!("Studio Pro"), &json!(3)));
        assert_eq!(key["description"], format!("Order {}", text(order, "id")));
        assert_eq!(key["metadata"], json!({"seats": 2}));
        let revealed = act(&app, &key, "reveal", json!({})).await;
        assert_eq!(validity(&app, &json!({"license_key": revealed["key"]})).await, "VALID");
        let pending = &list["items"][0];
        assert_eq!(pending["license_key_id"], Value::Null);
        let done: Value = order_action(&app, pending, "complete").send().await.expect(200).await.json().await;
        assert_eq!(validity(&app, &done).await, "VALID");
        assert_eq!(aside(&app).await, 0);
        let log = read(&app, "/api/audit-log?action=orders.imported").await;
        assert_eq!(log["items"][0]["changes"], json!({"imported": [null, 2], "skipped": [null, 0]}));
        assert_eq!(log["total"], 1);
        let created = read(&app, "/api/audit-log?action=order.created").await;
        assert_eq!(created["total"], 0, "one line for the file, not one for each order");
    }

    async fn a_bad_line_is_reported_with_its_number_and_nothing_is_imported(backend) {
        let app = TestApp::start(backend).await;
        plan(&app, "pro", json!({})).await;
        let mut body = String::from("plan,customer_id,customer_email,purchased_at,status,metadata\n");
        for n in 0..250 {
            body += &format!("studio/pro,c{n},,,,\n");
        }
        body += "studio/max,c,,,,\n\
            studio/pro,,,,,\n\
            studio/pro,c,nobody,,,\n\
            studio/pro,c,,yesterday,,\n\
            studio/pro,c,,,refunded,\n\
            studio/pro,c,,,,[]\n\
            studio/pro,c\n\
            studio/pro,c\0,,,,\n\
            studio/pro,c,,,paid,\n";
        let mut body = body.into_bytes();
        body.extend_from_slice(b"studio/pro,\xff,,,,\n");
        let expected = [
            at(252, "plan"), at(253, "customer_id"), at(254, "customer_email"),
            at(255, "purchased_at"), at(256, "status"), at(257, "metadata"), at(258, ""),
            at(259, "customer_id"), at(260, "status"), at(261, "customer_id"),
        ];
        assert_eq!(mistakes(file(&app, body.clone())).await, expected);
        assert_eq!(mistakes(import(&app, "?dry_run=true", body)).await, expected);
        assert_eq!((total(&app).await, aside(&app).await), (json!(0), 0));
    }

    async fn columns_that_are_unknown_doubled_or_missing_are_refused_by_name(backend) {
        let app = TestApp::start(backend).await;
        for (header, expected) in [
            ("plan,customer", vec![at(1, "customer"), at(1, "customer_id")]),
            ("plan,customer_id,plan", vec![at(1, "plan")]),
            ("customer_id", vec![at(1, "plan")]),
            ("", vec![at(1, "")]),
        ] {
            assert_eq!(mistakes(file(&app, header)).await, expected, "{header:?}");
        }
        let binary: Vec<u8> = (0..=255).cycle().take(5000).collect();
        assert!(!mistakes(file(&app, binary)).await.is_empty());
        let endless = format!("plan,customer_id\nstudio/pro,{}", "x".repeat(70_000));
        assert_eq!(mistakes(file(&app, endless)).await, [at(2, "")]);
        let open = "plan,customer_id\nstudio/pro,\"c1\nstudio/pro,c2\n";
        assert!(mistakes(file(&app, open)).await.contains(&at(2, "")));
        post(&app, IMPORT, json!({})).send().await.error(415, "unsupported_media_type").await;
    }

    async fn a_thousand_mistakes_are_listed_and_all_are_counted(backend) {
        let app = TestApp::start(backend).await;
        let body = format!("plan,customer_id\n{}", "no/plan,c\n".repeat(1500));
        let body = file(&app, body).send().await.error(400, "invalid_request").await;
        let import = &body["details"]["import"];
        assert_eq!(import["errors"].as_array().unwrap().len(), 1000);
        assert_eq!(import["error_count"], 1500);
        let message = text(&body, "message");
        assert!(message.starts_with("1500 mistakes; nothing was imported. line 2: plan"), "{message}");
    }

    async fn a_file_that_is_sent_again_adds_nothing(backend) {
        let app = TestApp::start(backend).await;
        plan(&app, "pro", json!({})).await;
        let placed = json!({"plan_id": "studio/pro", "customer": {"id": "c0"}});
        post(&app, ORDERS, placed).header("Idempotency-Key", "k0").send().await.expect(201).await;
        let mut body = String::from("plan,customer_id,idempotency_key\n");
        for n in 0..120 {
            body += &format!("studio/pro,c{n},k{n}\n");
        }
        assert_eq!(taken(&app, body.clone()).await, counts(119, 1));
        assert_eq!(taken(&app, body.clone()).await, counts(0, 120));
        assert_eq!(taken(&app, body.clone() + "studio/pro,new,new\n").await, counts(1, 120));
        assert_eq!(total(&app).await, 121);
        let other = body.clone().replace("c7,k7\n", "someone,k7\n");
        assert_eq!(mistakes(file(&app, other)).await, [at(9, "idempotency_key")]);
        let twice = body + "studio/pro,c5,k5\nstudio/pro,c5,\u{e9}\n";
        let expected = [at(122, "idempotency_key"), at(123, "idempotency_key")];
        assert_eq!(mistakes(file(&app, twice)).await, expected);
        // The shop's retried call gets the order that the file has made.
        let again = json!({"plan_id": "studio/pro", "customer": {"id": "c9"}});
        let again = post(&app, ORDERS, again).header("Idempotency-Key", "k9").send().await;
        assert_eq!(again.expect(201).await.header("idempotency-replayed"), "true");
    }

    async fn a_line_that_says_complete_of_an_order_that_is_pending_is_a_mistake(backend) {
        let app = TestApp::start(backend).await;
        plan(&app, "pro", json!({})).await;
        let line = |status: &str| {
            format!("plan,customer_id,status,idempotency_key\nstudio/pro,c1,{status},k1\n")
        };
        assert_eq!(taken(&app, line("pending")).await, counts(1, 0));
        assert_eq!(mistakes(file(&app, line("complete"))).await, [at(2, "idempotency_key")]);
        let order = read(&app, ORDERS).await["items"][0].clone();
        order_action(&app, &order, "complete").send().await.expect(200).await;
        assert_eq!(taken(&app, line("pending")).await, counts(0, 1), "the order has gone on");
        assert_eq!(taken(&app, line("complete")).await, counts(0, 1));
    }

    async fn a_dry_run_counts_and_changes_nothing(backend) {
        let app = TestApp::start(backend).await;
        plan(&app, "pro", json!({})).await;
        let body = "plan,customer_id\nstudio/pro,c1\nstudio/pro,c2\n";
        let report: Value =
            import(&app, "?dry_run=true", body).send().await.expect(200).await.json().await;
        assert_eq!((&report["imported"], &report["dry_run"]), (&json!(2), &json!(true)));
        assert_eq!((total(&app).await, aside(&app).await), (json!(0), 0));
        let wrong = import(&app, "?dry_run=yes", body).send().await;
        assert_eq!(complaints(&wrong.error(400, "invalid_request").await), ["dry_run"]);
    }

    async fn an_import_tells_no_webhook_and_sends_no_letter(backend) {
        let app = TestApp::start(backend).await;
        plan(&app, "pro", json!({"email_key": true})).await;
        let sql = "SELECT COUNT(*) FROM events WHERE type IN ('order.created', 'license_key.created')";
        // The demo page's key was made before.
        let before = count(&app, sql).await;
        taken(&app, "plan,customer_id,customer_email\nstudio/pro,c1,a@b.example\n").await;
        assert_eq!(count(&app, sql).await, before);
        order(&app, &json!({"id": "studio/pro"}), "c2").await;
        assert_eq!(count(&app, sql).await, before + 2, "a single order is told");
    }

    async fn a_plan_that_goes_or_a_key_that_is_taken_meanwhile_stops_the_whole_file(backend) {
        let app = TestApp::start(backend).await;
        plan(&app, "pro", json!({})).await;
        let other = plan(&app, "max", json!({})).await;
        let mut body = String::from("plan,customer_id,idempotency_key\nstudio/max,c,k\n");
        for n in 0..400 {
            body += &format!("studio/pro,c{n},k{n}\n");
        }
        let (sending, answer) = slowly(&app, &body).await;
        let path = format!("{PLANS}/{}", text(&other, "id"));
        patch(&app, &path, json!({"is_active": false})).send().await.expect(200).await;
        drop(sending);
        assert_eq!(refused_lines(answer.await.unwrap()).await, [(2, "plan".to_owned())]);
        patch(&app, &path, json!({"is_active": true})).send().await.expect(200).await;
        let (sending, answer) = slowly(&app, &body).await;
        let placed = json!({"plan_id": "studio/pro", "customer": {"id": "c3"}});
        post(&app, ORDERS, placed).header("Idempotency-Key", "k3").send().await.expect(201).await;
        drop(sending);
        let expected = [(6, "idempotency_key".to_owned())];
        assert_eq!(refused_lines(answer.await.unwrap()).await, expected);
        assert_eq!((total(&app).await, aside(&app).await), (json!(1), 0));
    }

    async fn a_sender_that_goes_away_leaves_nothing(backend) {
        let app = TestApp::start(backend).await;
        plan(&app, "pro", json!({})).await;
        let body = format!("plan,customer_id\n{}", "studio/pro,c\n".repeat(400));
        let (sending, answer) = slowly(&app, &body).await;
        answer.abort();
        assert!(answer.await.unwrap_err().is_cancelled());
        drop(sending);
        eventually("nothing put aside", async || aside(&app).await, |count| *count == 0).await;
        assert_eq!(total(&app).await, 0);
    }

    async fn a_server_killed_before_the_last_step_leaves_nothing(backend) {
        let mut app = TestApp::start(backend).await;
        plan(&app, "pro", json!({})).await;
        let body = format!("plan,customer_id\n{}", "studio/pro,c\n".repeat(400));
        let (_sending, answer) = slowly(&app, &body).await;
        app.kill();
        answer.abort();
        app.start_again().await;
        assert_eq!(total(&app).await, 0);
        assert_eq!(read(&app, "/api/license-keys?q=Studio").await["total"], 0);
        app.clock.advance(2 * DAY);
        eventually("lines of yesterday are gone", async || aside(&app).await, |count| *count == 0).await;
    }

    async fn only_who_may_sell_imports(backend) {
        let app = TestApp::start(backend).await;
        let anyone = app.client().request(Method::POST, IMPORT).raw_body("plan,customer_id\n");
        anyone.send().await.error(401, "unauthorized").await;
    }

    async fn an_imported_file_is_as_good_as_orders_one_by_one(backend) {
        let app = TestApp::start(backend).await;
        plan(&app, "pro", json!({"has_expiry": true, "duration_value": 1, "duration_unit": "month",
            "activation_limit_enabled": true, "activation_limit": 7, "grace_days": 2})).await;
        plan(&app, "max", json!({})).await;
        plan(&app, "book", json!({"enabled": false})).await;
        let mut runner = proptest::test_runner::TestRunner::default();
        for _ in 0..8 {
            let rows = proptest::collection::vec(row(), 1..12);
            let rows = proptest::strategy::ValueTree::current(&rows.new_tree(&mut runner).unwrap());
            let (run, mut expected) = (server::clock::random_hex::<4>(), Vec::new());
            let mut body = String::from("metadata,status,customer_email,customer_id,plan,purchased_at,customer_name\n");
            for (n, row) in rows.iter().enumerate() {
                let id = format!("{run}-{n}");
                let mut order = row.clone();
                order["customer"]["id"] = json!(id);
                let placed = made(&app, ORDERS, order.clone()).await;
                expected.push(essence(&app, &placed).await);
                body += &csv_line(&order, &format!("{id}-file"));
            }
            assert_eq!(taken(&app, body).await["imported"], rows.len());
            for (n, expected) in expected.iter().enumerate() {
                let found = read(&app, &format!("{ORDERS}?customer_id={run}-{n}-file")).await;
                assert_eq!(&essence(&app, &found["items"][0]).await, expected);
            }
        }
    }
}

async fn count(app: &TestApp, sql: &'static str) -> i64 {
    let url = app.backend().url();
    if app.backend().is_postgres() {
        let mut conn = sqlx::PgConnection::connect(&url).await.unwrap();
        sqlx::query_scalar(sql).fetch_one(&mut conn).await.unwrap()
    } else {
        let mut conn = sqlx::SqliteConnection::connect(&url).await.unwrap();
        sqlx::query_scalar(sql).fetch_one(&mut conn).await.unwrap()
    }
}

type Sending = tokio::sync::mpsc::Sender<Result<Bytes, std::io::Error>>;

/// Sends a file that does not end before what is given here is dropped, and waits until lines of it
/// are put aside.
async fn slowly(
    app: &TestApp,
    body: &str,
) -> (Sending, tokio::task::JoinHandle<reqwest::Response>) {
    let (sending, mut chunks) = tokio::sync::mpsc::channel(1);
    let stream = futures_util::stream::poll_fn(move |context| chunks.poll_recv(context));
    let request = reqwest::Client::new()
        .post(format!("{}{IMPORT}", app.base()))
        .header("X-Admin-Api-Key", ADMIN_KEY)
        .header("Content-Type", "text/csv")
        .body(reqwest::Body::wrap_stream(stream));
    let answer = tokio::spawn(async move { request.send().await.unwrap() });
    sending.send(Ok(Bytes::from(body.to_owned()))).await.unwrap();
    eventually("lines put aside", async || aside(app).await, |count| *count >= 400).await;
    (sending, answer)
}

async fn refused_lines(answer: reqwest::Response) -> Vec<(u64, String)> {
    assert_eq!(answer.status(), 400);
    let body: Value = answer.json().await.unwrap();
    let errors = body["details"]["import"]["errors"].as_array().unwrap();
    errors.iter().map(|error| (error["line"].as_u64().unwrap(), text(error, "column"))).collect()
}

/// An order that nothing is wrong with, without its customer's id.
fn row() -> impl Strategy<Value = Value> {
    let plan = proptest::sample::select(vec!["studio/pro", "studio/max", "studio/book"]);
    let status = proptest::sample::select(vec!["complete", "pending"]);
    let metadata = proptest::collection::btree_map("[a-z]{1,3}", "[ -~é]{0,8}", 0..3);
    let email = proptest::sample::select(vec!["", "a@b.example", "=a+b@c.example", "é@ü.example"]);
    let date = (1970..2100, 1..13, 1..29)
        .prop_map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}T12:00:00Z"));
    (plan, status, "[=+'a-zé,\"\n]{0,8}", email, metadata, date).prop_map(
        |(plan, status, name, email, metadata, date)| {
            json!({"plan_id": plan, "status": status, "purchased_at": date, "metadata": metadata,
                "customer": {"name": name, "email": email}})
        },
    )
}

/// An order as a line of a file, safe for spreadsheets.
fn csv_line(order: &Value, customer_id: &str) -> String {
    let customer = &order["customer"];
    let cells = [
        order["metadata"].to_string(),
        text(order, "status"),
        text(customer, "email"),
        customer_id.to_owned(),
        text(order, "plan_id"),
        text(order, "purchased_at"),
        text(customer, "name"),
    ];
    let cells = cells.map(|cell| {
        let is_formula = cell.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\n']);
        let guard = if is_formula { "'" } else { "" };
        format!("\"{guard}{}\"", cell.replace('"', "\"\""))
    });
    cells.join(",") + "\n"
}

/// What must be alike of an order and its key, however it came here.
async fn essence(app: &TestApp, order: &Value) -> Value {
    let order = read(app, &path_of_order(order)).await;
    let mut essence = json!({});
    for field in ["plan_id", "status", "purchased_at", "metadata"] {
        essence[field] = order[field].clone();
    }
    for field in ["name", "email"] {
        essence[field] = order["customer"][field].clone();
    }
    if order["license_key_id"].is_string() {
        let key = key_of(app, &order).await;
        assert_eq!(key["description"], format!("Order {}", text(&order, "id")));
        assert_eq!(key["order_id"], order["id"]);
        for (field, value) in key.as_object().unwrap() {
            let own = [
                "id",
                "chatbot_id",
                "key_hint",
                "order_id",
                "description",
                "created_at",
                "updated_at",
            ];
            if !own.contains(&field.as_str()) {
                essence["key"][field] = value.clone();
            }
        }
    }
    essence
}
