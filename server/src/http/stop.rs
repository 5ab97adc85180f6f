//! Stopping an answer.

use axum::Json;
use axum::extract::State;
use shared::chat::{StopAnswer, StopRequest};
use shared::{ErrorBody, ErrorCode, StreamEvent};

use crate::app::Shared;
use crate::error::ApiError;
use crate::extract::Licensed;
use crate::store::turns::TurnStatus;

/// Stops an answer: the upstream call is cancelled, the part so far is kept. Answers once that
/// part is stored.
#[utoipa::path(post, path = "/v1/chat/stop", tag = "chat", request_body = StopRequest,
    responses((status = 200, body = StopAnswer),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn stop(
    State(app): State<Shared>,
    licensed: Licensed<StopRequest>,
) -> Result<Json<StopAnswer>, ApiError> {
    let Licensed { access, body } = licensed;
    let turn_id = body.turn_id;
    let Some(turn) = app.turns.find(&turn_id, &access.key.owner, &access.session_id) else {
        let stored = app.store.find_turn(&turn_id, &access.key.owner, &access.session_id).await?;
        let stored = stored.ok_or(ErrorCode::NotFound)?;
        if TurnStatus::parse(&stored.status) == TurnStatus::Running {
            return Err(ApiError::new(ErrorCode::NotReady)
                .with_message("Another server writes this answer."));
        }
        return Ok(Json(StopAnswer { turn_id, stopped: false }));
    };
    let mut reader = turn.read(0);
    turn.stop.cancel();
    let mut stopped = false;
    reader
        .to_end(|event| {
            stopped |= matches!(
                event.event,
                StreamEvent::Done { finish_reason: shared::FinishReason::Stopped, .. }
            );
        })
        .await;
    Ok(Json(StopAnswer { turn_id, stopped }))
}
