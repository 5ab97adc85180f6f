//! What is remembered from page to page, in this browser only.
//!
//! Nothing is written before the visitor has acted. With storage blocked or full the widget works
//! and forgets. One entry per chatbot: `natter:<chatbot id>`; the loader reads `open`,
//! `pending` and `unread` of it to know whether to start without being asked. Beside it, for the browser session alone
//! and under the same name, stand marks of one sign: what is not to happen again. The running turn is not among it: the
//! server names it with the conversation, and its text is taken up from the start.

use js_sys::{JSON, Object};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Storage;

use crate::dom::{self, get};

/// The mark of prompts that the visitor has sent away.
pub const DISMISSED: u8 = b'1';
/// The mark of the sound that was heard.
pub const HEARD: u8 = b'2';

/// What is worth remembering.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Names the visitor to the server, which made it.
    pub visitor: Option<String>,
    pub open: bool,
    /// What stands in the composer.
    pub draft: String,
    /// The visitor has filled in the form.
    pub introduced: bool,
    /// The visitor has turned the sound off.
    pub muted: bool,
    /// Answers that came while the chat was closed.
    pub unread: u32,
    /// A message that is being answered: `(client_id, message)`.
    pub pending: Option<(String, String)>,
}

/// A memory and where it is kept.
#[derive(Debug)]
pub struct Store {
    key: Option<String>,
    acted: bool,
    /// What is not to happen again in this browser session.
    marks: String,
    pub memory: Memory,
}

impl Store {
    /// Reads what is remembered of the visitor with this chatbot; `left` is newer than that.
    #[must_use]
    pub fn new(chatbot: Option<&str>, left: Option<&str>) -> Self {
        let key = chatbot.map(|id| ["natter:", id].concat());
        let kept = |place| key.as_ref().and_then(|key| storage(place)?.get_item(key).ok()?);
        let memory = kept("localStorage").and_then(|text| read(&text));
        let acted = memory.is_some();
        let memory = left.and_then(read).or(memory);
        let marks = kept("sessionStorage").unwrap_or_default();
        // Somebody who is remembered has acted before.
        Self { acted, marks, memory: memory.unwrap_or_default(), key }
    }

    /// The server has been reached after all, or the visitor consents: from now on the memory has a
    /// place. Or it has no longer, as the visitor consents no more. Whether the chat stood open.
    pub fn settle(&mut self, chatbot: Option<&str>) -> bool {
        if let Some(key) = self.key.take_if(|_| chatbot.is_none()) {
            for place in ["localStorage", "sessionStorage"] {
                if let Some(storage) = storage(place) {
                    let _ = storage.remove_item(&key);
                }
            }
        }
        if self.key.is_none() && chatbot.is_some() {
            let found = Self::new(chatbot, None);
            self.key = found.key;
            self.acted |= found.acted;
            found.marks.bytes().for_each(|mark| self.mark(mark));
            let open = found.memory.open;
            if self.memory.visitor.is_none() {
                let own = std::mem::replace(&mut self.memory, found.memory);
                self.memory.open = own.open;
                if !own.draft.is_empty() {
                    self.memory.draft = own.draft;
                }
            }
            self.save();
            self.save_marks();
            return open;
        }
        false
    }

    /// What the tabs call each other by, once something may be kept.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.key.as_deref().filter(|_| self.acted)
    }

    /// Whether an entry of the page's storage is this one.
    #[must_use]
    pub fn is_of(&self, key: &str) -> bool {
        self.key.as_deref() == Some(key)
    }

    /// Takes over what another tab has written, unless the visitor has acted in this one too;
    /// whether that makes it a visitor who was not known here.
    pub fn learn(&mut self) -> bool {
        if self.acted && self.memory.visitor.is_some() {
            return false;
        }
        let kept = self.key.as_ref().and_then(|key| storage("localStorage")?.get_item(key).ok()?);
        let Some(found) = kept.and_then(|text| read(&text)) else { return false };
        let known = self.memory.visitor.take();
        self.acted = true;
        // A message that is being sent there is sent there alone.
        let draft = std::mem::take(&mut self.memory.draft);
        let visitor = found.visitor.clone().or_else(|| known.clone());
        let open = self.memory.open;
        self.memory = Memory { open, draft, pending: None, visitor, ..found };
        self.memory.visitor != known
    }

    /// The visitor has acted: from now on something may be kept.
    pub fn act(&mut self) {
        if !self.acted {
            self.acted = true;
            self.save_marks();
        }
    }

    /// Notes that something is not to happen again in this browser session.
    pub fn mark(&mut self, mark: u8) {
        if !self.has_mark(mark) {
            self.marks.push(mark.into());
        }
        self.save_marks();
    }

    #[must_use]
    pub fn has_mark(&self, mark: u8) -> bool {
        self.marks.bytes().any(|known| known == mark)
    }

    fn save_marks(&self) {
        if !self.marks.is_empty() {
            self.put("sessionStorage", &self.marks);
        }
    }

    /// Forgets the visitor: until they act again nothing is kept. The loader has removed what was.
    pub fn forget(&mut self) {
        self.memory = Memory { open: self.memory.open, ..Memory::default() };
        self.acted = false;
        self.marks.clear();
        if let Some((key, storage)) = self.key.as_ref().zip(storage("sessionStorage")) {
            let _ = storage.remove_item(key);
        }
    }

    #[must_use]
    pub fn marks(&self) -> &str {
        &self.marks
    }

    /// For the widget that will stand here in another language.
    #[must_use]
    pub fn written(&self) -> String {
        write(&self.memory)
    }

    /// Keeps the memory, if anything may be kept and there is a place.
    pub fn save(&mut self) {
        if self.acted {
            // Whoever has filled in the form in another tab is not asked again.
            let kept =
                self.key.as_ref().and_then(|key| storage("localStorage")?.get_item(key).ok()?);
            let same = |found: &Memory| found.visitor == self.memory.visitor;
            if kept.and_then(|text| read(&text)).filter(same).is_some_and(|found| found.introduced)
            {
                self.memory.introduced = true;
            }
            self.put("localStorage", &write(&self.memory));
        }
    }

    fn put(&self, place: &str, text: &str) {
        let Some(key) = self.key.as_ref().filter(|_| self.acted) else { return };
        if let Some(storage) = storage(place) {
            // Full or blocked: the widget works and forgets.
            let _ = storage.set_item(key, text);
        }
    }
}

fn storage(place: &str) -> Option<Storage> {
    let storage = get(&dom::window(), place);
    storage.is_truthy().then(|| storage.unchecked_into())
}

fn read(text: &str) -> Option<Memory> {
    let value = JSON::parse(text).ok().filter(JsValue::is_truthy)?;
    Some(Memory {
        visitor: get(&value, "visitor").as_string(),
        open: dom::flag(&value, "open"),
        draft: dom::word(&value, "draft"),
        introduced: dom::flag(&value, "introduced"),
        muted: dom::flag(&value, "muted"),
        unread: dom::number(&value, "unread").unsigned_abs(),
        pending: get(&value, "pending").as_string().zip(get(&value, "text").as_string()),
    })
}

fn write(memory: &Memory) -> String {
    let object = Object::new();
    if let Some(visitor) = &memory.visitor {
        dom::put(&object, "visitor", visitor);
    }
    dom::put(&object, "open", memory.open);
    dom::put(&object, "draft", &memory.draft);
    if memory.introduced {
        dom::put(&object, "introduced", true);
    }
    if memory.muted {
        dom::put(&object, "muted", true);
    }
    if memory.unread > 0 {
        dom::put(&object, "unread", memory.unread);
    }
    if let Some((id, text)) = &memory.pending {
        dom::put(&object, "pending", id);
        dom::put(&object, "text", text);
    }
    JSON::stringify(&object).map_or_else(|_| String::new(), String::from)
}
