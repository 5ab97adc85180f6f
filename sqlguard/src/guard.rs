//! What is counted and kept for a whole statement while it is checked.

use std::collections::{BTreeSet, HashSet};

use crate::names::Dialect;
use crate::refusal::{Name, Refusal};
use crate::schema::Schema;

/// Levels of queries and expressions at most; the stack of a thread has room for more.
const MAX_DEPTH: usize = 60;
/// Joins at most, those of all subqueries together; a comma in FROM is one.
pub(crate) const MAX_JOINS: usize = 8;

/// Operators and functions that put texts together, at most.
pub(crate) const MAX_GROWING: usize = 12;

/// The check of one statement. Its methods check a part of the tree and give back its text, so that
/// nothing is printed that was not looked at.
#[derive(Debug)]
pub(crate) struct Guard<'a> {
    pub dialect: Dialect,
    pub schema: &'a Schema,
    /// Tables that are read, as `schema.table`.
    pub tables: BTreeSet<String>,
    printed: HashSet<String>,
    ctes: HashSet<String>,
    joins: usize,
    growing: usize,
    depth: usize,
}

impl<'a> Guard<'a> {
    pub fn new(dialect: Dialect, schema: &'a Schema) -> Self {
        Self {
            dialect,
            schema,
            tables: BTreeSet::new(),
            printed: HashSet::new(),
            ctes: HashSet::new(),
            joins: 0,
            growing: 0,
            depth: 0,
        }
    }

    /// Runs a check one level deeper.
    ///
    /// # Errors
    /// [`Refusal::TooComplex`] below the lowest level; else what the check says.
    pub fn deeper<T>(
        &mut self,
        check: impl FnOnce(&mut Self) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        if self.depth >= MAX_DEPTH {
            return Err(Refusal::TooComplex);
        }
        self.depth += 1;
        let result = check(self);
        self.depth -= 1;
        result
    }

    /// # Errors
    /// [`Refusal::TooManyJoins`].
    pub fn count_join(&mut self) -> Result<(), Refusal> {
        self.joins += 1;
        if self.joins > MAX_JOINS { Err(Refusal::TooManyJoins) } else { Ok(()) }
    }

    /// Counts what makes a long text of short ones: in nested queries each doubles what is below it.
    ///
    /// # Errors
    /// [`Refusal::TooMuchText`].
    pub fn count_growing(&mut self) -> Result<(), Refusal> {
        self.growing += 1;
        if self.growing > MAX_GROWING { Err(Refusal::TooMuchText) } else { Ok(()) }
    }

    /// A name to print for a relation that no other relation has, in upper or lower case.
    pub fn unique(&mut self, name: &str) -> String {
        let mut printed = name.to_owned();
        let mut number = 1_u32;
        while !self.printed.insert(printed.to_lowercase()) {
            number += 1;
            let start: String = name.chars().take(12).collect();
            printed = format!("{start}_{number}");
        }
        printed
    }

    /// Takes a name for a common table expression. Each may be given once in a statement: SQLite
    /// lets such an expression see itself and later ones, so that a second one of the same name
    /// could stand for another than was proven, or recurse without end.
    ///
    /// # Errors
    /// [`Refusal::Duplicate`].
    pub fn claim_cte(&mut self, name: &str) -> Result<(), Refusal> {
        if self.ctes.insert(name.to_lowercase()) {
            Ok(())
        } else {
            Err(Refusal::Duplicate(Name::new(name)))
        }
    }
}
