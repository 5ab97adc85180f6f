//! License keys and their monthly counters.

use sqlx::FromRow;

use super::{Conn, Store, StoreError, Write, execute, fetch_optional, fold, statements};

statements! {
    ADD = "INSERT INTO license_keys (id, version, generation, chatbot_id, name, folded, \
        description, key_hash, key_hint, retrievable, is_active, deactivated_at, restriction, \
        websites, ip_addresses, monthly_usage_limit, rate_limit_per_minute, expires_at, \
        grace_days, activation_usage, auto_activate_hosts, identity_mode, ui, metadata, \
        created_at, updated_at) VALUES ($1, 1, 1, $2, $3, $4, '', $5, $6, FALSE, $7, $8, $9, $10, \
        $11, $12, $13, $14, 0, 0, TRUE, 'optional', $15, '{}', $16, $16)";
    SET_WEBSITES = "UPDATE license_keys SET websites = $2, restriction = 'websites', \
        version = version + 1, updated_at = $3 WHERE id = $1 AND websites <> $2";
    BY_HASH = "SELECT id, generation, chatbot_id, name, is_active, deactivated_at, restriction, \
        websites, ip_addresses, monthly_usage_limit, rate_limit_per_minute, expires_at, \
        grace_days, ui FROM license_keys WHERE key_hash = $1";
    BY_CHATBOT = "SELECT id, generation, chatbot_id, name, is_active, deactivated_at, \
        restriction, websites, ip_addresses, monthly_usage_limit, rate_limit_per_minute, \
        expires_at, grace_days, ui FROM license_keys WHERE chatbot_id = $1";
    BY_ID = "SELECT id, generation, chatbot_id, name, is_active, deactivated_at, restriction, \
        websites, ip_addresses, monthly_usage_limit, rate_limit_per_minute, expires_at, \
        grace_days, ui FROM license_keys WHERE id = $1";
    USAGE = "SELECT used FROM license_key_months WHERE license_key_id = $1 AND month = $2";
}

/// What a license key is to the request path.
#[derive(Clone, Debug, FromRow)]
pub struct LicenseKeyRow {
    pub id: String,
    pub generation: i64,
    pub chatbot_id: String,
    pub name: String,
    pub is_active: bool,
    pub deactivated_at: Option<i64>,
    pub restriction: String,
    /// JSON array of patterns.
    pub websites: String,
    /// JSON array of addresses and networks.
    pub ip_addresses: String,
    pub monthly_usage_limit: Option<i64>,
    pub rate_limit_per_minute: Option<i64>,
    pub expires_at: Option<i64>,
    pub grace_days: i64,
    /// JSON of the look.
    pub ui: String,
}

/// Which of a key's names a look-up goes by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeyName {
    /// Lower-case hex SHA-256 of the key.
    Hash(String),
    Chatbot(String),
    Id(String),
}

/// A license key to be stored.
#[derive(Clone, Debug)]
pub struct AddLicenseKey {
    pub id: String,
    pub chatbot_id: String,
    pub name: String,
    pub key_hash: String,
    pub key_hint: String,
    pub is_active: bool,
    pub deactivated_at: Option<i64>,
    pub restriction: &'static str,
    pub websites: String,
    pub ip_addresses: String,
    pub monthly_usage_limit: Option<i64>,
    pub rate_limit_per_minute: Option<i64>,
    pub expires_at: Option<i64>,
    pub ui: String,
    pub now_ms: i64,
}

impl Write for AddLicenseKey {
    type Out = ();
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        execute!(
            &mut *conn,
            ADD,
            &self.id,
            &self.chatbot_id,
            &self.name,
            fold(&self.name),
            &self.key_hash,
            &self.key_hint,
            self.is_active,
            self.deactivated_at,
            self.restriction,
            &self.websites,
            &self.ip_addresses,
            self.monthly_usage_limit,
            self.rate_limit_per_minute,
            self.expires_at,
            &self.ui,
            self.now_ms
        )?;
        Ok(())
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

impl Store {
    /// Stores a new license key.
    ///
    /// # Errors
    /// When the database fails or one of its names is taken.
    pub async fn add_license_key(&self, key: AddLicenseKey) -> Result<(), StoreError> {
        self.writer.run(key).await
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

    /// Queries counted for a key in a month (year * 100 + month).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn monthly_usage(&self, id: &str, month: i64) -> Result<i64, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, (i64,), USAGE, id, month)?.map_or(0, |(used,)| used))
    }
}
