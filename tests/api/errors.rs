//! The one shape of errors, on every path.

use std::collections::HashSet;

use reqwest::Method;
use system_tests::app::WIDGET_KEY;
use system_tests::{TestApp, both};

const CHAT_ROUTES: [&str; 7] = [
    "/v1/chat",
    "/v1/chat/stream",
    "/chat",
    "/v1/chat/resume",
    "/v1/chat/stop",
    "/v1/messages/feedback",
    "/v1/conversations/current",
];

both! {
    async fn an_unknown_path_under_v1_is_a_json_404(backend) {
        let app = TestApp::start(backend).await;
        for path in ["/v1/nothing", "/v1/chat/nothing", "/v1/admin/nothing", "/v1/"] {
            app.get(path).send().await.error(404, "not_found").await;
        }
    }

    async fn a_wrong_method_is_a_json_405(backend) {
        let app = TestApp::start(backend).await;
        for path in CHAT_ROUTES {
            app.get(path).key(WIDGET_KEY).send().await.error(405, "method_not_allowed").await;
        }
        let call = app.client().request(Method::DELETE, "/health");
        call.send().await.error(405, "method_not_allowed").await;
    }

    async fn every_answer_has_a_request_id_of_its_own(backend) {
        let app = TestApp::start(backend).await;
        let mut ids = HashSet::new();
        for _ in 0..20 {
            let answer = app.get("/health").send().await;
            assert!(ids.insert(answer.header("x-request-id").to_owned()));
        }
        assert!(!ids.contains(""));
    }

    async fn a_request_id_is_the_servers_own_and_not_the_clients(backend) {
        let app = TestApp::start(backend).await;
        let answer = app.get("/v1/nothing").header("X-Request-Id", "<script>").send().await;
        assert_ne!(answer.header("x-request-id"), "<script>");
        answer.error(404, "not_found").await;
    }

    async fn browsers_are_told_not_to_guess_content_types(backend) {
        let app = TestApp::start(backend).await;
        for path in ["/health", "/v1/nothing", "/v1/openapi.json"] {
            let answer = app.get(path).send().await;
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        }
    }

    async fn a_refusal_of_the_model_server_tells_no_detail_of_it(backend) {
        let app = TestApp::start(backend).await;
        let told = "quota of org-4711 exceeded for sk-secret";
        app.upstream.otherwise(system_tests::Reply::refusal(400, told));
        let answer = app.ask("s1", "Hi").send().await;
        let body = answer.error(502, "upstream_failed").await.to_string();
        for secret in ["org-4711", "sk-secret", "the-model-servers-key", "127.0.0.1"] {
            assert!(!body.contains(secret), "{body}");
        }
    }
}
