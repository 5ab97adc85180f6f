//! Conversations for admins: found, read, followed, exported, removed.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, json};
use shared::admin::Page;
use shared::admin_conversation::{ConversationSummary, ConversationThread, LiveLine};
use shared::{ErrorBody, ErrorCode};

use crate::app::{App, Shared};
use crate::chat::{follow, thread, transcript};
use crate::error::ApiError;
use crate::extract::query::invalid;
use crate::extract::{Id, Query, Reader, Writer, paging};
use crate::http::chat::ndjson;
use crate::store::conversations::Filter;

/// Conversations of an export that are in memory at a time.
const EXPORTED_AT_ONCE: u32 = 50;

/// Which conversations are asked for. All are optional.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ConversationQuery {
    /// 1..=200, default 50; not for an export.
    limit: Option<String>,
    /// `next_cursor` of the page before; not for an export.
    cursor: Option<String>,
    /// Part of any message, or of the visitor's name or e-mail address.
    q: Option<String>,
    license_key_id: Option<String>,
    /// An agent that has answered in it.
    agent_id: Option<String>,
    /// The visitor of a conversation: all of theirs.
    visitor_id: Option<String>,
    /// RFC 3339; by `updated_at`, included.
    from: Option<String>,
    /// RFC 3339; by `updated_at`, excluded.
    to: Option<String>,
    /// up, down, any: answers with such a rating.
    feedback: Option<String>,
    /// open, closed, running.
    status: Option<String>,
    /// true, false: whether an answer has failed.
    has_error: Option<String>,
    /// csv, json (when it is left out); for an export only.
    format: Option<String>,
}

/// How a conversation is to be written.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct FormatQuery {
    /// json (when it is left out), csv, txt.
    format: Option<String>,
}

/// From where on a conversation is followed.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct LiveQuery {
    /// The `position` of the last message that is known; 0 when it is left out.
    after: Option<String>,
}

fn filter(query: &ConversationQuery) -> Result<Filter, ApiError> {
    let text = |field: &str, value: &Option<String>| paging::text(field, value.clone());
    let word = |field: &str, value: &Option<String>, words| {
        paging::word(field, value.as_deref(), words).map(Option::unwrap_or_default)
    };
    Ok(Filter {
        after: paging::cursor(query.cursor.as_deref(), "next_cursor")?,
        from_ms: paging::time("from", query.from.as_deref())?.unwrap_or(i64::MIN),
        to_ms: paging::time("to", query.to.as_deref())?.unwrap_or(i64::MAX),
        license_key_id: text("license_key_id", &query.license_key_id)?.unwrap_or_default(),
        q: text("q", &query.q)?,
        thorough: true,
        agent_id: text("agent_id", &query.agent_id)?.unwrap_or_default(),
        visitor_id: text("visitor_id", &query.visitor_id)?.unwrap_or_default(),
        rating: word("feedback", &query.feedback, &["up", "down", "any"])?,
        status: word("status", &query.status, &["open", "closed", "running"])?,
        has_error: word("has_error", &query.has_error, &["true", "false"])?,
        limit: paging::limit(query.limit.as_deref(), paging::USUAL)?,
    })
}

async fn found(app: &App, id: &str) -> Result<ConversationThread, ApiError> {
    let row = app.store.conversation(id).await?.ok_or(ErrorCode::NotFound)?;
    thread::whole(app, row).await
}

/// Lists conversations, the one with the newest message first; previews are left out.
#[utoipa::path(get, path = "/api/conversations", tag = "conversations", params(ConversationQuery),
    responses((status = 200, body = Page<ConversationSummary>),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn list(
    State(app): State<Shared>,
    _: Reader,
    Query(query): Query<ConversationQuery>,
) -> Result<Json<Page<ConversationSummary>>, ApiError> {
    let filter = filter(&query)?;
    let found = app.store.conversations(&filter).await?;
    let place = |row: &crate::store::conversations::Summary| row.updated_at;
    let next_cursor = paging::next(&found.0, filter.limit, |row| (place(row), &row.id));
    let items = found.0.into_iter().map(thread::summary).collect();
    Ok(Json(Page { items, total: found.1, next_cursor }))
}

/// One conversation with all its messages.
#[utoipa::path(get, path = "/api/conversations/{id}", tag = "conversations",
    params(("id" = String, Path)),
    responses((status = 200, body = ConversationThread),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn read(
    State(app): State<Shared>,
    _: Reader,
    Id(id): Id,
) -> Result<Json<ConversationThread>, ApiError> {
    found(&app, &id).await.map(Json)
}

/// A conversation as it goes on: new messages, and the answer that is being written. The stream ends
/// after five minutes; ask again with the last `position`.
#[utoipa::path(get, path = "/api/conversations/{id}/live", tag = "conversations",
    params(("id" = String, Path), LiveQuery),
    responses((status = 200, description = "One a line", body = LiveLine, content_type = "application/x-ndjson"),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn live(
    State(app): State<Shared>,
    _: Reader,
    Id(id): Id,
    Query(query): Query<LiveQuery>,
) -> Result<Response, ApiError> {
    let after = query.after.as_deref().map_or(Some(0), |after| after.parse().ok());
    let after = after.ok_or_else(|| invalid("after", "must be the position of a message"))?;
    app.store.conversation(&id).await?.ok_or(ErrorCode::NotFound)?;
    Ok(ndjson(Body::from_stream(follow::lines(app, id, after))))
}

fn file(name: &str, format: &str, body: impl Into<Body>) -> Response {
    let kind = match format {
        "csv" => "text/csv; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/json",
    };
    let name = format!("attachment; filename=\"{name}.{format}\"");
    ([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, name)], body.into()).into_response()
}

/// One conversation as a file: JSON, a CSV line for each message, or a transcript to read.
#[utoipa::path(get, path = "/api/conversations/{id}/export", tag = "conversations",
    params(("id" = String, Path), FormatQuery),
    responses((status = 200, description = "The file", body = ConversationThread),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn export(
    State(app): State<Shared>,
    Reader(actor): Reader,
    Id(id): Id,
    Query(query): Query<FormatQuery>,
) -> Result<Response, ApiError> {
    let words = &["json", "csv", "txt"];
    let format = paging::word("format", query.format.as_deref(), words)?.unwrap_or("json");
    let thread = found(&app, &id).await?;
    let changes = Map::from_iter([("format".to_owned(), json!([null, format]))]);
    let kind = "conversation";
    app.store
        .add_audit(actor.audit(&app.clock, "conversation.exported", kind, &id, changes))
        .await?;
    let name = format!("conversation-{id}");
    Ok(match format {
        "csv" => {
            let mut out = String::from(transcript::CSV_HEAD);
            transcript::write_csv(&mut out, &thread);
            file(&name, format, out)
        }
        "txt" => file(&name, format, transcript::text(&thread)),
        _ => file(&name, format, serde_json::to_vec(&thread).unwrap_or_default()),
    })
}

/// Every conversation that the filters let pass, with its messages, as one file of any length.
#[utoipa::path(get, path = "/api/conversations/export", tag = "conversations",
    params(ConversationQuery),
    responses((status = 200, description = "The file", body = Vec<ConversationThread>),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn export_list(
    State(app): State<Shared>,
    Reader(actor): Reader,
    Query(query): Query<ConversationQuery>,
) -> Result<Response, ApiError> {
    let format =
        paging::word("format", query.format.as_deref(), &["json", "csv"])?.unwrap_or("json");
    let filter = Filter { after: None, limit: EXPORTED_AT_ONCE, ..filter(&query)? };
    let mut changes = Map::from_iter([("format".to_owned(), json!([null, format]))]);
    changes.insert("license_key_id".to_owned(), json!([null, filter.license_key_id]));
    let audit = actor.audit(&app.clock, "conversations.exported", "conversations", "", changes);
    app.store.add_audit(audit).await?;
    let start = Some((filter, true));
    let pieces = futures_util::stream::unfold(start, move |state| {
        let app = app.clone();
        async move {
            let (mut filter, first) = state?;
            match piece(&app, &mut filter, first, format).await {
                Ok((text, more)) => Some((Ok(text), more.then_some((filter, false)))),
                // The file breaks off, which the browser shows, instead of looking whole.
                Err(_) => Some((Err(std::io::Error::other("the database failed")), None)),
            }
        }
    });
    Ok(file("conversations", format, Body::from_stream(pieces)))
}

/// The next conversations of an export, and whether more follow.
async fn piece(
    app: &App,
    filter: &mut Filter,
    first: bool,
    format: &str,
) -> Result<(Bytes, bool), ApiError> {
    let (rows, _) = app.store.conversations(filter).await?;
    let more = rows.len() == usize::try_from(filter.limit).unwrap_or(usize::MAX);
    filter.after = rows.last().map(|row| (row.updated_at, row.id.clone()));
    let is_csv = format == "csv";
    let mut text = String::from(match (first, is_csv) {
        (true, true) => transcript::CSV_HEAD,
        (true, false) => "[",
        (false, _) => "",
    });
    for (at, row) in rows.into_iter().enumerate() {
        let thread = thread::whole(app, row).await?;
        if is_csv {
            transcript::write_csv(&mut text, &thread);
        } else {
            if !(first && at == 0) {
                text.push(',');
            }
            text.push_str(&serde_json::to_string(&thread).unwrap_or_default());
        }
    }
    if !is_csv && !more {
        text.push(']');
    }
    Ok((Bytes::from(text), more))
}

/// Removes a conversation. What it counted stays counted, without whose it was.
#[utoipa::path(delete, path = "/api/conversations/{id}", tag = "conversations",
    params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn delete(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Id(id): Id,
) -> Result<StatusCode, ApiError> {
    thread::remove(&app, &actor, &id, false).await.map(|()| StatusCode::NO_CONTENT)
}

/// Removes everything that is known of a visitor. Any conversation of theirs names them.
#[utoipa::path(delete, path = "/api/visitors/{id}", tag = "conversations",
    params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn delete_visitor(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Id(id): Id,
) -> Result<StatusCode, ApiError> {
    thread::remove(&app, &actor, &id, true).await.map(|()| StatusCode::NO_CONTENT)
}
