//! All SQL, once, for SQLite and PostgreSQL.
//!
//! What enters: typed reads and writes. What leaves: typed rows, or a [`StoreError`]. Each file
//! holds its statements at the top and the functions that run them under it. A read takes a pooled
//! connection; a write is a [`Write`] that the [`writer`] runs in a transaction.

pub mod activations;
pub mod admission;
pub mod agents;
pub mod audit;
pub mod changes;
pub mod conversations;
pub mod documents;
pub mod events;
pub mod feedback;
mod history;
pub mod imports;
pub mod in_use;
pub mod installation;
pub mod license_keys;
pub mod licenses;
pub mod order_imports;
pub mod orders;
pub mod overview;
pub mod people;
pub mod products;
mod script;
pub mod settings;
pub mod signing_keys;
pub mod sources;
pub mod threads;
pub mod turns;
pub mod usage;
pub mod visitors;
pub mod webhooks;
mod writer;

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool};

use crate::config::{Config, Secret};
pub(crate) use script::{Script, Value};
pub(crate) use writer::Write;
use writer::Writer;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// Longest wait for a free connection before the database counts as away.
const ACQUIRE: Duration = Duration::from_secs(5);

/// What a query could not do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{0}")]
    Sql(#[from] sqlx::Error),
    #[error("migrations: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error("{path}: {source}", path = .path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Whether the database is away or cannot write, rather than asked something wrong.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Closed | Self::File { .. } => true,
            Self::Migrate(_) => false,
            Self::Sql(error) => match error {
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed => true,
                // PostgreSQL: connection (08), resources (53), shutting down (57P), read-only.
                // SQLite: busy, locked, read-only, I/O, corrupt, full, cannot open.
                sqlx::Error::Database(e) => e.code().is_some_and(|code| {
                    ["08", "53", "57P"].iter().any(|class| code.starts_with(class))
                        || code == "25006"
                        || code
                            .parse::<u32>()
                            .is_ok_and(|c| [5, 6, 8, 10, 11, 13, 14].contains(&(c & 0xff)))
                            && code.len() < 5
                }),
                _ => false,
            },
        }
    }
}

/// The database's pools.
#[derive(Clone, Debug)]
enum Db {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// One connection of either database; see [`on_conn`].
pub(crate) enum Conn {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

/// Runs one expression on whichever database the connection is of.
macro_rules! on_conn {
    ($conn:expr, |$c:ident| $body:expr) => {
        match $conn {
            $crate::store::Conn::Sqlite(conn) => {
                let $c = &mut **conn;
                $body
            }
            $crate::store::Conn::Postgres(conn) => {
                let $c = &mut **conn;
                $body
            }
        }
    };
}
pub(crate) use on_conn;

/// Runs a statement; gives the number of rows it changed.
macro_rules! execute {
    ($conn:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::on_conn!($conn, |c| sqlx::query($sql)$(.bind($bind))*
            .execute(c).await.map(|done| done.rows_affected()))
    };
}
pub(crate) use execute;

/// Runs a statement that gives at most one row of `$row`.
macro_rules! fetch_optional {
    ($conn:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::on_conn!($conn, |c| sqlx::query_as::<_, $row>($sql)$(.bind($bind))*
            .fetch_optional(c).await)
    };
}
pub(crate) use fetch_optional;

/// Runs a statement that gives rows of `$row`.
macro_rules! fetch_all {
    ($conn:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::on_conn!($conn, |c| sqlx::query_as::<_, $row>($sql)$(.bind($bind))*
            .fetch_all(c).await)
    };
}
pub(crate) use fetch_all;

/// SQL for a column that contains what is searched, by the three patterns of [`spellings`].
macro_rules! spelled {
    ($column:literal, $like:literal, $typed:literal, $capital:literal) => {
        concat!(
            "LOWER(",
            $column,
            ") LIKE ",
            $like,
            " ESCAPE '\\' OR LOWER(",
            $column,
            ") LIKE ",
            $typed,
            " ESCAPE '\\' OR ",
            $column,
            " LIKE ",
            $capital,
            " ESCAPE '\\'"
        )
    };
}
pub(crate) use spelled;

/// SQL for rows whose column, or columns one a line, contain what is searched; all when it is
/// nothing.
macro_rules! holds {
    ($column:literal, $like:literal, $typed:literal, $capital:literal) => {
        concat!(
            "(",
            $like,
            " = '' OR ",
            $crate::store::spelled!($column, $like, $typed, $capital),
            ")"
        )
    };
}
pub(crate) use holds;

/// Names a file's SQL texts and collects them, so that a test can have both databases prepare all.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* pub(super) const $name: &str = $sql;)*
        pub(super) const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name),)*];
    };
}
pub(crate) use statements;

/// The database, open and migrated.
#[derive(Clone, Debug)]
pub struct Store {
    db: Db,
    writer: Writer,
}

impl Store {
    /// Opens the database that `config` names, making it when it is a missing SQLite file, and
    /// brings it up to date.
    ///
    /// # Errors
    /// When it cannot be reached, or was made by a newer version.
    pub async fn open(config: &Config) -> Result<Self, StoreError> {
        match config.database_url.as_ref().map(Secret::reveal) {
            Some(url) if !url.starts_with("sqlite:") => Self::open_postgres(url).await,
            url => Self::open_sqlite(url, &config.data_dir).await,
        }
    }

    async fn open_sqlite(url: Option<&str>, data_dir: &Path) -> Result<Self, StoreError> {
        let options = match url {
            Some(url) => SqliteConnectOptions::from_str(url)?,
            None => SqliteConnectOptions::new().filename(data_dir.join("natter.db")),
        };
        let path = options.get_filename().to_owned();
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .map_err(|source| StoreError::File { path: folder.to_owned(), source })?;
        }
        let options = options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A commit is not synced here: the writer syncs the log for what must be durable.
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(Duration::from_secs(5))
            .foreign_keys(true)
            .statement_cache_capacity(200)
            .pragma("cache_size", "-8000")
            .pragma("journal_size_limit", "67108864");
        // Journal mode and migrations want the file for themselves, so the writer comes first.
        let pool = |size: u32| {
            SqlitePoolOptions::new()
                .max_connections(size)
                .test_before_acquire(false)
                .idle_timeout(None)
                .max_lifetime(None)
                .acquire_timeout(ACQUIRE)
        };
        let write = pool(1).connect_with(options.clone()).await?;
        MIGRATIONS.run(&write).await?;
        let read = pool(4).connect_lazy_with(options.create_if_missing(false));
        let mut log = path.into_os_string();
        log.push("-wal");
        Ok(Self { db: Db::Sqlite(read), writer: Writer::sqlite(write, PathBuf::from(log)) })
    }

    async fn open_postgres(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)?.application_name("natter");
        let pool = PgPoolOptions::new()
            .max_connections(16)
            .acquire_timeout(ACQUIRE)
            .connect_with(options)
            .await?;
        MIGRATIONS.run(&pool).await?;
        Ok(Self { db: Db::Postgres(pool.clone()), writer: Writer::postgres(pool) })
    }

    /// Whether only one server can use this database at a time.
    #[must_use]
    pub fn is_single_node(&self) -> bool {
        matches!(self.db, Db::Sqlite(_))
    }

    /// What the database is called.
    #[must_use]
    pub fn database(&self) -> &'static str {
        match &self.db {
            Db::Sqlite(_) => "SQLite",
            Db::Postgres(_) => "PostgreSQL",
        }
    }

    async fn conn(&self) -> Result<Conn, StoreError> {
        Ok(match &self.db {
            Db::Sqlite(pool) => Conn::Sqlite(pool.acquire().await?),
            Db::Postgres(pool) => Conn::Postgres(pool.acquire().await?),
        })
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut conn = self.conn().await?;
        execute!(&mut conn, "SELECT 1")?;
        Ok(())
    }

    /// Waits for what is being written and closes every connection.
    pub async fn close(&self) {
        self.writer.close().await;
        match &self.db {
            Db::Sqlite(pool) => pool.close().await,
            Db::Postgres(pool) => pool.close().await,
        }
    }

    /// Has the database prepare every statement of this module: what one database accepts and the
    /// other refuses is found without running it.
    ///
    /// # Errors
    /// The names of the statements that were refused, with the reasons.
    pub async fn prepare_all(&self) -> Result<usize, Vec<String>> {
        use sqlx::{Executor, SqlSafeStr};
        let mut conn = self.conn().await.map_err(|e| vec![e.to_string()])?;
        let mut refused = Vec::new();
        let all: Vec<_> = [
            activations::STATEMENTS,
            admission::STATEMENTS,
            agents::STATEMENTS,
            audit::STATEMENTS,
            changes::STATEMENTS,
            conversations::STATEMENTS,
            documents::STATEMENTS,
            events::STATEMENTS,
            feedback::STATEMENTS,
            history::STATEMENTS,
            imports::STATEMENTS,
            in_use::STATEMENTS,
            installation::STATEMENTS,
            license_keys::STATEMENTS,
            licenses::STATEMENTS,
            order_imports::STATEMENTS,
            orders::STATEMENTS,
            overview::STATEMENTS,
            people::STATEMENTS,
            products::STATEMENTS,
            settings::STATEMENTS,
            signing_keys::STATEMENTS,
            sources::STATEMENTS,
            threads::STATEMENTS,
            turns::STATEMENTS,
            usage::STATEMENTS,
            visitors::STATEMENTS,
            webhooks::STATEMENTS,
        ]
        .concat();
        for (name, sql) in &all {
            let done = on_conn!(&mut conn, |c| c
                .prepare(sql.into_sql_str())
                .await
                .map(|_| ())
                .map_err(|e| format!("{name}: {e}")));
            refused.extend(done.err());
        }
        if refused.is_empty() { Ok(all.len()) } else { Err(refused) }
    }
}

/// Text lower-cased by Unicode's rules, for a search that both databases do alike.
#[must_use]
pub fn fold(text: &str) -> String {
    text.to_lowercase()
}

/// The time and id that a page's rows come before: those of `after`, or of the first page.
fn page_start(after: Option<(i64, String)>) -> (i64, String) {
    // Ids sort below "~".
    after.unwrap_or_else(|| (i64::MAX, String::from("~")))
}

/// A LIKE pattern (with `ESCAPE '\'`) for texts that contain `part`.
fn contains_pattern(part: &str) -> String {
    like_pattern(&fold(part))
}

/// Patterns for texts that contain `part`: lower-cased; with what is not ASCII as it was typed; and
/// with a capital at its begin.
fn spellings(part: &str) -> (String, String, String) {
    let mut rest = part.chars();
    let capital: String =
        rest.next().into_iter().flat_map(char::to_uppercase).chain(rest).collect();
    (contains_pattern(part), like_pattern(&part.to_ascii_lowercase()), like_pattern(&capital))
}

/// The same for texts that contain it as it is.
fn like_pattern(part: &str) -> String {
    let mut pattern = String::from("%");
    for c in part.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
