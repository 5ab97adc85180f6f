//! The session's cookie: how it is set, from which pages it counts, how it ends.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;
use system_tests::{Backend, Call, TestApp, both};

use super::{
    EMAIL, ME, PASSWORD, SIGN_OUT, attempt, by_cookie, by_cookie_json, cookie, me, set_cookie,
    sign_in, with_admin,
};
use crate::kit::*;

const PUBLIC_URL: &str = "https://chat.example.com";

/// A server that is reached by https.
async fn behind_https(backend: Backend) -> TestApp {
    let app = TestApp::with(backend).set("NATTER_ADMIN_EMAIL", EMAIL);
    let app = app.set("NATTER_ADMIN_PASSWORD", PASSWORD).set("NATTER_PUBLIC_URL", PUBLIC_URL);
    app.start().await
}

/// The attributes of a cookie in lower case, without name and value.
fn attributes(set_cookie: &str) -> BTreeSet<String> {
    set_cookie.split(';').skip(1).map(|part| part.trim().to_ascii_lowercase()).collect()
}

/// Makes a license key with a cookie and without saying from where.
fn forged(app: &TestApp, session: &str) -> Call {
    by_cookie_json(app, session, Method::POST, KEYS, json!({"name": "Shop"})).without("origin")
}

both! {
    async fn the_cookie_is_out_of_reach_of_scripts_and_other_sites(backend) {
        let app = with_admin(backend).await;
        let answer = attempt(&app, EMAIL, PASSWORD).send().await.expect(200).await;
        let attributes = attributes(&set_cookie(&answer));
        for needed in ["httponly", "samesite=lax", "path=/"] {
            assert!(attributes.contains(needed), "{needed} in {attributes:?}");
        }
        assert!(!attributes.contains("secure"), "a browser would not send it by http");
        assert!(!attributes.iter().any(|one| one.starts_with("domain")), "for this host alone");
        assert!(cookie(&answer).len() >= "natter_session=".len() + 22, "128 random bits");
        let body = answer.json().await;
        assert_eq!(body["user"]["email"], EMAIL);
        assert!(!body.to_string().contains("password"), "{body}");
    }

    async fn the_cookie_is_secure_where_the_public_address_is_https(backend) {
        let app = behind_https(backend).await;
        let call = attempt(&app, EMAIL, PASSWORD).origin(PUBLIC_URL);
        let answer = call.send().await.expect(200).await;
        let attributes = attributes(&set_cookie(&answer));
        for needed in ["secure", "httponly", "samesite=lax", "path=/"] {
            assert!(attributes.contains(needed), "{needed} in {attributes:?}");
        }
        let session = cookie(&answer);
        forged(&app, &session).origin(PUBLIC_URL).send().await.expect(201).await;
        for other in ["http://chat.example.com", "https://chat.example.com:8443"] {
            let call = forged(&app, &session).origin(other);
            call.send().await.error(403, "origin_not_allowed").await;
        }
    }

    async fn a_cookie_changes_nothing_from_another_site(backend) {
        let app = with_admin(backend).await;
        let session = sign_in(&app, EMAIL, PASSWORD).await;
        forged(&app, &session).send().await.error(403, "origin_not_allowed").await;
        let port = app.base().rsplit(':').next().unwrap().to_owned();
        for other in [
            "https://evil.example",
            "null",
            "",
            "http://127.0.0.1",
            "http://127.0.0.1:1",
            &format!("http://127.0.0.1:{port}.evil.example"),
            &format!("http://localhost:{port}"),
        ] {
            let call = forged(&app, &session).origin(other);
            call.send().await.error(403, "origin_not_allowed").await;
        }
        for site in ["cross-site", "same-site", "none", ""] {
            let call = forged(&app, &session).header("Sec-Fetch-Site", site);
            call.send().await.error(403, "origin_not_allowed").await;
        }
        let made = make_key(&app, json!({"name": "Shop"})).await;
        for method in [Method::PATCH, Method::DELETE] {
            let call = by_cookie_json(&app, &session, method, &path_of(&made), json!({}));
            let call = call.origin("https://evil.example");
            call.send().await.error(403, "origin_not_allowed").await;
        }
        let list = read(&app, KEYS).await;
        let forged = list["items"].as_array().unwrap().iter().filter(|key| key["id"] != made["id"]);
        assert!(forged.clone().all(|key| key["name"] == "Demo page"), "nothing was made: {list}");
    }

    async fn a_cookie_changes_things_from_the_servers_own_pages(backend) {
        let app = with_admin(backend).await;
        let session = sign_in(&app, EMAIL, PASSWORD).await;
        forged(&app, &session).origin(app.base()).send().await.expect(201).await;
        let call = forged(&app, &session).header("Sec-Fetch-Site", "same-origin");
        call.send().await.expect(201).await;
        assert_eq!(read(&app, KEYS).await["total"], 3, "two, and the demo page's");
    }

    async fn reading_needs_no_origin_and_keys_need_none_at_all(backend) {
        let app = with_admin(backend).await;
        let session = sign_in(&app, EMAIL, PASSWORD).await;
        let call = by_cookie(&app, &session, Method::GET, KEYS).without("origin");
        call.send().await.expect(200).await;
        post(&app, KEYS, json!({"name": "Shop"})).send().await.expect(201).await;
        let answer = by_cookie(&app, &session, Method::GET, KEYS).send().await.expect(200).await;
        without_cors(&answer);
    }

    async fn signing_out_ends_the_session_and_no_other(backend) {
        let app = with_admin(backend).await;
        let session = sign_in(&app, EMAIL, PASSWORD).await;
        let other = sign_in(&app, EMAIL, PASSWORD).await;
        assert_ne!(session, other, "each sign-in is a session of its own");
        let evil = by_cookie(&app, &session, Method::POST, SIGN_OUT);
        let evil = evil.origin("https://evil.example");
        evil.send().await.error(403, "origin_not_allowed").await;
        let call = by_cookie(&app, &session, Method::POST, SIGN_OUT);
        let answer = call.send().await.expect(204).await;
        assert_eq!(cookie(&answer), "natter_session=", "the browser forgets it");
        let call = by_cookie(&app, &session, Method::GET, ME);
        call.send().await.error(401, "unauthorized").await;
        assert_eq!(me(&app, &other).await["email"], EMAIL);
    }

    async fn a_session_is_as_good_as_an_admins_key_everywhere(backend) {
        let app = with_admin(backend).await;
        let session = sign_in(&app, EMAIL, PASSWORD).await;
        for path in [KEYS, "/api/analytics", "/api/audit-log", "/v1/admin/conversations"] {
            by_cookie(&app, &session, Method::GET, path).send().await.expect(200).await;
        }
        let user = me(&app, &session).await;
        assert_eq!(user["role"], "admin");
        assert_eq!(user["created_at"], "2026-06-15T12:00:00.000Z");
        assert_eq!(user["last_signed_in_at"], "2026-06-15T12:00:00.000Z");
    }

    async fn a_session_is_no_credential_of_the_chat(backend) {
        let app = with_admin(backend).await;
        let session = sign_in(&app, EMAIL, PASSWORD).await;
        let call = app.ask("s1", "Hi").without("x-api-key").header("Cookie", &session);
        call.send().await.error(401, "unauthorized").await;
    }
}
