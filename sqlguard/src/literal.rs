//! Constants.

use sqlparser::ast::{Expr, Value, ValueWithSpan};

use crate::guard::Guard;
use crate::names::Dialect;
use crate::refusal::Refusal;

impl Guard<'_> {
    /// # Errors
    /// [`Refusal`] for placeholders and for all but plain numbers, strings, booleans and NULL.
    pub(crate) fn value(&self, value: &ValueWithSpan) -> Result<String, Refusal> {
        let ValueWithSpan { value, span: _ } = value;
        match value {
            Value::Number(digits, false) => number(digits),
            Value::SingleQuotedString(text) => self.string(text),
            Value::Boolean(true) => Ok("TRUE".to_owned()),
            Value::Boolean(false) => Ok("FALSE".to_owned()),
            Value::Null => Ok("NULL".to_owned()),
            Value::Placeholder(_) => {
                Err(Refusal::Construct("a placeholder; write the value itself"))
            }
            _ => Err(Refusal::Construct("this kind of literal; use a plain 'string' or a number")),
        }
    }

    fn string(&self, text: &str) -> Result<String, Refusal> {
        // Whether a backslash escapes is a setting of the PostgreSQL server.
        if self.dialect == Dialect::Postgres && text.contains('\\') {
            return Err(Refusal::Construct("a backslash in a string; leave it out"));
        }
        Ok(format!("'{}'", text.replace('\'', "''")))
    }
}

fn number(digits: &str) -> Result<String, Refusal> {
    let plain = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.contains(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
    if plain {
        Ok(digits.to_owned())
    } else {
        Err(Refusal::Construct("this form of number; write it with decimal digits"))
    }
}

/// The number when the expression is a plain one without sign and fraction, as in LIMIT.
pub(crate) fn whole_number(expr: &Expr) -> Option<u64> {
    match expr {
        Expr::Value(ValueWithSpan { value: Value::Number(digits, false), span: _ }) => {
            digits.parse().ok()
        }
        _ => None,
    }
}
