//! Signed answers: what software can trust without the server.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};
use system_tests::app::text;
use system_tests::{TestApp, both};

use super::*;

/// The published keys, by id.
async fn published(app: &TestApp) -> Vec<(String, String, Vec<u8>)> {
    let list = app.get("/license/keys").send().await.expect(200).await.json().await;
    let keys = list["keys"].as_array().unwrap().iter();
    keys.map(|key| {
        assert_eq!(key["algorithm"], "Ed25519");
        let public = STANDARD.decode(text(key, "publicKey")).unwrap();
        (text(key, "id"), text(key, "status"), public)
    })
    .collect()
}

/// Checks the signature as software would, over the bytes as they came; gives the body.
async fn checked(answer: Answer, keys: &[(String, String, Vec<u8>)]) -> (Value, String) {
    let id = answer.header("x-natter-key-id").to_owned();
    let signature = STANDARD.decode(answer.header("x-natter-signature")).unwrap();
    let body = answer.text().await;
    let (_, _, public) = keys.iter().find(|(known, ..)| *known == id).expect("a published key");
    let key = UnparsedPublicKey::new(&ED25519, public);
    key.verify(body.as_bytes(), &signature).expect("the signature holds");
    let forged = body.replacen("true", "TRUE", 1);
    assert!(body == forged || key.verify(forged.as_bytes(), &signature).is_err());
    (serde_json::from_str(&body).unwrap(), id)
}

both! {
    async fn an_answer_with_a_nonce_is_signed_over_its_bytes(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, Some(1)).await;
        let keys = published(&app).await;
        let statuses: Vec<_> = keys.iter().map(|(_, status, _)| status.as_str()).collect();
        assert_eq!(statuses, ["active", "next"]);
        let nonce = json!({"nonce": "n-1"});
        let made = about(&app, ACTIVATE, &order, nonce.clone()).send().await.expect(201).await;
        let (made, id) = checked(made, &keys).await;
        assert_eq!(id, keys[0].0, "signed with the active key");
        assert_eq!((&made["nonce"], &made["issuedAt"]), (&json!("n-1"), &json!("2026-06-15T12:00:00.000Z")));
        assert_eq!(made["leaseEndsAt"], "2026-06-18T12:00:00.000Z", "72 hours");
        let valid = about(&app, VALIDATE, &order, nonce.clone()).send().await.expect(200).await;
        let (valid, _) = checked(valid, &keys).await;
        assert_eq!((&valid["valid"], &valid["leaseEndsAt"]), (&json!(true), &made["leaseEndsAt"]));
        let unsigned = about(&app, VALIDATE, &order, json!({})).send().await.expect(200).await;
        assert!(unsigned.headers.get("x-natter-signature").is_none());
        let unsigned: Value = unsigned.json().await;
        assert_eq!((unsigned.get("nonce"), unsigned.get("leaseEndsAt")), (None, None));
        let full = about(&app, ACTIVATE, &order, nonce.clone()).send().await.expect(403).await;
        let (full, _) = checked(full, &keys).await;
        assert_eq!((&full["nonce"], &full["leaseEndsAt"]), (&json!("n-1"), &Value::Null));
        let named = json!({"nonce": "n-1", "instanceId": made["instanceId"]});
        let named = about(&app, VALIDATE, &order, named).send().await.expect(200).await;
        let (named, _) = checked(named, &keys).await;
        assert_eq!(named["instanceId"], made["instanceId"], "no other device can pass it off");
        // A refusal is signed, too, and lends nothing.
        order_action(&app, &order, "refund").send().await.expect(200).await;
        let refused = about(&app, VALIDATE, &order, nonce.clone()).send().await.expect(200).await;
        let (refused, _) = checked(refused, &keys).await;
        assert_eq!((&refused["valid"], &refused["leaseEndsAt"]), (&json!(false), &Value::Null));
        let unknown = software(&app, VALIDATE, json!({"licenseKey": "junk", "nonce": "n-1"}));
        let (unknown, _) = checked(unknown.send().await.expect(404).await, &keys).await;
        assert_eq!((&unknown["code"], &unknown["leaseEndsAt"]), (&json!("INVALID_KEY"), &Value::Null));
    }

    async fn no_lease_outlives_its_license(backend) {
        let app = TestApp::with(backend).set("NATTER_LICENSE_LEASE_HOURS", 48).start().await;
        let plan = plan(&app, "trial", json!({"has_expiry": true, "duration_value": 3,
            "duration_unit": "day", "grace_days": 1})).await;
        let order = order(&app, &plan, "c1").await;
        let lease = async || {
            let answer = about(&app, VALIDATE, &order, json!({"nonce": "n"})).send().await;
            answer.expect(200).await.json().await["leaseEndsAt"].clone()
        };
        assert_eq!(lease().await, "2026-06-17T12:00:00.000Z");
        app.clock.advance(3 * DAY);
        assert_eq!(lease().await, "2026-06-19T12:00:00.000Z", "the end of grace");
        app.clock.advance(DAY);
        assert_eq!(lease().await, Value::Null);
    }

    async fn signing_keys_survive_a_restart_and_their_secrets_are_nowhere(backend) {
        let mut app = TestApp::start(backend).await;
        let before = published(&app).await;
        app.stop().await;
        app.start_again().await;
        assert_eq!(published(&app).await, before);
        let shown = app.get("/license/keys").send().await.text().await;
        for hidden in ["secret", "sealed", "private"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }

    async fn a_rotation_signs_with_the_key_that_was_announced(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, None).await;
        let before = published(&app).await;
        app.client().post("/api/signing-keys/rotate").send().await.error(401, "unauthorized").await;
        post(&app, "/api/signing-keys/rotate", json!({})).send().await.expect(200).await;
        let after = published(&app).await;
        let statuses: Vec<_> = after.iter().map(|(_, status, _)| status.as_str()).collect();
        assert_eq!(statuses, ["retired", "active", "next"]);
        let answer = about(&app, VALIDATE, &order, json!({"nonce": "n"})).send().await;
        // Software that knew both keys before the rotation still trusts the answer.
        let (_, id) = checked(answer.expect(200).await, &before).await;
        assert_eq!(id, before[1].0);
        app.clock.advance(3 * DAY);
        let left: Vec<_> = published(&app).await.into_iter().map(|(id, ..)| id).collect();
        assert!(!left.contains(&before[0].0), "its last lease has ended");
    }
}
