//! What the dashboard's first page counts beside the usage log.

use sqlx::FromRow;

use super::{Store, StoreError, fetch_all, fetch_optional, statements};

macro_rules! near_limit {
    () => {
        " FROM license_keys JOIN license_key_months \
         ON license_key_months.license_key_id = license_keys.id \
         WHERE license_key_months.month = $1 AND license_keys.monthly_usage_limit IS NOT NULL \
         AND license_keys.deactivated_at IS NULL AND license_keys.is_active = TRUE \
         AND (license_keys.expires_at IS NULL OR license_keys.expires_at > $2) \
         AND license_key_months.used * 5 >= license_keys.monthly_usage_limit * 4"
    };
}

statements! {
    /// By what is left, as a part of the limit.
    NEAR_LIMIT = concat!("SELECT license_keys.id, license_keys.name, license_key_months.used, \
        license_keys.monthly_usage_limit AS most", near_limit!(), " ORDER BY \
        license_key_months.used * 10000 / license_keys.monthly_usage_limit DESC, license_keys.id \
        LIMIT $3");
    COUNT_NEAR_LIMIT = concat!("SELECT COUNT(*)", near_limit!());
    UNREAD = "SELECT COUNT(*) FROM notifications WHERE read_at IS NULL";
}

/// A license key and what it has used of its limit.
#[derive(Clone, Debug, FromRow)]
pub struct NearLimitRow {
    pub id: String,
    pub name: String,
    pub used: i64,
    pub most: i64,
}

impl Store {
    /// Keys that can be used and have used 80 % of their limit in the month (year * 100 + month),
    /// at most `limit` of them, and how many there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keys_near_limit(
        &self,
        month: i64,
        now_ms: i64,
        limit: u32,
    ) -> Result<(Vec<NearLimitRow>, i64), StoreError> {
        let mut conn = self.conn().await?;
        let most = i64::from(limit);
        let rows = fetch_all!(&mut conn, NearLimitRow, NEAR_LIMIT, month, now_ms, most)?;
        let total = fetch_optional!(&mut conn, (i64,), COUNT_NEAR_LIMIT, month, now_ms)?;
        Ok((rows, total.map_or(0, |(n,)| n)))
    }

    /// Lines of the dashboard's bell that nobody has read.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unread_notifications(&self) -> Result<i64, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, (i64,), UNREAD)?.map_or(0, |(n,)| n))
    }
}
