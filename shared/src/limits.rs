//! The limits of the wire, each in the unit that its name or doc gives.

/// Longest visitor message, in UTF-16 code units (what a browser's `length` counts).
pub const MESSAGE_UNITS: usize = 4000;
/// Longest session id, in characters of `[A-Za-z0-9._:-]`.
pub const SESSION_ID_CHARS: usize = 128;
/// Longest `clientMessageId`, in bytes.
pub const CLIENT_MESSAGE_ID_BYTES: usize = 128;
/// Longest request body, in bytes.
pub const BODY_BYTES: usize = 64 * 1024;
/// Longest `url`, `title` or `referrer` of the embedding page, in bytes.
pub const PAGE_FIELD_BYTES: usize = 2 * 1024;
/// Longest `metadata`, in bytes of its JSON.
pub const METADATA_BYTES: usize = 4 * 1024;
/// Longest answer, in bytes of UTF-8; the upstream is cancelled beyond it.
pub const ANSWER_BYTES: usize = 256 * 1024;
/// Longest NDJSON line a client accepts, in bytes: a whole answer, each byte escaped to six, and
/// the names around it.
pub const LINE_BYTES: usize = 6 * ANSWER_BYTES + 4 * 1024;
/// Longest feedback comment, in UTF-16 code units.
pub const FEEDBACK_COMMENT_UNITS: usize = 2000;
/// Longest `lastMessage` of a conversation summary, in UTF-16 code units.
pub const LAST_MESSAGE_UNITS: usize = 500;
/// Longest title or placeholder an admin or a page sets, in characters.
pub const LOOK_TEXT_CHARS: usize = 500;
/// Most entries of a list in the look: suggested questions, engagement prompts, hosts.
pub const LOOK_LIST_ENTRIES: usize = 20;
/// Longest of these entries, in characters.
pub const LOOK_ENTRY_CHARS: usize = 200;
/// Most fields of the pre-chat form.
pub const FORM_FIELDS: usize = 10;
/// Longest identifier of a product or plan, in characters.
pub const IDENTIFIER_CHARS: usize = 64;
/// Longest id and longest name of a customer, in characters.
pub const CUSTOMER_CHARS: usize = 200;
/// Longest name or fingerprint of an instance of a license, in characters.
pub const INSTANCE_CHARS: usize = 255;
/// Longest nonce of a request to the license API, in characters.
pub const NONCE_CHARS: usize = 128;
/// Longest name of a license key, label of an API key, or name of a user, in characters.
pub const KEY_NAME_CHARS: usize = 120;
/// Longest description of a license key or webhook, in characters.
pub const DESCRIPTION_CHARS: usize = 2000;
/// Longest instructions of an agent, in characters.
pub const INSTRUCTIONS_CHARS: usize = 20_000;
/// Most data sources of one agent.
pub const DATA_SOURCES: usize = 50;
/// Most websites, and most IP addresses, of one license key.
pub const LIST_ENTRIES: usize = 200;
/// Longest grace after a key's expiry, in days.
pub const GRACE_DAYS: u32 = 365;
/// Longest time for which a replaced secret goes on working, in seconds.
pub const OVERLAP_SECONDS: i64 = 30 * 86_400;
/// Longest e-mail address, in bytes.
pub const EMAIL_BYTES: usize = 320;
/// Longest user id, user hash or name of a visitor, in bytes.
pub const USER_ID_BYTES: usize = 200;
/// Longest JWT that is looked at, in bytes.
pub const JWT_BYTES: usize = 8 * 1024;
/// Longest language tag, in characters.
pub const LOCALE_CHARS: usize = 35;
/// Longest body of a request in the OpenAI dialect, in bytes: it brings its own history.
pub const COMPLETION_BODY_BYTES: usize = 1024 * 1024;
/// Messages of such a request.
pub const COMPLETION_MESSAGES: usize = 1000;
/// Longest name of a document, in characters.
pub const DOCUMENT_NAME_CHARS: usize = 200;
/// Longest document as Markdown, in bytes.
pub const DOCUMENT_BYTES: usize = 5 * 1024 * 1024;
/// Largest file, in bytes.
pub const FILE_BYTES: usize = 20 * 1024 * 1024;
/// Longest body of a document that is sent as text, or of a list of pages, in bytes.
pub const DOCUMENT_BODY_BYTES: usize = 2 * DOCUMENT_BYTES;
/// Longest body of an upload, in bytes.
pub const FILES_BODY_BYTES: usize = 64 * 1024 * 1024;
/// Most questions with answers of one document.
pub const QUESTIONS: usize = 2000;
/// Most pages of one import.
pub const IMPORT_PAGES: usize = 2000;
/// Longest file of orders, in bytes.
pub const ORDERS_FILE_BYTES: usize = 512 * 1024 * 1024;
/// Most lines of such a file, its header left out.
pub const ORDERS_FILE_LINES: u64 = 1_000_000;
/// Longest of these lines, in bytes of its cells.
pub const ORDERS_LINE_BYTES: usize = 64 * 1024;
/// Mistakes in such a file that are listed; all are counted.
pub const ORDERS_FILE_ERRORS: usize = 1000;
/// Most passages of one data source.
pub const PASSAGES: i64 = 20_000;

/// The length of `text` in UTF-16 code units.
#[must_use]
pub fn utf16_len(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The longest prefix of `text` that has at most `units` UTF-16 code units.
#[must_use]
pub fn utf16_prefix(text: &str, units: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.len_utf16();
        if used > units {
            return &text[..at];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_counted_as_a_browser_counts_them() {
        assert_eq!(utf16_len("a😀"), 3);
        assert_eq!(utf16_prefix("a😀b", 2), "a", "half of a surrogate pair is never kept");
        assert_eq!(utf16_prefix("a😀b", 3), "a😀");
        assert_eq!(utf16_prefix("ab", 9), "ab");
    }
}
