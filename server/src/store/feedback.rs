//! A visitor's opinion of an answer.

use super::events::{self, NewEvent};
use super::{Conn, Store, StoreError, Write, execute, statements};

statements! {
    RATE = "UPDATE messages SET rating = $4, comment = $5 WHERE id = $1 AND role = 'assistant' \
        AND conversation_id IN (SELECT id FROM conversations WHERE owner = $2 AND session_id = $3)";
}

/// A rating of one answer in a session.
#[derive(Clone, Debug)]
pub struct Rate {
    pub message_id: String,
    pub owner: String,
    pub session_id: String,
    /// `up`, `down`, or none to take it back.
    pub rating: Option<&'static str>,
    pub comment: Option<String>,
    /// Told when there is such an answer.
    pub event: Option<NewEvent>,
}

impl Write for Rate {
    /// False when the session has no such answer.
    type Out = bool;

    async fn run(&self, conn: &mut Conn) -> Result<bool, sqlx::Error> {
        let changed = execute!(
            &mut *conn,
            RATE,
            &self.message_id,
            &self.owner,
            &self.session_id,
            self.rating,
            &self.comment
        )?;
        if changed > 0
            && let Some(event) = &self.event
        {
            events::add(conn, event).await?;
        }
        Ok(changed > 0)
    }
}

impl Store {
    /// Stores a rating; false when the session has no such answer.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rate(&self, rate: Rate) -> Result<bool, StoreError> {
        self.writer.run(rate).await
    }
}
