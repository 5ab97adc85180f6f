//! SQLite: files of the one folder that the environment names.

use std::path::{Component, Path, PathBuf};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};

/// Schema, table, column and type of everything that can be read.
pub(super) const COLUMNS: &str = "SELECT 'main', m.name, p.name, p.type FROM sqlite_master m \
    JOIN pragma_table_info(m.name) p WHERE m.type IN ('table', 'view') \
    AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY m.name, p.cid";

/// How many steps SQLite takes between two looks at the clock.
const STEPS: i32 = 1000;

/// The file, if it is one of the folder.
pub(super) fn check(connection: &str, folder: Option<&Path>) -> Result<PathBuf, String> {
    let Some(folder) = folder else {
        return Err("needs the folder of such files to be set in NATTER_DATABASE_DIR".into());
    };
    let name = Path::new(connection);
    let plain = name.components().all(|part| matches!(part, Component::Normal(_)));
    if connection.is_empty() || !plain || connection.contains('\0') {
        return Err("must be the name of a file in NATTER_DATABASE_DIR".into());
    }
    let missing = "is no file in NATTER_DATABASE_DIR";
    let folder = folder.canonicalize().map_err(|_| missing)?;
    // A link must not lead out of it.
    let path = folder.join(name).canonicalize().map_err(|_| missing)?;
    if path.starts_with(&folder) && path.is_file() { Ok(path) } else { Err(missing.into()) }
}

pub(super) async fn run(
    path: &Path,
    sql: &str,
    most: usize,
    time: Duration,
) -> Result<Vec<Vec<Option<String>>>, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .create_if_missing(false)
        .busy_timeout(time)
        .statement_cache_capacity(0)
        // What visitors asked for stands in statements.
        .disable_statement_logging()
        .pragma("query_only", "ON")
        .pragma("trusted_schema", "OFF");
    let mut conn: SqliteConnection = options.connect().await?;
    let deadline = Instant::now() + time;
    conn.lock_handle().await?.set_progress_handler(STEPS, move || Instant::now() < deadline);
    let (mut rows, mut bytes) = (Vec::new(), 0);
    {
        // What a model wrote was proved and written anew by `sqlguard`.
        let mut found = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch(&mut conn);
        while let Some(row) = found.next().await {
            let row = row?;
            let cell = |at| match row.try_get::<Option<String>, _>(at) {
                // A BLOB is no text, whatever it is cast to.
                Err(sqlx::Error::ColumnDecode { .. }) => Ok(Some(String::from("(binary)"))),
                cell => cell,
            };
            let row = (0..row.len()).map(cell).collect::<Result<Vec<Option<String>>, _>>()?;
            bytes += super::size(&row);
            rows.push(row);
            if rows.len() >= most || bytes > super::RESULT_BYTES {
                break;
            }
        }
    }
    let _ = conn.close().await;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_stands_in_its_folder_and_nowhere_else() {
        let outside = std::env::temp_dir().join(format!("natter-{}", std::process::id()));
        let folder = outside.join("databases");
        std::fs::create_dir_all(folder.join("sub")).unwrap();
        for file in ["secret.db", "databases/shop.db", "databases/sub/a.db"] {
            std::fs::write(outside.join(file), "").unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(outside.join("secret.db"), folder.join("link.db")).unwrap();
        let check = |name: &str| check(name, Some(&folder));
        for fine in ["shop.db", "sub/a.db"] {
            assert!(check(fine).is_ok(), "{fine}");
        }
        let absolute = outside.join("secret.db").display().to_string();
        let uri = "file:shop.db?mode=rwc";
        for bad in [
            "",
            "../secret.db",
            "sub/../../secret.db",
            "link.db",
            "sub",
            "none",
            ".",
            uri,
            &absolute,
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
        assert!(super::check("shop.db", None).is_err());
        std::fs::remove_dir_all(outside).unwrap();
    }
}
