//! Sees to it that a change of a key holds at once: records are forgotten, answers end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use shared::ErrorCode;

use super::{is_preview, preview_owner};
use crate::agents;
use crate::alerts::hooks;
use crate::app::App;
use crate::licensing::signing;
use crate::settings;
use crate::sources;
use crate::store::StoreError;
use crate::store::changes::Kind;

/// How often the database is asked what has changed: by other servers, or by the command line.
const EVERY: Duration = Duration::from_millis(400);

/// After so long without an answer, changes may have been forgotten that were never read.
const FORGOTTEN: Duration = Duration::from_secs(1800);

/// A key has changed: what is remembered of it goes, and so do answers that it no longer carries.
pub async fn key_changed(app: &App, id: &str, version: i64) {
    app.keys.note_change(id, version);
    end_answers(app, id).await;
}

/// Ends the key's running answers that it no longer carries.
pub async fn end_answers(app: &App, id: &str) {
    let mut turns = app.turns.running_of(id);
    turns.extend(app.turns.running_of(&preview_owner(id)));
    if turns.is_empty() {
        return;
    }
    let now_ms = app.clock.now_ms();
    let record = app.keys.by_owner(id).await.ok().flatten();
    for turn in turns {
        let code = match &record {
            // A preview asks for the key's generation alone.
            Some(key) if is_preview(&turn.ids.owner) => (!key
                .accepts_generation(turn.ids.generation, now_ms))
            .then_some(ErrorCode::KeyInactive),
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
    let mut last = Instant::now();
    loop {
        tokio::select! {
            () = app.background.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let asked = Instant::now();
        match catch_up(&app, &mut seen, last.elapsed() > FORGOTTEN).await {
            Ok(()) => {
                app.keys.confirm(asked);
                last = asked;
            }
            Err(error) => tracing::warn!(%error, "changes could not be read"),
        }
    }
}

/// Takes what has changed since; after too long a silence, believes nothing any more.
async fn catch_up(app: &App, seen: &mut i64, anew: bool) -> Result<(), StoreError> {
    if anew {
        let number = app.store.last_change().await?;
        app.keys.forget_all();
        hooks::reload(app).await?;
        settings::reload(app).await?;
        sources::reload(app).await?;
        agents::reload(app).await?;
        signing::load(app).await?;
        *seen = number;
        return Ok(());
    }
    let changes = app.store.changes_since(*seen).await?;
    for change in changes.iter().filter(|change| change.is(Kind::LicenseKey)) {
        key_changed(app, &change.subject, change.version).await;
    }
    // What is read as a whole is read once, however often it has changed: an import changes its
    // source with every page.
    let has = |kind| changes.iter().any(|change| change.is(kind));
    if has(Kind::Webhooks) {
        hooks::reload(app).await?;
    }
    if has(Kind::Settings) {
        settings::reload(app).await?;
    }
    if has(Kind::DataSources) {
        sources::reload(app).await?;
    }
    if has(Kind::Agents) {
        agents::reload(app).await?;
    }
    if has(Kind::SigningKeys) {
        signing::load(app).await?;
    }
    // Only once all was taken: what failed is taken the next time.
    *seen = changes.iter().map(|change| change.number).fold(*seen, i64::max);
    Ok(())
}
