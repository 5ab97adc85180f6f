//! Conversations for admins.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use shared::{ErrorBody, ErrorCode, Rating, Role, Source};

use crate::app::Shared;
use crate::chat::conversation;
use crate::clock;
use crate::error::ApiError;
use crate::extract::{Admin, Query, paging};
use crate::store::conversations::{Filter, MessageRow, Summary};
use crate::store::visitors::VisitorRow;

const DEFAULT_LIMIT: u32 = 100;

/// Which conversations are asked for. All are optional.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// 1..=200, default 100.
    limit: Option<String>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
    /// Part of the last message.
    q: Option<String>,
    license_key_id: Option<String>,
    /// RFC 3339 or Unix milliseconds; by `updatedAt`, included.
    from: Option<String>,
    /// RFC 3339 or Unix milliseconds; by `updatedAt`, excluded.
    to: Option<String>,
}

/// A conversation, without its messages.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConversationSummary {
    #[serde(rename = "_id")]
    id: String,
    /// Unix milliseconds.
    #[serde(rename = "_creationTime")]
    creation_time: i64,
    session_id: String,
    /// Unix milliseconds.
    created_at: i64,
    /// Unix milliseconds.
    updated_at: i64,
    /// At most 500 UTF-16 units.
    last_message: String,
    license_key_id: Option<String>,
    message_count: i64,
    /// Unix milliseconds; null while it is open.
    closed_at: Option<i64>,
    page_url: String,
    page_title: String,
}

impl From<Summary> for ConversationSummary {
    fn from(row: Summary) -> Self {
        Self {
            id: row.id,
            creation_time: row.created_at,
            session_id: row.session_id,
            created_at: row.created_at,
            updated_at: row.updated_at,
            last_message: row.last_message,
            license_key_id: row.license_key_id,
            message_count: row.message_count,
            closed_at: row.closed_at,
            page_url: row.page_url,
            page_title: row.page_title,
        }
    }
}

/// One message of a conversation.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConversationMessage {
    #[serde(rename = "_id")]
    id: String,
    /// Unix milliseconds.
    #[serde(rename = "_creationTime")]
    creation_time: i64,
    conversation_id: String,
    role: Role,
    content: String,
    /// Unix milliseconds.
    created_at: i64,
    /// complete, stopped, failed, or superseded by a retry.
    status: String,
    turn_id: String,
    sources: Vec<Source>,
    rating: Option<Rating>,
    comment: Option<String>,
}

impl From<MessageRow> for ConversationMessage {
    fn from(row: MessageRow) -> Self {
        Self {
            id: row.id,
            creation_time: row.created_at,
            conversation_id: row.conversation_id,
            role: conversation::role(&row.role),
            content: row.content,
            created_at: row.created_at,
            status: row.status,
            turn_id: row.turn_id,
            sources: serde_json::from_str(&row.sources).unwrap_or_default(),
            rating: conversation::rating(row.rating.as_deref()),
            comment: row.comment,
        }
    }
}

/// A page of conversations.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConversationList {
    /// Newest `updatedAt` first.
    conversations: Vec<ConversationSummary>,
    /// How many match, whatever the page.
    total: i64,
    /// For the next page; null on the last.
    next_cursor: Option<String>,
}

/// A conversation with its messages.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ConversationDetail {
    conversation: ConversationSummary,
    /// Null when neither the visitor nor their site has named them.
    visitor: Option<Visitor>,
    /// Oldest first.
    messages: Vec<ConversationMessage>,
}

/// The person who asks, as they or their site have named them.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Visitor {
    /// Only of a verified user.
    user_id: Option<String>,
    /// A claim, unless a JWT says it.
    name: String,
    email: String,
    /// Further claims of a JWT, or the answers to the form before the chat.
    #[schema(value_type = Object)]
    attributes: serde_json::Value,
}

impl From<VisitorRow> for Visitor {
    fn from(row: VisitorRow) -> Self {
        Self {
            user_id: row.user_id,
            name: row.name,
            email: row.email,
            attributes: serde_json::from_str(&row.attributes).unwrap_or_default(),
        }
    }
}

/// Lists conversations, newest first.
#[utoipa::path(get, path = "/v1/admin/conversations", tag = "admin", params(ListQuery),
    responses((status = 200, body = ConversationList),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn list(
    State(app): State<Shared>,
    _: Admin,
    Query(query): Query<ListQuery>,
) -> Result<Json<ConversationList>, ApiError> {
    let filter = filter(query)?;
    let (rows, total) = app.store.conversations(&filter).await?;
    let next_cursor = paging::next(&rows, filter.limit, |row| (row.updated_at, &row.id));
    let conversations = rows.into_iter().map(ConversationSummary::from).collect();
    Ok(Json(ConversationList { conversations, total, next_cursor }))
}

fn filter(query: ListQuery) -> Result<Filter, ApiError> {
    let time = |field: &str, text: Option<&str>| {
        let ms = text.and_then(|text| text.parse().ok());
        ms.map_or_else(|| paging::time(field, text), |ms| Ok(Some(ms)))
    };
    Ok(Filter {
        after: paging::cursor(query.cursor.as_deref(), "nextCursor")?,
        from_ms: time("from", query.from.as_deref())?.unwrap_or(i64::MIN),
        to_ms: time("to", query.to.as_deref())?.unwrap_or(i64::MAX),
        license_key_id: paging::text("licenseKeyId", query.license_key_id)?.unwrap_or_default(),
        q: paging::text("q", query.q)?,
        limit: paging::limit(query.limit.as_deref(), DEFAULT_LIMIT)?,
        ..Filter::default()
    })
}

/// One conversation with all its messages.
#[utoipa::path(get, path = "/v1/admin/conversations/{conversationId}", tag = "admin",
    params(("conversationId" = String, Path)),
    responses((status = 200, body = ConversationDetail),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn detail(
    State(app): State<Shared>,
    _: Admin,
    Path(id): Path<String>,
) -> Result<Json<ConversationDetail>, ApiError> {
    if !clock::is_ulid(&id) {
        return Err(ApiError::new(ErrorCode::InvalidRequest).with_text("Invalid conversationId"));
    }
    let not_found = || ApiError::new(ErrorCode::NotFound).with_text("Conversation not found");
    let conversation = app.store.conversation(&id).await?.ok_or_else(not_found)?;
    let visitor = app.store.visitor(&conversation.owner, &conversation.session_id).await?;
    let messages = app.store.messages(&id).await?;
    Ok(Json(ConversationDetail {
        conversation: conversation.into(),
        visitor: visitor.map(Visitor::from),
        messages: messages.into_iter().map(ConversationMessage::from).collect(),
    }))
}
