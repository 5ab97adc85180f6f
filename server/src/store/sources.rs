//! Data sources: what agents draw on.

use sqlx::FromRow;

use super::audit::{self, NewAudit};
use super::changes::{self, Kind};
use super::{
    Conn, Store, StoreError, Write, execute, fetch_all, fetch_optional, in_use, statements,
};

statements! {
    ADD = "INSERT INTO data_sources (id, version, kind, name, description, is_active, is_public, \
        settings, connection_sealed, content_version, documents, passages, characters, created_at, \
        updated_at) VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, 0, 0, 0, 0, $9, $9)";
    UPDATE = "UPDATE data_sources SET version = version + 1, name = $3, description = $4, \
        is_active = $5, is_public = $6, settings = $7, connection_sealed = $8, updated_at = $9 \
        WHERE id = $1 AND version = $2";
    LOCK = "UPDATE data_sources SET updated_at = updated_at WHERE id = $1";
    DELETE = "DELETE FROM data_sources WHERE id = $1 AND NOT EXISTS \
        (SELECT 1 FROM license_keys WHERE data_source_id = $1) AND NOT EXISTS \
        (SELECT 1 FROM agents WHERE data_source_ids LIKE $2) AND NOT EXISTS \
        (SELECT 1 FROM plans WHERE widget LIKE $3) AND NOT EXISTS \
        (SELECT 1 FROM orders WHERE status = 'pending' AND terms LIKE $3)";
    VERSION = "SELECT version FROM data_sources WHERE id = $1";
    ALL = "SELECT s.id, s.version, s.kind, s.name, s.description, s.is_active, s.is_public, \
        s.settings, s.connection_sealed, s.content_version, s.documents, s.passages, s.characters, \
        s.last_indexed_at, s.created_at, s.updated_at, EXISTS (SELECT 1 FROM imports i WHERE \
        i.data_source_id = s.id AND i.status = 'running') AS is_importing FROM data_sources s \
        ORDER BY s.created_at DESC, s.id DESC";
    BY_ID = "SELECT s.id, s.version, s.kind, s.name, s.description, s.is_active, s.is_public, \
        s.settings, s.connection_sealed, s.content_version, s.documents, s.passages, s.characters, \
        s.last_indexed_at, s.created_at, s.updated_at, EXISTS (SELECT 1 FROM imports i WHERE \
        i.data_source_id = s.id AND i.status = 'running') AS is_importing FROM data_sources s \
        WHERE s.id = $1";
}

/// A data source as it is stored.
#[derive(Clone, FromRow)]
pub struct SourceRow {
    pub id: String,
    pub version: i64,
    pub kind: String,
    pub name: String,
    pub description: String,
    pub is_active: bool,
    pub is_public: bool,
    /// JSON.
    pub settings: String,
    pub connection_sealed: Option<String>,
    pub content_version: i64,
    pub documents: i64,
    pub passages: i64,
    pub characters: i64,
    pub last_indexed_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
    pub is_importing: bool,
}

impl std::fmt::Debug for SourceRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SourceRow").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What the list of an agent that has this data source is like.
pub(super) fn listed(id: &str) -> String {
    // An id holds neither of the pattern's signs.
    format!("%\"{id}\"%")
}

/// What is done to a data source.
#[derive(Clone, Debug)]
pub enum SourceEdit {
    /// Nothing is done when there is one with this id already.
    Add(SourceRow),
    /// `version` of the row is the one that is changed.
    Update(SourceRow),
    /// Unless an agent has it, or a license key is bound to it. Its documents go with it.
    Delete(String),
}

struct EditSource {
    edit: SourceEdit,
    audit: NewAudit,
    now_ms: i64,
}

impl Write for EditSource {
    /// Whether it was done.
    type Out = bool;
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<bool, sqlx::Error> {
        // The source's row first, then the number of the change: the order of all its writers.
        if let SourceEdit::Update(SourceRow { id, .. }) | SourceEdit::Delete(id) = &self.edit {
            execute!(&mut *conn, LOCK, id)?;
        }
        let number = changes::next(conn).await?;
        let (changed, id) = match &self.edit {
            SourceEdit::Add(row) => {
                if fetch_optional!(&mut *conn, (i64,), VERSION, &row.id)?.is_some() {
                    return Ok(false);
                }
                let added = execute!(
                    &mut *conn,
                    ADD,
                    &row.id,
                    &row.kind,
                    &row.name,
                    &row.description,
                    row.is_active,
                    row.is_public,
                    &row.settings,
                    &row.connection_sealed,
                    row.created_at
                )?;
                (added, &row.id)
            }
            SourceEdit::Update(row) => {
                let updated = execute!(
                    &mut *conn,
                    UPDATE,
                    &row.id,
                    row.version,
                    &row.name,
                    &row.description,
                    row.is_active,
                    row.is_public,
                    &row.settings,
                    &row.connection_sealed,
                    row.updated_at
                )?;
                (updated, &row.id)
            }
            SourceEdit::Delete(id) => {
                let named = in_use::named("data_source_id", id);
                (execute!(&mut *conn, DELETE, id, listed(id), named)?, id)
            }
        };
        if changed == 0 {
            return Ok(false);
        }
        changes::add(conn, number, Kind::DataSources, id, 0, self.now_ms).await?;
        audit::add(conn, &self.audit).await?;
        Ok(true)
    }
}

impl Store {
    /// Adds, changes or removes a data source; false when that was not possible: see
    /// [`SourceEdit`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn edit_source(
        &self,
        edit: SourceEdit,
        audit: NewAudit,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        self.writer.run(EditSource { edit, audit, now_ms }).await
    }

    /// Every data source, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sources(&self) -> Result<Vec<SourceRow>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_all!(&mut conn, SourceRow, ALL)?)
    }

    /// One data source.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn source(&self, id: &str) -> Result<Option<SourceRow>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, SourceRow, BY_ID, id)?)
    }
}
