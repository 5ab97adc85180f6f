//! The texts of the visitor's language, as the loader brought them.
//!
//! In: keys of `text`. Out: what to show. The page may have put a text of its own in any place. A
//! text that is missing is empty: a key says nothing to a visitor.

use js_sys::{Array, Intl, JsString, Number, Object};
use wasm_bindgen::JsValue;

use crate::dom::{get, word};

/// The loader's object, of which this reads `texts` and `locale`.
#[derive(Clone, Debug)]
pub struct Words(JsValue);

impl Words {
    #[must_use]
    pub fn new(handle: JsValue) -> Self {
        Self(handle)
    }

    /// The language, as a tag that the browser knows.
    #[must_use]
    pub fn locale(&self) -> String {
        let locale = word(&self.0, "locale");
        // The server has said nothing yet.
        if locale.is_empty() { String::from("en") } else { locale }
    }

    #[must_use]
    pub fn get(&self, key: &str) -> String {
        word(&get(&self.0, "texts"), key)
    }

    /// A text, with its number put in where it has one.
    #[must_use]
    pub fn say(&self, (key, number): (&str, Option<u32>)) -> String {
        let Some(n) = number else { return self.get(key) };
        let text = get(&get(&self.0, "texts"), key);
        let locale = self.locale();
        // One text for all numbers, as a page may give it, or one for each of the language's forms.
        let text = text.as_string().unwrap_or_else(|| {
            let rules =
                Intl::PluralRules::new(&Array::of1(&locale.as_str().into()), &Object::new());
            let form = String::from(rules.select(n.into()));
            get(&text, &form).as_string().unwrap_or_else(|| word(&text, "other"))
        });
        let n = String::from(Number::from(n).to_locale_string(&locale));
        // The browser's search, as one more would be downloaded.
        JsString::from(text).replace("{n}", &n).into()
    }
}
