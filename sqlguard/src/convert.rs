//! Expressions with a grammar of their own: CAST, CASE, and what looks like a function call.

use sqlparser::ast::{
    CaseWhen, CastKind, CeilFloorKind, DateTimeField, Expr, ExtractSyntax, Ident, Interval,
    ObjectName, ObjectNamePart, TrimWhereField, TypedString, Value,
};

use crate::guard::Guard;
use crate::names::Dialect;
use crate::refusal::Refusal;
use crate::scope::Env;
use crate::types::{data_type, date_field};

impl Guard<'_> {
    /// # Errors
    /// [`Refusal`] for what is not proven harmless, with which the list of expressions ends.
    pub(crate) fn conversion(&mut self, expr: &Expr, env: &Env<'_>) -> Result<String, Refusal> {
        match expr {
            Expr::Cast {
                kind: CastKind::Cast | CastKind::DoubleColon,
                expr,
                data_type: wanted,
                format: None,
            } => {
                let wanted = data_type(wanted, self.dialect)?;
                Ok(format!("CAST({} AS {wanted})", self.expr(expr, env)?))
            }
            Expr::Case { case_token: _, end_token: _, operand, conditions, else_result } => {
                let mut sql = "CASE".to_owned();
                if let Some(operand) = operand {
                    sql.push_str(&format!(" {}", self.expr(operand, env)?));
                }
                for when in conditions {
                    let CaseWhen { condition, result } = when;
                    let condition = self.expr(condition, env)?;
                    sql.push_str(&format!(" WHEN {condition} THEN {}", self.expr(result, env)?));
                }
                if let Some(otherwise) = else_result {
                    sql.push_str(&format!(" ELSE {}", self.expr(otherwise, env)?));
                }
                Ok(sql + " END")
            }
            Expr::Collate { expr, collation } => {
                let collation = self.collation(collation)?;
                Ok(format!("{} COLLATE {collation}", self.expr(expr, env)?))
            }
            _ => self.call_like(expr, env),
        }
    }

    fn collation(&self, name: &ObjectName) -> Result<&'static str, Refusal> {
        let ObjectName(parts) = name;
        let [ObjectNamePart::Identifier(Ident { value, quote_style: _, span: _ })] =
            parts.as_slice()
        else {
            return Err(Refusal::Construct("this collation; leave it out"));
        };
        let known: &[(&str, &'static str)] = match self.dialect {
            Dialect::Sqlite => &[("nocase", "NOCASE"), ("binary", "BINARY"), ("rtrim", "RTRIM")],
            Dialect::Postgres => &[("c", "\"C\""), ("posix", "\"POSIX\"")],
        };
        known
            .iter()
            .find(|(name, _)| value.eq_ignore_ascii_case(name))
            .map(|(_, sql)| *sql)
            .ok_or(Refusal::Construct("this collation; leave it out"))
    }

    /// What looks like a function, with a grammar of its own.
    fn call_like(&mut self, expr: &Expr, env: &Env<'_>) -> Result<String, Refusal> {
        let plain = CeilFloorKind::DateTimeField(DateTimeField::NoDateTime);
        match expr {
            Expr::Ceil { expr, field } if *field == plain => {
                Ok(format!("CEIL({})", self.expr(expr, env)?))
            }
            Expr::Floor { expr, field } if *field == plain => {
                Ok(format!("FLOOR({})", self.expr(expr, env)?))
            }
            Expr::Substring {
                expr,
                substring_from: Some(from),
                substring_for,
                special: _,
                shorthand: _,
            } => {
                let mut sql =
                    format!("substr({}, {}", self.expr(expr, env)?, self.expr(from, env)?);
                if let Some(length) = substring_for {
                    sql.push_str(&format!(", {}", self.expr(length, env)?));
                }
                Ok(sql + ")")
            }
            Expr::Trim { trim_where, trim_what, expr, trim_characters } => {
                let characters = match (trim_what, trim_characters.as_deref()) {
                    (Some(what), None) => Some(&**what),
                    (None, Some([what])) => Some(what),
                    (None, None) => None,
                    _ => return Err(Refusal::Construct("this form of TRIM; use TRIM(x)")),
                };
                let name = match trim_where {
                    None | Some(TrimWhereField::Both) => "trim",
                    Some(TrimWhereField::Leading) => "ltrim",
                    Some(TrimWhereField::Trailing) => "rtrim",
                };
                self.trim(name, expr, characters, env)
            }
            Expr::Position { expr, r#in } => {
                self.postgres_only("POSITION; use instr")?;
                let (part, whole) = (self.expr(expr, env)?, self.expr(r#in, env)?);
                Ok(format!("strpos({whole}, {part})"))
            }
            _ => self.time(expr, env),
        }
    }

    fn trim(
        &mut self,
        name: &str,
        expr: &Expr,
        characters: Option<&Expr>,
        env: &Env<'_>,
    ) -> Result<String, Refusal> {
        let mut sql = format!("{name}({}", self.expr(expr, env)?);
        if let Some(characters) = characters {
            sql.push_str(&format!(", {}", self.expr(characters, env)?));
        }
        Ok(sql + ")")
    }

    fn time(&mut self, expr: &Expr, env: &Env<'_>) -> Result<String, Refusal> {
        match expr {
            Expr::Extract { field, syntax: ExtractSyntax::From, expr } => {
                self.postgres_only("EXTRACT; use strftime")?;
                Ok(format!("EXTRACT({} FROM {})", date_field(field)?, self.expr(expr, env)?))
            }
            Expr::AtTimeZone { timestamp, time_zone } => {
                self.postgres_only("AT TIME ZONE; use a modifier of datetime")?;
                self.infix(timestamp, "AT TIME ZONE", time_zone, env)
            }
            Expr::TypedString(TypedString { data_type: named, value, uses_odbc_syntax: false }) => {
                self.postgres_only("a type before a string; use date() or datetime()")?;
                let Value::SingleQuotedString(_) = value.value else {
                    return Err(Refusal::Construct("a type before something but a string"));
                };
                let value = self.value(value)?;
                Ok(format!("CAST({value} AS {})", data_type(named, self.dialect)?))
            }
            Expr::Interval(interval) => self.interval(interval),
            Expr::CompoundFieldAccess { .. } | Expr::JsonAccess { .. } => {
                Err(Refusal::Construct("access to a part of a value with a dot or brackets"))
            }
            Expr::Tuple(_) => Err(Refusal::Construct("a row of values; compare column by column")),
            Expr::Wildcard(_) | Expr::QualifiedWildcard(..) => {
                Err(Refusal::Construct("* in an expression; name the columns"))
            }
            Expr::AnyOp { .. } | Expr::AllOp { .. } => {
                Err(Refusal::Construct("ANY and ALL; use IN or EXISTS"))
            }
            _ => Err(Refusal::Construct("this kind of expression; write a simpler one")),
        }
    }

    fn interval(&mut self, interval: &Interval) -> Result<String, Refusal> {
        self.postgres_only("INTERVAL; use a modifier such as date('now', '-7 days')")?;
        let Interval {
            value,
            leading_field,
            leading_precision: None,
            last_field: None,
            fractional_seconds_precision: None,
        } = interval
        else {
            return Err(Refusal::Construct("this form of INTERVAL; use INTERVAL '7 days'"));
        };
        let Expr::Value(value) = &**value else {
            return Err(Refusal::Construct("this form of INTERVAL; use INTERVAL '7 days'"));
        };
        let Value::SingleQuotedString(_) = value.value else {
            return Err(Refusal::Construct("this form of INTERVAL; use INTERVAL '7 days'"));
        };
        let sql = format!("INTERVAL {}", self.value(value)?);
        match leading_field {
            None => Ok(sql),
            Some(field) => Ok(format!("{sql} {}", date_field(field)?)),
        }
    }
}
