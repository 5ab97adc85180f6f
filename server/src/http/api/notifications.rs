//! The dashboard's bell.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use shared::ErrorBody;
use shared::admin::{MarkRead, Notification, Page};

use super::PageQuery;
use crate::app::Shared;
use crate::clock;
use crate::error::ApiError;
use crate::extract::{Fields, Query, Reader, Writer, paging};
use crate::store::events::NotificationRow;

fn view(row: NotificationRow) -> Notification {
    Notification {
        id: row.id,
        kind: row.kind,
        created_at: clock::rfc3339(row.created_at),
        read_at: row.read_at.map(clock::rfc3339),
        license_key_id: row.license_key_id,
        data: serde_json::from_str(&row.data).unwrap_or_default(),
    }
}

/// What admins should know, newest first.
#[utoipa::path(get, path = "/api/notifications", tag = "alerts", params(PageQuery),
    responses((status = 200, body = Page<Notification>),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn list(
    State(app): State<Shared>,
    _: Reader,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Notification>>, ApiError> {
    let (limit, after) = query.read()?;
    let found = app.store.notifications(after, limit).await?;
    Ok(Json(paging::page(found, limit, |row| (row.created_at, &row.id), view)))
}

/// Marks some as read, or all.
#[utoipa::path(post, path = "/api/notifications/read", tag = "alerts", request_body = MarkRead,
    responses((status = 204), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn mark_read(
    State(app): State<Shared>,
    _: Writer,
    Fields(which): Fields<MarkRead>,
) -> Result<StatusCode, ApiError> {
    if !which.all && which.ids.is_empty() {
        return Err(ApiError::field("ids", "or all must be given"));
    }
    if which.ids.len() > 200 || which.ids.iter().any(|id| id.contains('\0')) {
        return Err(ApiError::field("ids", "must be at most 200 ids that the server gave"));
    }
    let ids = (!which.all).then_some(which.ids);
    app.store.mark_read(ids, app.clock.now_ms()).await?;
    Ok(StatusCode::NO_CONTENT)
}
