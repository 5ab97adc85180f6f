//! The conversation as the visitor sees it: plain Rust, no browser, no network, no clock.
//!
//! In: what the visitor does (`push`, `retry`, `stop`) and what the server says (`load`, `apply`,
//! `refuse`). Out: the entries to draw, and what to ask the server next (`ask`). An answer is
//! never lost and never doubled: events are applied once by their `seq`, a message keeps its
//! `client_id` through every new attempt, and a broken stream goes on where it stopped.

use shared::widget::Refusal;
use shared::{
    Conversation, ErrorCode, Event, FinishReason, MessageStatus, Rating, Role, Source, StreamEvent,
    ToolState,
};

/// How far an entry has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// An answer of which nothing has come; the text names a tool that is at work.
    Waiting(Option<String>),
    /// An answer that is growing.
    Growing,
    /// Whole.
    Complete,
    /// The visitor stopped it: a part.
    Stopped,
    /// It broke: a part, or nothing.
    Failed { why: Why, retryable: bool },
}

/// Why an answer failed, for the text catalogue to put into words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The server said so.
    Code(ErrorCode),
    /// The server said so, and when to come back (seconds).
    Wait(u32),
    /// The connection was lost and did not come back.
    Lost,
}

/// A message in the list.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Never reused in a widget's life; what the list of nodes is kept by.
    pub key: u32,
    pub role: Role,
    /// The server's id, once known.
    pub id: Option<String>,
    pub text: String,
    /// Grows when `text` was replaced rather than added to.
    pub revision: u32,
    pub progress: Progress,
    pub sources: Vec<Source>,
    pub rating: Option<Rating>,
    /// When it was said (RFC 3339).
    pub at: String,
    /// Of a visitor's message: what makes sending it again harmless.
    pub client_id: Option<String>,
}

/// The answer that is being waited for.
#[derive(Clone, Debug)]
struct Turn {
    client_id: Option<String>,
    message: String,
    /// Known after `start`.
    turn_id: Option<String>,
    /// The last event that was applied.
    seq: u64,
    /// The answer's entry.
    answer: u32,
    /// The visitor pressed stop before the server had named the turn.
    stop_wanted: bool,
}

/// What to ask the server for the running turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Send the message, or join the turn that it already started.
    Chat { message: String, client_id: String },
    /// The events after `after`.
    Resume { turn_id: String, after: u64 },
}

/// What an event did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    Changed,
    /// Seen before, or of no interest.
    Ignored,
    /// Events before this one are missing: ask again from the last one.
    Gap,
    /// The turn is over.
    Over,
}

/// What to do about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Get a new session, then ask again.
    Renew,
    /// Another turn is running, or this one is forgotten: load the conversation.
    Reload,
    /// As if the connection had been lost: try again after a while.
    Later,
    /// No session before the page has said, and proved, who the visitor is.
    SignIn,
    /// The turn has failed; the entry says why.
    Failed,
}

/// Why no message can be sent for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limit {
    Month,
    /// With the admin's own words, if any.
    Conversation(Option<String>),
}

#[derive(Debug, Default)]
pub struct Model {
    entries: Vec<Entry>,
    turn: Option<Turn>,
    limit: Option<Limit>,
    /// Another tab has begun the last turn: it sends the message and tells the page.
    theirs: bool,
    last_key: u32,
    /// What gives the time of what is said now.
    clock: Option<fn() -> String>,
}

impl Model {
    #[must_use]
    pub fn new(clock: fn() -> String) -> Self {
        Self { clock: Some(clock), ..Self::default() }
    }

    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    #[must_use]
    pub fn limit(&self) -> Option<&Limit> {
        self.limit.as_ref()
    }

    /// Whether an answer is being waited for.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.turn.is_some()
    }

    /// The running turn's message, for the store: `(client_id, message)`.
    #[must_use]
    pub fn pending(&self) -> Option<(&str, &str)> {
        let turn = self.turn.as_ref()?;
        Some((turn.client_id.as_deref()?, &turn.message))
    }

    /// The running turn's id and last event, once the server has named it.
    #[must_use]
    pub fn position(&self) -> Option<(&str, u64)> {
        let turn = self.turn.as_ref()?;
        Some((turn.turn_id.as_deref()?, turn.seq))
    }

    /// Shows the visitor's message at once and starts its turn; false when one is running.
    pub fn push(&mut self, message: &str, client_id: &str) -> bool {
        if self.turn.is_some() {
            return false;
        }
        let key = self.add(Role::User, Progress::Complete);
        if let Some(entry) = self.entry(key) {
            message.clone_into(&mut entry.text);
            entry.client_id = Some(client_id.to_owned());
        }
        self.begin(message, Some(client_id), None);
        true
    }

    /// Tries the last visitor's message again under its old id, in its old place.
    pub fn retry(&mut self) -> bool {
        if self.turn.is_some() {
            return false;
        }
        let Some(at) = self.entries.iter().rposition(|entry| entry.role == Role::User) else {
            return false;
        };
        let (message, id) = (self.entries[at].text.clone(), self.entries[at].client_id.clone());
        // A message from a client that gave it no id cannot be sent again without doubling it.
        let Some(id) = id else { return false };
        self.entries.truncate(at + 1);
        self.begin(&message, Some(&id), None);
        true
    }

    /// What to ask the server now; nothing when no turn is running.
    #[must_use]
    pub fn ask(&self) -> Option<Ask> {
        let turn = self.turn.as_ref()?;
        match (&turn.turn_id, &turn.client_id) {
            (Some(turn_id), _) => Some(Ask::Resume { turn_id: turn_id.clone(), after: turn.seq }),
            (None, Some(client_id)) if !self.theirs => {
                Some(Ask::Chat { message: turn.message.clone(), client_id: client_id.clone() })
            }
            (None, _) => None,
        }
    }

    #[must_use]
    pub fn is_theirs(&self) -> bool {
        self.theirs
    }

    /// Shows a message that another tab is sending; one that is there already, as tried again.
    pub fn push_theirs(&mut self, message: &str, client_id: &str) {
        self.turn = None;
        let id = Some(client_id);
        match self.entries.iter().position(|entry| entry.client_id.as_deref() == id) {
            Some(at) => {
                self.entries.truncate(at + 1);
                self.begin(message, id, None);
            }
            None => drop(self.push(message, client_id)),
        }
        self.theirs = true;
    }

    /// The name of the running turn, as the other tab has heard it from the server.
    pub fn name(&mut self, turn_id: &str) {
        if let Some(turn) = self.turn.as_mut().filter(|_| self.theirs) {
            turn.turn_id.get_or_insert_with(|| turn_id.to_owned());
        }
    }

    /// Leaves a turn that the server has named to the tab that began it.
    pub fn follow(&mut self) {
        self.theirs = self.position().is_some();
    }

    /// Whether this is the conversation that is shown, with nothing going on in it.
    #[must_use]
    pub fn shows(&self, conversation: Option<&Conversation>) -> bool {
        let messages = conversation.map_or(&[][..], |known| &known.messages);
        let running = conversation.is_some_and(|known| known.running_turn.is_some());
        let same = |(entry, message): (&Entry, &shared::Message)| {
            entry.id.as_ref() == Some(&message.id) && entry.text == message.content
        };
        !running
            && self.turn.is_none()
            && messages.len() == self.entries.len()
            && self.entries.iter().zip(messages).all(same)
    }

    /// Takes one event of the running turn.
    pub fn apply(&mut self, event: Event) -> Applied {
        let Some(turn) = &mut self.turn else { return Applied::Ignored };
        if let Some(seq) = event.seq {
            let is_start = matches!(event.event, StreamEvent::Start { .. });
            if seq <= turn.seq {
                return Applied::Ignored;
            }
            // A stored answer is replayed as `start` and `done` alone, so `done` may jump.
            if seq > turn.seq + 1 && !is_start && !event.event.is_last() {
                return Applied::Gap;
            }
            turn.seq = seq;
        }
        let key = turn.answer;
        match event.event {
            StreamEvent::Start { turn_id, message_id, user_message_id, .. } => {
                turn.turn_id = Some(turn_id);
                self.started(key, &message_id, user_message_id);
            }
            StreamEvent::Token { token } => {
                if let Some(entry) = self.entry(key) {
                    entry.text.push_str(&token);
                    entry.progress = Progress::Growing;
                }
            }
            StreamEvent::Sources { sources } => {
                if let Some(entry) = self.entry(key) {
                    entry.sources = sources;
                }
            }
            StreamEvent::Tool { name, state, summary } => {
                let Some(entry) = self.entry(key) else { return Applied::Ignored };
                if let Progress::Waiting(tool) = &mut entry.progress {
                    *tool = (state == ToolState::Running).then(|| summary.unwrap_or(name));
                }
            }
            StreamEvent::Ping => return Applied::Ignored,
            StreamEvent::Done { message, message_id, finish_reason, .. } => {
                self.done(message, message_id, finish_reason);
                return Applied::Over;
            }
            StreamEvent::Error { code, retryable, .. } => {
                self.fail(Why::Code(code), retryable);
                return Applied::Over;
            }
        }
        Applied::Changed
    }

    /// Takes a refusal of what [`Self::ask`] said, and decides what follows.
    pub fn refuse(&mut self, body: &Refusal) -> Next {
        let resuming = self.position().is_some();
        match body.code {
            ErrorCode::SessionExpired | ErrorCode::ConversationClosed => return Next::Renew,
            ErrorCode::IdentityInvalid | ErrorCode::IdentityRequired => return Next::SignIn,
            ErrorCode::TurnInProgress => return Next::Reload,
            ErrorCode::NotFound if resuming => return Next::Reload,
            ErrorCode::NotReady | ErrorCode::StorageUnavailable => return Next::Later,
            ErrorCode::MonthlyLimitReached => self.limit = Some(Limit::Month),
            ErrorCode::ConversationMessageLimit => {
                self.limit = Some(Limit::Conversation(body.message.clone()));
            }
            _ => {}
        }
        let why = match (body.code, body.retry_after) {
            (ErrorCode::RateLimitExceeded, Some(seconds)) => {
                Why::Wait(u32::try_from(seconds).unwrap_or(u32::MAX))
            }
            (code, _) => Why::Code(code),
        };
        self.fail(why, body.code.retryable());
        Next::Failed
    }

    /// Ends the running turn as failed.
    pub fn fail(&mut self, why: Why, retryable: bool) {
        if let Some(turn) = self.turn.take() {
            let retryable = retryable && turn.client_id.is_some();
            if let Some(entry) = self.entry(turn.answer) {
                entry.progress = Progress::Failed { why, retryable };
            }
        }
    }

    /// The visitor has stopped an answer that nothing more can come of: what there is stays.
    pub fn end_here(&mut self) {
        let begun = self.turn.as_ref().is_some_and(|turn| turn.turn_id.is_some());
        if !begun {
            return self.fail(Why::Lost, true);
        }
        if let Some(turn) = self.turn.take()
            && let Some(entry) = self.entry(turn.answer)
        {
            entry.progress = Progress::Stopped;
        }
    }

    /// The visitor pressed stop: the turn to name to the server, or nothing when it has no name
    /// yet (then [`Self::stop_due`] gives it once it has).
    pub fn stop(&mut self) -> Option<String> {
        let turn = self.turn.as_mut()?;
        turn.stop_wanted = true;
        turn.turn_id.clone()
    }

    /// Takes the wish to stop, once the turn has a name.
    pub fn stop_due(&mut self) -> Option<String> {
        let turn = self.turn.as_mut().filter(|turn| turn.stop_wanted)?;
        let id = turn.turn_id.clone()?;
        turn.stop_wanted = false;
        Some(id)
    }

    /// Gives up a turn that the server never named: takes the visitor's message back and returns
    /// its text, so that nothing typed is lost.
    pub fn take_back(&mut self) -> Option<String> {
        let turn = self.turn.take()?;
        self.entries.retain(|entry| {
            entry.key != turn.answer
                && (turn.client_id.is_none() || entry.client_id != turn.client_id)
        });
        Some(turn.message)
    }

    /// Presses thumb `pressed` on an answer: its id, and the rating that it has now.
    pub fn rate(&mut self, key: u32, pressed: Rating) -> Option<(String, Option<Rating>)> {
        let entry = self.entry(key)?;
        let id = entry.id.clone()?;
        entry.rating = (entry.rating != Some(pressed)).then_some(pressed);
        Some((id, entry.rating))
    }

    /// A thumb was pressed in another tab.
    pub fn rated(&mut self, id: &str, rating: Option<Rating>) {
        if let Some(entry) = self.entries.iter_mut().find(|e| e.id.as_deref() == Some(id)) {
            entry.rating = rating;
        }
    }

    /// Forgets everything: a new conversation.
    pub fn clear(&mut self) {
        let monthly = self.limit.take().filter(|limit| *limit == Limit::Month);
        let (last_key, clock) = (self.last_key, self.clock);
        *self = Self { last_key, clock, limit: monthly, ..Self::default() };
    }

    /// Shows the conversation as the server has it. A running turn is taken up from its start, as
    /// its first words are not part of the conversation yet. `pending` is a message that was being
    /// sent when the page went away: unless it arrived, it is sent again under its old id.
    pub fn load(&mut self, conversation: Option<Conversation>, pending: Option<(String, String)>) {
        self.clear();
        let running = conversation.as_ref().and_then(|known| known.running_turn.clone());
        for message in conversation.into_iter().flat_map(|known| known.messages) {
            if message.role == Role::Assistant {
                self.drop_failed_answer();
            }
            let progress = match message.status {
                MessageStatus::Complete => Progress::Complete,
                MessageStatus::Stopped => Progress::Stopped,
                MessageStatus::Failed => {
                    Progress::Failed { why: Why::Code(ErrorCode::UpstreamFailed), retryable: true }
                }
            };
            let key = self.add(message.role, progress);
            if let Some(entry) = self.entry(key) {
                entry.id = Some(message.id);
                entry.text = message.content;
                entry.sources = message.sources;
                entry.rating = message.rating;
                entry.at = message.created_at;
                entry.client_id = message.client_message_id;
            }
        }
        let last = self.entries.iter().rposition(|entry| entry.role == Role::User);
        if let Some(running) = running {
            self.entries.truncate(last.map_or(0, |at| at + 1));
            let (message, id) = last.map_or((String::new(), None), |at| {
                (self.entries[at].text.clone(), self.entries[at].client_id.clone())
            });
            self.begin(&message, id.as_deref(), Some(running.turn_id));
            return;
        }
        let arrived =
            |id: &str| self.entries.iter().any(|entry| entry.client_id.as_deref() == Some(id));
        if let Some((client_id, message)) = pending.filter(|(id, _)| !arrived(id)) {
            self.push(&message, &client_id);
        } else if last.is_some_and(|at| at + 1 == self.entries.len()) {
            // A message without an answer: it failed before its first word.
            let retryable = self.entries.last().is_some_and(|entry| entry.client_id.is_some());
            self.add(Role::Assistant, Progress::Failed { why: Why::Lost, retryable });
        }
    }

    fn drop_failed_answer(&mut self) {
        let failed = |entry: &Entry| {
            entry.role == Role::Assistant && matches!(entry.progress, Progress::Failed { .. })
        };
        if self.entries.last().is_some_and(failed) {
            self.entries.pop();
        }
    }

    fn started(&mut self, key: u32, message_id: &str, user_message_id: String) {
        if let Some(entry) = self.entry(key) {
            entry.id = Some(message_id.to_owned());
            if !entry.text.is_empty() {
                entry.text.clear();
                entry.revision += 1;
            }
        }
        let question = self.entries.iter_mut().rev().find(|entry| entry.role == Role::User);
        if let Some(question) = question {
            question.id = Some(user_message_id);
        }
    }

    fn done(&mut self, message: String, message_id: String, reason: FinishReason) {
        let Some(turn) = self.turn.take() else { return };
        let Some(entry) = self.entry(turn.answer) else { return };
        // The same words but for white space around them are drawn already.
        if entry.text.trim() != message {
            entry.revision += 1;
        }
        entry.text = message;
        entry.id = Some(message_id);
        entry.progress = match reason {
            FinishReason::Stopped => Progress::Stopped,
            FinishReason::Stop | FinishReason::Length => Progress::Complete,
        };
    }

    fn begin(&mut self, message: &str, client_id: Option<&str>, turn_id: Option<String>) {
        self.limit = None;
        self.theirs = false;
        let answer = self.add(Role::Assistant, Progress::Waiting(None));
        self.turn = Some(Turn {
            client_id: client_id.map(str::to_owned),
            message: message.to_owned(),
            turn_id,
            seq: 0,
            answer,
            stop_wanted: false,
        });
    }

    fn add(&mut self, role: Role, progress: Progress) -> u32 {
        self.last_key += 1;
        self.entries.push(Entry {
            key: self.last_key,
            role,
            id: None,
            text: String::new(),
            revision: 0,
            progress,
            sources: Vec::new(),
            rating: None,
            at: self.clock.map(|clock| clock()).unwrap_or_default(),
            client_id: None,
        });
        self.last_key
    }

    fn entry(&mut self, key: u32) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.key == key)
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "model_tabs_tests.rs"]
mod tabs_tests;
