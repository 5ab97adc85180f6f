//! Webhooks and their deliveries.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use shared::admin::{Delivery, Page, Webhook, WebhookChange, WebhookWithSecret};
use shared::{ErrorBody, ErrorCode};

use crate::alerts::{self, hooks};
use crate::app::Shared;
use crate::clock;
use crate::error::ApiError;
use crate::extract::{Fields, Id, Ids, Query, Reader, Writer, paging};
use crate::store::events::{DeliveryFilter, DeliveryRow};

/// Which deliveries are asked for. All are optional.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct DeliveryQuery {
    /// 1..=200, default 50.
    limit: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Part of the event's type, or of the last error.
    q: Option<String>,
    /// pending, delivered, failed.
    status: Option<String>,
}

fn view(row: DeliveryRow) -> Delivery {
    let pending = row.status == "pending";
    Delivery {
        id: row.id,
        event_id: row.event_id,
        event_type: row.kind,
        status: row.status,
        attempts: row.attempts,
        next_attempt_at: pending.then(|| clock::rfc3339(row.next_attempt_at)),
        last_status: row.last_status,
        last_error: row.last_error,
        created_at: clock::rfc3339(row.created_at),
        delivered_at: row.delivered_at.map(clock::rfc3339),
    }
}

/// Makes a webhook. The secret is what its signatures are made with.
#[utoipa::path(post, path = "/api/webhooks", tag = "alerts", request_body = WebhookChange,
    responses((status = 201, body = WebhookWithSecret),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn create(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Fields(given): Fields<WebhookChange>,
) -> Result<(StatusCode, Json<WebhookWithSecret>), ApiError> {
    Ok((StatusCode::CREATED, Json(hooks::make(&app, &actor, given).await?)))
}

/// Every webhook, newest first; all on one page.
#[utoipa::path(get, path = "/api/webhooks", tag = "alerts",
    responses((status = 200, body = Page<Webhook>),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn list(State(app): State<Shared>, _: Reader) -> Result<Json<Page<Webhook>>, ApiError> {
    Ok(Json(paging::whole(app.store.webhooks().await?.iter().map(hooks::view).collect())))
}

/// One webhook.
#[utoipa::path(get, path = "/api/webhooks/{id}", tag = "alerts", params(("id" = String, Path)),
    responses((status = 200, body = Webhook),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn read(
    State(app): State<Shared>,
    _: Reader,
    Id(id): Id,
) -> Result<Json<Webhook>, ApiError> {
    hooks::row(&app, &id).await.map(|row| Json(hooks::view(&row)))
}

/// Changes what is given of a webhook.
#[utoipa::path(patch, path = "/api/webhooks/{id}", tag = "alerts", params(("id" = String, Path)),
    request_body = WebhookChange,
    responses((status = 200, body = Webhook),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn change(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Id(id): Id,
    Fields(given): Fields<WebhookChange>,
) -> Result<Json<Webhook>, ApiError> {
    hooks::change(&app, &actor, &id, given).await.map(Json)
}

/// Removes a webhook with its delivery log.
#[utoipa::path(delete, path = "/api/webhooks/{id}", tag = "alerts", params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn delete(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Id(id): Id,
) -> Result<StatusCode, ApiError> {
    hooks::remove(&app, &actor, &id).await.map(|()| StatusCode::NO_CONTENT)
}

/// Shows a webhook's secret again.
#[utoipa::path(post, path = "/api/webhooks/{id}/secret/reveal", tag = "alerts",
    params(("id" = String, Path)),
    responses((status = 200, body = WebhookWithSecret),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn reveal(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Id(id): Id,
) -> Result<Json<WebhookWithSecret>, ApiError> {
    hooks::reveal(&app, &actor, &id).await.map(Json)
}

/// Sends a `webhook.test` event to this webhook.
#[utoipa::path(post, path = "/api/webhooks/{id}/test", tag = "alerts", params(("id" = String, Path)),
    responses((status = 202), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn test(
    State(app): State<Shared>,
    _: Writer,
    Id(id): Id,
) -> Result<StatusCode, ApiError> {
    hooks::row(&app, &id).await?;
    let event = alerts::event(&app.clock, alerts::TEST, None, &json!({ "webhook_id": id }));
    app.store.add_events(vec![event]).await?;
    app.teller.notify_one();
    Ok(StatusCode::ACCEPTED)
}

/// A webhook's deliveries, newest first.
#[utoipa::path(get, path = "/api/webhooks/{id}/deliveries", tag = "alerts",
    params(("id" = String, Path), DeliveryQuery),
    responses((status = 200, body = Page<Delivery>),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn deliveries(
    State(app): State<Shared>,
    _: Reader,
    Id(id): Id,
    Query(query): Query<DeliveryQuery>,
) -> Result<Json<Page<Delivery>>, ApiError> {
    let statuses = &["pending", "delivered", "failed"];
    let filter = DeliveryFilter {
        webhook_id: id,
        after: paging::cursor(query.cursor.as_deref(), "next_cursor")?,
        q: paging::text("q", query.q)?,
        status: paging::word("status", query.status.as_deref(), statuses)?,
        limit: paging::limit(query.limit.as_deref(), paging::USUAL)?,
    };
    hooks::row(&app, &filter.webhook_id).await?;
    let found = app.store.deliveries(&filter).await?;
    Ok(Json(paging::page(found, filter.limit, |row| (row.created_at, &row.id), view)))
}

/// Sends a delivery again, with the same event id.
#[utoipa::path(post, path = "/api/webhooks/{id}/deliveries/{delivery_id}/redeliver", tag = "alerts",
    params(("id" = String, Path), ("delivery_id" = String, Path)),
    responses((status = 202), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn redeliver(
    State(app): State<Shared>,
    _: Writer,
    Ids(id, delivery_id): Ids,
) -> Result<StatusCode, ApiError> {
    if !app.store.redeliver(&delivery_id, &id, app.clock.now_ms()).await? {
        return Err(ErrorCode::NotFound.into());
    }
    app.teller.notify_one();
    Ok(StatusCode::ACCEPTED)
}
