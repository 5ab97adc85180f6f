//! API keys.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use shared::ErrorBody;
use shared::admin::{ApiKey, IssuedApiKey, NewApiKey, Page};

use super::SearchQuery;
use crate::app::Shared;
use crate::error::ApiError;
use crate::extract::{Fields, Id, Query, Reader, Writer, paging};
use crate::people::api_key;

/// Makes an API key. The answer is the only one that holds it.
#[utoipa::path(post, path = "/api/api-keys", tag = "people", request_body = NewApiKey,
    responses((status = 201, body = IssuedApiKey),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn create(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Fields(new): Fields<NewApiKey>,
) -> Result<(StatusCode, Json<IssuedApiKey>), ApiError> {
    Ok((StatusCode::CREATED, Json(api_key::issue(&app, &actor, new).await?)))
}

/// Lists API keys, newest first; `q` is part of the label.
#[utoipa::path(get, path = "/api/api-keys", tag = "people", params(SearchQuery),
    responses((status = 200, body = Page<ApiKey>),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn list(
    State(app): State<Shared>,
    _: Reader,
    Query(query): Query<SearchQuery>,
) -> Result<Json<Page<ApiKey>>, ApiError> {
    let (limit, after, q) = query.read()?;
    let found = app.store.api_keys(after, q.as_deref(), limit).await?;
    Ok(Json(paging::page(found, limit, |row| (row.created_at, &row.id), api_key::view)))
}

/// Revokes an API key at once.
#[utoipa::path(delete, path = "/api/api-keys/{id}", tag = "people", params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn delete(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Id(id): Id,
) -> Result<StatusCode, ApiError> {
    api_key::revoke(&app, &actor, &id).await.map(|()| StatusCode::NO_CONTENT)
}
