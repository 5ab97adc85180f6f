//! Settings as an admin changes them: JSON over what was, and what differs by it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use shared::FieldErrors;

use crate::error::ApiError;
use crate::mistake;

/// How often a change is made again because somebody else was faster.
pub const TRIES: usize = 5;

/// Settings as a JSON object.
#[must_use]
pub fn object_of(settings: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

/// Puts what an admin gave over `base`: what is null goes back to its default, and what is no field
/// of `what`, or not of its type, is complained about. None when nothing can be made of it.
pub fn merge<T: Serialize + DeserializeOwned + Default>(
    base: &T,
    given: Map<String, Value>,
    fields: &[&str],
    what: &str,
    errors: &mut FieldErrors,
) -> Option<T> {
    let mut document = object_of(base);
    let defaults = object_of(&T::default());
    for (name, value) in given {
        if !fields.contains(&name.as_str()) {
            errors.add(&name, &format!("is not a field of {what}"));
            continue;
        }
        let value = match value {
            Value::Null => defaults.get(&name).cloned().unwrap_or_default(),
            value => value,
        };
        let alone = Value::Object(Map::from_iter([(name.clone(), value.clone())]));
        match mistake::read::<T>(alone) {
            Ok(_) => drop(document.insert(name, value)),
            Err(wrong) => errors.add(&wrong.field, &wrong.words),
        }
    }
    let merged = serde_json::from_value(Value::Object(document));
    merged.map_err(|why| errors.add("body", &why.to_string())).ok()
}

/// The same for an object that is itself the field `outer` of `what`: complaints stand under
/// `outer.…`.
pub fn merge_inner<T: Serialize + DeserializeOwned + Default>(
    outer: &str,
    base: &T,
    given: Value,
    fields: &[&str],
    what: &str,
    errors: &mut FieldErrors,
) -> Option<T> {
    let Value::Object(given) = given else {
        errors.add(outer, "must be an object");
        return None;
    };
    let mut inner = FieldErrors::default();
    let merged = merge(base, given, fields, &format!("{outer} of {what}"), &mut inner);
    errors.add_inner(outer, inner);
    merged
}

/// What differs, for the audit log: by field, what was and what is.
#[must_use]
pub fn differences<T: Serialize>(old: &T, new: &T) -> Map<String, Value> {
    let (old, new) = (object_of(old), object_of(new));
    let mut changes = Map::new();
    for (name, value) in new {
        let before = old.get(&name).cloned().unwrap_or_default();
        if before != value {
            changes.insert(name, json!([before, value]));
        }
    }
    changes
}

/// The version that whoever made the change had seen.
///
/// # Errors
/// When it is no number.
pub fn asked_version(given: &Map<String, Value>) -> Result<Option<i64>, ApiError> {
    match given.get("version") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_i64()
            .map(Some)
            .ok_or_else(|| ApiError::field("version", "must be the version that the server gave")),
    }
}
