//! Expressions.

use sqlparser::ast::{BinaryOperator, Expr, InTarget, UnaryOperator};

use crate::guard::Guard;
use crate::names::Dialect;
use crate::query::Naming;
use crate::refusal::Refusal;
use crate::scope::{Env, Found};

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

    fn operator(&mut self, op: &BinaryOperator) -> Result<&'static str, Refusal> {
        Ok(match op {
            BinaryOperator::Plus => "+",
            BinaryOperator::Minus => "-",
            BinaryOperator::Multiply => "*",
            BinaryOperator::Divide => "/",
            BinaryOperator::Modulo => "%",
            BinaryOperator::StringConcat => {
                self.count_growing()?;
                "||"
            }
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

    /// # Errors
    /// Those of [`Guard::expr`].
    pub(crate) fn infix(
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
