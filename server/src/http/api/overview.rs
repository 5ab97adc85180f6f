//! The dashboard's first page.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use shared::ErrorBody;
use shared::overview::{AuditReminder, Overview};

use super::usage::{RangeQuery, range};
use crate::app::Shared;
use crate::error::ApiError;
use crate::extract::{Query, Reader, Writer};
use crate::people::api_key;
use crate::usage::overview;

/// How things stand: today, this month, keys, the latest conversations, and a series over a range.
#[utoipa::path(get, path = "/api/overview", tag = "usage", params(RangeQuery),
    responses((status = 200, body = Overview),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn read(
    State(app): State<Shared>,
    _: Reader,
    Query(query): Query<RangeQuery>,
) -> Result<Json<Overview>, ApiError> {
    let range = range(&query, app.clock.now_ms())?;
    overview::overview(&app, range).await.map(Json)
}

/// The reminder to look through the API keys; null while it is not due.
#[utoipa::path(get, path = "/api/audit-reminder", tag = "people",
    responses((status = 200, body = Option<AuditReminder>),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn audit_reminder(
    State(app): State<Shared>,
    _: Reader,
) -> Result<Json<Option<AuditReminder>>, ApiError> {
    api_key::audit_reminder(&app).await.map(Json)
}

/// The API keys were looked through: the reminder comes back in 90 days.
#[utoipa::path(post, path = "/api/audit-reminder/dismiss", tag = "people",
    responses((status = 204), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn dismiss_audit_reminder(
    State(app): State<Shared>,
    Writer(actor): Writer,
) -> Result<StatusCode, ApiError> {
    api_key::dismiss_audit_reminder(&app, &actor).await.map(|()| StatusCode::NO_CONTENT)
}
