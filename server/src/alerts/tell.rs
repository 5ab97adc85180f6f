//! The background task that tells: from events to deliveries, and each delivery until it arrives.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::{EVENTS, NOTABLE, TEST, hooks};
use crate::app::App;
use crate::clock;
use crate::licensing::letter;
use crate::store::StoreError;
use crate::store::events::{Attempt, DueDelivery, NewDelivery, NewEvent};
use crate::store::webhooks::WebhookRow;

/// How often the database is asked when nobody says that there is something.
const EVERY: Duration = Duration::from_millis(400);
/// Seconds after which a failed delivery is tried again; after the last it is given up.
const RETRIES: [i64; 8] = [5, 30, 120, 600, 1800, 7200, 18_000, 36_000];
/// Deliveries to one receiver that are under way at a time.
const AT_ONCE: usize = 4;
/// How long a delivery belongs to the server that has taken it.
const CLAIM_MS: i64 = 60_000;

/// What is said of a delivery to a webhook that is switched off: it is not tried again.
const SWITCHED_OFF: &str = "the webhook is switched off";

/// Tells until the server stops.
pub async fn keep(app: Arc<App>) {
    let busy = Busy::default();
    loop {
        tokio::select! {
            () = app.background.cancelled() => return,
            () = app.teller.notified() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Err(error) = tell_all(&app).await {
            tracing::warn!(%error, "events could not be told");
        }
        if let Err(error) = deliver_all(&app, &busy).await {
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
    let notable = is_notable(&event);
    if notable && app.mailer.is_some() {
        let admins = app.store.admin_emails().await?;
        deliveries.extend(admins.into_iter().map(|email| new(None, Some(email))));
    }
    let notification = notable.then(|| app.clock.ulid());
    app.store.tell_event(event, notification, deliveries, app.clock.now_ms()).await
}

/// Whether an event rings the bell. A website that begins to use a key does: its owner may not know
/// of it. A device does not: activating it is what the customer has bought.
fn is_notable(event: &NewEvent) -> bool {
    let is_device = || {
        let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
        data["host"].is_null()
    };
    NOTABLE.contains(&event.kind.as_str()) && (event.kind != "license.activated" || !is_device())
}

/// The receivers that are being told something, and how much at a time.
type Busy = Arc<Mutex<HashMap<String, usize>>>;

/// Takes a place at the receiver; false when it has as many deliveries as it may have.
fn take_place(busy: &Busy, receiver: &str) -> bool {
    let mut busy = busy.lock().unwrap_or_else(PoisonError::into_inner);
    let under_way = busy.entry(receiver.to_owned()).or_default();
    let free = *under_way < AT_ONCE;
    *under_way += usize::from(free);
    free
}

fn give_place_back(busy: &Busy, receiver: &str) {
    let mut busy = busy.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(under_way) = busy.get_mut(receiver) {
        *under_way -= 1;
        if *under_way == 0 {
            busy.remove(receiver);
        }
    }
}

/// Begins what is due, a few of each receiver: a slow one does not hold up the others.
async fn deliver_all(app: &Arc<App>, busy: &Busy) -> Result<(), StoreError> {
    let now_ms = app.clock.now_ms();
    for due in app.store.due_deliveries(now_ms).await? {
        let receiver = due.webhook_id.clone().or_else(|| due.email.clone()).unwrap_or_default();
        if !take_place(busy, &receiver) {
            continue;
        }
        if !app.store.claim_delivery(&due, now_ms + CLAIM_MS).await? {
            give_place_back(busy, &receiver);
            continue;
        }
        let (shared, busy) = (Arc::clone(app), Arc::clone(busy));
        app.tasks.spawn(async move {
            let killed = shared.killed.clone();
            if let Some(Err(error)) = killed.run_until_cancelled(deliver(&shared, due)).await {
                tracing::warn!(%error, "a delivery could not be noted");
            }
            give_place_back(&busy, &receiver);
            // There may be more than were taken at once.
            shared.teller.notify_one();
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
    let data = serde_json::from_str(&due.data).unwrap_or_default();
    if due.kind == letter::KIND {
        return letter::send(app, &due.id, email, &data).await;
    }
    let mailer = app.mailer.as_ref().ok_or("no mail server is configured")?;
    mailer.send(email, &due.id, &due.kind, &data).await
}
