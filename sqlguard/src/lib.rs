//! Stub.
mod convert;
mod expr;
mod from;
mod function;
mod guard;
mod literal;
mod names;
mod order;
mod parse;
mod query;
mod refusal;
mod schema;
mod scope;
mod select;
mod types;

pub use names::Dialect;
pub use refusal::{Name, Refusal};
pub use schema::{Column, Schema, Table, describe};

use guard::Guard;

/// What the deepest statement within the bounds needs, unoptimised, twice over.
const STACK_BYTES: usize = 4 << 20;

/// A statement that may be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The statement to run. It holds no text of the original one, only what was checked.
    pub sql: String,
    /// Tables it reads, as `schema.table`, sorted.
    pub tables: Vec<String>,
    /// Names of the result's columns, in order.
    pub columns: Vec<String>,
}

/// Checks one statement and rewrites it.
///
/// `max_rows` is how many rows the caller will keep; the rewritten statement gives at most one
/// more, so that a cut result is seen to be one.
///
/// # Errors
/// [`Refusal`] for everything that is not proven to be one read-only query over the schema.
pub fn check(
    sql: &str,
    dialect: Dialect,
    schema: &Schema,
    max_rows: u64,
) -> Result<Checked, Refusal> {
    stacker::maybe_grow(STACK_BYTES, STACK_BYTES, || twice(sql, dialect, schema, max_rows))
}

fn twice(sql: &str, dialect: Dialect, schema: &Schema, max_rows: u64) -> Result<Checked, Refusal> {
    let checked = rewrite(sql, dialect, schema, max_rows)?;
    // What is to run is proven once more, by its own text: an error in the printing cannot pass.
    if rewrite(&checked.sql, dialect, schema, max_rows)? == checked {
        Ok(checked)
    } else {
        Err(Refusal::Construct("this statement; write it in a simpler form"))
    }
}

fn rewrite(
    sql: &str,
    dialect: Dialect,
    schema: &Schema,
    max_rows: u64,
) -> Result<Checked, Refusal> {
    let query = parse::query(sql, dialect)?;
    let mut guard = Guard::new(dialect, schema);
    let query::Output { sql, columns } = guard.statement(&query, max_rows)?;
    if sql.len() > parse::MAX_BYTES {
        return Err(Refusal::TooLong);
    }
    Ok(Checked { sql, tables: guard.tables.into_iter().collect(), columns })
}
