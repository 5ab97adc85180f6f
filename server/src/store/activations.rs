//! Websites and devices that use a license key.
//!
//! The limit is held by a counter on the key that one conditional statement changes: counting rows
//! would let extra ones in on PostgreSQL.

use sqlx::FromRow;

use super::events::{self, NewEvent};
use super::{Conn, Store, StoreError, Write, execute, fetch_all, fetch_optional, statements};

statements! {
    SEE_HOST = "UPDATE activations SET last_seen_at = $3, generation = $4 \
        WHERE license_key_id = $1 AND host = $2 RETURNING id, status";
    TAKE_PLACE = "UPDATE license_keys SET activation_usage = activation_usage + 1 \
        WHERE id = $1 AND activation_usage < $2";
    GIVE_PLACES_BACK = "UPDATE license_keys SET activation_usage = activation_usage - $2 \
        WHERE id = $1";
    ADD_HOST = "INSERT INTO activations (id, license_key_id, name, host, status, generation, \
        metadata, created_at, last_seen_at) VALUES ($1, $2, $3, $3, $4, $5, '{}', $6, $6) \
        ON CONFLICT (license_key_id, host) WHERE host IS NOT NULL DO NOTHING";
    COUNT_PENDING = "SELECT COUNT(*) FROM activations WHERE license_key_id = $1 \
        AND status = 'pending'";
    DROP_IDLE = "DELETE FROM activations WHERE license_key_id = $1 AND host IS NOT NULL \
        AND status = 'active' AND last_seen_at < $2";
    APPROVE = "UPDATE activations SET status = 'active', last_seen_at = $3 \
        WHERE license_key_id = $1 AND id = $2 AND status = 'pending'";
    REVOKE = "DELETE FROM activations WHERE license_key_id = $1 AND id = $2 \
        RETURNING id, status";
    SEE_INSTANCE = "UPDATE activations SET last_seen_at = $3 \
        WHERE license_key_id = $1 AND id = $2 AND status = 'active'";
    BY_ID = "SELECT id, name, host, status, metadata, created_at, last_seen_at FROM activations \
        WHERE license_key_id = $1 AND id = $2";
    LIST = "SELECT id, name, host, status, metadata, created_at, last_seen_at FROM activations \
        WHERE license_key_id = $1 AND (created_at < $2 OR (created_at = $2 AND id < $3)) \
        ORDER BY created_at DESC, id DESC LIMIT $4";
    COUNT = "SELECT COUNT(*) FROM activations WHERE license_key_id = $1";
}

/// Websites that may wait for approval at a time: anybody can put a public key on a page.
const PENDING: i64 = 100;

/// An activation as it is stored.
#[derive(Clone, Debug, FromRow)]
pub struct ActivationRow {
    pub id: String,
    pub name: String,
    pub host: Option<String>,
    /// active, pending.
    pub status: String,
    pub metadata: String,
    pub created_at: i64,
    pub last_seen_at: i64,
}

/// A website that asks to use a key, or goes on using it.
#[derive(Clone, Debug)]
pub struct SeeHost {
    pub license_key_id: String,
    pub host: String,
    /// Used when the website is new.
    pub id: String,
    pub generation: i64,
    pub limit: i64,
    /// Whether a new website takes a place by itself.
    pub auto: bool,
    pub now_ms: i64,
    /// Websites not seen since then give their places back.
    pub idle_before_ms: i64,
    /// Told when the website takes a place.
    pub taken: NewEvent,
    /// Told when the website has to wait for approval.
    pub waiting: NewEvent,
}

/// What became of a website that asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostSeen {
    Active,
    /// Waits for an admin's approval.
    Pending,
    LimitReached,
}

#[derive(FromRow)]
struct Seen {
    #[expect(dead_code, reason = "part of the row")]
    id: String,
    status: String,
}

impl Write for SeeHost {
    type Out = HostSeen;

    async fn run(&self, conn: &mut Conn) -> Result<HostSeen, sqlx::Error> {
        if let Some(seen) = self.known(conn).await? {
            return Ok(seen);
        }
        let key = &self.license_key_id;
        if !self.auto {
            let waiting = fetch_optional!(&mut *conn, (i64,), COUNT_PENDING, key)?;
            if waiting.is_none_or(|(n,)| n < PENDING) && self.add(conn, "pending").await? {
                events::add(conn, &self.waiting).await?;
            }
            return Ok(HostSeen::Pending);
        }
        if execute!(&mut *conn, TAKE_PLACE, key, self.limit)? == 0 {
            let idle = execute!(&mut *conn, DROP_IDLE, key, self.idle_before_ms)?;
            let idle = i64::try_from(idle).unwrap_or(0);
            execute!(&mut *conn, GIVE_PLACES_BACK, key, idle)?;
            if idle == 0 || execute!(&mut *conn, TAKE_PLACE, key, self.limit)? == 0 {
                // Another request of the same website may have taken the last place.
                return Ok(self.known(conn).await?.unwrap_or(HostSeen::LimitReached));
            }
        }
        if self.add(conn, "active").await? {
            events::add(conn, &self.taken).await?;
            return Ok(HostSeen::Active);
        }
        // Another request of the same website was faster.
        execute!(&mut *conn, GIVE_PLACES_BACK, key, 1_i64)?;
        Ok(self.known(conn).await?.unwrap_or(HostSeen::LimitReached))
    }
}

impl SeeHost {
    async fn known(&self, conn: &mut Conn) -> Result<Option<HostSeen>, sqlx::Error> {
        let (key, host) = (&self.license_key_id, &self.host);
        let seen =
            fetch_optional!(&mut *conn, Seen, SEE_HOST, key, host, self.now_ms, self.generation)?;
        Ok(seen.map(|seen| match seen.status.as_str() {
            "pending" => HostSeen::Pending,
            _ => HostSeen::Active,
        }))
    }

    async fn add(&self, conn: &mut Conn, status: &str) -> Result<bool, sqlx::Error> {
        let (id, key) = (&self.id, &self.license_key_id);
        let added = execute!(
            &mut *conn,
            ADD_HOST,
            id,
            key,
            &self.host,
            status,
            self.generation,
            self.now_ms
        )?;
        Ok(added > 0)
    }
}

struct Approve {
    license_key_id: String,
    id: String,
    limit: i64,
    now_ms: i64,
    taken: NewEvent,
}

/// What became of an approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approved {
    Done,
    NotFound,
    LimitReached,
}

impl Write for Approve {
    type Out = Approved;
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<Approved, sqlx::Error> {
        let key = &self.license_key_id;
        if execute!(&mut *conn, TAKE_PLACE, key, self.limit)? == 0 {
            let known = fetch_optional!(&mut *conn, ActivationRow, BY_ID, key, &self.id)?;
            return Ok(match known.map(|row| row.status) {
                None => Approved::NotFound,
                Some(status) if status == "active" => Approved::Done,
                Some(_) => Approved::LimitReached,
            });
        }
        if execute!(&mut *conn, APPROVE, key, &self.id, self.now_ms)? > 0 {
            events::add(conn, &self.taken).await?;
            return Ok(Approved::Done);
        }
        execute!(&mut *conn, GIVE_PLACES_BACK, key, 1_i64)?;
        let known = fetch_optional!(&mut *conn, ActivationRow, BY_ID, key, &self.id)?;
        Ok(if known.is_some() { Approved::Done } else { Approved::NotFound })
    }
}

struct Revoke {
    license_key_id: String,
    id: String,
    event: NewEvent,
}

impl Write for Revoke {
    type Out = bool;
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<bool, sqlx::Error> {
        let key = &self.license_key_id;
        // The key's row first, as everywhere, so that two cannot wait for each other.
        execute!(&mut *conn, GIVE_PLACES_BACK, key, 0_i64)?;
        let Some(gone) = fetch_optional!(&mut *conn, Seen, REVOKE, key, &self.id)? else {
            return Ok(false);
        };
        if gone.status == "active" {
            execute!(&mut *conn, GIVE_PLACES_BACK, key, 1_i64)?;
        }
        events::add(conn, &self.event).await?;
        Ok(true)
    }
}

struct SeeInstance {
    license_key_id: String,
    id: String,
    now_ms: i64,
}

impl Write for SeeInstance {
    type Out = bool;

    async fn run(&self, conn: &mut Conn) -> Result<bool, sqlx::Error> {
        let key = &self.license_key_id;
        Ok(execute!(&mut *conn, SEE_INSTANCE, key, &self.id, self.now_ms)? > 0)
    }
}

impl Store {
    /// Takes or renews a website's activation; see [`HostSeen`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn see_host(&self, host: SeeHost) -> Result<HostSeen, StoreError> {
        self.writer.run(host).await
    }

    /// Renews an activation by its id; false when the key has no such active one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn see_instance(
        &self,
        license_key_id: &str,
        id: &str,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let (license_key_id, id) = (license_key_id.to_owned(), id.to_owned());
        self.writer.run(SeeInstance { license_key_id, id, now_ms }).await
    }

    /// Lets a website in that waits for approval.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn approve_activation(
        &self,
        license_key_id: &str,
        id: &str,
        limit: i64,
        now_ms: i64,
        taken: NewEvent,
    ) -> Result<Approved, StoreError> {
        let (license_key_id, id) = (license_key_id.to_owned(), id.to_owned());
        self.writer.run(Approve { license_key_id, id, limit, now_ms, taken }).await
    }

    /// Ends an activation; false when the key has no such.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_activation(
        &self,
        license_key_id: &str,
        id: &str,
        event: NewEvent,
    ) -> Result<bool, StoreError> {
        let (license_key_id, id) = (license_key_id.to_owned(), id.to_owned());
        self.writer.run(Revoke { license_key_id, id, event }).await
    }

    /// One activation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn activation(
        &self,
        license_key_id: &str,
        id: &str,
    ) -> Result<Option<ActivationRow>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, ActivationRow, BY_ID, license_key_id, id)?)
    }

    /// A page of a key's activations, newest first, with how many there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn activations(
        &self,
        license_key_id: &str,
        after: Option<(i64, String)>,
        limit: u32,
    ) -> Result<(Vec<ActivationRow>, i64), StoreError> {
        let mut conn = self.conn().await?;
        let (before_ms, before_id) = after.unwrap_or_else(|| (i64::MAX, String::from("~")));
        let limit = i64::from(limit);
        let rows = fetch_all!(
            &mut conn,
            ActivationRow,
            LIST,
            license_key_id,
            before_ms,
            &before_id,
            limit
        )?;
        let total = fetch_optional!(&mut conn, (i64,), COUNT, license_key_id)?;
        Ok((rows, total.map_or(0, |(n,)| n)))
    }
}
