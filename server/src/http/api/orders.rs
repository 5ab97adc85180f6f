//! Orders for admins and shops.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;
use shared::ErrorBody;
use shared::admin::Page;
use shared::order::{Customer, NewOrder, Order, OrderStatus};

use crate::app::Shared;
use crate::error::ApiError;
use crate::extract::{KeyReader, LicenseWriter, Object, OrderId, Query, paging};
use crate::licensing::orders;
use crate::store::orders::OrderFilter;

/// Which orders are asked for. All are optional.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct OrderQuery {
    /// 1..=200, default 50.
    limit: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Part of the order's id, or of the customer's id, name or e-mail address; or the last four
    /// characters of its license key.
    q: Option<String>,
    /// complete, pending, refunded, cancelled.
    status: Option<String>,
    /// Those of this plan only.
    plan_id: Option<String>,
    /// Those of the customer with this id only.
    customer_id: Option<String>,
    /// true: those that have issued a license key only.
    licensed: Option<String>,
    /// active, inactive, expired, deactivated: those whose license key stands so.
    license_status: Option<String>,
}

pub(super) fn filter(query: OrderQuery, now_ms: i64) -> Result<OrderFilter, ApiError> {
    let words = &["complete", "pending", "refunded", "cancelled"];
    Ok(OrderFilter {
        after: paging::cursor(query.cursor.as_deref(), "next_cursor")?,
        q: paging::text("q", query.q)?,
        status: paging::word("status", query.status.as_deref(), words)?,
        plan_id: paging::text("plan_id", query.plan_id)?.unwrap_or_default(),
        customer_id: paging::text("customer_id", query.customer_id)?.unwrap_or_default(),
        licensed: paging::word("licensed", query.licensed.as_deref(), &["true", "false"])?
            == Some("true"),
        license_status: paging::word(
            "license_status",
            query.license_status.as_deref(),
            &["active", "inactive", "expired", "deactivated"],
        )?,
        now_ms,
        limit: paging::limit(query.limit.as_deref(), paging::USUAL)?,
    })
}

/// Body of a change of an order.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the body in the OpenAPI document")]
pub struct OrderChange {
    version: Option<i64>,
    customer: Customer,
}

/// Places an order and issues its license key in the same step. The answer, and its repetition under
/// the same `Idempotency-Key`, are the only ones that hold the key.
#[utoipa::path(post, path = "/api/orders", tag = "selling",
    params(("Idempotency-Key" = Option<String>, Header,
        description = "1 to 255 characters; a call that is made again under it makes no second order")),
    request_body = NewOrder,
    responses((status = 201, body = Order),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn create(
    State(app): State<Shared>,
    LicenseWriter(actor): LicenseWriter,
    headers: HeaderMap,
    Object(given): Object,
) -> Result<(StatusCode, HeaderMap, Json<Order>), ApiError> {
    let key = headers.get("idempotency-key");
    let key = key.map(|key| String::from_utf8_lossy(key.as_bytes()).into_owned());
    let (order, is_repeated) = orders::place(&app, &actor, given, key).await?;
    let mut headers = HeaderMap::new();
    if is_repeated {
        let name = HeaderName::from_static("idempotency-replayed");
        headers.insert(name, HeaderValue::from_static("true"));
    }
    Ok((StatusCode::CREATED, headers, Json(order)))
}

/// Lists orders, newest first.
#[utoipa::path(get, path = "/api/orders", tag = "selling", params(OrderQuery),
    responses((status = 200, body = Page<Order>),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn list(
    State(app): State<Shared>,
    KeyReader(_): KeyReader,
    Query(query): Query<OrderQuery>,
) -> Result<Json<Page<Order>>, ApiError> {
    let now_ms = app.clock.now_ms();
    let filter = filter(query, now_ms)?;
    let rows = app.store.orders(&filter).await?;
    let total = app.store.order_count(&filter).await?;
    let next_cursor = paging::next(&rows, filter.limit, |row| (row.created_at, &row.id));
    let items = rows.iter().map(|row| orders::view(row, now_ms)).collect::<Result<_, _>>()?;
    Ok(Json(Page { items, total, next_cursor }))
}

/// One order.
#[utoipa::path(get, path = "/api/orders/{id}", tag = "selling", params(("id" = String, Path)),
    responses((status = 200, body = Order),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn read(
    State(app): State<Shared>,
    KeyReader(_): KeyReader,
    OrderId(id): OrderId,
) -> Result<Json<Order>, ApiError> {
    orders::current(&app, &id).await.map(Json)
}

/// Changes who has bought; nothing else of an order can be changed.
#[utoipa::path(patch, path = "/api/orders/{id}", tag = "selling", params(("id" = String, Path)),
    request_body = OrderChange,
    responses((status = 200, body = Order),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn change(
    State(app): State<Shared>,
    LicenseWriter(actor): LicenseWriter,
    OrderId(id): OrderId,
    Object(given): Object,
) -> Result<Json<Order>, ApiError> {
    orders::change(&app, &actor, &id, given).await.map(Json)
}

/// Completes an order that was pending: its license key is issued, and stands in the answer.
#[utoipa::path(post, path = "/api/orders/{id}/complete", tag = "selling",
    params(("id" = String, Path)),
    responses((status = 200, body = Order),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn complete(
    State(app): State<Shared>,
    LicenseWriter(actor): LicenseWriter,
    OrderId(id): OrderId,
) -> Result<Json<Order>, ApiError> {
    orders::complete(&app, &actor, &id).await.map(Json)
}

/// Notes that the money went back: the license key is deactivated for good.
#[utoipa::path(post, path = "/api/orders/{id}/refund", tag = "selling",
    params(("id" = String, Path)),
    responses((status = 200, body = Order),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn refund(
    State(app): State<Shared>,
    LicenseWriter(actor): LicenseWriter,
    OrderId(id): OrderId,
) -> Result<Json<Order>, ApiError> {
    orders::end(&app, &actor, &id, OrderStatus::Refunded).await.map(Json)
}

/// Cancels an order: the license key, if there is one, is deactivated for good.
#[utoipa::path(post, path = "/api/orders/{id}/cancel", tag = "selling",
    params(("id" = String, Path)),
    responses((status = 200, body = Order),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn cancel(
    State(app): State<Shared>,
    LicenseWriter(actor): LicenseWriter,
    OrderId(id): OrderId,
) -> Result<Json<Order>, ApiError> {
    orders::end(&app, &actor, &id, OrderStatus::Cancelled).await.map(Json)
}
