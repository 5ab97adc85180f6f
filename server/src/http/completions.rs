//! The OpenAI dialect: chat completions over the same keys, limits, agents and log, so that whatever
//! speaks to OpenAI can speak to an agent.
//!
//! <https://platform.openai.com/docs/api-reference/chat>. What an agent's admin decides cannot be
//! asked for here: instructions (`system` and `developer` messages are left out), temperature, tools.

mod stream;
mod wire;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::response::{IntoResponse, Response};
use shared::{ErrorCode, FieldErrors, StreamEvent};

use crate::agents;
use crate::app::Shared;
use crate::chat::stream::collect;
use crate::chat::turn::{self, Begun, Question};
use crate::error::ApiError;
use crate::extract::{Keyed, Licensed};
use crate::usage::log;

use stream::Chunks;
use wire::{Completion, ErrorObject, Model, Models};
pub use wire::{CompletionRequest, error_body};

/// What else OpenAI's clients ask for below `/v1/`: it is not here, and they are told so in their shape.
const ELSEWHERE: &[&str] = &[
    "assistants",
    "audio",
    "batches",
    "completions",
    "embeddings",
    "engines",
    "files",
    "fine_tuning",
    "images",
    "models",
    "moderations",
    "realtime",
    "responses",
    "threads",
    "uploads",
    "vector_stores",
];

/// Whether a path is of this dialect, also in its errors.
#[must_use]
pub fn is_dialect(path: &str) -> bool {
    let Some(path) = path.strip_prefix("/v1/") else { return false };
    let first = path.split('/').next().unwrap_or_default();
    path == "chat/completions"
        || path.starts_with("chat/completions/")
        || ELSEWHERE.contains(&first)
}

/// Answers a conversation in the OpenAI dialect, as one object or, with `stream`, as server-sent
/// events. `Authorization: Bearer` holds a license key or static key; `model` names an agent by its
/// id or name, or is `default`. With `user` the conversation of that session goes on and its last
/// message alone is read; without, the messages are the conversation.
#[utoipa::path(post, path = "/v1/chat/completions", tag = "chat", request_body = CompletionRequest,
    responses((status = 200, body = Completion),
        (status = "4XX", body = ErrorObject), (status = "5XX", body = ErrorObject)))]
pub async fn create(
    State(app): State<Shared>,
    licensed: Licensed<CompletionRequest>,
) -> Result<Response, ApiError> {
    let Licensed { access, body } = licensed;
    let agent = agent_id(&app, &access.key, &body.model)
        .inspect_err(|error| log::refused(&app, &access.key.owner, error.code, &access.facts))?;
    let chunks = Chunks::new(&app.clock, body.model.clone(), body.include_usage());
    let streamed = body.stream;
    let (request, history) = body.into_question(agent);
    let question = Question { request, history, streamed };
    let begun = turn::begin(&app, &access, question).await?;
    if let Begun::Live(mut reader) = begun {
        if streamed {
            reader.started().await?;
            return Ok(events(Body::from_stream(chunks.stream(reader, app.config.ping))));
        }
        let events = collect(&app, &access, Begun::Live(reader)).await?;
        return completion(&chunks, events);
    }
    // Only a repeated `clientMessageId` leads here, and there is none in this dialect.
    Err(ErrorCode::TurnLost.into())
}

fn events(body: Body) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (CACHE_CONTROL, "no-store, no-transform"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, body).into_response()
}

fn completion(chunks: &Chunks, events: Vec<shared::Event>) -> Result<Response, ApiError> {
    let mut sources = Vec::new();
    for event in events {
        match event.event {
            StreamEvent::Sources { sources: found } => sources = found,
            StreamEvent::Done { message, usage, finish_reason, .. } => {
                let whole = chunks.whole(message, usage, finish_reason, sources);
                return Ok(([(CACHE_CONTROL, "no-store")], Json(whole)).into_response());
            }
            StreamEvent::Error { code, .. } => return Err(code.into()),
            _ => {}
        }
    }
    Err(ErrorCode::TurnLost.into())
}

/// The agent that `model` names; none for the default.
fn agent_id(
    app: &Shared,
    key: &crate::keys::KeyRecord,
    model: &str,
) -> Result<Option<String>, ApiError> {
    if matches!(model, "" | "default") {
        return Ok(None);
    }
    // By id also where it is switched off, for the error to say so.
    if app.agents.get(model).is_some() {
        return Ok(Some(model.to_owned()));
    }
    let named = agents::usable(app, key).into_iter().find(|agent| agent.name == model);
    match named {
        Some(agent) => Ok(Some(agent.id.clone())),
        None => {
            let why = "must be \"default\", or the id or name of an agent that this key may use";
            let mut fields = FieldErrors::default();
            fields.add("model", why);
            let error = ApiError::new(ErrorCode::AgentNotAllowed)
                .with_message(format!("model {why}; GET /v1/models lists them."));
            Err(ApiError { fields: Some(fields), ..error })
        }
    }
}

/// The agents that a key may be answered by, as models.
#[utoipa::path(get, path = "/v1/models", tag = "chat",
    responses((status = 200, body = Models),
        (status = "4XX", body = ErrorObject), (status = "5XX", body = ErrorObject)))]
pub async fn models(State(app): State<Shared>, Keyed(key): Keyed) -> Response {
    let default = app.agents.named_or_default(key.agent_id.as_deref());
    let default = Model::new("default", default.as_ref().map_or("", |agent| &agent.name));
    let agents = agents::usable(&app, &key);
    let agents = agents.into_iter().map(|agent| Model::new(&agent.id, &agent.name));
    let models = Models { object: "list", data: std::iter::once(default).chain(agents).collect() };
    ([(CACHE_CONTROL, "no-store")], Json(models)).into_response()
}
