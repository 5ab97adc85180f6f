//! Products for admins.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use shared::ErrorBody;
use shared::admin::Page;
use shared::product::{Product, ProductSettings};

use super::SearchQuery;
use crate::app::Shared;
use crate::error::ApiError;
use crate::extract::{Id, KeyReader, Object, Query, Writer, paging};
use crate::licensing::catalog;

/// Makes a product.
#[utoipa::path(post, path = "/api/products", tag = "selling", request_body = ProductSettings,
    responses((status = 201, body = Product),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn create(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Object(given): Object,
) -> Result<(StatusCode, Json<Product>), ApiError> {
    let made = catalog::make_product(&app, &actor, given).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Lists products, newest first; `q` is part of the identifier, name or description.
#[utoipa::path(get, path = "/api/products", tag = "selling", params(SearchQuery),
    responses((status = 200, body = Page<Product>),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn list(
    State(app): State<Shared>,
    KeyReader(_): KeyReader,
    Query(query): Query<SearchQuery>,
) -> Result<Json<Page<Product>>, ApiError> {
    let (limit, after, q) = query.read()?;
    let found = app.store.products(after, q.as_deref(), limit).await?;
    Ok(Json(paging::page(
        found,
        limit,
        |row| (row.created_at, &row.id),
        |row| catalog::product_view(&row),
    )))
}

/// One product.
#[utoipa::path(get, path = "/api/products/{id}", tag = "selling", params(("id" = String, Path)),
    responses((status = 200, body = Product),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn read(
    State(app): State<Shared>,
    KeyReader(_): KeyReader,
    Id(id): Id,
) -> Result<Json<Product>, ApiError> {
    Ok(Json(catalog::product_view(&catalog::product(&app, &id).await?)))
}

/// Changes what is given of a product; null goes back to the default.
#[utoipa::path(patch, path = "/api/products/{id}", tag = "selling", params(("id" = String, Path)),
    request_body = ProductSettings,
    responses((status = 200, body = Product),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn change(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Id(id): Id,
    Object(given): Object,
) -> Result<Json<Product>, ApiError> {
    catalog::change_product(&app, &actor, &id, given).await.map(Json)
}

/// Removes a product without plans.
#[utoipa::path(delete, path = "/api/products/{id}", tag = "selling", params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn delete(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Id(id): Id,
) -> Result<StatusCode, ApiError> {
    catalog::remove_product(&app, &actor, &id).await.map(|()| StatusCode::NO_CONTENT)
}
