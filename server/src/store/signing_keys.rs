//! The keys that sign answers of the license API: one that is used, one that follows it, and those
//! whose last leases still run.

use sqlx::FromRow;

use super::audit::{self, NewAudit};
use super::changes::{self, Kind};
use super::{Conn, Store, StoreError, Write, execute, fetch_all, statements};

statements! {
    ADD = "INSERT INTO signing_keys (id, status, public_key, secret_sealed, created_at) \
        VALUES ($1, $2, $3, $4, $5)";
    RETIRE = "UPDATE signing_keys SET status = 'retired', published_until = $1 \
        WHERE status = 'active'";
    PROMOTE = "UPDATE signing_keys SET status = 'active' WHERE status = 'next'";
    FORGET = "DELETE FROM signing_keys WHERE status = 'retired' AND published_until <= $1";
    ALL = "SELECT id, status, public_key, secret_sealed, created_at, published_until \
        FROM signing_keys ORDER BY created_at, id";
}

/// A signing key as it is stored.
#[derive(Clone, FromRow)]
pub struct SigningKeyRow {
    pub id: String,
    /// next, active, retired.
    pub status: String,
    /// Base64.
    pub public_key: String,
    pub secret_sealed: String,
    pub created_at: i64,
    pub published_until: Option<i64>,
}

impl std::fmt::Debug for SigningKeyRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKeyRow").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Puts keys in their places. Made beforehand: what is not needed is thrown away.
struct Keep {
    active: SigningKeyRow,
    next: SigningKeyRow,
    rotate: Option<(NewAudit, i64)>,
    now_ms: i64,
}

impl Write for Keep {
    type Out = Vec<SigningKeyRow>;
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<Vec<SigningKeyRow>, sqlx::Error> {
        // Keeps servers that start together apart.
        let number = changes::next(conn).await?;
        execute!(&mut *conn, FORGET, self.now_ms)?;
        let known = fetch_all!(&mut *conn, SigningKeyRow, ALL)?;
        let has = |status: &str| known.iter().any(|key| key.status == status);
        if !has("active") {
            add(conn, &self.active).await?;
        }
        if !has("next") {
            add(conn, &self.next).await?;
        } else if let Some((audit, published_until)) = &self.rotate {
            execute!(&mut *conn, RETIRE, *published_until)?;
            execute!(&mut *conn, PROMOTE)?;
            add(conn, &self.next).await?;
            audit::add(conn, audit).await?;
        }
        changes::add(conn, number, Kind::SigningKeys, "", 0, self.now_ms).await?;
        fetch_all!(&mut *conn, SigningKeyRow, ALL)
    }
}

async fn add(conn: &mut Conn, key: &SigningKeyRow) -> Result<(), sqlx::Error> {
    let (id, status, public) = (&key.id, &key.status, &key.public_key);
    execute!(&mut *conn, ADD, id, status, public, &key.secret_sealed, key.created_at)?;
    Ok(())
}

impl Store {
    /// Every signing key that is published, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKeyRow>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_all!(&mut conn, SigningKeyRow, ALL)?)
    }

    /// Sees to it that there are an active and a next key, taking these where one is missing. With
    /// `rotate`, the next key becomes the active one, and the active one is published until that
    /// time. Gives every key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_signing_keys(
        &self,
        active: SigningKeyRow,
        next: SigningKeyRow,
        rotate: Option<(NewAudit, i64)>,
        now_ms: i64,
    ) -> Result<Vec<SigningKeyRow>, StoreError> {
        self.writer.run(Keep { active, next, rotate, now_ms }).await
    }
}
