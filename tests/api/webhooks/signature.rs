//! That a webhook comes from this server, as standardwebhooks.com has it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use system_tests::app::{START_MS, text};
use system_tests::both;

use super::receiver::{Delivery, Receiver};
use super::{HOOKS, deliveries, endpoint, hmac_sha256, hook_path, start};
use crate::kit::*;
use crate::wait::eventually;

/// Whether one of the signatures is the one that this secret makes.
pub fn is_signed(delivery: &Delivery, secret: &str) -> bool {
    let secret = secret.strip_prefix("whsec_").expect("the prefix of webhook secrets");
    let secret = STANDARD.decode(secret).expect("a secret is base64");
    let (id, time) = (delivery.header("webhook-id"), delivery.header("webhook-timestamp"));
    let signed = format!("{id}.{time}.{}", delivery.body);
    let signature = STANDARD.encode(hmac_sha256(&secret, signed.as_bytes()));
    let expected = format!("v1,{signature}");
    delivery.header("webhook-signature").split(' ').any(|signature| signature == expected)
}

both! {
    async fn a_webhook_is_signed_with_the_secret_of_its_endpoint(backend) {
        let app = start(backend).await;
        let (one, two) = (Receiver::start().await, Receiver::start().await);
        let first = text(&endpoint(&app, &one.url(), &["message.created"]).await, "secret");
        let second = text(&endpoint(&app, &two.url(), &["message.created"]).await, "secret");
        assert_ne!(first, second);
        app.ask("s1", "Grüße, \"📦\" \u{1} </script>").events().await;
        for delivery in one.wait_for("message.created", 1).await {
            assert!(delivery.header("webhook-id").starts_with("evt_"));
            assert_eq!(delivery.header("webhook-timestamp"), (START_MS / 1000).to_string());
            assert!(is_signed(&delivery, &first), "{delivery:?}");
            assert!(!is_signed(&delivery, &second), "{delivery:?}");
        }
        for delivery in two.wait_for("message.created", 1).await {
            assert!(is_signed(&delivery, &second), "{delivery:?}");
        }
    }

    async fn a_secret_is_shown_when_it_is_made_and_when_asked_for_and_nowhere_else(backend) {
        let app = start(backend).await;
        let receiver = Receiver::start().await;
        let made = endpoint(&app, &receiver.url(), &["message.created"]).await;
        let secret = text(&made, "secret");
        let bytes = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        assert_eq!(bytes.len(), 24);
        let path = hook_path(&made);
        let changed = patch(&app, &path, json!({"description": "Shop"})).send().await;
        for shown in [
            read(&app, HOOKS).await,
            read(&app, &path).await,
            changed.expect(200).await.json().await,
        ] {
            assert!(!shown.to_string().contains(&secret["whsec_".len()..]), "{shown}");
        }
        let call = post(&app, &format!("{path}/secret/reveal"), json!({}));
        assert_eq!(call.send().await.expect(200).await.json().await["secret"], secret.as_str());
    }

    async fn a_test_event_is_sent_and_signed_whatever_was_chosen(backend) {
        let app = start(backend).await;
        let receiver = Receiver::start().await;
        let made = endpoint(&app, &receiver.url(), &["lead.captured"]).await;
        let call = post(&app, &format!("{}/test", hook_path(&made)), json!({}));
        call.send().await.expect(202).await;
        let got = receiver.exactly("webhook.test", 1).await;
        assert!(is_signed(&got[0], &text(&made, "secret")));
        let look = async || deliveries(&app, &made).await;
        let delivered = |log: &Vec<Value>| log.first().is_some_and(|d| d["status"] == "delivered");
        let log = eventually("the test is in the log", look, delivered).await;
        assert_eq!(log[0]["event_type"], "webhook.test");
    }
}
