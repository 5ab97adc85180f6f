//! The dashboard's first page: figures, keys, conversations and reminders in one answer.

use std::sync::atomic::Ordering;

use shared::admin::{Analytics, MonthCount};
use shared::overview::{Figures, NearLimit, Overview};

use super::analytics::{self, Interval, Range};
use crate::app::App;
use crate::chat::thread;
use crate::clock;
use crate::error::ApiError;
use crate::people::api_key;
use crate::store::conversations::Filter;
use crate::store::license_keys::KeyFilter;

/// Keys near their limit that are named.
const NEAR_LIMIT: u32 = 20;
/// Conversations that are shown.
const LATEST: u32 = 10;

/// How things stand now, with the usage in `range` as a series.
///
/// # Errors
/// 400 for a range of too many periods; when the database fails.
pub async fn overview(app: &App, range: Range) -> Result<Overview, ApiError> {
    let now_ms = app.clock.now_ms();
    let since = |from_ms: i64| Range {
        from_ms,
        to_ms: now_ms + 1,
        interval: Interval::Day,
        with_times: false,
    };
    let ranged = of_all(app, range).await?;
    let month = clock::month_of(now_ms);
    let (near_limit, near_limit_total) =
        app.store.keys_near_limit(month, now_ms, NEAR_LIMIT).await?;
    let latest = Filter { to_ms: i64::MAX, thorough: true, limit: LATEST, ..Filter::default() };
    let (latest, _) = app.store.conversations(&latest).await?;
    Ok(Overview {
        today: figures(of_all(app, since(Interval::Day.begin(now_ms))).await?),
        month: figures(of_all(app, since(Interval::Month.begin(now_ms))).await?),
        from: ranged.from.clone(),
        to: ranged.to.clone(),
        interval: ranged.interval.clone(),
        series: ranged.series.clone(),
        range: figures(ranged),
        active_keys: keys(app, Some("active"), now_ms).await?,
        keys: keys(app, None, now_ms).await?,
        near_limit: near_limit
            .into_iter()
            .map(|row| NearLimit { id: row.id, name: row.name, used: row.used, limit: row.most })
            .collect(),
        near_limit_total,
        unknown_keys: app.keys.unknown_requests.load(Ordering::Relaxed),
        conversations: latest.into_iter().map(thread::summary).collect(),
        unread_notifications: app.store.unread_notifications().await?,
        audit_reminder: api_key::audit_reminder(app).await?,
    })
}

async fn of_all(app: &App, range: Range) -> Result<Analytics, ApiError> {
    analytics::analytics(&app.store, "", range, MonthCount::default(), None).await
}

fn figures(told: Analytics) -> Figures {
    Figures { totals: told.totals, response_time_ms: told.response_time_ms }
}

/// How many license keys there are with this status.
async fn keys(app: &App, status: Option<&'static str>, now_ms: i64) -> Result<i64, ApiError> {
    let filter = KeyFilter { after: None, q: None, status, of_orders: false, now_ms, limit: 1 };
    Ok(app.store.license_keys(&filter).await?.1)
}
