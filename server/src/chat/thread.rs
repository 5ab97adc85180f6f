//! Conversations as admins see them.

use std::fmt::Write as _;

use shared::admin_conversation::{
    ConversationStatus, ConversationSummary, Thread, ThreadMessage, VisitorDetail, VisitorSummary,
};
use shared::{ErrorCode, Role};

use super::conversation;
use crate::app::App;
use crate::clock;
use crate::error::ApiError;
use crate::people::Actor;
use crate::store::conversations::{MessageRow, Summary};
use crate::table;

/// A conversation without its messages.
#[must_use]
pub fn summary(row: Summary) -> ConversationSummary {
    ConversationSummary {
        status: match (&row.running_turn_id, row.closed_at) {
            (Some(_), _) => ConversationStatus::Running,
            (None, None) => ConversationStatus::Open,
            (None, Some(_)) => ConversationStatus::Closed,
        },
        created_at: clock::rfc3339(row.created_at),
        updated_at: clock::rfc3339(row.updated_at),
        license_key_id: row.license_key_id,
        license_key_name: row.license_key_name,
        agent_id: row.agent_id,
        visitor: VisitorSummary {
            id: row.visitor_id.unwrap_or_else(|| row.id.clone()),
            user_id: row.user_id,
            name: row.visitor_name,
            email: row.visitor_email,
        },
        message_count: row.message_count,
        last_message: row.last_message,
        page_url: row.page_url,
        page_title: row.page_title,
        thumbs_up: row.thumbs_up,
        thumbs_down: row.thumbs_down,
        has_error: row.failures > 0,
        id: row.id,
    }
}

/// The row of a conversation.
///
/// # Errors
/// 404 when there is none with this id.
pub async fn row(app: &App, id: &str) -> Result<Summary, ApiError> {
    app.store.conversation(id).await?.ok_or_else(|| ErrorCode::NotFound.into())
}

/// A conversation with its messages and what is known of its visitor.
///
/// # Errors
/// 404 when there is none with this id.
pub async fn thread(app: &App, id: &str) -> Result<Thread, ApiError> {
    let row = row(app, id).await?;
    let messages = app.store.messages(id).await?;
    let known = app.store.visitor(&row.owner, &row.session_id).await?;
    let attributes = known.and_then(|known| serde_json::from_str(&known.attributes).ok());
    let page_referrer = row.page_referrer.clone();
    let metadata = serde_json::from_str(&row.metadata).unwrap_or_default();
    let running_turn_id = row.running_turn_id.clone();
    let conversation = summary(row);
    Ok(Thread {
        visitor: VisitorDetail {
            visitor: conversation.visitor.clone(),
            attributes: attributes.unwrap_or_default(),
        },
        conversation,
        page_referrer,
        metadata,
        running_turn_id,
        messages: messages.into_iter().filter(|row| row.status != "superseded").map(message).collect(),
    })
}

fn message(row: MessageRow) -> ThreadMessage {
    ThreadMessage {
        role: conversation::role(&row.role),
        status: conversation::status(&row.status),
        created_at: clock::rfc3339(row.created_at),
        sources: serde_json::from_str(&row.sources).unwrap_or_default(),
        tools: serde_json::from_str(&row.tools).unwrap_or_default(),
        rating: conversation::rating(row.rating.as_deref()),
        comment: row.comment,
        content: row.content,
        id: row.id,
    }
}

/// Removes a conversation; the usage log keeps the count and forgets who asked what.
///
/// # Errors
/// 404 when there is none with this id, 409 `turn_in_progress` while an answer is being written.
pub async fn remove(app: &App, actor: &Actor, id: &str) -> Result<(), ApiError> {
    row(app, id).await?;
    let audit =
        actor.audit(&app.clock, "conversation.deleted", "conversation", id, serde_json::Map::new());
    if app.store.remove_conversation(id, audit).await? {
        Ok(())
    } else {
        Err(ErrorCode::TurnInProgress.into())
    }
}

/// Removes everything of a visitor: conversations, name and address, and what the usage log knows.
/// `id` is that of one of their conversations.
///
/// # Errors
/// As [`remove`].
pub async fn forget(app: &App, actor: &Actor, id: &str) -> Result<(), ApiError> {
    let Summary { owner, session_id, .. } = row(app, id).await?;
    let audit = actor.audit(&app.clock, "visitor.deleted", "visitor", id, serde_json::Map::new());
    if app.store.remove_visitor(&owner, &session_id, audit).await? {
        Ok(())
    } else {
        Err(ErrorCode::TurnInProgress.into())
    }
}

fn speaker(thread: &Thread, role: Role) -> String {
    match role {
        Role::Assistant => "Answer".to_owned(),
        Role::User => match &thread.visitor.visitor {
            VisitorSummary { name, .. } if !name.is_empty() => name.clone(),
            _ => "Visitor".to_owned(),
        },
    }
}

/// A conversation as a text to read.
#[must_use]
pub fn transcript(thread: &Thread) -> String {
    let mut text = format!("Conversation {}\n", thread.conversation.id);
    if !thread.conversation.page_url.is_empty() {
        let _ = writeln!(text, "Page {}", thread.conversation.page_url);
    }
    for message in &thread.messages {
        let who = speaker(thread, message.role);
        let _ = write!(text, "\n[{}] {who}:\n{}\n", message.created_at, message.content);
        for source in &message.sources {
            let _ = writeln!(text, "  Source: {}", source.title);
        }
    }
    text
}

/// The head of [`csv`].
pub const CSV_HEAD: &str = "conversation_id,created_at,role,content,status,rating,comment\r\n";

/// A conversation's messages as lines of CSV.
#[must_use]
pub fn csv(thread: &Thread) -> String {
    let mut text = String::new();
    for message in &thread.messages {
        let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let cells = [
            thread.conversation.id.clone(),
            message.created_at.clone(),
            word(serde_json::json!(message.role)),
            message.content.clone(),
            word(serde_json::json!(message.status)),
            word(serde_json::json!(message.rating)),
            message.comment.clone().unwrap_or_default(),
        ];
        table::write_line(&mut text, &cells);
    }
    text
}
