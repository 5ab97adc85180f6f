//! Settings that an admin has made.

use super::audit::{self, NewAudit};
use super::changes::{self, Kind};
use super::{Conn, Store, StoreError, Write, execute, fetch_all, statements};

statements! {
    SET = "INSERT INTO settings (name, value, updated_at) VALUES ($1, $2, $3) \
        ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at";
    ALL = "SELECT name, value FROM settings";
}

struct Set {
    values: Vec<(&'static str, String)>,
    audit: NewAudit,
    now_ms: i64,
}

impl Write for Set {
    type Out = ();
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        let number = changes::next(conn).await?;
        for (name, value) in &self.values {
            execute!(&mut *conn, SET, *name, value, self.now_ms)?;
        }
        changes::add(conn, number, Kind::Settings, "", 0, self.now_ms).await?;
        audit::add(conn, &self.audit).await
    }
}

impl Store {
    /// Sets settings, each a name and its JSON.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_settings(
        &self,
        values: Vec<(&'static str, String)>,
        audit: NewAudit,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.writer.run(Set { values, audit, now_ms }).await
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
