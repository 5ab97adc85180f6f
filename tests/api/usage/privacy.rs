//! What the usage log keeps of a visitor, and for how long.

use std::time::Duration;

use serde_json::{Value, json};
use system_tests::app::{only, text};
use system_tests::{TestApp, both};

use super::{ask, is_blank, items, rows, start, usage};
use crate::kit::*;
use crate::wait::{eventually, stays};

const DAY: Duration = Duration::from_secs(24 * 3600);

both! {
    async fn addresses_are_kept_whole_unless_told_otherwise(backend) {
        let app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        accepted(ask(&app, &key, "s1", "Hi").from_ip("2001:db8:1:2:3:4:5:6")).await;
        assert_eq!(rows(&app, &key, 1).await[0]["ip_address"], "2001:db8:1:2:3:4:5:6");
    }

    async fn anonymous_addresses_keep_24_bits_of_ipv4_and_48_of_ipv6(backend) {
        let app = TestApp::with(backend)
            .set("NATTER_ANONYMIZE_IP", true)
            .set("NATTER_TRUSTED_PROXIES", "127.0.0.1")
            .start()
            .await;
        for (address, kept) in [
            ("203.0.113.77", "203.0.113.0"),
            ("::ffff:203.0.113.78", "203.0.113.0"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
            ("2001:db8:ffff:ffff::1", "2001:db8:ffff::"),
        ] {
            // Restrictions still see the whole address.
            let key = make_key(&app, json!({"name": "Shop", "ip_addresses": [address]})).await;
            accepted(ask(&app, &key, "s1", "Hi").from_ip(address)).await;
            ask(&app, &key, "s1", "Hi").from_ip("203.0.113.1").send().await
                .error(403, "ip_not_allowed").await;
            let rows = rows(&app, &key, 2).await;
            let row = rows.iter().find(|row| row["status"] == "ok").expect("the answered query");
            // With or without the length of the prefix.
            let shown = text(row, "ip_address");
            assert_eq!(shown.split('/').next(), Some(kept), "for {address}");
            let refused = rows.iter().find(|row| row["status"] == "refused").expect("the refusal");
            assert!(text(refused, "ip_address").starts_with("203.0.113.0"), "{refused}");
        }
    }

    async fn questions_are_not_kept_in_the_log_when_told_so(backend) {
        let app = TestApp::with(backend).set("NATTER_STORE_QUESTIONS", false).start().await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        let events = ask(&app, &key, "s1", "My secret question").events().await;
        let rows = rows(&app, &key, 1).await;
        assert_eq!(rows[0]["status"], "ok");
        assert!(is_blank(&rows[0], "question"), "{}", rows[0]);
        let table = app.admin(&format!("{}/usage.csv", path_of(&key))).send().await;
        assert!(!table.expect(200).await.text().await.contains("secret question"));
        // Conversations are another matter.
        let id = text(only(&events, "start"), "conversationId");
        let told = read(&app, &format!("/v1/admin/conversations/{id}")).await;
        assert_eq!(told["messages"][0]["content"], "My secret question");
    }

    async fn rows_go_after_the_days_they_are_kept_and_not_before(backend) {
        let app = TestApp::with(backend).set("NATTER_RETENTION_DAYS", 30).start().await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        accepted(ask(&app, &key, "s1", "old")).await;
        app.clock.advance(2 * DAY);
        accepted(ask(&app, &key, "s2", "young")).await;
        app.clock.advance(27 * DAY);
        let questions = async || column(&usage(&app, &key, "").await, "question");
        eventually("both are logged", questions, |found| *found == ["young", "old"]).await;
        stays("rows of 29 days are kept", questions, |found| *found == ["young", "old"]).await;
        app.clock.advance(2 * DAY);
        eventually("rows of 31 days go", questions, |found| *found == ["young"]).await;
        stays("rows of 29 days are kept", questions, |found| *found == ["young"]).await;
        app.clock.advance(2 * DAY);
        // The rows and their number are two questions to the database: one may come before the other.
        let list = async || usage(&app, &key, "").await;
        let gone = |list: &Value| items(list).is_empty() && list["total"] == 0;
        eventually("all go in the end", list, gone).await;
    }

    async fn rows_are_kept_400_days_unless_told_otherwise(backend) {
        let app = TestApp::start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        accepted(ask(&app, &key, "s1", "old")).await;
        let count = async || items(&usage(&app, &key, "").await).len();
        app.clock.advance(399 * DAY);
        eventually("the row is there", count, |count| *count == 1).await;
        stays("rows of 399 days are kept", count, |count| *count == 1).await;
        app.clock.advance(2 * DAY);
        eventually("rows of 401 days go", count, |count| *count == 0).await;
    }
}
