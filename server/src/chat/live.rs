//! The turns in memory: those being written, and those that ended not long ago.
//!
//! A turn is a log of events that grows until it ends; a reader is a place in that log. The text
//! of tokens is kept once, as the answer's text, so a log costs little more than the answer, which
//! is bounded. Nothing is queued per reader.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use shared::{ErrorCode, Event, StreamEvent};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::error::ApiError;

/// How long an ended turn stays resumable event by event.
const KEEP: Duration = Duration::from_secs(600);
/// Most bytes of ended turns that are kept; older ones are then resumed from the database.
const KEEP_BYTES: u64 = 32 * 1024 * 1024;

/// The ids of a turn and what it hangs on.
#[derive(Clone, Debug)]
pub struct TurnIds {
    pub turn_id: String,
    pub conversation_id: String,
    pub user_message_id: String,
    pub message_id: String,
    pub owner: String,
    pub session_id: String,
    /// The key's generation under which the question was asked.
    pub generation: i64,
}

/// How far a turn has come.
#[derive(Clone, Debug)]
pub enum Phase {
    /// The provider has not accepted yet.
    Opening,
    /// It never will: nothing was streamed.
    Refused(ApiError),
    Streaming,
    Ended,
}

#[derive(Debug)]
enum Entry {
    /// A piece of the text, up to this byte.
    Token {
        end: usize,
    },
    Other(Box<StreamEvent>),
}

impl Entry {
    fn token_end(&self) -> Option<usize> {
        match self {
            Self::Token { end } => Some(*end),
            Self::Other(_) => None,
        }
    }
}

#[derive(Debug)]
struct Log {
    phase: Phase,
    text: String,
    entries: Vec<Entry>,
}

/// One turn.
#[derive(Debug)]
pub struct LiveTurn {
    pub ids: TurnIds,
    log: Mutex<Log>,
    /// Tells readers that the log or the phase has changed.
    changed: watch::Sender<()>,
    /// How many are reading.
    readers: watch::Sender<usize>,
    /// Cancelled when the visitor stops the answer.
    pub stop: CancellationToken,
    /// Set when the key no longer carries the answer.
    revoked: watch::Sender<Option<ErrorCode>>,
}

impl LiveTurn {
    #[must_use]
    pub fn new(ids: TurnIds) -> Arc<Self> {
        Arc::new(Self {
            ids,
            log: Mutex::new(Log {
                phase: Phase::Opening,
                text: String::new(),
                entries: Vec::new(),
            }),
            changed: watch::Sender::new(()),
            readers: watch::Sender::new(0),
            stop: CancellationToken::new(),
            revoked: watch::Sender::new(None),
        })
    }

    /// Ends the answer: the key no longer carries it. The first reason stands.
    pub fn revoke(&self, code: ErrorCode) {
        self.revoked.send_if_modified(|revoked| {
            let first = revoked.is_none();
            revoked.get_or_insert(code);
            first
        });
    }

    /// Resolves when the key no longer carries the answer.
    pub async fn revoked(&self) -> ErrorCode {
        let mut revoked = self.revoked.subscribe();
        loop {
            if let Some(code) = *revoked.borrow_and_update() {
                return code;
            }
            // The sender lives as long as `self`, so waiting cannot fail.
            let _ = revoked.changed().await;
        }
    }

    fn with<T>(&self, f: impl FnOnce(&mut Log) -> T) -> T {
        // A panic while holding the lock cannot leave the log half-written: every change is one
        // push.
        f(&mut self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The provider has accepted: `start` is the first event.
    pub fn start(&self, event: StreamEvent) {
        self.with(|log| {
            log.phase = Phase::Streaming;
            log.entries.push(Entry::Other(Box::new(event)));
        });
        self.changed.send_replace(());
    }

    /// The provider refused before anything was streamed.
    pub fn refuse(&self, error: ApiError) {
        self.with(|log| log.phase = Phase::Refused(error));
        self.changed.send_replace(());
    }

    /// Adds a piece of the answer's text. Readers learn of it with the next [`tell`](Self::tell):
    /// pieces that came together wake them once.
    pub fn token(&self, token: &str) {
        self.with(|log| {
            log.text.push_str(token);
            log.entries.push(Entry::Token { end: log.text.len() });
        });
    }

    /// Tells readers of the pieces that were added.
    pub fn tell(&self) {
        self.changed.send_replace(());
    }

    /// Adds an event that is no token; one that is the last ends the turn.
    pub fn event(&self, event: StreamEvent) {
        self.with(|log| {
            if event.is_last() {
                log.phase = Phase::Ended;
            }
            log.entries.push(Entry::Other(Box::new(event)));
        });
        self.changed.send_replace(());
    }

    /// The answer so far.
    #[must_use]
    pub fn text(&self) -> String {
        self.with(|log| log.text.clone())
    }

    /// The number of the last event so far.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.with(|log| log.entries.len() as u64)
    }

    #[must_use]
    pub fn phase(&self) -> Phase {
        self.with(|log| log.phase.clone())
    }

    /// Bytes that this turn holds, about.
    fn weight(&self) -> u32 {
        let bytes = self
            .with(|log| log.text.capacity() + log.entries.capacity() * size_of::<Entry>() + 1024);
        u32::try_from(bytes).unwrap_or(u32::MAX)
    }

    /// Resolves once nobody has been reading for `grace`.
    pub async fn abandoned(&self, grace: Duration) {
        let mut readers = self.readers.subscribe();
        loop {
            // The sender lives as long as `self`, so waiting cannot fail.
            let alone = readers.wait_for(|n| *n == 0).await.is_ok();
            if !alone {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(grace) => return,
                back = async { readers.wait_for(|n| *n > 0).await.is_ok() } => if !back { return },
            }
        }
    }

    /// A reader that has seen the events up to `after`.
    #[must_use]
    pub fn read(self: &Arc<Self>, after: u64) -> Reader {
        self.readers.send_modify(|n| *n += 1);
        let mut reader = self.watch(after);
        reader.counts = true;
        reader
    }

    /// The same for somebody who is not the visitor: the answer does not go on for them.
    #[must_use]
    pub fn watch(self: &Arc<Self>, after: u64) -> Reader {
        Reader {
            counts: false,
            changed: self.changed.subscribe(),
            turn: Arc::clone(self),
            next: usize::try_from(after).unwrap_or(usize::MAX),
        }
    }
}

/// A place in a turn's log.
#[derive(Debug)]
pub struct Reader {
    turn: Arc<LiveTurn>,
    changed: watch::Receiver<()>,
    /// How many events were read.
    next: usize,
    /// Whether the answer goes on for this reader.
    counts: bool,
}

impl Drop for Reader {
    fn drop(&mut self) {
        if self.counts {
            self.turn.readers.send_modify(|n| *n = n.saturating_sub(1));
        }
    }
}

impl Reader {
    #[must_use]
    pub fn turn(&self) -> &Arc<LiveTurn> {
        &self.turn
    }

    /// Waits until the provider has accepted.
    ///
    /// # Errors
    /// What it refused with.
    pub async fn started(&mut self) -> Result<(), ApiError> {
        loop {
            self.changed.mark_unchanged();
            match self.turn.phase() {
                Phase::Opening => {}
                Phase::Refused(error) => return Err(error),
                Phase::Streaming | Phase::Ended => return Ok(()),
            }
            self.wait().await;
        }
    }

    /// Waits until something has changed.
    pub async fn wait(&mut self) {
        // The turn holds the sender, and this reader holds the turn.
        let _ = self.changed.changed().await;
    }

    /// Hands every event to `f` until the turn has ended.
    pub async fn to_end(&mut self, mut f: impl FnMut(&Event)) {
        while self.take(usize::MAX, &mut f) {
            self.wait().await;
        }
    }

    /// Hands the unread events to `f`, at most `limit` of them; false when none will follow.
    pub fn take(&mut self, limit: usize, mut f: impl FnMut(&Event)) -> bool {
        self.changed.mark_unchanged();
        let (turn, next) = (&self.turn, &mut self.next);
        turn.with(|log| {
            let read = &log.entries[..(*next).min(log.entries.len())];
            let mut start = read.iter().rev().find_map(Entry::token_end).unwrap_or_default();
            for entry in log.entries.iter().skip(*next).take(limit) {
                *next += 1;
                let event = match entry {
                    Entry::Token { end } => {
                        let token = log.text.get(start..*end).unwrap_or_default().to_owned();
                        start = *end;
                        StreamEvent::Token { token }
                    }
                    Entry::Other(event) => StreamEvent::clone(event),
                };
                f(&Event { seq: Some(*next as u64), event });
            }
            *next < log.entries.len() || !matches!(log.phase, Phase::Ended | Phase::Refused(_))
        })
    }
}

/// All turns of this server that are being written or ended not long ago.
#[derive(Debug)]
pub struct Turns {
    running: Mutex<HashMap<String, Arc<LiveTurn>>>,
    ended: moka::sync::Cache<String, Arc<LiveTurn>>,
}

impl Default for Turns {
    fn default() -> Self {
        let ended = moka::sync::Cache::builder()
            .weigher(|_, turn: &Arc<LiveTurn>| turn.weight())
            .max_capacity(KEEP_BYTES)
            .time_to_live(KEEP)
            .build();
        Self { running: Mutex::default(), ended }
    }
}

impl Turns {
    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<LiveTurn>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn insert(&self, turn: &Arc<LiveTurn>) {
        self.running().insert(turn.ids.turn_id.clone(), Arc::clone(turn));
    }

    /// A turn that has ended stays for a while.
    pub fn retire(&self, turn: &Arc<LiveTurn>) {
        // First there, then gone here: a reader always finds it in one of the two.
        self.ended.insert(turn.ids.turn_id.clone(), Arc::clone(turn));
        self.running().remove(&turn.ids.turn_id);
    }

    /// A turn of this session that is in memory.
    #[must_use]
    pub fn find(&self, turn_id: &str, owner: &str, session_id: &str) -> Option<Arc<LiveTurn>> {
        let turn = self.get(turn_id)?;
        (turn.ids.owner == owner && turn.ids.session_id == session_id).then_some(turn)
    }

    /// A turn that is in memory, for an admin: of any session.
    #[must_use]
    pub fn get(&self, turn_id: &str) -> Option<Arc<LiveTurn>> {
        let running = self.running().get(turn_id).map(Arc::clone);
        running.or_else(|| self.ended.get(turn_id))
    }

    /// Those of this key that are being written.
    #[must_use]
    pub fn running_of(&self, owner: &str) -> Vec<Arc<LiveTurn>> {
        self.running().values().filter(|turn| turn.ids.owner == owner).map(Arc::clone).collect()
    }

    /// How many are being written.
    #[must_use]
    pub fn running_count(&self) -> usize {
        self.running().len()
    }

    /// Stops every answer that is being written.
    pub fn stop_all(&self) {
        self.running().values().for_each(|turn| turn.stop.cancel());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn() -> Arc<LiveTurn> {
        let id = || String::from("x");
        LiveTurn::new(TurnIds {
            turn_id: id(),
            conversation_id: id(),
            user_message_id: id(),
            message_id: id(),
            owner: id(),
            session_id: id(),
            generation: 0,
        })
    }

    fn read(reader: &mut Reader) -> (Vec<(u64, String)>, bool) {
        let mut seen = Vec::new();
        let more = reader.take(usize::MAX, |event| {
            let text = match &event.event {
                StreamEvent::Token { token } => token.clone(),
                other => format!("{other:?}").split(' ').next().unwrap_or_default().to_owned(),
            };
            seen.push((event.seq.unwrap_or(0), text));
        });
        (seen, more)
    }

    #[test]
    fn a_reader_may_start_anywhere_and_misses_nothing() {
        let turn = turn();
        turn.start(StreamEvent::Ping);
        turn.token("Grüße");
        turn.event(StreamEvent::Sources { sources: vec![] });
        turn.token(" 😀");
        let mut all = turn.read(0);
        let mut late = turn.read(3);
        let (events, more) = read(&mut all);
        assert_eq!(events.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!((events[1].1.as_str(), events[3].1.as_str()), ("Grüße", " 😀"));
        assert!(more);
        assert_eq!(read(&mut late).0, [(4, " 😀".to_owned())]);
        turn.token("!");
        turn.event(StreamEvent::Error {
            error: String::new(),
            code: ErrorCode::Internal,
            retryable: true,
        });
        let (events, more) = read(&mut late);
        assert_eq!(events[0], (5, "!".to_owned()));
        assert!(!more);
        assert!(read(&mut turn.read(99)).0.is_empty(), "a place past the end is no error");
    }

    #[test]
    fn a_turn_is_found_by_its_own_session_only() {
        let turns = Turns::default();
        let turn = turn();
        turns.insert(&turn);
        assert!(turns.find("x", "x", "x").is_some());
        assert!(turns.find("x", "x", "other").is_none());
        assert!(turns.find("x", "other", "x").is_none());
        turns.retire(&turn);
        assert_eq!(turns.running_count(), 0);
        assert!(turns.find("x", "x", "x").is_some());
    }
}
