//! What visitors are asked before their first message, and whether they have answered: plain Rust.

use shared::limits::EMAIL_BYTES;
use shared::{FormField, FormFieldKind};

use crate::text;

/// Most bytes that all answers to the admin's own questions may take together; the server has the
/// same limit for their JSON.
const OWN_BYTES: usize = 3500;

/// What is wrong with an answer: the key of what to say, or nothing.
#[must_use]
pub fn complaint(field: &FormField, answer: &str) -> Option<&'static str> {
    match (field.kind, answer.trim()) {
        (_, "") => field.required.then_some(text::FORM_MISSING),
        (FormFieldKind::Email, email) if !is_email(email) => Some(text::FORM_BAD_EMAIL),
        _ if field.name == "email" && !is_email(answer.trim()) => Some(text::FORM_BAD_EMAIL),
        _ => None,
    }
}

/// Whether the server will take it for an e-mail address. As its own check has it, without what
/// that brings along to say what is wrong.
fn is_email(email: &str) -> bool {
    let (mut at, mut dots, mut last) = (0, 0, b'@');
    let (mut name, mut domain) = (0, 0);
    for byte in email.bytes() {
        match byte {
            b'@' => at += 1,
            b'.' if at > 0 && last == b'@' => return false,
            // The browser has taken other spaces off; inside they are the server's affair.
            0..=b' ' | 0x7f | b'<' | b'>' | b',' | b';' | b'"' | b'(' | b')' => return false,
            _ => {}
        }
        if at == 0 {
            name += 1;
        } else if byte != b'@' {
            domain += 1;
            dots += u32::from(byte == b'.');
        }
        last = byte;
    }
    let whole = at == 1 && name > 0 && domain > 2 && last != b'.';
    whole && (dots > 0 || email.ends_with("@localhost")) && email.len() <= EMAIL_BYTES
}

/// The longest answer that a field takes, in UTF-16 units.
#[must_use]
pub fn longest(field: &FormField, fields: usize) -> usize {
    match field.name.as_str() {
        // The server counts characters of a name and bytes of an address.
        "name" => 200,
        "email" => EMAIL_BYTES,
        // Of three bytes each at the worst.
        _ => (OWN_BYTES / fields.max(1) / 3).min(200),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, kind: FormFieldKind, required: bool) -> FormField {
        FormField { name: name.to_owned(), kind, required, ..FormField::default() }
    }

    #[test]
    fn only_what_is_required_must_be_filled_in() {
        let name = field("name", FormFieldKind::Text, true);
        assert_eq!(complaint(&name, " \n"), Some(text::FORM_MISSING));
        assert_eq!(complaint(&name, "Ada"), None);
        assert_eq!(complaint(&field("city", FormFieldKind::Text, false), ""), None);
    }

    #[test]
    fn an_address_must_be_one_that_the_server_takes() {
        for field in [
            field("email", FormFieldKind::Email, false),
            field("email", FormFieldKind::Text, false),
            field("work", FormFieldKind::Email, false),
        ] {
            assert_eq!(complaint(&field, ""), None);
            assert_eq!(complaint(&field, " ada@example.com "), None);
            for bad in ["ada", "ada@", "@example.com", "ada@example", "a b@example.com"] {
                assert_eq!(complaint(&field, bad), Some(text::FORM_BAD_EMAIL), "{bad}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn the_widget_s_check_of_addresses_is_the_server_s(email in "[a-c@.<( ]{0,9}|[a-c]{1,2}@(localhost|[a-c.]{1,5})") {
            let mut errors = shared::FieldErrors::default();
            shared::admin::check_email(&mut errors, "", &email);
            proptest::prop_assert_eq!(is_email(&email), errors.into_result().is_ok(), "{}", email);
        }
    }

    #[test]
    fn the_longest_answers_together_are_still_taken() {
        let own = |at: usize| field(&format!("field_{at}"), FormFieldKind::Text, false);
        let fields: Vec<FormField> = (0..shared::limits::FORM_FIELDS).map(own).collect();
        let answers: serde_json::Map<String, serde_json::Value> = fields
            .iter()
            .map(|field| (field.name.clone(), "語".repeat(longest(field, fields.len())).into()))
            .collect();
        assert!(serde_json::to_string(&answers).unwrap().len() <= shared::limits::METADATA_BYTES);
    }
}
