//! The widget's look and session.

use std::time::Duration;

use serde_json::{Value, json};
use system_tests::app::{WIDGET_KEY, complaints, only, text, usable_key, website_key};
use system_tests::{Call, TestApp, both};

const PAGE: &str = "https://shop.example";

fn ask(app: &TestApp, origin: &str, session: &Value) -> Call {
    let call = app.from_page("/v1/chat/stream", origin);
    call.set("token", text(session, "token")).set("message", "Hi")
}

both! {
    async fn the_look_is_served_for_each_way_to_name_a_chatbot(backend) {
        let app = TestApp::start(backend).await;
        let issued = app.issue_key(usable_key()).await;
        for (field, value) in [
            ("licenseKey", WIDGET_KEY),
            ("licenseKey", &issued.key),
            ("chatbotId", &issued.chatbot_id),
        ] {
            let call = app.from_page("/v1/widget/config", PAGE).set(field, value);
            let body = call.send().await.expect(200).await.json().await;
            assert!(!text(&body["agent"], "name").is_empty());
            assert!(body["chatbot"]["name"].is_string());
            assert_eq!(body["ui"]["openerSize"], 70);
            assert_eq!(body["ui"]["position"], "right");
            assert_eq!(body["ui"]["primaryColor"], "#5D87FF");
        }
        let call = app.from_page("/v1/widget/config", PAGE).set("licenseKey", issued.key);
        let body = call.send().await.expect(200).await.json().await;
        assert_eq!(body["chatbot"], json!({"id": issued.chatbot_id, "name": "A test's key"}));
    }

    async fn the_page_s_language_goes_before_the_key_s_and_that_before_the_browser_s(backend) {
        let app = TestApp::start(backend).await;
        let key = |locale: &str| {
            let mut new = usable_key();
            locale.clone_into(&mut new.ui.locale);
            new
        };
        let plain = app.issue_key(key("")).await.key;
        let french = app.issue_key(key("fr-CA")).await.key;
        for (key, page, fallback, found) in [
            (&french, Some("de-AT"), Some("ja"), "de"),
            (&french, None, Some("ja"), "fr"),
            (&french, Some("tlh"), Some("ja"), "fr"),
            (&plain, None, Some("zh-TW"), "zh-Hant"),
            (&plain, None, Some("nn"), "nb"),
            (&plain, None, Some("tlh"), "en"),
            (&plain, None, None, "en"),
        ] {
            let mut call = app.from_page("/v1/widget/config", PAGE).set("licenseKey", key.as_str());
            for (name, locale) in [("locale", page), ("fallbackLocale", fallback)] {
                if let Some(locale) = locale {
                    call = call.set(name, locale);
                }
            }
            let body = call.send().await.expect(200).await.json().await;
            assert_eq!(body["locale"], found, "{page:?} {fallback:?}");
            let file = text(&body, "text");
            assert!(file.starts_with(&["text-", found, "-"].concat()), "{file}");
            let path = ["/widget/", &file].concat();
            let catalogue = app.get(&path).send().await.expect(200).await.json().await;
            for word in ["open", "unreachable"] {
                assert_eq!(body["words"][word], catalogue[word]);
            }
        }
    }

    async fn a_language_tag_that_is_none_costs_the_language_and_not_the_chat(backend) {
        let app = TestApp::start(backend).await;
        let odd = ["x".repeat(35).into(), "x".repeat(36).into(), json!(5), json!({}), json!("")];
        for field in ["locale", "fallbackLocale"] {
            for tag in &odd {
                let call = app.from_page("/v1/widget/config", PAGE).set("licenseKey", WIDGET_KEY);
                let body = call.set(field, tag.clone()).send().await.expect(200).await.json().await;
                assert_eq!(body["locale"], "en", "{tag}");
            }
        }
    }

    async fn asking_for_the_look_stores_nothing(backend) {
        let app = TestApp::start(backend).await;
        let call = app.from_page("/v1/widget/config", PAGE).set("licenseKey", WIDGET_KEY);
        call.send().await.expect(200).await;
        app.open_session(PAGE, WIDGET_KEY).await;
        let list = app.admin("/v1/admin/conversations").send().await.expect(200).await.json().await;
        assert_eq!(list["total"], 0);
    }

    async fn a_chatbot_must_be_named_and_known(backend) {
        let app = TestApp::start(backend).await;
        for path in ["/v1/widget/config", "/v1/widget/session"] {
            let body = app.from_page(path, PAGE).send().await.error(400, "invalid_request").await;
            assert!(!complaints(&body).is_empty(), "{body}");
            for (field, value) in [
                ("licenseKey", "ABCD-EFGH-JKMN-PQRS"),
                ("licenseKey", "x"),
                ("chatbotId", "cb_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
                ("chatbotId", "x"),
            ] {
                let call = app.from_page(path, PAGE).set(field, value);
                call.send().await.error(401, "unauthorized").await;
            }
        }
    }

    async fn a_session_begins_without_a_conversation_and_lasts_15_minutes(backend) {
        let app = TestApp::start(backend).await;
        let session = app.open_session(PAGE, WIDGET_KEY).await;
        assert!(text(&session, "token").len() > 30);
        assert!(text(&session, "visitorId").len() >= 22, "128 random bits: {session}");
        assert_eq!(session["verified"], false);
        assert_eq!(session["conversation"], Value::Null);
        assert_eq!(session["expiresAt"], "2026-06-15T12:15:00.000Z");
    }

    async fn visitors_are_told_apart(backend) {
        let app = TestApp::start(backend).await;
        let (one, two) =
            (app.open_session(PAGE, WIDGET_KEY).await, app.open_session(PAGE, WIDGET_KEY).await);
        assert_ne!(one["visitorId"], two["visitorId"]);
        assert_ne!(one["token"], two["token"]);
        let first = ask(&app, PAGE, &one).events().await;
        let second = ask(&app, PAGE, &two).events().await;
        assert_ne!(
            only(&first, "start")["conversationId"],
            only(&second, "start")["conversationId"]
        );
    }

    async fn a_returning_visitor_finds_the_conversation(backend) {
        let app = TestApp::start(backend).await;
        let session = app.open_session(PAGE, WIDGET_KEY).await;
        let events = ask(&app, PAGE, &session).events().await;
        let call = app.from_page("/v1/widget/session", PAGE).set("licenseKey", WIDGET_KEY);
        let again = call.set("visitorId", text(&session, "visitorId"));
        let again = again.send().await.expect(200).await.json().await;
        assert_eq!(again["visitorId"], session["visitorId"]);
        assert_eq!(again["conversation"]["id"], only(&events, "start")["conversationId"]);
        assert_eq!(again["conversation"]["messages"].as_array().map(Vec::len), Some(2));
    }

    async fn a_visitor_id_that_the_server_did_not_make_is_replaced(backend) {
        let app = TestApp::start(backend).await;
        let made_up = "0123456789abcdef0123456789abcdef";
        let call = app.from_page("/v1/widget/session", PAGE).set("licenseKey", WIDGET_KEY);
        let body = call.set("visitorId", made_up).send().await.expect(200).await.json().await;
        assert_ne!(body["visitorId"], made_up);
    }

    async fn a_new_conversation_begins_when_the_visitor_asks_for_one(backend) {
        let app = TestApp::start(backend).await;
        let session = app.open_session(PAGE, WIDGET_KEY).await;
        let first = ask(&app, PAGE, &session).events().await;
        let call = app.from_page("/v1/widget/session", PAGE).set("licenseKey", WIDGET_KEY);
        let call = call.set("visitorId", text(&session, "visitorId")).set("new", true);
        let fresh = call.send().await.expect(200).await.json().await;
        assert_eq!(fresh["conversation"], Value::Null);
        let second = ask(&app, PAGE, &fresh).events().await;
        assert_ne!(
            only(&first, "start")["conversationId"],
            only(&second, "start")["conversationId"]
        );
        assert_eq!(app.upstream.seen(1).await.messages().len(), 2, "the model starts afresh too");
        let list = app.admin("/v1/admin/conversations").send().await.expect(200).await.json().await;
        assert_eq!(list["total"], 2, "the closed conversation is kept");
    }

    async fn a_token_is_worth_nothing_from_another_origin(backend) {
        let app = TestApp::start(backend).await;
        let session = app.open_session(PAGE, WIDGET_KEY).await;
        for other in [
            "https://evil.example",
            "http://shop.example",
            "https://shop.example:8443",
            "https://www.shop.example",
            "null",
        ] {
            ask(&app, other, &session).send().await.error(403, "origin_not_allowed").await;
        }
        let call = ask(&app, PAGE, &session).without("origin");
        call.send().await.error(403, "origin_not_allowed").await;
        ask(&app, PAGE, &session).send().await.expect(200).await.events().await;
    }

    async fn a_token_dies_after_15_minutes_and_a_new_one_goes_on(backend) {
        let app = TestApp::start(backend).await;
        let session = app.open_session(PAGE, WIDGET_KEY).await;
        app.clock.advance(Duration::from_millis(15 * 60 * 1000 - 1));
        let first = ask(&app, PAGE, &session).events().await;
        app.clock.advance(Duration::from_millis(1));
        ask(&app, PAGE, &session).send().await.error(401, "session_expired").await;
        let call = app.from_page("/v1/widget/session", PAGE).set("licenseKey", WIDGET_KEY);
        let call = call.set("visitorId", text(&session, "visitorId"));
        let renewed = call.send().await.expect(200).await.json().await;
        let second = ask(&app, PAGE, &renewed).events().await;
        assert_eq!(
            only(&first, "start")["conversationId"],
            only(&second, "start")["conversationId"]
        );
    }

    async fn a_token_survives_a_restart_of_the_server(backend) {
        let mut app = TestApp::start(backend).await;
        let session = app.open_session(PAGE, WIDGET_KEY).await;
        app.stop().await;
        app.start_again().await;
        ask(&app, PAGE, &session).send().await.expect(200).await.events().await;
    }

    async fn a_session_obeys_the_restriction_of_its_key(backend) {
        let app = TestApp::start(backend).await;
        let new = website_key(&[PAGE]);
        let issued = app.issue_key(new).await;
        for (field, value) in [("licenseKey", &issued.key), ("chatbotId", &issued.chatbot_id)] {
            for path in ["/v1/widget/config", "/v1/widget/session"] {
                let call = |origin| app.from_page(path, origin).set(field, value.as_str());
                call(PAGE).send().await.expect(200).await;
                call("https://evil.example").send().await.error(403, "origin_not_allowed").await;
                let call = call(PAGE).without("origin");
                call.send().await.error(403, "origin_not_allowed").await;
            }
        }
    }

    async fn a_session_token_does_what_its_key_may_on_every_session_route(backend) {
        let app = TestApp::start(backend).await;
        let session = app.open_session(PAGE, WIDGET_KEY).await;
        let events = ask(&app, PAGE, &session).events().await;
        let start = only(&events, "start");
        let call = |path: &str| app.from_page(path, PAGE).set("token", text(&session, "token"));
        let resumed = call("/v1/chat/resume").set("turnId", text(start, "turnId")).set("after", 0);
        assert_eq!(resumed.events().await, events);
        call("/v1/chat/stop").set("turnId", text(start, "turnId")).send().await.expect(200).await;
        let rated = call("/v1/messages/feedback").set("messageId", text(start, "messageId"));
        rated.set("rating", "up").send().await.expect(200).await;
        let current = call("/v1/conversations/current").send().await.expect(200).await.json().await;
        assert_eq!(current["conversation"]["id"], start["conversationId"]);
        let whole =
            call("/v1/chat").set("message", "Hi").send().await.expect(200).await.json().await;
        assert_eq!(whole["conversationId"], start["conversationId"]);
    }

    async fn opening_sessions_consumes_no_quota(backend) {
        let app = TestApp::start(backend).await;
        let mut new = usable_key();
        new.monthly_usage_limit = Some(1);
        let key = app.issue_key(new).await.key;
        for _ in 0..3 {
            app.open_session(PAGE, &key).await;
        }
        let session = app.open_session(PAGE, &key).await;
        ask(&app, PAGE, &session).send().await.expect(200).await.events().await;
        ask(&app, PAGE, &session).send().await.error(429, "monthly_limit_reached").await;
    }
}
