//! Metadata as it is edited: a line for each entry, a name and a value, both as text.
//!
//! A value that reads as JSON is that JSON: `3`, `true`, `["a"]`. All else is the text itself, so that
//! nobody has to write quotation marks round a word.

use serde_json::{Map, Value};

/// Name and value.
pub type Line = (String, String);

/// The lines of an object, by name.
#[must_use]
pub fn lines(object: &Map<String, Value>) -> Vec<Line> {
    object.iter().map(|(name, value)| (name.clone(), written(value))).collect()
}

/// The object that lines make. Lines without a name are on their way and not in it; of two with the
/// same name the lower one counts.
#[must_use]
pub fn object(lines: &[Line]) -> Map<String, Value> {
    let named = lines.iter().filter(|(name, _)| !name.trim().is_empty());
    named.map(|(name, value)| (name.trim().to_owned(), read(value))).collect()
}

/// What is wrong with lines: they would be dropped unsaid.
#[must_use]
pub fn problem(lines: &[Line]) -> Option<String> {
    let name = |at: usize| lines[at].0.trim();
    (0..lines.len()).find_map(|at| {
        let number = at + 1;
        if name(at).is_empty() && !lines[at].1.trim().is_empty() {
            return Some(format!("entry {number} has a value and no name"));
        }
        let twin = (0..at).find(|&other| !name(at).is_empty() && name(other) == name(at))?;
        Some(format!("entries {} and {number} have the same name", twin + 1))
    })
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

fn written(value: &Value) -> String {
    match value {
        // A text that looks like something else keeps its marks.
        Value::String(text) if read(text) == *value => text.clone(),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_would_be_dropped_is_complained_about() {
        let line = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(problem(&[line("a", "1"), line("", ""), line("b", "")]), None);
        assert!(problem(&[line("a", "1"), line(" ", "2")]).unwrap().starts_with("entry 2"));
        let twins = problem(&[line("a", "1"), line("b", "1"), line(" a", "2")]);
        assert_eq!(twins.unwrap(), "entries 1 and 3 have the same name");
    }

    #[test]
    fn words_are_texts_and_what_reads_as_json_is_json() {
        let line = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let typed = [
            line("tier", "gold"),
            line("seats", "3"),
            line("beta", "true"),
            line("tags", "[\"a\", 1]"),
            line("zip", "\"01234\""),
            line(" note ", "3 seats"),
            line("", "nobody"),
            line("tier", "silver"),
        ];
        let want = json!({"tier": "silver", "seats": 3, "beta": true, "tags": ["a", 1], "zip": "01234", "note": "3 seats"});
        assert_eq!(Value::Object(object(&typed)), want);
        assert_eq!(lines(json!({"zip": "7"}).as_object().unwrap()), [line("zip", "\"7\"")]);
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back_as_it_was(texts in proptest::collection::btree_map("[a-z]{1,4}", "\\PC{0,12}|-?[0-9]{1,4}|true|null|\\[\\]|\"x\"", 0..6)) {
            let as_texts = texts.iter().map(|(name, text)| (name.clone(), Value::String(text.clone())));
            let as_json = texts.iter().map(|(name, text)| (name.clone(), read(text)));
            for object_then in [as_texts.collect::<Map<_, _>>(), as_json.collect()] {
                prop_assert_eq!(object(&lines(&object_then)), object_then);
            }
        }
    }
}
