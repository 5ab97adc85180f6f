//! The letter that brings the key to the customer.

use serde_json::{Value, json};
use system_tests::app::text;
use system_tests::{Backend, TestApp, both};

use super::*;
use crate::alerts::mailbox::Mailbox;
use crate::wait::{eventually, stays};

async fn start(backend: Backend, mailbox: &Mailbox) -> TestApp {
    TestApp::with(backend)
        .set("SMTP_URL", mailbox.url())
        .set("SMTP_FROM", "Shop <shop@example.com>")
        .start()
        .await
}

async fn mailed_order(app: &TestApp, licenses: Value, email: &str) -> Value {
    let plan = plan(app, "pro", licenses).await;
    let mut body = bought_by(&plan, "c1");
    body["customer"]["email"] = json!(email);
    made(app, ORDERS, body).await
}

both! {
    async fn the_key_is_mailed_when_it_is_issued_and_when_it_is_replaced(backend) {
        let mailbox = Mailbox::start().await;
        let app = start(backend, &mailbox).await;
        let licenses = json!({"email_key": true, "has_expiry": true,
            "activation_limit_enabled": true, "activation_limit": 3});
        let order = mailed_order(&app, licenses, "ada@example.com").await;
        let mails = async || mailbox.mails();
        let got = eventually("the key is mailed", mails, |mails| mails.len() == 1).await;
        assert_eq!(got[0].to, ["ada@example.com"]);
        for part in [&text(&order, "license_key"), &text(&order, "id"), "Studio Pro", "Ada Lovelace", "2027-06-15", "3 devices"] {
            assert!(got[0].text.contains(part), "{part} in {}", got[0].text);
        }
        assert!(!got[0].text.contains("/admin"), "customers are not led to the dashboard");
        let key = key_of(&app, &order).await;
        let new = act(&app, &key, "regenerate", json!({})).await;
        let got = eventually("the new key is mailed", mails, |mails| mails.len() == 2).await;
        assert!(got[1].text.contains(&text(&new, "key")) && !got[1].text.contains(&text(&order, "license_key")));
        stays("each is mailed once", mails, |mails| mails.len() == 2).await;
    }

    async fn nothing_is_mailed_unless_the_plan_and_the_order_want_it(backend) {
        let mailbox = Mailbox::start().await;
        let app = start(backend, &mailbox).await;
        mailed_order(&app, json!({}), "ada@example.com").await;
        let product_id = product(&app).await;
        let body = json!({"product_id": product_id, "identifier": "mail", "name": "Mail", "licenses": {"email_key": true}});
        let with_mail = made(&app, PLANS, body).await;
        order(&app, &with_mail, "c2").await;
        let mut pending = bought_by(&with_mail, "c3");
        pending["customer"]["email"] = json!("grace@example.com");
        pending["status"] = json!("pending");
        let pending = made(&app, ORDERS, pending).await;
        let mails = async || mailbox.mails();
        stays("nobody gets mail", mails, Vec::is_empty).await;
        order_action(&app, &pending, "complete").send().await.expect(200).await;
        eventually("the key is mailed when it is issued", mails, |mails| mails.len() == 1).await;
    }

    async fn no_line_of_the_database_holds_the_key_for_a_letter(backend) {
        let app = TestApp::with(backend)
            // Nobody listens there: the letter waits.
            .set("SMTP_URL", "smtp://127.0.0.1:9")
            .set("SMTP_FROM", "Shop <shop@example.com>")
            .start()
            .await;
        let order = mailed_order(&app, json!({"email_key": true}), "ada@example.com").await;
        let key = text(&order, "license_key");
        for file in std::fs::read_dir(app.backend().data_dir()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            for form in [key.clone(), key.replace('-', "")] {
                assert!(!bytes.windows(form.len()).any(|part| part == form.as_bytes()));
            }
        }
    }
}
