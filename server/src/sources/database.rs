//! Databases that a model may query: one `SELECT` at a time, over the tables and columns that an
//! admin has chosen.
//!
//! The walls, from the outside in: `sqlguard` proves the statement and writes it anew; the connection
//! is read-only, with a time limit that the database itself keeps; the transaction is read-only; rows
//! and characters are counted. The role that an admin gives should be allowed no more than reading,
//! too. What goes wrong is told without the address, which holds a password.

mod postgres;
mod sqlite;

use std::sync::Arc;
use std::time::Duration;

use shared::data_source::{DatabaseColumn, DatabaseSettings, DatabaseTable, Engine};
use sqlguard::{Column, Dialect, Schema, Table};
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;

use crate::config::Secret;

/// Longest cell that is read, in characters.
const CELL_CHARS: usize = 500;
/// Largest result that is read, in bytes; the row that passes it is the last.
const RESULT_BYTES: usize = 1024 * 1024;
/// Statements that run on one database at a time: it has other work, too.
const AT_ONCE: usize = 4;
/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// How long it is believed that a database has the columns that it had: a statement is proved by them.
const SCHEMA_KEPT: Duration = Duration::from_secs(60);
/// How long a database that was away is not asked again: each question would wait for it.
const FAILURE_KEPT: Duration = Duration::from_secs(15);
/// Most tables and views that are looked at.
const TABLES: usize = 1000;

/// A database that may be queried.
#[derive(Clone, Debug)]
pub struct Database {
    /// The data source's, for the log.
    id: String,
    pub settings: DatabaseSettings,
    place: Place,
    /// What of it may be read, as it was when it was looked at.
    seen: Arc<Mutex<Option<Seen>>>,
    turns: Arc<Semaphore>,
}

/// What was found when a database was looked at.
#[derive(Clone, Debug)]
struct Seen {
    at: Instant,
    schema: Result<Arc<Schema>, QueryError>,
    /// Names that it has not.
    missing: Vec<String>,
}

impl Seen {
    fn is_fresh(&self) -> bool {
        self.at.elapsed() < if self.schema.is_ok() { SCHEMA_KEPT } else { FAILURE_KEPT }
    }
}

#[derive(Clone, Debug)]
enum Place {
    /// The address, with its password.
    Postgres(Secret),
    Sqlite(std::path::PathBuf),
}

/// What is in a database.
#[derive(Clone, Debug)]
pub struct Listing {
    pub tables: Vec<DatabaseTable>,
    /// Tables and columns that are allowed and that it does not have, or does not let be read.
    pub missing: Vec<String>,
}

/// What a query gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// The statement that was run.
    pub sql: String,
    pub columns: Vec<String>,
    /// Cells as text; none is NULL.
    pub rows: Vec<Vec<Option<String>>>,
    /// Whether there were more rows than may be read.
    pub is_cut: bool,
}

/// Why a query gave nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// For the model: it may try again.
    #[error("{0}")]
    Refused(String),
    /// Nothing that another statement would mend.
    #[error("{0}")]
    Unavailable(String),
}

impl Database {
    /// # Errors
    /// What is wrong with `connection`, as the end of a sentence that begins with its name.
    pub fn new(
        id: &str,
        settings: DatabaseSettings,
        connection: &str,
        folder: Option<&std::path::Path>,
    ) -> Result<Self, String> {
        let place = match settings.engine {
            Engine::Postgres => Place::Postgres(postgres::check(connection)?),
            Engine::Sqlite => Place::Sqlite(sqlite::check(connection, folder)?),
        };
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        Ok(Self { id: id.to_owned(), settings, place, seen: Arc::default(), turns })
    }

    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match self.settings.engine {
            Engine::Postgres => Dialect::Postgres,
            Engine::Sqlite => Dialect::Sqlite,
        }
    }

    fn time(&self) -> Duration {
        Duration::from_millis(u64::from(self.settings.timeout_ms))
    }

    /// Every table and view, and which columns may be read.
    ///
    /// # Errors
    /// Why the database cannot be looked at.
    pub async fn tables(&self) -> Result<Listing, QueryError> {
        let cells = self.run(self.listing(), TABLES * 200).await?;
        let mut is_cut = cells.len() >= TABLES * 200
            || cells.iter().map(|row| size(row)).sum::<usize>() > RESULT_BYTES;
        let mut tables: Vec<DatabaseTable> = Vec::new();
        for row in cells {
            let mut row = row.into_iter().map(Option::unwrap_or_default);
            let mut next = || row.next().unwrap_or_default();
            let (schema, table, name, data_type) = (next(), next(), next(), next());
            let is_allowed = self.allows(&schema, &table, &name);
            let column = DatabaseColumn { name, data_type, is_allowed };
            let known = tables.last().map(|last| (last.schema.as_str(), last.name.as_str()));
            if known != Some((&schema, &table)) {
                if tables.len() == TABLES {
                    is_cut = true;
                    break;
                }
                tables.push(DatabaseTable { schema, name: table, columns: Vec::new() });
            }
            if let Some(last) = tables.last_mut() {
                last.columns.push(column);
            }
        }
        // What was not listed may be there all the same.
        let missing = if is_cut { Vec::new() } else { self.missing(&tables) };
        Ok(Listing { tables, missing })
    }

    /// What the settings name and the database does not have, as the settings write it.
    fn missing(&self, tables: &[DatabaseTable]) -> Vec<String> {
        let mut missing = Vec::new();
        for allowed in &self.settings.tables {
            let schema = allowed.schema.as_deref().unwrap_or(self.home());
            let known = tables.iter().find(|t| t.schema == schema && t.name == allowed.name);
            let table = match &allowed.schema {
                Some(schema) => format!("{schema}.{}", allowed.name),
                None => allowed.name.clone(),
            };
            let Some(known) = known else {
                missing.push(table);
                continue;
            };
            let has = |name: &&String| known.columns.iter().any(|column| column.name == **name);
            let columns = allowed.columns.iter().filter(|name| !has(name));
            missing.extend(columns.map(|name| format!("{table}.{name}")));
        }
        missing
    }

    fn listing(&self) -> &'static str {
        match self.settings.engine {
            Engine::Postgres => postgres::COLUMNS,
            Engine::Sqlite => sqlite::COLUMNS,
        }
    }

    fn home(&self) -> &'static str {
        match self.settings.engine {
            Engine::Postgres => "public",
            Engine::Sqlite => "main",
        }
    }

    fn allows(&self, schema: &str, table: &str, column: &str) -> bool {
        self.settings.tables.iter().any(|allowed| {
            allowed.schema.as_deref().unwrap_or(self.home()) == schema
                && allowed.name == table
                && allowed.columns.iter().any(|name| name == column)
        })
    }

    /// What of the database may be read, and is there. It is not looked at for each question.
    ///
    /// # Errors
    /// Why the database cannot be looked at.
    pub async fn schema(&self) -> Result<Arc<Schema>, QueryError> {
        // Whoever asks meanwhile waits for the one look.
        let mut seen = self.seen.lock().await;
        if let Some(seen) = seen.as_ref().filter(|seen| seen.is_fresh()) {
            return seen.schema.clone();
        }
        let (schema, missing) = match self.look().await {
            Ok((schema, missing)) => (Ok(Arc::new(schema)), missing),
            Err(error) => (Err(error), Vec::new()),
        };
        // Once, and not at each look.
        if !missing.is_empty() && seen.as_ref().is_none_or(|seen| seen.missing != missing) {
            let names = missing.join(", ");
            tracing::warn!(data_source = %self.id, %names, "a database has not what is allowed");
        }
        *seen = Some(Seen { at: Instant::now(), schema: schema.clone(), missing });
        schema
    }

    async fn look(&self) -> Result<(Schema, Vec<String>), QueryError> {
        let home = self.home();
        let Listing { tables, missing } = self.tables().await?;
        let tables = tables.into_iter().filter_map(|table| {
            let columns: Vec<Column> = table
                .columns
                .into_iter()
                .filter(|column| column.is_allowed)
                .map(|column| Column { name: column.name, data_type: column.data_type })
                .collect();
            let schema = Some(table.schema).filter(|schema| schema != home);
            (!columns.is_empty()).then_some(Table { schema, name: table.name, columns })
        });
        Ok((Schema { tables: tables.collect() }, missing))
    }

    /// Runs a statement that a model wrote.
    ///
    /// # Errors
    /// Why it is refused, or what the database says.
    pub async fn query(&self, statement: &str) -> Result<Rows, QueryError> {
        let schema = self.schema().await?;
        let most = u64::from(self.settings.max_rows);
        let checked = sqlguard::check(statement, self.dialect(), &schema, most)
            .map_err(|refusal| QueryError::Refused(refusal.to_string()))?;
        // As text, and not more of it than is shown: a cell may be huge.
        let names: Vec<String> = (0..checked.columns.len()).map(|n| format!("c{n}")).collect();
        let cells: Vec<String> = names
            .iter()
            .map(|name| format!("substr(CAST({name} AS TEXT), 1, {})", CELL_CHARS + 1))
            .collect();
        let sql = format!(
            "WITH natter_result({}) AS ({}) SELECT {} FROM natter_result",
            names.join(", "),
            checked.sql,
            cells.join(", ")
        );
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let mut rows = self.run(&sql, most.saturating_add(1)).await?;
        let is_cut =
            rows.len() > most || rows.iter().map(|row| size(row)).sum::<usize>() > RESULT_BYTES;
        rows.truncate(most);
        for cell in rows.iter_mut().flatten().flatten() {
            if let Some((at, _)) = cell.char_indices().nth(CELL_CHARS) {
                cell.truncate(at);
                cell.push('…');
            }
        }
        Ok(Rows { sql: checked.sql, columns: checked.columns, rows, is_cut })
    }

    async fn run(&self, sql: &str, most: usize) -> Result<Vec<Vec<Option<String>>>, QueryError> {
        let work = async {
            let _turn = self.turns.acquire().await;
            match &self.place {
                Place::Postgres(address) => postgres::run(address, sql, most, self.time()).await,
                Place::Sqlite(path) => sqlite::run(path, sql, most, self.time()).await,
            }
        };
        // The database ends it by itself; this is for one that does not answer at all.
        match tokio::time::timeout(CONNECT + self.time() + Duration::from_secs(1), work).await {
            Ok(done) => done.map_err(|error| told(&error)),
            Err(_) => Err(QueryError::Unavailable("The database does not answer.".into())),
        }
    }
}

/// What a row takes in memory, in bytes, more or less.
fn size(row: &[Option<String>]) -> usize {
    row.iter().map(|cell| cell.as_ref().map_or(0, String::len) + size_of::<Option<String>>()).sum()
}

/// What went wrong, without the address and without a password.
fn told(error: &sqlx::Error) -> QueryError {
    let error = match error {
        sqlx::Error::Database(error) => error,
        sqlx::Error::Tls(_) => {
            return QueryError::Unavailable("The connection cannot be encrypted as asked.".into());
        }
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
            return QueryError::Unavailable("The database's answer cannot be read.".into());
        }
        _ => return QueryError::Unavailable("The database cannot be reached.".into()),
    };
    let code = error.code().unwrap_or_default();
    match code.as_ref() {
        // PostgreSQL's statement_timeout; SQLite's interrupt.
        "57014" | "9" => {
            QueryError::Refused("The statement took too long. Write one that reads less.".into())
        }
        code if code.starts_with("28") || code.starts_with("3D") => {
            QueryError::Unavailable("The database does not accept the connection.".into())
        }
        code if code.starts_with("08") || code.starts_with("53") || code.starts_with("57") => {
            QueryError::Unavailable("The database cannot be used now.".into())
        }
        _ => {
            let said: String = error.message().chars().take(200).collect();
            QueryError::Refused(format!("The database refused the statement: {said}"))
        }
    }
}
