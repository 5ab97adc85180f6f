//! Thumbs up, thumbs down.

use axum::Json;
use axum::extract::State;
use shared::conversation::{Feedback, FeedbackAnswer};
use shared::{ErrorBody, ErrorCode, Rating};

use crate::alerts;
use crate::app::Shared;
use crate::error::ApiError;
use crate::extract::Licensed;
use crate::store::feedback::Rate;

/// Rates one answer of the session; `rating: null` takes the rating back.
#[utoipa::path(post, path = "/v1/messages/feedback", tag = "chat", request_body = Feedback,
    responses((status = 200, body = FeedbackAnswer),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn feedback(
    State(app): State<Shared>,
    licensed: Licensed<Feedback>,
) -> Result<Json<FeedbackAnswer>, ApiError> {
    let Licensed { access, body } = licensed;
    let tell = !access.key.is_preview() && app.wanted.wants("feedback.created");
    let license_key_id = access.key.license_key_id.as_deref();
    let event = tell.then(|| {
        let data = serde_json::json!({
            "license_key_id": license_key_id,
            "message_id": body.message_id,
            "rating": body.rating,
            "comment": body.comment,
        });
        alerts::event(&app.clock, "feedback.created", license_key_id, &data)
    });
    let rated = app
        .store
        .rate(Rate {
            message_id: body.message_id.clone(),
            owner: access.key.owner.clone(),
            session_id: access.session_id,
            rating: body.rating.map(|rating| match rating {
                Rating::Up => "up",
                Rating::Down => "down",
            }),
            comment: body.comment,
            event,
        })
        .await?;
    if !rated {
        return Err(ErrorCode::NotFound.into());
    }
    Ok(Json(FeedbackAnswer { message_id: body.message_id, rating: body.rating }))
}
