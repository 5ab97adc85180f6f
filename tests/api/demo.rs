//! The demo page and its key: for whoever sits at this machine, and for nobody else.

use system_tests::app::text;
use system_tests::{Backend, Call, TestApp, both, types};

async fn page(app: &TestApp) -> String {
    app.get("/").send().await.expect(200).await.text().await
}

/// The chatbot id that stands in the page.
fn chatbot_id(page: &str) -> String {
    let at = page.find("cb_").expect("the page names its chatbot");
    page[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

fn open_session(app: &TestApp, chatbot_id: &str) -> Call {
    let call = app.from_page("/v1/widget/session", app.base());
    call.set("chatbotId", chatbot_id)
}

async fn opened(backend: Backend) -> TestApp {
    TestApp::with(backend).set("NATTER_DEMO", true).start().await
}

both! {
    async fn the_demo_page_chats_without_any_setting(backend) {
        let app = TestApp::with(backend).builtin().unset("WIDGET_API_KEY").start().await;
        let id = chatbot_id(&page(&app).await);
        let session = open_session(&app, &id).send().await.expect(200).await.json().await;
        let call =
            app.from_page("/v1/chat/stream", app.base()).set("token", text(&session, "token"));
        let events = call.set("message", "How do I put the widget on my page?").events().await;
        assert_eq!(types(&events).last(), Some(&"done"));
        assert!(types(&events).contains(&"sources"));
    }

    async fn the_demo_page_stands_under_a_strict_policy(backend) {
        let app = TestApp::start(backend).await;
        let answer = app.get("/").send().await.expect(200).await;
        assert!(answer.header("content-type").starts_with("text/html"));
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src") && policy.contains("frame-ancestors"), "{policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
        assert!(!answer.header("referrer-policy").is_empty());
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }

    async fn nobody_but_this_machine_sees_the_demo(backend) {
        let app = TestApp::start(backend).await;
        for host in ["127.0.0.1", "localhost", "localhost:8080", "[::1]:8080"] {
            app.get("/").header("Host", host).send().await.expect(200).await;
        }
        for host in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1"]
        {
            app.get("/").header("Host", host).send().await.error(404, "not_found").await;
        }
        let headers = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP"];
        for header in headers.into_iter().chain(["Forwarded", "Via"]) {
            app.get("/").header(header, "for=127.0.0.1").send().await.error(404, "not_found").await;
        }
    }

    async fn the_demo_key_answers_nobody_but_this_machine(backend) {
        let app = TestApp::start(backend).await;
        let id = chatbot_id(&page(&app).await);
        open_session(&app, &id).send().await.expect(200).await;
        let foreign = open_session(&app, &id).origin("https://evil.example");
        foreign.send().await.error(403, "origin_not_allowed").await;
        let unnamed = open_session(&app, &id).without("origin");
        unnamed.send().await.error(403, "origin_not_allowed").await;
        for path in ["/v1/widget/session", "/v1/widget/config"] {
            let call = || app.from_page(path, app.base()).set("chatbotId", id.as_str());
            call().from_ip("203.0.113.7").send().await.error(404, "not_found").await;
            call().header("Host", "evil.example").send().await.error(404, "not_found").await;
        }
    }

    async fn the_setting_opens_the_demo_to_all(backend) {
        let app = opened(backend).await;
        let page = app.get("/").header("Host", "chat.example.com").send().await.expect(200).await;
        assert!(page.text().await.contains("cb_"));
    }

    async fn the_setting_closes_the_demo(backend) {
        let app = TestApp::with(backend).set("NATTER_DEMO", false).start().await;
        app.get("/").send().await.error(404, "not_found").await;
    }

    async fn the_demo_key_stays_the_same_over_a_restart(backend) {
        let mut app = TestApp::start(backend).await;
        let before = chatbot_id(&page(&app).await);
        app.stop().await;
        app.start_again().await;
        assert_eq!(chatbot_id(&page(&app).await), before);
        open_session(&app, &before).send().await.expect(200).await;
    }

    async fn the_demo_key_answers_200_questions_a_month(backend) {
        let app = TestApp::with(backend).unhurried().builtin().start().await;
        let id = chatbot_id(&page(&app).await);
        let session = open_session(&app, &id).send().await.expect(200).await.json().await;
        let ask = || {
            let call = app.from_page("/v1/chat/stream", app.base());
            call.set("token", text(&session, "token")).set("message", "Hello?")
        };
        for _ in 0..200 {
            ask().send().await.expect(200).await.events().await;
        }
        ask().send().await.error(429, "monthly_limit_reached").await;
    }

    async fn a_widget_file_that_is_not_there_is_never_cached(backend) {
        let app = TestApp::start(backend).await;
        let answer = app.get("/widget/chat-widget.0123456789abcdef.js").send().await;
        if answer.status == 503 {
            let body = answer.error(503, "not_ready").await;
            assert!(text(&body, "message").contains("cargo xtask run"), "{body}");
            return;
        }
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        answer.error(404, "not_found").await;
    }
}
