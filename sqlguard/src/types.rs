//! Types that a value may be cast to. Types such as `regclass` look names up, so none passes that
//! is not listed.

use sqlparser::ast::{CharacterLength, DataType, DateTimeField, ExactNumberInfo, TimezoneInfo};

use crate::names::Dialect;
use crate::refusal::Refusal;

/// Characters of a padded type at most: `char(n)` makes a string of that length.
const MAX_LENGTH: u64 = 1_000;

/// # Errors
/// [`Refusal::Construct`] for a type that is not listed.
pub(crate) fn data_type(data_type: &DataType, dialect: Dialect) -> Result<String, Refusal> {
    let name = match data_type {
        DataType::Integer(None) | DataType::Int(None) | DataType::Int4(None) => "INTEGER",
        DataType::BigInt(None) | DataType::Int8(None) => "BIGINT",
        DataType::SmallInt(None) | DataType::Int2(None) => "SMALLINT",
        DataType::Real | DataType::Float4 => "REAL",
        DataType::DoublePrecision
        | DataType::Float8
        | DataType::Double(ExactNumberInfo::None)
        | DataType::Float(ExactNumberInfo::None) => "DOUBLE PRECISION",
        DataType::Numeric(info) | DataType::Decimal(info) | DataType::Dec(info) => {
            return numeric(info);
        }
        DataType::Text => "TEXT",
        DataType::Varchar(length)
        | DataType::CharacterVarying(length)
        | DataType::CharVarying(length) => return sized("VARCHAR", length.as_ref()),
        DataType::Char(length) | DataType::Character(length) => {
            return sized("CHAR", length.as_ref());
        }
        other => return dialect_type(other, dialect).map(str::to_owned),
    };
    Ok(name.to_owned())
}

fn dialect_type(data_type: &DataType, dialect: Dialect) -> Result<&'static str, Refusal> {
    let postgres = match data_type {
        DataType::Boolean | DataType::Bool => "BOOLEAN",
        DataType::Date => "DATE",
        DataType::Time(None, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => "TIME",
        DataType::Timestamp(None, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
            "TIMESTAMP"
        }
        DataType::Timestamp(None, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => {
            "TIMESTAMP WITH TIME ZONE"
        }
        DataType::Interval { fields: None, precision: None } => "INTERVAL",
        DataType::Uuid => "UUID",
        DataType::JSON => "JSON",
        DataType::JSONB => "JSONB",
        _ => "",
    };
    match dialect {
        Dialect::Postgres if !postgres.is_empty() => Ok(postgres),
        // SQLite would make a number of it, without a word.
        Dialect::Sqlite if !postgres.is_empty() => {
            Err(Refusal::Construct("this type; SQLite has INTEGER, REAL, NUMERIC and TEXT"))
        }
        _ => Err(Refusal::Construct("this type; use INTEGER, NUMERIC, TEXT, DATE or TIMESTAMP")),
    }
}

fn numeric(info: &ExactNumberInfo) -> Result<String, Refusal> {
    match info {
        ExactNumberInfo::None => Ok("NUMERIC".to_owned()),
        ExactNumberInfo::Precision(precision) if *precision <= MAX_LENGTH => {
            Ok(format!("NUMERIC({precision})"))
        }
        ExactNumberInfo::PrecisionAndScale(precision, scale)
            if *precision <= MAX_LENGTH && (0..=100).contains(scale) =>
        {
            Ok(format!("NUMERIC({precision}, {scale})"))
        }
        _ => Err(Refusal::Construct("a number type of this precision; use a smaller one")),
    }
}

fn sized(name: &str, length: Option<&CharacterLength>) -> Result<String, Refusal> {
    match length {
        None => Ok(name.to_owned()),
        Some(CharacterLength::IntegerLength { length, unit: None }) if *length <= MAX_LENGTH => {
            Ok(format!("{name}({length})"))
        }
        Some(_) => Err(Refusal::Construct("a text type of this length; use TEXT")),
    }
}

/// The field of EXTRACT, or the unit of an interval.
///
/// # Errors
/// [`Refusal::Construct`] for a field that is not listed.
pub(crate) fn date_field(field: &DateTimeField) -> Result<&'static str, Refusal> {
    Ok(match field {
        DateTimeField::Year | DateTimeField::Years => "YEAR",
        DateTimeField::Quarter => "QUARTER",
        DateTimeField::Month | DateTimeField::Months => "MONTH",
        DateTimeField::Week(None) => "WEEK",
        DateTimeField::Day | DateTimeField::Days => "DAY",
        DateTimeField::Hour | DateTimeField::Hours => "HOUR",
        DateTimeField::Minute | DateTimeField::Minutes => "MINUTE",
        DateTimeField::Second | DateTimeField::Seconds => "SECOND",
        DateTimeField::Century => "CENTURY",
        DateTimeField::Decade => "DECADE",
        DateTimeField::Dow => "DOW",
        DateTimeField::Doy => "DOY",
        DateTimeField::Epoch => "EPOCH",
        DateTimeField::Isodow => "ISODOW",
        DateTimeField::Isoyear => "ISOYEAR",
        _ => return Err(Refusal::Construct("this date field; use YEAR, MONTH, DAY and the like")),
    })
}
