//! Websites and devices that use a license key.
//!
//! The limit is held by a counter on the key that one conditional statement changes: counting rows
//! would let extra ones in on PostgreSQL.

use sqlx::FromRow;

use super::audit::{self, NewAudit};
use super::changes::{self, Kind};
use super::events::{self, NewEvent};
use super::{
    Conn, Store, StoreError, Write, execute, fetch_all, fetch_optional, holds, page_start,
    spellings, statements,
};

macro_rules! searched {
    ($like:literal, $typed:literal, $capital:literal) => {
        holds!("(id || '\n' || name || '\n' || COALESCE(host, ''))", $like, $typed, $capital)
    };
}

statements! {
    /// A page that still has the key before a rotation does not take back what the new one has.
    SEE_HOST = "UPDATE activations SET last_seen_at = $3, \
        generation = CASE WHEN generation < $4 THEN $4 ELSE generation END WHERE license_key_id = $1 AND host = $2 RETURNING status";
    TAKE_PLACE = "UPDATE license_keys SET activation_usage = activation_usage + 1, \
        activated_at = COALESCE(activated_at, $3) WHERE id = $1 AND activation_usage < $2";
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
    REVOKE = "DELETE FROM activations WHERE license_key_id = $1 AND id = $2";
    TOUCH_KEY = "UPDATE license_keys SET version = version + 1 WHERE id = $1 RETURNING version";
    FORGET_PENDING = "DELETE FROM activations WHERE license_key_id = $1 AND host = $2 \
        AND status = 'pending'";
    FORGET_OLDEST_PENDING = "DELETE FROM activations WHERE id IN (SELECT id FROM activations \
        WHERE license_key_id = $1 AND status = 'pending' ORDER BY last_seen_at, id LIMIT 1)";
    SEE_INSTANCE = "UPDATE activations SET last_seen_at = $3, \
        generation = CASE WHEN generation < $4 THEN $4 ELSE generation END WHERE license_key_id = $1 AND id = $2 AND status = 'active'";
    BY_ID = "SELECT id, name, host, status, metadata, created_at, last_seen_at FROM activations \
        WHERE license_key_id = $1 AND id = $2";
    LIST = concat!("SELECT id, name, host, status, metadata, created_at, last_seen_at \
        FROM activations WHERE license_key_id = $1 \
        AND (created_at < $2 OR (created_at = $2 AND id < $3)) \
        AND ", searched!("$4", "$5", "$6"), " ORDER BY created_at DESC, id DESC LIMIT $7");
    COUNT = concat!("SELECT COUNT(*) FROM activations WHERE license_key_id = $1 \
        AND ", searched!("$2", "$3", "$4"));
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
    pub waiting: Option<NewEvent>,
}

/// What became of a website that asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostSeen {
    Active,
    /// Waits for an admin's approval.
    Pending,
    LimitReached,
}

impl Write for SeeHost {
    type Out = HostSeen;

    async fn run(&self, conn: &mut Conn) -> Result<HostSeen, sqlx::Error> {
        let key = &self.license_key_id;
        drop_idle(conn, key, self.idle_before_ms).await?;
        match self.known(conn).await? {
            Some(HostSeen::Pending) if self.auto => {
                // It waited for an approval that is not asked for any more.
                execute!(&mut *conn, FORGET_PENDING, key, &self.host)?;
            }
            Some(seen) => return Ok(seen),
            None => {}
        }
        if !self.auto {
            let waiting = fetch_optional!(&mut *conn, (i64,), COUNT_PENDING, key)?;
            if waiting.is_some_and(|(n,)| n >= PENDING) {
                // Made-up websites must not keep the real one out of the list.
                execute!(&mut *conn, FORGET_OLDEST_PENDING, key)?;
            }
            if self.add(conn, "pending").await?
                && let Some(event) = &self.waiting
            {
                events::add(conn, event).await?;
            }
            return Ok(HostSeen::Pending);
        }
        if execute!(&mut *conn, TAKE_PLACE, key, self.limit, self.now_ms)? == 0 {
            // Another request of the same website may have taken the last place.
            return Ok(self.known(conn).await?.unwrap_or(HostSeen::LimitReached));
        }
        if self.add(conn, "active").await? {
            events::add(conn, &self.taken).await?;
            return Ok(HostSeen::Active);
        }
        // Another request of the same website was faster.
        give_back(conn, key, 1).await?;
        Ok(self.known(conn).await?.unwrap_or(HostSeen::LimitReached))
    }
}

/// Gives the places of websites back that were not seen since then; how many they were.
pub(super) async fn drop_idle(
    conn: &mut Conn,
    key: &str,
    before_ms: i64,
) -> Result<i64, sqlx::Error> {
    let idle = execute!(&mut *conn, DROP_IDLE, key, before_ms)?;
    let idle = i64::try_from(idle).unwrap_or(0);
    if idle > 0 {
        give_back(conn, key, idle).await?;
    }
    Ok(idle)
}

/// Gives so many places of a key back.
pub(super) async fn give_back(conn: &mut Conn, key: &str, places: i64) -> Result<(), sqlx::Error> {
    execute!(&mut *conn, GIVE_PLACES_BACK, key, places)?;
    Ok(())
}

impl SeeHost {
    async fn known(&self, conn: &mut Conn) -> Result<Option<HostSeen>, sqlx::Error> {
        let (key, host) = (&self.license_key_id, &self.host);
        let (now, generation) = (self.now_ms, self.generation);
        let seen = fetch_optional!(&mut *conn, (String,), SEE_HOST, key, host, now, generation)?;
        Ok(seen.map(|(status,)| match status.as_str() {
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

/// What an admin does to an activation, with all that goes with it.
#[derive(Clone, Debug)]
pub struct EditActivation {
    pub license_key_id: String,
    pub id: String,
    pub edit: ActivationEdit,
    pub now_ms: i64,
    pub event: NewEvent,
    pub audit: NewAudit,
}

#[derive(Clone, Copy, Debug)]
pub enum ActivationEdit {
    Revoke,
    /// Lets a website in that waits, when there is a place.
    Approve {
        limit: i64,
        idle_before_ms: i64,
    },
}

/// What became of an [`EditActivation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivationEdited {
    /// The key's version from now on: every server asks again which activations it has.
    Done(i64),
    /// It was as asked already.
    Unchanged,
    NotFound,
    LimitReached,
}

impl Write for EditActivation {
    type Out = ActivationEdited;
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<ActivationEdited, sqlx::Error> {
        let number = changes::next(conn).await?;
        let key = &self.license_key_id;
        // The key's row before its activations, as everywhere, so that two cannot wait for each
        // other.
        let version = fetch_optional!(&mut *conn, (i64,), TOUCH_KEY, key)?;
        let Some((version,)) = version else { return Ok(ActivationEdited::NotFound) };
        let known = fetch_optional!(&mut *conn, ActivationRow, BY_ID, key, &self.id)?;
        let Some(known) = known else { return Ok(ActivationEdited::NotFound) };
        match self.edit {
            ActivationEdit::Revoke => {
                execute!(&mut *conn, REVOKE, key, &self.id)?;
                if known.status == "active" {
                    give_back(conn, key, 1).await?;
                }
            }
            ActivationEdit::Approve { limit, idle_before_ms } => {
                if known.status == "active" {
                    return Ok(ActivationEdited::Unchanged);
                }
                drop_idle(conn, key, idle_before_ms).await?;
                if execute!(&mut *conn, TAKE_PLACE, key, limit, self.now_ms)? == 0 {
                    return Ok(ActivationEdited::LimitReached);
                }
                execute!(&mut *conn, APPROVE, key, &self.id, self.now_ms)?;
            }
        }
        changes::add(conn, number, Kind::LicenseKey, key, version, self.now_ms).await?;
        audit::add(conn, &self.audit).await?;
        events::add(conn, &self.event).await?;
        Ok(ActivationEdited::Done(version))
    }
}

struct SeeInstance {
    license_key_id: String,
    id: String,
    generation: i64,
    now_ms: i64,
}

impl Write for SeeInstance {
    type Out = bool;

    async fn run(&self, conn: &mut Conn) -> Result<bool, sqlx::Error> {
        let key = &self.license_key_id;
        Ok(execute!(&mut *conn, SEE_INSTANCE, key, &self.id, self.now_ms, self.generation)? > 0)
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
        generation: i64,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let (license_key_id, id) = (license_key_id.to_owned(), id.to_owned());
        self.writer.run(SeeInstance { license_key_id, id, generation, now_ms }).await
    }

    /// Ends or approves an activation; see [`ActivationEdited`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn edit_activation(
        &self,
        edit: EditActivation,
    ) -> Result<ActivationEdited, StoreError> {
        self.writer.run(edit).await
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

    /// A page of a key's activations, newest first, with how many there are; `q` is part of their
    /// ids, names or hosts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn activations(
        &self,
        license_key_id: &str,
        after: Option<(i64, String)>,
        q: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<ActivationRow>, i64), StoreError> {
        let mut conn = self.conn().await?;
        let (before_ms, before_id) = page_start(after);
        let (like, typed, capital) = q.map(spellings).unwrap_or_default();
        let (key, limit) = (license_key_id, i64::from(limit));
        let rows = fetch_all!(
            &mut conn,
            ActivationRow,
            LIST,
            key,
            before_ms,
            &before_id,
            &like,
            &typed,
            &capital,
            limit
        )?;
        let total = fetch_optional!(&mut conn, (i64,), COUNT, key, &like, &typed, &capital)?;
        Ok((rows, total.map_or(0, |(n,)| n)))
    }
}
