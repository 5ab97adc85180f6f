//! People behind sessions.

use sqlx::FromRow;

use super::events::{self, NewEvent};
use super::{Conn, Store, StoreError, Write, execute, fetch_optional, statements};

statements! {
    KNOW = "INSERT INTO visitors (owner, session_id, user_id, name, email, attributes, \
        created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7) \
        ON CONFLICT (owner, session_id) DO UPDATE SET user_id = excluded.user_id, \
        name = CASE WHEN excluded.name = '' THEN visitors.name ELSE excluded.name END, \
        email = CASE WHEN excluded.email = '' THEN visitors.email ELSE excluded.email END, \
        attributes = CASE WHEN excluded.attributes = '{}' THEN visitors.attributes \
        ELSE excluded.attributes END, updated_at = excluded.updated_at";
    CLOSE_IDLE = "UPDATE conversations SET closed_at = $3 WHERE owner = $1 AND session_id = $2 \
        AND closed_at IS NULL AND running_turn_id IS NULL AND updated_at <= $4";
    HAS_OPEN = "SELECT id FROM conversations WHERE owner = $1 AND session_id = $2 \
        AND closed_at IS NULL";
    HAND_OVER = "UPDATE conversations SET session_id = $3, user_id = $4 \
        WHERE owner = $1 AND session_id = $2 AND closed_at IS NULL AND running_turn_id IS NULL \
        AND message_count > 0 RETURNING id";
    VISITOR = "SELECT user_id, name, email, attributes FROM visitors \
        WHERE owner = $1 AND session_id = $2";
    HAND_TURNS_OVER = "UPDATE turns SET session_id = $2 WHERE conversation_id = $1";
}

/// What is known of the person behind a session.
#[derive(Clone, Debug)]
pub struct KnowVisitor {
    pub owner: String,
    pub session_id: String,
    /// Of a verified user.
    pub user_id: Option<String>,
    /// Empty = as it was; the same for the next two.
    pub name: String,
    pub email: String,
    /// JSON object.
    pub attributes: String,
    pub now_ms: i64,
    /// The session of the same browser before its user was verified: its open conversation goes
    /// over to the user, unless they have one.
    pub from_session: Option<String>,
    /// Conversations without a message since then are over.
    pub idle_before_ms: i64,
    pub event: Option<NewEvent>,
}

/// A person as they or their site have named them.
#[derive(Clone, Debug, FromRow)]
pub struct VisitorRow {
    pub user_id: Option<String>,
    pub name: String,
    pub email: String,
    /// JSON object.
    pub attributes: String,
}

impl Write for KnowVisitor {
    type Out = ();

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        let (owner, session, user) = (&self.owner, &self.session_id, &self.user_id);
        execute!(
            &mut *conn,
            KNOW,
            owner,
            session,
            user,
            &self.name,
            &self.email,
            &self.attributes,
            self.now_ms
        )?;
        if let Some(event) = &self.event {
            events::add(conn, event).await?;
        }
        let Some(from) = &self.from_session else { return Ok(()) };
        execute!(&mut *conn, CLOSE_IDLE, owner, session, self.now_ms, self.idle_before_ms)?;
        if fetch_optional!(&mut *conn, (String,), HAS_OPEN, owner, session)?.is_some() {
            return Ok(());
        }
        let moved = fetch_optional!(&mut *conn, (String,), HAND_OVER, owner, from, session, user)?;
        if let Some((conversation_id,)) = moved {
            execute!(&mut *conn, HAND_TURNS_OVER, &conversation_id, session)?;
        }
        Ok(())
    }
}

impl Store {
    /// Notes what is known of a visitor.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn know_visitor(&self, known: KnowVisitor) -> Result<(), StoreError> {
        self.writer.run(known).await
    }

    /// What is known of a session's visitor, if anything.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn visitor(
        &self,
        owner: &str,
        session_id: &str,
    ) -> Result<Option<VisitorRow>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, VisitorRow, VISITOR, owner, session_id)?)
    }
}
