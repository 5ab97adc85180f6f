//! Reads conversations: for the visitor who owns one, and for admins.

use sqlx::FromRow;

use super::{
    Conn, Store, StoreError, Write, contains_pattern, execute, fetch_all, fetch_optional,
    page_start, statements,
};

statements! {
    CURRENT = "SELECT id, running_turn_id, updated_at FROM conversations \
        WHERE owner = $1 AND session_id = $2 AND closed_at IS NULL";
    CLOSE = "UPDATE conversations SET closed_at = $3 \
        WHERE owner = $1 AND session_id = $2 AND closed_at IS NULL AND running_turn_id IS NULL";
    MESSAGES = "SELECT id, conversation_id, role, content, status, client_message_id, sources, \
        rating, comment, created_at, turn_id FROM messages \
        WHERE conversation_id = $1 ORDER BY position";
    SUMMARY = "SELECT id, created_at, updated_at, owner, session_id, license_key_id, \
        message_count, last_message, closed_at, page_url, page_title FROM conversations WHERE id = $1";
    /// Every filter has a value that lets all pass, so that one text serves all combinations.
    LIST = "SELECT id, created_at, updated_at, owner, session_id, license_key_id, \
        message_count, last_message, closed_at, page_url, page_title FROM conversations \
        WHERE (updated_at < $1 OR (updated_at = $1 AND id < $2)) \
        AND updated_at >= $3 AND updated_at < $4 \
        AND ($5 = '' OR license_key_id = $5) \
        AND ($6 = '' OR folded LIKE $6 ESCAPE '\\') \
        ORDER BY updated_at DESC, id DESC LIMIT $7";
    COUNT = "SELECT COUNT(*) FROM conversations WHERE updated_at >= $1 AND updated_at < $2 \
        AND ($3 = '' OR license_key_id = $3) AND ($4 = '' OR folded LIKE $4 ESCAPE '\\')";
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
    pub message_count: i64,
    pub last_message: String,
    pub closed_at: Option<i64>,
    pub page_url: String,
    pub page_title: String,
}

/// Which conversations an admin asks for.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Starts after this (updated_at, id), as the last page's end gave it.
    pub after: Option<(i64, String)>,
    pub from_ms: i64,
    pub to_ms: i64,
    pub license_key_id: Option<String>,
    /// Part of the last message, whatever its case.
    pub q: Option<String>,
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
        let key = filter.license_key_id.as_deref().unwrap_or("");
        let like = filter.q.as_deref().map(contains_pattern).unwrap_or_default();
        let (before_ms, before_id) = page_start(filter.after.clone());
        let rows = fetch_all!(
            &mut conn,
            Summary,
            LIST,
            before_ms,
            &before_id,
            filter.from_ms,
            filter.to_ms,
            key,
            &like,
            i64::from(filter.limit)
        )?;
        let total =
            fetch_optional!(&mut conn, (i64,), COUNT, filter.from_ms, filter.to_ms, key, &like)?;
        Ok((rows, total.map_or(0, |(n,)| n)))
    }
}
