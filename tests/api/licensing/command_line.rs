//! `natter licenses`: beside a running server, which learns of it.

use serde_json::{Value, json};
use server::cli::licenses::{Licenses, run};
use server::cli::{catalog, typed};
use server::config::Config;
use system_tests::app::text;
use system_tests::{TestApp, both};

use super::*;
use crate::wait::eventually;

/// Runs a command on the server's database; its output, or its line of error.
async fn natter(app: &TestApp, words: &[&str]) -> Result<String, String> {
    let (out, done) = output(app, words).await;
    done.map(|()| out)
}

async fn output(app: &TestApp, words: &[&str]) -> (String, Result<(), String>) {
    let (url, folder) = (app.backend().url(), app.backend().data_dir().display().to_string());
    let vars = [
        ("DATABASE_URL", url.as_str()),
        ("NATTER_DATA_DIR", folder.as_str()),
        ("OPENAI_BASE_URL", "http://127.0.0.1:9/v1"),
        ("OPENAI_MODEL", "none"),
    ];
    let mut out = Vec::new();
    let config = Config::from_vars(&vars).unwrap();
    let done = match words {
        ["products", rest @ ..] => {
            catalog::products(config, typed(rest).expect("words that are known"), &mut out).await
        }
        ["plans", rest @ ..] => {
            catalog::plans(config, typed(rest).expect("words that are known"), &mut out).await
        }
        _ => run(config, typed(words).expect("words that are known"), &mut out).await,
    };
    (String::from_utf8(out).unwrap().trim_end().to_owned(), done)
}

async fn said(app: &TestApp, words: &[&str]) -> String {
    natter(app, words).await.unwrap_or_else(|why| panic!("{words:?}: {why}"))
}

/// What a command says in JSON, line by line.
async fn lines(app: &TestApp, words: &[&str]) -> Vec<Value> {
    said(app, words).await.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

both! {
    async fn a_license_lives_its_life_on_the_command_line(backend) {
        let app = TestApp::start(backend).await;
        plan(&app, "pro", limited(Some(1))).await;
        let issue = ["issue", "--plan", "studio/pro", "--customer-id", "c1", "--name", "Ada",
            "--idempotency-key", "k1", "--purchased-at", "2026-06-01T00:00:00Z"];
        let key = said(&app, &issue).await;
        assert_eq!(said(&app, &issue).await, key, "placed once");
        let shown: Value = serde_json::from_str(&said(&app, &["show", &key]).await).unwrap();
        assert_eq!(shown["order"]["customer"]["name"], "Ada");
        let (order_id, key_id) = (text(&shown["order"], "id"), text(&shown["license_key"], "id"));
        for name in [&order_id, &key_id] {
            let same: Value = serde_json::from_str(&said(&app, &["show", name]).await).unwrap();
            assert_eq!(same, shown);
        }
        let license = json!({"license_key": key});
        assert_eq!(validity(&app, &license).await, "VALID");
        let instance = text(&activate(&app, &license).await, "instanceId");
        let list = lines(&app, &["activations", &key, "--json"]).await;
        assert_eq!(list[0]["instance_id"], instance);
        assert!(said(&app, &["activations", &order_id]).await.contains(&instance));
        said(&app, &["revoke", &key_id, &instance]).await;
        assert_eq!(validate(&app, &license).await["license"]["activationUsage"], 0);
        said(&app, &["limit", &key, "3"]).await;
        said(&app, &["expires", &order_id, "2026-06-02T00:00:00Z"]).await;
        let look = async || validity(&app, &license).await;
        eventually("the server learns of it", look, |code| code == "EXPIRED").await;
        said(&app, &["expires", &key, "never"]).await;
        let renewed = said(&app, &["regenerate", &key_id]).await;
        assert_ne!(renewed, key);
        let license = json!({"license_key": renewed});
        let look = async || validate(&app, &license).await;
        let found = eventually("the new key is known", look, |found| found["code"] == "VALID").await;
        assert_eq!(found["license"]["activationLimit"], 3);
        assert!(natter(&app, &["deactivate", &key_id]).await.unwrap_err().contains("--yes"));
        said(&app, &["deactivate", &key_id, "--yes"]).await;
        let look = async || validity(&app, &license).await;
        eventually("the server learns of it", look, |code| code == "DEACTIVATED").await;
        let log = read(&app, &format!("/api/audit-log?subject_id={key_id}")).await;
        assert!(log["items"].as_array().unwrap().iter().all(|line| line["actor"]["name"] == "cli"));
    }

    async fn products_and_plans_are_made_and_listed(backend) {
        let app = TestApp::start(backend).await;
        let product = said(&app, &["products", "create", "--identifier", "studio", "--name", "Studio"]).await;
        let made = ["plans", "create", "--product", "studio", "--identifier", "pro", "--name", "Pro",
            "--activations", "2", "--duration", "6month", "--grace-days", "5"];
        let plan = said(&app, &made).await;
        let shown = read(&app, &format!("{PLANS}/{plan}")).await;
        assert_eq!(shown["product_id"], product);
        for (field, value) in [("activation_limit", json!(2)), ("duration_value", json!(6)),
            ("duration_unit", json!("month")), ("grace_days", json!(5)), ("has_expiry", json!(true))] {
            assert_eq!(shown["licenses"][field], value, "{field}");
        }
        assert!(natter(&app, &made).await.is_err(), "the identifier is taken");
        let wrong = ["plans", "create", "--product", "none", "--identifier", "x", "--name", "X"];
        assert!(natter(&app, &wrong).await.unwrap_err().contains("no product"));
        let wrong = ["plans", "create", "--product", "studio", "--identifier", "x", "--name", "X", "--duration", "ever"];
        assert!(natter(&app, &wrong).await.unwrap_err().contains("duration"));
        assert!(said(&app, &["plans", "list"]).await.contains("studio/pro"));
        assert_eq!(lines(&app, &["plans", "list", "--json"]).await[0]["id"], plan);
        assert_eq!(lines(&app, &["products", "list", "--json"]).await[0]["id"], product);
        assert!(said(&app, &["products", "list"]).await.contains(&product));
    }

    async fn orders_are_listed_completed_refunded_and_cancelled(backend) {
        let app = TestApp::start(backend).await;
        plan(&app, "pro", json!({})).await;
        let new = async |id: &str| {
            let words = ["issue", "--plan", "studio/pro", "--customer-id", id, "--pending"];
            said(&app, &words).await
        };
        let (a, b) = (new("a").await, new("b").await);
        assert!(a.starts_with("ORD-"), "a pending order has no key: {a}");
        let key = said(&app, &["complete", &a]).await;
        assert_eq!(said(&app, &["complete", &a]).await, key);
        said(&app, &["cancel", &b]).await;
        said(&app, &["refund", &key]).await;
        let list = lines(&app, &["list", "--json"]).await;
        let found: Vec<_> = list.iter().map(|order| text(order, "status")).collect();
        assert_eq!(found, ["cancelled", "refunded"]);
        let list = lines(&app, &["list", "--json", "--status", "refunded", "-q", &a]).await;
        assert_eq!(list.len(), 1);
        let table = said(&app, &["list"]).await;
        assert_eq!(table.lines().count(), 3);
        assert!(table.contains(&b), "{table}");
        assert!(typed::<Licenses>(&["list", "--status", "paid"]).is_err());
        assert!(natter(&app, &["complete", &b]).await.unwrap_err().contains("cancelled"));
    }

    async fn what_is_not_there_is_told_in_one_line_without_the_key(backend) {
        let app = TestApp::start(backend).await;
        plan(&app, "pro", json!({})).await;
        let order = order(&app, &json!({"id": "studio/pro"}), "c1").await;
        let id = text(&order, "id");
        for words in [
            vec!["show", "ORD-NONE"],
            vec!["show", "nothing"],
            vec!["refund", "nothing"],
            vec!["revoke", &id, "none"],
            vec!["limit", &id, "many"],
            vec!["limit", &id, "0"],
            vec!["expires", &id, "tomorrow"],
            vec!["issue", "--plan", "studio/max", "--customer-id", "c"],
            vec!["issue", "--plan", "studio/pro", "--customer-id", ""],
            vec!["import", "/no/such/file.csv"],
        ] {
            let why = natter(&app, &words).await.expect_err(&format!("{words:?}"));
            assert_eq!(why.lines().count(), 1, "{words:?}: {why}");
        }
        let key = text(&order, "license_key");
        let unknown = server::keys::license_key::grouped(&server::keys::license_key::generate());
        let why = natter(&app, &["show", &unknown]).await.unwrap_err();
        assert!(!why.contains(&unknown));
        said(&app, &["limit", &key.to_lowercase(), "2"]).await;
    }

    async fn signing_keys_are_listed_and_rotated_beside_the_server(backend) {
        let app = TestApp::start(backend).await;
        let before = lines(&app, &["signing-keys"]).await;
        assert_eq!(before.len(), 2);
        let after = lines(&app, &["rotate-signing-key"]).await;
        let active = |keys: &[Value]| {
            keys.iter().find(|key| key["status"] == "active").map(|key| text(key, "id"))
        };
        assert_ne!(active(&before), active(&after));
        let look = async || read(&app, "/license/keys").await;
        eventually("the server signs with it", look, |published| {
            active(published["keys"].as_array().unwrap()) == active(&after)
        }).await;
    }

    async fn a_file_goes_in_by_the_command_line_or_all_its_mistakes_are_told(backend) {
        let app = TestApp::start(backend).await;
        plan(&app, "pro", json!({})).await;
        let file = app.backend().data_dir().join("orders.csv");
        let path = file.display().to_string();
        std::fs::write(&file, "plan,customer_id\nstudio/pro,a\nstudio/max,b\nstudio/pro,\n").unwrap();
        let (out, done) = output(&app, &["import", &path]).await;
        assert_eq!(out, "line 3: plan is no plan\nline 4: customer_id must have 1 to 200 characters");
        assert!(done.unwrap_err().starts_with("2 mistakes; nothing was imported."));
        assert_eq!(read(&app, ORDERS).await["total"], 0);
        std::fs::write(&file, "plan,customer_id\nstudio/pro,a\nstudio/pro,b\n").unwrap();
        let dry = said(&app, &["import", "--dry-run", &path]).await;
        assert_eq!(dry, "2 orders to import, 0 there already");
        assert_eq!(read(&app, ORDERS).await["total"], 0);
        assert_eq!(said(&app, &["import", &path]).await, "2 orders imported, 0 there already");
        assert_eq!(read(&app, ORDERS).await["total"], 2);
    }

    async fn an_export_goes_in_again_on_another_server(backend) {
        let app = TestApp::start(backend).await;
        plan(&app, "pro", limited(Some(4))).await;
        let other = TestApp::start(system_tests::Backend::for_both_sqlite()).await;
        plan(&other, "pro", limited(Some(4))).await;
        let names = ["=1+1", "'=2", "Ada, \"Countess\"\r\nLovelace", "", "@home", "grüß", "＝1"];
        for (n, name) in names.iter().enumerate() {
            let body = json!({"plan_id": "studio/pro", "metadata": {"n": n, "=x": "-1"},
                "customer": {"id": format!("+{n}"), "name": name, "email": format!("=a{n}@b.example")}});
            let call = post(&app, ORDERS, body).header("Idempotency-Key", &format!("k{n}"));
            call.send().await.expect(201).await;
        }
        let answer = app.admin("/api/orders.csv").send().await.expect(200).await;
        assert!(answer.header("content-disposition").contains("orders.csv"));
        let csv = answer.text().await;
        for formula in [",=", ",+", ",-", ",@", ",＝", "\"=", "\"+", "\"@", "\"＝"] {
            // Inside of metadata, quotes are doubled and the cell begins with a brace.
            assert!(!csv.replace("\"\"", "").contains(formula), "{formula} in {csv}");
        }
        assert!(!csv.contains("license_key,"));
        let import = |app: &TestApp| {
            api(app, Method::POST, "/api/orders/import").raw_body(csv.clone()).header("Content-Type", "text/csv")
        };
        let here: Value = import(&app).send().await.expect(200).await.json().await;
        assert_eq!((&here["imported"], &here["skipped"]), (&json!(0), &json!(names.len())));
        let there: Value = import(&other).send().await.expect(200).await.json().await;
        assert_eq!(there["imported"], names.len());
        let essence = async |app: &TestApp| {
            let list = read(app, ORDERS).await;
            let mut all: Vec<_> = list["items"].as_array().unwrap().iter().map(|order| {
                json!([order["customer"], order["purchased_at"], order["metadata"], order["license"]["activation_limit"]]).to_string()
            }).collect();
            all.sort();
            all
        };
        assert_eq!(essence(&other).await, essence(&app).await);
    }

    async fn an_export_holds_every_order_and_keys_only_on_the_command_line(backend) {
        let app = TestApp::start(backend).await;
        plan(&app, "pro", json!({})).await;
        let body = format!("plan,customer_id\n{}", "studio/pro,c\n".repeat(1200));
        let import = api(&app, Method::POST, "/api/orders/import").raw_body(body);
        import.header("Content-Type", "text/csv").send().await.expect(200).await;
        let order = order(&app, &json!({"id": "studio/pro"}), "last").await;
        let key = text(&order, "license_key");
        let csv = app.admin("/api/orders.csv").send().await.expect(200).await.text().await;
        assert_eq!(csv.lines().count(), 1202);
        assert!(!csv.contains(&key));
        let one = app.admin("/api/orders.csv?customer_id=last").send().await.expect(200).await;
        assert_eq!(one.text().await.lines().count(), 2);
        order_action(&app, &order, "refund").send().await.expect(200).await;
        let id = text(&order, "id");
        for (words, lines) in [
            (vec!["--status", "refunded"], 2), (vec!["--status", "complete"], 1201),
            (vec!["-q", &id], 2), (vec!["-q", &id, "--status", "complete"], 1),
        ] {
            let csv = said(&app, &[&["export"], words.as_slice()].concat()).await;
            assert_eq!(csv.lines().count(), lines, "{words:?}");
        }
        assert!(typed::<Licenses>(&["export", "--status", "paid"]).is_err());
        assert!(!said(&app, &["export"]).await.contains(&key));
        let log = read(&app, "/api/audit-log?action=license_keys.exported").await;
        assert_eq!(log["total"], 0);
        let keys = said(&app, &["export", "--keys"]).await;
        assert_eq!(keys.lines().count(), 1202);
        assert!(keys.contains(&key));
        let log = read(&app, "/api/audit-log?action=license_keys.exported").await;
        assert_eq!((&log["total"], &log["items"][0]["actor"]["name"]), (&json!(1), &json!("cli")));
        app.get("/api/orders.csv").send().await.error(401, "unauthorized").await;
    }
}
