//! The visitor's own conversation.

use axum::Json;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use shared::ErrorBody;
use shared::conversation::{CurrentAnswer, CurrentRequest};

use crate::app::Shared;
use crate::chat::conversation;
use crate::error::ApiError;
use crate::extract::Licensed;

/// The session's open conversation, and the turn that is being written, if any.
#[utoipa::path(post, path = "/v1/conversations/current", tag = "chat", request_body = CurrentRequest,
    responses((status = 200, body = CurrentAnswer),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn current(
    State(app): State<Shared>,
    licensed: Licensed<CurrentRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let access = licensed.access;
    let conversation = conversation::current(&app, &access.key.owner, &access.session_id).await?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(CurrentAnswer { conversation })))
}
