//! Admins: who they are, and whether they may do what they ask.

use axum::extract::FromRequestParts;
use axum::http::Method;
use axum::http::request::Parts;
use shared::ErrorCode;
use shared::admin::Scope;

use super::bearer;
use super::client::Client;
use crate::app::{App, Shared};
use crate::error::ApiError;
use crate::keys::rate::Bucket;
use crate::people::{Actor, Permission, Rights, api_key, sign_in};

/// API keys that nobody knows which one address may try in a minute.
const UNKNOWN_KEYS: u32 = 10;
const MINUTE: std::time::Duration = std::time::Duration::from_secs(60);
const MINUTE_MS: i64 = 60_000;

/// Somebody who may read everything.
#[derive(Debug)]
pub struct Reader(pub Actor);

/// Somebody who may change everything.
#[derive(Debug)]
pub struct Writer(pub Actor);

/// Somebody who may see license keys: all of them, or those of orders.
#[derive(Debug)]
pub struct KeyReader(pub Actor);

/// Somebody who may end activations: of all license keys, or of those of orders.
#[derive(Debug)]
pub struct LicenseWriter(pub Actor);

/// Somebody who may read, on the routes that say so when no admin key is configured.
#[derive(Debug)]
pub struct Admin(pub Actor);

macro_rules! admits {
    ($($name:ident: $($permission:ident)|+;)*) => {$(
        impl FromRequestParts<Shared> for $name {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
                let actor = actor(parts, app).await?.ok_or(ErrorCode::Unauthorized)?;
                if $(actor.may(Permission::$permission))||+ {
                    return Ok(Self(actor));
                }
                Err(ErrorCode::Forbidden.into())
            }
        }
    )*};
}
admits! {
    Reader: Read;
    Writer: Write;
    KeyReader: Read | Licenses;
    LicenseWriter: Write | Licenses;
}

impl FromRequestParts<Shared> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        match actor(parts, app).await? {
            Some(actor) if actor.may(Permission::Read) => Ok(Self(actor)),
            Some(_) => Err(ErrorCode::Forbidden.into()),
            None if app.keys.has_admin() => Err(ErrorCode::Unauthorized.into()),
            None => Err(ErrorCode::AdminNotConfigured.into()),
        }
    }
}

/// Software that asks about licenses: with an API key, or without where that is allowed. A key that
/// is sent must be right in both cases.
#[derive(Debug)]
pub struct LicenseCaller {
    /// Whether it has an API key that may see licenses.
    pub is_trusted: bool,
}

impl FromRequestParts<Shared> for LicenseCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        let Ok(client) = Client::from_request_parts(parts, app).await;
        match by_header(parts, app, &client).await? {
            Some(Some(actor)) if actor.may(Permission::Licenses) => Ok(Self { is_trusted: true }),
            Some(Some(_)) => Err(ErrorCode::Forbidden.into()),
            Some(None) => Err(ErrorCode::Unauthorized.into()),
            None if parts.headers.contains_key("authorization") => {
                Err(ErrorCode::Unauthorized.into())
            }
            None if app.config.license_auth_required => Err(ApiError::new(ErrorCode::Unauthorized)
                .with_message(
                    "This server answers questions about licenses with an API key only: send it \
                     as Authorization: Bearer.",
                )),
            None => Ok(Self { is_trusted: false }),
        }
    }
}

/// Who asks, by a key in the headers: the outer `None` = there is none, the inner = nobody knows it.
async fn by_header(
    parts: &Parts,
    app: &App,
    client: &Client,
) -> Result<Option<Option<Actor>>, ApiError> {
    let header = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok());
    if parts.headers.contains_key("x-admin-api-key") {
        let key = header("x-admin-api-key").unwrap_or("");
        return Ok(Some(app.keys.is_admin(key).then(|| static_key(client))));
    }
    let Some(bearer) = bearer(&parts.headers) else {
        return Ok(None);
    };
    if app.keys.is_admin(bearer) {
        return Ok(Some(Some(static_key(client))));
    }
    by_api_key(app, client, bearer).await.map(Some)
}

/// Who asks: the static admin key, an API key, or somebody who is signed in. `None` = nobody known.
async fn actor(parts: &mut Parts, app: &Shared) -> Result<Option<Actor>, ApiError> {
    let Ok(client) = Client::from_request_parts(parts, app).await;
    if let Some(actor) = by_header(parts, app, &client).await? {
        return Ok(actor);
    }
    let Some(cookie) = cookie(parts) else { return Ok(None) };
    let now_ms = app.clock.now_ms();
    let sign_in = sign_in::hash(&cookie);
    let Some(user) = app.store.sign_in(&sign_in, now_ms).await? else {
        return Ok(None);
    };
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        check_same_origin(app, parts)?;
    }
    Ok(Some(Actor::signed_in(&user, client.ip, Some(sign_in))))
}

fn static_key(client: &Client) -> Actor {
    Actor { ip: Some(client.ip), name: "ADMIN_API_KEY".into(), ..Actor::local("static_key") }
}

async fn by_api_key(app: &App, client: &Client, key: &str) -> Result<Option<Actor>, ApiError> {
    // Junk is told by its checksum, without the database.
    if !api_key::is_whole(key) {
        return Ok(None);
    }
    let now_ms = app.clock.now_ms();
    let found = app.store.api_key(&api_key::hash(key)).await?;
    let Some(row) = found.filter(|row| row.expires_at.is_none_or(|at| now_ms < at)) else {
        // Only those that are unknown are held up: a stranger behind the same proxy keeps nobody out.
        let rate = app.rates.count(Bucket::UnknownAdmin, client.ip, UNKNOWN_KEYS, MINUTE, now_ms);
        if rate.allowed {
            return Ok(None);
        }
        let error = ApiError::new(ErrorCode::RateLimitExceeded);
        return Err(error.with_retry_after(rate.retry_after));
    };
    if row.last_used_at.is_none_or(|at| now_ms - at >= MINUTE_MS) {
        app.store.touch_api_key(&row.id, now_ms).await?;
    }
    let scopes: Vec<Scope> = serde_json::from_str(&row.scopes).unwrap_or_default();
    Ok(Some(Actor {
        kind: "api_key",
        id: Some(row.id),
        name: row.label,
        rights: Rights::Scopes(scopes),
        ip: Some(client.ip),
        sign_in: None,
    }))
}

/// The session cookie's value.
#[must_use]
pub fn cookie(parts: &Parts) -> Option<String> {
    let cookies = parts.headers.get_all("cookie").into_iter().filter_map(|v| v.to_str().ok());
    cookies.flat_map(|line| line.split(';')).find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == sign_in::COOKIE && value.len() == 64).then(|| value.to_owned())
    })
}

/// Refuses a change that another website has had the browser send along with the cookie.
///
/// # Errors
/// 403 unless the browser says that the request comes from this server's own pages.
pub fn check_same_origin(app: &App, parts: &Parts) -> Result<(), ApiError> {
    let header = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok());
    let own = match header("origin") {
        Some(origin) => {
            let public = app.config.public_url.as_ref();
            let is_public = public.is_some_and(|url| url.origin().ascii_serialization() == origin);
            // TLS may end at a proxy that this server was not told of; but what is known to be
            // https takes nothing from a page that anybody on the way could have written.
            let https_only = public.is_some_and(|url| url.scheme() == "https");
            is_public
                || origin.split_once("://").is_some_and(|(scheme, host)| {
                    header("host") == Some(host) && (scheme == "https" || !https_only)
                })
        }
        None => header("sec-fetch-site") == Some("same-origin"),
    };
    if own {
        return Ok(());
    }
    Err(ApiError::new(ErrorCode::OriginNotAllowed)
        .with_message("With a cookie, changes are taken from this server's own pages only."))
}
