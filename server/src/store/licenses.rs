//! Licenses as a customer's software uses them: asked about, activated, and let go.
//!
//! An activation locks its key's row first, so that the limit is exact also between servers.

use sqlx::FromRow;

use super::activations;
use super::events::{self, NewEvent};
use super::{Conn, Store, StoreError, Write, execute, fetch_optional, statements};

statements! {
    /// $2 names an instance of the license, or none.
    FIND = "SELECT k.id, k.version, k.key_hash, k.generation, k.previous_generation, k.previous_key_until, \
        k.is_active, k.deactivated_at, k.expires_at, k.grace_days, k.activation_usage, \
        k.activation_limit, k.activated_at, k.name AS key_name, k.metadata, o.customer_id, \
        o.customer_name, o.customer_email, p.identifier AS plan_identifier, p.name AS plan_name, \
        p.description AS plan_description, r.id AS product_id, \
        r.identifier AS product_identifier, r.name AS product_name, a.id AS instance_id, \
        a.name AS instance_name, a.host AS instance_host, \
        a.metadata AS instance_metadata, a.last_seen_at FROM license_keys k \
        LEFT JOIN orders o ON o.id = k.order_id LEFT JOIN plans p ON p.id = o.plan_id \
        LEFT JOIN products r ON r.id = p.product_id \
        LEFT JOIN activations a ON a.license_key_id = k.id AND a.id = $2 AND a.status = 'active' \
        WHERE k.key_hash = $1 OR k.previous_key_hash = $1";
    LOCK = "UPDATE license_keys SET activation_usage = activation_usage WHERE id = $1 \
        RETURNING generation, previous_generation, previous_key_until, is_active, deactivated_at, \
        expires_at, grace_days, activation_usage, activation_limit";
    BY_FINGERPRINT = "SELECT id, created_at FROM activations \
        WHERE license_key_id = $1 AND fingerprint = $2 AND status = 'active'";
    SEE_AGAIN = "UPDATE activations SET last_seen_at = $2, generation = $3 WHERE id = $1";
    TAKE_PLACE = "UPDATE license_keys SET activation_usage = activation_usage + 1, \
        activated_at = COALESCE(activated_at, $2) WHERE id = $1";
    ADD = "INSERT INTO activations (id, license_key_id, name, fingerprint, status, generation, \
        metadata, created_at, last_seen_at) VALUES ($1, $2, $3, $4, 'active', $5, $6, $7, $7)";
    REMOVE = "DELETE FROM activations WHERE license_key_id = $1 AND id = $2 AND status = 'active'";
    SEE = "UPDATE activations SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2";
}

/// A license with what was bought and, when one was named and found, an instance of it.
#[derive(Clone, FromRow)]
pub struct LicenseRow {
    pub id: String,
    pub version: i64,
    pub key_hash: String,
    pub generation: i64,
    pub previous_generation: Option<i64>,
    pub previous_key_until: Option<i64>,
    pub is_active: bool,
    pub deactivated_at: Option<i64>,
    pub expires_at: Option<i64>,
    pub grace_days: i64,
    pub activation_usage: i64,
    pub activation_limit: Option<i64>,
    pub activated_at: Option<i64>,
    pub key_name: String,
    /// JSON object.
    pub metadata: String,
    pub customer_id: Option<String>,
    pub customer_name: Option<String>,
    pub customer_email: Option<String>,
    pub plan_identifier: Option<String>,
    pub plan_name: Option<String>,
    pub plan_description: Option<String>,
    pub product_id: Option<String>,
    pub product_identifier: Option<String>,
    pub product_name: Option<String>,
    pub instance_id: Option<String>,
    pub instance_name: Option<String>,
    pub instance_host: Option<String>,
    /// JSON object.
    pub instance_metadata: Option<String>,
    pub last_seen_at: Option<i64>,
}

impl std::fmt::Debug for LicenseRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LicenseRow").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Whether a license may be used at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Good,
    /// Expired, but in its days of grace, which end then.
    Grace(i64),
    Expired,
    Inactive,
    Deactivated,
}

/// When a license that expires then is refused: after its days of grace.
#[must_use]
pub fn grace_end(expires_at: i64, grace_days: i64) -> i64 {
    expires_at.saturating_add(grace_days.saturating_mul(86_400_000))
}

/// Deactivated wins over inactive, inactive over expired.
#[must_use]
pub fn standing(
    deactivated_at: Option<i64>,
    is_active: bool,
    expires_at: Option<i64>,
    grace_days: i64,
    now_ms: i64,
) -> Standing {
    match expires_at.filter(|at| *at <= now_ms) {
        _ if deactivated_at.is_some() => Standing::Deactivated,
        _ if !is_active => Standing::Inactive,
        None => Standing::Good,
        Some(at) => match grace_end(at, grace_days) {
            ends if now_ms < ends => Standing::Grace(ends),
            _ => Standing::Expired,
        },
    }
}

impl LicenseRow {
    #[must_use]
    pub fn standing(&self, now_ms: i64) -> Standing {
        let (off, expires) = (self.deactivated_at, self.expires_at);
        standing(off, self.is_active, expires, self.grace_days, now_ms)
    }
}

#[derive(FromRow)]
struct Locked {
    generation: i64,
    previous_generation: Option<i64>,
    previous_key_until: Option<i64>,
    is_active: bool,
    deactivated_at: Option<i64>,
    expires_at: Option<i64>,
    grace_days: i64,
    activation_usage: i64,
    activation_limit: Option<i64>,
}

/// A device or program that asks to use a license.
#[derive(Clone, Debug)]
pub struct Activate {
    pub license_key_id: String,
    /// That of the key which was shown.
    pub generation: i64,
    /// Of the activation, when it is new.
    pub id: String,
    pub name: String,
    pub fingerprint: Option<String>,
    /// JSON object.
    pub metadata: String,
    pub now_ms: i64,
    /// Websites not seen since then give their places back.
    pub idle_before_ms: i64,
    pub event: NewEvent,
}

/// What became of an [`Activate`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActivateOutcome {
    New,
    /// The device has this activation already, since then.
    Known {
        id: String,
        since: i64,
    },
    /// The key was replaced or removed meanwhile.
    Unknown,
    Refused(Standing),
    LimitReached {
        used: i64,
        limit: i64,
    },
}

impl Write for Activate {
    type Out = ActivateOutcome;
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<ActivateOutcome, sqlx::Error> {
        let (key, now) = (&self.license_key_id, self.now_ms);
        let locked = fetch_optional!(&mut *conn, Locked, LOCK, key)?;
        let Some(locked) = locked else { return Ok(ActivateOutcome::Unknown) };
        let (off, expires) = (locked.deactivated_at, locked.expires_at);
        match standing(off, locked.is_active, expires, locked.grace_days, now) {
            Standing::Good | Standing::Grace(_) => {}
            refused => return Ok(ActivateOutcome::Refused(refused)),
        }
        if !self.has_key_of(&locked) {
            return Ok(ActivateOutcome::Unknown);
        }
        if let Some(fingerprint) = &self.fingerprint
            && let Some((id, since)) =
                fetch_optional!(&mut *conn, (String, i64), BY_FINGERPRINT, key, fingerprint)?
        {
            execute!(&mut *conn, SEE_AGAIN, &id, now, self.generation)?;
            return Ok(ActivateOutcome::Known { id, since });
        }
        if let Some(limit) = locked.activation_limit
            && locked.activation_usage >= limit
        {
            let idle = activations::drop_idle(conn, key, self.idle_before_ms).await?;
            let used = locked.activation_usage - idle;
            if used >= limit {
                return Ok(ActivateOutcome::LimitReached { used, limit });
            }
        }
        execute!(&mut *conn, TAKE_PLACE, key, now)?;
        execute!(
            &mut *conn,
            ADD,
            &self.id,
            key,
            &self.name,
            &self.fingerprint,
            self.generation,
            &self.metadata,
            now
        )?;
        events::add(conn, &self.event).await?;
        Ok(ActivateOutcome::New)
    }
}

impl Activate {
    /// Whether the key that was shown still is one of the license's.
    fn has_key_of(&self, row: &Locked) -> bool {
        self.generation == row.generation
            || (Some(self.generation) == row.previous_generation
                && row.previous_key_until.is_some_and(|until| self.now_ms < until))
    }
}

struct LetGo {
    license_key_id: String,
    id: String,
    event: NewEvent,
}

impl Write for LetGo {
    /// Whether there was such an activation.
    type Out = bool;
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<bool, sqlx::Error> {
        let key = &self.license_key_id;
        if fetch_optional!(&mut *conn, Locked, LOCK, key)?.is_none()
            || execute!(&mut *conn, REMOVE, key, &self.id)? == 0
        {
            return Ok(false);
        }
        activations::give_back(conn, key, 1).await?;
        events::add(conn, &self.event).await?;
        Ok(true)
    }
}

struct SeeInstances(Vec<(String, i64)>);

impl Write for SeeInstances {
    type Out = ();

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        for (id, at_ms) in &self.0 {
            execute!(&mut *conn, SEE, id, *at_ms)?;
        }
        Ok(())
    }
}

impl Store {
    /// The license whose key has this hash (also one that a rotation has replaced), with the
    /// instance of that id if it has it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn license(
        &self,
        key_hash: &str,
        instance_id: Option<&str>,
    ) -> Result<Option<LicenseRow>, StoreError> {
        let mut conn = self.conn().await?;
        let instance = instance_id.unwrap_or("");
        Ok(fetch_optional!(&mut conn, LicenseRow, FIND, key_hash, instance)?)
    }

    /// Activates a license on a device; see [`ActivateOutcome`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn activate(&self, activate: Activate) -> Result<ActivateOutcome, StoreError> {
        self.writer.run(activate).await
    }

    /// Ends an activation by its own wish and frees its place; false when there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn let_go(
        &self,
        license_key_id: &str,
        id: &str,
        event: NewEvent,
    ) -> Result<bool, StoreError> {
        let (license_key_id, id) = (license_key_id.to_owned(), id.to_owned());
        self.writer.run(LetGo { license_key_id, id, event }).await
    }

    /// Notes when instances were last seen.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn see_instances(&self, seen: Vec<(String, i64)>) -> Result<(), StoreError> {
        self.writer.run(SeeInstances(seen)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deactivated_wins_over_inactive_over_expired_and_grace_ends_to_the_millisecond() {
        const DAY: i64 = 86_400_000;
        assert_eq!(standing(Some(1), false, Some(1), 9, 5), Standing::Deactivated);
        assert_eq!(standing(None, false, Some(1), 9, 5), Standing::Inactive);
        assert_eq!(standing(None, true, None, 0, 5), Standing::Good);
        assert_eq!(standing(None, true, Some(6), 0, 5), Standing::Good);
        assert_eq!(standing(None, true, Some(5), 0, 5), Standing::Expired);
        assert_eq!(standing(None, true, Some(5), 1, 5), Standing::Grace(5 + DAY));
        assert_eq!(standing(None, true, Some(5), 1, 4 + DAY), Standing::Grace(5 + DAY));
        assert_eq!(standing(None, true, Some(5), 1, 5 + DAY), Standing::Expired);
    }
}
