//! Several statements in one step.
//!
//! A step to SQLite is a hop to its thread and back, which costs more than the statement itself. So
//! statements whose results are not needed in between are sent together there: joined by `;`, with
//! their placeholders numbered on. PostgreSQL takes one statement at a time.

use std::sync::{Arc, OnceLock};

use sqlx::AssertSqlSafe;

use super::Conn;

/// A value for a placeholder.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Text(&'a str),
    OptionalText(Option<&'a str>),
    Int(i64),
    OptionalInt(Option<i64>),
}

macro_rules! bound {
    ($query:expr, $values:expr) => {{
        let mut query = $query;
        for value in $values {
            query = match *value {
                Value::Text(text) => query.bind(text),
                Value::OptionalText(text) => query.bind(text),
                Value::Int(number) => query.bind(number),
                Value::OptionalInt(number) => query.bind(number),
            };
        }
        query
    }};
}

/// Statements that run one after the other.
#[derive(Debug)]
pub(crate) struct Script {
    statements: &'static [&'static str],
    joined: OnceLock<Arc<str>>,
}

impl Script {
    pub(crate) const fn new(statements: &'static [&'static str]) -> Self {
        Self { statements, joined: OnceLock::new() }
    }

    /// Runs all, each with its own values; gives the number of rows that they changed together.
    pub(crate) async fn run(
        &self,
        conn: &mut Conn,
        values: &[&[Value<'_>]],
    ) -> Result<u64, sqlx::Error> {
        match conn {
            Conn::Sqlite(conn) => {
                let joined = self.joined.get_or_init(|| join(self.statements).into());
                // Made of constants alone; what a visitor sent is bound.
                let query = sqlx::query(AssertSqlSafe(Arc::clone(joined)));
                let query = bound!(query, values.iter().copied().flatten());
                query.execute(&mut **conn).await.map(|done| done.rows_affected())
            }
            Conn::Postgres(conn) => {
                let mut changed = 0;
                for (sql, values) in self.statements.iter().zip(values) {
                    let query = bound!(sqlx::query(*sql), *values);
                    changed += query.execute(&mut **conn).await?.rows_affected();
                }
                Ok(changed)
            }
        }
    }
}

/// Joins statements; the placeholders of each follow those of the one before.
fn join(statements: &[&str]) -> String {
    let mut joined = String::new();
    let mut before = 0;
    for sql in statements {
        let mut highest = 0;
        let mut parts = sql.split('$');
        joined.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, rest) = part.split_at(digits);
            let number: usize = number.parse().unwrap_or(0);
            highest = highest.max(number);
            joined.push('$');
            joined.push_str(&(before + number).to_string());
            joined.push_str(rest);
        }
        joined.push(';');
        before += highest;
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn placeholders_of_joined_statements_are_numbered_on() {
        assert_eq!(
            join(&["A ($1, $2, $1)", "B $1", "C", "D $2 $10"]),
            "A ($1, $2, $1);B $3;C;D $5 $13;"
        );
    }
}
