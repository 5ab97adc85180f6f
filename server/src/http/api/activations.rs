//! Websites and devices that use a license key.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use shared::ErrorBody;
use shared::admin::Page;
use shared::license_key::Activation;

use super::SearchQuery;
use super::license_keys::visible;
use crate::app::Shared;
use crate::error::ApiError;
use crate::extract::{Id, Ids, KeyReader, LicenseWriter, Query, paging};
use crate::keys::{activations, edit};

/// Lists a key's activations, newest first; `q` is part of the instance's id, name or host.
#[utoipa::path(get, path = "/api/license-keys/{id}/activations", tag = "license keys",
    params(("id" = String, Path), SearchQuery),
    responses((status = 200, body = Page<Activation>),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn list(
    State(app): State<Shared>,
    KeyReader(actor): KeyReader,
    Id(id): Id,
    Query(query): Query<SearchQuery>,
) -> Result<Json<Page<Activation>>, ApiError> {
    visible(&actor, &edit::row(&app, &id).await?)?;
    let (limit, after, q) = query.read()?;
    let found = app.store.activations(&id, after, q.as_deref(), limit).await?;
    Ok(Json(paging::page(found, limit, |row| (row.created_at, &row.id), activations::view)))
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
    activations::revoke(&app, &actor, &key, &instance_id).await?;
    Ok(StatusCode::NO_CONTENT)
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
    let approved = activations::approve(&app, &actor, &key, &instance_id).await?;
    Ok(Json(approved))
}
