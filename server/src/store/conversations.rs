//! Reads conversations: for the visitor who owns one, and for admins.

use sqlx::FromRow;

use super::{
    Conn, Store, StoreError, Write, execute, fetch_all, fetch_optional, page_start, spelled,
    spellings, statements,
};

/// The agent that answered last.
macro_rules! last_agent {
    () => {
        "(SELECT agent_id FROM turns WHERE turns.conversation_id = conversations.id \
         ORDER BY turns.created_at DESC, turns.id DESC LIMIT 1)"
    };
}

/// What an admin's list shows of a conversation.
macro_rules! summary {
    () => {
        concat!("SELECT conversations.id, conversations.created_at, conversations.updated_at, \
         conversations.owner, conversations.session_id, conversations.license_key_id, \
         license_keys.name AS license_key_name, conversations.message_count, \
         conversations.last_message, conversations.closed_at, conversations.running_turn_id, \
         conversations.page_url, conversations.page_title, conversations.page_referrer, \
         conversations.metadata, conversations.user_id, \
         COALESCE(visitors.name, '') AS visitor_name, \
         COALESCE(visitors.email, '') AS visitor_email, \
         (SELECT MIN(first.id) FROM conversations AS first WHERE first.owner = conversations.owner \
         AND first.session_id = conversations.session_id) AS visitor_id, \
         ", last_agent!(), " AS agent_id, \
         (SELECT name FROM agents WHERE agents.id = ", last_agent!(), ") AS agent_name, \
         (SELECT COUNT(*) FROM messages WHERE messages.conversation_id = conversations.id \
         AND messages.rating = 'up') AS thumbs_up, \
         (SELECT COUNT(*) FROM messages WHERE messages.conversation_id = conversations.id \
         AND messages.rating = 'down') AS thumbs_down, \
         (SELECT COUNT(*) FROM turns WHERE turns.conversation_id = conversations.id \
         AND turns.status = 'failed') AS failures FROM conversations \
         LEFT JOIN license_keys ON license_keys.id = conversations.license_key_id \
         LEFT JOIN visitors ON visitors.owner = conversations.owner \
         AND visitors.session_id = conversations.session_id")
    };
}

/// Every filter has a value that lets all pass, so that one text serves all combinations. What
/// messages say is compared in three spellings, because no two databases lower-case alike beyond
/// ASCII.
macro_rules! matching {
    () => {
        concat!("conversations.updated_at >= $1 AND conversations.updated_at < $2 \
         AND ($3 = '' OR conversations.license_key_id = $3) \
         AND ($4 = '' OR conversations.folded LIKE $4 ESCAPE '\\' OR (CAST($5 AS BIGINT) = 1 AND (\
         EXISTS (SELECT 1 FROM messages WHERE messages.conversation_id = conversations.id \
         AND (", spelled!("messages.content", "$4", "$6", "$7"), ")) \
         OR EXISTS (SELECT 1 FROM visitors WHERE visitors.owner = conversations.owner \
         AND visitors.session_id = conversations.session_id \
         AND (LOWER(visitors.name) LIKE $4 ESCAPE '\\' OR LOWER(visitors.name) LIKE $6 ESCAPE '\\' \
         OR LOWER(visitors.email) LIKE $4 ESCAPE '\\'))))) \
         AND (CAST($5 AS BIGINT) = 0 OR conversations.owner NOT LIKE 'preview/%') \
         AND ($8 = '' OR EXISTS (SELECT 1 FROM turns WHERE turns.conversation_id = conversations.id \
         AND turns.agent_id = $8)) \
         AND ($9 = '' OR EXISTS (SELECT 1 FROM messages \
         WHERE messages.conversation_id = conversations.id AND messages.rating IS NOT NULL \
         AND ($9 = 'any' OR messages.rating = $9))) \
         AND ($10 = '' OR $10 = CASE WHEN conversations.running_turn_id IS NOT NULL THEN 'running' \
         WHEN conversations.closed_at IS NULL THEN 'open' ELSE 'closed' END) \
         AND ($11 = '' OR $11 = CASE WHEN EXISTS (SELECT 1 FROM turns \
         WHERE turns.conversation_id = conversations.id AND turns.status = 'failed') \
         THEN 'true' ELSE 'false' END) \
         AND ($12 = '' OR conversations.id IN (SELECT theirs.id FROM conversations AS theirs \
         JOIN conversations AS one ON one.owner = theirs.owner \
         AND one.session_id = theirs.session_id WHERE one.id = $12))")
    };
}

statements! {
    CURRENT = "SELECT id, running_turn_id, updated_at FROM conversations \
        WHERE owner = $1 AND session_id = $2 AND closed_at IS NULL";
    CLOSE = "UPDATE conversations SET closed_at = $3 \
        WHERE owner = $1 AND session_id = $2 AND closed_at IS NULL AND running_turn_id IS NULL";
    MESSAGES = "SELECT id, conversation_id, role, content, status, client_message_id, sources, \
        rating, comment, created_at, turn_id FROM messages \
        WHERE conversation_id = $1 ORDER BY position";
    SUMMARY = concat!(summary!(), " WHERE conversations.id = $1");
    LIST = concat!(summary!(), " WHERE (conversations.updated_at < $13 \
        OR (conversations.updated_at = $13 AND conversations.id < $14)) AND ", matching!(),
        " ORDER BY conversations.updated_at DESC, conversations.id DESC LIMIT $15");
    COUNT = concat!("SELECT COUNT(*) FROM conversations WHERE ", matching!());
}

/// The open conversation of a session.
#[derive(Clone, Debug, FromRow)]
pub struct Current {
    pub id: String,
    pub running_turn_id: Option<String>,
    pub updated_at: i64,
}

#[derive(Clone, Debug, FromRow)]
pub struct MessageRow {
    pub id: String,
    pub conversation_id: String,
    pub role: String,
    pub content: String,
    pub status: String,
    pub client_message_id: Option<String>,
    pub sources: String,
    pub rating: Option<String>,
    pub comment: Option<String>,
    pub created_at: i64,
    pub turn_id: String,
}

/// A line of the admin's list.
#[derive(Clone, Debug, FromRow)]
pub struct Summary {
    pub id: String,
    pub created_at: i64,
    pub updated_at: i64,
    pub owner: String,
    pub session_id: String,
    pub license_key_id: Option<String>,
    pub license_key_name: Option<String>,
    pub message_count: i64,
    pub last_message: String,
    pub closed_at: Option<i64>,
    pub running_turn_id: Option<String>,
    pub page_url: String,
    pub page_title: String,
    pub page_referrer: String,
    /// JSON object.
    pub metadata: String,
    /// Of a verified visitor.
    pub user_id: Option<String>,
    pub visitor_name: String,
    pub visitor_email: String,
    /// The id of the visitor's first conversation.
    pub visitor_id: Option<String>,
    /// Who answered last.
    pub agent_id: Option<String>,
    pub agent_name: Option<String>,
    pub thumbs_up: i64,
    pub thumbs_down: i64,
    /// Answers that failed.
    pub failures: i64,
}

/// Which conversations an admin asks for. Empty texts let all pass.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Starts after this (updated_at, id), as the last page's end gave it.
    pub after: Option<(i64, String)>,
    pub from_ms: i64,
    pub to_ms: i64,
    pub license_key_id: String,
    /// Part of the last message, whatever its case.
    pub q: Option<String>,
    /// Whether `q` is also looked for in all messages and in the visitor's name and address; and
    /// previews are left out.
    pub thorough: bool,
    pub agent_id: String,
    /// up, down, any.
    pub rating: &'static str,
    /// open, closed, running.
    pub status: &'static str,
    /// true, false: whether an answer has failed.
    pub has_error: &'static str,
    /// The visitor of the conversation with this id.
    pub visitor_id: String,
    pub limit: u32,
}

struct Close {
    owner: String,
    session_id: String,
    now_ms: i64,
}

impl Write for Close {
    type Out = ();

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        execute!(&mut *conn, CLOSE, &self.owner, &self.session_id, self.now_ms)?;
        Ok(())
    }
}

impl Store {
    /// The session's open conversation, if it has one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn current(
        &self,
        owner: &str,
        session_id: &str,
    ) -> Result<Option<Current>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, Current, CURRENT, owner, session_id)?)
    }

    /// Closes the session's conversation, unless an answer is being written in it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn close_conversation(
        &self,
        owner: &str,
        session_id: &str,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let (owner, session_id) = (owner.to_owned(), session_id.to_owned());
        self.writer.run(Close { owner, session_id, now_ms }).await
    }

    /// All messages, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn messages(&self, conversation_id: &str) -> Result<Vec<MessageRow>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_all!(&mut conn, MessageRow, MESSAGES, conversation_id)?)
    }

    /// One conversation, as the list shows it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn conversation(&self, id: &str) -> Result<Option<Summary>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, Summary, SUMMARY, id)?)
    }

    /// The page of conversations that `filter` asks for, newest first, and how many there are in
    /// all, whatever the page.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn conversations(&self, filter: &Filter) -> Result<(Vec<Summary>, i64), StoreError> {
        let mut conn = self.conn().await?;
        let (before_ms, before_id) = page_start(filter.after.clone());
        let (like, typed, capital) = filter.q.as_deref().map(spellings).unwrap_or_default();
        macro_rules! matching {
            ($fetch:ident, $row:ty, $sql:expr $(, $more:expr)*) => {
                $fetch!(
                    &mut conn, $row, $sql, filter.from_ms, filter.to_ms, &filter.license_key_id,
                    &like, i64::from(filter.thorough), &typed, &capital, &filter.agent_id,
                    filter.rating, filter.status, filter.has_error, &filter.visitor_id $(, $more)*
                )
            };
        }
        let limit = i64::from(filter.limit);
        let rows = matching!(fetch_all, Summary, LIST, before_ms, &before_id, limit)?;
        let total = matching!(fetch_optional, (i64,), COUNT)?;
        Ok((rows, total.map_or(0, |(n,)| n)))
    }
}
