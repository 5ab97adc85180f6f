//! Model servers as they are: slow, broken, hostile. Whatever they do, the visitor gets an answer
//! or a clean failure, and the server under test stays within its bounds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod anthropic;
mod bounds;
mod dialect;
mod failures;
mod retries;
mod timeouts;

use serde_json::Value;
use system_tests::{Answer, types};

/// Expects a failure in whichever way it was still possible to tell it: as a status before the
/// stream began, else as the stream's one last event. Gives its code.
async fn failure(answer: Answer) -> String {
    let (status, body) = if answer.status == 200 {
        let events = answer.events().await;
        let kinds = types(&events);
        assert_eq!(kinds.last(), Some(&"error"), "{events:?}");
        assert_eq!(kinds.iter().filter(|kind| ["done", "error"].contains(kind)).count(), 1);
        let last: Value = events.last().cloned().expect("an event");
        assert!(last["error"].as_str().is_some_and(|text| !text.is_empty()), "{last}");
        assert!(last["retryable"].is_boolean(), "{last}");
        (None, last)
    } else {
        (Some(answer.status), answer.json().await)
    };
    let code = body["code"].as_str().unwrap_or_default().to_owned();
    match (status, code.as_str()) {
        (Some(502) | None, "upstream_failed") | (Some(504) | None, "upstream_timeout") => code,
        other => panic!("{other:?} in {body}"),
    }
}
