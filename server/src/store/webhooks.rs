//! Places that are told of events.

use sqlx::FromRow;

use super::audit::{self, NewAudit};
use super::changes::{self, Kind};
use super::{Conn, Store, StoreError, Write, execute, fetch_all, fetch_optional, statements};

statements! {
    ADD = "INSERT INTO webhooks (id, url, description, events, is_active, secret_sealed, \
        created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    UPDATE = "UPDATE webhooks SET version = version + 1, url = $3, description = $4, events = $5, \
        is_active = $6, updated_at = $7 WHERE id = $1 AND version = $2";
    DELETE = "DELETE FROM webhooks WHERE id = $1";
    ALL = "SELECT id, version, url, description, events, is_active, secret_sealed, created_at, \
        updated_at FROM webhooks ORDER BY created_at DESC, id DESC";
    BY_ID = "SELECT id, version, url, description, events, is_active, secret_sealed, created_at, \
        updated_at FROM webhooks WHERE id = $1";
}

/// A webhook as it is stored.
#[derive(Clone, FromRow)]
pub struct WebhookRow {
    pub id: String,
    pub version: i64,
    pub url: String,
    pub description: String,
    /// JSON array of event types.
    pub events: String,
    pub is_active: bool,
    pub secret_sealed: String,
    pub created_at: i64,
    pub updated_at: i64,
}

impl std::fmt::Debug for WebhookRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookRow").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What is done to a webhook. An update's row has the version that is changed.
#[derive(Clone, Debug)]
pub enum WebhookEdit {
    Add(WebhookRow),
    Update(WebhookRow),
    Delete(String),
}

struct EditWebhook {
    edit: WebhookEdit,
    audit: NewAudit,
    now_ms: i64,
}

impl Write for EditWebhook {
    /// Whether there was such a webhook, of that version.
    type Out = bool;
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<bool, sqlx::Error> {
        let number = changes::next(conn).await?;
        let changed = match &self.edit {
            WebhookEdit::Add(row) => execute!(
                &mut *conn,
                ADD,
                &row.id,
                &row.url,
                &row.description,
                &row.events,
                row.is_active,
                &row.secret_sealed,
                row.created_at,
                row.updated_at
            )?,
            WebhookEdit::Update(row) => execute!(
                &mut *conn,
                UPDATE,
                &row.id,
                row.version,
                &row.url,
                &row.description,
                &row.events,
                row.is_active,
                row.updated_at
            )?,
            WebhookEdit::Delete(id) => execute!(&mut *conn, DELETE, id)?,
        };
        if changed == 0 {
            return Ok(false);
        }
        changes::add(conn, number, Kind::Webhooks, "", 0, self.now_ms).await?;
        audit::add(conn, &self.audit).await?;
        Ok(true)
    }
}

impl Store {
    /// Adds, changes or removes a webhook; false when there is none with this id, or when what is
    /// changed has another version by now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn edit_webhook(
        &self,
        edit: WebhookEdit,
        audit: NewAudit,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        self.writer.run(EditWebhook { edit, audit, now_ms }).await
    }

    /// Every webhook, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn webhooks(&self) -> Result<Vec<WebhookRow>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_all!(&mut conn, WebhookRow, ALL)?)
    }

    /// One webhook.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn webhook(&self, id: &str) -> Result<Option<WebhookRow>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, WebhookRow, BY_ID, id)?)
    }
}
