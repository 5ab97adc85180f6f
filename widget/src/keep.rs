//! Hands the visitor a file with the conversation: made here, sent nowhere.

use js_sys::{Array, Date, Function, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use crate::app::App;
use crate::dom::{call, element, get, put, set, window};
use crate::text;
use crate::time;
use crate::transcript::{Labels, file_name, write};

/// Until then every browser has begun to save the file.
const SAVED_MS: i32 = 60_000;

impl App {
    pub fn keep_transcript(&self) {
        let words = &self.handle.words;
        let locale = words.locale();
        let now = time::now();
        let labels = Labels {
            title: self.title(),
            date: time::date(&now, &locale),
            you: words.get(text::YOU),
            assistant: words.get(text::ASSISTANT),
            sources: words.get(text::SOURCES),
        };
        let time = |at: &str| time::time(at, &locale);
        let address = |url: &str| self.handle.address(url);
        let written = write(self.model.borrow().entries(), &labels, &time, &address);
        let today = Date::new_0();
        let today = call(&today, "toLocaleDateString", &[&"sv".into()]);
        let name = file_name(&labels.title, &today.as_string().unwrap_or_default());
        let _ = save(&written, &name);
    }

    /// What the chat is called.
    #[must_use]
    pub fn title(&self) -> String {
        let given = self.look.borrow().title.clone();
        Some(given)
            .filter(|title| !title.is_empty())
            .or_else(|| self.handle.name())
            .unwrap_or_else(|| self.handle.words.get(text::TITLE))
    }
}

/// Lets the browser save a text under a name.
fn save(text: &str, name: &str) -> Result<(), JsValue> {
    let kind = Object::new();
    put(&kind, "type", "text/plain;charset=utf-8");
    let parts = Array::of1(&Array::of1(&text.into()));
    parts.push(&kind);
    let maker: Function = get(&window(), "Blob").unchecked_into();
    let blob = Reflect::construct(&maker, &parts)?;
    let urls = get(&window(), "URL");
    let address = call(&urls, "createObjectURL", &[&blob]);
    let link = element("a", "");
    set(&link, "href", &address.as_string().unwrap_or_default());
    set(&link, "download", name);
    call(&link, "click", &[]);
    let forget = move || drop(call(&urls, "revokeObjectURL", &[&address]));
    App::later(SAVED_MS, Box::new(forget));
    Ok(())
}
