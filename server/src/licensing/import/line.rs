//! A line of a file of orders, read by the rules of a single order.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use shared::FieldErrors;
use shared::order::LineError;

use super::records::Record;
use crate::licensing::orders::{self, CheckedOrder};
use crate::table;

/// What a file may say of an order. The first two must be there.
pub const COLUMNS: &[&str] = &[
    "plan",
    "customer_id",
    "customer_name",
    "customer_email",
    "purchased_at",
    "status",
    "metadata",
    "idempotency_key",
];
const REQUIRED: usize = 2;

/// What an export says besides; an import passes over it.
pub const EXPORTED: &[&str] = &[
    "order_id",
    "license_key_id",
    "key_hint",
    "license_status",
    "expires_at",
    "activation_usage",
    "activation_limit",
    "created_at",
    "license_key",
];

/// A complaint about one line.
pub fn wrong(line: u64, column: &str, why: impl Into<String>) -> LineError {
    LineError { line, column: column.to_owned(), why: why.into() }
}

/// Which column each cell of a line belongs to.
#[derive(Debug)]
pub struct Header(Vec<&'static str>);

impl Header {
    /// Reads the first line.
    ///
    /// # Errors
    /// Every column that is unknown, doubled or missing.
    pub fn read(record: &Record) -> Result<Self, Vec<LineError>> {
        let (mut names, mut errors): (Vec<&'static str>, _) = (Vec::new(), Vec::new());
        let known = || COLUMNS.iter().chain(EXPORTED);
        for cell in &record.cells {
            let name = cell.as_deref().unwrap_or("\u{fffd}").trim();
            match known().find(|known| **known == name) {
                Some(known) if names.contains(known) => {
                    errors.push(wrong(record.line, known, "stands twice in the header line"));
                }
                Some(known) => names.push(known),
                None => {
                    let shown: String = name.chars().take(60).collect();
                    let why = format!("is no column; there are {}", COLUMNS.join(", "));
                    errors.push(wrong(record.line, &shown, why));
                }
            }
        }
        for name in COLUMNS.iter().take(REQUIRED).filter(|name| !names.contains(name)) {
            errors.push(wrong(record.line, name, "is missing from the header line"));
        }
        if errors.is_empty() { Ok(Self(names)) } else { Err(errors) }
    }

    /// The cells of a line that are not empty, by their columns.
    fn cells(&self, record: Record) -> Result<BTreeMap<&'static str, String>, Vec<LineError>> {
        let (line, found, wanted) = (record.line, record.cells.len(), self.0.len());
        if found != wanted {
            let why = format!("has {found} cells, the header line has {wanted}");
            return Err(vec![wrong(line, "", why)]);
        }
        let (mut cells, mut errors) = (BTreeMap::new(), Vec::new());
        for (column, cell) in self.0.iter().zip(record.cells) {
            match cell {
                None => errors.push(wrong(line, column, "is not UTF-8")),
                Some(cell) if cell.trim().is_empty() => {}
                Some(cell) => drop(cells.insert(*column, table::plain(&cell).to_owned())),
            }
        }
        if errors.is_empty() { Ok(cells) } else { Err(errors) }
    }
}

/// A line that is right in itself.
#[derive(Debug)]
pub struct Line {
    pub line: u64,
    pub checked: CheckedOrder,
    pub idempotency_key: Option<String>,
    /// Whether the line itself says when it was bought.
    pub is_dated: bool,
}

/// Reads a line.
///
/// # Errors
/// Every complaint about it.
pub fn read(header: &Header, record: Record, now_ms: i64) -> Result<Line, Vec<LineError>> {
    let line = record.line;
    let mut cells = header.cells(record)?;
    let mut errors = Vec::new();
    let mut given = Map::new();
    let mut customer = Map::new();
    for (column, field) in
        [("customer_id", "id"), ("customer_name", "name"), ("customer_email", "email")]
    {
        if let Some(cell) = cells.remove(column) {
            customer.insert(field.into(), cell.into());
        }
    }
    given.insert("customer".into(), Value::Object(customer));
    for (column, field) in
        [("plan", "plan_id"), ("purchased_at", "purchased_at"), ("status", "status")]
    {
        if let Some(cell) = cells.remove(column) {
            given.insert(field.into(), json!(cell.trim()));
        }
    }
    if let Some(cell) = cells.remove("metadata") {
        match serde_json::from_str::<Map<String, Value>>(&cell) {
            Ok(metadata) => drop(given.insert("metadata".into(), Value::Object(metadata))),
            Err(_) => errors.push(wrong(line, "metadata", "must be a JSON object")),
        }
    }
    let idempotency_key = cells.remove("idempotency_key");
    if let Some(name) = &idempotency_key
        && let Err(error) = orders::check_idempotency_key(name)
    {
        errors.extend(of_fields(line, error.fields.unwrap_or_default()));
    }
    let is_dated = given.contains_key("purchased_at");
    match orders::read(given, now_ms) {
        Ok(checked) if errors.is_empty() => Ok(Line { line, checked, idempotency_key, is_dated }),
        Ok(_) => Err(errors),
        Err(fields) => {
            errors.extend(of_fields(line, fields));
            Err(errors)
        }
    }
}

/// Complaints about an order's fields as those about a line's columns.
pub fn of_fields(line: u64, fields: FieldErrors) -> Vec<LineError> {
    let complaints = fields.0.into_iter().flat_map(|(field, whys)| {
        let column = match field.as_str() {
            "customer.id" => "customer_id",
            "customer.name" => "customer_name",
            "customer.email" => "customer_email",
            "Idempotency-Key" => "idempotency_key",
            "purchased_at" => "purchased_at",
            "status" => "status",
            "metadata" => "metadata",
            // What the plan itself does not allow.
            _ => "plan",
        };
        whys.into_iter().map(move |why| wrong(line, column, why))
    });
    complaints.collect()
}
