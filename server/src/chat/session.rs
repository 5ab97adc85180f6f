//! Opens and renews a visitor's session: who they are, and the conversation to go on with.

use std::hash::{Hash, Hasher};
use std::time::Duration;

use serde_json::{Map, Value, json};
use shared::widget::{Lead, SessionAnswer, SessionRequest};

use super::conversation;
use crate::alerts;
use crate::app::App;
use crate::clock;
use crate::error::ApiError;
use crate::keys::identity::{self, VerifiedUser};
use crate::keys::token::{Claims, TOKEN_MS};
use crate::keys::{Found, KeyRecord, hosts};
use crate::store::visitors::KnowVisitor;

/// Opens or renews a session with a key that may be used from here; `preview` is the sign-in that a
/// preview's session lives with.
///
/// # Errors
/// What is wrong with the identity or the activation.
pub async fn open(
    app: &App,
    found: &Found,
    preview: Option<String>,
    origin: Option<&str>,
    request: SessionRequest,
) -> Result<SessionAnswer, ApiError> {
    let key = &found.key;
    let now_ms = app.clock.now_ms();
    let (mode, secrets) = (key.identity_mode, key.identity_secrets(now_ms));
    let user = identity::prove(mode, &secrets, request.identity.as_ref(), now_ms)?;
    hosts::require(app, key, found.generation, origin, None).await?;
    let visitor_id = match request.visitor_id {
        Some(id) if app.signer.is_visitor(&key.owner, &id) => id,
        _ => app.signer.new_visitor(&key.owner),
    };
    let expires_ms = now_ms + TOKEN_MS;
    let claims = Claims {
        // A token names the key itself: what is a preview's alone follows from `preview`.
        owner: key.id().to_owned(),
        generation: found.generation,
        visitor_id,
        user_id: user.as_ref().map(|user| user.id.clone()),
        preview,
        origin: origin.map(str::to_owned),
        expires_ms,
    };
    let session_id = app.signer.session_of(&claims);
    know(app, key, Some(&claims.visitor_id), &session_id, user.as_ref(), request.lead).await?;
    if request.new {
        close(app, key, &session_id).await?;
    }
    Ok(SessionAnswer {
        token: app.signer.sign(&claims),
        expires_at: clock::rfc3339(expires_ms),
        verified: user.is_some(),
        conversation: conversation::current(app, &key.owner, &session_id).await?,
        visitor_id: claims.visitor_id,
    })
}

/// Users whose claims were noted not long ago: a request with a key brings them every time.
#[derive(Debug)]
pub struct Recognised(moka::sync::Cache<(String, String), u64>);

impl Default for Recognised {
    fn default() -> Self {
        let cache = moka::sync::Cache::builder();
        Self(cache.max_capacity(20_000).time_to_live(Duration::from_secs(600)).build())
    }
}

/// Notes who speaks with a key, as [`open`] does for the widget; the conversation of the session
/// `before`, in which they had no name, becomes theirs unless they have one.
///
/// # Errors
/// When the database fails.
pub async fn recognise(
    app: &App,
    key: &KeyRecord,
    before: Option<&str>,
    session_id: &str,
    user: &VerifiedUser,
) -> Result<(), ApiError> {
    let mut hasher = std::hash::DefaultHasher::new();
    (before, &user.name, &user.email, Value::Object(user.attributes.clone())).hash(&mut hasher);
    let (who, said) = ((key.owner.clone(), session_id.to_owned()), hasher.finish());
    if app.recognised.0.get(&who) != Some(said) {
        know(app, key, before, session_id, Some(user), None).await?;
        app.recognised.0.insert(who, said);
    }
    Ok(())
}

/// Notes who the visitor is, if they or their site have said so.
async fn know(
    app: &App,
    key: &KeyRecord,
    before: Option<&str>,
    session_id: &str,
    user: Option<&VerifiedUser>,
    lead: Option<Lead>,
) -> Result<(), ApiError> {
    if user.is_none() && lead.is_none() {
        return Ok(());
    }
    let fields = lead.as_ref().and_then(|lead| lead.fields.clone()).unwrap_or_default();
    let mut attributes: Map<String, Value> = fields;
    attributes.extend(user.map(|user| user.attributes.clone()).unwrap_or_default());
    // What the site says of its user wins over what the visitor typed.
    let or = |proved: Option<&str>, typed: Option<&Option<String>>| {
        let proved = proved.filter(|text| !text.is_empty()).map(str::to_owned);
        proved.or_else(|| typed.cloned().flatten()).unwrap_or_default()
    };
    let tell = lead.as_ref().filter(|_| app.wanted.wants("lead.captured"));
    let event = tell.map(|lead| {
        let data = json!({
            "license_key_id": key.license_key_id, "name": lead.name, "email": lead.email,
            "fields": lead.fields, "user_id": user.map(|user| &user.id),
        });
        alerts::event(&app.clock, "lead.captured", key.license_key_id.as_deref(), &data)
    });
    let now_ms = app.clock.now_ms();
    app.store
        .know_visitor(KnowVisitor {
            owner: key.owner.clone(),
            session_id: session_id.to_owned(),
            user_id: user.map(|user| user.id.clone()),
            name: or(user.map(|u| u.name.as_str()), lead.as_ref().map(|lead| &lead.name)),
            email: or(user.map(|u| u.email.as_str()), lead.as_ref().map(|lead| &lead.email)),
            attributes: Value::Object(attributes).to_string(),
            now_ms,
            idle_before_ms: now_ms - app.idle_ms(),
            from_session: before.filter(|_| user.is_some()).map(str::to_owned),
            event,
        })
        .await?;
    Ok(())
}

/// Ends the open conversation, and the answer that is still being written in it.
async fn close(app: &App, key: &KeyRecord, session_id: &str) -> Result<(), ApiError> {
    let open = app.store.current(&key.owner, session_id).await?;
    if let Some(turn_id) = open.and_then(|open| open.running_turn_id)
        && let Some(turn) = app.turns.find(&turn_id, &key.owner, session_id)
    {
        let mut reader = turn.read(u64::MAX);
        turn.stop.cancel();
        reader.to_end(|_| {}).await;
    }
    app.store.close_conversation(&key.owner, session_id, app.clock.now_ms()).await?;
    Ok(())
}
