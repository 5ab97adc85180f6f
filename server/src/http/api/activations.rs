//! Websites and devices that use a license key.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Map, json};
use shared::admin::Page;
use shared::license_key::{Activation, ActivationStatus};
use shared::{ErrorBody, ErrorCode};

use super::PageQuery;
use super::license_keys::visible;
use crate::alerts;
use crate::app::{App, Shared};
use crate::clock;
use crate::error::ApiError;
use crate::extract::{Id, Ids, KeyReader, LicenseWriter, Query, paging};
use crate::keys::hosts::IDLE_MS;
use crate::keys::{edit, watch};
use crate::store::activations::{ActivationEdit, ActivationEdited, ActivationRow, EditActivation};

fn view(row: ActivationRow) -> Activation {
    Activation {
        instance_id: row.id,
        instance_name: row.name,
        host: row.host,
        status: match row.status.as_str() {
            "pending" => ActivationStatus::Pending,
            _ => ActivationStatus::Active,
        },
        created_at: clock::rfc3339(row.created_at),
        last_seen_at: clock::rfc3339(row.last_seen_at),
        metadata: serde_json::from_str(&row.metadata).unwrap_or_default(),
    }
}

async fn find(app: &App, id: &str, instance_id: &str) -> Result<ActivationRow, ApiError> {
    let row = app.store.activation(id, instance_id).await?;
    row.ok_or_else(|| ErrorCode::NotFound.into())
}

/// Lists a key's activations, newest first.
#[utoipa::path(get, path = "/api/license-keys/{id}/activations", tag = "license keys",
    params(("id" = String, Path), PageQuery),
    responses((status = 200, body = Page<Activation>),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn list(
    State(app): State<Shared>,
    KeyReader(actor): KeyReader,
    Id(id): Id,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Activation>>, ApiError> {
    visible(&actor, &edit::row(&app, &id).await?)?;
    let (limit, after) = query.read()?;
    let found = app.store.activations(&id, after, limit).await?;
    Ok(Json(paging::page(found, limit, |row| (row.created_at, &row.id), view)))
}

/// Ends an activation: its place is free, the others stay.
#[utoipa::path(delete, path = "/api/license-keys/{id}/activations/{instance_id}",
    tag = "license keys", params(("id" = String, Path), ("instance_id" = String, Path)),
    responses((status = 204), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn revoke(
    State(app): State<Shared>,
    LicenseWriter(actor): LicenseWriter,
    Ids(id, instance_id): Ids,
) -> Result<StatusCode, ApiError> {
    let key = edit::row(&app, &id).await?;
    visible(&actor, &key)?;
    let row = find(&app, &id, &instance_id).await?;
    let data = json!({
        "license_key_id": id, "name": key.name, "instance_id": instance_id,
        "instance_name": row.name, "host": row.host,
    });
    let event = alerts::event(&app.clock, "license.instance_deactivated", Some(&id), &data);
    let mut changes = Map::new();
    changes.insert("activation".into(), json!([row.name, null]));
    let action = "license_key.activation_revoked";
    let audit = actor.audit(&app.clock, action, "license_key", &id, changes);
    let now_ms = app.clock.now_ms();
    let edit = ActivationEdit::Revoke;
    edited(
        &app,
        EditActivation { license_key_id: id, id: instance_id, edit, now_ms, event, audit },
    )
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a change and lets it hold at once.
async fn edited(app: &App, edit: EditActivation) -> Result<(), ApiError> {
    let id = edit.license_key_id.clone();
    match app.store.edit_activation(edit).await? {
        ActivationEdited::Done(version) => watch::key_changed(app, &id, version).await,
        ActivationEdited::Unchanged => {}
        ActivationEdited::NotFound => return Err(ErrorCode::NotFound.into()),
        ActivationEdited::LimitReached => return Err(ErrorCode::ActivationLimitReached.into()),
    }
    app.teller.notify_one();
    Ok(())
}

/// Lets a website in that waits for approval.
#[utoipa::path(post, path = "/api/license-keys/{id}/activations/{instance_id}/approve",
    tag = "license keys", params(("id" = String, Path), ("instance_id" = String, Path)),
    responses((status = 200, body = Activation),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn approve(
    State(app): State<Shared>,
    LicenseWriter(actor): LicenseWriter,
    Ids(id, instance_id): Ids,
) -> Result<Json<Activation>, ApiError> {
    let key = edit::row(&app, &id).await?;
    visible(&actor, &key)?;
    let row = find(&app, &id, &instance_id).await?;
    let data = json!({
        "license_key_id": id, "name": key.name, "instance_id": instance_id, "host": row.host,
    });
    let event = alerts::event(&app.clock, "license.activated", Some(&id), &data);
    let mut changes = Map::new();
    changes.insert("activation".into(), json!([null, row.name]));
    let action = "license_key.activation_approved";
    let audit = actor.audit(&app.clock, action, "license_key", &id, changes);
    let now_ms = app.clock.now_ms();
    let edit = ActivationEdit::Approve {
        limit: key.activation_limit.unwrap_or(i64::MAX),
        idle_before_ms: now_ms - IDLE_MS,
    };
    let (license_key_id, of) = (id.clone(), instance_id.clone());
    edited(&app, EditActivation { license_key_id, id: of, edit, now_ms, event, audit }).await?;
    find(&app, &id, &instance_id).await.map(|row| Json(view(row)))
}
