//! The keys that sign answers of the license API.

use axum::Json;
use axum::extract::State;
use shared::ErrorBody;
use shared::license::SigningKeys;

use crate::app::Shared;
use crate::error::ApiError;
use crate::extract::Writer;
use crate::licensing::signing;

/// Lets the next key sign from now on, and makes the one that follows it. The key before is
/// published until the last lease that it has signed ends.
#[utoipa::path(post, path = "/api/signing-keys/rotate", tag = "selling",
    responses((status = 200, body = SigningKeys),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn rotate(
    State(app): State<Shared>,
    Writer(actor): Writer,
) -> Result<Json<SigningKeys>, ApiError> {
    Ok(Json(SigningKeys { keys: signing::rotate(&app, &actor).await? }))
}
