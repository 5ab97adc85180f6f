//! Removes what is kept no longer, a little at a time, so that chats are not held up.

use super::{Conn, Store, StoreError, Write, execute, statements};

statements! {
    OLD_USAGE = "DELETE FROM usage_log WHERE id IN \
        (SELECT id FROM usage_log WHERE created_at < $1 ORDER BY created_at LIMIT 2000)";
    OLD_COUNTS = "DELETE FROM usage_counts WHERE period < $1";
    OLD_CONVERSATIONS = "DELETE FROM conversations WHERE id IN (SELECT id FROM conversations \
        WHERE updated_at < $1 AND running_turn_id IS NULL ORDER BY updated_at, id LIMIT 200)";
    OLD_VISITORS = "DELETE FROM visitors WHERE updated_at < $1";
    OLD_NOTIFICATIONS = "DELETE FROM notifications WHERE created_at < $1";
    USAGE_OF = "DELETE FROM usage_log WHERE id IN \
        (SELECT id FROM usage_log WHERE owner = $1 LIMIT 2000)";
    COUNTS_OF = "DELETE FROM usage_counts WHERE owner = $1";
    CONVERSATIONS_OF = "DELETE FROM conversations WHERE id IN \
        (SELECT id FROM conversations WHERE license_key_id = $1 LIMIT 200)";
    PREVIEWS_OF = "DELETE FROM conversations WHERE id IN (SELECT id FROM conversations \
        WHERE license_key_id IS NULL AND owner = $1 LIMIT 200)";
    VISITORS_OF = "DELETE FROM visitors WHERE owner = $1";
}

struct Remove<T> {
    sql: &'static str,
    which: T,
}

macro_rules! remove {
    ($($kind:ty),*) => {$(
        impl Write for Remove<$kind> {
            type Out = u64;

            async fn run(&self, conn: &mut Conn) -> Result<u64, sqlx::Error> {
                execute!(&mut *conn, self.sql, &self.which)
            }
        }
    )*};
}
remove!(i64, String);

impl Store {
    async fn remove_all<T>(&self, sql: &'static str, which: &T) -> Result<u64, StoreError>
    where
        T: Clone,
        Remove<T>: Write<Out = u64>,
    {
        let mut removed = 0;
        loop {
            match self.writer.run(Remove { sql, which: which.clone() }).await? {
                0 => return Ok(removed),
                n => removed += n,
            }
        }
    }

    /// Removes the usage log and its sums of the time before this, the begin of a day in UTC.
    ///
    /// # Errors
    /// When the database fails; what is left is removed the next time.
    pub async fn remove_usage_before(&self, before_ms: i64) -> Result<u64, StoreError> {
        let removed = self.remove_all(OLD_USAGE, &before_ms).await?;
        if removed > 0 {
            self.writer.run(Remove { sql: OLD_COUNTS, which: before_ms }).await?;
        }
        Ok(removed)
    }

    /// Removes conversations without a message since then, and what was known of visitors who have
    /// not been seen since.
    ///
    /// # Errors
    /// When the database fails; what is left is removed the next time.
    pub async fn remove_conversations_before(&self, before_ms: i64) -> Result<u64, StoreError> {
        let removed = self.remove_all(OLD_CONVERSATIONS, &before_ms).await?;
        self.writer.run(Remove { sql: OLD_VISITORS, which: before_ms }).await?;
        Ok(removed)
    }

    /// Removes lines of the dashboard's bell of the time before this.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_notifications_before(&self, before_ms: i64) -> Result<u64, StoreError> {
        self.writer.run(Remove { sql: OLD_NOTIFICATIONS, which: before_ms }).await
    }

    /// Removes all that went on with a license key, but not the key itself.
    ///
    /// # Errors
    /// When the database fails; what is left is removed the next time.
    pub async fn remove_history_of(
        &self,
        license_key_id: &str,
        preview_owner: &str,
    ) -> Result<(), StoreError> {
        let (id, preview) = (license_key_id.to_owned(), preview_owner.to_owned());
        for sql in [USAGE_OF, CONVERSATIONS_OF, VISITORS_OF, COUNTS_OF] {
            self.remove_all(sql, &id).await?;
        }
        self.remove_all(PREVIEWS_OF, &preview).await?;
        Ok(())
    }
}
