//! Products and plans.

use serde_json::{Value, json};
use system_tests::app::{complaints, text};
use system_tests::{TestApp, both};

use super::*;

both! {
    async fn a_product_is_made_read_changed_listed_and_removed(backend) {
        let app = TestApp::start(backend).await;
        let body = json!({"identifier": "studio", "name": " Studio ", "description": "Sound"});
        let product = made(&app, PRODUCTS, body).await;
        let path = format!("{PRODUCTS}/{}", text(&product, "id"));
        assert_eq!((&product["version"], &product["name"]), (&json!(1), &json!("Studio")));
        assert_eq!(read(&app, &path).await, product);
        let changed: Value = patch(&app, &path, json!({"name": "Studio 2", "version": 1}))
            .send().await.expect(200).await.json().await;
        assert_eq!((&changed["version"], &changed["description"]), (&json!(2), &json!("Sound")));
        let stale = patch(&app, &path, json!({"name": "X", "version": 1})).send().await;
        let stale = stale.error(409, "version_conflict").await;
        assert_eq!(stale["current"], changed);
        made(&app, PRODUCTS, json!({"identifier": "other", "name": "Other"})).await;
        assert_eq!(column(&read(&app, PRODUCTS).await, "identifier"), ["other", "studio"]);
        let found = read(&app, "/api/products?q=STUDIO").await;
        assert_eq!((column(&found, "name"), &found["total"]), (vec!["Studio 2".into()], &json!(1)));
        delete(&app, &path).send().await.expect(204).await;
        app.admin(&path).send().await.error(404, "not_found").await;
        let log = read(&app, "/api/audit-log?limit=10").await;
        let actions = column(&log, "action");
        for action in ["product.created", "product.updated", "product.deleted"] {
            assert!(actions.iter().any(|a| a == action), "{action} in {actions:?}");
        }
    }

    async fn an_identifier_is_taken_once(backend) {
        let app = TestApp::start(backend).await;
        let product_id = product(&app).await;
        let body = json!({"identifier": "studio", "name": "Again"});
        refused_field(post(&app, PRODUCTS, body), "identifier").await;
        let other = made(&app, PRODUCTS, json!({"identifier": "other", "name": "Other"})).await;
        let path = format!("{PRODUCTS}/{}", text(&other, "id"));
        refused_field(patch(&app, &path, json!({"identifier": "studio"})), "identifier").await;
        plan(&app, "pro", json!({})).await;
        let same = json!({"product_id": product_id, "identifier": "pro", "name": "Pro"});
        refused_field(post(&app, PLANS, same), "identifier").await;
        // Another product may have a plan of the same identifier.
        let same = json!({"product_id": other["id"], "identifier": "pro", "name": "Pro"});
        made(&app, PLANS, same).await;
    }

    async fn what_is_wrong_with_a_product_or_plan_is_named_by_its_field(backend) {
        let app = TestApp::start(backend).await;
        let product_id = product(&app).await;
        for (body, field) in [
            (json!({"name": "X"}), "identifier"),
            (json!({"identifier": "Upper", "name": "X"}), "identifier"),
            (json!({"identifier": "x".repeat(65), "name": "X"}), "identifier"),
            (json!({"identifier": "x"}), "name"),
            (json!({"identifier": "x", "name": "n".repeat(121)}), "name"),
            (json!({"identifier": "x", "name": "n", "description": "d".repeat(2001)}), "description"),
            (json!({"identifier": "x", "name": "n", "price": 5}), "price"),
            (json!({"identifier": 5, "name": "n"}), "identifier"),
        ] {
            refused_field(post(&app, PRODUCTS, body), field).await;
        }
        let longest = json!({"identifier": "x".repeat(64), "name": "n".repeat(120), "description": "d".repeat(2000)});
        made(&app, PRODUCTS, longest).await;
        let with = |field: &str, value: Value| {
            let mut body = json!({"product_id": product_id, "identifier": "pro", "name": "Pro"});
            body[field] = value;
            body
        };
        for (body, field) in [
            (with("product_id", json!("01ARZ3NDEKTSV4RRFFQ69G5FAV")), "product_id"),
            (with("licenses", json!([])), "licenses"),
            (with("licenses", json!({"limit": 5})), "licenses.limit"),
            (with("licenses", json!({"activation_limit": 0})), "licenses.activation_limit"),
            (with("licenses", json!({"activation_limit": 101})), "licenses.activation_limit"),
            (with("licenses", json!({"duration_value": 0})), "licenses.duration_value"),
            (with("licenses", json!({"duration_unit": "week"})), "licenses.duration_unit"),
            (with("licenses", json!({"duration_value": 1201, "duration_unit": "month"})), "licenses.duration_value"),
            (with("licenses", json!({"grace_days": 366})), "licenses.grace_days"),
            (with("widget", json!("yes")), "widget"),
            (with("widget", json!({"monthly_usage_limit": 0})), "widget.monthly_usage_limit"),
            (with("widget", json!({"agent_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"})), "widget.agent_id"),
            (with("widget", json!({"data_source_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"})), "widget.data_source_id"),
            (with("widget", json!({"ui": {"nothing": 1}})), "widget.ui.nothing"),
            (with("widget", json!({"color": 1})), "widget.color"),
            (with("metadata", json!({"a": "x".repeat(4096)})), "metadata"),
        ] {
            refused_field(post(&app, PLANS, body), field).await;
        }
    }

    async fn what_is_given_of_a_plan_is_put_over_what_was(backend) {
        let app = TestApp::start(backend).await;
        let licenses = json!({"has_expiry": true, "duration_value": 3, "duration_unit": "month"});
        let plan = plan(&app, "pro", licenses).await;
        let path = format!("{PLANS}/{}", text(&plan, "id"));
        let changed = async |body: Value| {
            patch(&app, &path, body).send().await.expect(200).await.json().await
        };
        let next = changed(json!({"licenses": {"grace_days": 7}})).await;
        assert_eq!(next["licenses"]["duration_value"], 3);
        assert_eq!(next["licenses"]["grace_days"], 7);
        let next = changed(json!({"widget": {"monthly_usage_limit": 100, "ui": {"primaryColor": "#123456"}}})).await;
        assert_eq!(next["widget"]["ui"]["primaryColor"], "#123456");
        let next = changed(json!({"widget": {"ui": {"title": "Hello"}}})).await;
        assert_eq!(next["widget"]["ui"]["primaryColor"], "#123456");
        assert_eq!(next["widget"]["monthly_usage_limit"], 100);
        let next = changed(json!({"widget": null, "licenses": null})).await;
        assert_eq!(next["widget"], Value::Null);
        assert_eq!(next["licenses"]["has_expiry"], false);
        let other = made(&app, PRODUCTS, json!({"identifier": "other", "name": "Other"})).await;
        refused_field(patch(&app, &path, json!({"product_id": other["id"]})), "product_id").await;
    }

    async fn what_was_sold_is_not_removed(backend) {
        let app = TestApp::start(backend).await;
        let plan = plan(&app, "pro", json!({})).await;
        let product = format!("{PRODUCTS}/{}", text(&plan, "product_id"));
        let path = format!("{PLANS}/{}", text(&plan, "id"));
        delete(&app, &product).send().await.error(409, "in_use").await;
        order(&app, &plan, "c1").await;
        delete(&app, &path).send().await.error(409, "in_use").await;
        patch(&app, &path, json!({"is_active": false})).send().await.expect(200).await;
        let refused = post(&app, ORDERS, bought_by(&plan, "c2")).send().await;
        assert_eq!(complaints(&refused.error(400, "invalid_request").await), ["plan_id"]);
        let unsold = super::plan(&app, "free", json!({})).await;
        delete(&app, &format!("{PLANS}/{}", text(&unsold, "id"))).send().await.expect(204).await;
    }

    async fn plans_are_listed_by_product(backend) {
        let app = TestApp::start(backend).await;
        let mine = plan(&app, "pro", json!({})).await;
        let other = made(&app, PRODUCTS, json!({"identifier": "other", "name": "Other"})).await;
        let x = json!({"product_id": other["id"], "identifier": "x", "name": "X"});
        assert_eq!(made(&app, PLANS, x).await["product_name"], "Other");
        let list = read(&app, &format!("{PLANS}?product_id={}", text(&mine, "product_id"))).await;
        assert_eq!((column(&list, "identifier"), &list["total"]), (vec!["pro".into()], &json!(1)));
        assert_eq!(list["items"][0]["product_name"], mine["product_name"]);
        let page = read(&app, &format!("{PLANS}?limit=1")).await;
        assert_eq!(column(&page, "identifier"), ["x"]);
        let cursor = text(&page, "next_cursor");
        let rest = read(&app, &format!("{PLANS}?limit=1&cursor={cursor}")).await;
        assert_eq!(column(&rest, "identifier"), ["pro"]);
    }

    async fn an_agent_or_a_data_source_that_a_plan_binds_keys_to_is_not_removed(backend) {
        let app = TestApp::start(backend).await;
        let agent = made(&app, "/api/agents", json!({"name": "Bound"})).await;
        let source = json!({"name": "Bound", "kind": "documents"});
        let source = made(&app, "/api/data-sources", source).await;
        let plan = plan(&app, "pro", json!({})).await;
        let path = format!("{PLANS}/{}", text(&plan, "id"));
        let bind = json!({"widget": {"agent_id": agent["id"], "data_source_id": source["id"]}});
        patch(&app, &path, bind).send().await.expect(200).await;
        let agent = format!("/api/agents/{}", text(&agent, "id"));
        let source = format!("/api/data-sources/{}", text(&source, "id"));
        for bound in [&agent, &source] {
            let refused = delete(&app, bound).send().await.error(400, "invalid_request").await;
            assert!(text(&refused, "message").contains("\"Pro\""), "{refused}");
        }
        let mut unpaid = bought_by(&plan, "c1");
        unpaid["status"] = json!("pending");
        let unpaid = made(&app, ORDERS, unpaid).await;
        patch(&app, &path, json!({"widget": null})).send().await.expect(200).await;
        for bound in [&agent, &source] {
            let refused = delete(&app, bound).send().await.error(400, "invalid_request").await;
            assert!(text(&refused, "message").contains(&text(&unpaid, "id")), "{refused}");
        }
        order_action(&app, &unpaid, "cancel").send().await.expect(200).await;
        for free in [&agent, &source] {
            delete(&app, free).send().await.expect(204).await;
        }
    }
}
