//! Reading a turn again, or on from where the connection broke.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use shared::ErrorBody;
use shared::chat::ResumeRequest;

use super::chat::ndjson;
use crate::app::Shared;
use crate::chat::stream;
use crate::error::ApiError;
use crate::extract::Licensed;

/// The events of a turn with a `seq` greater than `after`, then what follows live.
#[utoipa::path(post, path = "/v1/chat/resume", tag = "chat", request_body = ResumeRequest,
    responses(
        (status = 200, description = "Events, one a line", body = shared::Event, content_type = "application/x-ndjson"),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn resume(
    State(app): State<Shared>,
    licensed: Licensed<ResumeRequest>,
) -> Result<Response, ApiError> {
    let Licensed { access, body } = licensed;
    let live = app.turns.find(&body.turn_id, &access.key.owner, &access.session_id);
    if let Some(turn) = live {
        let mut reader = turn.read(body.after);
        reader.started().await?;
        return Ok(ndjson(Body::from_stream(stream::lines(reader, app.config.ping))));
    }
    let events = stream::replay(&app, &access, &body.turn_id).await?;
    Ok(ndjson(Body::from(stream::stored_lines(&events, body.after))))
}
