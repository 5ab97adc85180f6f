//! Conversations as admins see them.

use shared::admin_conversation::{ConversationStatus, ConversationSummary, VisitorSummary};

use crate::clock;
use crate::store::conversations::Summary;

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
