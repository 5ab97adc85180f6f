//! Sees to it that a change of a key holds at once: records are forgotten, answers end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use shared::ErrorCode;

use crate::app::App;
use crate::store::changes::{Change, Kind};

/// How often the database is asked what has changed: by other servers, or by the command line.
const EVERY: Duration = Duration::from_millis(400);

/// A key has changed: what is remembered of it goes, and so do answers that it no longer carries.
pub async fn key_changed(app: &App, id: &str, version: i64) {
    app.keys.note_change(id, version);
    end_answers(app, id).await;
}

/// Ends the key's running answers that it no longer carries.
pub async fn end_answers(app: &App, id: &str) {
    let turns = app.turns.running_of(id);
    if turns.is_empty() {
        return;
    }
    let now_ms = app.clock.now_ms();
    let record = app.keys.by_owner(id).await.ok().flatten();
    for turn in turns {
        let code = match &record {
            Some(key) if key.deactivated => Some(ErrorCode::KeyDeactivated),
            Some(key) if !key.is_active => Some(ErrorCode::KeyInactive),
            Some(key) if key.accepts_generation(turn.ids.generation, now_ms) => None,
            // Regenerated, removed, or not to be known: closed is the safe side.
            _ => Some(ErrorCode::KeyInactive),
        };
        if let Some(code) = code {
            turn.revoke(code);
        }
    }
}

/// Asks for changes until the server stops.
pub async fn keep(app: Arc<App>, mut seen: i64) {
    loop {
        tokio::select! {
            () = app.background.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let asked = Instant::now();
        match app.store.changes_since(seen).await {
            Ok(changes) => {
                for change in changes {
                    seen = seen.max(change.number);
                    take(&app, &change).await;
                }
                app.keys.confirm(asked);
            }
            Err(error) => tracing::warn!(%error, "changes could not be read"),
        }
    }
}

async fn take(app: &App, change: &Change) {
    if change.is(Kind::LicenseKey) {
        key_changed(app, &change.subject, change.version).await;
    } else if change.is(Kind::Webhooks) {
        crate::alerts::hooks::reload(app).await;
    } else if change.is(Kind::Settings) {
        crate::settings::reload(app).await;
    }
}
