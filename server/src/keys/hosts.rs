//! Activations of websites: a key with an activation limit works on so many hosts at a time.

use std::time::Duration;

use serde_json::json;
use shared::ErrorCode;
use url::Url;

use super::KeyRecord;
use crate::alerts;
use crate::app::App;
use crate::error::ApiError;
use crate::store::activations::{HostSeen, SeeHost};

/// A website that was not seen for this long gives its place back.
pub const IDLE_MS: i64 = 30 * 86_400_000;
/// How long an activation is believed before it is renewed.
const BELIEVED: Duration = Duration::from_secs(60);
/// Activations that are remembered.
const REMEMBERED: u64 = 20_000;

/// Activations that were checked not long ago, and owners that were told not long ago.
#[derive(Debug)]
pub struct Activations {
    /// Key, its version, and host or instance; when it was renewed.
    seen: moka::sync::Cache<(String, i64, String), i64>,
    told: moka::sync::Cache<String, ()>,
}

impl Default for Activations {
    fn default() -> Self {
        Self {
            seen: moka::sync::Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_live(BELIEVED)
                .build(),
            told: moka::sync::Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_live(Duration::from_secs(3600))
                .build(),
        }
    }
}

impl Activations {
    /// An activation has ended by its own wish: from now on this server does not believe in it.
    pub fn forget(&self, key: &str, version: i64, instance_id: &str, host: Option<&str>) {
        let whom =
            [Some(format!("instance {instance_id}")), host.map(|host| format!("host {host}"))];
        for who in whom.into_iter().flatten() {
            self.seen.invalidate(&(key.to_owned(), version, who));
        }
    }
}

/// The host of a serialised origin, without its port.
#[must_use]
pub fn host_of(origin: &str) -> Option<String> {
    Url::parse(origin).ok()?.host_str().map(str::to_owned)
}

/// Whether the owner was not told this within the last hour; from now on they are.
pub fn is_news(app: &App, id: &str, what: &str) -> bool {
    let about = format!("{what} {id}");
    let news = !app.activations.told.contains_key(&about);
    app.activations.told.insert(about, ());
    news
}

/// Takes or renews the activation that the request needs, if the key has an activation limit: that
/// of the page's host, or the one that `instance_id` names.
///
/// # Errors
/// `activation_limit_reached`, `activation_required`.
pub async fn require(
    app: &App,
    key: &KeyRecord,
    generation: i64,
    origin: Option<&str>,
    instance_id: Option<&str>,
) -> Result<(), ApiError> {
    let (Some(rule), Some(id)) = (key.activations, &key.license_key_id) else { return Ok(()) };
    let now_ms = app.clock.now_ms();
    let who = instance_id.map(str::to_owned).or_else(|| origin.and_then(host_of));
    let Some(who) = who else {
        return Err(ApiError::new(ErrorCode::ActivationRequired).with_message(
            "This key has an activation limit: send an Origin header, or the instanceId of an \
             activation.",
        ));
    };
    // A page cannot pass off its host as an activation, nor an activation as a host.
    let kind = if instance_id.is_some() { "instance" } else { "host" };
    let remembered = (id.clone(), key.version, format!("{kind} {who}"));
    let believed = i64::try_from(BELIEVED.as_millis()).unwrap_or(0);
    if app.activations.seen.get(&remembered).is_some_and(|at| now_ms - at < believed) {
        return Ok(());
    }
    if let Some(instance_id) = instance_id {
        if !app.store.see_instance(id, instance_id, generation, now_ms).await? {
            return Err(ApiError::new(ErrorCode::ActivationRequired)
                .with_message("instanceId names no activation of this key."));
        }
        app.activations.seen.insert(remembered, now_ms);
        return Ok(());
    }
    let activation_id = app.clock.ulid();
    let about = json!({
        "license_key_id": id, "name": key.name, "host": who, "instance_id": activation_id,
    });
    let event = |kind: &str| alerts::event(&app.clock, kind, Some(id), &about);
    let seen = app
        .store
        .see_host(SeeHost {
            license_key_id: id.clone(),
            host: who.clone(),
            id: activation_id.clone(),
            generation,
            limit: rule.limit,
            auto: rule.auto,
            now_ms,
            idle_before_ms: now_ms - IDLE_MS,
            taken: event("license.activated"),
            waiting: (!rule.auto && is_news(app, id, &who))
                .then(|| event("license.activation_pending")),
        })
        .await?;
    match seen {
        HostSeen::Active => {
            app.activations.seen.insert(remembered, now_ms);
            Ok(())
        }
        HostSeen::Pending => Err(ApiError::new(ErrorCode::ActivationRequired)
            .with_message(format!("The website {who} waits for its approval by an admin."))),
        HostSeen::LimitReached => {
            if is_news(app, id, "limit") {
                app.store.add_events(vec![event("license.activation_limit_reached")]).await?;
                app.teller.notify_one();
            }
            Err(ApiError::new(ErrorCode::ActivationLimitReached).with_message(format!(
                "This key may be used on {} websites and devices at a time; {who} would be one \
                 more.",
                rule.limit
            )))
        }
    }
}
