//! The audit log.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use shared::ErrorBody;
use shared::admin::{ActorInfo, AuditEntry, Page};

use crate::app::Shared;
use crate::clock;
use crate::error::ApiError;
use crate::extract::{Query, Reader, paging};
use crate::store::audit::{AuditFilter, NewAudit};

/// Which lines are asked for. All are optional.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// 1..=200, default 50.
    limit: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// What was changed, such as a license key's id.
    subject_id: Option<String>,
    /// Such as `license_key.updated`.
    action: Option<String>,
    /// The id of who did it, or a part of the name.
    actor: Option<String>,
    /// RFC 3339, included.
    from: Option<String>,
    /// RFC 3339, excluded.
    to: Option<String>,
}

fn view(row: NewAudit) -> AuditEntry {
    AuditEntry {
        id: row.id,
        created_at: clock::rfc3339(row.created_at),
        actor: ActorInfo { kind: row.actor_kind, id: row.actor_id, name: row.actor_name },
        action: row.action,
        subject_kind: row.subject_kind,
        subject_id: row.subject_id,
        changes: serde_json::from_str(&row.changes).unwrap_or_default(),
        ip_address: row.ip_address,
    }
}

/// Who changed what, newest first.
#[utoipa::path(get, path = "/api/audit-log", tag = "people", params(AuditQuery),
    responses((status = 200, body = Page<AuditEntry>),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn list(
    State(app): State<Shared>,
    _: Reader,
    Query(query): Query<AuditQuery>,
) -> Result<Json<Page<AuditEntry>>, ApiError> {
    let limit = paging::limit(query.limit.as_deref(), paging::USUAL)?;
    let filter = AuditFilter {
        subject_id: paging::text("subject_id", query.subject_id)?.unwrap_or_default(),
        action: paging::text("action", query.action)?.unwrap_or_default(),
        actor: paging::text("actor", query.actor)?,
        from_ms: paging::time("from", query.from.as_deref())?.unwrap_or(0),
        to_ms: paging::time("to", query.to.as_deref())?.unwrap_or(i64::MAX),
        after: paging::cursor(query.cursor.as_deref(), "next_cursor")?,
        limit,
    };
    let found = app.store.audit(filter).await?;
    Ok(Json(paging::page(found, limit, |row| (row.created_at, &row.id), view)))
}
