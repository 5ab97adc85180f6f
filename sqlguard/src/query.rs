//! Queries: WITH, set operations, SELECT, ORDER BY and LIMIT.

use sqlparser::ast::{
    Cte, CteAsMaterialized, Distinct, Expr, Fetch, GroupByExpr, LimitClause, Offset, OrderBy,
    OrderByExpr, OrderByKind, OrderByOptions, Query, Select, SelectFlavor, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, SetOperator, SetQuantifier, TableAlias,
    WildcardAdditionalOptions, With,
};

use crate::from::column_name;
use crate::function::NAMED_WINDOW;
use crate::guard::Guard;
use crate::literal::whole_number;
use crate::names::quote;
use crate::refusal::{Name, Refusal};
use crate::scope::{Env, Level, Relation, Scope};

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

    fn select(
        &mut self,
        select: &Select,
        order: &[OrderByExpr],
        env: &Env<'_>,
        naming: Naming,
    ) -> Result<Output, Refusal> {
        let Select {
            select_token: _,
            // These are comments, and vanish as the others.
            optimizer_hints: _,
            distinct,
            select_modifiers,
            top,
            top_before_distinct: _,
            projection,
            exclude,
            into,
            from,
            lateral_views,
            prewhere,
            selection,
            connect_by,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having,
            named_window,
            qualify,
            window_before_qualify: _,
            value_table_mode,
            flavor,
        } = select;
        if into.is_some() {
            return Err(Refusal::Construct("SELECT INTO; leave INTO out"));
        }
        if !named_window.is_empty() {
            return Err(Refusal::Construct(NAMED_WINDOW));
        }
        let foreign = select_modifiers.is_some()
            || top.is_some()
            || exclude.is_some()
            || !lateral_views.is_empty()
            || prewhere.is_some()
            || !connect_by.is_empty()
            || !cluster_by.is_empty()
            || !distribute_by.is_empty()
            || !sort_by.is_empty()
            || qualify.is_some()
            || value_table_mode.is_some()
            || *flavor != SelectFlavor::Standard;
        if foreign {
            return Err(Refusal::Construct("this form of SELECT; use the clauses of standard SQL"));
        }
        let (from, scope) = self.from(from, env)?;
        let env = &Env::inside(env, Level::Relations(&scope));
        let (items, columns) = self.projection(projection, &scope, env, naming)?;
        let env = &Env::inside(env, Level::Aliases(&columns));
        let distinct = self.distinct(distinct.as_ref(), &columns, env)?;
        let mut sql = format!("SELECT {distinct}{items}");
        if !from.is_empty() {
            sql.push_str(&format!(" FROM {from}"));
        }
        if let Some(condition) = selection {
            sql.push_str(&format!(" WHERE {}", self.expr(condition, env)?));
        }
        sql.push_str(&self.group_by(group_by, &columns, env)?);
        if let Some(condition) = having {
            sql.push_str(&format!(" HAVING {}", self.expr(condition, env)?));
        }
        sql.push_str(&self.order_by(order, &columns, env)?);
        Ok(Output { sql, columns })
    }

    fn projection(
        &mut self,
        projection: &[SelectItem],
        scope: &Scope,
        env: &Env<'_>,
        naming: Naming,
    ) -> Result<(String, Vec<String>), Refusal> {
        let (mut items, mut columns) = (Vec::new(), Vec::new());
        for item in projection {
            match item {
                SelectItem::UnnamedExpr(
                    expr @ (Expr::Identifier(_) | Expr::CompoundIdentifier(_)),
                ) => {
                    let found = self.column(expr, env)?;
                    items.push(found.sql);
                    columns.push(found.name);
                }
                SelectItem::UnnamedExpr(expr) => {
                    let mut sql = self.expr(expr, env)?;
                    let name = column_name(expr, columns.len() + 1);
                    if naming == Naming::Needed {
                        sql.push_str(&format!(" AS {}", quote(&name)));
                    }
                    items.push(sql);
                    columns.push(name);
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    let name = self.dialect.fold(alias)?;
                    items.push(format!("{} AS {}", self.expr(expr, env)?, quote(&name)));
                    columns.push(name);
                }
                SelectItem::Wildcard(options) => {
                    plain_wildcard(options)?;
                    self.expand(&scope.relations, true, &mut items, &mut columns)?;
                }
                SelectItem::QualifiedWildcard(
                    SelectItemQualifiedWildcardKind::ObjectName(name),
                    options,
                ) => {
                    plain_wildcard(options)?;
                    let parts: Vec<_> =
                        name.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
                    if parts.len() != name.0.len() {
                        return Err(Refusal::Construct("this before .*; write an alias"));
                    }
                    let relation = env.relation(&parts, self.dialect)?;
                    self.expand(std::slice::from_ref(relation), false, &mut items, &mut columns)?;
                }
                _ => return Err(Refusal::Construct("this in SELECT; name columns or expressions")),
            }
        }
        if items.is_empty() {
            return Err(Refusal::Construct("a SELECT without columns; name some"));
        }
        Ok((items.join(", "), columns))
    }

    /// `*` as the columns that may be read.
    fn expand(
        &self,
        relations: &[Relation],
        merge: bool,
        items: &mut Vec<String>,
        columns: &mut Vec<String>,
    ) -> Result<(), Refusal> {
        for relation in relations {
            for name in &relation.columns {
                if merge && relation.is_merged(name, self.dialect) {
                    continue;
                }
                let found = relation.column(name, self.dialect)?;
                items.push(found.sql);
                columns.push(found.name);
            }
        }
        Ok(())
    }

    fn distinct(
        &mut self,
        distinct: Option<&Distinct>,
        columns: &[String],
        env: &Env<'_>,
    ) -> Result<String, Refusal> {
        match distinct {
            None | Some(Distinct::All) => Ok(String::new()),
            Some(Distinct::Distinct) => Ok("DISTINCT ".to_owned()),
            Some(Distinct::On(keys)) => {
                self.postgres_only("DISTINCT ON; use GROUP BY or row_number()")?;
                let mut items = Vec::new();
                for key in keys {
                    items.push(match self.output_position(key, columns)? {
                        Some(position) => position,
                        None => self.expr(key, env)?,
                    });
                }
                Ok(format!("DISTINCT ON ({}) ", items.join(", ")))
            }
        }
    }

    /// A key that is a column stays one; one that is only an alias becomes its position, which no
    /// column that may not be read can take.
    fn group_by(
        &mut self,
        group_by: &GroupByExpr,
        columns: &[String],
        env: &Env<'_>,
    ) -> Result<String, Refusal> {
        let GroupByExpr::Expressions(keys, modifiers) = group_by else {
            return Err(Refusal::Construct("GROUP BY ALL; name the columns"));
        };
        if !modifiers.is_empty() {
            return Err(Refusal::Construct("this form of GROUP BY; name the columns"));
        }
        let mut items = Vec::new();
        for key in keys {
            items.push(match self.expr(key, env) {
                Err(Refusal::Alias(_)) if matches!(key, Expr::Identifier(_)) => {
                    self.output_position(key, columns)?.unwrap_or_default()
                }
                Err(refusal) => return Err(refusal),
                Ok(sql) => self.checked_position(key, columns)?.unwrap_or(sql),
            });
        }
        if items.is_empty() {
            Ok(String::new())
        } else {
            Ok(format!(" GROUP BY {}", items.join(", ")))
        }
    }

    fn order_by(
        &mut self,
        order: &[OrderByExpr],
        columns: &[String],
        env: &Env<'_>,
    ) -> Result<String, Refusal> {
        let mut items = Vec::new();
        for OrderByExpr { expr, options, with_fill } in order {
            if with_fill.is_some() {
                return Err(Refusal::Construct("WITH FILL"));
            }
            let key = match self.output_position(expr, columns)? {
                Some(position) => position,
                None => self.expr(expr, env)?,
            };
            items.push(key + &Self::direction(options)?);
        }
        if items.is_empty() {
            Ok(String::new())
        } else {
            Ok(format!(" ORDER BY {}", items.join(", ")))
        }
    }

    fn order_of_set(&self, order: &[OrderByExpr], columns: &[String]) -> Result<String, Refusal> {
        let mut items = Vec::new();
        for OrderByExpr { expr, options, with_fill } in order {
            let position = self.output_position(expr, columns)?.filter(|_| with_fill.is_none());
            let Some(position) = position else {
                return Err(Refusal::Construct(
                    "this in ORDER BY of a UNION; name a result column",
                ));
            };
            items.push(position + &Self::direction(options)?);
        }
        if items.is_empty() {
            Ok(String::new())
        } else {
            Ok(format!(" ORDER BY {}", items.join(", ")))
        }
    }

    /// The position of the result column that a key of ORDER BY names, if it does.
    fn output_position(&self, key: &Expr, columns: &[String]) -> Result<Option<String>, Refusal> {
        let Expr::Identifier(ident) = key else { return self.checked_position(key, columns) };
        let name = self.dialect.fold(ident)?;
        let mut found =
            columns.iter().enumerate().filter(|(_, column)| self.dialect.same(column, &name));
        match (found.next(), found.next()) {
            (Some((at, _)), None) => Ok(Some((at + 1).to_string())),
            (Some(_), Some(_)) => Err(Refusal::Ambiguous(Name::new(&name))),
            (None, _) => Ok(None),
        }
    }

    fn checked_position(&self, key: &Expr, columns: &[String]) -> Result<Option<String>, Refusal> {
        match whole_number(key) {
            None => Ok(None),
            Some(at) if at >= 1 && at <= columns.len() as u64 => Ok(Some(at.to_string())),
            Some(_) => Err(Refusal::Construct("a position that no result column has")),
        }
    }

    /// # Errors
    /// [`Refusal::Construct`] for an order by operator.
    pub(crate) fn direction(options: &OrderByOptions) -> Result<String, Refusal> {
        use sqlparser::ast::OrderBySort;
        let OrderByOptions { sort, nulls_first } = options;
        let sort = match sort {
            None => "",
            Some(OrderBySort::Asc) => " ASC",
            Some(OrderBySort::Desc) => " DESC",
            Some(OrderBySort::Using(_)) => {
                return Err(Refusal::Construct("ORDER BY USING; write ASC or DESC"));
            }
        };
        let nulls = match nulls_first {
            None => "",
            Some(true) => " NULLS FIRST",
            Some(false) => " NULLS LAST",
        };
        Ok(format!("{sort}{nulls}"))
    }
}

fn plain_wildcard(options: &WildcardAdditionalOptions) -> Result<(), Refusal> {
    let WildcardAdditionalOptions {
        wildcard_token: _,
        opt_ilike: None,
        opt_exclude: None,
        opt_except: None,
        opt_replace: None,
        opt_rename: None,
        opt_alias: None,
    } = options
    else {
        return Err(Refusal::Construct("an addition to *; name the columns"));
    };
    Ok(())
}

fn order_by_keys(order_by: Option<&OrderBy>) -> Result<&[OrderByExpr], Refusal> {
    match order_by {
        None => Ok(&[]),
        Some(OrderBy { kind: OrderByKind::Expressions(keys), interpolate: None }) => Ok(keys),
        Some(_) => Err(Refusal::Construct("this form of ORDER BY; name the columns")),
    }
}

const LIMIT_NEEDS_NUMBER: &str = "this LIMIT or OFFSET; write a whole number";

/// LIMIT and OFFSET, for the outermost query with one row more than it may have at most.
fn limit(
    clause: Option<&LimitClause>,
    fetch: Option<&Fetch>,
    max_rows: Option<u64>,
) -> Result<String, Refusal> {
    let (limit, offset) = match clause {
        None => (None, None),
        Some(LimitClause::LimitOffset { limit, offset, limit_by }) if limit_by.is_empty() => {
            (limit.as_ref(), offset.as_ref().map(|Offset { value, rows: _ }| value))
        }
        Some(LimitClause::LimitOffset { .. }) => return Err(Refusal::Construct("LIMIT BY")),
        Some(LimitClause::OffsetCommaLimit { offset, limit }) => (Some(limit), Some(offset)),
    };
    let limit = match (limit, fetch) {
        (limit, None) => limit.map(number).transpose()?,
        (None, Some(Fetch { with_ties: false, percent: false, quantity })) => {
            Some(quantity.as_ref().map_or(Ok(1), number)?)
        }
        (_, Some(_)) => return Err(Refusal::Construct("this form of FETCH; write LIMIT")),
    };
    // Both databases count rows in signed 64 bits.
    let most = max_rows.map(|rows| rows.saturating_add(1).min(i64::MAX as u64));
    let mut sql = String::new();
    if let Some(rows) = [limit, most].into_iter().flatten().min() {
        sql.push_str(&format!(" LIMIT {rows}"));
    }
    if let Some(offset) = offset {
        sql.push_str(&format!(" OFFSET {}", number(offset)?));
    }
    Ok(sql)
}

fn number(expr: &Expr) -> Result<u64, Refusal> {
    whole_number(expr)
        .filter(|number| i64::try_from(*number).is_ok())
        .ok_or(Refusal::Construct(LIMIT_NEEDS_NUMBER))
}
