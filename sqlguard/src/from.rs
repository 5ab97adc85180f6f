//! FROM: tables, subqueries and joins.

use sqlparser::ast::{
    Expr, Ident, Join, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart, Query, TableAlias,
    TableFactor, TableWithJoins,
};

use crate::guard::Guard;
use crate::names::quote;
use crate::query::Naming;
use crate::refusal::{Name, Refusal};
use crate::schema::Table;
use crate::scope::{Env, Level, Relation, Scope, unmerged};

const JOIN_KIND: &str =
    "this kind of join; use JOIN, LEFT JOIN, RIGHT JOIN or FULL JOIN with ON, or CROSS JOIN";
const JOIN_NEEDS_ON: &str = "a JOIN without ON or USING; add the condition or write CROSS JOIN";

impl Guard<'_> {
    /// The text of a FROM clause, and what it brings in sight.
    ///
    /// # Errors
    /// [`Refusal`] for a table, column or construct that is not allowed.
    pub(crate) fn from(
        &mut self,
        from: &[TableWithJoins],
        outer: &Env<'_>,
    ) -> Result<(String, Scope), Refusal> {
        let mut scope = Scope::default();
        let mut items = Vec::new();
        for (position, item) in from.iter().enumerate() {
            if position > 0 {
                self.count_join()?;
            }
            items.push(self.joined(item, &mut scope, outer)?);
        }
        Ok((items.join(", "), scope))
    }

    fn joined(
        &mut self,
        item: &TableWithJoins,
        scope: &mut Scope,
        outer: &Env<'_>,
    ) -> Result<String, Refusal> {
        let TableWithJoins { relation, joins } = item;
        let begin = scope.relations.len();
        let mut sql = self.factor(relation, scope, outer)?;
        for Join { relation, global, join_operator } in joins {
            if *global {
                return Err(Refusal::Construct("GLOBAL JOIN"));
            }
            self.count_join()?;
            let (word, constraint) = join_word(join_operator)?;
            let middle = scope.relations.len();
            sql = format!("{sql} {word} {}", self.factor(relation, scope, outer)?);
            let on = match constraint {
                JoinConstraint::None if word == "CROSS JOIN" => continue,
                JoinConstraint::On(condition) if word != "CROSS JOIN" => {
                    self.expr(condition, &Env::inside(outer, Level::Relations(scope)))?
                }
                JoinConstraint::Using(columns) if matches!(word, "JOIN" | "LEFT JOIN") => {
                    self.using(columns, scope, begin, middle)?
                }
                JoinConstraint::Using(_) => {
                    return Err(Refusal::Construct("USING with RIGHT JOIN or FULL JOIN; write ON"));
                }
                JoinConstraint::Natural => {
                    return Err(Refusal::Construct("NATURAL JOIN; write JOIN with ON"));
                }
                _ => return Err(Refusal::Construct(JOIN_NEEDS_ON)),
            };
            sql = format!("{sql} ON {on}");
        }
        Ok(sql)
    }

    /// USING as the condition it stands for: the database would look the columns up by itself, and
    /// might find one of that name which may not be read.
    fn using(
        &self,
        columns: &[ObjectName],
        scope: &mut Scope,
        begin: usize,
        middle: usize,
    ) -> Result<String, Refusal> {
        let mut conditions = Vec::new();
        for ObjectName(parts) in columns {
            let [ObjectNamePart::Identifier(ident)] = parts.as_slice() else {
                return Err(Refusal::Construct("a dot in USING; name the column alone"));
            };
            let name = self.dialect.fold(ident)?;
            let (left, right) = scope.relations.split_at_mut(middle);
            let left = left.get(begin..).unwrap_or_default();
            let missing = || Refusal::Column(Name::new(&name));
            let on_left = unmerged(left, &name, self.dialect)?.ok_or_else(missing)?;
            let on_right = unmerged(right, &name, self.dialect)?.ok_or_else(missing)?;
            for relation in right {
                relation.merged.push(name.clone());
            }
            conditions.push(format!("{} = {}", on_left.sql, on_right.sql));
        }
        Ok(conditions.join(" AND "))
    }

    fn factor(
        &mut self,
        factor: &TableFactor,
        scope: &mut Scope,
        outer: &Env<'_>,
    ) -> Result<String, Refusal> {
        self.deeper(|guard| match factor {
            TableFactor::Table {
                name,
                alias,
                args,
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_directives,
                inheritance,
            } => {
                if args.is_some() {
                    return Err(Refusal::Construct("a function in FROM; use a table"));
                }
                let plain = with_hints.is_empty()
                    && version.is_none()
                    && !with_ordinality
                    && partitions.is_empty()
                    && json_path.is_none()
                    && sample.is_none()
                    && index_directives.is_empty()
                    && inheritance.is_none();
                if !plain {
                    return Err(Refusal::Construct("options of a table in FROM; name it alone"));
                }
                guard.table(name, alias.as_ref(), scope, outer)
            }
            TableFactor::Derived { lateral, subquery, alias, sample: None } => {
                guard.derived(*lateral, subquery, alias.as_ref(), scope, outer)
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                // SQLite makes a subquery of all columns of it, those too that may not be read.
                guard.postgres_only("a join in brackets; write the joins one after another")?;
                Ok(format!("({})", guard.joined(table_with_joins, scope, outer)?))
            }
            TableFactor::Function { .. } | TableFactor::TableFunction { .. } => {
                Err(Refusal::Construct("a function in FROM; use a table"))
            }
            _ => Err(Refusal::Construct("this in FROM; use tables, subqueries and joins")),
        })
    }

    fn table(
        &mut self,
        name: &ObjectName,
        alias: Option<&TableAlias>,
        scope: &mut Scope,
        outer: &Env<'_>,
    ) -> Result<String, Refusal> {
        let alias = alias.map(|alias| self.alias(alias)).transpose()?;
        let parts = idents(name)?;
        if let [ident] = parts.as_slice() {
            let folded = self.dialect.fold(ident)?;
            if let Some(cte) = outer.cte(&folded, self.dialect) {
                let name = alias.unwrap_or_else(|| cte.printed.clone());
                let columns = cte.columns.clone();
                let sql = quote(&cte.printed);
                return Ok(format!("{sql} AS {}", self.bring(scope, Some(name), None, columns)));
            }
        }
        let table = self.allowed(&parts)?;
        let schema = table.schema_name(self.dialect).to_owned();
        self.tables.insert(format!("{schema}.{}", table.name));
        let sql = format!("{}.{}", quote(&schema), quote(&table.name));
        let columns = table.columns.iter().map(|column| column.name.clone()).collect();
        let path = alias.is_none().then(|| (schema, table.name.clone()));
        let name = alias.unwrap_or_else(|| table.name.clone());
        Ok(format!("{sql} AS {}", self.bring(scope, Some(name), path, columns)))
    }

    /// The table of the schema that a name stands for.
    fn allowed(&self, parts: &[&Ident]) -> Result<Table, Refusal> {
        let names: Vec<String> =
            parts.iter().map(|part| self.dialect.fold(part)).collect::<Result<_, _>>()?;
        let (schema, name) = match names.as_slice() {
            [name] => (None, name),
            [schema, name] => (Some(schema.as_str()), name),
            _ => return Err(Refusal::Construct("a table of another database")),
        };
        let same = |a: &str, b: &str| self.dialect.same(a, b);
        let mut found: Vec<&Table> = self
            .schema
            .tables
            .iter()
            .filter(|table| !table.is_system(self.dialect) && same(&table.name, name))
            .filter(|table| schema.is_none_or(|s| same(table.schema_name(self.dialect), s)))
            .collect();
        if found.len() > 1 {
            let default = self.dialect.default_schema();
            found.retain(|table| table.schema_name(self.dialect) == default);
        }
        match found.as_slice() {
            [table] => Ok((*table).clone()),
            _ => Err(Refusal::Table(Name::new(&names.join(".")))),
        }
    }

    fn derived(
        &mut self,
        lateral: bool,
        subquery: &Query,
        alias: Option<&TableAlias>,
        scope: &mut Scope,
        outer: &Env<'_>,
    ) -> Result<String, Refusal> {
        let name = alias.map(|alias| self.alias(alias)).transpose()?;
        let query = if lateral {
            self.postgres_only("LATERAL; use a subquery in SELECT")?;
            let siblings = Env::inside(outer, Level::Relations(scope));
            self.query(subquery, &siblings, Naming::Needed)?
        } else {
            self.query(subquery, outer, Naming::Needed)?
        };
        let word = if lateral { "LATERAL " } else { "" };
        Ok(format!("{word}({}) AS {}", query.sql, self.bring(scope, name, None, query.columns)))
    }

    /// Adds a relation to those in sight; gives its printed and quoted name.
    fn bring(
        &mut self,
        scope: &mut Scope,
        name: Option<String>,
        path: Option<(String, String)>,
        columns: Vec<String>,
    ) -> String {
        let printed = self.unique(name.as_deref().unwrap_or("subquery"));
        let sql = quote(&printed);
        scope.relations.push(Relation { name, printed, path, columns, merged: Vec::new() });
        sql
    }

    fn alias(&self, alias: &TableAlias) -> Result<String, Refusal> {
        let TableAlias { explicit: _, name, columns, at } = alias;
        if !columns.is_empty() || at.is_some() {
            return Err(Refusal::Construct("a column list after an alias; use AS in SELECT"));
        }
        self.dialect.fold(name)
    }
}

fn join_word(operator: &JoinOperator) -> Result<(&'static str, &JoinConstraint), Refusal> {
    Ok(match operator {
        JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) => ("JOIN", constraint),
        JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => {
            ("LEFT JOIN", constraint)
        }
        JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => {
            ("RIGHT JOIN", constraint)
        }
        JoinOperator::FullOuter(constraint) => ("FULL JOIN", constraint),
        JoinOperator::CrossJoin(constraint) => ("CROSS JOIN", constraint),
        _ => return Err(Refusal::Construct(JOIN_KIND)),
    })
}

/// The parts of a name that has no function in it.
fn idents(name: &ObjectName) -> Result<Vec<&Ident>, Refusal> {
    let ObjectName(parts) = name;
    parts
        .iter()
        .map(|part| match part {
            ObjectNamePart::Identifier(ident) => Ok(ident),
            ObjectNamePart::Function(_) => {
                Err(Refusal::Construct("a function in FROM; use a table"))
            }
        })
        .collect()
}

/// The name a column gets when the statement gives none: that of its function, as PostgreSQL does,
/// or its position.
pub(crate) fn column_name(expr: &Expr, position: usize) -> String {
    match expr {
        Expr::Function(function) => match idents(&function.name).as_deref() {
            Ok([ident]) => ident.value.to_ascii_lowercase(),
            _ => format!("column_{position}"),
        },
        _ => format!("column_{position}"),
    }
}
