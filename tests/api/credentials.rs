//! Who may chat, and who may read what was said.

use system_tests::app::{ADMIN_KEY, WIDGET_KEY, text, usable_key};
use system_tests::{Call, TestApp, both};

const PAGE: &str = "https://shop.example";
const CHATS: &str = "/v1/admin/conversations";

/// A chat without any credential.
fn stranger(app: &TestApp) -> Call {
    app.ask("s1", "Hi").without("x-api-key")
}

async fn unauthorized(call: Call) {
    let body = call.send().await.error(401, "unauthorized").await;
    assert_eq!(body["error"], "Unauthorized");
}

async fn accepted(call: Call) {
    call.send().await.expect(200).await.events().await;
}

both! {
    async fn without_a_credential_no_chat_route_answers(backend) {
        let app = TestApp::start(backend).await;
        for path in [
            "/v1/chat",
            "/v1/chat/stream",
            "/chat",
            "/v1/chat/resume",
            "/v1/chat/stop",
            "/v1/messages/feedback",
            "/v1/conversations/current",
        ] {
            let call = app.with_session(path, "s1").set("message", "Hi").set("turnId", "t");
            unauthorized(call.without("x-api-key").set("messageId", "m")).await;
        }
        assert_eq!(app.upstream.count(), 0);
    }

    async fn a_wrong_key_is_401_whatever_it_looks_like(backend) {
        let app = TestApp::start(backend).await;
        let almost = WIDGET_KEY.replace("abcdef", "abcdeg");
        for wrong in [
            "",
            "x",
            &almost,
            &WIDGET_KEY[1..],
            "ABCD-EFGH-JKMN-PQRS",
            ADMIN_KEY,
            "nt_live_0123456789",
            "cb_01ARZ3NDEKTSV4RRFFQ69G5FAV",
        ] {
            unauthorized(stranger(&app).key(wrong)).await;
        }
    }

    async fn each_of_the_three_key_headers_is_taken(backend) {
        let app = TestApp::start(backend).await;
        for header in ["X-Api-Key", "X-Widget-Api-Key", "Api-Key"] {
            accepted(stranger(&app).header(header, WIDGET_KEY)).await;
        }
    }

    async fn a_present_x_api_key_alone_decides(backend) {
        let app = TestApp::start(backend).await;
        let session = app.open_session(PAGE, WIDGET_KEY).await;
        let call = stranger(&app).key("wrong").header("X-Widget-Api-Key", WIDGET_KEY);
        unauthorized(call.header("Api-Key", WIDGET_KEY)).await;
        let call = stranger(&app).key("wrong").origin(PAGE).set("token", text(&session, "token"));
        unauthorized(call).await;
        accepted(stranger(&app).key(WIDGET_KEY).header("X-Widget-Api-Key", "wrong")).await;
        accepted(stranger(&app).key(WIDGET_KEY).set("token", "wrong")).await;
    }

    async fn a_session_token_is_taken_from_the_body_and_as_a_bearer(backend) {
        let app = TestApp::start(backend).await;
        let session = app.open_session(PAGE, WIDGET_KEY).await;
        let token = text(&session, "token");
        let call = || app.from_page("/v1/chat/stream", PAGE).set("message", "Hi");
        accepted(call().set("token", token.as_str())).await;
        accepted(call().header("Authorization", &format!("Bearer {token}"))).await;
        unauthorized(call().set("token", format!("{token}x"))).await;
        unauthorized(call().set("token", "")).await;
        unauthorized(call().header("Authorization", "Bearer wrong")).await;
        unauthorized(call().header("Authorization", &format!("Basic {token}"))).await;
    }

    async fn every_letter_of_a_token_counts(backend) {
        let app = TestApp::start(backend).await;
        let token = text(&app.open_session(PAGE, WIDGET_KEY).await, "token");
        for at in (0..token.len()).step_by(token.len() / 8 + 1) {
            let mut letters = token.clone().into_bytes();
            letters[at] = if letters[at] == b'A' { b'Q' } else { b'A' };
            let changed = String::from_utf8(letters).unwrap();
            let call = app.from_page("/v1/chat/stream", PAGE).set("message", "Hi");
            unauthorized(call.set("token", changed)).await;
        }
    }

    async fn keys_can_be_rotated_without_a_gap(backend) {
        let second = "second-widget-key-0123456789abcdef";
        let both = format!("{WIDGET_KEY}, {second}");
        let admin = format!("{ADMIN_KEY},second-admin-key-0123456789abcdef");
        let app = TestApp::with(backend)
            .set("WIDGET_API_KEY", both)
            .set("ADMIN_API_KEY", admin)
            .start()
            .await;
        accepted(stranger(&app).key(WIDGET_KEY)).await;
        accepted(stranger(&app).key(second)).await;
        unauthorized(stranger(&app).key(&format!("{WIDGET_KEY}, {second}"))).await;
        app.admin(CHATS).send().await.expect(200).await;
        let call = app.admin(CHATS).header("X-Admin-Api-Key", "second-admin-key-0123456789abcdef");
        call.send().await.expect(200).await;
    }

    async fn a_license_key_is_read_without_regard_to_case_and_hyphens(backend) {
        let app = TestApp::start(backend).await;
        let key = app.issue_key(usable_key()).await.key;
        for way in [
            key.clone(),
            key.to_lowercase(),
            key.replace('-', ""),
            key.replace('1', "l").replace('0', "o"),
        ] {
            accepted(stranger(&app).key(&way)).await;
        }
    }

    async fn a_chatbot_id_opens_nothing_by_itself(backend) {
        let app = TestApp::start(backend).await;
        let id = app.issue_key(usable_key()).await.chatbot_id;
        assert!(id.starts_with("cb_"));
        unauthorized(stranger(&app).key(&id)).await;
        unauthorized(stranger(&app).header("Authorization", &format!("Bearer {id}"))).await;
        unauthorized(stranger(&app).set("token", id)).await;
    }

    async fn a_key_in_the_address_is_no_credential(backend) {
        let app = TestApp::start(backend).await;
        let path =
            format!("/v1/chat/stream?key={WIDGET_KEY}&api_key={WIDGET_KEY}&token={WIDGET_KEY}");
        unauthorized(app.post(&path).set("sessionId", "s1").set("message", "Hi")).await;
    }

    async fn conversations_are_the_admins_alone(backend) {
        let app = TestApp::start(backend).await;
        for path in [CHATS, "/v1/admin/conversations/01ARZ3NDEKTSV4RRFFQ69G5FAV"] {
            unauthorized(app.get(path)).await;
            unauthorized(app.get(path).header("X-Admin-Api-Key", "wrong")).await;
            unauthorized(app.get(path).header("X-Admin-Api-Key", WIDGET_KEY)).await;
            unauthorized(app.get(path).key(WIDGET_KEY)).await;
        }
        app.admin(CHATS).send().await.expect(200).await;
    }

    async fn without_an_admin_key_the_admin_routes_say_so(backend) {
        let app = TestApp::with(backend).unset("ADMIN_API_KEY").start().await;
        for call in [app.get(CHATS), app.admin(CHATS)] {
            let body = call.send().await.error(503, "admin_not_configured").await;
            assert_eq!(body["error"], "ADMIN_API_KEY is not configured on this deployment");
        }
    }

    async fn without_a_widget_key_only_license_keys_work(backend) {
        let app = TestApp::with(backend).unset("WIDGET_API_KEY").start().await;
        unauthorized(stranger(&app).key("")).await;
        unauthorized(stranger(&app).key(WIDGET_KEY)).await;
        let key = app.issue_key(usable_key()).await.key;
        accepted(stranger(&app).key(&key)).await;
    }

    async fn sessions_of_two_keys_with_one_name_are_two_conversations(backend) {
        let app = TestApp::start(backend).await;
        let (one, two) = (app.issue_key(usable_key()).await, app.issue_key(usable_key()).await);
        accepted(stranger(&app).key(&one.key)).await;
        let call = app.post("/v1/conversations/current").key(&two.key).set("sessionId", "s1");
        let answer = call.send().await.expect(200).await.json().await;
        assert!(answer["conversation"].is_null());
        assert!(app.current("s1").await.is_null());
    }
}
