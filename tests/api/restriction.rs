//! Where and when a license key works.

use std::time::Duration;

use server::clock::rfc3339;
use shared::LicenseKeySettings;
use shared::license_key::RestrictionKind;
use system_tests::app::{ADMIN_KEY, START_MS, usable_key, website_key};
use system_tests::{Call, TestApp, both};

fn ask(app: &TestApp, key: &str) -> Call {
    app.ask("s1", "Hi").key(key)
}

async fn accepted(call: Call) {
    call.send().await.expect(200).await.events().await;
}

async fn refused(call: Call, code: &str) {
    call.send().await.error(403, code).await;
}

fn for_ips(ips: &[&str]) -> LicenseKeySettings {
    let ip_addresses = ips.iter().map(|&ip| ip.to_owned()).collect();
    LicenseKeySettings { restriction: RestrictionKind::IpAddresses, ip_addresses, ..usable_key() }
}

both! {
    async fn a_key_for_websites_works_there_and_nowhere_else(backend) {
        let app = TestApp::start(backend).await;
        let key = app
            .issue_key(website_key(&["https://shop.example", "https://*.shop.example"]))
            .await
            .key;
        for good in [
            "https://shop.example",
            "https://www.shop.example",
            "https://a.b.shop.example",
            "https://SHOP.example",
            "https://shop.example:443",
        ] {
            accepted(ask(&app, &key).origin(good)).await;
        }
        for bad in [
            "https://evil.example",
            "http://shop.example",
            "https://shop.example:8443",
            "https://shop.example.evil.example",
            "https://notshop.example",
            "null",
            "",
            "file://",
        ] {
            refused(ask(&app, &key).origin(bad), "origin_not_allowed").await;
        }
        refused(ask(&app, &key), "origin_not_allowed").await;
        assert_eq!(app.upstream.count(), 5);
    }

    async fn the_apex_alone_does_not_open_its_subdomains_nor_they_it(backend) {
        let app = TestApp::start(backend).await;
        let apex = app.issue_key(website_key(&["https://shop.example"])).await.key;
        refused(ask(&app, &apex).origin("https://www.shop.example"), "origin_not_allowed").await;
        let subs = app.issue_key(website_key(&["https://*.shop.example"])).await.key;
        refused(ask(&app, &subs).origin("https://shop.example"), "origin_not_allowed").await;
        accepted(ask(&app, &subs).origin("https://www.shop.example")).await;
    }

    async fn the_referer_counts_only_when_there_is_no_origin(backend) {
        let app = TestApp::start(backend).await;
        let key = app.issue_key(website_key(&["https://shop.example"])).await.key;
        let page = "https://shop.example/cart?x=1#y";
        accepted(ask(&app, &key).header("Referer", page)).await;
        refused(
            ask(&app, &key).header("Referer", "https://evil.example/https://shop.example"),
            "origin_not_allowed",
        )
        .await;
        for origin in ["https://evil.example", "null"] {
            refused(ask(&app, &key).origin(origin).header("Referer", page), "origin_not_allowed")
                .await;
        }
    }

    async fn what_a_page_says_about_itself_is_not_believed(backend) {
        let app = TestApp::start(backend).await;
        let key = app.issue_key(website_key(&["https://shop.example"])).await.key;
        let page = serde_json::json!({"url": "https://shop.example/", "referrer": "https://shop.example/"});
        refused(
            ask(&app, &key).origin("https://evil.example").set("page", page.clone()),
            "origin_not_allowed",
        )
        .await;
        refused(ask(&app, &key).set("page", page), "origin_not_allowed").await;
    }

    async fn websites_with_an_empty_list_accept_any_website(backend) {
        let app = TestApp::start(backend).await;
        let key = app.issue_key(website_key(&[])).await.key;
        accepted(ask(&app, &key).origin("https://anything.example")).await;
        accepted(ask(&app, &key)).await;
    }

    async fn a_key_for_addresses_works_from_them_and_nowhere_else(backend) {
        let app = TestApp::with(backend).set("NATTER_TRUSTED_PROXIES", "127.0.0.0/8").start().await;
        let key = app.issue_key(for_ips(&["203.0.113.7", "10.0.0.0/8", "2001:db8::/32"])).await.key;
        for good in [
            "203.0.113.7",
            "10.255.0.1",
            "::ffff:10.1.2.3",
            "2001:db8::1",
            "198.51.100.1, 203.0.113.7",
        ] {
            accepted(ask(&app, &key).from_ip(good)).await;
        }
        for bad in ["203.0.113.8", "11.0.0.1", "2001:db9::1", "203.0.113.7, 198.51.100.1"] {
            refused(ask(&app, &key).from_ip(bad), "ip_not_allowed").await;
        }
        refused(ask(&app, &key), "ip_not_allowed").await;
    }

    async fn an_empty_list_of_addresses_accepts_none(backend) {
        let app = TestApp::start(backend).await;
        let key = app.issue_key(for_ips(&[])).await.key;
        refused(ask(&app, &key), "ip_not_allowed").await;
    }

    async fn a_forwarded_address_is_believed_only_from_a_trusted_proxy(backend) {
        let app = TestApp::start(backend).await;
        let inside = app.issue_key(for_ips(&["203.0.113.7"])).await.key;
        refused(ask(&app, &inside).from_ip("203.0.113.7"), "ip_not_allowed").await;
        refused(ask(&app, &inside).header("Forwarded", "for=203.0.113.7"), "ip_not_allowed").await;
        let loopback = app.issue_key(for_ips(&["127.0.0.1"])).await.key;
        accepted(ask(&app, &loopback).from_ip("203.0.113.7")).await;
    }

    async fn a_key_expires_at_its_moment(backend) {
        let app = TestApp::start(backend).await;
        let key = app
            .issue_key(LicenseKeySettings { expires_at: Some(rfc3339(START_MS + 1000)), ..usable_key() })
            .await
            .key;
        app.clock.advance(Duration::from_millis(999));
        accepted(ask(&app, &key)).await;
        app.clock.advance(Duration::from_millis(1));
        refused(ask(&app, &key), "key_expired").await;
    }

    async fn the_reason_given_is_deactivated_before_inactive_before_expired_before_the_website(backend) {
        let app = TestApp::start(backend).await;
        let expired = LicenseKeySettings {
            expires_at: Some(rfc3339(START_MS - 1)),
            ..website_key(&["https://shop.example"])
        };
        let inactive = LicenseKeySettings { is_active: false, ..expired.clone() };
        for (new, code) in [
            (expired, "key_expired"),
            (inactive.clone(), "key_inactive"),
            (inactive, "key_deactivated"),
        ] {
            let issued = app.issue_key(new).await;
            if code == "key_deactivated" {
                let path = format!("/api/license-keys/{}/deactivate", issued.id);
                app.post(&path).header("X-Admin-Api-Key", ADMIN_KEY).send().await.expect(200).await;
            }
            refused(ask(&app, &issued.key).origin("https://evil.example"), code).await;
            for path in ["/v1/widget/config", "/v1/widget/session"] {
                let call = app
                    .from_page(path, "https://shop.example")
                    .set("chatbotId", issued.chatbot_id.as_str());
                refused(call, code).await;
            }
        }
    }
}
