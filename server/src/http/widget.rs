//! What the widget asks before the first message.

use axum::Json;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::http::{Extensions, HeaderMap};
use axum::response::IntoResponse;
use shared::widget::{
    AgentName, Chatbot, ConfigAnswer, ConfigRequest, SessionAnswer, SessionRequest,
};
use shared::{ErrorBody, ErrorCode, FieldErrors};

use crate::agents;
use crate::app::Shared;
use crate::chat::session;
use crate::error::ApiError;
use crate::extract::licensed::{find_key, find_preview, widget_rate};
use crate::extract::{self, Client};
use crate::http::widget_files;
use crate::keys::{Found, NamedKey, token};
use crate::store::usage::RequestFacts;
use crate::usage::log;

/// The key that a body names, and the sign-in of the admin whose preview it is.
async fn key_of(
    app: &Shared,
    client: &Client,
    extensions: &Extensions,
    license_key: Option<&str>,
    chatbot_id: Option<&str>,
    facts: &RequestFacts,
) -> Result<(Found, Option<String>), ApiError> {
    let name = match (license_key, chatbot_id) {
        (Some(key), None) => NamedKey::Key(key),
        (None, Some(token)) if token::is_token(token) => {
            let (found, sign_in) = find_preview(app, client, token, facts).await?;
            return Ok((found, Some(sign_in)));
        }
        (None, Some(id)) => NamedKey::Chatbot(id),
        _ => {
            return Err(ApiError::field("licenseKey", "or chatbotId must be given, and not both"));
        }
    };
    Ok((find_key(app, client, extensions, name, facts).await?, None))
}

/// The look of a chatbot. Stores nothing and counts no query.
#[utoipa::path(post, path = "/v1/widget/config", tag = "widget", request_body = ConfigRequest,
    responses((status = 200, body = ConfigAnswer),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn config(
    State(app): State<Shared>,
    client: Client,
    headers: HeaderMap,
    extensions: Extensions,
    extract::Json(body): extract::Json<ConfigRequest>,
) -> Result<impl IntoResponse, ApiError> {
    widget_rate(&app, &client, &extensions)?;
    let (license_key, chatbot_id) = (body.license_key.as_deref(), body.chatbot_id.as_deref());
    let facts = log::facts(&app, &headers, client.ip, client.origin.as_deref(), None);
    let found = key_of(&app, &client, &extensions, license_key, chatbot_id, &facts).await;
    let (Found { key, .. }, _) = found.map_err(with_remedy)?;
    let page = body.locale.as_deref().unwrap_or_default();
    let fallback = body.fallback_locale.as_deref().unwrap_or_default();
    let language = widget_files::catalogue(&[page, &key.look.locale, fallback]);
    let answer = ConfigAnswer {
        locale: language.map_or("en", |one| one.tag).to_owned(),
        text: language.map_or("", |one| one.file).to_owned(),
        words: language.map(|one| one.words.clone()).unwrap_or_default(),
        chatbot: Chatbot { id: key.chatbot_id.clone(), name: key.name.clone() },
        agent: AgentName { name: agents::name_for(&app, &key) },
        ui: key.look.clone(),
    };
    Ok(([(CACHE_CONTROL, "no-store")], Json(answer)))
}

/// Adds what to do about a refused key: the loader shows it to whoever put the widget on the page.
fn with_remedy(error: ApiError) -> ApiError {
    let remedy = match error.code {
        ErrorCode::KeyDeactivated => "Use another key.",
        ErrorCode::KeyInactive => "Switch the key on.",
        ErrorCode::KeyExpired => "Extend the key.",
        ErrorCode::OriginNotAllowed => "Add the website to the key.",
        ErrorCode::IpNotAllowed => "Add this address to the key.",
        ErrorCode::Unauthorized => "Check licenseKey or chatbotId.",
        _ if error.message.is_none() => "Check the widget's options.",
        _ => return error,
    };
    // The loader shows nothing else of the error.
    let message = match &error.message {
        Some(said) => format!("{said} {remedy}"),
        None => format!("{}. {remedy}", error.code.text()),
    };
    error.with_message(message)
}

/// Opens or renews the visitor's session: a token bound to the key, the visitor and the origin,
/// and the conversation to go on with.
#[utoipa::path(post, path = "/v1/widget/session", tag = "widget", request_body = SessionRequest,
    responses((status = 200, body = SessionAnswer),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn session(
    State(app): State<Shared>,
    client: Client,
    headers: HeaderMap,
    extensions: Extensions,
    extract::Json(body): extract::Json<SessionRequest>,
) -> Result<impl IntoResponse, ApiError> {
    widget_rate(&app, &client, &extensions)?;
    check(&body)?;
    let (license_key, chatbot_id) = (body.license_key.as_deref(), body.chatbot_id.as_deref());
    let origin = client.origin.as_deref();
    let page_url = body.page.as_ref().map(|page| page.url.as_str());
    let facts = log::facts(&app, &headers, client.ip, origin, page_url);
    let (found, preview) =
        key_of(&app, &client, &extensions, license_key, chatbot_id, &facts).await?;
    let opened = session::open(&app, &found, preview, origin, body).await;
    let opened = opened.inspect_err(|error| {
        log::refused(&app, &found.key.owner, error.code, &facts);
    })?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(opened)))
}

fn check(body: &SessionRequest) -> Result<(), ApiError> {
    let mut errors = FieldErrors::default();
    if let Some(page) = &body.page {
        page.check(&mut errors);
    }
    if let Some(identity) = &body.identity {
        identity.check(&mut errors);
    }
    if let Some(lead) = &body.lead {
        lead.check(&mut errors);
    }
    Ok(errors.into_result()?)
}
