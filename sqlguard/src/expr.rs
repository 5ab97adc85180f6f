//! Expressions.

use sqlparser::ast::{
    BinaryOperator, CastKind, CeilFloorKind, DateTimeField, Expr, ExtractSyntax, Ident, InTarget,
    Interval, ObjectName, ObjectNamePart, TrimWhereField, TypedString, UnaryOperator, Value,
};

use crate::guard::Guard;
use crate::names::Dialect;
use crate::query::Naming;
use crate::refusal::{Name, Refusal};
use crate::scope::{Env, Found};
use crate::types::{data_type, date_field};

const ANY: &str = "LIKE ANY; join the patterns with OR";

impl Guard<'_> {
    /// # Errors
    /// [`Refusal`] for what is not proven harmless.
    pub(crate) fn expr(&mut self, expr: &Expr, env: &Env<'_>) -> Result<String, Refusal> {
        self.deeper(|guard| match expr {
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => {
                guard.column(expr, env).map(|found| found.sql)
            }
            Expr::Value(value) => guard.value(value),
            Expr::BinaryOp { .. } => guard.binary(expr, env),
            Expr::Function(function) => guard.function(function, env),
            Expr::Nested(inner) => Ok(format!("({})", guard.expr(inner, env)?)),
            Expr::UnaryOp { op, expr } => guard.unary(*op, expr, env),
            Expr::Exists { subquery, negated } => {
                let query = guard.query(subquery, env, Naming::Unneeded)?;
                Ok(format!("{}EXISTS ({})", not(*negated), query.sql))
            }
            Expr::Subquery(subquery) => {
                Ok(format!("({})", guard.query(subquery, env, Naming::Unneeded)?.sql))
            }
            _ => guard.predicate(expr, env),
        })
    }

    /// The column an expression names, when it is one; brackets are not looked through.
    ///
    /// # Errors
    /// [`Refusal`] when it names none that may be read.
    pub(crate) fn column(&self, expr: &Expr, env: &Env<'_>) -> Result<Found, Refusal> {
        match expr {
            Expr::Identifier(ident) => env.column(ident, self.dialect),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [path @ .., column] if (1..=2).contains(&path.len()) => {
                    let column = self.dialect.fold(column)?;
                    env.relation(path, self.dialect)?.column(&column, self.dialect)
                }
                _ => Err(Refusal::Construct("a column of another database")),
            },
            _ => Err(Refusal::Construct("this in place of a column")),
        }
    }

    /// Walks a chain such as `a AND b AND …` in a loop, for it may be long.
    fn binary(&mut self, expr: &Expr, env: &Env<'_>) -> Result<String, Refusal> {
        let mut first = expr;
        let mut rest = Vec::new();
        while let Expr::BinaryOp { left, op, right } = first {
            rest.push((self.operator(op)?, right));
            first = left;
        }
        let mut sql = self.expr(first, env)?;
        for (operator, operand) in rest.into_iter().rev() {
            sql.push_str(&format!(" {operator} {}", self.expr(operand, env)?));
        }
        Ok(sql)
    }

    fn operator(&self, op: &BinaryOperator) -> Result<&'static str, Refusal> {
        Ok(match op {
            BinaryOperator::Plus => "+",
            BinaryOperator::Minus => "-",
            BinaryOperator::Multiply => "*",
            BinaryOperator::Divide => "/",
            BinaryOperator::Modulo => "%",
            BinaryOperator::StringConcat => "||",
            BinaryOperator::Gt => ">",
            BinaryOperator::Lt => "<",
            BinaryOperator::GtEq => ">=",
            BinaryOperator::LtEq => "<=",
            BinaryOperator::Eq => "=",
            BinaryOperator::NotEq => "<>",
            BinaryOperator::And => "AND",
            BinaryOperator::Or => "OR",
            BinaryOperator::BitwiseAnd => "&",
            BinaryOperator::BitwiseOr => "|",
            BinaryOperator::Arrow => "->",
            BinaryOperator::LongArrow => "->>",
            BinaryOperator::Glob if self.dialect == Dialect::Sqlite => "GLOB",
            _ => return Err(Refusal::Construct("this operator; use plain comparisons or LIKE")),
        })
    }

    fn unary(&mut self, op: UnaryOperator, expr: &Expr, env: &Env<'_>) -> Result<String, Refusal> {
        let operand = self.expr(expr, env)?;
        match op {
            UnaryOperator::Not => Ok(format!("NOT {operand}")),
            UnaryOperator::Plus => Ok(format!("+ {operand}")),
            // Two minus signs in a row would begin a comment.
            UnaryOperator::Minus if operand.starts_with('-') => Ok(format!("- {operand}")),
            UnaryOperator::Minus => Ok(format!("-{operand}")),
            _ => Err(Refusal::Construct("this operator; use plain arithmetic")),
        }
    }

    fn predicate(&mut self, expr: &Expr, env: &Env<'_>) -> Result<String, Refusal> {
        let (operand, test) = match expr {
            Expr::IsNull(operand) => (operand, "IS NULL"),
            Expr::IsNotNull(operand) => (operand, "IS NOT NULL"),
            Expr::IsTrue(operand) => (operand, "IS TRUE"),
            Expr::IsNotTrue(operand) => (operand, "IS NOT TRUE"),
            Expr::IsFalse(operand) => (operand, "IS FALSE"),
            Expr::IsNotFalse(operand) => (operand, "IS NOT FALSE"),
            Expr::IsDistinctFrom(left, right) => {
                return self.infix(left, "IS DISTINCT FROM", right, env);
            }
            Expr::IsNotDistinctFrom(left, right) => {
                return self.infix(left, "IS NOT DISTINCT FROM", right, env);
            }
            Expr::In { expr, target, negated, global: false } => {
                let operand = self.expr(expr, env)?;
                let set = self.in_target(target, env)?;
                return Ok(format!("{operand} {}IN ({set})", not(*negated)));
            }
            Expr::Between { expr, negated, low, high } => {
                let operand = self.expr(expr, env)?;
                let bounds = self.infix(low, "AND", high, env)?;
                return Ok(format!("{operand} {}BETWEEN {bounds}", not(*negated)));
            }
            Expr::Like { negated, any, expr, pattern, escape_char } => {
                let operands = (&**expr, &**pattern, escape_char.as_deref());
                return self.like("LIKE", (*negated, *any), operands, env);
            }
            Expr::ILike { negated, any, expr, pattern, escape_char } => {
                self.postgres_only("ILIKE; LIKE ignores the case of ASCII letters here")?;
                let operands = (&**expr, &**pattern, escape_char.as_deref());
                return self.like("ILIKE", (*negated, *any), operands, env);
            }
            _ => return self.conversion(expr, env),
        };
        Ok(format!("{} {test}", self.expr(operand, env)?))
    }

    fn infix(
        &mut self,
        left: &Expr,
        word: &str,
        right: &Expr,
        env: &Env<'_>,
    ) -> Result<String, Refusal> {
        Ok(format!("{} {word} {}", self.expr(left, env)?, self.expr(right, env)?))
    }

    fn in_target(&mut self, target: &InTarget, env: &Env<'_>) -> Result<String, Refusal> {
        match target {
            InTarget::List(list) if !list.is_empty() => self.list(list, env),
            InTarget::Subquery(query) => Ok(self.query(query, env, Naming::Unneeded)?.sql),
            _ => Err(Refusal::Construct("this after IN; write a list of values or a subquery")),
        }
    }

    /// # Errors
    /// Those of [`Guard::expr`].
    pub(crate) fn list(&mut self, list: &[Expr], env: &Env<'_>) -> Result<String, Refusal> {
        let items: Vec<String> =
            list.iter().map(|item| self.expr(item, env)).collect::<Result<_, _>>()?;
        Ok(items.join(", "))
    }

    fn like(
        &mut self,
        word: &str,
        (negated, any): (bool, bool),
        (expr, pattern, escape): (&Expr, &Expr, Option<&Expr>),
        env: &Env<'_>,
    ) -> Result<String, Refusal> {
        if any {
            return Err(Refusal::Construct(ANY));
        }
        let mut sql = self.infix(expr, &format!("{}{word}", not(negated)), pattern, env)?;
        if let Some(escape) = escape {
            sql.push_str(&format!(" ESCAPE {}", self.expr(escape, env)?));
        }
        Ok(sql)
    }

    fn conversion(&mut self, expr: &Expr, env: &Env<'_>) -> Result<String, Refusal> {
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
                    let sqlparser::ast::CaseWhen { condition, result } = when;
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

    /// # Errors
    /// [`Refusal::Construct`] with these words on SQLite.
    pub(crate) fn postgres_only(&self, what: &'static str) -> Result<(), Refusal> {
        match self.dialect {
            Dialect::Postgres => Ok(()),
            Dialect::Sqlite => Err(Refusal::Construct(what)),
        }
    }
}

fn not(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}

/// The only part of a name, for functions.
pub(crate) fn single(name: &ObjectName) -> Result<&Ident, Refusal> {
    let ObjectName(parts) = name;
    match parts.as_slice() {
        [ObjectNamePart::Identifier(ident)] => Ok(ident),
        _ => Err(Refusal::Function(Name::new(&name.to_string()))),
    }
}
