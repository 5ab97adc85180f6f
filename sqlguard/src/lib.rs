//! Lets one read-only query over allowed tables and columns pass, and nothing else.
//!
//! In: a statement that a language model wrote, to be run on somebody's database, and the schema
//! that may be read. Out: the statement to run instead, or a refusal in one sentence that tells the
//! model what to change. Pure logic: no I/O, no database.
//!
//! The walk over the parsed statement checks and prints in one: what it does not know it refuses,
//! and what is run holds no text of the model's but checked names and quoted constants.
//! `sqlparser`'s own printing is not used; it takes `\'` for an escaped quote, which neither
//! database does. The result is parsed and checked once more, and must come out the same.
//!
//! | allowed | refused |
//! |---|---|
//! | one SELECT, with UNION, INTERSECT, EXCEPT | all other statements, two statements, VALUES and TABLE |
//! | WITH, also in subqueries, each name once | recursion, data-modifying WITH |
//! | tables and views of the schema | all others, the databases' own, functions in FROM |
//! | the listed columns, also as `*` and `t.*`, which become their list | all others, hidden ones, whole rows, parts of composites |
//! | inner and outer joins with ON, USING (written out as ON), CROSS JOIN, LATERAL (PostgreSQL) | NATURAL JOIN, USING with RIGHT and FULL JOIN, more than 8 joins |
//! | correlated subqueries, EXISTS, IN | ANY, ALL, rows of values |
//! | GROUP BY and HAVING, ORDER BY, DISTINCT, DISTINCT ON (PostgreSQL), LIMIT and OFFSET of whole numbers | ROLLUP and the like, FOR UPDATE, SELECT INTO, LIMIT of an expression |
//! | window functions, FILTER, WITHIN GROUP | named windows |
//! | the functions listed in `function` | all others, any with a schema before it |
//! | arithmetic, comparisons, LIKE, ILIKE, GLOB, `\|\|`, `->`, `->>` | regular expressions, MATCH, `OPERATOR(…)` |
//! | numbers, strings, booleans, NULL | placeholders, all other strings: `E'…'`, `$$…$$`, `X'…'`, `U&'…'` |
//! | casts to plain types | casts to all others, such as `regclass` |
//!
//! Names are resolved as the database folds them. Then each relation is printed with its schema and
//! a name of its own, each column with its relation's name, and an alias in ORDER BY or GROUP BY as
//! its position. So no rule of the database for shadowing or aliases can turn a checked name into
//! one that may not be read, though the columns that exist besides the schema are not known here.
//!
//! Texts may be put together twelve times in a statement, as `a || a` in nested queries doubles each
//! time, and on SQLite, which works in the caller's memory, no function collects or replaces texts.
//!
//! What this wall does not hold, and the connection has to: time (cross joins are allowed), and what the database itself runs for a query that
//! reads only allowed names: views, row security, and functions and operators that somebody put
//! before the built-in ones of the same name. The schema must be as fresh as the connection:
//! PostgreSQL reads `t.name` as a call of `name(t)` where the column is gone.
//!
//! | room | what it is for |
//! |---|---|
//! | `parse` | from text to one query, within bounds |
//! | `guard` | what is counted for a whole statement |
//! | `query`, `select`, `from`, `order` | the clauses |
//! | `expr`, `convert`, `function`, `literal`, `types` | expressions |
//! | `scope`, `names` | what a name stands for |
//! | `schema` | what may be read, and how the model is told |
//! | `refusal` | why not |

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

/// Columns of a result at most.
const MAX_COLUMNS: usize = 100;

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
    if columns.len() > MAX_COLUMNS {
        return Err(Refusal::TooManyColumns);
    }
    Ok(Checked { sql, tables: guard.tables.into_iter().collect(), columns })
}
