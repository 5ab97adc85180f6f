//! Facts about this installation.

use super::{Conn, Store, StoreError, Write, execute, fetch_optional, statements};

statements! {
    SET_ONCE = "INSERT INTO installation (name, value) VALUES ($1, $2) \
        ON CONFLICT (name) DO NOTHING";
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

impl Store {
    /// A fact, if it is known.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fact(&self, name: &str) -> Result<Option<String>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, (String,), GET, name)?.map(|(value,)| value))
    }

    /// Stores a fact unless it is known already; gives the fact that stands.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_once(&self, name: &'static str, value: &str) -> Result<String, StoreError> {
        self.writer.run(SetOnce { name, value: value.to_owned() }).await
    }
}
