//! What the widget says, held against the catalogues that it says it from.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Map, Value};

use super::*;

/// What others than the panel say: the name of a language, for whoever lists them, and a menu.
const ELSEWHERE: &[&str] = &["name", "menu"];

/// Every catalogue with its tag.
fn catalogues() -> Vec<(String, Map<String, Value>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/locales");
    let read = |file: std::io::Result<fs::DirEntry>| {
        let path = file.unwrap().path();
        let tag = path.file_stem().unwrap().to_string_lossy().into_owned();
        (tag, serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
    };
    fs::read_dir(folder).unwrap().map(read).collect()
}

fn english() -> Map<String, Value> {
    catalogues().into_iter().find(|(tag, _)| tag == "en").unwrap().1
}

#[test]
fn the_english_catalogue_has_exactly_the_texts_that_are_said() {
    let catalogue = english();
    let written: BTreeSet<&str> = catalogue.keys().map(String::as_str).collect();
    let said: BTreeSet<&str> = KEYS.iter().chain(ELSEWHERE).copied().collect();
    assert_eq!(written, said);
}

/// `{n}` and whatever else stands in braces.
fn placeholders(text: &str) -> BTreeSet<String> {
    let names = text.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    names.map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn every_language_says_all_of_it_with_the_same_placeholders() {
    let english = english();
    let all = catalogues();
    assert!(all.len() >= 20, "{} languages", all.len());
    for (tag, catalogue) in all {
        assert!(catalogue.keys().eq(english.keys()), "{tag} has other texts than English");
        for (key, text) in catalogue {
            let at = format!("{tag}: {key}");
            match (&english[&key], text) {
                (Value::String(model), Value::String(text)) => {
                    assert!(!text.trim().is_empty(), "{at}");
                    assert_eq!(placeholders(&text), placeholders(model), "{at}");
                }
                (Value::Object(_), Value::Object(forms)) => {
                    assert!(forms.contains_key("other"), "{at}");
                    for (form, text) in forms {
                        let known = ["zero", "one", "two", "few", "many", "other"];
                        assert!(known.contains(&form.as_str()), "{at} {form}");
                        let found = placeholders(text.as_str().unwrap());
                        assert_eq!(found, BTreeSet::from(["n".to_owned()]), "{at} {form}");
                    }
                }
                _ => panic!("{at} is of another kind than in English"),
            }
        }
    }
}

#[test]
fn a_refused_key_is_told_to_the_visitor_without_its_secrets() {
    for code in [ErrorCode::KeyExpired, ErrorCode::OriginNotAllowed, ErrorCode::Unauthorized] {
        assert_eq!(failure(&Why::Code(code)), (UNAVAILABLE, None));
    }
}

#[test]
fn who_is_not_known_is_asked_to_sign_in() {
    for code in [ErrorCode::IdentityInvalid, ErrorCode::IdentityRequired] {
        assert_eq!(failure(&Why::Code(code)), (SIGN_IN, None));
    }
}

#[test]
fn waiting_is_told_in_seconds() {
    assert_eq!(failure(&Why::Wait(30)), (WAIT_SECONDS, Some(30)));
}

#[test]
fn characters_are_left_or_too_many() {
    assert_eq!(characters(0), (CHARACTERS_LEFT, Some(0)));
    assert_eq!(characters(-3), (CHARACTERS_OVER, Some(3)));
}

#[test]
fn the_direction_follows_the_language() {
    assert!(["ar", "he", "fa", "ar-EG"].into_iter().all(is_rtl));
    assert!(!["en", "zh-Hant", "tr"].into_iter().any(is_rtl));
}
