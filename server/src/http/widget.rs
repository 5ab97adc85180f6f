//! What the widget asks before the first message.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::Extensions;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use shared::widget::{
    AgentName, Chatbot, ConfigAnswer, ConfigRequest, SessionAnswer, SessionRequest,
};
use shared::{ErrorBody, FieldErrors};

use crate::app::{App, Shared};
use crate::chat::conversation;
use crate::clock;
use crate::error::ApiError;
use crate::extract::licensed::{find_key, widget_rate};
use crate::extract::{self, Client};
use crate::keys::token::{Claims, TOKEN_MS};
use crate::keys::{KeyRecord, NamedKey};

async fn key_of(
    app: &App,
    client: &Client,
    extensions: &Extensions,
    license_key: Option<&str>,
    chatbot_id: Option<&str>,
) -> Result<Arc<KeyRecord>, ApiError> {
    let name = match (license_key, chatbot_id) {
        (Some(key), None) => NamedKey::Key(key),
        (None, Some(id)) => NamedKey::Chatbot(id),
        _ => {
            return Err(ApiError::field("licenseKey", "or chatbotId must be given, and not both"));
        }
    };
    find_key(app, client, extensions, name).await
}

/// The look of a chatbot. Stores nothing and counts no query.
#[utoipa::path(post, path = "/v1/widget/config", tag = "widget", request_body = ConfigRequest,
    responses((status = 200, body = ConfigAnswer),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn config(
    State(app): State<Shared>,
    client: Client,
    extensions: Extensions,
    extract::Json(body): extract::Json<ConfigRequest>,
) -> Result<impl IntoResponse, ApiError> {
    widget_rate(&app, &client, &extensions)?;
    let (license_key, chatbot_id) = (body.license_key.as_deref(), body.chatbot_id.as_deref());
    let key = key_of(&app, &client, &extensions, license_key, chatbot_id).await?;
    let answer = ConfigAnswer {
        chatbot: Chatbot { id: key.chatbot_id.clone(), name: key.name.clone() },
        agent: AgentName { name: app.agent.name.clone() },
        ui: key.look.clone(),
    };
    Ok(([(CACHE_CONTROL, "no-store")], Json(answer)))
}

/// Opens or renews the visitor's session: a token bound to the key, the visitor and the origin,
/// and the conversation to go on with.
#[utoipa::path(post, path = "/v1/widget/session", tag = "widget", request_body = SessionRequest,
    responses((status = 200, body = SessionAnswer),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn session(
    State(app): State<Shared>,
    client: Client,
    extensions: Extensions,
    extract::Json(body): extract::Json<SessionRequest>,
) -> Result<impl IntoResponse, ApiError> {
    widget_rate(&app, &client, &extensions)?;
    if let Some(page) = &body.page {
        let mut errors = FieldErrors::default();
        page.check(&mut errors);
        errors.into_result()?;
    }
    let (license_key, chatbot_id) = (body.license_key.as_deref(), body.chatbot_id.as_deref());
    let key = key_of(&app, &client, &extensions, license_key, chatbot_id).await?;
    let now_ms = app.clock.now_ms();
    let visitor_id = match body.visitor_id {
        Some(id) if app.signer.is_visitor(&key.owner, &id) => id,
        _ => app.signer.new_visitor(&key.owner),
    };
    if body.new {
        // An answer that is still being written belongs to the conversation that ends here.
        let open = app.store.current(&key.owner, &visitor_id).await?;
        if let Some(turn_id) = open.and_then(|open| open.running_turn_id)
            && let Some(turn) = app.turns.find(&turn_id, &key.owner, &visitor_id)
        {
            let mut reader = turn.read(u64::MAX);
            turn.stop.cancel();
            reader.to_end(|_| {}).await;
        }
        app.store.close_conversation(&key.owner, &visitor_id, now_ms).await?;
    }
    let expires_ms = now_ms + TOKEN_MS;
    let claims = Claims {
        owner: key.owner.clone(),
        generation: key.generation,
        visitor_id,
        origin: client.origin,
        expires_ms,
    };
    let answer = SessionAnswer {
        token: app.signer.sign(&claims),
        expires_at: clock::rfc3339(expires_ms),
        verified: false,
        conversation: conversation::current(&app, &key.owner, &claims.visitor_id).await?,
        visitor_id: claims.visitor_id,
    };
    Ok(([(CACHE_CONTROL, "no-store")], Json(answer)))
}
