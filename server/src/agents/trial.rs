//! Trying an agent out, and testing the connection to its model server. Nothing is stored, counted
//! or logged of it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::Stream;
use shared::agent::{AgentTry, ConnectionTest};
use shared::{Event, FinishReason, StreamEvent, limits};
use tokio::time::Instant;

use super::{AnswerStream, Delta, Material, Prompt, Provider, UpstreamError, catalog, edit};
use crate::app::App;
use crate::error::ApiError;

/// Models that a test of the connection lists at most.
const MODELS: usize = 200;
/// Longest time that a test waits for the first word, whatever the settings allow.
const PATIENCE: Duration = Duration::from_secs(30);

/// Says whether an agent can answer, in plain words.
///
/// # Errors
/// 404 when there is no such agent.
pub async fn test_connection(app: &App, id: &str) -> Result<ConnectionTest, ApiError> {
    let agent = catalog::build(app, &edit::row(app, id).await?);
    let failed = |message: String, models| ConnectionTest {
        ok: false,
        message,
        models,
        first_token_ms: None,
    };
    let server = match &agent.provider {
        Provider::Builtin(_) => {
            return Ok(ConnectionTest {
                ok: true,
                message: String::from("The built-in provider needs no connection."),
                models: Vec::new(),
                first_token_ms: None,
            });
        }
        Provider::Unusable(why) => return Ok(failed((*why).to_owned(), Vec::new())),
        Provider::Model(server) => server,
    };
    // Many servers list nothing and answer all the same: what counts is the answer.
    let mut models = match tokio::time::timeout(PATIENCE, server.models()).await {
        Ok(Ok(models)) => models,
        _ => Vec::new(),
    };
    models.truncate(MODELS);
    let prompt = Prompt {
        history: Vec::new(),
        question: String::from("Say: ready"),
        visitor: Vec::new(),
        streamed: true,
    };
    let began = Instant::now();
    let first = async {
        let mut answer = server.answer("You are being tested.", &prompt, Vec::new()).await?;
        while let Some(delta) = answer.next().await? {
            if matches!(delta, Delta::Text(_)) {
                return Ok(());
            }
        }
        Err(UpstreamError::failed("The model server answered with no text."))
    };
    let first = tokio::time::timeout(PATIENCE, first).await;
    let first = first.unwrap_or_else(|_| {
        Err(UpstreamError::timeout("The model server did not answer within 30 seconds."))
    });
    Ok(match first {
        Err(error) => failed(error.detail, models),
        Ok(()) => ConnectionTest {
            ok: true,
            message: String::from("The model server answers."),
            models,
            first_token_ms: u64::try_from(began.elapsed().as_millis()).ok(),
        },
    })
}

/// Has an agent answer for its admin, also one that is switched off: the events of the answer, as
/// visitors' streams have them, without ids.
///
/// # Errors
/// Complaints by field, 404, and what the provider refuses with.
pub async fn run(
    app: &Arc<App>,
    id: &str,
    asked: AgentTry,
) -> Result<impl Stream<Item = Event> + Send + use<>, ApiError> {
    let mut errors = shared::FieldErrors::default();
    asked.check(&mut errors);
    errors.into_result()?;
    let agent = catalog::build(app, &edit::row(app, id).await?);
    let ids = catalog::active(app, agent.source_ids());
    let material = Material::of(app, &ids).await?;
    let prompt = Prompt {
        history: asked.history.into_iter().map(|m| (m.role, m.content)).collect(),
        question: asked.message,
        visitor: Vec::new(),
        streamed: true,
    };
    let answer = agent.answer(&material, &prompt).await?;
    let state =
        Trial { answer, text: String::new(), usage: None, finish: None, seq: 0, over: false };
    Ok(futures_util::stream::unfold(state, |mut trial| async move {
        let event = trial.next().await?;
        trial.seq += 1;
        Some((Event { seq: Some(trial.seq), event }, trial))
    }))
}

/// An answer for its admin, as it is being written.
struct Trial {
    answer: AnswerStream,
    text: String,
    usage: Option<shared::Usage>,
    finish: Option<FinishReason>,
    seq: u64,
    over: bool,
}

impl Trial {
    async fn next(&mut self) -> Option<StreamEvent> {
        while !self.over {
            match self.answer.next().await {
                Ok(Some(Delta::Text(token))) => {
                    let room = limits::ANSWER_BYTES - self.text.len();
                    if token.len() > room {
                        self.finish = Some(FinishReason::Length);
                        break;
                    }
                    self.text.push_str(&token);
                    return Some(StreamEvent::Token { token });
                }
                Ok(Some(Delta::Sources(sources))) => return Some(StreamEvent::Sources { sources }),
                Ok(Some(Delta::Tool { name, state, summary })) => {
                    return Some(StreamEvent::Tool { name, state, summary });
                }
                Ok(Some(Delta::Calls(_))) => {}
                Ok(Some(Delta::Usage(usage))) => self.usage = Some(usage),
                Ok(Some(Delta::Finish(finish))) => self.finish = Some(finish),
                Ok(None) => break,
                Err(error) => {
                    self.over = true;
                    // Its admin may know what a visitor is not told.
                    return Some(StreamEvent::Error {
                        error: error.detail,
                        code: error.code,
                        retryable: error.code.retryable(),
                    });
                }
            }
        }
        if std::mem::replace(&mut self.over, true) {
            return None;
        }
        Some(StreamEvent::Done {
            message: self.text.trim().to_owned(),
            conversation_id: String::new(),
            message_id: String::new(),
            usage: self.usage,
            finish_reason: self.finish.unwrap_or(FinishReason::Stop),
        })
    }
}
