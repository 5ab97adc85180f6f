//! Which names a place in the statement sees, and what each of them stands for.
//!
//! Every relation gets a printed name that no other relation of the statement has, and every column
//! is printed with it. So the database cannot read a column as another one than was proven here,
//! whichever rules it has for shadowing, correlation or aliases.

use sqlparser::ast::Ident;

use crate::names::{Dialect, quote};
use crate::refusal::{Name, Refusal};

/// A relation of a FROM clause, or a common table expression.
#[derive(Debug, Clone)]
pub(crate) struct Relation {
    /// The name the statement calls it by, folded; None when it has none.
    pub name: Option<String>,
    /// The name it is printed with.
    pub printed: String,
    /// Schema and table, when a column may be written `schema.table.column`.
    pub path: Option<(String, String)>,
    pub columns: Vec<String>,
    /// Columns that USING has merged into one further left: seen only with the relation's name.
    pub merged: Vec<String>,
}

/// The relations of one FROM clause, from left to right.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    pub relations: Vec<Relation>,
}

/// What one level of the statement adds to the names in sight.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Level<'a> {
    Outermost,
    Relations(&'a Scope),
    Ctes(&'a [Relation]),
    /// Output names, known only so that a refusal can say what is wrong.
    Aliases(&'a [String]),
}

/// The names in sight, the nearest level first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Env<'a> {
    pub level: Level<'a>,
    pub outer: Option<&'a Env<'a>>,
}

/// A column of a relation in sight.
#[derive(Debug)]
pub(crate) struct Found {
    pub name: String,
    pub sql: String,
}

impl Relation {
    fn has(&self, column: &str, dialect: Dialect) -> bool {
        self.columns.iter().any(|name| dialect.same(name, column))
    }

    pub fn is_merged(&self, column: &str, dialect: Dialect) -> bool {
        self.merged.iter().any(|name| dialect.same(name, column))
    }

    /// The relation's column of that name.
    ///
    /// # Errors
    /// [`Refusal::Column`] or [`Refusal::Ambiguous`].
    pub fn column(&self, column: &str, dialect: Dialect) -> Result<Found, Refusal> {
        let mut found = self.columns.iter().filter(|name| dialect.same(name, column));
        match (found.next(), found.next()) {
            (Some(name), None) => Ok(Found {
                name: name.clone(),
                sql: format!("{}.{}", quote(&self.printed), quote(name)),
            }),
            (Some(_), Some(_)) => Err(Refusal::Ambiguous(Name::new(column))),
            (None, _) => Err(Refusal::Column(Name::new(column))),
        }
    }
}

impl<'a> Env<'a> {
    pub const OUTERMOST: Self = Self { level: Level::Outermost, outer: None };

    pub fn inside(outer: &'a Self, level: Level<'a>) -> Self {
        Self { level, outer: Some(outer) }
    }

    fn levels(&self) -> impl Iterator<Item = Level<'_>> {
        std::iter::successors(Some(self), |env| env.outer).map(|env| env.level)
    }

    /// The common table expression of that name.
    pub fn cte(&self, name: &str, dialect: Dialect) -> Option<&Relation> {
        self.levels().find_map(|level| match level {
            Level::Ctes(ctes) => ctes
                .iter()
                .find(|cte| cte.name.as_deref().is_some_and(|known| dialect.same(known, name))),
            _ => None,
        })
    }

    /// The relation that `name` or `schema.name` stands for before a column.
    ///
    /// # Errors
    /// [`Refusal::Table`] or [`Refusal::Ambiguous`].
    pub fn relation(&self, parts: &[Ident], dialect: Dialect) -> Result<&Relation, Refusal> {
        let names: Vec<String> =
            parts.iter().map(|part| dialect.fold(part)).collect::<Result<_, _>>()?;
        let known = |relation: &&Relation| match names.as_slice() {
            [name] => relation.name.as_deref().is_some_and(|own| dialect.same(own, name)),
            [schema, table] => relation
                .path
                .as_ref()
                .is_some_and(|(s, t)| dialect.same(s, schema) && dialect.same(t, table)),
            _ => false,
        };
        for level in self.levels() {
            let Level::Relations(scope) = level else { continue };
            let mut found = scope.relations.iter().filter(known);
            match (found.next(), found.next()) {
                (Some(relation), None) => return Ok(relation),
                (Some(_), Some(_)) => return Err(Refusal::Ambiguous(Name::new(&names.join(".")))),
                (None, _) => {}
            }
        }
        Err(Refusal::Table(Name::new(&names.join("."))))
    }

    /// The column a name without a table stands for.
    ///
    /// # Errors
    /// [`Refusal`] when there is none, or more than one, or the name is an alias or a relation.
    pub fn column(&self, ident: &Ident, dialect: Dialect) -> Result<Found, Refusal> {
        let name = dialect.fold(ident)?;
        for level in self.levels() {
            let Level::Relations(scope) = level else { continue };
            if let Some(found) = unmerged(&scope.relations, &name, dialect)? {
                return Ok(found);
            }
        }
        if self.relation(std::slice::from_ref(ident), dialect).is_ok() {
            return Err(Refusal::WholeRow(Name::new(&name)));
        }
        let is_alias = self.levels().any(|level| match level {
            Level::Aliases(aliases) => aliases.iter().any(|alias| dialect.same(alias, &name)),
            _ => false,
        });
        let name = Name::new(&name);
        Err(if is_alias { Refusal::Alias(name) } else { Refusal::Column(name) })
    }
}

/// The one column of that name which is not merged away.
///
/// # Errors
/// [`Refusal::Ambiguous`].
pub(crate) fn unmerged(
    relations: &[Relation],
    name: &str,
    dialect: Dialect,
) -> Result<Option<Found>, Refusal> {
    let has =
        |relation: &&Relation| relation.has(name, dialect) && !relation.is_merged(name, dialect);
    let mut found = relations.iter().filter(has);
    match (found.next(), found.next()) {
        (Some(relation), None) => relation.column(name, dialect).map(Some),
        (Some(_), Some(_)) => Err(Refusal::Ambiguous(Name::new(name))),
        (None, _) => Ok(None),
    }
}
