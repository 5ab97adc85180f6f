//! Every text the widget says, by its key in the catalogue of the visitor's language.
//!
//! The catalogues stand in `assets/locales`; the loader brings one, `words` reads it. Here are the
//! keys, and what decides between them: plain Rust.

use shared::ErrorCode;

use crate::model::Why;

/// Constants for keys. In the wasm one that nothing uses is a warning, and so an error.
macro_rules! keys {
    ($($name:ident = $key:literal;)*) => {
        $(pub const $name: &str = $key;)*
        #[cfg(test)]
        const KEYS: &[&str] = &[$($key),*];
    };
}

keys! {
    TITLE = "title";
    WELCOME = "welcome";
    PLACEHOLDER = "placeholder";
    OPEN = "open";
    CLOSE = "close";
    UNREAD = "unread";
    MUTE = "mute";
    UNMUTE = "unmute";
    DISMISS = "dismiss";
    NEW = "newConversation";
    SEND = "send";
    STOP = "stop";
    MESSAGE = "message";
    CONVERSATION = "conversation";
    YOU_SAID = "youSaid";
    ANSWER = "answer";
    YOU = "you";
    ASSISTANT = "assistant";
    TRANSCRIPT = "transcript";
    SUGGESTIONS = "suggestions";
    JUMP = "jump";
    SOURCES = "sources";
    COPY = "copy";
    COPY_CODE = "copyCode";
    COPIED = "copied";
    GOOD = "good";
    BAD = "bad";
    COMMENT = "comment";
    SEND_FEEDBACK = "sendFeedback";
    THANKS = "thanks";
    RETRY = "retry";
    STOPPED = "stopped";
    WRITING = "writing";
    FORM_INTRO = "formIntro";
    FORM_START = "formStart";
    FORM_NAME = "formName";
    FORM_EMAIL = "formEmail";
    FORM_OPTIONAL = "formOptional";
    FORM_MISSING = "formMissing";
    FORM_BAD_EMAIL = "formBadEmail";
    PRIVACY = "privacy";
    TERMS = "terms";
    POWERED = "powered";
    OFFLINE = "offline";
    UNREACHABLE = "unreachable";
    RECONNECTING = "reconnecting";
    MONTHLY_LIMIT = "monthlyLimit";
    MESSAGE_LIMIT = "messageLimit";
    UNAVAILABLE = "unavailable";
    SIGN_IN = "signIn";
    WAIT_SECONDS = "waitSeconds";
    WAIT_MOMENT = "waitMoment";
    LOST = "lost";
    NOT_SENT = "notSent";
    TOOK_TOO_LONG = "tookTooLong";
    INTERRUPTED = "interrupted";
    UNREADABLE = "unreadable";
    FAILED = "failed";
    CHARACTERS_LEFT = "charactersLeft";
    CHARACTERS_OVER = "charactersOver";
    IMAGE = "image";
    CODE = "code";
    TABLE = "table";
    TASK_DONE = "taskDone";
    TASK_OPEN = "taskOpen";
}

/// Why there is no answer, in a sentence for the visitor: its key, and its number if it has one.
#[must_use]
pub fn failure(why: &Why) -> (&'static str, Option<u32>) {
    let key = match why {
        Why::Wait(seconds) => return (WAIT_SECONDS, Some(*seconds)),
        Why::Lost => LOST,
        Why::Code(code) => match code {
            ErrorCode::RateLimitExceeded => WAIT_MOMENT,
            ErrorCode::MonthlyLimitReached | ErrorCode::ConversationMessageLimit => NOT_SENT,
            ErrorCode::UpstreamTimeout => TOOK_TOO_LONG,
            ErrorCode::TurnLost => INTERRUPTED,
            ErrorCode::InvalidRequest | ErrorCode::PayloadTooLarge => UNREADABLE,
            ErrorCode::IdentityInvalid | ErrorCode::IdentityRequired => SIGN_IN,
            code if code.status() == 401 || code.status() == 403 => UNAVAILABLE,
            _ => FAILED,
        },
    };
    (key, None)
}

/// How many characters are left, or too many.
#[must_use]
pub fn characters(left: i32) -> (&'static str, Option<u32>) {
    (if left < 0 { CHARACTERS_OVER } else { CHARACTERS_LEFT }, Some(left.unsigned_abs()))
}

/// Whether a language is written from right to left.
#[must_use]
pub fn is_rtl(locale: &str) -> bool {
    matches!(locale.split('-').next(), Some("ar" | "fa" | "he" | "ur"))
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
