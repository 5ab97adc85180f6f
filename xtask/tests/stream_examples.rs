//! Keeps `tests/browser/fixtures/events.ndjson` what serde writes for the shared event types.
//!
//! The widget reads events with the browser's own JSON, by hand; a browser test gives it these
//! lines. So a field renamed in `shared` cannot leave the widget behind unnoticed.

use shared::error::ErrorCode;
use shared::event::{Event, FinishReason, Source, StreamEvent, ToolState, Usage};

const FIXTURE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/browser/fixtures/events.ndjson");

/// One example of each kind of event. The match has no other arm on purpose: a new kind does not
/// compile until it has an example here.
fn example(of: &StreamEvent) -> &'static str {
    match of {
        StreamEvent::Start { .. } => "start",
        StreamEvent::Token { .. } => "token",
        StreamEvent::Sources { .. } => "sources",
        StreamEvent::Tool { .. } => "tool",
        StreamEvent::Ping => "ping",
        StreamEvent::Done { .. } => "done",
        StreamEvent::Error { .. } => "error",
    }
}

fn examples() -> Vec<StreamEvent> {
    vec![
        StreamEvent::Start {
            conversation_id: "conversation-1".into(),
            turn_id: "turn-1".into(),
            message_id: "message-2".into(),
            user_message_id: "message-1".into(),
        },
        StreamEvent::Token { token: " The “first\"\n".into() },
        StreamEvent::Ping,
        StreamEvent::Tool { name: "query".into(), state: ToolState::Running, summary: None },
        StreamEvent::Tool {
            name: "query".into(),
            state: ToolState::Done,
            summary: Some("3 rows".into()),
        },
        StreamEvent::Token { token: "💬".into() },
        StreamEvent::Sources {
            sources: vec![
                Source {
                    title: "A source".into(),
                    url: Some("https://example.com/source".into()),
                    snippet: "What stands there.".into(),
                    data_source_id: "guide".into(),
                },
                Source {
                    title: "A source without a page".into(),
                    url: None,
                    snippet: String::new(),
                    data_source_id: "guide".into(),
                },
            ],
        },
        StreamEvent::Done {
            message: "The whole “answer” – 💬".into(),
            conversation_id: "conversation-1".into(),
            message_id: "message-2".into(),
            usage: Some(Usage { input_tokens: 7, output_tokens: 9 }),
            finish_reason: FinishReason::Length,
        },
        StreamEvent::Error {
            error: ErrorCode::UpstreamFailed.text().into(),
            code: ErrorCode::UpstreamFailed,
            retryable: true,
        },
    ]
}

#[test]
fn the_browser_tests_read_what_serde_writes_of_every_event() {
    let mut seq = 0;
    let mut text = String::new();
    for event in examples() {
        // Both endings follow the same events; each is the last of its own turn.
        if !matches!(event, StreamEvent::Ping | StreamEvent::Error { .. }) {
            seq += 1;
        }
        let seq = (event != StreamEvent::Ping).then_some(seq);
        text += &serde_json::to_string(&Event { seq, event }).unwrap();
        text.push('\n');
    }
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        std::fs::write(FIXTURE, &text).unwrap();
    }
    let kept = std::fs::read_to_string(FIXTURE).unwrap();
    assert!(kept == text, "run `UPDATE_FIXTURES=1 cargo test -p xtask --test stream_examples`");
}

#[test]
fn every_kind_of_event_has_an_example() {
    let there: Vec<&str> = examples().iter().map(example).collect();
    for kind in ["start", "token", "sources", "tool", "ping", "done", "error"] {
        assert!(there.contains(&kind), "{kind}");
    }
}
