//! Settings that an admin has made.

use super::audit::{self, NewAudit};
use super::changes::{self, Kind};
use super::{Conn, Store, StoreError, Write, execute, fetch_all, fetch_optional, statements};

/// Under which name it stands how often settings were changed.
pub const VERSION: &str = "version";

statements! {
    SET = "INSERT INTO settings (name, value, updated_at) VALUES ($1, $2, $3) \
        ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at";
    ALL = "SELECT name, value FROM settings";
    ONE = "SELECT value FROM settings WHERE name = $1";
}

struct Set {
    /// Only when they are of this version; `None` = of any.
    version: Option<i64>,
    values: Vec<(&'static str, String)>,
    audit: NewAudit,
    now_ms: i64,
}

impl Write for Set {
    /// Whether they were of that version.
    type Out = bool;
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<bool, sqlx::Error> {
        // Keeps two who change settings at the same time apart.
        let number = changes::next(conn).await?;
        let stored = fetch_optional!(&mut *conn, (String,), ONE, VERSION)?;
        let now = stored.and_then(|(version,)| version.parse().ok()).unwrap_or(0_i64);
        if self.version.is_some_and(|seen| seen != now) {
            return Ok(false);
        }
        execute!(&mut *conn, SET, VERSION, (now + 1).to_string(), self.now_ms)?;
        for (name, value) in &self.values {
            execute!(&mut *conn, SET, *name, value, self.now_ms)?;
        }
        changes::add(conn, number, Kind::Settings, "", 0, self.now_ms).await?;
        audit::add(conn, &self.audit).await?;
        Ok(true)
    }
}

impl Store {
    /// Sets settings, each a name and its JSON; false when they have another version by now than the
    /// given one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_settings(
        &self,
        version: Option<i64>,
        values: Vec<(&'static str, String)>,
        audit: NewAudit,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        self.writer.run(Set { version, values, audit, now_ms }).await
    }

    /// Every setting that was made.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settings(&self) -> Result<Vec<(String, String)>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_all!(&mut conn, (String, String), ALL)?)
    }
}
