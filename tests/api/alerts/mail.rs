//! Notifications by e-mail.

use std::time::Duration;

use serde_json::json;
use system_tests::{Backend, TestApp, both};

use super::mailbox::Mailbox;
use super::{answered, key_with_limit, tells};
use crate::kit::*;
use crate::wait::{eventually, stays};

const ADMIN: &str = "owner@example.com";
const SENDER: &str = "natter@example.com";
const PUBLIC_URL: &str = "https://chat.example.com";

async fn start(backend: Backend, mailbox: &Mailbox) -> TestApp {
    TestApp::with(backend)
        .unhurried()
        .set("SMTP_URL", mailbox.url())
        .set("SMTP_FROM", format!("Natter <{SENDER}>"))
        .set("NATTER_PUBLIC_URL", PUBLIC_URL)
        .set("NATTER_ADMIN_EMAIL", ADMIN)
        .set("NATTER_ADMIN_PASSWORD", "a good long password")
        .start()
        .await
}

both! {
    async fn each_notification_is_mailed_once_to_the_admin(backend) {
        let mailbox = Mailbox::start().await;
        let app = start(backend, &mailbox).await;
        let key = key_with_limit(&app, 5).await;
        answered(&app, &key, 3).await;
        stays("3 of 5 is no news", async || mailbox.mails(), Vec::is_empty).await;
        answered(&app, &key, 1).await;
        let one = async || mailbox.mails();
        let mails = eventually("4 of 5 is mailed", one, |mails| mails.len() == 1).await;
        assert_eq!(mails[0].from, SENDER);
        assert_eq!(mails[0].to, [ADMIN]);
        for part in ["Shop key", PUBLIC_URL] {
            assert!(mails[0].text.contains(part), "{part} in {}", mails[0].text);
        }
        answered(&app, &key, 1).await;
        let mails = eventually("5 of 5 is mailed", one, |mails| mails.len() == 2).await;
        assert_ne!(mails[0].text, mails[1].text);
        stays("each is mailed once", one, |mails| mails.len() == 2).await;
    }

    async fn a_mail_shows_no_secret(backend) {
        let mailbox = Mailbox::start().await;
        let app = start(backend, &mailbox).await;
        let key = key_with_limit(&app, 1).await;
        answered(&app, &key, 1).await;
        let mails = async || mailbox.mails();
        let mails = eventually("1 of 1 is mailed", mails, |mails| !mails.is_empty()).await;
        let secret = system_tests::app::text(&key, "key");
        for mail in mails {
            assert!(!mail.text.contains(&secret) && !mail.text.contains(&secret.replace('-', "")));
        }
    }

    async fn a_keys_name_cannot_write_headers_of_the_mail(backend) {
        let mailbox = Mailbox::start().await;
        let app = start(backend, &mailbox).await;
        let name = "Shop\r\nBcc: stranger@evil.example\r\n\r\nHello";
        let call = post(&app, KEYS, json!({"name": name, "monthly_usage_limit": 1}));
        let answer = call.send().await;
        if answer.status == 400 {
            // A name of one line is as safe.
            return;
        }
        let key = answer.expect(201).await.json().await;
        answered(&app, &key, 1).await;
        let mails = async || mailbox.mails();
        for mail in eventually("1 of 1 is mailed", mails, |mails| !mails.is_empty()).await {
            assert_eq!(mail.to, [ADMIN]);
            assert!(!mail.headers.iter().any(|line| line.to_lowercase().starts_with("bcc")));
        }
    }

    async fn a_mail_server_that_is_away_is_tried_again(backend) {
        let mailbox = Mailbox::start().await;
        mailbox.set_away(true);
        let app = start(backend, &mailbox).await;
        let key = key_with_limit(&app, 5).await;
        answered(&app, &key, 4).await;
        let tried = async || mailbox.turned_away();
        eventually("the mail server is tried", tried, |tried| *tried > 0).await;
        tells(&app, &key, "the bell rings without the mail", [1, 0]).await;
        mailbox.set_away(false);
        // Nobody promises when: time passes until it comes.
        let later = async || {
            app.clock.advance(Duration::from_secs(60));
            mailbox.mails()
        };
        eventually("the mail comes later", later, |mails| mails.len() == 1).await;
        stays("the mail comes once", later, |mails| mails.len() == 1).await;
    }

    async fn a_mail_server_that_is_away_holds_up_no_answer(backend) {
        let mailbox = Mailbox::start().await;
        let app = start(backend, &mailbox).await;
        mailbox.set_away(true);
        let key = key_with_limit(&app, 20).await;
        answered(&app, &key, 20).await;
        tells(&app, &key, "20 of 20", [1, 1]).await;
    }
}
