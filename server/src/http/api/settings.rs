//! Settings of the whole installation.

use axum::Json;
use axum::extract::State;
use shared::ErrorBody;
use shared::admin::InstallationSettings;

use crate::app::Shared;
use crate::error::ApiError;
use crate::extract::{Object, Reader, Writer};
use crate::settings;

/// The settings that hold, and which of them the environment decides.
#[utoipa::path(get, path = "/api/settings", tag = "settings",
    responses((status = 200, body = InstallationSettings),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn read(State(app): State<Shared>, _: Reader) -> Json<InstallationSettings> {
    Json(app.settings.now().as_ref().clone())
}

/// Changes what is given.
#[utoipa::path(patch, path = "/api/settings", tag = "settings", request_body = InstallationSettings,
    responses((status = 200, body = InstallationSettings),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn change(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Object(given): Object,
) -> Result<Json<InstallationSettings>, ApiError> {
    settings::change(&app, &actor, given).await.map(|now| Json(now.as_ref().clone()))
}
