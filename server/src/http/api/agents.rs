//! Agents.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::StreamExt as _;
use shared::ErrorBody;
use shared::admin::Page;
use shared::agent::{Agent, AgentChange, AgentTry, ConnectionTest};

use crate::agents::{edit, trial};
use crate::app::Shared;
use crate::chat::stream;
use crate::error::ApiError;
use crate::extract::{Fields, Id, Object, Reader, Writer, paging};
use crate::http::chat::ndjson;

/// Makes an agent.
#[utoipa::path(post, path = "/api/agents", tag = "agents", request_body = AgentChange,
    responses((status = 201, body = Agent),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn create(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Object(given): Object,
) -> Result<(StatusCode, Json<Agent>), ApiError> {
    Ok((StatusCode::CREATED, Json(edit::make(&app, &actor, given).await?)))
}

/// Every agent, newest first; all on one page.
#[utoipa::path(get, path = "/api/agents", tag = "agents",
    responses((status = 200, body = Page<Agent>),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn list(State(app): State<Shared>, _: Reader) -> Result<Json<Page<Agent>>, ApiError> {
    Ok(Json(paging::whole(edit::all(&app).await?)))
}

/// One agent.
#[utoipa::path(get, path = "/api/agents/{id}", tag = "agents", params(("id" = String, Path)),
    responses((status = 200, body = Agent),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn read(
    State(app): State<Shared>,
    _: Reader,
    Id(id): Id,
) -> Result<Json<Agent>, ApiError> {
    let row = edit::row(&app, &id).await?;
    Ok(Json(edit::view(&app, &row)))
}

/// Changes what is given of an agent; null goes back to the default. With a stale `version` nothing
/// is changed: 409, with the agent as it is now.
#[utoipa::path(patch, path = "/api/agents/{id}", tag = "agents", params(("id" = String, Path)),
    request_body = AgentChange,
    responses((status = 200, body = Agent),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn change(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Id(id): Id,
    Object(given): Object,
) -> Result<Json<Agent>, ApiError> {
    edit::change(&app, &actor, &id, given).await.map(Json)
}

/// Removes an agent: not the default, and none that license keys are bound to.
#[utoipa::path(delete, path = "/api/agents/{id}", tag = "agents", params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn delete(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Id(id): Id,
) -> Result<StatusCode, ApiError> {
    edit::remove(&app, &actor, &id).await.map(|()| StatusCode::NO_CONTENT)
}

/// Asks an agent's model server for a word, and says what is wrong.
#[utoipa::path(post, path = "/api/agents/{id}/test-connection", tag = "agents",
    params(("id" = String, Path)),
    responses((status = 200, body = ConnectionTest),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn test_connection(
    State(app): State<Shared>,
    _: Writer,
    Id(id): Id,
) -> Result<Json<ConnectionTest>, ApiError> {
    trial::test_connection(&app, &id).await.map(Json)
}

/// Has an agent answer, streamed as NDJSON as visitors get it. Nothing of it is stored or counted.
#[utoipa::path(post, path = "/api/agents/{id}/try", tag = "agents", params(("id" = String, Path)),
    request_body = AgentTry,
    responses(
        (status = 200, description = "Events, one a line", body = shared::Event, content_type = "application/x-ndjson"),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn try_out(
    State(app): State<Shared>,
    _: Writer,
    Id(id): Id,
    Fields(asked): Fields<AgentTry>,
) -> Result<Response, ApiError> {
    let events = trial::run(&app, &id, asked).await?;
    Ok(ndjson(Body::from_stream(
        events.map(|event| Ok::<_, std::convert::Infallible>(stream::line(&event))),
    )))
}
