//! A conversation as an admin follows it: what is stored, and the answer that is being written.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use shared::StreamEvent;
use shared::admin_conversation::LiveLine;
use tokio::time::Instant;

use super::live::Reader;
use super::thread;
use crate::app::App;
use crate::store::StoreError;

/// How often the database is looked at while no answer of this server runs.
const LOOK: Duration = Duration::from_millis(500);
/// A stream ends after this long, so that whoever may read no more is gone by then; the dashboard
/// asks again with the position it has seen.
const LONGEST: Duration = Duration::from_secs(300);
/// Most events that are written at once.
const EVENTS_AT_ONCE: usize = 256;

/// Somebody's place in a conversation.
struct Follow {
    app: Arc<App>,
    id: String,
    /// The position of the last message that was told.
    after: i64,
    answer: Option<Reader>,
    /// The turn whose answer was told last.
    told: String,
    silent_until: Instant,
    until: Instant,
}

/// The lines of a conversation from a position on.
pub fn lines(
    app: Arc<App>,
    id: String,
    after: i64,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    let now = Instant::now();
    let follow = Follow {
        silent_until: now + app.config.ping,
        until: now + LONGEST,
        app,
        id,
        after,
        answer: None,
        told: String::new(),
    };
    futures_util::stream::unfold(Some(follow), |state| async move {
        let mut follow = state?;
        let background = follow.app.background.clone();
        let (lines, more) = background.run_until_cancelled(follow.next()).await?;
        follow.silent_until = Instant::now() + follow.app.config.ping;
        let mut out = Vec::new();
        for line in lines {
            // Writing these types into memory cannot fail.
            if serde_json::to_writer(&mut out, &line).is_ok() {
                out.push(b'\n');
            }
        }
        Some((Ok(Bytes::from(out)), more.then_some(follow)))
    })
}

impl Follow {
    /// The next lines, at least one unless they are the last, and whether more will follow.
    async fn next(&mut self) -> (Vec<LiveLine>, bool) {
        loop {
            let was_read = self.answer.is_some();
            let (lines, more) = match self.answer.take() {
                Some(reader) => (self.take(reader), true),
                None => match self.look().await {
                    Ok(found) => found,
                    Err(error) => {
                        tracing::warn!(%error, "a conversation could not be followed");
                        (Vec::new(), false)
                    }
                },
            };
            if !lines.is_empty() || !more {
                return (lines, more);
            }
            if self.answer.is_some() && !was_read {
                // What it has written so far would wake nobody.
                continue;
            }
            let quiet = match &mut self.answer {
                Some(reader) => tokio::time::timeout_at(self.silent_until, reader.wait()).await,
                None => {
                    tokio::time::sleep(LOOK).await;
                    Ok(())
                }
            };
            if quiet.is_err() || Instant::now() >= self.silent_until {
                return (vec![LiveLine::Ping], true);
            }
        }
    }

    /// What is new of the answer that is being written.
    fn take(&mut self, mut reader: Reader) -> Vec<LiveLine> {
        let mut lines = Vec::new();
        let turn_id = || self.told.clone();
        let more = reader.take(EVENTS_AT_ONCE, |event| match event.event.clone() {
            StreamEvent::Start { message_id, .. } => {
                lines.push(LiveLine::Answer { turn_id: turn_id(), message_id });
            }
            StreamEvent::Token { token } => {
                lines.push(LiveLine::Token { turn_id: turn_id(), token });
            }
            StreamEvent::Tool { name, state, summary } => {
                lines.push(LiveLine::Tool { turn_id: turn_id(), name, state, summary });
            }
            StreamEvent::Sources { .. }
            | StreamEvent::Ping
            | StreamEvent::Done { .. }
            | StreamEvent::Error { .. } => {}
        });
        if more {
            self.answer = Some(reader);
        } else {
            lines.push(LiveLine::Ended { turn_id: turn_id() });
        }
        lines
    }

    /// What is new in the database, and the answer that is being written on this server.
    async fn look(&mut self) -> Result<(Vec<LiveLine>, bool), StoreError> {
        if Instant::now() >= self.until {
            return Ok((Vec::new(), false));
        }
        let Some(row) = self.app.store.conversation(&self.id).await? else {
            return Ok((vec![LiveLine::Deleted], false));
        };
        let (entries, turns) = self.app.store.thread(&self.id, self.after).await?;
        self.after = entries.last().map_or(self.after, |entry| entry.position);
        let told = thread::messages(entries, &turns).into_iter();
        let lines = told.map(|message| LiveLine::Message { message: Box::new(message) }).collect();
        if let Some(turn_id) = row.running_turn_id.filter(|turn_id| *turn_id != self.told) {
            self.answer = self.app.turns.get(&turn_id).map(|turn| turn.watch(0));
            if self.answer.is_some() {
                self.told = turn_id;
            }
        }
        Ok((lines, true))
    }
}
