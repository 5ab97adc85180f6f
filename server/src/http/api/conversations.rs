//! Conversations for the dashboard: lists, threads, what is being written, files, removal.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use shared::admin::Page;
use shared::admin_conversation::{ConversationSummary, Thread};
use shared::{ErrorBody, ErrorCode};

use crate::app::{App, Shared};
use crate::chat::{stream, thread};
use crate::error::ApiError;
use crate::extract::{Id, Query, Reader, Writer, paging};
use crate::http::chat::ndjson;
use crate::store::conversations::Filter;

/// Conversations that are read at a time for a file.
const FILE_PAGE: u32 = 100;

/// Which conversations are asked for. All are optional.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ConversationQuery {
    /// 1..=200, default 50.
    limit: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Part of any message, or of the visitor's name or e-mail address.
    q: Option<String>,
    license_key_id: Option<String>,
    agent_id: Option<String>,
    /// All of the visitor of the conversation with this id.
    visitor_id: Option<String>,
    /// RFC 3339, by the last message, included.
    from: Option<String>,
    /// RFC 3339, by the last message, excluded.
    to: Option<String>,
    /// up, down, any.
    rating: Option<String>,
    /// running, open, closed.
    status: Option<String>,
    /// true, false: whether an answer has failed.
    has_error: Option<String>,
    /// Of a file: csv, json.
    format: Option<String>,
}

fn filter(query: &ConversationQuery) -> Result<Filter, ApiError> {
    let text = |name: &'static str, value: &Option<String>| {
        paging::text(name, value.clone()).map(Option::unwrap_or_default)
    };
    let word = |name: &'static str, value: &Option<String>, words| {
        paging::word(name, value.as_deref(), words).map(|word| word.unwrap_or(""))
    };
    Ok(Filter {
        after: paging::cursor(query.cursor.as_deref(), "next_cursor")?,
        from_ms: paging::time("from", query.from.as_deref())?.unwrap_or(i64::MIN),
        to_ms: paging::time("to", query.to.as_deref())?.unwrap_or(i64::MAX),
        license_key_id: text("license_key_id", &query.license_key_id)?,
        q: paging::text("q", query.q.clone())?,
        thorough: true,
        agent_id: text("agent_id", &query.agent_id)?,
        rating: word("rating", &query.rating, &["up", "down", "any"])?,
        status: word("status", &query.status, &["running", "open", "closed"])?,
        has_error: word("has_error", &query.has_error, &["true", "false"])?,
        visitor_id: text("visitor_id", &query.visitor_id)?,
        limit: paging::limit(query.limit.as_deref(), paging::USUAL)?,
    })
}

/// Lists conversations, the latest message first.
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
    Ok(Json(paging::page(found, filter.limit, |row| (row.updated_at, &row.id), thread::summary)))
}

/// A conversation with its messages and its visitor.
#[utoipa::path(get, path = "/api/conversations/{id}", tag = "conversations",
    params(("id" = String, Path)),
    responses((status = 200, body = Thread),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn read(
    State(app): State<Shared>,
    _: Reader,
    Id(id): Id,
) -> Result<Json<Thread>, ApiError> {
    thread::thread(&app, &id).await.map(Json)
}

/// Follows the answer that is being written, from its begin to its end, as the visitor's stream
/// does; empty when none is, or when another server writes it.
#[utoipa::path(get, path = "/api/conversations/{id}/live", tag = "conversations",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "Events, one a line", body = shared::Event, content_type = "application/x-ndjson"),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn live(
    State(app): State<Shared>,
    _: Reader,
    Id(id): Id,
) -> Result<Response, ApiError> {
    let row = thread::row(&app, &id).await?;
    let turn = row.running_turn_id.and_then(|turn| app.turns.find(&turn, &row.owner, &row.session_id));
    let Some(turn) = turn else { return Ok(ndjson(Body::empty())) };
    Ok(ndjson(Body::from_stream(stream::lines(turn.read(0), app.config.ping))))
}

fn as_file(kind: &'static str, name: &str, body: Body) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, disposition)], body).into_response()
}

/// Which file.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct FormatQuery {
    /// txt, csv, json; txt when it is left out.
    format: Option<String>,
}

/// A conversation as a file.
#[utoipa::path(get, path = "/api/conversations/{id}/export", tag = "conversations",
    params(("id" = String, Path), FormatQuery),
    responses((status = 200, description = "A transcript, CSV (RFC 4180) or JSON"),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn export(
    State(app): State<Shared>,
    _: Reader,
    Id(id): Id,
    Query(query): Query<FormatQuery>,
) -> Result<Response, ApiError> {
    let format = paging::word("format", query.format.as_deref(), &["txt", "csv", "json"])?;
    let found = thread::thread(&app, &id).await?;
    let name = |ending: &str| format!("conversation-{}.{ending}", found.conversation.id);
    Ok(match format {
        Some("csv") => {
            let text = thread::CSV_HEAD.to_owned() + &thread::csv(&found);
            as_file("text/csv; charset=utf-8", &name("csv"), Body::from(text))
        }
        Some("json") => {
            let text = serde_json::to_string_pretty(&found).map_err(|why| ApiError::internal(&why))?;
            as_file("application/json", &name("json"), Body::from(text))
        }
        _ => {
            let text = thread::transcript(&found);
            as_file("text/plain; charset=utf-8", &name("txt"), Body::from(text))
        }
    })
}

/// What the list holds, with all messages, as a file of any length.
#[utoipa::path(get, path = "/api/conversations/export", tag = "conversations",
    params(ConversationQuery),
    responses((status = 200, description = "CSV (RFC 4180), or JSON, one conversation a line"),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn export_list(
    State(app): State<Shared>,
    _: Reader,
    Query(query): Query<ConversationQuery>,
) -> Result<Response, ApiError> {
    let format = paging::word("format", query.format.as_deref(), &["csv", "json"])?;
    let is_csv = format != Some("json");
    let filter = Filter { limit: FILE_PAGE, ..filter(&query)? };
    let head = if is_csv { thread::CSV_HEAD } else { "" };
    let start = Some((filter, String::from(head)));
    let pages = futures_util::stream::unfold(start, move |state| {
        let app = app.clone();
        async move {
            let (mut filter, mut text) = state?;
            // The file breaks off, which the browser shows, instead of looking whole.
            let rows = match app.store.conversations(&filter).await {
                Ok((rows, _)) => rows,
                Err(error) => return Some((Err(std::io::Error::other(error)), None)),
            };
            let more = rows.len() == usize::try_from(filter.limit).unwrap_or(usize::MAX);
            filter.after = rows.last().map(|row| (row.updated_at, row.id.clone()));
            for row in rows {
                match lines_of(&app, &row.id, is_csv).await {
                    Ok(lines) => text.push_str(&lines),
                    Err(error) => {
                        return Some((Err(std::io::Error::other(error.told().to_owned())), None));
                    }
                }
            }
            Some((Ok(Bytes::from(text)), more.then_some((filter, String::new()))))
        }
    });
    let (kind, name) = if is_csv {
        ("text/csv; charset=utf-8", "conversations.csv")
    } else {
        ("application/x-ndjson; charset=utf-8", "conversations.jsonl")
    };
    Ok(as_file(kind, name, Body::from_stream(pages)))
}

/// One that was removed while the file was written is left out.
async fn lines_of(app: &App, id: &str, is_csv: bool) -> Result<String, ApiError> {
    match thread::thread(app, id).await {
        Ok(found) if is_csv => Ok(thread::csv(&found)),
        Ok(found) => serde_json::to_string(&found)
            .map(|line| line + "\n")
            .map_err(|why| ApiError::internal(&why)),
        Err(error) if error.code == ErrorCode::NotFound => Ok(String::new()),
        Err(error) => Err(error),
    }
}

/// Removes a conversation; the usage log keeps the count and forgets who asked what.
#[utoipa::path(delete, path = "/api/conversations/{id}", tag = "conversations",
    params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn delete(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Id(id): Id,
) -> Result<StatusCode, ApiError> {
    thread::remove(&app, &actor, &id).await.map(|()| StatusCode::NO_CONTENT)
}

/// Removes everything of a visitor, on their request. `id` is `visitor.id` of their conversations.
#[utoipa::path(delete, path = "/api/visitors/{id}", tag = "conversations",
    params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn forget(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Id(id): Id,
) -> Result<StatusCode, ApiError> {
    thread::forget(&app, &actor, &id).await.map(|()| StatusCode::NO_CONTENT)
}
