//! Endpoints: which addresses are taken, and what may be changed.

use serde_json::json;
use system_tests::app::text;
use system_tests::{TestApp, both};

use super::receiver::Receiver;
use super::{HOOKS, deliveries, endpoint, hook_path, start};
use crate::kit::*;

/// Where nobody outside may make this server call.
const PRIVATE: &[&str] = &[
    "http://127.0.0.1",
    "http://127.0.0.1:8080/hook",
    "http://127.1",
    "http://localhost",
    "https://LOCALHOST:8443/hook",
    "http://[::1]",
    "http://10.0.0.1",
    "http://172.16.0.1",
    "http://192.168.1.1",
    "http://100.64.0.1",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00::1]",
    "http://[fe80::1]",
    "http://[::ffff:127.0.0.1]",
    "http://[::ffff:a00:1]",
    "http://[::]",
    "http://0.0.0.0",
    "http://2130706433",
    "http://0x7f000001",
    "http://0177.0.0.1",
];

/// What is no address of an endpoint anywhere.
const WRONG: &[&str] = &[
    "ftp://hooks.example.com/x",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https://user:pw@hooks.example.com/x",
    "https://user@hooks.example.com/x",
    "hooks.example.com",
    "https://",
    "",
];

/// An address that is nobody's secret; nothing is ever sent there.
const PUBLIC: &str = "https://93.184.216.34/hook";

async fn refused(app: &TestApp, url: &str) {
    let body = json!({"url": url, "events": ["license_key.regenerated"]});
    refused_field(post(app, HOOKS, body), "url").await;
}

both! {
    async fn private_addresses_are_refused_unless_allowed(backend) {
        let app = TestApp::start(backend).await;
        for url in PRIVATE {
            refused(&app, url).await;
        }
        let made = endpoint(&app, PUBLIC, &["license_key.regenerated"]).await;
        for url in PRIVATE {
            refused_field(patch(&app, &hook_path(&made), json!({"url": url})), "url").await;
        }
        assert_eq!(read(&app, &hook_path(&made)).await["url"], PUBLIC);
        assert_eq!(read(&app, HOOKS).await["total"], 1);
    }

    async fn what_is_no_web_address_is_refused_also_where_private_ones_are_allowed(backend) {
        let app = start(backend).await;
        for url in WRONG {
            refused(&app, url).await;
        }
        assert_eq!(read(&app, HOOKS).await["total"], 0);
    }

    async fn unknown_events_are_refused(backend) {
        let app = start(backend).await;
        let body = json!({"url": PUBLIC, "events": ["message.created", "message.imagined"]});
        refused_field(post(&app, HOOKS, body), "events").await;
        refused_field(post(&app, HOOKS, json!({"url": PUBLIC, "events": "all"})), "events").await;
    }

    async fn an_endpoint_is_read_back_as_it_was_made(backend) {
        let app = start(backend).await;
        let events = ["message.created", "feedback.created"];
        let body = json!({"url": PUBLIC, "events": events, "description": "Our CRM"});
        let made = post(&app, HOOKS, body).send().await.expect(201).await.json().await;
        let path = hook_path(&made);
        let shown = read(&app, &path).await;
        for (field, value) in [
            ("url", json!(PUBLIC)),
            ("events", json!(events)),
            ("description", json!("Our CRM")),
            ("is_active", json!(true)),
        ] {
            assert_eq!(shown[field], value, "{field} in {shown}");
        }
        let list = read(&app, HOOKS).await;
        assert_eq!((&list["total"], &list["items"][0]["id"]), (&json!(1), &made["id"]));
        delete(&app, &path).send().await.expect(204).await;
        app.admin(&path).send().await.error(404, "not_found").await;
        app.admin(&format!("{path}/deliveries")).send().await.error(404, "not_found").await;
        assert_eq!(read(&app, HOOKS).await["total"], 0);
    }

    async fn a_changed_endpoint_is_told_by_its_new_choice(backend) {
        let app = start(backend).await;
        let (old, new) = (Receiver::start().await, Receiver::start().await);
        let made = endpoint(&app, &old.url(), &["conversation.started"]).await;
        app.ask("s1", "Hi").events().await;
        old.exactly("conversation.started", 1).await;
        let changes = json!({"url": new.url(), "events": ["feedback.created"]});
        patch(&app, &hook_path(&made), changes).send().await.expect(200).await;
        let events = app.ask("s2", "Hi").events().await;
        app.rate("s2", &text(&events[0], "messageId"), "up").send().await.expect(200).await;
        new.total("the rating alone comes to the new address", 1).await;
        old.total("nothing more comes to the old address", 1).await;
    }

    async fn an_inactive_endpoint_is_told_nothing(backend) {
        let app = start(backend).await;
        let (off, on) = (Receiver::start().await, Receiver::start().await);
        let body = json!({
            "url": off.url(), "events": ["conversation.started"], "is_active": false,
        });
        let made = post(&app, HOOKS, body).send().await.expect(201).await.json().await;
        endpoint(&app, &on.url(), &["conversation.started"]).await;
        app.ask("s1", "Hi").events().await;
        on.exactly("conversation.started", 1).await;
        off.total("an inactive endpoint is told nothing", 0).await;
        // What happened meanwhile is not told later.
        patch(&app, &hook_path(&made), json!({"is_active": true})).send().await.expect(200).await;
        off.total("nothing is told afterwards", 0).await;
        app.ask("s2", "Hi").events().await;
        off.exactly("conversation.started", 1).await;
        assert_eq!(deliveries(&app, &made).await.len(), 1);
    }

    async fn a_deleted_endpoint_is_told_nothing(backend) {
        let app = start(backend).await;
        let (gone, on) = (Receiver::start().await, Receiver::start().await);
        let made = endpoint(&app, &gone.url(), &["conversation.started"]).await;
        endpoint(&app, &on.url(), &["conversation.started"]).await;
        delete(&app, &hook_path(&made)).send().await.expect(204).await;
        app.ask("s1", "Hi").events().await;
        on.exactly("conversation.started", 1).await;
        gone.total("a deleted endpoint is told nothing", 0).await;
    }
}
