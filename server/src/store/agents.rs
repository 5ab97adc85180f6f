//! What answers.

use sqlx::FromRow;

use super::audit::{self, NewAudit};
use super::changes::{self, Kind};
use super::{Conn, Store, StoreError, Write, execute, fetch_all, fetch_optional, statements};

statements! {
    ADD = "INSERT INTO agents (id, version, is_default, name, description, instructions, provider, \
        base_url, model, api_key_sealed, api_key_env, temperature, max_output_tokens, \
        history_messages, data_source_ids, is_active, fallback_message, created_at, updated_at) \
        VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17)";
    UPDATE = "UPDATE agents SET version = version + 1, is_default = $3, name = $4, description = $5, \
        instructions = $6, provider = $7, base_url = $8, model = $9, api_key_sealed = $10, \
        api_key_env = $11, temperature = $12, max_output_tokens = $13, history_messages = $14, \
        data_source_ids = $15, is_active = $16, fallback_message = $17, updated_at = $18 \
        WHERE id = $1 AND version = $2";
    UNSET_DEFAULT = "UPDATE agents SET is_default = FALSE WHERE is_default AND id <> $1";
    DELETE = "DELETE FROM agents WHERE id = $1 AND NOT is_default AND NOT EXISTS \
        (SELECT 1 FROM license_keys WHERE agent_id = $1) AND NOT EXISTS \
        (SELECT 1 FROM plans WHERE widget LIKE $2) AND NOT EXISTS \
        (SELECT 1 FROM orders WHERE status = 'pending' AND terms LIKE $2)";
    BEFORE = "SELECT version, data_source_ids FROM agents WHERE id = $1";
    SOURCE = "SELECT version FROM data_sources WHERE id = $1";
    ALL = "SELECT id, version, is_default, name, description, instructions, provider, base_url, \
        model, api_key_sealed, api_key_env, temperature, max_output_tokens, history_messages, \
        data_source_ids, is_active, fallback_message, created_at, updated_at FROM agents \
        ORDER BY created_at DESC, id DESC";
    BY_ID = "SELECT id, version, is_default, name, description, instructions, provider, base_url, \
        model, api_key_sealed, api_key_env, temperature, max_output_tokens, history_messages, \
        data_source_ids, is_active, fallback_message, created_at, updated_at FROM agents \
        WHERE id = $1";
}

/// An agent as it is stored.
#[derive(Clone, FromRow)]
pub struct AgentRow {
    pub id: String,
    pub version: i64,
    pub is_default: bool,
    pub name: String,
    pub description: String,
    pub instructions: String,
    pub provider: String,
    pub base_url: String,
    pub model: String,
    pub api_key_sealed: Option<String>,
    pub api_key_env: Option<String>,
    pub temperature: Option<f64>,
    pub max_output_tokens: Option<i64>,
    pub history_messages: i64,
    /// JSON array of ids.
    pub data_source_ids: String,
    pub is_active: bool,
    pub fallback_message: String,
    pub created_at: i64,
    pub updated_at: i64,
}

impl std::fmt::Debug for AgentRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AgentRow").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What is done to an agent.
#[derive(Clone, Debug)]
pub enum AgentEdit {
    /// Nothing is done when there is one with this id already.
    Add(AgentRow),
    /// `version` of the row is the one that is changed.
    Update(AgentRow),
    /// Unless it is the default, or a license key is bound to it, or keys of a plan would be.
    Delete(String),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentEdited {
    Done,
    /// It was not possible: see [`AgentEdit`].
    Not,
    /// The agent was to get this data source, which is not there.
    NoSource(String),
}

/// The ids in a JSON array.
fn ids(json: &str) -> Vec<String> {
    // Written by this server alone.
    serde_json::from_str(json).unwrap_or_default()
}

struct EditAgent {
    edit: AgentEdit,
    audit: NewAudit,
    now_ms: i64,
}

impl Write for EditAgent {
    type Out = AgentEdited;
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<AgentEdited, sqlx::Error> {
        // Taking the number keeps writers of changes apart, so what is seen here stays so.
        let number = changes::next(conn).await?;
        if let AgentEdit::Add(row) | AgentEdit::Update(row) = &self.edit {
            let before = fetch_optional!(&mut *conn, (i64, String), BEFORE, &row.id)?;
            let (version, had) = before.unzip();
            let expected = matches!(self.edit, AgentEdit::Update(_)).then_some(row.version);
            if version != expected {
                return Ok(AgentEdited::Not);
            }
            // A source that is removed meanwhile waits for the same number, and looks at the lists
            // of agents after it.
            let had = ids(&had.unwrap_or_default());
            for id in ids(&row.data_source_ids).into_iter().filter(|id| !had.contains(id)) {
                if fetch_optional!(&mut *conn, (i64,), SOURCE, &id)?.is_none() {
                    return Ok(AgentEdited::NoSource(id));
                }
            }
        }
        if let AgentEdit::Add(row) | AgentEdit::Update(row) = &self.edit
            && row.is_default
        {
            execute!(&mut *conn, UNSET_DEFAULT, &row.id)?;
        }
        let changed = match &self.edit {
            AgentEdit::Add(row) => execute!(
                &mut *conn,
                ADD,
                &row.id,
                row.is_default,
                &row.name,
                &row.description,
                &row.instructions,
                &row.provider,
                &row.base_url,
                &row.model,
                &row.api_key_sealed,
                &row.api_key_env,
                row.temperature,
                row.max_output_tokens,
                row.history_messages,
                &row.data_source_ids,
                row.is_active,
                &row.fallback_message,
                row.created_at
            )?,
            AgentEdit::Update(row) => execute!(
                &mut *conn,
                UPDATE,
                &row.id,
                row.version,
                row.is_default,
                &row.name,
                &row.description,
                &row.instructions,
                &row.provider,
                &row.base_url,
                &row.model,
                &row.api_key_sealed,
                &row.api_key_env,
                row.temperature,
                row.max_output_tokens,
                row.history_messages,
                &row.data_source_ids,
                row.is_active,
                &row.fallback_message,
                row.updated_at
            )?,
            AgentEdit::Delete(id) => {
                execute!(&mut *conn, DELETE, id, super::in_use::named("agent_id", id))?
            }
        };
        if changed == 0 {
            return Ok(AgentEdited::Not);
        }
        changes::add(conn, number, Kind::Agents, "", 0, self.now_ms).await?;
        audit::add(conn, &self.audit).await?;
        Ok(AgentEdited::Done)
    }
}

impl Store {
    /// Adds, changes or removes an agent.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn edit_agent(
        &self,
        edit: AgentEdit,
        audit: NewAudit,
        now_ms: i64,
    ) -> Result<AgentEdited, StoreError> {
        self.writer.run(EditAgent { edit, audit, now_ms }).await
    }

    /// Every agent, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn agents(&self) -> Result<Vec<AgentRow>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_all!(&mut conn, AgentRow, ALL)?)
    }

    /// One agent.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn agent(&self, id: &str) -> Result<Option<AgentRow>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, AgentRow, BY_ID, id)?)
    }
}
