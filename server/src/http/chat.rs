//! Asking: whole answers and streamed ones.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::response::{IntoResponse, Response};
use shared::{ChatAnswer, ChatRequest, ErrorBody, ErrorCode, StreamEvent};

use crate::app::Shared;
use crate::chat::stream;
use crate::chat::turn::{self, Begun, Question};
use crate::error::ApiError;
use crate::extract::Licensed;

/// NDJSON as a response: never cached, never buffered by a proxy, never compressed.
pub fn ndjson(body: Body) -> Response {
    let headers = [
        (CONTENT_TYPE, "application/x-ndjson; charset=utf-8"),
        (CACHE_CONTROL, "no-store, no-transform"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, body).into_response()
}

/// Asks and streams the answer as NDJSON, one event a line.
#[utoipa::path(post, path = "/v1/chat/stream", tag = "chat", request_body = ChatRequest,
    responses(
        (status = 200, description = "Events, one a line", body = shared::Event, content_type = "application/x-ndjson"),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn stream(
    State(app): State<Shared>,
    licensed: Licensed<ChatRequest>,
) -> Result<Response, ApiError> {
    let Licensed { access, body } = licensed;
    let question = Question { request: body, history: None, streamed: true };
    match turn::begin(&app, &access, question).await? {
        Begun::Live(mut reader) => {
            reader.started().await?;
            Ok(ndjson(Body::from_stream(stream::lines(reader, app.config.ping))))
        }
        Begun::Stored(turn_id) => {
            let events = stream::replay(&app, &access, &turn_id).await?;
            Ok(ndjson(Body::from(stream::stored_lines(&events, 0))))
        }
    }
}

/// Asks and streams the answer: the older name of `/v1/chat/stream`.
#[utoipa::path(post, path = "/chat", tag = "chat", request_body = ChatRequest,
    responses(
        (status = 200, description = "Events, one a line", body = shared::Event, content_type = "application/x-ndjson"),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn legacy(
    state: State<Shared>,
    licensed: Licensed<ChatRequest>,
) -> Result<Response, ApiError> {
    stream(state, licensed).await
}

/// Asks and waits for the whole answer.
#[utoipa::path(post, path = "/v1/chat", tag = "chat", request_body = ChatRequest,
    responses((status = 200, body = ChatAnswer),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn whole(
    State(app): State<Shared>,
    licensed: Licensed<ChatRequest>,
) -> Result<Response, ApiError> {
    let Licensed { access, body } = licensed;
    let question = Question { request: body, history: None, streamed: false };
    let begun = turn::begin(&app, &access, question).await?;
    let events = stream::collect(&app, &access, begun).await?;
    let mut answer = ChatAnswer {
        conversation_id: String::new(),
        turn_id: String::new(),
        message: String::new(),
        message_id: String::new(),
        user_message_id: String::new(),
        usage: None,
        sources: None,
    };
    for event in events {
        match event.event {
            StreamEvent::Start { conversation_id, turn_id, message_id, user_message_id } => {
                answer.conversation_id = conversation_id;
                answer.turn_id = turn_id;
                answer.message_id = message_id;
                answer.user_message_id = user_message_id;
            }
            StreamEvent::Sources { sources } => answer.sources = Some(sources),
            StreamEvent::Done { message, usage, .. } => {
                answer.message = message;
                answer.usage = usage;
                return Ok(([(CACHE_CONTROL, "no-store")], Json(answer)).into_response());
            }
            StreamEvent::Error { code, .. } => return Err(code.into()),
            StreamEvent::Token { .. } | StreamEvent::Tool { .. } | StreamEvent::Ping => {}
        }
    }
    Err(ErrorCode::TurnLost.into())
}
