//! ORDER BY and LIMIT.

use sqlparser::ast::{
    Expr, Fetch, LimitClause, Offset, OrderBy, OrderByExpr, OrderByKind, OrderByOptions,
    OrderBySort,
};

use crate::guard::Guard;
use crate::literal::whole_number;
use crate::refusal::{Name, Refusal};
use crate::scope::Env;

impl Guard<'_> {
    /// The clause after a SELECT. A name of a result column becomes its position.
    ///
    /// # Errors
    /// [`Refusal`] for a key that names nothing that may be read.
    pub(crate) fn order_by(
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

    /// The clause after a set operation, which can name result columns only.
    ///
    /// # Errors
    /// [`Refusal`] for any other key.
    pub(crate) fn order_of_set(
        &self,
        order: &[OrderByExpr],
        columns: &[String],
    ) -> Result<String, Refusal> {
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
    ///
    /// # Errors
    /// [`Refusal::Ambiguous`], or [`Refusal::Construct`] for a number no column has.
    pub(crate) fn output_position(
        &self,
        key: &Expr,
        columns: &[String],
    ) -> Result<Option<String>, Refusal> {
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

    /// The position a key is, if it is a number.
    ///
    /// # Errors
    /// [`Refusal::Construct`] for a number no column has.
    pub(crate) fn checked_position(
        &self,
        key: &Expr,
        columns: &[String],
    ) -> Result<Option<String>, Refusal> {
        match whole_number(key) {
            None => Ok(None),
            Some(at) if at >= 1 && at <= columns.len() as u64 => Ok(Some(at.to_string())),
            Some(_) => Err(Refusal::Construct("a position that no result column has")),
        }
    }

    /// # Errors
    /// [`Refusal::Construct`] for an order by operator.
    pub(crate) fn direction(options: &OrderByOptions) -> Result<String, Refusal> {
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

/// # Errors
/// [`Refusal::Construct`] for what is not in standard SQL.
pub(crate) fn order_by_keys(order_by: Option<&OrderBy>) -> Result<&[OrderByExpr], Refusal> {
    match order_by {
        None => Ok(&[]),
        Some(OrderBy { kind: OrderByKind::Expressions(keys), interpolate: None }) => Ok(keys),
        Some(_) => Err(Refusal::Construct("this form of ORDER BY; name the columns")),
    }
}

const LIMIT_NEEDS_NUMBER: &str = "this LIMIT or OFFSET; write a whole number";

/// LIMIT and OFFSET, for the outermost query with one row more than it may have at most.
///
/// # Errors
/// [`Refusal::Construct`] for what is no whole number.
pub(crate) fn limit(
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
