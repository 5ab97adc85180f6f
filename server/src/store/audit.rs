//! Who changed what.

use sqlx::FromRow;

use super::{
    Conn, Store, StoreError, Write, execute, fetch_all, fetch_optional, page_start, statements,
};

statements! {
    ADD = "INSERT INTO audit_log (id, created_at, actor_kind, actor_id, actor_name, action, \
        subject_kind, subject_id, changes, ip_address) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    LIST = "SELECT id, created_at, actor_kind, actor_id, actor_name, action, subject_kind, \
        subject_id, changes, ip_address FROM audit_log \
        WHERE (created_at < $1 OR (created_at = $1 AND id < $2)) \
        AND ($3 = '' OR subject_id = $3) AND ($4 = '' OR action = $4) \
        ORDER BY created_at DESC, id DESC LIMIT $5";
    COUNT = "SELECT COUNT(*) FROM audit_log WHERE ($1 = '' OR subject_id = $1) \
        AND ($2 = '' OR action = $2)";
}

/// A line of the audit log; as it is stored and as it is to be stored.
#[derive(Clone, Debug, FromRow)]
pub struct NewAudit {
    pub id: String,
    pub created_at: i64,
    pub actor_kind: String,
    pub actor_id: Option<String>,
    pub actor_name: String,
    pub action: String,
    pub subject_kind: String,
    pub subject_id: String,
    /// JSON: field to `[old, new]`.
    pub changes: String,
    pub ip_address: String,
}

/// Adds a line, in the transaction of what it is about.
pub(super) async fn add(conn: &mut Conn, line: &NewAudit) -> Result<(), sqlx::Error> {
    execute!(
        &mut *conn,
        ADD,
        &line.id,
        line.created_at,
        &line.actor_kind,
        &line.actor_id,
        &line.actor_name,
        &line.action,
        &line.subject_kind,
        &line.subject_id,
        &line.changes,
        &line.ip_address
    )?;
    Ok(())
}

struct AddAlone(NewAudit);

impl Write for AddAlone {
    type Out = ();

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        add(conn, &self.0).await
    }
}

impl Store {
    /// Adds a line about something that changed nothing in the database, such as revealing a key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_audit(&self, line: NewAudit) -> Result<(), StoreError> {
        self.writer.run(AddAlone(line)).await
    }

    /// A page of the log, newest first, with how many lines there are; empty filters let all pass.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit(
        &self,
        after: Option<(i64, String)>,
        subject_id: &str,
        action: &str,
        limit: u32,
    ) -> Result<(Vec<NewAudit>, i64), StoreError> {
        let mut conn = self.conn().await?;
        let (before_ms, before_id) = page_start(after);
        let limit = i64::from(limit);
        let rows = fetch_all!(
            &mut conn, NewAudit, LIST, before_ms, &before_id, subject_id, action, limit
        )?;
        let total = fetch_optional!(&mut conn, (i64,), COUNT, subject_id, action)?;
        Ok((rows, total.map_or(0, |(n,)| n)))
    }
}
