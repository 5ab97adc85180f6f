//! License keys, their monthly counters, and what admins change about them.
//!
//! Every change takes the next change number, leaves its line in the audit log and its event, all
//! in one transaction.

use sqlx::FromRow;

use super::audit::{self, NewAudit};
use super::changes::{self, Kind};
use super::events::{self, NewEvent, NewMail};
use super::{
    Conn, Store, StoreError, Write, contains_pattern, execute, fetch_all, fetch_optional, fold,
    page_start, statements,
};

macro_rules! columns {
    () => {
        "id, version, generation, chatbot_id, name, description, key_hash, key_sealed, key_hint, \
         retrievable, previous_key_hash, previous_key_until, previous_generation, is_active, \
         deactivated_at, agent_id, data_source_id, restriction, websites, ip_addresses, \
         monthly_usage_limit, rate_limit_per_minute, expires_at, grace_days, activation_limit, \
         activation_usage, auto_activate_hosts, identity_mode, identity_secret_sealed, \
         previous_identity_secret_sealed, previous_identity_secret_until, ui, metadata, order_id, \
         created_at, updated_at, last_used_at"
    };
}

/// The names of what a key is bound to, looked up for the rows of a page alone. Requests of visitors
/// do without.
macro_rules! names {
    () => {
        ", (SELECT agents.name FROM agents WHERE agents.id = license_keys.agent_id) AS agent_name, \
         (SELECT data_sources.name FROM data_sources \
         WHERE data_sources.id = license_keys.data_source_id) AS data_source_name"
    };
}

/// How a key of `$table` stands at `$now`, in the words of its API.
macro_rules! key_standing {
    ($table:literal, $now:literal) => {
        concat!(
            "CASE WHEN ",
            $table,
            ".deactivated_at IS NOT NULL THEN 'deactivated' WHEN ",
            $table,
            ".is_active = FALSE THEN 'inactive' WHEN ",
            $table,
            ".expires_at IS NOT NULL AND ",
            $table,
            ".expires_at <= ",
            $now,
            " THEN 'expired' ELSE 'active' END"
        )
    };
}
pub(super) use key_standing;

statements! {
    ADD = "INSERT INTO license_keys (id, version, generation, chatbot_id, name, folded, \
        description, key_hash, key_sealed, key_hint, retrievable, is_active, agent_id, \
        data_source_id, restriction, websites, ip_addresses, monthly_usage_limit, \
        rate_limit_per_minute, expires_at, grace_days, activation_limit, activation_usage, \
        auto_activate_hosts, identity_mode, identity_secret_sealed, ui, metadata, created_at, \
        updated_at, order_id) VALUES ($1, 1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, \
        $13, $14, $15, $16, $17, $18, $19, $20, 0, $21, $22, $23, $24, $25, $26, $26, $27)";
    /// $3 is 1 when the key is switched off: then its tokens die.
    UPDATE = "UPDATE license_keys SET version = version + 1, generation = generation + $3, \
        previous_generation = CASE WHEN $3 = 1 THEN NULL ELSE previous_generation END, \
        name = $4, folded = $5, description = $6, is_active = $7, agent_id = $8, \
        data_source_id = $9, restriction = $10, websites = $11, ip_addresses = $12, \
        monthly_usage_limit = $13, rate_limit_per_minute = $14, \
        expiry_announced = CASE WHEN COALESCE(expires_at, -1) = COALESCE(CAST($15 AS BIGINT), -1) \
        THEN expiry_announced ELSE NULL END, expires_at = $15, grace_days = $16, \
        activation_limit = $17, auto_activate_hosts = $18, identity_mode = $19, ui = $20, \
        metadata = $21, updated_at = $22 WHERE id = $1 AND version = $2";
    SET_WEBSITES = "UPDATE license_keys SET websites = $2, restriction = 'websites', \
        version = version + 1, updated_at = $3 WHERE id = $1 AND websites <> $2";
    REGENERATE = "UPDATE license_keys SET version = version + 1, generation = generation + 1, \
        previous_key_hash = CASE WHEN CAST($6 AS BIGINT) > CAST($7 AS BIGINT) THEN key_hash ELSE NULL END, \
        previous_generation = CASE WHEN $6 > $7 THEN generation ELSE NULL END, \
        previous_key_until = CASE WHEN $6 > $7 THEN $6 ELSE NULL END, \
        key_hash = $3, key_sealed = $4, key_hint = $5, updated_at = $7 \
        WHERE id = $1 AND version = $2";
    DEACTIVATE = "UPDATE license_keys SET version = version + 1, generation = generation + 1, \
        previous_key_hash = NULL, previous_key_until = NULL, previous_generation = NULL, \
        is_active = FALSE, deactivated_at = $2, updated_at = $2 \
        WHERE id = $1 AND deactivated_at IS NULL";
    SET_IDENTITY_SECRET = "UPDATE license_keys SET version = version + 1, \
        previous_identity_secret_sealed = CASE WHEN CAST($4 AS BIGINT) > CAST($5 AS BIGINT) THEN identity_secret_sealed \
        ELSE NULL END, previous_identity_secret_until = CASE WHEN $4 > $5 THEN $4 ELSE NULL END, \
        identity_secret_sealed = $3, updated_at = $5 WHERE id = $1 AND version = $2";
    END_OVERLAP = "UPDATE license_keys SET version = version + 1, previous_key_hash = NULL, \
        previous_key_until = NULL, previous_generation = NULL \
        WHERE id = $1 AND previous_key_until <= $2 RETURNING generation";
    OVERLAPS_ENDED = "SELECT id FROM license_keys WHERE previous_key_until <= $1";
    END_OLD_ACTIVATIONS = "DELETE FROM activations WHERE license_key_id = $1 AND generation < $2";
    END_ALL_ACTIVATIONS = "DELETE FROM activations WHERE license_key_id = $1";
    RECOUNT_ACTIVATIONS = "UPDATE license_keys SET activation_usage = (SELECT COUNT(*) \
        FROM activations WHERE license_key_id = $1 AND status = 'active') WHERE id = $1";
    DELETE = "DELETE FROM license_keys WHERE id = $1";
    TOUCH = "UPDATE license_keys SET last_used_at = $2 \
        WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";
    VERSION = "SELECT version FROM license_keys WHERE id = $1";
    BY_HASH = concat!("SELECT ", columns!(), " FROM license_keys \
        WHERE key_hash = $1 OR previous_key_hash = $1");
    BY_CHATBOT = concat!("SELECT ", columns!(), " FROM license_keys WHERE chatbot_id = $1");
    BY_ID = concat!("SELECT ", columns!(), " FROM license_keys WHERE id = $1");
    BOUND = concat!("SELECT ", columns!(), names!(), " FROM license_keys WHERE id = $1");
    /// Every filter has a value that lets all pass; $6 is the time.
    LIST = concat!("SELECT ", columns!(), names!(), " FROM license_keys \
        WHERE (created_at < $1 OR (created_at = $1 AND id < $2)) \
        AND ($3 = '' OR folded LIKE $3 ESCAPE '\\' OR key_hint LIKE $4) \
        AND ($5 = '' OR $5 = ", key_standing!("license_keys", "$6"), ") \
        AND (CAST($8 AS BIGINT) = 0 OR order_id IS NOT NULL) ORDER BY created_at DESC, id DESC LIMIT $7");
    COUNT = concat!("SELECT COUNT(*) FROM license_keys \
        WHERE ($1 = '' OR folded LIKE $1 ESCAPE '\\' OR key_hint LIKE $2) \
        AND ($3 = '' OR $3 = ", key_standing!("license_keys", "$4"), ") \
        AND (CAST($5 AS BIGINT) = 0 OR order_id IS NOT NULL)");
    USAGE = "SELECT used FROM license_key_months WHERE license_key_id = $1 AND month = $2";
    USAGES = "SELECT months.license_key_id, months.used FROM license_key_months AS months \
        JOIN license_keys ON license_keys.id = months.license_key_id \
        WHERE months.month = $1 AND license_keys.created_at >= $2 AND license_keys.created_at <= $3";
    MONTH_TOTAL = "SELECT CAST(COALESCE(SUM(used), 0) AS BIGINT) FROM license_key_months \
        WHERE month = $1";
    /// Keys that expire before $2, later than $1, and were not announced for so few days.
    EXPIRING = concat!("SELECT ", columns!(), " FROM license_keys WHERE expires_at > $1 \
        AND expires_at <= $2 AND deactivated_at IS NULL \
        AND (expiry_announced IS NULL OR expiry_announced > $3) ORDER BY id LIMIT 100");
    ANNOUNCE_EXPIRY = "UPDATE license_keys SET expiry_announced = $2 \
        WHERE id = $1 AND (expiry_announced IS NULL OR expiry_announced > $2)";
}

/// A license key as it is stored.
#[derive(Clone, FromRow)]
pub struct LicenseKeyRow {
    pub id: String,
    pub version: i64,
    pub generation: i64,
    pub chatbot_id: String,
    pub name: String,
    pub description: String,
    pub key_hash: String,
    pub key_sealed: Option<String>,
    pub key_hint: String,
    pub retrievable: bool,
    pub previous_key_hash: Option<String>,
    pub previous_key_until: Option<i64>,
    pub previous_generation: Option<i64>,
    pub is_active: bool,
    pub deactivated_at: Option<i64>,
    pub agent_id: Option<String>,
    pub data_source_id: Option<String>,
    pub restriction: String,
    /// JSON array of patterns.
    pub websites: String,
    /// JSON array of addresses and networks.
    pub ip_addresses: String,
    pub monthly_usage_limit: Option<i64>,
    pub rate_limit_per_minute: Option<i64>,
    pub expires_at: Option<i64>,
    pub grace_days: i64,
    pub activation_limit: Option<i64>,
    pub activation_usage: i64,
    pub auto_activate_hosts: bool,
    pub identity_mode: String,
    pub identity_secret_sealed: Option<String>,
    pub previous_identity_secret_sealed: Option<String>,
    pub previous_identity_secret_until: Option<i64>,
    /// JSON of the look.
    pub ui: String,
    /// JSON object.
    pub metadata: String,
    pub order_id: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
    pub last_used_at: Option<i64>,
}

impl std::fmt::Debug for LicenseKeyRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LicenseKeyRow").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A license key with the names of what it is bound to.
#[derive(Clone, Debug, FromRow)]
pub struct BoundKey {
    #[sqlx(flatten)]
    pub key: LicenseKeyRow,
    pub agent_name: Option<String>,
    pub data_source_name: Option<String>,
}

/// Which of a key's names a look-up goes by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeyName {
    /// Lower-case hex SHA-256 of the key.
    Hash(String),
    Chatbot(String),
    Id(String),
}

/// The settings of a key as they are stored.
#[derive(Clone, Debug)]
pub struct StoredSettings {
    pub name: String,
    pub description: String,
    pub is_active: bool,
    pub agent_id: Option<String>,
    pub data_source_id: Option<String>,
    pub restriction: &'static str,
    pub websites: String,
    pub ip_addresses: String,
    pub monthly_usage_limit: Option<i64>,
    pub rate_limit_per_minute: Option<i64>,
    pub expires_at: Option<i64>,
    pub grace_days: i64,
    pub activation_limit: Option<i64>,
    pub auto_activate_hosts: bool,
    pub identity_mode: &'static str,
    pub ui: String,
    pub metadata: String,
}

impl StoredSettings {
    pub(super) fn folded(&self) -> String {
        fold(&format!("{}\n{}", self.name, self.description))
    }
}

/// A key and the sealed copy of it, as they are stored.
#[derive(Clone)]
pub struct StoredKey {
    pub hash: String,
    pub hint: String,
    pub sealed: Option<String>,
}

impl std::fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredKey").finish_non_exhaustive()
    }
}

/// A license key to be made.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub id: String,
    pub chatbot_id: String,
    pub key: StoredKey,
    pub settings: StoredSettings,
    pub identity_secret_sealed: Option<String>,
    pub retrievable: bool,
    pub order_id: Option<String>,
}

/// Adds a key, in the transaction of what it is made for.
pub(super) async fn add(conn: &mut Conn, new: &NewKey, now_ms: i64) -> Result<u64, sqlx::Error> {
    let s = &new.settings;
    execute!(
        &mut *conn,
        ADD,
        &new.id,
        &new.chatbot_id,
        &s.name,
        s.folded(),
        &s.description,
        &new.key.hash,
        &new.key.sealed,
        &new.key.hint,
        new.retrievable,
        s.is_active,
        &s.agent_id,
        &s.data_source_id,
        s.restriction,
        &s.websites,
        &s.ip_addresses,
        s.monthly_usage_limit,
        s.rate_limit_per_minute,
        s.expires_at,
        s.grace_days,
        s.activation_limit,
        s.auto_activate_hosts,
        s.identity_mode,
        &new.identity_secret_sealed,
        &s.ui,
        &s.metadata,
        now_ms,
        &new.order_id
    )
}

/// Switches a key off for good, in the transaction of why; its version from now on, or none when it
/// was off for good already.
pub(super) async fn deactivate(
    conn: &mut Conn,
    id: &str,
    now_ms: i64,
) -> Result<Option<i64>, sqlx::Error> {
    if execute!(&mut *conn, DEACTIVATE, id, now_ms)? == 0 {
        return Ok(None);
    }
    Ok(fetch_optional!(&mut *conn, (i64,), VERSION, id)?.map(|(version,)| version))
}

/// What is done to a license key.
#[derive(Clone, Debug)]
pub enum KeyChange {
    Add(Box<NewKey>),
    /// With `switches_off`, the key's tokens die.
    Update {
        version: i64,
        settings: Box<StoredSettings>,
        switches_off: bool,
    },
    Regenerate {
        version: i64,
        key: StoredKey,
        /// Until when the key before works too; in the past: no longer.
        until: i64,
    },
    Deactivate,
    SetIdentitySecret {
        version: i64,
        sealed: Option<String>,
        until: i64,
    },
    Delete,
}

/// A change of a license key with all that goes with it.
#[derive(Clone, Debug)]
pub struct ChangeKey {
    pub id: String,
    pub change: KeyChange,
    pub now_ms: i64,
    pub audit: NewAudit,
    pub events: Vec<NewEvent>,
    /// The letter that brings a new key to the customer.
    pub mail: Option<NewMail>,
}

impl Write for ChangeKey {
    /// The key's version from now on; `None` when it is gone or has another version than the change
    /// was made for. The greatest number when it was deleted.
    type Out = Option<i64>;
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<Option<i64>, sqlx::Error> {
        let number = changes::next(conn).await?;
        if self.apply(conn).await? == 0 {
            return Ok(None);
        }
        let version = match self.change {
            KeyChange::Delete => i64::MAX,
            _ => fetch_optional!(&mut *conn, (i64,), VERSION, &self.id)?
                .map_or(i64::MAX, |(version,)| version),
        };
        let kind = Kind::LicenseKey;
        changes::add(conn, number, kind, &self.id, version, self.now_ms).await?;
        audit::add(conn, &self.audit).await?;
        for event in &self.events {
            events::add(conn, event).await?;
        }
        if let Some(mail) = &self.mail {
            events::post(conn, mail).await?;
        }
        Ok(Some(version))
    }
}

impl ChangeKey {
    /// Gives the number of keys that were changed.
    async fn apply(&self, conn: &mut Conn) -> Result<u64, sqlx::Error> {
        let (id, now) = (&self.id, self.now_ms);
        match &self.change {
            KeyChange::Add(new) => add(conn, new, now).await,
            KeyChange::Update { version, settings: s, switches_off } => execute!(
                &mut *conn,
                UPDATE,
                id,
                *version,
                i64::from(*switches_off),
                &s.name,
                s.folded(),
                &s.description,
                s.is_active,
                &s.agent_id,
                &s.data_source_id,
                s.restriction,
                &s.websites,
                &s.ip_addresses,
                s.monthly_usage_limit,
                s.rate_limit_per_minute,
                s.expires_at,
                s.grace_days,
                s.activation_limit,
                s.auto_activate_hosts,
                s.identity_mode,
                &s.ui,
                &s.metadata,
                now
            ),
            KeyChange::Regenerate { version, key, until } => {
                let changed = execute!(
                    &mut *conn,
                    REGENERATE,
                    id,
                    *version,
                    &key.hash,
                    &key.sealed,
                    &key.hint,
                    *until,
                    now
                )?;
                if changed > 0 && *until <= now {
                    execute!(&mut *conn, END_ALL_ACTIVATIONS, id)?;
                    execute!(&mut *conn, RECOUNT_ACTIVATIONS, id)?;
                }
                Ok(changed)
            }
            KeyChange::Deactivate => execute!(&mut *conn, DEACTIVATE, id, now),
            KeyChange::SetIdentitySecret { version, sealed, until } => {
                execute!(&mut *conn, SET_IDENTITY_SECRET, id, *version, sealed, *until, now)
            }
            KeyChange::Delete => execute!(&mut *conn, DELETE, id),
        }
    }
}

struct SetWebsites {
    id: String,
    websites: String,
    now_ms: i64,
}

impl Write for SetWebsites {
    type Out = ();

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        execute!(&mut *conn, SET_WEBSITES, &self.id, &self.websites, self.now_ms)?;
        Ok(())
    }
}

struct EndOverlap {
    id: String,
    now_ms: i64,
}

impl Write for EndOverlap {
    /// The key's version from now on; `None` when another server was faster.
    type Out = Option<i64>;

    async fn run(&self, conn: &mut Conn) -> Result<Option<i64>, sqlx::Error> {
        let number = changes::next(conn).await?;
        let ended = fetch_optional!(&mut *conn, (i64,), END_OVERLAP, &self.id, self.now_ms)?;
        let Some((generation,)) = ended else { return Ok(None) };
        execute!(&mut *conn, END_OLD_ACTIVATIONS, &self.id, generation)?;
        execute!(&mut *conn, RECOUNT_ACTIVATIONS, &self.id)?;
        let version = fetch_optional!(&mut *conn, (i64,), VERSION, &self.id)?;
        let version = version.map_or(i64::MAX, |(version,)| version);
        changes::add(conn, number, Kind::LicenseKey, &self.id, version, self.now_ms).await?;
        Ok(Some(version))
    }
}

struct TouchKeys(Vec<(String, i64)>);

impl Write for TouchKeys {
    type Out = ();

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        for (id, at_ms) in &self.0 {
            execute!(&mut *conn, TOUCH, id, *at_ms)?;
        }
        Ok(())
    }
}

struct AnnounceExpiry {
    id: String,
    days: i64,
    event: NewEvent,
}

impl Write for AnnounceExpiry {
    type Out = ();

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        if execute!(&mut *conn, ANNOUNCE_EXPIRY, &self.id, self.days)? > 0 {
            events::add(conn, &self.event).await?;
        }
        Ok(())
    }
}

/// What a key's hint looks like whose last group somebody searches for; without such a group, a
/// pattern that no hint looks like.
pub(super) fn hint_pattern(q: &str) -> String {
    let tail = q.trim().to_uppercase();
    if tail.len() == 4 && tail.bytes().all(|b| b.is_ascii_alphanumeric()) {
        format!("%-{tail}")
    } else {
        String::from("-")
    }
}

/// Which license keys an admin asks for.
#[derive(Clone, Debug)]
pub struct KeyFilter {
    /// Starts after this (created_at, id).
    pub after: Option<(i64, String)>,
    /// Part of the name or description, or the last characters of the key.
    pub q: Option<String>,
    pub status: Option<&'static str>,
    /// Those of orders only.
    pub of_orders: bool,
    pub now_ms: i64,
    pub limit: u32,
}

impl Store {
    /// Changes a license key; see [`ChangeKey`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn change_key(&self, change: ChangeKey) -> Result<Option<i64>, StoreError> {
        self.writer.run(change).await
    }

    /// Replaces the websites (a JSON array) that a key is bound to.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_websites(
        &self,
        id: &str,
        websites: String,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.writer.run(SetWebsites { id: id.to_owned(), websites, now_ms }).await
    }

    /// Ends the overlaps of rotated keys that are over; gives the keys with their new versions.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_overlaps(&self, now_ms: i64) -> Result<Vec<(String, i64)>, StoreError> {
        let mut conn = self.conn().await?;
        let over = fetch_all!(&mut conn, (String,), OVERLAPS_ENDED, now_ms)?;
        drop(conn);
        let mut ended = Vec::new();
        for (id,) in over {
            if let Some(version) = self.writer.run(EndOverlap { id: id.clone(), now_ms }).await? {
                ended.push((id, version));
            }
        }
        Ok(ended)
    }

    /// Notes when keys were last used.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn touch_keys(&self, used: Vec<(String, i64)>) -> Result<(), StoreError> {
        self.writer.run(TouchKeys(used)).await
    }

    /// Looks a license key up.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn license_key(&self, name: &KeyName) -> Result<Option<LicenseKeyRow>, StoreError> {
        let (sql, value) = match name {
            KeyName::Hash(value) => (BY_HASH, value),
            KeyName::Chatbot(value) => (BY_CHATBOT, value),
            KeyName::Id(value) => (BY_ID, value),
        };
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, LicenseKeyRow, sql, value)?)
    }

    /// A license key with the names of what it is bound to.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn bound_key(&self, id: &str) -> Result<Option<BoundKey>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, BoundKey, BOUND, id)?)
    }

    /// A page of license keys, newest first, with how many there are in all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn license_keys(
        &self,
        filter: &KeyFilter,
    ) -> Result<(Vec<BoundKey>, i64), StoreError> {
        let mut conn = self.conn().await?;
        let like = filter.q.as_deref().map(contains_pattern).unwrap_or_default();
        let hint = hint_pattern(filter.q.as_deref().unwrap_or_default());
        let status = filter.status.unwrap_or("");
        let (before_ms, before_id) = page_start(filter.after.clone());
        let rows = fetch_all!(
            &mut conn,
            BoundKey,
            LIST,
            before_ms,
            &before_id,
            &like,
            &hint,
            status,
            filter.now_ms,
            i64::from(filter.limit),
            i64::from(filter.of_orders)
        )?;
        let total = fetch_optional!(
            &mut conn,
            (i64,),
            COUNT,
            &like,
            &hint,
            status,
            filter.now_ms,
            i64::from(filter.of_orders)
        )?;
        Ok((rows, total.map_or(0, |(n,)| n)))
    }

    /// Queries counted for a key in a month (year * 100 + month).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn monthly_usage(&self, id: &str, month: i64) -> Result<i64, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, (i64,), USAGE, id, month)?.map_or(0, |(used,)| used))
    }

    /// Queries counted in a month for each of the keys that were made in this time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn monthly_usages(
        &self,
        month: i64,
        made_from: i64,
        made_to: i64,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_all!(&mut conn, (String, i64), USAGES, month, made_from, made_to)?)
    }

    /// Queries counted in a month over all license keys.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn month_total(&self, month: i64) -> Result<i64, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, (i64,), MONTH_TOTAL, month)?.map_or(0, |(used,)| used))
    }

    /// Some of the keys that expire within `days` and were not announced for as few.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn expiring_keys(
        &self,
        now_ms: i64,
        days: i64,
    ) -> Result<Vec<LicenseKeyRow>, StoreError> {
        let mut conn = self.conn().await?;
        let until = now_ms + days * 86_400_000;
        Ok(fetch_all!(&mut conn, LicenseKeyRow, EXPIRING, now_ms, until, days)?)
    }

    /// Notes that a key's expiry was announced, and announces it, unless that was done.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn announce_expiry(
        &self,
        id: &str,
        days: i64,
        event: NewEvent,
    ) -> Result<(), StoreError> {
        self.writer.run(AnnounceExpiry { id: id.to_owned(), days, event }).await
    }
}
