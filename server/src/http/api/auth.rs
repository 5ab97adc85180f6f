//! Set-up, signing in and out.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{HeaderName, SET_COOKIE};
use axum::http::request::Parts;
use axum::response::{AppendHeaders, IntoResponse};
use shared::admin::{PasswordChange, Setup, SetupState, SignIn, SignedIn};
use shared::{ErrorBody, ErrorCode};

use crate::app::{App, Shared};
use crate::error::ApiError;
use crate::extract::admin::{check_same_origin, cookie};
use crate::extract::{Client, Fields};
use crate::people::{Actor, sign_in, users};
use crate::store::people::UserRow;

type Cookie = AppendHeaders<[(HeaderName, String); 1]>;

fn set_cookie(app: &App, client: &Client, value: &str, seconds: i64) -> Cookie {
    let public = app.config.public_url.as_ref();
    let https = public.map_or(client.is_https, |url| url.scheme() == "https");
    let secure = if https { "; Secure" } else { "" };
    AppendHeaders([(
        SET_COOKIE,
        format!(
            "{}={value}; HttpOnly; SameSite=Lax; Path=/; Max-Age={seconds}{secure}",
            sign_in::COOKIE
        ),
    )])
}

async fn signed_in(
    app: &App,
    client: &Client,
    user: &UserRow,
) -> Result<(Cookie, Json<SignedIn>), ApiError> {
    let cookie = sign_in::begin(app, user).await?;
    let header = set_cookie(app, client, &cookie, sign_in::SIGNED_IN_MS / 1000);
    Ok((header, Json(SignedIn { user: users::view(user) })))
}

/// Whether the first admin is still to be made.
#[utoipa::path(get, path = "/api/auth/setup", tag = "people",
    responses((status = 200, body = SetupState), (status = "5XX", body = ErrorBody)))]
pub async fn setup_state(State(app): State<Shared>) -> Result<Json<SetupState>, ApiError> {
    Ok(Json(SetupState { needed: app.store.user_count().await? == 0 }))
}

/// Makes the first admin, with the token of the link that the server printed, and signs them in.
#[utoipa::path(post, path = "/api/auth/setup", tag = "people", request_body = Setup,
    responses((status = 200, body = SignedIn),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn setup(
    State(app): State<Shared>,
    client: Client,
    parts: Parts,
    Fields(setup): Fields<Setup>,
) -> Result<impl IntoResponse, ApiError> {
    check_not_foreign(&app, &parts)?;
    let actor = Actor { ip: Some(client.ip), ..Actor::local("setup") };
    let user = users::set_up(&app, &actor, setup).await?;
    signed_in(&app, &client, &user).await
}

/// Signs in with a password; the answer sets the session cookie.
#[utoipa::path(post, path = "/api/auth/sign-in", tag = "people", request_body = SignIn,
    responses((status = 200, body = SignedIn),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn sign_in(
    State(app): State<Shared>,
    client: Client,
    parts: Parts,
    Fields(body): Fields<SignIn>,
) -> Result<impl IntoResponse, ApiError> {
    check_not_foreign(&app, &parts)?;
    let user = sign_in::check(&app, client.ip, body).await?;
    signed_in(&app, &client, &user).await
}

/// A page of another website must not sign its visitors in here under a name of its choice.
fn check_not_foreign(app: &App, parts: &Parts) -> Result<(), ApiError> {
    if parts.headers.contains_key("origin") { check_same_origin(app, parts) } else { Ok(()) }
}

/// Signs out: the cookie is worthless from now on.
#[utoipa::path(post, path = "/api/auth/sign-out", tag = "people",
    responses((status = 204), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn sign_out(
    State(app): State<Shared>,
    client: Client,
    parts: Parts,
) -> Result<impl IntoResponse, ApiError> {
    check_same_origin(&app, &parts)?;
    if let Some(cookie) = cookie(&parts) {
        app.store.end_sign_in(&sign_in::hash(&cookie)).await?;
    }
    Ok((StatusCode::NO_CONTENT, set_cookie(&app, &client, "", 0)))
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/auth/me", tag = "people",
    responses((status = 200, body = SignedIn),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn me(State(app): State<Shared>, parts: Parts) -> Result<Json<SignedIn>, ApiError> {
    let cookie = cookie(&parts).ok_or(ErrorCode::Unauthorized)?;
    let user = app.store.sign_in(&sign_in::hash(&cookie), app.clock.now_ms()).await?;
    let user = user.ok_or(ErrorCode::Unauthorized)?;
    Ok(Json(SignedIn { user: users::view(&user) }))
}

/// Changes one's own password: every other browser is signed out, this one goes on with the cookie
/// of the answer. A wrong present password counts as a wrong sign-in does.
#[utoipa::path(post, path = "/api/auth/password", tag = "people", request_body = PasswordChange,
    responses((status = 200, body = SignedIn),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn change_password(
    State(app): State<Shared>,
    client: Client,
    parts: Parts,
    Fields(body): Fields<PasswordChange>,
) -> Result<impl IntoResponse, ApiError> {
    let cookie = cookie(&parts).ok_or(ErrorCode::Unauthorized)?;
    check_same_origin(&app, &parts)?;
    let user = app.store.sign_in(&sign_in::hash(&cookie), app.clock.now_ms()).await?;
    let user = user.ok_or(ErrorCode::Unauthorized)?;
    users::change_own_password(&app, client.ip, &user, body).await?;
    signed_in(&app, &client, &user).await
}
