//! The background task that tells: from events to deliveries, and each delivery until it arrives.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::{EVENTS, NOTABLE, TEST, hooks};
use crate::app::App;
use crate::clock;
use crate::store::StoreError;
use crate::store::events::{Attempt, DueDelivery, NewDelivery, NewEvent};
use crate::store::webhooks::WebhookRow;

/// How often the database is asked when nobody says that there is something.
const EVERY: Duration = Duration::from_millis(400);
/// Seconds after which a failed delivery is tried again; after the last it is given up.
const RETRIES: [i64; 8] = [5, 30, 120, 600, 1800, 7200, 18_000, 36_000];
/// Deliveries that are under way at a time.
const AT_ONCE: usize = 16;
/// How long a delivery belongs to the server that has taken it.
const CLAIM_MS: i64 = 60_000;

/// What is said of a delivery to a webhook that is switched off: it is not tried again.
const SWITCHED_OFF: &str = "the webhook is switched off";

/// Tells until the server stops.
pub async fn keep(app: Arc<App>) {
    let at_once = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        tokio::select! {
            () = app.background.cancelled() => return,
            () = app.teller.notified() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Err(error) = tell_all(&app).await {
            tracing::warn!(%error, "events could not be told");
        }
        if let Err(error) = deliver_all(&app, &at_once).await {
            tracing::warn!(%error, "deliveries could not be made");
        }
    }
}

async fn tell_all(app: &App) -> Result<(), StoreError> {
    loop {
        let events = app.store.untold_events().await?;
        if events.is_empty() {
            return Ok(());
        }
        let webhooks = app.store.webhooks().await?;
        for event in events {
            tell(app, event, &webhooks).await?;
        }
    }
}

async fn tell(app: &App, event: NewEvent, webhooks: &[WebhookRow]) -> Result<(), StoreError> {
    let mut deliveries = Vec::new();
    let new = |webhook_id: Option<String>, email: Option<String>| NewDelivery {
        id: app.clock.ulid(),
        webhook_id,
        email,
    };
    // A test names the one webhook that it is for.
    let only = (!EVENTS.contains(&event.kind.as_str()))
        .then(|| serde_json::from_str::<Value>(&event.data).unwrap_or_default());
    for webhook in webhooks {
        let chosen = match &only {
            Some(data) => data["webhook_id"] == webhook.id.as_str(),
            None => webhook.is_active && hooks::chosen(webhook).contains(&event.kind),
        };
        if chosen {
            deliveries.push(new(Some(webhook.id.clone()), None));
        }
    }
    let notable = NOTABLE.contains(&event.kind.as_str());
    if notable && app.mailer.is_some() {
        let admins = app.store.admin_emails().await?;
        deliveries.extend(admins.into_iter().map(|email| new(None, Some(email))));
    }
    let notification = notable.then(|| app.clock.ulid());
    app.store.tell_event(event, notification, deliveries, app.clock.now_ms()).await
}

/// Begins what is due, so much at a time; a slow receiver does not hold up the others.
async fn deliver_all(app: &Arc<App>, at_once: &Arc<Semaphore>) -> Result<(), StoreError> {
    let now_ms = app.clock.now_ms();
    for due in app.store.due_deliveries(now_ms).await? {
        let Ok(permit) = Arc::clone(at_once).try_acquire_owned() else { return Ok(()) };
        if !app.store.claim_delivery(&due, now_ms + CLAIM_MS).await? {
            continue;
        }
        let shared = Arc::clone(app);
        app.tasks.spawn(async move {
            let killed = shared.killed.clone();
            if let Some(Err(error)) = killed.run_until_cancelled(deliver(&shared, due)).await {
                tracing::warn!(%error, "a delivery could not be noted");
            }
            drop(permit);
        });
    }
    Ok(())
}

/// One attempt, and what becomes of the delivery.
async fn deliver(app: &App, due: DueDelivery) -> Result<(), StoreError> {
    let (status, error) = match (&due.webhook_id, &due.email) {
        (Some(webhook_id), _) => to_webhook(app, &due, webhook_id).await?,
        (None, Some(email)) => (None, to_mail(app, &due, email).await.err()),
        (None, None) => (None, Some("nobody to deliver to".into())),
    };
    let now_ms = app.clock.now_ms();
    let tried = usize::try_from(due.attempts).unwrap_or(usize::MAX);
    let (state, next_attempt_at) = match (error.as_deref(), RETRIES.get(tried)) {
        (None, _) => ("delivered", now_ms),
        (Some(SWITCHED_OFF), _) => ("failed", now_ms),
        (Some(_), Some(seconds)) => ("pending", now_ms + jittered(seconds * 1000)),
        (Some(_), None) => ("failed", now_ms),
    };
    app.store
        .settle_delivery(Attempt {
            delivery_id: due.id,
            status: state,
            next_attempt_at,
            last_status: status.map(i64::from),
            delivered_at: error.is_none().then_some(now_ms),
            last_error: error,
        })
        .await
}

/// A fifth more or less, so that many that failed together do not come again together.
fn jittered(ms: i64) -> i64 {
    let random = i64::from(u16::from_be_bytes(clock::random::<2>()));
    ms * 4 / 5 + ms * 2 / 5 * random / i64::from(u16::MAX)
}

async fn to_webhook(
    app: &App,
    due: &DueDelivery,
    webhook_id: &str,
) -> Result<(Option<u16>, Option<String>), StoreError> {
    let Some(row) = app.store.webhook(webhook_id).await? else {
        return Ok((None, Some("the webhook is gone".into())));
    };
    if !row.is_active && due.kind != TEST {
        return Ok((None, Some(SWITCHED_OFF.into())));
    }
    let Some(secret) = hooks::secret(app, &row) else {
        return Ok((None, Some("the webhook's secret cannot be opened".into())));
    };
    let data: Value = serde_json::from_str(&due.data).unwrap_or_default();
    let body = json!({
        "type": due.kind, "timestamp": clock::rfc3339(due.created_at), "data": data,
    });
    let now_ms = app.clock.now_ms();
    let sent = app.sender.send(&row.url, &secret, &due.event_id, now_ms, body.to_string()).await;
    Ok((sent.status, sent.error))
}

async fn to_mail(app: &App, due: &DueDelivery, email: &str) -> Result<(), String> {
    let mailer = app.mailer.as_ref().ok_or("no mail server is configured")?;
    let data = serde_json::from_str(&due.data).unwrap_or_default();
    mailer.send(email, &due.id, &due.kind, &data).await
}
