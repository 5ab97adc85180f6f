//! What has changed lately: how servers learn to forget what they remember.

use sqlx::FromRow;

use super::{Conn, Store, StoreError, Write, execute, fetch_all, fetch_optional, statements};

statements! {
    NEXT = "UPDATE change_counter SET value = value + 1 WHERE id = 1 RETURNING value";
    ADD = "INSERT INTO changes (number, kind, subject, version, created_at) \
        VALUES ($1, $2, $3, $4, $5)";
    LAST = "SELECT value FROM change_counter WHERE id = 1";
    SINCE = "SELECT number, kind, subject, version FROM changes WHERE number > $1 ORDER BY number";
    FORGET = "DELETE FROM changes WHERE created_at < $1";
}

/// What a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    LicenseKey,
    Webhooks,
    Settings,
    Agents,
    DataSources,
    SigningKeys,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::LicenseKey => "license_key",
            Self::Webhooks => "webhooks",
            Self::Settings => "settings",
            Self::Agents => "agents",
            Self::DataSources => "data_sources",
            Self::SigningKeys => "signing_keys",
        }
    }
}

/// A change that was committed.
#[derive(Clone, Debug, FromRow)]
pub struct Change {
    pub number: i64,
    pub kind: String,
    pub subject: String,
    pub version: i64,
}

impl Change {
    #[must_use]
    pub fn is(&self, kind: Kind) -> bool {
        self.kind == kind.as_str()
    }
}

/// Takes the next number. Called first in a transaction: it also keeps writers of changes apart.
pub(super) async fn next(conn: &mut Conn) -> Result<i64, sqlx::Error> {
    let row = fetch_optional!(&mut *conn, (i64,), NEXT)?;
    row.map(|(value,)| value).ok_or(sqlx::Error::RowNotFound)
}

/// Notes a change under the number that was taken for it.
pub(super) async fn add(
    conn: &mut Conn,
    number: i64,
    kind: Kind,
    subject: &str,
    version: i64,
    now_ms: i64,
) -> Result<(), sqlx::Error> {
    execute!(&mut *conn, ADD, number, kind.as_str(), subject, version, now_ms)?;
    Ok(())
}

struct Forget {
    before_ms: i64,
}

impl Write for Forget {
    type Out = ();

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        execute!(&mut *conn, FORGET, self.before_ms)?;
        Ok(())
    }
}

impl Store {
    /// The number of the last change.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn last_change(&self) -> Result<i64, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, (i64,), LAST)?.map_or(0, |(value,)| value))
    }

    /// The changes after `number`, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn changes_since(&self, number: i64) -> Result<Vec<Change>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_all!(&mut conn, Change, SINCE, number)?)
    }

    /// Forgets changes that every server has long seen.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_changes(&self, before_ms: i64) -> Result<(), StoreError> {
        self.writer.run(Forget { before_ms }).await
    }
}
