//! Queries: WITH, set operations, and what stands around a SELECT.

use sqlparser::ast::{
    Cte, CteAsMaterialized, Query, SetExpr, SetOperator, SetQuantifier, TableAlias, With,
};

use crate::guard::Guard;
use crate::names::quote;
use crate::order::{limit, order_by_keys};
use crate::refusal::Refusal;
use crate::scope::{Env, Level, Relation};

/// Whether anybody asks for the names of a query's columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    Needed,
    Unneeded,
}

/// A checked query.
#[derive(Debug)]
pub(crate) struct Output {
    pub sql: String,
    /// Names of its columns, in order.
    pub columns: Vec<String>,
}

impl Guard<'_> {
    /// The whole statement, with no more rows than `max_rows`.
    ///
    /// # Errors
    /// [`Refusal`] for what is not proven harmless.
    pub(crate) fn statement(&mut self, query: &Query, max_rows: u64) -> Result<Output, Refusal> {
        self.limited(query, &Env::OUTERMOST, Naming::Needed, Some(max_rows))
    }

    /// A query inside the statement.
    ///
    /// # Errors
    /// As [`Guard::statement`].
    pub(crate) fn query(
        &mut self,
        query: &Query,
        env: &Env<'_>,
        naming: Naming,
    ) -> Result<Output, Refusal> {
        self.limited(query, env, naming, None)
    }

    fn limited(
        &mut self,
        query: &Query,
        env: &Env<'_>,
        naming: Naming,
        max_rows: Option<u64>,
    ) -> Result<Output, Refusal> {
        let Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        if !locks.is_empty() {
            return Err(Refusal::Construct("FOR UPDATE and FOR SHARE; leave it out"));
        }
        let foreign = for_clause.is_some()
            || settings.is_some()
            || format_clause.is_some()
            || !pipe_operators.is_empty();
        if foreign {
            return Err(Refusal::Construct("a clause after the query; leave it out"));
        }
        let limit = limit(limit_clause.as_ref(), fetch.as_ref(), max_rows)?;
        self.deeper(|guard| {
            let mut ctes = Vec::new();
            let with = match with {
                Some(with) => guard.with(with, env, &mut ctes)?,
                None => String::new(),
            };
            let env = Env::inside(env, Level::Ctes(&ctes));
            let order = order_by_keys(order_by.as_ref())?;
            let Output { sql, columns } = match &**body {
                SetExpr::Select(select) => guard.select(select, order, &env, naming)?,
                set => {
                    let mut output = guard.set(set, &env, naming)?;
                    output.sql.push_str(&guard.order_of_set(order, &output.columns)?);
                    output
                }
            };
            Ok(Output { sql: format!("{with}{sql}{limit}"), columns })
        })
    }

    fn with(
        &mut self,
        with: &With,
        env: &Env<'_>,
        ctes: &mut Vec<Relation>,
    ) -> Result<String, Refusal> {
        let With { with_token: _, recursive, cte_tables } = with;
        if *recursive {
            return Err(Refusal::Construct("WITH RECURSIVE; write the query without recursion"));
        }
        let mut items = Vec::new();
        for cte in cte_tables {
            let Cte { alias, query, from: None, materialized, closing_paren_token: _ } = cte else {
                return Err(Refusal::Construct("FROM in a WITH clause"));
            };
            let TableAlias { explicit: _, name, columns, at: None } = alias else {
                return Err(Refusal::Construct("AT in a WITH clause"));
            };
            let name = self.dialect.fold(name)?;
            self.claim_cte(&name)?;
            let mut output =
                self.query(query, &Env::inside(env, Level::Ctes(ctes)), Naming::Needed)?;
            let mut head = quote(&name);
            if !columns.is_empty() {
                if columns.len() != output.columns.len() {
                    return Err(Refusal::Construct(
                        "a column list of another length than the query",
                    ));
                }
                output.columns = columns
                    .iter()
                    .map(|column| self.dialect.fold(&column.name))
                    .collect::<Result<_, _>>()?;
                let list: Vec<String> = output.columns.iter().map(|name| quote(name)).collect();
                head = format!("{head}({})", list.join(", "));
            }
            let hint = match materialized {
                None => "",
                Some(CteAsMaterialized::Materialized) => "MATERIALIZED ",
                Some(CteAsMaterialized::NotMaterialized) => "NOT MATERIALIZED ",
            };
            items.push(format!("{head} AS {hint}({})", output.sql));
            ctes.push(Relation {
                name: Some(name.clone()),
                printed: name,
                path: None,
                columns: output.columns,
                merged: Vec::new(),
            });
        }
        Ok(format!("WITH {} ", items.join(", ")))
    }

    fn set(&mut self, set: &SetExpr, env: &Env<'_>, naming: Naming) -> Result<Output, Refusal> {
        self.deeper(|guard| match set {
            SetExpr::Select(select) => guard.select(select, &[], env, naming),
            SetExpr::Query(query) => {
                guard.postgres_only("brackets around a query; leave them out")?;
                let Output { sql, columns } = guard.query(query, env, naming)?;
                Ok(Output { sql: format!("({sql})"), columns })
            }
            SetExpr::SetOperation { left, op, set_quantifier, right } => {
                let word = match op {
                    SetOperator::Union => "UNION",
                    SetOperator::Intersect => "INTERSECT",
                    SetOperator::Except => "EXCEPT",
                    SetOperator::Minus => return Err(Refusal::Construct("MINUS; write EXCEPT")),
                };
                let all = match set_quantifier {
                    SetQuantifier::All => " ALL",
                    SetQuantifier::Distinct | SetQuantifier::None => "",
                    _ => return Err(Refusal::Construct("BY NAME; give the columns in one order")),
                };
                let left = guard.set(left, env, naming)?;
                let right = guard.set(right, env, Naming::Unneeded)?;
                if left.columns.len() != right.columns.len() {
                    return Err(Refusal::Construct("a UNION of queries of unequal column counts"));
                }
                let sql = format!("{} {word}{all} {}", left.sql, right.sql);
                Ok(Output { sql, columns: left.columns })
            }
            SetExpr::Values(_) => Err(Refusal::Construct("VALUES; write SELECT")),
            SetExpr::Table(_) => Err(Refusal::Construct("TABLE; write SELECT * FROM")),
            _ => Err(Refusal::NotAQuery),
        })
    }
}
