//! The open conversation of a session, as its visitor sees it.

use shared::{Conversation, Message, MessageStatus, Rating, Role, RunningTurn};

use super::live::Phase;
use crate::app::App;
use crate::clock;
use crate::error::ApiError;
use crate::store::conversations::MessageRow;

/// The session's open conversation, with the turn that is being written, if any.
///
/// # Errors
/// When the database fails.
pub async fn current(
    app: &App,
    owner: &str,
    session_id: &str,
) -> Result<Option<Conversation>, ApiError> {
    let Some(row) = app.store.current(owner, session_id).await? else { return Ok(None) };
    if row.running_turn_id.is_none() && app.clock.now_ms() - row.updated_at >= app.idle_ms() {
        return Ok(None);
    }
    let running_turn = row.running_turn_id.map(|turn_id| {
        let live = app.turns.find(&turn_id, owner, session_id);
        let seq = live.filter(|t| !matches!(t.phase(), Phase::Refused(_))).map_or(0, |t| t.seq());
        RunningTurn { turn_id, seq }
    });
    let messages = app.store.messages(&row.id).await?;
    let messages = messages.into_iter().filter(|m| m.status != "superseded").map(message).collect();
    Ok(Some(Conversation { id: row.id, messages, running_turn }))
}

fn message(row: MessageRow) -> Message {
    Message {
        role: role(&row.role),
        status: match row.status.as_str() {
            "stopped" => MessageStatus::Stopped,
            "failed" => MessageStatus::Failed,
            _ => MessageStatus::Complete,
        },
        created_at: clock::rfc3339(row.created_at),
        sources: serde_json::from_str(&row.sources).unwrap_or_default(),
        rating: rating(row.rating.as_deref()),
        id: row.id,
        content: row.content,
        client_message_id: row.client_message_id,
    }
}

/// A role as it is stored.
#[must_use]
pub fn role(text: &str) -> Role {
    if text == "user" { Role::User } else { Role::Assistant }
}

/// A rating as it is stored.
#[must_use]
pub fn rating(text: Option<&str>) -> Option<Rating> {
    match text {
        Some("up") => Some(Rating::Up),
        Some("down") => Some(Rating::Down),
        _ => None,
    }
}
