//! The number of messages in one conversation, as an admin sets it.

use std::time::Duration;

use shared::LicenseKeySettings;
use system_tests::app::{only, usable_key};
use system_tests::{Call, Reply, TestApp, both, types};

const WORDS: &str = "Das genügt für heute 🙂";

async fn key_with_two_messages(app: &TestApp) -> String {
    let mut new: LicenseKeySettings = usable_key();
    new.ui.max_messages_per_conversation = 2;
    new.ui.max_messages_error = WORDS.to_owned();
    app.issue_key(new).await.key
}

fn ask(app: &TestApp, key: &str, id: &str) -> Call {
    app.ask("s1", "Hi").key(key).set("clientMessageId", id)
}

both! {
    async fn the_message_after_the_last_is_refused_in_the_admins_own_words(backend) {
        let app = TestApp::start(backend).await;
        let key = key_with_two_messages(&app).await;
        for id in ["c1", "c2"] {
            assert_eq!(types(&ask(&app, &key, id).events().await).last(), Some(&"done"));
        }
        let answer = ask(&app, &key, "c3").send().await;
        assert_eq!(answer.header("retry-after"), "");
        let body = answer.error(429, "conversation_message_limit").await;
        assert_eq!(body["message"], WORDS);
        assert_eq!(body.get("retryAfter"), None);
        assert_eq!(app.upstream.count(), 2);
    }

    async fn a_new_conversation_has_its_messages_anew(backend) {
        let app = TestApp::start(backend).await;
        let key = key_with_two_messages(&app).await;
        ask(&app, &key, "c1").events().await;
        ask(&app, &key, "c2").events().await;
        app.clock.advance(Duration::from_secs(25 * 3600));
        only(&ask(&app, &key, "c3").events().await, "done");
    }

    async fn a_retry_is_not_another_message(backend) {
        let app = TestApp::start(backend).await;
        let key = key_with_two_messages(&app).await;
        ask(&app, &key, "c1").events().await;
        app.upstream.then(Reply::stream().delta("half").cut());
        ask(&app, &key, "c2").events().await;
        only(&ask(&app, &key, "c2").events().await, "done");
        only(&ask(&app, &key, "c1").events().await, "done");
        ask(&app, &key, "c3").send().await.error(429, "conversation_message_limit").await;
    }

    async fn the_limit_holds_when_the_last_messages_come_at_once(backend) {
        let app = TestApp::with(backend).unhurried().start().await;
        let key = key_with_two_messages(&app).await;
        let mut answered = 0;
        // At most one is answered at a time; the others are told so, or that the limit is reached.
        for round in 0..4 {
            let answers = app.at_once(5, |n| ask(&app, &key, &format!("c{round}-{n}"))).await;
            for answer in answers {
                match answer.status {
                    200 => {
                        answered += 1;
                        answer.events().await;
                    }
                    409 => drop(answer.error(409, "turn_in_progress").await),
                    _ => drop(answer.error(429, "conversation_message_limit").await),
                }
            }
        }
        assert_eq!(answered, 2);
    }
}
