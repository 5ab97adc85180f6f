//! Conversations as admins see them.

use shared::admin_conversation::{
    ConversationStatus, ConversationSummary, ConversationThread, ThreadMessage, VisitorDetails,
    VisitorSummary,
};
use shared::{ErrorCode, Role};

use super::conversation;
use crate::app::App;
use crate::clock;
use crate::error::ApiError;
use crate::people::Actor;
use crate::store::conversations::Summary;
use crate::store::threads::{Entry, RemoveVisitor, TurnFacts};

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
        agent_name: row.agent_name,
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

/// A conversation with its messages.
///
/// # Errors
/// When the database fails.
pub async fn whole(app: &App, row: Summary) -> Result<ConversationThread, ApiError> {
    let (entries, turns) = app.store.thread(&row.id, 0).await?;
    let visitor = app.store.visitor(&row.owner, &row.session_id).await?;
    let attributes = visitor.map(|visitor| visitor.attributes).unwrap_or_default();
    let (ip_address, user_agent, domain) = app.store.asked_from(&row.id).await?.unwrap_or_default();
    Ok(ConversationThread {
        details: VisitorDetails {
            ip_address,
            user_agent,
            domain,
            attributes: serde_json::from_str(&attributes).unwrap_or_default(),
        },
        page_referrer: row.page_referrer.clone(),
        metadata: serde_json::from_str(&row.metadata).unwrap_or_default(),
        messages: messages(entries, &turns),
        conversation: summary(row),
    })
}

/// Messages, each with what became of its question.
#[must_use]
pub fn messages(entries: Vec<Entry>, turns: &[TurnFacts]) -> Vec<ThreadMessage> {
    entries.into_iter().map(|entry| message(entry, turns)).collect()
}

fn message(entry: Entry, turns: &[TurnFacts]) -> ThreadMessage {
    let role = conversation::role(&entry.role);
    // The question's own turn is its last attempt.
    let turn = turns.iter().rev().find(|turn| match role {
        Role::User => turn.user_message_id == entry.id,
        Role::Assistant => turn.id == entry.turn_id,
    });
    let of_answer = turn.filter(|_| role == Role::Assistant);
    let ended = |turn: &TurnFacts| turn.finished_at.map(|at| (at - turn.created_at).max(0));
    ThreadMessage {
        id: entry.id,
        position: entry.position,
        content: entry.content,
        status: entry.status,
        created_at: clock::rfc3339(entry.created_at),
        turn_id: entry.turn_id,
        agent_id: of_answer.and_then(|turn| turn.agent_id.clone()),
        sources: serde_json::from_str(&entry.sources).unwrap_or_default(),
        tools: serde_json::from_str(&entry.tools).unwrap_or_default(),
        rating: conversation::rating(entry.rating.as_deref()),
        comment: entry.comment,
        error: turn.and_then(|turn| turn.code.clone()),
        response_time_ms: of_answer.and_then(ended),
        input_tokens: of_answer.and_then(|turn| turn.input_tokens),
        output_tokens: of_answer.and_then(|turn| turn.output_tokens),
        role,
    }
}

/// Removes a conversation, or with `all` everything that is known of its visitor, and ends the
/// answers that are being written for them.
///
/// # Errors
/// 404 when there is no such conversation.
pub async fn remove(app: &App, actor: &Actor, id: &str, all: bool) -> Result<(), ApiError> {
    let row = app.store.conversation(id).await?.ok_or(ErrorCode::NotFound)?;
    for turn in app.turns.running_of(&row.owner) {
        if turn.ids.session_id == row.session_id && (all || turn.ids.conversation_id == row.id) {
            let mut reader = turn.watch(u64::MAX);
            turn.stop.cancel();
            reader.to_end(|_| {}).await;
        }
    }
    let (action, kind, subject) = if all {
        ("visitor.deleted", "visitor", row.visitor_id.as_deref().unwrap_or(id))
    } else {
        ("conversation.deleted", "conversation", id)
    };
    let audit = actor.audit(&app.clock, action, kind, subject, serde_json::Map::new());
    let remove = RemoveVisitor {
        conversation_id: if all { String::new() } else { id.to_owned() },
        owner: row.owner,
        session_id: row.session_id,
        user_id: row.user_id,
        email: row.visitor_email,
        audit,
    };
    let removed = app.store.remove_visitor(remove).await?;
    if removed == 0 { Err(ErrorCode::NotFound.into()) } else { Ok(()) }
}
