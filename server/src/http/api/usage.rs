//! The usage log and what it comes to.

use std::sync::atomic::Ordering;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use shared::ErrorBody;
use shared::admin::{Analytics, MonthCount, Page, UsageEntry};

use crate::app::Shared;
use crate::clock;
use crate::error::ApiError;
use crate::extract::query::invalid;
use crate::extract::{Id, Query, Reader, paging};
use crate::keys::{STATIC_OWNER, edit};
use crate::store::StoreError;
use crate::store::usage::{UsageFilter, UsageLogRow};
use crate::table;
use crate::usage::analytics::{self, Interval, Range};

const STATUSES: &[&str] = &["ok", "failed", "stopped", "refused"];
const DAY_MS: i64 = 86_400_000;
/// Rows of a CSV file that are in memory at a time.
const CSV_ROWS: u32 = 1000;
const CSV_HEAD: &str = "id,created_at,license_key_id,conversation_id,question,status,code,count,\
    response_time_ms,first_token_ms,ip_address,referrer,domain,user_agent,agent_id,\
    data_source_id,input_tokens,output_tokens,user_id\r\n";

/// Which rows are asked for. All are optional.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct UsageQuery {
    /// 1..=200, default 50.
    limit: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// RFC 3339, included.
    from: Option<String>,
    /// RFC 3339, excluded.
    to: Option<String>,
    /// ok, failed, stopped, refused.
    status: Option<String>,
    /// Part of the question, in any case.
    q: Option<String>,
    /// Part of the website's host name.
    domain: Option<String>,
}

fn filter(owner: &str, query: UsageQuery) -> Result<UsageFilter, ApiError> {
    Ok(UsageFilter {
        owner: owner.to_owned(),
        after: paging::cursor(query.cursor.as_deref(), "next_cursor")?,
        from_ms: paging::time("from", query.from.as_deref())?.unwrap_or(0),
        to_ms: paging::time("to", query.to.as_deref())?.unwrap_or(i64::MAX),
        status: paging::word("status", query.status.as_deref(), STATUSES)?.unwrap_or(""),
        q: paging::text("q", query.q)?,
        domain: paging::text("domain", query.domain)?,
        limit: paging::limit(query.limit.as_deref(), paging::USUAL)?,
    })
}

fn view(row: UsageLogRow) -> UsageEntry {
    UsageEntry {
        id: row.id,
        created_at: clock::rfc3339(row.created_at),
        license_key_id: Some(row.owner).filter(|owner| owner != STATIC_OWNER),
        conversation_id: row.conversation_id,
        question: row.question,
        status: row.status,
        code: row.code,
        count: row.count,
        response_time_ms: row.response_time_ms,
        first_token_ms: row.first_token_ms,
        ip_address: row.ip_address,
        referrer: row.referrer,
        domain: row.domain,
        user_agent: row.user_agent,
        agent_id: row.agent_id,
        agent_name: row.agent_name,
        data_source_id: row.data_source_id,
        data_source_name: row.data_source_name,
        input_tokens: row.input_tokens,
        output_tokens: row.output_tokens,
        user_id: row.user_id,
    }
}

/// A key's usage log, newest first.
#[utoipa::path(get, path = "/api/license-keys/{id}/usage", tag = "usage",
    params(("id" = String, Path), UsageQuery),
    responses((status = 200, body = Page<UsageEntry>),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn list(
    State(app): State<Shared>,
    _: Reader,
    Id(id): Id,
    Query(query): Query<UsageQuery>,
) -> Result<Json<Page<UsageEntry>>, ApiError> {
    let filter = filter(&id, query)?;
    edit::row(&app, &id).await?;
    let rows = app.store.usage(&filter).await?;
    let total = app.store.usage_total(&filter).await?;
    Ok(Json(paging::page((rows, total), filter.limit, |row| (row.created_at, &row.id), view)))
}

/// The same as a CSV file, of any length.
#[utoipa::path(get, path = "/api/license-keys/{id}/usage.csv", tag = "usage",
    params(("id" = String, Path), UsageQuery),
    responses((status = 200, description = "RFC 4180", content_type = "text/csv"),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn csv(
    State(app): State<Shared>,
    _: Reader,
    Id(id): Id,
    Query(query): Query<UsageQuery>,
) -> Result<Response, ApiError> {
    let filter = UsageFilter { limit: CSV_ROWS, ..filter(&id, query)? };
    edit::row(&app, &id).await?;
    let name = format!("attachment; filename=\"usage-{id}.csv\"");
    let headers =
        [(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)];
    let start = Some((filter, true));
    let pages = futures_util::stream::unfold(start, move |state| {
        let app = app.clone();
        async move {
            let (mut filter, first) = state?;
            let rows = match app.store.usage(&filter).await {
                Ok(rows) => rows,
                // The file breaks off, which the browser shows, instead of looking whole.
                Err(error) => return Some((Err::<Bytes, StoreError>(error), None)),
            };
            let more = rows.len() == usize::try_from(CSV_ROWS).unwrap_or(usize::MAX);
            filter.after = rows.last().map(|row| (row.created_at, row.id.clone()));
            let mut text = String::from(if first { CSV_HEAD } else { "" });
            rows.into_iter().for_each(|row| write_line(&mut text, view(row)));
            Some((Ok(Bytes::from(text)), more.then_some((filter, false))))
        }
    });
    Ok((headers, Body::from_stream(pages)).into_response())
}

fn write_line(out: &mut String, row: UsageEntry) {
    let text = |text: Option<String>| text.unwrap_or_default();
    let number = |n: Option<i64>| n.map(|n| n.to_string()).unwrap_or_default();
    let cells = [
        row.id,
        row.created_at,
        text(row.license_key_id),
        text(row.conversation_id),
        row.question,
        row.status,
        text(row.code),
        row.count.to_string(),
        number(row.response_time_ms),
        number(row.first_token_ms),
        row.ip_address,
        row.referrer,
        row.domain,
        row.user_agent,
        text(row.agent_id),
        text(row.data_source_id),
        number(row.input_tokens),
        number(row.output_tokens),
        text(row.user_id),
    ];
    table::write_line(out, &cells);
}

/// Over which time. All are optional.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct RangeQuery {
    /// RFC 3339, included; 30 days before `to` when it is left out.
    from: Option<String>,
    /// RFC 3339, excluded; now when it is left out.
    to: Option<String>,
    /// hour, day (when it is left out), month.
    interval: Option<String>,
    /// true: each period of the series tells its response times.
    response_times: Option<String>,
}

pub(super) fn range(query: &RangeQuery, now_ms: i64) -> Result<Range, ApiError> {
    // The present millisecond is part of now.
    let to_ms = paging::time("to", query.to.as_deref())?.unwrap_or(now_ms + 1);
    let from_ms = paging::time("from", query.from.as_deref())?.unwrap_or(to_ms - 30 * DAY_MS);
    if from_ms >= to_ms {
        return Err(invalid("from", "must be before to"));
    }
    let interval = query.interval.as_deref().map_or(Some(Interval::Day), Interval::parse);
    let interval =
        interval.ok_or_else(|| invalid("interval", "must be one of hour, day, month"))?;
    let times =
        paging::word("response_times", query.response_times.as_deref(), &["true", "false"])?;
    Ok(Range { from_ms, to_ms, interval, with_times: times == Some("true") })
}

/// What a key's usage comes to.
#[utoipa::path(get, path = "/api/license-keys/{id}/analytics", tag = "usage",
    params(("id" = String, Path), RangeQuery),
    responses((status = 200, body = Analytics),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn of_key(
    State(app): State<Shared>,
    _: Reader,
    Id(id): Id,
    Query(query): Query<RangeQuery>,
) -> Result<Json<Analytics>, ApiError> {
    let now_ms = app.clock.now_ms();
    let range = range(&query, now_ms)?;
    let row = edit::row(&app, &id).await?;
    let used = app.store.monthly_usage(&id, clock::month_of(now_ms)).await?;
    let month = MonthCount { used, limit: row.monthly_usage_limit };
    analytics::analytics(&app.store, &id, range, month, None).await.map(Json)
}

/// What the usage of all keys comes to.
#[utoipa::path(get, path = "/api/analytics", tag = "usage", params(RangeQuery),
    responses((status = 200, body = Analytics),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn of_all(
    State(app): State<Shared>,
    _: Reader,
    Query(query): Query<RangeQuery>,
) -> Result<Json<Analytics>, ApiError> {
    let now_ms = app.clock.now_ms();
    let range = range(&query, now_ms)?;
    let used = app.store.month_total(clock::month_of(now_ms)).await?;
    let unknown = app.keys.unknown_requests.load(Ordering::Relaxed);
    let month = MonthCount { used, limit: None };
    analytics::analytics(&app.store, "", range, month, Some(unknown)).await.map(Json)
}
