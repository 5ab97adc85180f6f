//! PostgreSQL.

use std::str::FromStr as _;
use std::time::Duration;

use futures_util::StreamExt as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};
use url::Url;

use crate::config::Secret;

/// Schema, table, column and type of everything that can be read.
pub(super) const COLUMNS: &str = "SELECT n.nspname::text, c.relname::text, a.attname::text, \
    format_type(a.atttypid, a.atttypmod) FROM pg_attribute a \
    JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'm', 'p', 'f') \
    AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' \
    AND has_column_privilege(c.oid, a.attnum, 'SELECT') \
    ORDER BY n.nspname, c.relname, a.attnum";

/// The address, if it is one.
pub(super) fn check(connection: &str) -> Result<Secret, String> {
    let wrong = "must be an address such as postgres://USER:PASSWORD@HOST/NAME";
    let url = Url::parse(connection).map_err(|_| wrong)?;
    let is_postgres = matches!(url.scheme(), "postgres" | "postgresql");
    // A socket would make whoever sets this the user that the server runs as.
    let fine = PgConnectOptions::from_str(connection).is_ok_and(|o| o.get_socket().is_none())
        && url.host_str().is_some_and(|host| !host.is_empty() && !host.contains(['%', '/']));
    if !is_postgres || !fine || connection.len() > 2048 || url.username().is_empty() {
        return Err(wrong.into());
    }
    // Such as a file that the server would read for whoever sets this.
    let known = ["sslmode", "application_name"];
    if let Some((name, _)) = url.query_pairs().find(|(name, _)| !known.contains(&name.as_ref())) {
        return Err(format!("may not hold the parameter {name:?}"));
    }
    Ok(Secret::new(connection))
}

pub(super) async fn run(
    address: &Secret,
    sql: &str,
    most: usize,
    time: Duration,
) -> Result<Vec<Vec<Option<String>>>, sqlx::Error> {
    let mut options = PgConnectOptions::from_str(address.reveal())?;
    if !has_password(address) {
        // Else the one in the server's own environment would be sent to wherever this leads.
        options = options.password("");
    }
    let milliseconds = time.as_millis().to_string();
    let options = options
        .application_name("natter data source")
        // What visitors asked for stands in statements.
        .disable_statement_logging()
        .statement_cache_capacity(0)
        .options([
            ("default_transaction_read_only", "on"),
            ("statement_timeout", &milliseconds),
            ("lock_timeout", &milliseconds),
            ("idle_in_transaction_session_timeout", &milliseconds),
        ]);
    let mut conn: PgConnection = tokio::time::timeout(super::CONNECT, options.connect())
        .await
        .map_err(|_| sqlx::Error::PoolTimedOut)??;
    sqlx::query("BEGIN READ ONLY").execute(&mut conn).await?;
    let (mut rows, mut bytes) = (Vec::new(), 0);
    {
        // What a model wrote was proved and written anew by `sqlguard`.
        let mut found = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch(&mut conn);
        while let Some(row) = found.next().await {
            let row = row?;
            let cell = |at| row.try_get::<Option<String>, _>(at);
            let row = (0..row.len()).map(cell).collect::<Result<Vec<Option<String>>, _>>()?;
            bytes += super::size(&row);
            rows.push(row);
            if rows.len() >= most || bytes > super::RESULT_BYTES {
                break;
            }
        }
    }
    // The transaction ends with its connection; nothing was written in it.
    let _ = conn.close_hard().await;
    Ok(rows)
}

fn has_password(address: &Secret) -> bool {
    Url::parse(address.reveal()).is_ok_and(|url| url.password().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_user_and_reads_no_file() {
        for fine in ["postgres://u:p@host/db", "postgresql://u@[::1]:5433/db?sslmode=require"] {
            assert!(check(fine).is_ok(), "{fine}");
        }
        for bad in [
            "",
            "mysql://u:p@host/db",
            "postgres://host/db",
            "postgres://u:p@host/db?passfile=/etc/shadow",
            "postgres://u:p@host/db?sslrootcert=/etc/shadow",
            "postgres://u:p@host/db?host=/var/run/postgresql",
            "postgres://u@%2Fvar%2Frun%2Fpostgresql/db",
            "postgres://u@/db",
            "postgres://u:p@host/db?options=-c%20default_transaction_read_only%3Doff",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
