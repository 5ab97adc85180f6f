//! Who changed what.

use sqlx::FromRow;

use super::{
    Conn, Store, StoreError, Write, execute, fetch_all, fetch_optional, page_start, spelled,
    spellings, statements,
};

macro_rules! asked {
    ($subject:literal, $action:literal, $from:literal, $to:literal, $actor:literal,
        $like:literal, $typed:literal, $capital:literal) => {
        concat!(
            concat!("(", $subject, " = '' OR subject_id = ", $subject, ")"),
            concat!(" AND (", $action, " = '' OR action = ", $action, ")"),
            concat!(" AND created_at >= ", $from, " AND created_at < ", $to),
            concat!(" AND (", $actor, " = '' OR actor_id = ", $actor, " OR "),
            spelled!("actor_name", $like, $typed, $capital),
            ")"
        )
    };
}

statements! {
    ADD = "INSERT INTO audit_log (id, created_at, actor_kind, actor_id, actor_name, action, \
        subject_kind, subject_id, changes, ip_address) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    LIST = concat!("SELECT id, created_at, actor_kind, actor_id, actor_name, action, subject_kind, \
        subject_id, changes, ip_address FROM audit_log \
        WHERE (created_at < $1 OR (created_at = $1 AND id < $2)) \
        AND ", asked!("$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10"),
        " ORDER BY created_at DESC, id DESC LIMIT $11");
    COUNT = concat!("SELECT COUNT(*) FROM audit_log WHERE ",
        asked!("$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8"));
}

/// Which lines are asked for; empty texts let all pass.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    pub subject_id: String,
    pub action: String,
    /// An actor's id, or a part of its name.
    pub actor: Option<String>,
    pub from_ms: i64,
    /// Excluded.
    pub to_ms: i64,
    /// Starts after this (created_at, id).
    pub after: Option<(i64, String)>,
    pub limit: u32,
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

    /// A page of the log, newest first, with how many lines there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit(&self, filter: AuditFilter) -> Result<(Vec<NewAudit>, i64), StoreError> {
        let mut conn = self.conn().await?;
        let (before_ms, before_id) = page_start(filter.after);
        let actor = filter.actor.unwrap_or_default();
        let (like, typed, capital) = spellings(&actor);
        macro_rules! matching {
            ($fetch:ident, $row:ty, $sql:expr, [$($first:expr),*] $(, $last:expr)*) => {
                $fetch!(
                    &mut conn, $row, $sql, $($first,)* &filter.subject_id, &filter.action,
                    filter.from_ms, filter.to_ms, &actor, &like, &typed, &capital $(, $last)*
                )
            };
        }
        let limit = i64::from(filter.limit);
        let rows = matching!(fetch_all, NewAudit, LIST, [before_ms, &before_id], limit)?;
        let total = matching!(fetch_optional, (i64,), COUNT, [])?;
        Ok((rows, total.map_or(0, |(n,)| n)))
    }
}
