//! How each database compares and quotes names.

use sqlparser::ast::Ident;

use crate::refusal::{Name, Refusal};

/// The database a statement is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

/// Bytes of a name at most: PostgreSQL cuts longer ones, and two that differ could become one.
const MAX_NAME_BYTES: usize = 63;

impl Dialect {
    /// The schema meant when a table names none.
    pub(crate) fn default_schema(self) -> &'static str {
        match self {
            Self::Sqlite => "main",
            Self::Postgres => "public",
        }
    }

    /// Whether two names are one to the database, after [`Dialect::fold`].
    pub(crate) fn same(self, a: &str, b: &str) -> bool {
        match self {
            Self::Sqlite => a.eq_ignore_ascii_case(b),
            Self::Postgres => a == b,
        }
    }

    /// The name as the database reads it: PostgreSQL folds unquoted ASCII letters to lower case.
    ///
    /// # Errors
    /// [`Refusal::Construct`] for one in single quotes, which is a string to most databases;
    /// [`Refusal::BadName`] for an empty or too long one, or one with control characters.
    pub(crate) fn fold(self, ident: &Ident) -> Result<String, Refusal> {
        let Ident { value, quote_style, span: _ } = ident;
        if *quote_style == Some('\'') {
            return Err(Refusal::Construct("a name in single quotes; use double quotes"));
        }
        let bad =
            value.is_empty() || value.len() > MAX_NAME_BYTES || value.chars().any(char::is_control);
        if bad {
            return Err(Refusal::BadName(Name::new(value)));
        }
        Ok(match (self, quote_style) {
            (Self::Postgres, None) => value.to_ascii_lowercase(),
            _ => value.clone(),
        })
    }
}

/// The name between double quotes, which both databases read as it stands.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
