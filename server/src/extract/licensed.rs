//! Chat requests: who asks, with which key, in which session, and how often.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{Extensions, HeaderMap};
use serde::de::DeserializeOwned;
use shared::chat::{ResumeRequest, StopRequest, check_session_id};
use shared::conversation::{CurrentRequest, Feedback};
use shared::{ChatRequest, ErrorCode, FieldErrors};

use super::client::Client;
use super::{RequestContext, body};
use crate::app::{App, Shared};
use crate::error::ApiError;
use crate::keys::rate::{Bucket, RateStatus};
use crate::keys::{Access, KeyRecord, NamedKey};

/// Unknown keys that one address may try in a minute.
const UNKNOWN_KEYS: u32 = 10;
/// Requests of one address in a minute on the routes that go with a chat or the widget.
const SIDE_REQUESTS: u32 = 120;
const MINUTE: Duration = Duration::from_secs(60);

/// A body that may carry a session token or name a session.
pub trait ChatBody: DeserializeOwned + Send {
    /// Whether this is a chat request, which has its own, settable rate limit.
    const IS_CHAT: bool = false;

    fn token(&self) -> Option<&str>;
    fn session_id(&self) -> Option<&str>;
    /// Adds what is wrong with the body, but for its session.
    fn check(&self, errors: &mut FieldErrors);
}

macro_rules! chat_body {
    ($($name:ident $(, $is_chat:literal)?;)*) => {$(
        impl ChatBody for $name {
            $(const IS_CHAT: bool = $is_chat;)?

            fn token(&self) -> Option<&str> {
                self.token.as_deref()
            }

            fn session_id(&self) -> Option<&str> {
                self.session_id.as_deref()
            }

            fn check(&self, errors: &mut FieldErrors) {
                $name::check(self, errors);
            }
        }
    )*};
}
chat_body! {
    ChatRequest, true;
    ResumeRequest;
    StopRequest;
    Feedback;
    CurrentRequest;
}

/// A request whose key, restriction, origin and rate were checked.
#[derive(Debug)]
pub struct Licensed<T> {
    pub access: Access,
    pub body: T,
}

impl<T: ChatBody> FromRequest<Shared> for Licensed<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, ApiError> {
        let (mut parts, rest) = request.into_parts();
        let Ok(client) = Client::from_request_parts(&mut parts, app).await;
        let (headers, extensions) = (parts.headers.clone(), parts.extensions.clone());
        // A wrong key is refused before its body is read.
        let header_key = match key_header(&headers) {
            Some(key) => Some(find_key(app, &client, &extensions, NamedKey::Key(key)).await?),
            None => None,
        };
        let bytes = body::bytes(Request::from_parts(parts, rest), app).await?;
        let body: T = body::parse(&bytes)?;
        let bearer = headers
            .get("authorization")
            .and_then(|v| v.to_str().ok())
            .and_then(|v| v.strip_prefix("Bearer "));
        let (key, session_id) = match (header_key, bearer.or(body.token())) {
            (Some(key), _) => (key, None),
            (None, Some(token)) => {
                let (key, session_id) = session(app, &client, token).await?;
                (key, Some(session_id))
            }
            (None, None) => {
                unknown_key(app, &client, &extensions)?;
                return Err(ErrorCode::Unauthorized.into());
            }
        };
        let rate =
            if T::IS_CHAT { chat_rate(app, &key, &client) } else { side_rate(app, &key, &client) };
        admit(&extensions, rate)?;
        let mut errors = FieldErrors::default();
        body.check(&mut errors);
        let session_id = session_id.unwrap_or_else(|| {
            match body.session_id().map(|id| (id, check_session_id(id))) {
                None => errors.add("sessionId", "is required with a key"),
                Some((_, Err(why))) => errors.add("sessionId", why),
                Some((id, Ok(()))) => return id.to_owned(),
            }
            String::new()
        });
        errors.into_result()?;
        Ok(Self { access: Access { key, session_id }, body })
    }
}

/// The key in the headers. `X-Api-Key`, when present, alone decides.
fn key_header(headers: &HeaderMap) -> Option<&str> {
    ["x-api-key", "x-widget-api-key", "api-key"]
        .iter()
        .find_map(|name| headers.get(*name))
        .map(|value| value.to_str().unwrap_or(""))
}

/// Finds the named key and checks that it may be used from here.
///
/// # Errors
/// 401 when it is unknown, 429 past 10 of those a minute, 403 and 404 when it may not be used.
pub async fn find_key(
    app: &App,
    client: &Client,
    extensions: &Extensions,
    name: NamedKey<'_>,
) -> Result<Arc<KeyRecord>, ApiError> {
    let now_ms = app.clock.now_ms();
    let flood = app.rates.is_exhausted(Bucket::UnknownKey, client.ip, UNKNOWN_KEYS, now_ms);
    let Some(key) = app.keys.find(name, flood).await? else {
        unknown_key(app, client, extensions)?;
        return Err(ErrorCode::Unauthorized.into());
    };
    usable(app, client, &key)?;
    Ok(key)
}

fn usable(app: &App, client: &Client, key: &KeyRecord) -> Result<(), ApiError> {
    let is_demo = app.demo.as_ref().is_some_and(|demo| demo.license_key_id == key.owner);
    if is_demo && !client.may_see_demo(app.config.demo) {
        return Err(ErrorCode::NotFound.into());
    }
    key.check(app.clock.now_ms(), client.origin.as_deref(), client.ip)
}

/// Counts an unknown or missing key.
fn unknown_key(app: &App, client: &Client, extensions: &Extensions) -> Result<(), ApiError> {
    let now_ms = app.clock.now_ms();
    let rate = app.rates.count(Bucket::UnknownKey, client.ip, UNKNOWN_KEYS, MINUTE, now_ms);
    admit(extensions, rate)
}

/// What a session token proves: its key, still of the same generation, and its session.
async fn session(
    app: &App,
    client: &Client,
    token: &str,
) -> Result<(Arc<KeyRecord>, String), ApiError> {
    let claims = app.signer.read(token).ok_or(ErrorCode::Unauthorized)?;
    let key = app.keys.by_owner(&claims.owner).await?.ok_or(ErrorCode::Unauthorized)?;
    usable(app, client, &key)?;
    if claims.origin != client.origin {
        return Err(ApiError::new(ErrorCode::OriginNotAllowed)
            .with_message("This session was opened on another website."));
    }
    if claims.expires_ms <= app.clock.now_ms() || claims.generation != key.generation {
        return Err(ErrorCode::SessionExpired.into());
    }
    Ok((key, claims.visitor_id))
}

fn chat_rate(app: &App, key: &KeyRecord, client: &Client) -> RateStatus {
    let (limit, window) = match key.rate_limit_per_minute {
        Some(limit) => (limit, MINUTE),
        None => (app.config.rate_limit_max_requests, app.config.rate_limit_window),
    };
    let bucket = Bucket::Chat(key.owner.clone());
    app.rates.count(bucket, client.ip, limit, window, app.clock.now_ms())
}

fn side_rate(app: &App, key: &KeyRecord, client: &Client) -> RateStatus {
    let bucket = Bucket::Session(key.owner.clone());
    app.rates.count(bucket, client.ip, SIDE_REQUESTS, MINUTE, app.clock.now_ms())
}

/// Counts a request of the widget for its look or session.
///
/// # Errors
/// 429 past 120 a minute from one address.
pub fn widget_rate(app: &App, client: &Client, extensions: &Extensions) -> Result<(), ApiError> {
    let now_ms = app.clock.now_ms();
    let rate = app.rates.count(Bucket::Widget, client.ip, SIDE_REQUESTS, MINUTE, now_ms);
    admit(extensions, rate)
}

/// Notes where the caller stands, for the headers, and refuses when it is past its limit.
fn admit(extensions: &Extensions, rate: RateStatus) -> Result<(), ApiError> {
    if let Some(context) = extensions.get::<Arc<RequestContext>>() {
        let _ = context.rate.set(rate);
    }
    if rate.allowed {
        return Ok(());
    }
    Err(ApiError::new(ErrorCode::RateLimitExceeded).with_retry_after(rate.retry_after))
}
