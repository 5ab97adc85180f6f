//! What may be read, and how the model is told.

use sqlparser::keywords::{ALL_KEYWORDS, ALL_KEYWORDS_INDEX};
use sqlparser::keywords::{RESERVED_FOR_COLUMN_ALIAS, RESERVED_FOR_TABLE_ALIAS};

use crate::names::{Dialect, quote};

/// The tables that may be read. What is not in here does not exist for a statement.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    pub tables: Vec<Table>,
}

/// A table or view, with those of its columns that may be read.
#[derive(Debug, Clone)]
pub struct Table {
    /// None is `main` on SQLite and `public` on PostgreSQL.
    pub schema: Option<String>,
    /// As the database stores it, not quoted.
    pub name: String,
    /// In the order in which `*` gives them.
    pub columns: Vec<Column>,
}

/// A column that may be read.
#[derive(Debug, Clone)]
pub struct Column {
    /// As the database stores it, not quoted.
    pub name: String,
    /// Told to the model as it is; nothing depends on it.
    pub data_type: String,
}

impl Table {
    pub(crate) fn schema_name(&self, dialect: Dialect) -> &str {
        self.schema.as_deref().unwrap_or(dialect.default_schema())
    }

    /// Whether the table is the database's own; no list makes such a table readable.
    pub(crate) fn is_system(&self, dialect: Dialect) -> bool {
        let starts = |name: &str, prefix: &str| {
            name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        let schema = self.schema_name(dialect);
        match dialect {
            Dialect::Sqlite => starts(&self.name, "sqlite_") || starts(&self.name, "pragma_"),
            Dialect::Postgres => {
                starts(&self.name, "pg_")
                    || starts(schema, "pg_")
                    || schema.eq_ignore_ascii_case("information_schema")
            }
        }
    }
}

/// The schema as the model gets it: one line for each table, `name (column type, …)`, names quoted
/// where a statement has to quote them.
#[must_use]
pub fn describe(schema: &Schema, dialect: Dialect) -> String {
    let mut text = String::new();
    for table in schema.tables.iter().filter(|table| !table.is_system(dialect)) {
        let owner = table.schema_name(dialect);
        if owner != dialect.default_schema() {
            text.push_str(&as_written(owner, dialect));
            text.push('.');
        }
        text.push_str(&as_written(&table.name, dialect));
        let columns: Vec<String> = table.columns.iter().map(|c| column(c, dialect)).collect();
        text.push_str(&format!(" ({})\n", columns.join(", ")));
    }
    text
}

fn column(column: &Column, dialect: Dialect) -> String {
    let Column { name, data_type } = column;
    let data_type = one_line(data_type);
    format!("{} {}", as_written(name, dialect), data_type.trim()).trim_end().to_owned()
}

fn as_written(name: &str, dialect: Dialect) -> String {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let plain = name.starts_with(first)
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && (dialect == Dialect::Sqlite || !name.chars().any(|c| c.is_ascii_uppercase()));
    if plain && !is_reserved(name) { name.to_owned() } else { quote(&one_line(name)) }
}

fn is_reserved(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let Ok(at) = ALL_KEYWORDS.binary_search(&upper.as_str()) else { return false };
    ALL_KEYWORDS_INDEX.get(at).is_some_and(|keyword| {
        RESERVED_FOR_COLUMN_ALIAS.contains(keyword) || RESERVED_FOR_TABLE_ALIAS.contains(keyword)
    })
}

/// A line break in a name must not begin a line of its own in the prompt.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
