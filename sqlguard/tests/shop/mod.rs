//! A shop's database: what of it may be read, and the whole of it in SQLite, where every cell that
//! may not be read holds a canary.

#![allow(dead_code, reason = "each test file uses a part")]

pub mod grammar;

use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::types::ValueRef;
use sqlguard::{Column, Schema, Table};

pub const CANARY: &str = "CANARY";
pub const MAX_ROWS: u64 = 100;

/// What may be read. `email` may be read of leads but not of customers, `city` the other way round.
pub const READABLE: &[(&str, &[&str])] = &[
    ("customers", &["id", "name", "city"]),
    ("orders", &["id", "customer_id", "total", "placed_on"]),
    ("leads", &["id", "name", "email"]),
];

/// Functions that the tests' statements may call.
const FUNCTIONS: &str = "abs avg coalesce count current_date current_timestamp date glob \
    iif julianday lag length like lower max min nullif rank round row_number strftime \
    substr sum trim upper ->>";

const DATABASE: &str = "
    CREATE TABLE customers (id INTEGER, name TEXT, city TEXT, secret TEXT, email TEXT, total TEXT);
    CREATE TABLE orders (id INTEGER, customer_id INTEGER, total REAL, placed_on TEXT, secret TEXT, name TEXT);
    CREATE TABLE leads (id INTEGER, name TEXT, email TEXT, city TEXT, secret TEXT);
    CREATE TABLE staff (id TEXT, name TEXT, city TEXT, email TEXT, total TEXT, secret TEXT);
    INSERT INTO customers VALUES (1, 'Ada', 'Rome', 'CANARY', 'CANARY', 'CANARY'), (2, 'Bo', 'Oslo', 'CANARY', 'CANARY', 'CANARY');
    INSERT INTO orders VALUES (1, 1, 9.5, '2026-01-02', 'CANARY', 'CANARY'), (2, 1, 20, '2026-02-03', 'CANARY', 'CANARY');
    INSERT INTO leads VALUES (1, 'Cy', 'cy@example.org', 'CANARY', 'CANARY');
    INSERT INTO staff VALUES ('CANARY', 'CANARY', 'CANARY', 'CANARY', 'CANARY', 'CANARY');
";

pub fn schema() -> Schema {
    let tables = READABLE.iter().map(|(name, columns)| Table {
        schema: None,
        name: (*name).to_owned(),
        columns: columns
            .iter()
            .map(|name| Column { name: (*name).to_owned(), data_type: "text".to_owned() })
            .collect(),
    });
    Schema { tables: tables.collect() }
}

/// The database, and what SQLite's authorizer saw that may not happen.
pub struct Shop {
    connection: Connection,
    forbidden: Arc<Mutex<Vec<String>>>,
}

impl Shop {
    pub fn open() -> Self {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(DATABASE).unwrap();
        let forbidden = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&forbidden);
        let watch = move |context: AuthContext<'_>| {
            if !is_allowed(&context.action) {
                seen.lock().unwrap().push(format!("{:?}", context.action));
            }
            Authorization::Allow
        };
        connection.authorizer(Some(watch)).unwrap();
        Self { connection, forbidden }
    }

    /// Runs a statement that was let through; gives its rows as text, or SQLite's error.
    pub fn run(&self, sql: &str) -> Result<Vec<String>, rusqlite::Error> {
        self.forbidden.lock().unwrap().clear();
        let rows = self.rows(sql);
        let forbidden = std::mem::take(&mut *self.forbidden.lock().unwrap());
        assert!(forbidden.is_empty(), "{sql}\ndid {forbidden:?}");
        if let Ok(rows) = &rows {
            assert!(!rows.iter().any(|row| row.contains(CANARY)), "{sql}\ngave {rows:?}");
        }
        rows
    }

    fn rows(&self, sql: &str) -> Result<Vec<String>, rusqlite::Error> {
        let mut statement = self.connection.prepare(sql)?;
        assert!(statement.readonly(), "{sql}");
        let width = statement.column_count();
        let rows = statement.query_map([], |row| {
            let cells: Result<Vec<String>, rusqlite::Error> =
                (0..width).map(|at| Ok(as_text(row.get_ref(at)?))).collect();
            Ok(cells?.join("|"))
        })?;
        rows.collect()
    }
}

fn as_text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) | ValueRef::Blob(text) => String::from_utf8_lossy(text).into_owned(),
    }
}

fn is_allowed(action: &AuthAction<'_>) -> bool {
    match action {
        AuthAction::Select => true,
        // Without a column: rows are counted, also those of a common table expression.
        AuthAction::Read { table_name, column_name: "" } => {
            *table_name != "staff" && !table_name.starts_with("sqlite")
        }
        AuthAction::Read { table_name, column_name } => READABLE
            .iter()
            .any(|(table, columns)| table == table_name && columns.contains(column_name)),
        AuthAction::Function { function_name } => {
            FUNCTIONS.split_whitespace().any(|known| known == *function_name)
        }
        _ => false,
    }
}
