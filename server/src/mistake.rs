//! What is wrong with JSON that somebody sent.
//!
//! In: a value, and the type it should be of. Out: that, or the field that is wrong, such as
//! `database.tables[0].columns`, with plain words as the end of a sentence that begins with its name.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// The first mistake in a value.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistake {
    pub field: String,
    pub words: String,
}

/// Reads a value.
///
/// # Errors
/// What is wrong with it.
pub fn read<T: DeserializeOwned>(value: Value) -> Result<T, Mistake> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let why = error.inner().to_string();
        let mut field = error.path().to_string();
        if field == "." {
            field.clear();
        }
        if let Some(name) =
            named(&why, "unknown field `").or_else(|| named(&why, "missing field `"))
            && field.rsplit('.').next() != Some(name)
        {
            field = if field.is_empty() { name.to_owned() } else { format!("{field}.{name}") };
        }
        let words = plain(&why);
        match entry(&field) {
            Some((list, at)) => Mistake {
                words: format!("entry {} {words}", at.saturating_add(1)),
                field: list.to_owned(),
            },
            None => Mistake { field, words },
        }
    })
}

/// The list whose entry, counted from 0, is wrong as a whole: the list is the field that has a name.
fn entry(field: &str) -> Option<(&str, usize)> {
    let (list, at) = field.strip_suffix(']')?.rsplit_once('[')?;
    Some((list, at.parse().ok()?))
}

fn named<'a>(why: &'a str, begin: &str) -> Option<&'a str> {
    why.strip_prefix(begin)?.split('`').next()
}

/// The words of the library that reads JSON, in ours.
fn plain(why: &str) -> String {
    if why.starts_with("unknown field") {
        return String::from("is not a field here");
    }
    if why.starts_with("missing field") {
        return String::from("is required");
    }
    let expected = why.rsplit_once("expected ").map(|(_, expected)| expected);
    if why.starts_with("unknown variant")
        && let Some(expected) = expected
    {
        let names = expected.trim_start_matches("one of ").replace('`', "");
        return match names.rsplit_once(", ") {
            Some((others, last)) => format!("must be {others} or {last}"),
            None => format!("must be {names}"),
        };
    }
    let kind = match expected {
        Some("a string" | "a borrowed string" | "string or map") => "a text",
        Some("a boolean") => "true or false",
        Some("u8" | "u16" | "u32" | "u64" | "usize") => "a whole number that is not negative",
        Some("i8" | "i16" | "i32" | "i64" | "isize") => "a whole number",
        Some("f32" | "f64") => "a number",
        Some(list) if list.starts_with("a sequence") => "a list",
        Some(object) if object.starts_with("struct ") || object == "a map" => "an object",
        _ => return format!("is not right: {why}"),
    };
    format!("must be {kind}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::data_source::DataSourceSettings;

    use super::*;

    #[test]
    fn a_mistake_is_named_by_its_field_in_plain_words() {
        for (database, field, words) in [
            (json!(3), "database", "must be an object"),
            (json!({"engine": "mysql"}), "database.engine", "must be postgres or sqlite"),
            (
                json!({"max_rows": "x"}),
                "database.max_rows",
                "must be a whole number that is not negative",
            ),
            (
                json!({"max_rows": -1}),
                "database.max_rows",
                "must be a whole number that is not negative",
            ),
            (json!({"show_sql": 1}), "database.show_sql", "must be true or false"),
            (json!({"show": 1}), "database.show", "is not a field here"),
            (json!({"tables": {}}), "database.tables", "must be a list"),
            (json!({"tables": ["a"]}), "database.tables", "entry 1 must be an object"),
            (
                json!({"tables": [{}, {"columns": "a"}]}),
                "database.tables[1].columns",
                "must be a list",
            ),
            (
                json!({"tables": [{"columns": [1]}]}),
                "database.tables[0].columns",
                "entry 1 must be a text",
            ),
            (
                json!({"tables": [{"colums": []}]}),
                "database.tables[0].colums",
                "is not a field here",
            ),
        ] {
            let mistake = read::<DataSourceSettings>(json!({"database": database})).unwrap_err();
            assert_eq!((mistake.field.as_str(), mistake.words.as_str()), (field, words));
        }
    }
}
