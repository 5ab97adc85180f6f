//! Who may sell, and who may ask about licenses.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::app::text;
use system_tests::{Call, TestApp, both};

use super::*;

async fn api_key(app: &TestApp, scope: &str) -> String {
    let body = json!({"label": scope, "scopes": [scope]});
    text(&made(app, "/api/api-keys", body).await, "key")
}

fn with(app: &TestApp, key: &str, method: Method, path: &str, body: impl Into<Value>) -> Call {
    let body: Value = body.into();
    let call = app.client().request(method, path).header("Authorization", &format!("Bearer {key}"));
    call.header("Content-Type", "application/json").raw_body(body.to_string())
}

both! {
    async fn a_shop_with_scope_licenses_sells_and_cares_for_its_keys_and_nothing_else(backend) {
        let app = TestApp::start(backend).await;
        let plan = plan(&app, "pro", json!({})).await;
        let other = make_key(&app, json!({"name": "Not sold"})).await;
        let key = api_key(&app, "licenses").await;
        let ask = |method, path: &str, body| with(&app, &key, method, path, body);
        let order: Value = ask(Method::POST, ORDERS, bought_by(&plan, "c1"))
            .send().await.expect(201).await.json().await;
        for path in [PRODUCTS, PLANS, ORDERS, &path_of_order(&order)] {
            ask(Method::GET, path, json!({})).send().await.expect(200).await;
        }
        let mine = format!("{KEYS}/{}", text(&order, "license_key_id"));
        ask(Method::PATCH, &mine, json!({"activation_limit": 3})).send().await.expect(200).await;
        ask(Method::POST, &format!("{mine}/reveal"), json!({})).send().await.expect(200).await;
        ask(Method::POST, &format!("{mine}/regenerate"), json!({})).send().await.expect(200).await;
        ask(Method::POST, &format!("{mine}/deactivate"), json!({})).send().await.expect(200).await;
        ask(Method::PATCH, &path_of_order(&order), json!({"customer": {"name": "B"}})).send().await.expect(200).await;
        ask(Method::POST, &format!("{}/refund", path_of_order(&order)), json!({})).send().await.expect(200).await;
        let theirs = path_of(&other);
        for (method, path) in [
            (Method::GET, theirs.clone()),
            (Method::GET, format!("{theirs}/activations")),
            (Method::DELETE, format!("{theirs}/activations/01ARZ3NDEKTSV4RRFFQ69G5FAV")),
            (Method::POST, format!("{theirs}/activations/01ARZ3NDEKTSV4RRFFQ69G5FAV/approve")),
            (Method::PATCH, theirs.clone()),
            (Method::POST, format!("{theirs}/reveal")),
            (Method::POST, format!("{theirs}/regenerate")),
            (Method::POST, format!("{theirs}/deactivate")),
        ] {
            ask(method, &path, json!({})).send().await.error(404, "not_found").await;
        }
        let listed: Value =
            ask(Method::GET, KEYS, json!({})).send().await.expect(200).await.json().await;
        assert_eq!(column(&listed, "id"), [text(&order, "license_key_id")]);
        for (method, path) in [
            (Method::POST, KEYS.to_owned()),
            (Method::DELETE, mine.clone()),
            (Method::GET, format!("{mine}/usage")),
            (Method::POST, format!("{mine}/identity-secret/reveal")),
            (Method::POST, "/api/signing-keys/rotate".to_owned()),
            (Method::GET, "/api/audit-log".to_owned()),
        ] {
            ask(method, &path, json!({"name": "X"})).send().await.error(403, "forbidden").await;
        }
        let product = json!({"identifier": "x", "name": "X"});
        ask(Method::POST, PRODUCTS, product).send().await.error(403, "forbidden").await;
        let path = format!("{PLANS}/{}", text(&plan, "id"));
        ask(Method::PATCH, &path, json!({"name": "X"})).send().await.error(403, "forbidden").await;
        ask(Method::DELETE, &path, json!({})).send().await.error(403, "forbidden").await;
    }

    async fn scope_read_reads_and_sells_nothing(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, None).await;
        let key = api_key(&app, "read").await;
        for path in [PRODUCTS, PLANS, ORDERS, &path_of_order(&order)] {
            with(&app, &key, Method::GET, path, json!({})).send().await.expect(200).await;
        }
        let body = bought_by(&json!({"id": order["plan_id"]}), "c2");
        with(&app, &key, Method::POST, ORDERS, body).send().await.error(403, "forbidden").await;
        for action in ["complete", "refund", "cancel"] {
            let path = format!("{}/{action}", path_of_order(&order));
            with(&app, &key, Method::POST, &path, json!({})).send().await.error(403, "forbidden").await;
        }
    }

    async fn nobody_sells_without_a_credential(backend) {
        let app = TestApp::start(backend).await;
        for path in [PRODUCTS, PLANS, ORDERS] {
            app.get(path).send().await.error(401, "unauthorized").await;
            software(&app, path, json!({})).send().await.error(401, "unauthorized").await;
        }
    }

    async fn a_wrong_api_key_is_refused_where_none_is_needed(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, None).await;
        let wrong = |value: &str| about(&app, VALIDATE, &order, json!({})).header("Authorization", value);
        for value in ["Bearer nope", "Bearer ", "Basic YTpi", "Bearer nt_live_0123456789"] {
            wrong(value).send().await.error(401, "unauthorized").await;
        }
        let reader = api_key(&app, "read").await;
        wrong(&format!("Bearer {reader}")).send().await.error(403, "forbidden").await;
        let licenses = api_key(&app, "licenses").await;
        for scheme in ["Bearer", "bearer", "BEARER"] {
            wrong(&format!("{scheme} {licenses}")).send().await.expect(200).await;
        }
    }

    async fn the_license_api_can_ask_for_an_api_key(backend) {
        let app = TestApp::with(backend).set("NATTER_LICENSE_API_AUTH", "required").start().await;
        let order = sold(&app, None).await;
        for path in [ACTIVATE, VALIDATE, DEACTIVATE, "/api/v1/license/validate/"] {
            about(&app, path, &order, json!({})).send().await.error(401, "unauthorized").await;
        }
        // What checks signatures is no secret.
        app.get("/license/keys").send().await.expect(200).await;
        let key = api_key(&app, "licenses").await;
        let call = about(&app, VALIDATE, &order, json!({}));
        call.header("Authorization", &format!("Bearer {key}")).send().await.expect(200).await;
    }
}
