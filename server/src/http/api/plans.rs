//! Plans for admins.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use shared::ErrorBody;
use shared::admin::Page;
use shared::product::{Plan, PlanSettings};

use crate::app::Shared;
use crate::error::ApiError;
use crate::extract::{Id, KeyReader, Object, Query, Writer, paging};
use crate::licensing::catalog;

/// Which plans are asked for. All are optional.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PlanQuery {
    /// 1..=200, default 50.
    limit: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Part of the identifier, name or description.
    q: Option<String>,
    /// Those of this product only.
    product_id: Option<String>,
}

/// Makes a plan.
#[utoipa::path(post, path = "/api/plans", tag = "selling", request_body = PlanSettings,
    responses((status = 201, body = Plan),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn create(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Object(given): Object,
) -> Result<(StatusCode, Json<Plan>), ApiError> {
    let made = catalog::make_plan(&app, &actor, given).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Lists plans, newest first.
#[utoipa::path(get, path = "/api/plans", tag = "selling", params(PlanQuery),
    responses((status = 200, body = Page<Plan>),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn list(
    State(app): State<Shared>,
    KeyReader(_): KeyReader,
    Query(query): Query<PlanQuery>,
) -> Result<Json<Page<Plan>>, ApiError> {
    let limit = paging::limit(query.limit.as_deref(), paging::USUAL)?;
    let after = paging::cursor(query.cursor.as_deref(), "next_cursor")?;
    let q = paging::text("q", query.q)?;
    let product_id = paging::text("product_id", query.product_id)?.unwrap_or_default();
    let (rows, total) = app.store.plans(after, q.as_deref(), &product_id, limit).await?;
    let next_cursor = paging::next(&rows, limit, |row| (row.created_at, &row.id));
    let items = rows.iter().map(catalog::plan_view).collect::<Result<_, _>>()?;
    Ok(Json(Page { items, total, next_cursor }))
}

/// One plan.
#[utoipa::path(get, path = "/api/plans/{id}", tag = "selling", params(("id" = String, Path)),
    responses((status = 200, body = Plan),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn read(
    State(app): State<Shared>,
    KeyReader(_): KeyReader,
    Id(id): Id,
) -> Result<Json<Plan>, ApiError> {
    catalog::plan_view(&catalog::plan(&app, &id).await?).map(Json)
}

/// Changes what is given of a plan; null goes back to the default. What is given of
/// `licenses` and `widget` is put over what was. Orders that were placed keep their terms.
#[utoipa::path(patch, path = "/api/plans/{id}", tag = "selling", params(("id" = String, Path)),
    request_body = PlanSettings,
    responses((status = 200, body = Plan),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn change(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Id(id): Id,
    Object(given): Object,
) -> Result<Json<Plan>, ApiError> {
    catalog::change_plan(&app, &actor, &id, given).await.map(Json)
}

/// Removes a plan that nobody has ordered.
#[utoipa::path(delete, path = "/api/plans/{id}", tag = "selling", params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn delete(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Id(id): Id,
) -> Result<StatusCode, ApiError> {
    catalog::remove_plan(&app, &actor, &id).await.map(|()| StatusCode::NO_CONTENT)
}
