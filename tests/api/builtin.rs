//! The agent that needs no model and no network.

use system_tests::app::{only, text, tokens};
use system_tests::{Backend, TestApp, both, types};

const QUESTION: &str = "How do I put the widget on my page?";

async fn builtin(backend: Backend) -> TestApp {
    TestApp::with(backend).builtin().start().await
}

both! {
    async fn without_any_model_server_the_guide_answers_and_is_cited(backend) {
        let app = builtin(backend).await;
        let events = app.ask("s1", QUESTION).events().await;
        assert_eq!(types(&events).first(), Some(&"start"));
        let message = text(only(&events, "done"), "message");
        assert_eq!(tokens(&events).trim(), message);
        assert!(types(&events).iter().filter(|kind| **kind == "token").count() > 3, "it streams");
        let sources = only(&events, "sources")["sources"].as_array().cloned().unwrap();
        assert!(!sources.is_empty());
        for source in sources {
            assert!(text(&source, "url").starts_with("/docs/"), "{source}");
        }
        assert_eq!(app.upstream.count(), 0);
    }

    async fn the_same_question_gets_the_same_answer(backend) {
        let app = builtin(backend).await;
        let first = app.ask("s1", QUESTION).events().await;
        let second = app.ask("s2", QUESTION).events().await;
        assert_eq!(only(&first, "done")["message"], only(&second, "done")["message"]);
        let whole = app.chat("s3", QUESTION).send().await.expect(200).await.json().await;
        assert_eq!(whole["message"], only(&first, "done")["message"]);
        assert_eq!(whole["sources"], only(&first, "sources")["sources"]);
    }

    async fn a_question_about_something_else_is_declined_without_a_source(backend) {
        let app = builtin(backend).await;
        for foreign in
            ["Who won the football world cup in 1974?", "Wie backe ich Brot?", "asdf qwer"]
        {
            let events = app.ask("s1", foreign).events().await;
            assert!(!types(&events).contains(&"sources"), "{events:?}");
            assert!(!text(only(&events, "done"), "message").is_empty());
        }
    }

    async fn the_sources_of_an_answer_lead_to_pages_that_are_there(backend) {
        let app = builtin(backend).await;
        let events = app.ask("s1", QUESTION).events().await;
        for source in only(&events, "sources")["sources"].as_array().unwrap() {
            let url = text(source, "url");
            let (path, anchor) = url.split_once('#').unwrap_or((&url, ""));
            let page = app.get(path).send().await.expect(200).await.text().await;
            // A passage from before the first heading is the page itself.
            let heading = anchor.is_empty() || page.contains(&format!("id=\"{anchor}\""));
            assert!(heading, "{url} names a heading of its page");
        }
    }
}
