//! What a customer's software asks of the license API: two notations (JSON, form), two spellings
//! (camelCase, snake_case).
//!
//! What enters: a body. What leaves: checked fields, or every complaint under the field's name in
//! the spelling that the caller uses.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use shared::limits;
use url::form_urlencoded;

/// Complaints by field.
pub type Complaints = BTreeMap<String, Vec<String>>;

/// In which notation a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    Json,
    Form,
}

/// What each call reads, in both spellings.
const NAMES: &[(&str, &str)] = &[
    ("licenseKey", "license_key"),
    ("customerId", "customer_id"),
    ("instanceName", "instance_name"),
    ("instanceId", "instance_id"),
    ("metadata", "metadata"),
    ("fingerprint", "fingerprint"),
    ("nonce", "nonce"),
];

const REQUIRED: &str = "This field is required.";
const BLANK: &str = "This field may not be blank.";
/// Longest key that is looked at, in characters: any spelling of a key is shorter.
const KEY_CHARS: usize = 255;

/// What was asked. A call uses the fields that are its own.
#[derive(Clone, Default, PartialEq)]
pub struct Asked {
    pub license_key: String,
    pub customer_id: Option<String>,
    pub instance_name: Option<String>,
    pub instance_id: Option<String>,
    pub metadata: Map<String, Value>,
    pub fingerprint: Option<String>,
    pub nonce: Option<String>,
}

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asked").finish_non_exhaustive()
    }
}

struct Body {
    fields: Map<String, Value>,
    notation: Notation,
    /// Whether the caller writes snake_case, for names of fields that are missing.
    is_snake: bool,
    complaints: Complaints,
}

impl Body {
    /// What stands under a name, with the name as it was written. Null is as good as nothing.
    fn take(&mut self, camel: &str) -> (String, Option<Value>) {
        let snake = NAMES.iter().find(|(name, _)| *name == camel).map_or(camel, |(_, snake)| snake);
        for name in [camel, snake] {
            if let Some(value) = self.fields.remove(name).filter(|value| !value.is_null()) {
                return (name.to_owned(), Some(value));
            }
        }
        (if self.is_snake { snake } else { camel }.to_owned(), None)
    }

    fn complain(&mut self, name: String, why: impl Into<String>) {
        self.complaints.entry(name).or_default().push(why.into());
    }

    /// A text; an empty one counts as absent unless it is required.
    fn text(&mut self, camel: &str, most: usize, is_required: bool) -> Option<String> {
        let (name, value) = self.take(camel);
        let text = match value {
            None => {
                if is_required {
                    self.complain(name, REQUIRED);
                }
                return None;
            }
            Some(Value::String(text)) => text.trim().to_owned(),
            // Customers and machines are numbered more often than not.
            Some(Value::Number(number)) => number.to_string(),
            Some(_) => {
                self.complain(name, "Not a valid string.");
                return None;
            }
        };
        if text.is_empty() {
            if is_required {
                self.complain(name, BLANK);
            }
            return None;
        }
        if text.chars().count() > most {
            let why = format!("Ensure this field has no more than {most} characters.");
            self.complain(name, why);
            return None;
        }
        if text.contains('\0') {
            self.complain(name, "Null characters are not allowed.");
            return None;
        }
        Some(text)
    }

    /// An object; in a form it is written as JSON.
    fn object(&mut self, camel: &str) -> Map<String, Value> {
        let (name, value) = self.take(camel);
        let value = match value {
            Some(Value::String(text)) if self.notation == Notation::Form => {
                if text.trim().is_empty() {
                    return Map::new();
                }
                serde_json::from_str(&text).unwrap_or(Value::String(text))
            }
            Some(value) => value,
            None => return Map::new(),
        };
        let length = value.to_string().len();
        match value {
            Value::Object(_) if length > limits::METADATA_BYTES => {
                let most = limits::METADATA_BYTES;
                self.complain(
                    name,
                    format!("Ensure this field has no more than {most} bytes of JSON."),
                );
            }
            value @ Value::Object(_) if shared::chat::has_nul(&value) => {
                self.complain(name, "Null characters are not allowed.");
            }
            Value::Object(object) => return object,
            _ => self.complain(name, "Must be a JSON object."),
        }
        Map::new()
    }
}

/// Reads a body. `needs_instance` says whether `instanceId` is required.
///
/// # Errors
/// Every complaint, by its field; under `nonFieldErrors` when the body cannot be read at all.
pub fn read(bytes: &[u8], notation: Notation, needs_instance: bool) -> Result<Asked, Complaints> {
    // What `curl -d` sends says that it is a form, whatever it is.
    let notation = match notation {
        Notation::Form if bytes.trim_ascii_start().starts_with(b"{") => Notation::Json,
        notation => notation,
    };
    let fields = match notation {
        Notation::Form => form(bytes),
        Notation::Json if bytes.trim_ascii().is_empty() => Map::new(),
        Notation::Json => match serde_json::from_slice(bytes) {
            Ok(Value::Object(fields)) => fields,
            Ok(_) => return Err(unreadable("The body must be a JSON object.".to_owned())),
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                let why = format!("The body is not JSON: line {line} column {column}.");
                return Err(unreadable(why));
            }
        },
    };
    let is_snake = NAMES.iter().any(|(camel, snake)| camel != snake && fields.contains_key(*snake));
    let mut body = Body { fields, notation, is_snake, complaints: Complaints::new() };
    let asked = Asked {
        license_key: body.text("licenseKey", KEY_CHARS, true).unwrap_or_default(),
        customer_id: body.text("customerId", limits::CUSTOMER_CHARS, false),
        instance_name: body.text("instanceName", limits::INSTANCE_CHARS, false),
        instance_id: body.text("instanceId", limits::INSTANCE_CHARS, needs_instance),
        metadata: body.object("metadata"),
        fingerprint: body.text("fingerprint", limits::INSTANCE_CHARS, false),
        nonce: body.text("nonce", limits::NONCE_CHARS, false),
    };
    if body.complaints.is_empty() { Ok(asked) } else { Err(body.complaints) }
}

fn unreadable(why: String) -> Complaints {
    Complaints::from([("nonFieldErrors".to_owned(), vec![why])])
}

/// A form's fields; of one that is given twice, the first.
fn form(bytes: &[u8]) -> Map<String, Value> {
    let mut fields = Map::new();
    for (name, value) in form_urlencoded::parse(bytes) {
        fields.entry(name.into_owned()).or_insert_with(|| Value::String(value.into_owned()));
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn json(value: &Value) -> Result<Asked, Complaints> {
        read(value.to_string().as_bytes(), Notation::Json, false)
    }

    #[test]
    fn both_spellings_and_both_notations_say_the_same() {
        let asked = json(&json!({
            "licenseKey": " K ", "customerId": 17, "instanceName": "Laptop", "instanceId": "i",
            "metadata": {"os": "linux"}, "fingerprint": "f", "nonce": "n",
        }))
        .unwrap();
        assert_eq!((asked.license_key.as_str(), asked.customer_id.as_deref()), ("K", Some("17")));
        let snake = json(&json!({
            "license_key": "K", "customer_id": "17", "instance_name": "Laptop", "instance_id": "i",
            "metadata": {"os": "linux"}, "fingerprint": "f", "nonce": "n",
        }));
        assert_eq!(snake.as_ref(), Ok(&asked));
        let curl = br#"{"license_key": "K"}"#;
        assert_eq!(read(curl, Notation::Form, false).unwrap().license_key, "K");
        let form = "license_key=K&customerId=17&instance_name=Laptop&instance_id=i\
            &metadata=%7B%22os%22%3A%22linux%22%7D&fingerprint=f&nonce=n&license_key=other";
        assert_eq!(read(form.as_bytes(), Notation::Form, true).as_ref(), Ok(&asked));
    }

    #[test]
    fn complaints_stand_under_the_callers_own_spelling() {
        let wrong = |value: Value| json(&value).unwrap_err();
        assert_eq!(wrong(json!({}))["licenseKey"], [REQUIRED]);
        assert_eq!(wrong(json!({"instance_id": "i"}))["license_key"], [REQUIRED]);
        assert_eq!(wrong(json!({"licenseKey": null}))["licenseKey"], [REQUIRED]);
        assert_eq!(wrong(json!({"licenseKey": " "}))["licenseKey"], [BLANK]);
        assert_eq!(wrong(json!({"licenseKey": []}))["licenseKey"], ["Not a valid string."]);
        let needs = read(br#"{"licenseKey": "K"}"#, Notation::Json, true).unwrap_err();
        assert_eq!(needs["instanceId"], [REQUIRED]);
        for body in ["", "  "] {
            let empty = read(body.as_bytes(), Notation::Json, false).unwrap_err();
            assert_eq!(empty["licenseKey"], [REQUIRED]);
        }
        for body in ["[]", "{", "license_key=K"] {
            let unread = read(body.as_bytes(), Notation::Json, false).unwrap_err();
            assert!(unread.contains_key("nonFieldErrors"), "{body}");
        }
    }

    #[test]
    fn every_limit_holds_at_its_edge() {
        let limits = [
            ("customerId", limits::CUSTOMER_CHARS),
            ("instanceName", limits::INSTANCE_CHARS),
            ("instanceId", limits::INSTANCE_CHARS),
            ("fingerprint", limits::INSTANCE_CHARS),
            ("nonce", limits::NONCE_CHARS),
        ];
        for (field, most) in limits {
            let with = |n: usize| json(&json!({"licenseKey": "K", field: "é".repeat(n)}));
            assert!(with(most).is_ok(), "{field}");
            assert!(with(most + 1).unwrap_err().contains_key(field), "{field}");
        }
        let key = |n: usize| json(&json!({"licenseKey": "é".repeat(n)}));
        assert!(key(KEY_CHARS).is_ok());
        assert!(key(KEY_CHARS + 1).unwrap_err().contains_key("licenseKey"));
        // {"a":"…"} is eight bytes around the text.
        let metadata =
            |n: usize| json(&json!({"licenseKey": "K", "metadata": {"a": "x".repeat(n)}}));
        assert!(metadata(limits::METADATA_BYTES - 8).is_ok());
        assert!(metadata(limits::METADATA_BYTES - 7).unwrap_err().contains_key("metadata"));
        for other in [json!([]), json!("x"), json!(1), json!({"a": "\0"})] {
            let wrong = json(&json!({"licenseKey": "K", "metadata": other})).unwrap_err();
            assert!(wrong.contains_key("metadata"));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_complained_about(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for notation in [Notation::Json, Notation::Form] {
                match read(&bytes, notation, true) {
                    Ok(asked) => prop_assert!(!asked.license_key.is_empty()),
                    Err(complaints) => prop_assert!(!complaints.is_empty()),
                }
            }
        }
    }
}
