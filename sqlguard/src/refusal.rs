//! Why a statement was refused, as one sentence a model can act on.

use std::fmt;

use crate::guard::MAX_JOINS;
use crate::parse::MAX_BYTES;

/// Characters of a name from the statement that a sentence repeats at most.
const MAX_NAME: usize = 64;

/// A name as the statement wrote it: shortened, without control characters and backticks, so that a
/// refusal stays one short line whatever the statement holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    pub(crate) fn new(text: &str) -> Self {
        let plain = |c: &char| !c.is_control() && *c != '`';
        Self(text.chars().filter(plain).take(MAX_NAME).collect())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0)
    }
}

/// Why a statement was refused. `Display` is one plain sentence that says what to change; it never
/// tells whether a name that may not be read exists.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("The statement or its rewritten form is longer than {MAX_BYTES} bytes; shorten it.")]
    TooLong,
    #[error("The statement is nested too deeply or has too many parts; write a simpler one.")]
    TooComplex,
    #[error(
        "The statement has too many joins; at most {MAX_JOINS} are allowed, those of subqueries included, and a comma in FROM is one."
    )]
    TooManyJoins,
    #[error("The statement puts too many texts together; use || and the like at most 12 times.")]
    TooMuchText,
    #[error("The result has too many columns; name at most 100.")]
    TooManyColumns,
    #[error("The statement holds the character U+0000; leave it out.")]
    Nul,
    #[error("The statement has a syntax error near line {line}, column {column}; correct it.")]
    Syntax {
        /// Counted from 1; 0 when the statement ended too early.
        line: u64,
        /// Counted from 1, in characters; 0 when the statement ended too early.
        column: u64,
    },
    #[error("Write exactly one statement.")]
    NotOneStatement,
    #[error("Only a query is allowed; write one SELECT that changes nothing.")]
    NotAQuery,
    /// A construct of a query that is not on the list of allowed ones.
    #[error("This is not allowed: {0}.")]
    Construct(&'static str),
    #[error("There is no table {0} that may be read; use only the tables listed in the schema.")]
    Table(Name),
    #[error("There is no column {0} that may be read here; use only the columns in the schema.")]
    Column(Name),
    #[error("The column {0} is ambiguous; put its table's alias before it.")]
    Ambiguous(Name),
    #[error("The name {0} stands for a whole row; name the columns you need.")]
    WholeRow(Name),
    #[error("The alias {0} can be used only in ORDER BY or GROUP BY; repeat its expression here.")]
    Alias(Name),
    #[error("The name {0} is given twice; choose another one.")]
    Duplicate(Name),
    #[error("The name {0} is too long or has characters that a name may not have; rename it.")]
    BadName(Name),
    /// The function, and those the database has for dates.
    #[error(
        "The function {0} is not allowed; use common aggregate, text and number functions, and for dates {1}."
    )]
    Function(Name, &'static str),
}
