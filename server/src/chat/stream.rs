//! A turn as NDJSON: live from memory, or replayed from the database.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use shared::{ErrorCode, Event, FinishReason, Source, StreamEvent, Usage};
use tokio::time::Instant;

use super::lease;
use super::live::Reader;
use crate::app::App;
use crate::error::ApiError;
use crate::keys::Access;
use crate::store::turns::{StoredTurn, TurnStatus};

/// Most events that are written at once, so that a reader who is far behind takes little memory.
const EVENTS_AT_ONCE: usize = 256;
/// How often a turn that another server writes is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// One line of NDJSON.
fn write_line(out: &mut Vec<u8>, event: &Event) {
    // Writing these types into memory cannot fail.
    if serde_json::to_writer(&mut *out, event).is_ok() {
        out.push(b'\n');
    }
}

/// One event as a line of its own.
#[must_use]
pub fn line(event: &Event) -> Bytes {
    let mut out = Vec::new();
    write_line(&mut out, event);
    Bytes::from(out)
}

/// The events of a turn from the reader's place on, with a ping after each `ping` of silence.
pub fn lines(
    reader: Reader,
    ping: Duration,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    pieces(reader, ping, write_line)
}

/// The same in a notation of the caller's, which may leave events out.
pub fn pieces(
    reader: Reader,
    ping: Duration,
    write: impl Fn(&mut Vec<u8>, &Event) + Send,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    let state = Some((reader, Instant::now() + ping, write));
    futures_util::stream::unfold(state, move |state| async move {
        let (mut reader, mut silent_until, write) = state?;
        loop {
            let mut out = Vec::new();
            let more = reader.take(EVENTS_AT_ONCE, |event| write(&mut out, event));
            if !out.is_empty() {
                let state = more.then(|| (reader, Instant::now() + ping, write));
                return Some((Ok(Bytes::from(out)), state));
            }
            if !more {
                return None;
            }
            if tokio::time::timeout_at(silent_until, reader.wait()).await.is_err() {
                silent_until = Instant::now() + ping;
                write(&mut out, &Event { seq: None, event: StreamEvent::Ping });
                return Some((Ok(Bytes::from(out)), Some((reader, silent_until, write))));
            }
        }
    })
}

/// The events of a turn that only the database knows: `start`, then its end.
///
/// # Errors
/// 404 when this session has no such turn.
pub async fn replay(app: &App, access: &Access, turn_id: &str) -> Result<Vec<Event>, ApiError> {
    let turn = ended(app, access, turn_id).await?;
    let start = StreamEvent::Start {
        conversation_id: turn.conversation_id.clone(),
        turn_id: turn.id.clone(),
        message_id: turn.answer_message_id.clone(),
        user_message_id: turn.user_message_id.clone(),
    };
    let mut events = vec![start];
    match TurnStatus::parse(&turn.status) {
        TurnStatus::Done | TurnStatus::Stopped => {
            let sources = sources(&turn);
            if !sources.is_empty() {
                events.push(StreamEvent::Sources { sources });
            }
            events.push(done(turn));
        }
        TurnStatus::Running | TurnStatus::Failed => {
            let code = turn.code.as_deref().and_then(ErrorCode::parse);
            let code = code.unwrap_or(ErrorCode::TurnLost);
            let error = code.text().to_owned();
            events.push(StreamEvent::Error { error, code, retryable: true });
        }
    }
    let numbered = (1..).zip(events).map(|(seq, event)| Event { seq: Some(seq), event });
    Ok(numbered.collect())
}

/// The stored turn, once it has ended: one that another server writes is waited for until its
/// lease is over.
async fn ended(app: &App, access: &Access, turn_id: &str) -> Result<StoredTurn, ApiError> {
    loop {
        let turn = app
            .store
            .find_turn(turn_id, &access.key.owner, &access.session_id)
            .await?
            .ok_or(ErrorCode::NotFound)?;
        if TurnStatus::parse(&turn.status) != TurnStatus::Running {
            return Ok(turn);
        }
        let now_ms = app.clock.now_ms();
        if turn.lease_until < now_ms {
            // Its server is gone: what it left is ended now rather than at the next sweep.
            lease::sweep(app, now_ms).await?;
            continue;
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn sources(turn: &StoredTurn) -> Vec<Source> {
    turn.sources.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
}

fn done(turn: StoredTurn) -> StreamEvent {
    let count = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok());
    let usage = match (count(turn.input_tokens), count(turn.output_tokens)) {
        (Some(input_tokens), Some(output_tokens)) => Some(Usage { input_tokens, output_tokens }),
        _ => None,
    };
    StreamEvent::Done {
        message: turn.content.unwrap_or_default(),
        conversation_id: turn.conversation_id,
        message_id: turn.answer_message_id,
        usage,
        finish_reason: FinishReason::parse(turn.finish_reason.as_deref().unwrap_or("stop")),
    }
}

/// Stored events as NDJSON, those after `after`. The numbers of the stream that was are not stored,
/// so to a client that has seen part of it only the end is news, and it is numbered as such.
#[must_use]
pub fn stored_lines(events: &[Event], after: u64) -> Vec<u8> {
    let mut out = Vec::new();
    for event in events {
        if after == 0 {
            write_line(&mut out, event);
        } else if event.event.is_last() {
            let seq = Some(after.saturating_add(1));
            write_line(&mut out, &Event { seq, event: event.event.clone() });
        }
    }
    out
}

/// Everything of a turn, collected: for clients that do not stream.
///
/// # Errors
/// What the turn failed with.
pub async fn collect(
    app: &Arc<App>,
    access: &Access,
    begun: super::turn::Begun,
) -> Result<Vec<Event>, ApiError> {
    let events = match begun {
        super::turn::Begun::Stored(turn_id) => replay(app, access, &turn_id).await?,
        super::turn::Begun::Live(mut reader) => {
            reader.started().await?;
            let mut events = Vec::new();
            // Tokens stand in `done.message` again, so they need not be kept.
            reader
                .to_end(|event| {
                    if !matches!(event.event, StreamEvent::Token { .. }) {
                        events.push(event.clone());
                    }
                })
                .await;
            events
        }
    };
    Ok(events)
}
