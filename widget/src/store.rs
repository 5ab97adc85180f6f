//! What is remembered from page to page, in this browser only.
//!
//! Nothing is written before the visitor has acted. With storage blocked or full the widget works
//! and forgets. One entry per chatbot: `natter:<chatbot id>`; the loader reads `open` and `pending`
//! of it to know whether to start without being asked. The running turn is not among it: the
//! server names it with the conversation, and its text is taken up from the start.

use js_sys::{JSON, Object, Reflect};
use wasm_bindgen::JsValue;
use web_sys::{Storage, window};

/// What is worth remembering.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Names the visitor to the server, which made it.
    pub visitor: Option<String>,
    pub open: bool,
    /// What stands in the composer.
    pub draft: String,
    /// A message that is being answered: `(client_id, message)`.
    pub pending: Option<(String, String)>,
}

/// A memory and where it is kept.
#[derive(Debug)]
pub struct Store {
    key: Option<String>,
    acted: bool,
    pub memory: Memory,
}

impl Store {
    /// Reads what is remembered of the visitor with this chatbot.
    #[must_use]
    pub fn new(chatbot: Option<&str>) -> Self {
        let key = chatbot.map(|id| format!("natter:{id}"));
        let text = key.as_ref().and_then(|key| storage()?.get_item(key).ok()?);
        let memory = text.as_ref().and_then(|text| read(text));
        // Somebody who is remembered has acted before.
        Self { key, acted: memory.is_some(), memory: memory.unwrap_or_default() }
    }

    /// The server has been reached after all: from now on the memory has a place.
    pub fn settle(&mut self, chatbot: Option<&str>) {
        if self.key.is_none() && chatbot.is_some() {
            let found = Self::new(chatbot);
            self.key = found.key;
            self.acted |= found.acted;
            if self.memory.visitor.is_none() {
                self.memory.visitor = found.memory.visitor;
            }
            self.save();
        }
    }

    /// The visitor has acted: from now on something may be kept.
    pub fn act(&mut self) {
        self.acted = true;
    }

    /// Keeps the memory, if anything may be kept and there is a place.
    pub fn save(&self) {
        let Some(key) = self.key.as_ref().filter(|_| self.acted) else { return };
        if let Some(storage) = storage() {
            // Full or blocked: the widget works and forgets.
            let _ = storage.set_item(key, &write(&self.memory));
        }
    }
}

/// The getter itself throws where storage is blocked.
fn storage() -> Option<Storage> {
    window()?.local_storage().ok()?
}

fn read(text: &str) -> Option<Memory> {
    let value = JSON::parse(text).ok().filter(JsValue::is_object)?;
    let get = |of: &JsValue, name: &str| Reflect::get(of, &name.into()).unwrap_or(JsValue::NULL);
    let pending = get(&value, "pending");
    Some(Memory {
        visitor: get(&value, "visitor").as_string(),
        open: get(&value, "open").as_bool().unwrap_or(false),
        draft: get(&value, "draft").as_string().unwrap_or_default(),
        pending: pending
            .is_object()
            .then(|| Some((get(&pending, "id").as_string()?, get(&pending, "text").as_string()?)))
            .flatten(),
    })
}

fn write(memory: &Memory) -> String {
    let set = |object: &Object, name: &str, value: &JsValue| {
        // A property of a plain object of our own can always be set.
        let _ = Reflect::set(object, &name.into(), value);
    };
    let object = Object::new();
    if let Some(visitor) = &memory.visitor {
        set(&object, "visitor", &visitor.into());
    }
    set(&object, "open", &memory.open.into());
    set(&object, "draft", &(&memory.draft).into());
    if let Some((id, text)) = &memory.pending {
        let pending = Object::new();
        set(&pending, "id", &id.into());
        set(&pending, "text", &text.into());
        set(&object, "pending", &pending);
    }
    JSON::stringify(&object).map_or_else(|_| String::new(), String::from)
}
