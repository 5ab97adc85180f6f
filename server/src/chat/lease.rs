//! Keeps the leases of this server's turns, and ends turns whose server is gone.

use std::sync::Arc;
use std::time::Duration;

use crate::app::App;
use crate::store::StoreError;

/// Extends and sweeps until the server stops.
pub async fn keep(app: Arc<App>) {
    let every = app.config.lease / 3;
    loop {
        tokio::select! {
            () = app.background.cancelled() => return,
            () = tokio::time::sleep(every.max(Duration::from_millis(100))) => {}
        }
        let now_ms = app.clock.now_ms();
        if app.turns.running_count() > 0
            && let Err(error) = app.store.heartbeat(&app.node, now_ms + app.lease_ms()).await
        {
            tracing::warn!(%error, "leases were not extended");
        }
        match sweep(&app, now_ms).await {
            Ok(0) => {}
            Ok(n) => tracing::warn!(turns = n, "ended answers that a stopped server left"),
            Err(error) => tracing::warn!(%error, "expired leases were not swept"),
        }
    }
}

/// Ends the turns whose lease ran out before `before_ms`; gives their number.
///
/// # Errors
/// When the database fails.
pub async fn sweep(app: &App, before_ms: i64) -> Result<usize, StoreError> {
    app.store.sweep(before_ms, app.clock.now_ms(), app.settings.now().store_questions).await
}
