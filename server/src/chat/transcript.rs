//! Conversations as files: lines of a table, and a text to read.

use shared::Role;
use shared::admin_conversation::ConversationThread;

use crate::table;

/// The first line of the table.
pub const CSV_HEAD: &str = "conversation_id,license_key_id,visitor_id,user_id,name,email,page_url,\
    message_id,created_at,role,status,content,agent_id,error,rating,comment\r\n";

/// Adds one line for each message.
pub fn write_csv(out: &mut String, thread: &ConversationThread) {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let about = &thread.conversation;
    for message in &thread.messages {
        let rating = message.rating.map(|rating| format!("{rating:?}").to_lowercase());
        table::write_line(
            out,
            &[
                about.id.clone(),
                text(&about.license_key_id),
                about.visitor.id.clone(),
                text(&about.visitor.user_id),
                about.visitor.name.clone(),
                about.visitor.email.clone(),
                about.page_url.clone(),
                message.id.clone(),
                message.created_at.clone(),
                if message.role == Role::User { "user" } else { "assistant" }.to_owned(),
                message.status.clone(),
                message.content.clone(),
                text(&message.agent_id),
                text(&message.error),
                text(&rating),
                text(&message.comment),
            ],
        );
    }
}

/// The conversation to read, without what a retry has replaced.
#[must_use]
pub fn text(thread: &ConversationThread) -> String {
    let about = &thread.conversation;
    let mut out = format!("Conversation {}\n", about.id);
    for (label, value) in [
        ("Visitor", &about.visitor.name),
        ("E-mail", &about.visitor.email),
        ("Page", &about.page_url),
    ] {
        if !value.is_empty() {
            out.push_str(&format!("{label}: {}\n", value.replace(char::is_control, " ")));
        }
    }
    for message in thread.messages.iter().filter(|message| message.status != "superseded") {
        let who = if message.role == Role::User { "Visitor" } else { "Agent" };
        out.push_str(&format!("\n[{}] {who}:\n{}\n", message.created_at, message.content));
    }
    out
}
