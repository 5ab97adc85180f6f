//! The two databases, each fresh for each test.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

/// A fresh database and data folder, both gone when dropped. Made by [`both!`](crate::both) alone,
/// so that no test can be about one database only.
#[derive(Debug)]
pub struct Backend {
    kind: Kind,
    data_dir: TempDir,
}

#[derive(Debug)]
enum Kind {
    Sqlite,
    Postgres { server: String, database: String },
}

static DATABASES: AtomicU32 = AtomicU32::new(0);

impl Backend {
    #[doc(hidden)]
    #[must_use]
    pub fn for_both_sqlite() -> Self {
        Self { kind: Kind::Sqlite, data_dir: data_dir() }
    }

    #[doc(hidden)]
    pub async fn for_both_postgres() -> Self {
        let server = std::env::var("NATTER_TEST_POSTGRES").unwrap_or_default();
        assert!(
            !server.is_empty(),
            "NATTER_TEST_POSTGRES names no PostgreSQL server to test on: run `cargo xtask test`"
        );
        let number = DATABASES.fetch_add(1, Ordering::Relaxed);
        let database = format!("natter_test_{}_{number}", std::process::id());
        // A killed run may have left a database, and the process id may come again.
        sql(&server, &format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)")).await;
        // template0, because nobody else can be connected to it.
        sql(&server, &format!("CREATE DATABASE {database} TEMPLATE template0")).await;
        Self { kind: Kind::Postgres { server, database }, data_dir: data_dir() }
    }

    /// What to set `DATABASE_URL` to.
    #[must_use]
    pub fn url(&self) -> String {
        match &self.kind {
            Kind::Sqlite => format!("sqlite:{}", self.data_dir().join("natter.db").display()),
            Kind::Postgres { server, database } => with_database(server, database),
        }
    }

    /// Whether this is PostgreSQL.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        matches!(self.kind, Kind::Postgres { .. })
    }

    /// What to set `NATTER_DATA_DIR` to.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        self.data_dir.path()
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        let Kind::Postgres { server, database } = &self.kind else { return };
        let statement = format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)");
        let server = server.clone();
        // On a thread and runtime of its own: the test's runtime may be on its way out.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(sql(&server, &statement));
        })
        .join();
        // A second panic while a failed test unwinds would hide the first.
        if dropped.is_err() && !std::thread::panicking() {
            panic!("a test's database could not be dropped");
        }
    }
}

fn data_dir() -> TempDir {
    tempfile::Builder::new().prefix("natter-test-").tempdir().expect("a temporary folder")
}

async fn sql(server: &str, statement: &str) {
    let connection = PgConnection::connect(server).await;
    let mut connection = connection.expect("connect to NATTER_TEST_POSTGRES: `cargo xtask test`");
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned()))
        .execute(&mut connection)
        .await
        .expect("make or drop a test's database");
    let _ = connection.close().await;
}

/// The server's URL with another database; the query (such as `?host=/socket/folder`) stays.
fn with_database(server: &str, database: &str) -> String {
    let (base, query) = server.split_once('?').map_or((server, None), |(b, q)| (b, Some(q)));
    let (scheme, rest) = base.split_once("://").expect("NATTER_TEST_POSTGRES is a URL");
    let authority = rest.split('/').next().unwrap_or_default();
    let mut url = format!("{scheme}://{authority}/{database}");
    if let Some(query) = query {
        let _ = write!(url, "?{query}");
    }
    url
}

/// Declares tests that run on SQLite and on PostgreSQL, and never on one of them alone:
///
/// ```ignore
/// both! {
///     async fn a_promise(backend) { let app = TestApp::start(backend).await; … }
/// }
/// ```
#[macro_export]
macro_rules! both {
    ($($(#[$attribute:meta])* async fn $name:ident($backend:ident) $body:block)*) => {$(
        $(#[$attribute])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn promise($backend: $crate::Backend) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                promise($crate::Backend::for_both_sqlite()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                promise($crate::Backend::for_both_postgres().await).await;
            }
        }
    )*};
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn a_test_database_stands_on_the_named_server() {
        for (server, url) in [
            ("postgres://u@h:1/postgres", "postgres://u@h:1/x"),
            ("postgres://u@h", "postgres://u@h/x"),
            ("postgres://u@/postgres?host=/tmp/pg", "postgres://u@/x?host=/tmp/pg"),
        ] {
            assert_eq!(with_database(server, "x"), url);
        }
    }
}
