//! What is done beside the requests: sums, retention, announcements, notes of last use.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::alerts;
use crate::app::App;
use crate::clock;
use crate::keys::watch;
use crate::store::StoreError;
use crate::usage::log;

const TICK: Duration = Duration::from_millis(500);
const DAY_MS: i64 = 86_400_000;
/// Rows are summed once they are this old: by then every one of their time is committed.
const SETTLED_MS: i64 = 30_000;
/// Days before a key's expiry on which it is announced.
const ANNOUNCED_DAYS: [i64; 3] = [30, 7, 1];
/// Events that were told, their deliveries, and imports that ended are kept this long.
const EVENTS_KEPT_MS: i64 = 30 * DAY_MS;
/// Servers that have not asked for changes for this long start anew.
const CHANGES_KEPT_MS: i64 = 3_600_000;

/// When license keys, or devices, were last used, until it is noted in the database.
#[derive(Debug, Default)]
pub struct LastUsed(Mutex<HashMap<String, i64>>);

impl LastUsed {
    /// A key, or a device, is used now.
    pub fn note(&self, id: &str, now_ms: i64) {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match used.get_mut(id) {
            Some(at) => *at = now_ms,
            None => drop(used.insert(id.to_owned(), now_ms)),
        }
    }

    fn take(&self) -> Vec<(String, i64)> {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut used: Vec<_> = std::mem::take(&mut *used).into_iter().collect();
        // One order on every server: two that write the same keys do not wait for each other.
        used.sort_unstable();
        used
    }
}

/// Something that is due when so much time has passed, by the server's clock or by the machine's:
/// the first may be held still by a test, the second cannot be moved by one.
struct Due {
    every: Duration,
    last: Option<(i64, Instant)>,
}

impl Due {
    fn every(seconds: u64) -> Self {
        Self { every: Duration::from_secs(seconds), last: None }
    }

    fn now(&mut self, now_ms: i64) -> bool {
        let every = i64::try_from(self.every.as_millis()).unwrap_or(i64::MAX);
        let due = self.last.is_none_or(|(at_ms, at)| {
            now_ms - at_ms >= every || now_ms < at_ms || at.elapsed() >= self.every
        });
        if due {
            self.last = Some((now_ms, Instant::now()));
        }
        due
    }
}

/// Works until the server stops.
pub async fn keep(app: Arc<App>) {
    let (mut often, mut sometimes) = (Due::every(5), Due::every(60));
    loop {
        let now_ms = app.clock.now_ms();
        let (often, sometimes) = (often.now(now_ms), sometimes.now(now_ms));
        if let Err(error) = round(&app, now_ms, often, sometimes).await {
            tracing::warn!(%error, "upkeep did not come to its end");
        }
        tokio::select! {
            () = app.background.cancelled() => return,
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

async fn round(
    app: &Arc<App>,
    now_ms: i64,
    often: bool,
    sometimes: bool,
) -> Result<(), StoreError> {
    for (id, version) in app.store.end_overlaps(now_ms).await? {
        watch::key_changed(app, &id, version).await;
    }
    log::flush(app, false);
    if often {
        note_last_used(app).await?;
        app.store.roll_up(now_ms - SETTLED_MS).await?;
    }
    if sometimes {
        announce_expiries(app, now_ms).await?;
        remove_old(app, now_ms).await?;
    }
    Ok(())
}

/// Notes in the database when keys and devices were last used.
///
/// # Errors
/// When the database fails; then the next use notes it.
pub async fn note_last_used(app: &App) -> Result<(), StoreError> {
    let used = app.last_used.take();
    if !used.is_empty() {
        app.store.touch_keys(used).await?;
    }
    let seen = app.last_seen.take();
    if seen.is_empty() { Ok(()) } else { app.store.see_instances(seen).await }
}

async fn announce_expiries(app: &App, now_ms: i64) -> Result<(), StoreError> {
    // From the nearest on: a key that expires tomorrow is not announced for 30 days as well.
    for days in ANNOUNCED_DAYS.into_iter().rev() {
        for row in app.store.expiring_keys(now_ms, days).await? {
            let left = row.expires_at.unwrap_or(now_ms) - now_ms;
            let data = json!({
                "license_key_id": row.id,
                "name": row.name,
                "days": (left + DAY_MS - 1) / DAY_MS,
                "expires_at": row.expires_at.map(clock::rfc3339),
            });
            let event = alerts::event(&app.clock, "license_key.expiring", Some(&row.id), &data);
            app.store.announce_expiry(&row.id, days, event).await?;
        }
    }
    Ok(())
}

async fn remove_old(app: &App, now_ms: i64) -> Result<(), StoreError> {
    let settings = app.settings.now();
    // Whole days, so that the sums by day stay right.
    let day = |days: u32| (now_ms - i64::from(days) * DAY_MS).div_euclid(DAY_MS) * DAY_MS;
    app.store.remove_usage_before(day(settings.retention_days)).await?;
    app.store.remove_notifications_before(day(settings.retention_days)).await?;
    if let Some(days) = settings.conversation_retention_days {
        app.store.remove_conversations_before(now_ms - i64::from(days) * DAY_MS).await?;
    }
    app.store.forget_events(now_ms - EVENTS_KEPT_MS).await?;
    app.store.forget_imports(now_ms - EVENTS_KEPT_MS).await?;
    // Whoever was reading these files is gone.
    app.store.forget_order_imports(now_ms - DAY_MS).await?;
    app.store.forget_changes(now_ms - CHANGES_KEPT_MS).await?;
    app.store.forget_sign_ins(now_ms).await
}
