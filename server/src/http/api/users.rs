//! People who sign in.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use shared::ErrorBody;
use shared::admin::{NewUser, Page, User, UserChange};

use crate::app::Shared;
use crate::error::ApiError;
use crate::extract::{Fields, Id, Reader, Writer, paging};
use crate::people::users;

/// Everybody, newest first; all on one page.
#[utoipa::path(get, path = "/api/users", tag = "people",
    responses((status = 200, body = Page<User>),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn list(State(app): State<Shared>, _: Reader) -> Result<Json<Page<User>>, ApiError> {
    Ok(Json(paging::whole(app.store.users().await?.iter().map(users::view).collect())))
}

/// Adds somebody.
#[utoipa::path(post, path = "/api/users", tag = "people", request_body = NewUser,
    responses((status = 201, body = User),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn create(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Fields(new): Fields<NewUser>,
) -> Result<(StatusCode, Json<User>), ApiError> {
    let user = users::add(&app, &actor, new, false).await?;
    Ok((StatusCode::CREATED, Json(users::view(&user))))
}

/// Changes what is given of somebody; a new password signs them out.
#[utoipa::path(patch, path = "/api/users/{id}", tag = "people", params(("id" = String, Path)),
    request_body = UserChange,
    responses((status = 200, body = User),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn change(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Id(id): Id,
    Fields(change): Fields<UserChange>,
) -> Result<Json<User>, ApiError> {
    users::change(&app, &actor, &id, change).await.map(Json)
}

/// Removes somebody; their browsers are signed out.
#[utoipa::path(delete, path = "/api/users/{id}", tag = "people", params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn delete(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Id(id): Id,
) -> Result<StatusCode, ApiError> {
    users::remove(&app, &actor, &id).await.map(|()| StatusCode::NO_CONTENT)
}
