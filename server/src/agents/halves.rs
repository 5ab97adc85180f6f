//! Puts characters together again that a model server cut in half.
//!
//! In: the JSON of one event after the other. Out: the same without half characters, which no
//! reader of JSON takes. JSON may write a character beyond U+FFFF as two escapes, and servers that
//! cut their text by UTF-16 units, as JavaScript counts, send one of them with each of two events.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The half that waits for its other one.
#[derive(Debug, Default)]
pub(super) struct Halves(Option<u16>);

impl Halves {
    /// Takes an event's half at its end, if any, and gives it to the event that has the other. A
    /// second half without its first becomes U+FFFD.
    pub(super) fn join<'a>(&mut self, json: &'a str) -> Cow<'a, str> {
        if !json.contains("\\ud") && !json.contains("\\uD") {
            return Cow::Borrowed(json);
        }
        let mut whole = String::with_capacity(json.len());
        let mut rest = json;
        while let Some((before, escape)) = rest.find('\\').and_then(|at| rest.split_at_checked(at))
        {
            whole.push_str(before);
            let length = match (unit(escape), escape.get(6..).and_then(unit)) {
                (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => {
                    whole.push_str(escape.get(..12).unwrap_or_default());
                    12
                }
                (Some(first @ 0xd800..=0xdbff), _) => {
                    self.0 = Some(first);
                    6
                }
                (Some(second @ 0xdc00..=0xdfff), _) => {
                    // Writing to a string cannot fail.
                    let _ = match self.0.take() {
                        Some(first) => write!(whole, "\\u{first:04x}\\u{second:04x}"),
                        None => write!(whole, "\\ufffd"),
                    };
                    6
                }
                _ => {
                    let length = escape.chars().take(2).map(char::len_utf8).sum();
                    whole.push_str(escape.get(..length).unwrap_or_default());
                    length
                }
            };
            rest = escape.get(length..).unwrap_or_default();
        }
        whole.push_str(rest);
        Cow::Owned(whole)
    }
}

/// The UTF-16 unit that an escape at the beginning stands for.
fn unit(escape: &str) -> Option<u16> {
    u16::from_str_radix(escape.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn joined(events: &[&str]) -> Vec<String> {
        let mut halves = Halves::default();
        events.iter().map(|event| halves.join(event).into_owned()).collect()
    }

    #[test]
    fn the_halves_of_a_character_find_each_other_and_nothing_else_is_touched() {
        assert_eq!(joined(&[r"a\uD83E", "-", r"\uDDD1b"]), ["a", "-", r"\ud83e\uddd1b"]);
        assert_eq!(joined(&[r"\udDD1\ud83e", r"\ud83d"]), [r"\ufffd", ""]);
        for whole in [
            r"\ud83e\uddd1",
            r"\\ud83e",
            r"\\\\udddd\n",
            r"\u00e4\ud7ff\ue000",
            r"\ud83",
            "\\ud",
            "\\",
        ] {
            assert_eq!(joined(&[whole]), [whole]);
        }
    }

    proptest! {
        #[test]
        fn text_may_be_cut_between_any_two_units(text in "\\PC{0,12}", cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6)) {
            let units: Vec<u16> = text.encode_utf16().collect();
            let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(units.len() + 1)).collect();
            places.extend([0, units.len()]);
            places.sort_unstable();
            let mut halves = Halves::default();
            let mut read = String::new();
            for place in places.windows(2) {
                let escaped: String = units[place[0]..place[1]].iter().map(|unit| format!("\\u{unit:04x}")).collect();
                let json = format!("\"{escaped}\"");
                read.push_str(&serde_json::from_str::<String>(&halves.join(&json)).unwrap());
            }
            prop_assert_eq!(read, text);
        }

        #[test]
        fn no_text_makes_it_panic(texts in prop::collection::vec(r"([\\]|u|[dD]|[0-9a-f]{2}|ä|.){0,30}", 0..4)) {
            let mut halves = Halves::default();
            for text in &texts {
                halves.join(text);
            }
        }
    }
}
