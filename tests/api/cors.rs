//! What a page of another origin may read.

use reqwest::Method;
use system_tests::app::{WIDGET_KEY, website_key};
use system_tests::{Answer, Call, TestApp, both};

const PAGE: &str = "https://shop.example";

fn preflight(app: &TestApp, path: &str, origin: &str) -> Call {
    let call = app.client().request(Method::OPTIONS, path).origin(origin);
    call.header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "content-type,x-api-key")
}

/// The comma-separated words of a header, in lower case.
fn words(answer: &Answer, header: &str) -> Vec<String> {
    let all = answer.headers.get_all(header).iter();
    let text =
        all.map(|value| value.to_str().unwrap().to_lowercase()).collect::<Vec<_>>().join(",");
    text.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
}

fn readable_from(answer: &Answer, origin: &str) {
    assert_eq!(answer.header("access-control-allow-origin"), origin);
    assert!(words(answer, "vary").contains(&"origin".to_owned()));
    assert_eq!(answer.header("access-control-allow-credentials"), "", "never with credentials");
}

both! {
    async fn a_preflight_is_answered_with_what_is_allowed(backend) {
        let app = TestApp::start(backend).await;
        for path in [
            "/v1/chat",
            "/v1/chat/stream",
            "/chat",
            "/v1/chat/resume",
            "/v1/chat/stop",
            "/v1/messages/feedback",
            "/v1/conversations/current",
            "/v1/widget/config",
            "/v1/widget/session",
        ] {
            let answer = preflight(&app, path, PAGE).send().await.expect(204).await;
            readable_from(&answer, PAGE);
            let mut methods = words(&answer, "access-control-allow-methods");
            methods.sort();
            assert_eq!(methods, ["get", "options", "post"]);
            let mut headers = words(&answer, "access-control-allow-headers");
            headers.sort();
            assert_eq!(
                headers,
                [
                    "api-key",
                    "authorization",
                    "content-type",
                    "idempotency-key",
                    "x-api-key",
                    "x-widget-api-key"
                ]
            );
            assert_eq!(answer.header("access-control-max-age"), "7200");
            assert_eq!(answer.text().await, "");
        }
    }

    async fn an_answer_echoes_the_origin_also_a_refusal(backend) {
        let app = TestApp::start(backend).await;
        let answer = app.ask("s1", "Hi").origin(PAGE).send().await.expect(200).await;
        readable_from(&answer, PAGE);
        answer.events().await;
        let calls = [
            (app.ask("s1", "").origin(PAGE), 400),
            (app.ask("s1", "Hi").key("wrong").origin(PAGE), 401),
            (app.ask("s1", "Hi").header("Content-Type", "image/png").origin(PAGE), 415),
            (app.get("/v1/chat").origin(PAGE), 405),
            (app.get("/v1/nothing").origin(PAGE), 404),
            (app.ask("s1", &"x".repeat(70_000)).origin(PAGE), 413),
        ];
        for (call, status) in calls {
            let answer = call.send().await;
            readable_from(&answer, PAGE);
            answer.expect(status).await;
        }
    }

    async fn a_page_can_read_why_its_key_refused_it(backend) {
        let app = TestApp::start(backend).await;
        let new = website_key(&[PAGE]);
        let key = app.issue_key(new).await.key;
        let answer = app.ask("s1", "Hi").key(&key).origin("https://evil.example").send().await;
        readable_from(&answer, "https://evil.example");
        answer.error(403, "origin_not_allowed").await;
    }

    async fn a_page_may_read_the_headers_it_needs(backend) {
        let app = TestApp::start(backend).await;
        let answer = app.ask("s1", "Hi").origin(PAGE).send().await.expect(200).await;
        let exposed = words(&answer, "access-control-expose-headers");
        for header in [
            "retry-after",
            "x-ratelimit-limit",
            "x-ratelimit-remaining",
            "x-ratelimit-reset",
            "x-request-id",
        ] {
            assert!(exposed.contains(&header.to_owned()), "{header} in {exposed:?}");
        }
        answer.events().await;
    }

    async fn a_request_without_origin_gets_no_cors_headers(backend) {
        let app = TestApp::start(backend).await;
        let answer = app.ask("s1", "Hi").send().await.expect(200).await;
        assert_eq!(answer.header("access-control-allow-origin"), "");
        answer.events().await;
    }

    async fn admin_routes_send_no_cors_headers(backend) {
        let app = TestApp::start(backend).await;
        let path = "/v1/admin/conversations";
        for answer in [
            app.admin(path).origin(PAGE).send().await,
            app.get(path).origin(PAGE).send().await,
            preflight(&app, path, PAGE).send().await,
        ] {
            let sent: Vec<_> = answer
                .headers
                .keys()
                .map(|name| name.as_str().to_owned())
                .filter(|name| name.starts_with("access-control-"))
                .collect();
            assert!(sent.is_empty(), "{sent:?}");
        }
    }

    async fn cors_origin_narrows_the_server_to_its_list(backend) {
        let app = TestApp::with(backend)
            .set("CORS_ORIGIN", "https://shop.example, https://two.example:8443")
            .start()
            .await;
        for good in [PAGE, "https://two.example:8443"] {
            let answer = app.ask("s1", "Hi").origin(good).send().await.expect(200).await;
            readable_from(&answer, good);
            answer.events().await;
            preflight(&app, "/v1/chat/stream", good).send().await.expect(204).await;
        }
        for bad in ["https://evil.example", "http://shop.example", "https://two.example", "null"] {
            app.ask("s1", "Hi").origin(bad).send().await.error(403, "origin_not_allowed").await;
            let answer = preflight(&app, "/v1/chat/stream", bad).send().await;
            answer.error(403, "origin_not_allowed").await;
            // The widget can read why, to say so and be gone.
            let call = app.from_page("/v1/widget/config", bad).set("licenseKey", WIDGET_KEY);
            let answer = call.send().await.expect(403).await;
            readable_from(&answer, bad);
            let body: serde_json::Value = answer.json().await;
            assert_eq!(body["code"], "origin_not_allowed");
            assert_eq!(body["message"], "This website may not use this server. Add it to CORS_ORIGIN.");
        }
        app.ask("s1", "Hi").send().await.expect(200).await.events().await;
        app.get("/health").send().await.expect(200).await;
    }
}
