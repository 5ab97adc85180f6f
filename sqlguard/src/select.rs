//! SELECT: its columns, conditions and groups.

use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, OrderByExpr, Select, SelectFlavor, SelectItem,
    SelectItemQualifiedWildcardKind, WildcardAdditionalOptions,
};

use crate::from::column_name;
use crate::function::NAMED_WINDOW;
use crate::guard::Guard;
use crate::names::quote;
use crate::query::{Naming, Output};
use crate::refusal::Refusal;
use crate::scope::{Env, Level, Relation, Scope};

impl Guard<'_> {
    /// # Errors
    /// [`Refusal`] for what is not proven harmless.
    pub(crate) fn select(
        &mut self,
        select: &Select,
        order: &[OrderByExpr],
        env: &Env<'_>,
        naming: Naming,
    ) -> Result<Output, Refusal> {
        only_standard(select)?;
        let (from, scope) = self.from(&select.from, env)?;
        let env = &Env::inside(env, Level::Relations(&scope));
        let (items, columns) = self.projection(&select.projection, &scope, env, naming)?;
        let env = &Env::inside(env, Level::Aliases(&columns));
        let distinct = self.distinct(select.distinct.as_ref(), &columns, env)?;
        let mut sql = format!("SELECT {distinct}{items}");
        if !from.is_empty() {
            sql.push_str(&format!(" FROM {from}"));
        }
        if let Some(condition) = &select.selection {
            sql.push_str(&format!(" WHERE {}", self.expr(condition, env)?));
        }
        sql.push_str(&self.group_by(&select.group_by, &columns, env)?);
        if let Some(condition) = &select.having {
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
                Err(refusal @ Refusal::Alias(_)) if matches!(key, Expr::Identifier(_)) => {
                    self.output_position(key, columns)?.ok_or(refusal)?
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
}

/// Names every field, so that a clause that a newer parser knows cannot pass unseen.
fn only_standard(select: &Select) -> Result<(), Refusal> {
    let Select {
        select_token: _,
        // These are comments, and vanish as the others.
        optimizer_hints: _,
        distinct: _,
        select_modifiers,
        top,
        top_before_distinct: _,
        projection: _,
        exclude,
        into,
        from: _,
        lateral_views,
        prewhere,
        selection: _,
        connect_by,
        group_by: _,
        cluster_by,
        distribute_by,
        sort_by,
        having: _,
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
    Ok(())
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
