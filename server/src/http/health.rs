//! Whether the server lives, and whether it can work.

use axum::Json;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use serde::Serialize;
use shared::{ErrorBody, ErrorCode};

use crate::app::Shared;
use crate::error::ApiError;

/// Success of `/health` and `/ready`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Health {
    /// Always `ok`.
    status: &'static str,
}

const OK: Json<Health> = Json(Health { status: "ok" });

/// Liveness: the process answers.
#[utoipa::path(get, path = "/health", tag = "operations", responses((status = 200, body = Health)))]
pub async fn health() -> impl IntoResponse {
    ([(CACHE_CONTROL, "no-store")], OK)
}

/// Readiness: the database answers, its migrations are done, and the server is not stopping.
#[utoipa::path(get, path = "/ready", tag = "operations",
    responses((status = 200, body = Health), (status = 503, body = ErrorBody)))]
pub async fn ready(State(app): State<Shared>) -> Result<impl IntoResponse, ApiError> {
    if app.is_stopping() {
        return Err(ApiError::new(ErrorCode::NotReady).with_message("The server is stopping."));
    }
    app.store.ping().await.map_err(|error| {
        tracing::error!(%error, "the database does not answer");
        ApiError::new(ErrorCode::StorageUnavailable)
    })?;
    Ok(([(CACHE_CONTROL, "no-store")], OK))
}
