//! The dashboard's bell.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use shared::ErrorBody;
use shared::admin::{MarkRead, Notification, Page};
use shared::alert::NOTABLE;

use crate::app::Shared;
use crate::clock;
use crate::error::ApiError;
use crate::extract::{Fields, Query, Reader, Writer, paging};
use crate::store::events::{NotificationFilter, NotificationRow};

/// Which notifications are asked for. All are optional.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct NotificationQuery {
    /// 1..=200, default 50.
    limit: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// true: those that nobody has read only.
    unread: Option<String>,
    /// Of this `type` only.
    kind: Option<String>,
}

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

/// What admins should know, newest first. `total` counts what the filters let pass: with `unread=true`
/// and `limit=1`, how many are unread.
#[utoipa::path(get, path = "/api/notifications", tag = "alerts", params(NotificationQuery),
    responses((status = 200, body = Page<Notification>),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn list(
    State(app): State<Shared>,
    _: Reader,
    Query(query): Query<NotificationQuery>,
) -> Result<Json<Page<Notification>>, ApiError> {
    let filter = NotificationFilter {
        after: paging::cursor(query.cursor.as_deref(), "next_cursor")?,
        unread: paging::word("unread", query.unread.as_deref(), &["true", "false"])?
            == Some("true"),
        kind: paging::word("kind", query.kind.as_deref(), NOTABLE)?,
        limit: paging::limit(query.limit.as_deref(), paging::USUAL)?,
    };
    let found = app.store.notifications(&filter).await?;
    Ok(Json(paging::page(found, filter.limit, |row| (row.created_at, &row.id), view)))
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
