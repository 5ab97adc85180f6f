//! License keys for admins.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use shared::admin::Page;
use shared::license_key::{IdentitySecret, LicenseKey, PreviewSession, RevealedKey, Rotation};
use shared::{ErrorBody, ErrorCode, LicenseKeySettings};

use crate::app::{App, Shared};
use crate::clock;
use crate::error::ApiError;
use crate::extract::{Client, Fields, Id, KeyReader, LicenseWriter, Object, Query, Writer, paging};
use crate::keys::token::{Claims, TOKEN_MS};
use crate::keys::{edit, form};
use crate::people::Actor;
use crate::store::license_keys::{BoundKey, KeyFilter, LicenseKeyRow};

/// Which license keys are asked for. All are optional.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct KeyQuery {
    /// 1..=200, default 50.
    limit: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Part of the name or description, or the last four characters of the key.
    q: Option<String>,
    /// active, inactive, expired, deactivated.
    status: Option<String>,
}

/// Whether somebody who is limited to the keys of orders may see this one.
pub(super) fn visible(actor: &Actor, row: &LicenseKeyRow) -> Result<(), ApiError> {
    if actor.is_limited_to_licenses() && row.order_id.is_none() {
        return Err(ErrorCode::NotFound.into());
    }
    Ok(())
}

/// The same for the key with this id, which is read only for somebody who is limited.
async fn check_visible(app: &App, actor: &Actor, id: &str) -> Result<(), ApiError> {
    if actor.is_limited_to_licenses() { visible(actor, &edit::row(app, id).await?) } else { Ok(()) }
}

/// Makes a license key. The answer is the only one that holds the key.
#[utoipa::path(post, path = "/api/license-keys", tag = "license keys",
    request_body = LicenseKeySettings,
    responses((status = 201, body = LicenseKey),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn create(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Object(given): Object,
) -> Result<(StatusCode, Json<LicenseKey>), ApiError> {
    let checked = form::read(&LicenseKeySettings::default(), given)?;
    let made = edit::make(&app, &actor, app.clock.ulid(), &checked).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Lists license keys, newest first.
#[utoipa::path(get, path = "/api/license-keys", tag = "license keys", params(KeyQuery),
    responses((status = 200, body = Page<LicenseKey>),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn list(
    State(app): State<Shared>,
    KeyReader(actor): KeyReader,
    Query(query): Query<KeyQuery>,
) -> Result<Json<Page<LicenseKey>>, ApiError> {
    let now_ms = app.clock.now_ms();
    let words = &["active", "inactive", "expired", "deactivated"];
    let filter = KeyFilter {
        after: paging::cursor(query.cursor.as_deref(), "next_cursor")?,
        q: paging::text("q", query.q)?,
        status: paging::word("status", query.status.as_deref(), words)?,
        of_orders: actor.is_limited_to_licenses(),
        now_ms,
        limit: paging::limit(query.limit.as_deref(), paging::USUAL)?,
    };
    let (rows, total) = app.store.license_keys(&filter).await?;
    let next_cursor = paging::next(&rows, filter.limit, |row| (row.key.created_at, &row.key.id));
    let used = usages(&app, &rows, now_ms).await?;
    let items = rows
        .iter()
        .map(|row| form::view(row, used.get(&row.key.id).copied().unwrap_or(0), now_ms))
        .collect::<Result<_, _>>()?;
    Ok(Json(Page { items, total, next_cursor }))
}

/// This month's counts of the keys of a page.
async fn usages(
    app: &App,
    rows: &[BoundKey],
    now_ms: i64,
) -> Result<HashMap<String, i64>, ApiError> {
    let (Some(newest), Some(oldest)) = (rows.first(), rows.last()) else {
        return Ok(HashMap::new());
    };
    let month = clock::month_of(now_ms);
    let used =
        app.store.monthly_usages(month, oldest.key.created_at, newest.key.created_at).await?;
    Ok(used.into_iter().collect())
}

/// One license key.
#[utoipa::path(get, path = "/api/license-keys/{id}", tag = "license keys",
    params(("id" = String, Path)),
    responses((status = 200, body = LicenseKey),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn read(
    State(app): State<Shared>,
    KeyReader(actor): KeyReader,
    Id(id): Id,
) -> Result<Json<LicenseKey>, ApiError> {
    check_visible(&app, &actor, &id).await?;
    edit::current(&app, &id).await.map(Json)
}

/// Changes what is given of a license key; null goes back to the default. With a stale `version`
/// nothing is changed: 409, with the key as it is now.
#[utoipa::path(patch, path = "/api/license-keys/{id}", tag = "license keys",
    params(("id" = String, Path)), request_body = LicenseKeySettings,
    responses((status = 200, body = LicenseKey),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn change(
    State(app): State<Shared>,
    LicenseWriter(actor): LicenseWriter,
    Id(id): Id,
    Object(given): Object,
) -> Result<Json<LicenseKey>, ApiError> {
    check_visible(&app, &actor, &id).await?;
    edit::change(&app, &actor, &id, given).await.map(Json)
}

/// Removes a license key with its history.
#[utoipa::path(delete, path = "/api/license-keys/{id}", tag = "license keys",
    params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn delete(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Id(id): Id,
) -> Result<StatusCode, ApiError> {
    edit::delete(&app, &actor, &id).await.map(|()| StatusCode::NO_CONTENT)
}

/// Replaces the key. The old one, its tokens, activations and running answers end at once, or with
/// the overlap.
#[utoipa::path(post, path = "/api/license-keys/{id}/regenerate", tag = "license keys",
    params(("id" = String, Path)), request_body = Rotation,
    responses((status = 200, body = LicenseKey),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn regenerate(
    State(app): State<Shared>,
    LicenseWriter(actor): LicenseWriter,
    Id(id): Id,
    Fields(rotation): Fields<Rotation>,
) -> Result<Json<LicenseKey>, ApiError> {
    check_visible(&app, &actor, &id).await?;
    edit::regenerate(&app, &actor, &id, rotation).await.map(Json)
}

/// Shows a retrievable key again.
#[utoipa::path(post, path = "/api/license-keys/{id}/reveal", tag = "license keys",
    params(("id" = String, Path)),
    responses((status = 200, body = RevealedKey),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn reveal(
    State(app): State<Shared>,
    LicenseWriter(actor): LicenseWriter,
    Id(id): Id,
) -> Result<Json<RevealedKey>, ApiError> {
    check_visible(&app, &actor, &id).await?;
    edit::reveal(&app, &actor, &id).await.map(Json)
}

/// Switches a key off for good; nothing brings it back.
#[utoipa::path(post, path = "/api/license-keys/{id}/deactivate", tag = "license keys",
    params(("id" = String, Path)),
    responses((status = 200, body = LicenseKey),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn deactivate(
    State(app): State<Shared>,
    LicenseWriter(actor): LicenseWriter,
    Id(id): Id,
) -> Result<Json<LicenseKey>, ApiError> {
    check_visible(&app, &actor, &id).await?;
    edit::deactivate(&app, &actor, &id).await.map(Json)
}

/// The secret with which the site's backend signs its users' ids.
#[utoipa::path(post, path = "/api/license-keys/{id}/identity-secret/reveal", tag = "license keys",
    params(("id" = String, Path)),
    responses((status = 200, body = IdentitySecret),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn reveal_identity_secret(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Id(id): Id,
) -> Result<Json<IdentitySecret>, ApiError> {
    edit::identity_secret(&app, &actor, &id).await.map(Json)
}

/// Replaces that secret; the old one is accepted until the overlap ends.
#[utoipa::path(post, path = "/api/license-keys/{id}/identity-secret/rotate", tag = "license keys",
    params(("id" = String, Path)), request_body = Rotation,
    responses((status = 200, body = IdentitySecret),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn rotate_identity_secret(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Id(id): Id,
    Fields(rotation): Fields<Rotation>,
) -> Result<Json<IdentitySecret>, ApiError> {
    edit::rotate_identity_secret(&app, &actor, &id, rotation).await.map(Json)
}

/// A token for the dashboard's preview of the widget: no restriction, nothing counted. For somebody
/// who is signed in, on this server's own pages.
#[utoipa::path(post, path = "/api/license-keys/{id}/preview-session", tag = "license keys",
    params(("id" = String, Path)),
    responses((status = 200, body = PreviewSession),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn preview_session(
    State(app): State<Shared>,
    Writer(actor): Writer,
    client: Client,
    Id(id): Id,
) -> Result<Json<PreviewSession>, ApiError> {
    let Some(sign_in) = actor.sign_in else { return Err(ErrorCode::Forbidden.into()) };
    let row = edit::row(&app, &id).await?;
    let expires_ms = app.clock.now_ms() + TOKEN_MS;
    let token = app.signer.sign(&Claims {
        visitor_id: app.signer.new_visitor(&row.id),
        owner: row.id,
        generation: row.generation,
        user_id: None,
        preview: Some(sign_in),
        origin: client.origin,
        expires_ms,
    });
    Ok(Json(PreviewSession { token, expires_at: clock::rfc3339(expires_ms) }))
}
