//! Every word the widget says, in English; the one place a translation replaces.

use shared::ErrorCode;

use crate::model::Why;

pub const TITLE: &str = "Chat";
pub const WELCOME: &str = "Hello! Ask me anything.";
pub const PLACEHOLDER: &str = "Ask a question…";
pub const OPEN: &str = "Open chat";
pub const CLOSE: &str = "Close chat";
pub const MUTE: &str = "Turn sound off";
pub const UNMUTE: &str = "Turn sound on";
pub const DISMISS: &str = "Dismiss";
pub const NEW: &str = "New conversation";
pub const SEND: &str = "Send message";
pub const STOP: &str = "Stop answering";
pub const MESSAGE: &str = "Message";
pub const CONVERSATION: &str = "Conversation";
pub const YOU: &str = "You said:";
pub const ASSISTANT: &str = "Answer:";
pub const SUGGESTIONS: &str = "Suggested questions";
pub const JUMP: &str = "Jump to latest";
pub const SOURCES: &str = "Sources";
pub const COPY: &str = "Copy answer";
pub const COPY_CODE: &str = "Copy code";
pub const COPIED: &str = "Copied";
pub const GOOD: &str = "Good answer";
pub const BAD: &str = "Bad answer";
pub const RETRY: &str = "Try again";
pub const STOPPED: &str = "You stopped this answer.";
pub const WAITING: &str = "Writing an answer…";
pub const PRIVACY: &str = "Privacy";
pub const TERMS: &str = "Terms";
pub const POWERED: &str = "Powered by Natter";
pub const OFFLINE: &str = "You are offline. Sending is possible when the connection is back.";
pub const UNREACHABLE: &str = "The chat cannot be reached right now. Trying again…";
pub const RECONNECTING: &str = "The connection was lost. Reconnecting…";
pub const MONTH: &str =
    "This chat has reached its limit for the month. Please come back next month.";
pub const ENOUGH: &str = "This conversation has reached its limit. Start a new one to go on.";
pub const REFUSED: &str = "This chat is not available right now.";
pub const SIGN_IN: &str = "Please sign in to use this chat.";
pub const IMAGE: &str = "Image";
pub const CODE: &str = "Code";
pub const TABLE: &str = "Table";
pub const TASK_DONE: &str = "Done:";
pub const TASK_OPEN: &str = "To do:";

/// Why there is no answer, in a sentence for the visitor.
#[must_use]
pub fn failure(why: &Why) -> String {
    match why {
        Why::Wait(seconds) => {
            let unit = if *seconds == 1 { " second." } else { " seconds." };
            ["Too many messages at once. Please wait ", &seconds.to_string(), unit].concat()
        }
        Why::Lost => "The connection was lost before the answer came.".to_owned(),
        Why::Code(code) => match code {
            ErrorCode::RateLimitExceeded => "Too many messages at once. Please wait a moment.",
            ErrorCode::MonthlyLimitReached => "This message was not sent.",
            ErrorCode::ConversationMessageLimit => "This message was not sent.",
            ErrorCode::UpstreamTimeout => "The answer took too long.",
            ErrorCode::TurnLost => "The answer was interrupted.",
            ErrorCode::InvalidRequest | ErrorCode::PayloadTooLarge => {
                "This message could not be read by the server."
            }
            ErrorCode::IdentityInvalid | ErrorCode::IdentityRequired => SIGN_IN,
            code if code.status() == 401 || code.status() == 403 => REFUSED,
            _ => "Something went wrong while answering.",
        }
        .to_owned(),
    }
}

/// What the button says when answers have come while the chat was closed.
#[must_use]
pub fn unread(count: u32) -> String {
    let answers = if count == 1 { " new answer" } else { " new answers" };
    ["Open chat, ", &count.to_string(), answers].concat()
}

/// How many characters are left, or too many.
#[must_use]
pub fn characters(left: i32) -> String {
    left.unsigned_abs().to_string() + if left < 0 { " too many" } else { " left" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_key_is_told_to_the_visitor_without_its_secrets() {
        for code in [ErrorCode::KeyExpired, ErrorCode::OriginNotAllowed, ErrorCode::Unauthorized] {
            assert_eq!(failure(&Why::Code(code)), REFUSED);
        }
    }

    #[test]
    fn who_is_not_known_is_asked_to_sign_in() {
        for code in [ErrorCode::IdentityInvalid, ErrorCode::IdentityRequired] {
            assert_eq!(failure(&Why::Code(code)), SIGN_IN);
        }
    }

    #[test]
    fn waiting_is_told_in_seconds() {
        assert!(failure(&Why::Wait(1)).contains("1 second."));
        assert!(failure(&Why::Wait(30)).contains("30 seconds."));
    }
}
