//! Whole conversations for admins, and their removal.

use sqlx::FromRow;

use super::audit::{self, NewAudit};
use super::{
    Conn, Store, StoreError, Write, execute, fetch_all, fetch_optional, like_pattern, statements,
};

statements! {
    ENTRIES = "SELECT id, position, role, content, status, turn_id, sources, tools, rating, comment, \
        created_at FROM messages WHERE conversation_id = $1 AND position > $2 ORDER BY position";
    TURNS = "SELECT id, user_message_id, agent_id, code, created_at, finished_at, input_tokens, \
        output_tokens FROM turns WHERE conversation_id = $1 ORDER BY created_at, id";
    /// A query's row in the usage log has the id of its turn.
    FACTS = "SELECT ip_address, user_agent, domain FROM usage_log WHERE id IN \
        (SELECT id FROM turns WHERE conversation_id = $1) ORDER BY created_at DESC, id DESC LIMIT 1";
    IDS_OF = "SELECT id FROM conversations WHERE owner = $1 AND session_id = $2 \
        AND ($3 = '' OR id = $3)";
    /// What was counted stays counted; whose it was is forgotten.
    FORGET_USAGE = "UPDATE usage_log SET conversation_id = NULL, question = '', ip_address = '', \
        referrer = '', user_agent = '', user_id = NULL WHERE id IN \
        (SELECT id FROM turns WHERE conversation_id = $1)";
    FORGET_USER = "UPDATE usage_log SET question = '', ip_address = '', referrer = '', \
        user_agent = '', user_id = NULL WHERE owner = $1 AND user_id = $2";
    FORGET_EVENTS = "DELETE FROM events WHERE data LIKE $1 ESCAPE '\\'";
    FORGET_LEADS = "DELETE FROM events WHERE type = 'lead.captured' AND data LIKE $1 ESCAPE '\\'";
    FORGET_LINES = "DELETE FROM notifications WHERE data LIKE $1 ESCAPE '\\'";
    DELETE = "DELETE FROM conversations WHERE id = $1";
    DELETE_VISITOR = "DELETE FROM visitors WHERE owner = $1 AND session_id = $2 AND NOT EXISTS \
        (SELECT 1 FROM conversations WHERE owner = $1 AND session_id = $2)";
}

/// A message with what only admins see.
#[derive(Clone, Debug, FromRow)]
pub struct Entry {
    pub id: String,
    pub position: i64,
    pub role: String,
    pub content: String,
    pub status: String,
    pub turn_id: String,
    pub sources: String,
    pub tools: String,
    pub rating: Option<String>,
    pub comment: Option<String>,
    pub created_at: i64,
}

/// What became of a question.
#[derive(Clone, Debug, FromRow)]
pub struct TurnFacts {
    pub id: String,
    pub user_message_id: String,
    pub agent_id: Option<String>,
    pub code: Option<String>,
    pub created_at: i64,
    pub finished_at: Option<i64>,
    pub input_tokens: Option<i64>,
    pub output_tokens: Option<i64>,
}

/// Removes one conversation of a visitor, or all that is known of them.
#[derive(Clone, Debug)]
pub struct RemoveVisitor {
    pub owner: String,
    pub session_id: String,
    /// Empty = all.
    pub conversation_id: String,
    pub user_id: Option<String>,
    pub email: String,
    pub audit: NewAudit,
}

impl Write for RemoveVisitor {
    /// How many conversations were removed.
    type Out = usize;
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<usize, sqlx::Error> {
        let (owner, session) = (&self.owner, &self.session_id);
        let one = &self.conversation_id;
        let ids = fetch_all!(&mut *conn, (String,), IDS_OF, owner, session, one)?;
        for (id,) in &ids {
            let mentions = like_pattern(id);
            execute!(&mut *conn, FORGET_USAGE, id)?;
            execute!(&mut *conn, FORGET_EVENTS, &mentions)?;
            execute!(&mut *conn, FORGET_LINES, &mentions)?;
            execute!(&mut *conn, DELETE, id)?;
        }
        if one.is_empty() {
            if let Some(user_id) = &self.user_id {
                execute!(&mut *conn, FORGET_USER, owner, user_id)?;
            }
            if !self.email.is_empty() {
                let mentions = like_pattern(&serde_json::Value::from(&*self.email).to_string());
                execute!(&mut *conn, FORGET_LEADS, mentions)?;
            }
        }
        // Who has no conversation left could not be found again to be removed.
        execute!(&mut *conn, DELETE_VISITOR, owner, session)?;
        if !ids.is_empty() {
            audit::add(conn, &self.audit).await?;
        }
        Ok(ids.len())
    }
}

impl Store {
    /// A conversation's messages after this position, and what became of its questions.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn thread(
        &self,
        conversation_id: &str,
        after: i64,
    ) -> Result<(Vec<Entry>, Vec<TurnFacts>), StoreError> {
        let mut conn = self.conn().await?;
        let entries = fetch_all!(&mut conn, Entry, ENTRIES, conversation_id, after)?;
        if entries.is_empty() {
            return Ok((entries, Vec::new()));
        }
        Ok((entries, fetch_all!(&mut conn, TurnFacts, TURNS, conversation_id)?))
    }

    /// The address, browser and website of a conversation's last query that the usage log knows.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn asked_from(
        &self,
        conversation_id: &str,
    ) -> Result<Option<(String, String, String)>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, (String, String, String), FACTS, conversation_id)?)
    }

    /// Removes a conversation, or a visitor with all that is known of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_visitor(&self, remove: RemoveVisitor) -> Result<usize, StoreError> {
        self.writer.run(remove).await
    }
}
