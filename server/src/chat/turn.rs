//! Begins a turn and writes its answer.

use std::sync::Arc;

use tracing::Instrument as _;

use shared::admin_conversation::ToolUse;
use shared::{
    ChatRequest, ErrorCode, FinishReason, Role, Source, StreamEvent, ToolState, Usage, limits,
};

use super::lease;
use super::live::{LiveTurn, Reader, TurnIds};
use crate::agents::{self, Chosen, Delta, Prompt, UpstreamError};
use crate::app::App;
use crate::clock;
use crate::error::ApiError;
use crate::keys::{Access, KeyRecord, is_preview, watch};
use crate::store::admission::{Admission, Admitted};
use crate::store::turns::{TurnEnd, TurnStatus, UsageEnd};
use crate::store::usage::{RequestFacts, UsageRow};
use crate::usage::{buckets, log};

/// What a chat request leads to.
#[derive(Debug)]
pub enum Begun {
    /// A turn in memory, new or joined, to be read from its start.
    Live(Reader),
    /// A turn of an earlier request that only the database still knows.
    Stored(String),
}

/// A question with what goes with it.
#[derive(Debug)]
pub struct Question {
    pub request: ChatRequest,
    /// What was said before, oldest first; None: what the conversation holds.
    pub history: Option<Vec<(Role, String)>>,
    /// Whether somebody watches the answer being written.
    pub streamed: bool,
}

/// Admits a question and starts its answer, or finds the turn that an earlier request with the
/// same `clientMessageId` began.
///
/// # Errors
/// Why it is not answered.
pub async fn begin(app: &Arc<App>, access: &Access, question: Question) -> Result<Begun, ApiError> {
    // As a task of its own: a client that hangs up meanwhile must not leave a turn that was admitted
    // and that nobody writes.
    let (shared, asked, killed) = (Arc::clone(app), access.clone(), app.killed.clone());
    let started = app.tasks.spawn(
        async move {
            let start = admit_and_start(&shared, &asked, question);
            killed.run_until_cancelled(start).await
        }
        .in_current_span(),
    );
    let begun = match started.await {
        Ok(Some(begun)) => begun,
        Ok(None) => Err(ErrorCode::NotReady.into()),
        Err(error) => Err(ApiError::internal(&error)),
    };
    begun.inspect_err(|error| {
        log::refused(app, &access.key.owner, error.code, &access.facts);
    })
}

async fn admit_and_start(
    app: &Arc<App>,
    access: &Access,
    question: Question,
) -> Result<Begun, ApiError> {
    let Question { request, history: given, streamed } = question;
    let key = &access.key;
    let chosen = agents::choose(app, key, &request).await?;
    if app.is_stopping() {
        return Err(ApiError::new(ErrorCode::NotReady).with_retry_after(5));
    }
    let visitor = visitor(app, access).await?;
    let now_ms = app.clock.now_ms();
    let turn_id = app.clock.ulid();
    let message_id = app.clock.ulid();
    let metadata = request.metadata.map(serde_json::Value::Object);
    let most = app.config.max_history_messages.min(chosen.agent.history_messages);
    let admission = Admission {
        now_ms,
        owner: key.owner.clone(),
        license_key_id: key.license_key_id.clone(),
        session_id: access.session_id.clone(),
        message: request.message.clone(),
        client_message_id: request.client_message_id,
        page: request.page.unwrap_or_default(),
        metadata: metadata.map_or_else(|| String::from("{}"), |m| m.to_string()),
        conversation_id: app.clock.ulid(),
        turn_id: turn_id.clone(),
        user_message_id: app.clock.ulid(),
        answer_message_id: message_id.clone(),
        user_id: access.facts.user_id.clone(),
        key_name: key.name.clone(),
        tell_conversation: !key.is_preview() && app.wanted.wants("conversation.started"),
        tell_message: !key.is_preview() && app.wanted.wants("message.created"),
        month: clock::month_of(now_ms),
        monthly_limit: key.monthly_limit,
        message_limit: key.look.max_messages_per_conversation,
        history: if given.is_some() { 0 } else { most },
        agent_id: chosen.agent.id.clone(),
        node: app.node.clone(),
        lease_ms: app.lease_ms(),
        idle_ms: app.idle_ms(),
    };
    let (conversation_id, user_message_id, history) = match admit(app, admission).await? {
        Admitted::New { conversation_id, user_message_id, history } => {
            (conversation_id, user_message_id, given.map_or(history, |given| latest(given, most)))
        }
        Admitted::Earlier { turn_id } => {
            let live = app.turns.find(&turn_id, &key.owner, &access.session_id);
            return Ok(match live {
                Some(turn) => Begun::Live(turn.read(0)),
                None => Begun::Stored(turn_id),
            });
        }
        Admitted::Refused(code) => return Err(refusal(code, key, now_ms)),
    };
    let turn = LiveTurn::new(TurnIds {
        turn_id,
        conversation_id,
        user_message_id,
        message_id,
        owner: key.owner.clone(),
        session_id: access.session_id.clone(),
        generation: access.generation,
    });
    let reader = turn.read(0);
    app.turns.insert(&turn);
    if let Some(id) = &key.license_key_id {
        app.last_used.note(id, now_ms);
    }
    // Changed since it was checked: whoever changed it may have looked for answers before this one
    // was there.
    if !app.keys.is_current(key) {
        watch::end_answers(app, key.id()).await;
    }
    let asked = Asked { at_ms: now_ms, facts: access.facts.clone(), chosen };
    let prompt = Prompt { history, question: request.message, visitor, streamed };
    let (app_, killed) = (Arc::clone(app), app.killed.clone());
    app.tasks.spawn(
        async move {
            killed.run_until_cancelled(run(app_, turn, prompt, asked)).await;
        }
        .in_current_span(),
    );
    Ok(Begun::Live(reader))
}

/// The last messages of a history, at most so many.
fn latest(mut history: Vec<(Role, String)>, most: u32) -> Vec<(Role, String)> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    history.drain(..history.len().saturating_sub(most));
    history
}

/// Admits, after ending the answer that stands in the way when its server is gone.
async fn admit(app: &App, admission: Admission) -> Result<Admitted, ApiError> {
    let now_ms = admission.now_ms;
    let admitted = app.store.admit(admission.clone()).await?;
    if matches!(admitted, Admitted::Refused(ErrorCode::TurnInProgress))
        && lease::sweep(app, now_ms).await? > 0
    {
        return Ok(app.store.admit(admission).await?);
    }
    Ok(admitted)
}

/// Who asks, as their site has proved: what a model may know of them.
async fn visitor(app: &App, access: &Access) -> Result<Vec<(String, String)>, ApiError> {
    let Some(user_id) = &access.facts.user_id else { return Ok(Vec::new()) };
    let mut known = vec![(String::from("user id"), user_id.clone())];
    let row = app.store.visitor(&access.key.owner, &access.session_id).await?;
    if let Some(row) = row.filter(|row| row.user_id.as_ref() == Some(user_id)) {
        known.extend([(String::from("name"), row.name), (String::from("e-mail"), row.email)]);
        let more: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&row.attributes).unwrap_or_default();
        known.extend(more.into_iter().map(|(name, value)| {
            let text = value.as_str().map(str::to_owned);
            (name, text.unwrap_or_else(|| value.to_string()))
        }));
    }
    known.retain(|(_, value)| !value.is_empty());
    Ok(known)
}

/// What the usage log wants to know of a question once it is answered.
struct Asked {
    at_ms: i64,
    facts: RequestFacts,
    chosen: Chosen,
}

fn refusal(code: ErrorCode, key: &KeyRecord, now_ms: i64) -> ApiError {
    let error = ApiError::new(code);
    match code {
        ErrorCode::MonthlyLimitReached => {
            error.with_retry_after(clock::seconds_to_next_month(now_ms))
        }
        ErrorCode::ConversationMessageLimit if !key.look.max_messages_error.is_empty() => {
            error.with_message(key.look.max_messages_error.clone())
        }
        _ => error,
    }
}

/// What an answer came to.
struct Outcome {
    status: TurnStatus,
    finish: Option<FinishReason>,
    failure: Option<UpstreamError>,
    usage: Option<Usage>,
    sources: Vec<Source>,
    tools: Vec<ToolUse>,
    started: bool,
    first_token_ms: Option<i64>,
}

impl Default for Outcome {
    fn default() -> Self {
        Self {
            status: TurnStatus::Stopped,
            finish: Some(FinishReason::Stopped),
            failure: None,
            usage: None,
            sources: Vec::new(),
            tools: Vec::new(),
            started: false,
            first_token_ms: None,
        }
    }
}

/// Writes one answer from the provider's acceptance to the stored end. Runs as a task of its own:
/// whoever asked may leave.
async fn run(app: Arc<App>, turn: Arc<LiveTurn>, prompt: Prompt, asked: Asked) {
    let mut outcome = Outcome::default();
    tokio::select! {
        biased;
        code = turn.revoked() => {
            outcome.status = TurnStatus::Failed;
            outcome.finish = None;
            outcome.failure = Some(UpstreamError { code, detail: code.text().to_owned() });
        }
        // What was generated counts before a stop that came at the same time.
        result = generate(&app, &turn, &asked.chosen, &prompt, &mut outcome) => match result {
            Ok(()) => {}
            Err(error) => {
                tracing::warn!(turn = %turn.ids.turn_id, %error, "the provider failed");
                outcome.status = TurnStatus::Failed;
                outcome.finish = None;
                outcome.failure = Some(error);
            }
        },
        () = turn.stop.cancelled() => {}
        () = turn.abandoned(app.config.disconnect_grace) => {}
    }
    settle(&app, &turn, outcome, &prompt.question, asked).await;
    app.turns.retire(&turn);
}

fn start_event(ids: &TurnIds) -> StreamEvent {
    StreamEvent::Start {
        conversation_id: ids.conversation_id.clone(),
        turn_id: ids.turn_id.clone(),
        message_id: ids.message_id.clone(),
        user_message_id: ids.user_message_id.clone(),
    }
}

async fn generate(
    app: &Arc<App>,
    turn: &LiveTurn,
    chosen: &Chosen,
    prompt: &Prompt,
    outcome: &mut Outcome,
) -> Result<(), UpstreamError> {
    let mut answer = chosen.agent.answer(&chosen.material, prompt).await?;
    outcome.started = true;
    turn.start(start_event(&turn.ids));
    let mut bytes = 0;
    while let Some(delta) = answer.next().await? {
        match delta {
            Delta::Text(text) => {
                // PostgreSQL's TEXT cannot hold U+0000, and nobody can read it.
                let text = text.replace('\0', "\u{fffd}");
                let room = limits::ANSWER_BYTES - bytes;
                let fits = prefix(&text, room);
                if !fits.is_empty() {
                    if outcome.first_token_ms.is_none() {
                        outcome.first_token_ms = Some(app.clock.now_ms());
                        record_first_token(app, turn, outcome.first_token_ms.unwrap_or(0));
                    }
                    bytes += fits.len();
                    turn.token(fits);
                }
                if fits.len() < text.len() {
                    outcome.status = TurnStatus::Done;
                    outcome.finish = Some(FinishReason::Length);
                    return Ok(());
                }
            }
            Delta::Sources(sources) => outcome.sources = sources,
            Delta::Tool { name, state, summary } => {
                if state == ToolState::Done {
                    let (name, summary) = (name.clone(), summary.clone());
                    outcome.tools.push(ToolUse { name, summary });
                }
                turn.event(StreamEvent::Tool { name, state, summary });
            }
            Delta::Calls(_) => {}
            Delta::Usage(usage) => outcome.usage = Some(usage),
            Delta::Finish(reason) => outcome.finish = Some(reason),
        }
        if !answer.has_ready() {
            turn.tell();
        }
    }
    if !outcome.sources.is_empty() {
        turn.event(StreamEvent::Sources { sources: outcome.sources.clone() });
    }
    outcome.status = TurnStatus::Done;
    Ok(())
}

/// The longest prefix of at most `bytes` bytes that ends between characters.
fn prefix(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Tells the database that the query counts from now on. The stream does not wait for it.
fn record_first_token(app: &Arc<App>, turn: &LiveTurn, at_ms: i64) {
    let (app, turn_id) = (Arc::clone(app), turn.ids.turn_id.clone());
    let tasks = app.tasks.clone();
    tasks.spawn(async move {
        if let Err(error) = app.store.first_token(&turn_id, at_ms).await {
            tracing::warn!(turn = %turn_id, %error, "the first token was not recorded");
        }
    });
}

/// Stores how the turn ended, then tells its readers.
async fn settle(app: &Arc<App>, turn: &LiveTurn, outcome: Outcome, question: &str, asked: Asked) {
    let text = turn.text().trim().to_owned();
    let now_ms = app.clock.now_ms();
    let is_preview = is_preview(&turn.ids.owner);
    let end = TurnEnd {
        turn_id: turn.ids.turn_id.clone(),
        conversation_id: turn.ids.conversation_id.clone(),
        answer_message_id: turn.ids.message_id.clone(),
        status: outcome.status,
        code: outcome.failure.as_ref().map(|f| f.code),
        text: text.clone(),
        usage: outcome.usage,
        finish_reason: outcome.finish,
        first_token_ms: outcome.first_token_ms,
        now_ms,
        usage_row: if is_preview {
            UsageEnd::None
        } else {
            UsageEnd::Row(Box::new(usage_row(app, turn, &outcome, question, asked, now_ms)))
        },
        tell_message: !is_preview && app.wanted.wants("message.created"),
        sources: outcome.sources,
        tools: outcome.tools,
    };
    let failure = match (app.store.end_turn(end).await, outcome.failure) {
        // The details are for the admin: they stand in the log.
        (_, Some(failure)) => Some(ApiError::new(failure.code)),
        (Ok(true), None) => None,
        // The lease's sweep was faster: this server was taken for dead.
        (Ok(false), None) => Some(ApiError::new(ErrorCode::TurnLost)),
        (Err(error), None) => Some(ApiError::from(error)),
    };
    match failure {
        Some(error) if !outcome.started => turn.refuse(error),
        Some(error) => turn.event(StreamEvent::Error {
            error: error.code.text().to_owned(),
            code: error.code,
            retryable: error.code.retryable(),
        }),
        None => {
            if !outcome.started {
                // Stopped before the provider had accepted: an empty answer all the same.
                turn.start(start_event(&turn.ids));
            }
            turn.event(StreamEvent::Done {
                message: text,
                conversation_id: turn.ids.conversation_id.clone(),
                message_id: turn.ids.message_id.clone(),
                usage: outcome.usage,
                finish_reason: outcome.finish.unwrap_or(FinishReason::Stop),
            });
        }
    }
}

fn usage_row(
    app: &App,
    turn: &LiveTurn,
    outcome: &Outcome,
    question: &str,
    asked: Asked,
    now_ms: i64,
) -> UsageRow {
    let response_time_ms = (now_ms - asked.at_ms).max(0);
    let first_token_ms = outcome.first_token_ms.map(|at| (at - asked.at_ms).max(0));
    UsageRow {
        id: turn.ids.turn_id.clone(),
        created_at: asked.at_ms,
        logged_at: now_ms,
        owner: turn.ids.owner.clone(),
        question: if app.settings.now().store_questions {
            question.to_owned()
        } else {
            String::new()
        },
        status: match outcome.status {
            TurnStatus::Done => "ok",
            TurnStatus::Stopped => "stopped",
            TurnStatus::Failed | TurnStatus::Running => "failed",
        },
        response_time_ms,
        first_token_ms,
        response_bucket: buckets::bucket(response_time_ms),
        first_token_bucket: first_token_ms.map(buckets::bucket),
        agent_id: Some(asked.chosen.agent.id.clone()),
        data_source_id: asked.chosen.data_source_id,
        facts: asked.facts,
    }
}

#[cfg(test)]
mod tests {
    use super::prefix;

    #[test]
    fn an_answer_is_cut_between_characters() {
        assert_eq!(prefix("aé", 2), "a");
        assert_eq!(prefix("aé", 3), "aé");
        assert_eq!(prefix("aé", 0), "");
    }
}
