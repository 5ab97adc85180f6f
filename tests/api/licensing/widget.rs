//! An order's key in the widget of the buyer's website.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::app::text;
use system_tests::{TestApp, both};

use super::*;

const SITE: &str = "https://one.example.com";
const OTHER: &str = "https://two.example.com";

fn open(app: &TestApp, origin: &str, order: &Value) -> Call {
    app.from_page("/v1/widget/session", origin).set("licenseKey", text(order, "license_key"))
}

both! {
    async fn a_website_takes_one_activation_and_revoking_it_frees_the_place(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, Some(1)).await;
        let session: Value = open(&app, SITE, &order).send().await.expect(200).await.json().await;
        accepted(say(&app, SITE, &session)).await;
        let refused = open(&app, OTHER, &order).send().await;
        let refused = refused.error(403, "activation_limit_reached").await;
        assert!(text(&refused, "message").contains("two.example.com"), "{refused}");
        let license = &validate(&app, &order).await["license"];
        assert_eq!(license["activationUsage"], 1, "one counter for websites and devices");
        let since = "2026-06-15T12:00:00.000Z";
        assert_eq!(license["activatedOn"], since, "a website activates it as a device does");
        let (_, said) = refusal(about(&app, ACTIVATE, &order, json!({})).send().await, 403).await;
        assert!(said.ends_with("limit reached (1/1)"));
        let path = format!("{KEYS}/{}/activations", text(&order, "license_key_id"));
        let list = read(&app, &path).await;
        assert_eq!(column(&list, "host"), ["one.example.com"]);
        let path = format!("{path}/{}", text(&list["items"][0], "instance_id"));
        delete(&app, &path).send().await.expect(204).await;
        open(&app, OTHER, &order).send().await.expect(200).await;
    }

    async fn the_plans_widget_settings_hold(backend) {
        let app = TestApp::start(backend).await;
        let plan = plan(&app, "chat", json!({})).await;
        let path = format!("{PLANS}/{}", text(&plan, "id"));
        let widget = json!({"widget": {"monthly_usage_limit": 1, "ui": {"title": "Bought chat"}}});
        patch(&app, &path, widget).send().await.expect(200).await;
        let order = order(&app, &plan, "c1").await;
        let config = app.client().request(Method::POST, "/v1/widget/config")
            .header("Content-Type", "application/json").origin(SITE)
            .raw_body(json!({"licenseKey": order["license_key"]}).to_string());
        let config: Value = config.send().await.expect(200).await.json().await;
        assert_eq!(config["ui"]["title"], "Bought chat");
        let session: Value = open(&app, SITE, &order).send().await.expect(200).await.json().await;
        accepted(say(&app, SITE, &session)).await;
        say(&app, SITE, &session).send().await.error(429, "monthly_limit_reached").await;
    }

    async fn a_refunded_order_ends_the_chat(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, None).await;
        let session: Value = open(&app, SITE, &order).send().await.expect(200).await.json().await;
        accepted(say(&app, SITE, &session)).await;
        order_action(&app, &order, "refund").send().await.expect(200).await;
        say(&app, SITE, &session).send().await.error(403, "key_deactivated").await;
        open(&app, SITE, &order).send().await.error(403, "key_deactivated").await;
    }

    async fn a_device_chats_with_its_activation(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, Some(1)).await;
        let key = text(&order, "license_key");
        let ask = |id: &str| app.ask("s1", "Hi").key(&key).set("instanceId", id);
        ask("01ARZ3NDEKTSV4RRFFQ69G5FAV").send().await.error(403, "activation_required").await;
        let id = text(&activate(&app, &order).await, "instanceId");
        accepted(ask(&id)).await;
        about(&app, DEACTIVATE, &order, json!({"instanceId": id})).send().await.expect(200).await;
        ask(&id).send().await.error(403, "activation_required").await;
    }
}
