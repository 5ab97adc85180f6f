//! Facts about this installation.

use super::audit::{self, NewAudit};
use super::{Conn, Store, StoreError, Write, execute, fetch_optional, statements};

statements! {
    SET_ONCE = "INSERT INTO installation (name, value) VALUES ($1, $2) \
        ON CONFLICT (name) DO NOTHING";
    SET = "INSERT INTO installation (name, value) VALUES ($1, $2) \
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    GET = "SELECT value FROM installation WHERE name = $1";
}

struct SetOnce {
    name: &'static str,
    value: String,
}

impl Write for SetOnce {
    type Out = String;
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<String, sqlx::Error> {
        execute!(&mut *conn, SET_ONCE, self.name, &self.value)?;
        let row = fetch_optional!(&mut *conn, (String,), GET, self.name)?;
        row.map(|(value,)| value).ok_or(sqlx::Error::RowNotFound)
    }
}

struct Set {
    name: &'static str,
    value: String,
    audit: NewAudit,
}

impl Write for Set {
    type Out = ();

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        execute!(&mut *conn, SET, self.name, &self.value)?;
        audit::add(conn, &self.audit).await
    }
}

impl Store {
    /// A fact, if it is known.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fact(&self, name: &str) -> Result<Option<String>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, (String,), GET, name)?.map(|(value,)| value))
    }

    /// Stores a fact, whatever it was before, with its line in the audit log.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_fact(
        &self,
        name: &'static str,
        value: String,
        audit: NewAudit,
    ) -> Result<(), StoreError> {
        self.writer.run(Set { name, value, audit }).await
    }

    /// Stores a fact unless it is known already; gives the fact that stands.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_once(&self, name: &'static str, value: &str) -> Result<String, StoreError> {
        self.writer.run(SetOnce { name, value: value.to_owned() }).await
    }
}
