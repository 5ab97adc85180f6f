//! What the loader hands over, and the only place that knows its names.
//!
//! The loader has drawn the button in a shadow root of its own and knows the options; this room
//! reads both. See `handle` in `assets/chat-widget.js`.

use js_sys::{Object, Promise};
use shared::browser::{read_identity, read_text};
use shared::{Look, Position};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{AbortSignal, HtmlElement, ShadowRoot, console};

use crate::dom::{self, get};
use crate::identity::{Who, claims};
use crate::look::{is_web, tidy};
use crate::words::Words;

/// The loader's object.
#[derive(Clone, Debug)]
pub struct Handle {
    object: JsValue,
    pub words: Words,
    pub root: ShadowRoot,
    /// The one button, drawn by the loader, adopted here.
    pub button: HtmlElement,
    /// It stands in the page, with no button of its own.
    pub inline: bool,
}

impl Handle {
    /// `None` when the object is not the loader's.
    #[must_use]
    pub fn new(object: JsValue) -> Option<Self> {
        let (root, button) = (get(&object, "root"), get(&object, "button"));
        let there = root.is_truthy() && button.is_truthy();
        there.then(|| Self {
            words: Words::new(object.clone()),
            inline: dom::flag(&object, "inline"),
            object,
            root: root.unchecked_into(),
            button: button.unchecked_into(),
        })
    }

    fn get(&self, name: &str) -> JsValue {
        get(&self.object, name)
    }

    fn call(&self, name: &str, arguments: &[&JsValue]) -> JsValue {
        dom::call(&self.object, name, arguments)
    }

    /// What this visitor's storage is named after: the chatbot's id. None while the server has not
    /// been reached, and while nothing may be stored (`consent`).
    #[must_use]
    pub fn place(&self) -> Option<String> {
        let consented = self.get("consented");
        let may = if consented.is_undefined() {
            self.option("consent") != "required"
        } else {
            consented.is_truthy()
        };
        self.get("id").as_string().filter(|_| may)
    }

    /// What the widget that stood here before has left, as JSON: one in another language.
    #[must_use]
    pub fn left(&self) -> Option<String> {
        self.get("left").as_string()
    }

    pub fn leave(&self, memory: &str) {
        dom::put(&self.object, "left", memory);
    }

    /// Keeps something for the widget that will stand here in another language.
    pub fn keep(&self, name: &str, value: impl Into<JsValue>) {
        dom::put(&self.object, name, value);
    }

    /// What was kept so; undefined where nothing was.
    #[must_use]
    pub fn kept(&self, name: &str) -> JsValue {
        self.get(name)
    }

    /// Tells the page whether the chat is open.
    pub fn tell_open(&self, open: bool) {
        dom::put(&self.get("api"), "isOpen", open);
    }

    /// The chatbot's name.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        self.get("name").as_string().filter(|name| !name.is_empty())
    }

    /// The address of the sound.
    #[must_use]
    pub fn sound(&self) -> String {
        dom::word(&self.object, "sound")
    }

    /// The `licenseKey` or the `chatbotId` that the page gave.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<String> {
        get(&self.get("key"), name).as_string()
    }

    /// Who the page says that the visitor is.
    #[must_use]
    pub fn identity(&self) -> Option<Who> {
        let identity = read_identity(&self.get("identity"))?;
        let user = match read_text(&identity, "jwt").and_then(|jwt| claims(&jwt)) {
            Some(claims) => read_text(&claims, "user_id").or_else(|| read_text(&claims, "sub")),
            None => read_text(&identity, "userId"),
        };
        Some(Who { identity, user })
    }

    /// The page of another tab has signed its visitor out: who they were does not come back.
    pub fn forget_identity(&self) {
        dom::put(&self.object, "identity", 0);
    }

    /// An address that the server gave, from its own root or whole; `None` for what no link may be.
    #[must_use]
    pub fn address(&self, url: &str) -> Option<String> {
        if url.starts_with('/') && !url.starts_with("//") {
            return Some(dom::word(&self.object, "base") + url);
        }
        is_web(url).then(|| url.to_owned())
    }

    /// An option of the page's that is no part of the look; empty where it is not set.
    #[must_use]
    pub fn option(&self, name: &str) -> String {
        dom::word(&self.get("look"), name)
    }

    /// The options that hold; complains once about what had to be changed.
    #[must_use]
    pub fn look(&self) -> Look {
        let mut bad = Vec::new();
        // What the server alone decides cannot be set by the page.
        let (look, ui) = (self.get("look"), self.get("ui"));
        for name in ["hideBranding", "maxMessagesPerConversation"] {
            dom::put(&look, name, get(&ui, name));
        }
        let mut look = tidy(shared::browser::read_look(&look, &ui, &mut bad), &mut bad);
        // The loader has found a side for the button already.
        look.position = match dom::word(&self.object, "at").as_str() {
            "left" => Position::Left,
            _ => Position::Right,
        };
        // Once, also where the chat is drawn anew.
        bad.dedup();
        let names = bad.join(", ");
        if !bad.is_empty() && self.kept("told").as_string().as_ref() != Some(&names) {
            self.keep("told", &names);
            console::warn_1(&["Natter: corrected ", &names].concat().into());
        }
        look
    }

    /// `POST` to the server; the promise gives a `Response`.
    pub fn post(&self, path: &str, body: &str, signal: Option<&AbortSignal>) -> Promise {
        let signal = signal.map_or(JsValue::UNDEFINED, |signal| signal.clone().into());
        Promise::resolve(&self.call("post", &[&path.into(), &body.into(), &signal]))
    }

    /// Tells the page what has happened.
    pub fn emit(&self, event: &str, detail: &[(&str, &str)]) {
        let object = Object::new();
        for (name, value) in detail {
            dom::put(&object, name, *value);
        }
        self.emit_object(event, &object);
    }

    pub fn emit_object(&self, event: &str, detail: &JsValue) {
        self.call("emit", &[&event.into(), detail]);
    }

    /// Adds a style sheet to the shadow root.
    pub fn css(&self, text: &str) {
        self.call("css", &[&text.into()]);
    }
}
