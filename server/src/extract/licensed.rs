//! Chat requests: who asks, with which key, in which session, and how often.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use shared::admin::UserRole;
use shared::chat::{ResumeRequest, StopRequest, check_session_id};
use shared::conversation::{CurrentRequest, Feedback};
use shared::license_key::IdentityMode;
use shared::{ChatRequest, ErrorCode, FieldErrors, Identity};

use super::client::Client;
use super::{RequestContext, bearer, body};
use crate::app::{App, Shared};
use crate::chat::session;
use crate::error::ApiError;
use crate::keys::identity::VerifiedUser;
use crate::keys::rate::{Bucket, RateStatus};
use crate::keys::token::Claims;
use crate::keys::{Access, Found, KeyRecord, NamedKey, hosts, identity};
use crate::people::users;
use crate::store::usage::RequestFacts;
use crate::usage::log;

/// Unknown keys that one address may try in a minute.
const UNKNOWN_KEYS: u32 = 10;
/// Requests of one address in a minute on the routes that go with a chat or the widget.
const SIDE_REQUESTS: u32 = 120;
const MINUTE: Duration = Duration::from_secs(60);

/// A body of a route that belongs to a visitor's session.
pub trait ChatBody: DeserializeOwned + Send + Sync {
    /// Whether this is a chat request, which has its own, settable rate limit, and is logged.
    const IS_CHAT: bool = false;

    /// Whether `Authorization: Bearer` holds a key instead of a session's token.
    const BEARER_IS_KEY: bool = false;

    /// The field of the body that names the session.
    const SESSION_FIELD: &str = "sessionId";

    /// What the body says of its session.
    ///
    /// # Errors
    /// 400 when it says it wrongly.
    fn session(&self, bytes: &[u8]) -> Result<Session, ApiError> {
        body::parse(bytes)
    }

    /// Adds what is wrong with the body, but for its session.
    fn check(&self, errors: &mut FieldErrors);

    /// The page that the visitor is on, as the page itself tells it.
    fn page_url(&self) -> Option<&str> {
        None
    }
}

macro_rules! chat_body {
    ($($name:ident;)*) => {$(
        impl ChatBody for $name {
            fn check(&self, errors: &mut FieldErrors) {
                $name::check(self, errors);
            }
        }
    )*};
}
chat_body! {
    ResumeRequest;
    StopRequest;
    Feedback;
    CurrentRequest;
}

impl ChatBody for ChatRequest {
    const IS_CHAT: bool = true;

    fn check(&self, errors: &mut FieldErrors) {
        Self::check(self, errors);
    }

    fn page_url(&self) -> Option<&str> {
        self.page.as_ref().map(|page| page.url.as_str())
    }
}

/// What every such body may say of its session.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Session {
    token: Option<String>,
    session_id: Option<String>,
    identity: Option<Identity>,
    instance_id: Option<String>,
}

impl Session {
    /// The session with this id, of somebody who is not known.
    #[must_use]
    pub fn named(id: String) -> Self {
        Self { session_id: Some(id), ..Self::default() }
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

/// A request whose key, restriction, origin, rate and visitor were checked.
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
        let origin = client.origin.as_deref();
        let mut facts = log::facts(app, &headers, client.ip, origin, None);
        // A wrong key is refused before its body is read.
        let bearer = bearer(&headers);
        let named_key = key_header(&headers).or(bearer.filter(|_| T::BEARER_IS_KEY));
        let header_key = match named_key {
            Some(key) => {
                Some(find_key(app, &client, &extensions, NamedKey::Key(key), &facts).await?)
            }
            None => None,
        };
        let bytes = body::bytes(Request::from_parts(parts, rest), app).await?;
        let body: T = body::parse(&bytes)?;
        let named = body.session(&bytes)?;
        log::note_page(&mut facts, body.page_url());
        let (found, claims) = match (header_key, bearer.or(named.token.as_deref())) {
            (Some(found), _) => (found, None),
            (None, Some(token)) => {
                let (found, claims) = from_token(app, &client, token, &facts).await?;
                (found, Some(claims))
            }
            (None, None) => {
                unknown_key(app, &client, &extensions)?;
                return Err(ErrorCode::Unauthorized.into());
            }
        };
        let key = &found.key;
        let admitted = async {
            let rate = if T::IS_CHAT {
                chat_rate(app, key, &client)
            } else {
                side_rate(app, key, &client)
            };
            admit(&extensions, rate)?;
            let mut errors = FieldErrors::default();
            body.check(&mut errors);
            let (session_id, user) = match &claims {
                Some(claims) => (of_token(app, key, claims, &mut facts)?, None),
                None => {
                    let mut complain = |why: &str| errors.add(T::SESSION_FIELD, why);
                    of_key(app, key, &named, &mut complain, &mut facts)?
                }
            };
            errors.into_result()?;
            if T::IS_CHAT {
                let instance = named.instance_id.as_deref();
                hosts::require(app, key, found.generation, origin, instance).await?;
                if let Some(user) = &user {
                    let before = named.session_id.as_deref();
                    session::recognise(app, key, before, &session_id, user).await?;
                }
            }
            Ok::<String, ApiError>(session_id)
        };
        let session_id = match admitted.await {
            Ok(session_id) => session_id,
            Err(error) => {
                if T::IS_CHAT {
                    log::refused(app, &key.owner, error.code, &facts);
                }
                return Err(error);
            }
        };
        let access = Access { generation: found.generation, key: found.key, session_id, facts };
        Ok(Self { access, body })
    }
}

/// The session that a token stands for; a key that asks for proof takes no token without.
fn of_token(
    app: &App,
    key: &KeyRecord,
    claims: &Claims,
    facts: &mut RequestFacts,
) -> Result<String, ApiError> {
    if key.identity_mode == IdentityMode::Required && claims.user_id.is_none() {
        return Err(ErrorCode::IdentityRequired.into());
    }
    facts.user_id.clone_from(&claims.user_id);
    Ok(app.signer.session_of(claims))
}

/// The session of a request with a key: that of the user whose identity is proved, else the one
/// that the body names.
fn of_key(
    app: &App,
    key: &KeyRecord,
    session: &Session,
    complain: &mut dyn FnMut(&str),
    facts: &mut RequestFacts,
) -> Result<(String, Option<VerifiedUser>), ApiError> {
    let now_ms = app.clock.now_ms();
    let named = match session.session_id.as_deref().map(|id| (id, check_session_id(id))) {
        None => Err("is required with a key"),
        Some((_, Err(why))) => Err(why),
        Some((id, Ok(()))) => Ok(id.to_owned()),
    };
    if let Err(why) = named {
        complain(why);
    }
    let (mode, secrets) = (key.identity_mode, key.identity_secrets(now_ms));
    if let Some(user) = identity::prove(mode, &secrets, session.identity.as_ref(), now_ms)? {
        let session_id = app.signer.user_session(&key.owner, &user.id);
        facts.user_id = Some(user.id.clone());
        return Ok((session_id, Some(user)));
    }
    Ok((named.unwrap_or_default(), None))
}

/// The key in the headers. `X-Api-Key`, when present, alone decides.
fn key_header(headers: &HeaderMap) -> Option<&str> {
    ["x-api-key", "x-widget-api-key", "api-key"]
        .iter()
        .find_map(|name| headers.get(*name))
        .map(|value| value.to_str().unwrap_or(""))
}

/// A request with a key and nothing else, in the headers: whose key it is.
#[derive(Debug)]
pub struct Keyed(pub Arc<KeyRecord>);

impl FromRequestParts<Shared> for Keyed {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        let Ok(client) = Client::from_request_parts(parts, app).await;
        let facts = log::facts(app, &parts.headers, client.ip, client.origin.as_deref(), None);
        let Some(key) = key_header(&parts.headers).or(bearer(&parts.headers)) else {
            unknown_key(app, &client, &parts.extensions)?;
            return Err(ErrorCode::Unauthorized.into());
        };
        let name = NamedKey::Key(key);
        let found = find_key(app, &client, &parts.extensions, name, &facts).await?;
        admit(&parts.extensions, side_rate(app, &found.key, &client))?;
        Ok(Self(found.key))
    }
}

/// Finds the named key and checks that it may be used from here; a refusal is logged.
///
/// # Errors
/// 401 when it is unknown, 429 past 10 of those a minute, 403 and 404 when it may not be used.
pub async fn find_key(
    app: &Shared,
    client: &Client,
    extensions: &Extensions,
    name: NamedKey<'_>,
    facts: &RequestFacts,
) -> Result<Found, ApiError> {
    let now_ms = app.clock.now_ms();
    let flood = app.rates.is_exhausted(Bucket::UnknownKey, client.ip, UNKNOWN_KEYS, now_ms);
    let Some(found) = app.keys.find(name, flood, now_ms).await? else {
        unknown_key(app, client, extensions)?;
        return Err(ErrorCode::Unauthorized.into());
    };
    usable(app, client, &found.key, facts)?;
    Ok(found)
}

/// Finds the key of the dashboard's preview, whose token stands in the place of a chatbot id; with it
/// the hash of the sign-in that the preview lives with.
///
/// # Errors
/// 401 when it is no token of a preview, or no longer.
pub async fn find_preview(
    app: &Shared,
    client: &Client,
    token: &str,
    facts: &RequestFacts,
) -> Result<(Found, String), ApiError> {
    let (found, claims) = from_token(app, client, token, facts).await?;
    // A visitor's token opens no further session.
    let sign_in = claims.preview.ok_or(ErrorCode::Unauthorized)?;
    Ok((found, sign_in))
}

fn usable(
    app: &Shared,
    client: &Client,
    key: &KeyRecord,
    facts: &RequestFacts,
) -> Result<(), ApiError> {
    let is_demo = app.demo.as_ref().is_some_and(|demo| demo.license_key_id == key.owner);
    if is_demo && !client.may_see_demo(app.config.demo) {
        return Err(ErrorCode::NotFound.into());
    }
    key.check(app.clock.now_ms(), client.origin.as_deref(), client.ip)
        .inspect_err(|error| log::refused(app, &key.owner, error.code, facts))
}

/// Counts an unknown or missing key.
fn unknown_key(app: &App, client: &Client, extensions: &Extensions) -> Result<(), ApiError> {
    app.keys.unknown_requests.fetch_add(1, Ordering::Relaxed);
    let now_ms = app.clock.now_ms();
    let rate = app.rates.count(Bucket::UnknownKey, client.ip, UNKNOWN_KEYS, MINUTE, now_ms);
    admit(extensions, rate)
}

/// What a session token proves: its key, still of a generation that lives, and its claims.
async fn from_token(
    app: &Shared,
    client: &Client,
    token: &str,
    facts: &RequestFacts,
) -> Result<(Found, Claims), ApiError> {
    let claims = app.signer.read(token).ok_or(ErrorCode::Unauthorized)?;
    let mut key = app.keys.by_owner(&claims.owner).await?.ok_or(ErrorCode::Unauthorized)?;
    if let Some(sign_in) = &claims.preview {
        let user = app.store.sign_in(sign_in, app.clock.now_ms()).await?;
        if !user.is_some_and(|user| users::role(&user.role) == UserRole::Admin) {
            return Err(ErrorCode::SessionExpired.into());
        }
        key = Arc::new(key.for_preview());
    }
    usable(app, client, &key, facts)?;
    if claims.origin != client.origin {
        let error = ApiError::new(ErrorCode::OriginNotAllowed)
            .with_message("This session was opened on another website.");
        log::refused(app, &key.owner, error.code, facts);
        return Err(error);
    }
    let now_ms = app.clock.now_ms();
    if claims.expires_ms <= now_ms || !key.accepts_generation(claims.generation, now_ms) {
        return Err(ErrorCode::SessionExpired.into());
    }
    Ok((Found { key, generation: claims.generation }, claims))
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
///
/// # Errors
/// 429.
pub fn admit(extensions: &Extensions, rate: RateStatus) -> Result<(), ApiError> {
    if let Some(context) = extensions.get::<Arc<RequestContext>>() {
        let _ = context.rate.set(rate);
    }
    if rate.allowed {
        return Ok(());
    }
    Err(ApiError::new(ErrorCode::RateLimitExceeded).with_retry_after(rate.retry_after))
}
