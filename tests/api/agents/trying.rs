//! Trying an agent out and testing its connection.

use super::*;
use system_tests::app::{only, tokens};
use system_tests::{FakeUpstream, Reply, both, types};

both! {
    async fn a_trial_streams_and_leaves_no_trace(backend) {
        let app = TestApp::start(backend).await;
        let agent = make_agent(&app, "a").await;
        change_agent(&app, &agent, json!({"is_active": false})).await;
        app.upstream.then(Reply::tokens(&["Good", " day"]));
        let body = json!({"message": "Hi", "history": [{"role": "user", "content": "Before"}, {"role": "assistant", "content": "Yes"}]});
        let call = post(&app, &format!("{}/try", agent_path(&agent)), body);
        let events = call.send().await.expect(200).await.events().await;
        assert_eq!(tokens(&events), "Good day");
        assert_eq!(only(&events, "done")["message"], "Good day");
        let asked = app.upstream.seen(0).await.messages();
        let said: Vec<&str> = asked.iter().skip(1).map(|(_, text)| text.as_str()).collect();
        assert_eq!(said, ["Before", "Yes", "Hi"]);
        assert_eq!(read(&app, "/v1/admin/conversations").await["total"], 0);
    }

    async fn a_trial_that_fails_says_why(backend) {
        let app = TestApp::start(backend).await;
        let agent = make_agent(&app, "a").await;
        let path = format!("{}/try", agent_path(&agent));
        app.upstream.then(Reply::refusal(401, "bad key"));
        let body = post(&app, &path, json!({"message": "Hi"})).send().await;
        let body = body.error(502, "upstream_failed").await;
        assert!(text(&body, "message").contains("Check the agent's key"), "{body}");
        app.upstream.then(Reply::stream().delta("Half").cut());
        let events = post(&app, &path, json!({"message": "Hi"})).send().await.expect(200).await.events().await;
        assert_eq!(types(&events).last(), Some(&"error"));
        refused_field(post(&app, &path, json!({"message": " "})), "message").await;
    }

    async fn a_test_of_the_connection_says_in_plain_words_what_is_wrong(backend) {
        let app = TestApp::start(backend).await;
        let agent = make_agent(&app, "a").await;
        let path = format!("{}/test-connection", agent_path(&agent));
        let test = async || -> Value { post(&app, &path, json!({})).send().await.expect(200).await.json().await };
        let good = test().await;
        assert_eq!((&good["ok"], &good["models"]), (&json!(true), &json!(["first-model", "second-model"])));
        app.upstream.then(Reply::refusal(404, "no such model"));
        let bad = test().await;
        assert_eq!(bad["ok"], false);
        assert!(text(&bad, "message").contains("its model"), "{bad}");
        change_agent(&app, &agent, json!({"base_url": FakeUpstream::nobody().await})).await;
        assert!(text(&test().await, "message").contains("cannot be reached"));
        change_agent(&app, &agent, json!({"provider": "builtin", "base_url": ""})).await;
        assert_eq!(test().await["ok"], true);
    }
}
