//! Who the visitor says that they are, before they say anything else: shows the form, and hands the
//! server the answers with the next session.

use std::rc::Rc;

use js_sys::{JSON, Object};
use wasm_bindgen::JsValue;

use crate::app::{App, Line};
use crate::dom::put;

impl App {
    /// Whether the form stands instead of the composer.
    #[must_use]
    pub fn must_introduce(&self) -> bool {
        // The page has said, with proof, who it is.
        let known = self.who.borrow().as_ref().is_some_and(|who| who.user.is_some());
        self.look.borrow().pre_chat_form.enabled
            && !known
            && !self.store.borrow().memory.introduced
            && self.lead.borrow().is_none()
            && !self.model.borrow().is_running()
    }

    /// The form was sent: takes the answers, unless something is wrong with them.
    pub fn introduce(self: &Rc<Self>) {
        let look = self.look.borrow();
        let fields = &look.pre_chat_form.fields;
        let nodes = self.nodes.borrow();
        let answers = nodes.as_ref().and_then(|nodes| nodes.answers(fields, &self.handle.words));
        let Some(answers) = answers else { return };
        let (lead, own) = (Object::new(), Object::new());
        for (field, answer) in fields.iter().zip(&answers).filter(|(_, answer)| !answer.is_empty())
        {
            let is_usual = matches!(field.name.as_str(), "name" | "email");
            put(if is_usual { &lead } else { &own }, &field.name, answer);
        }
        put(&lead, "fields", own);
        let lead = JSON::stringify(&lead).map_or_else(|_| String::new(), String::from);
        drop((look, nodes));
        *self.lead.borrow_mut() = Some(lead);
        self.store.borrow_mut().act();
        self.draw();
        self.begin_introduced();
    }

    /// Goes on with what waited for the form.
    fn begin_introduced(self: &Rc<Self>) {
        // The next call brings the answers to the server with a new session.
        self.token.borrow_mut().take();
        let waiting = self.waiting.borrow_mut().take();
        let sent = waiting.is_some_and(|message| self.send(&message));
        if self.line.get() != Line::Ready {
            self.connect();
        } else if !sent {
            self.keep_session(0);
        }
        self.focus_composer();
    }

    /// The server has answered an opening that had these answers in it.
    pub fn introduced(&self, lead: Option<String>) {
        let Some(lead) = lead.filter(|lead| self.lead.borrow().as_ref() == Some(lead)) else {
            return;
        };
        self.lead.borrow_mut().take();
        let mut store = self.store.borrow_mut();
        store.memory.introduced = true;
        store.save();
        drop(store);
        let detail = JSON::parse(&lead).unwrap_or(JsValue::UNDEFINED);
        self.handle.emit_object("lead:captured", &detail);
    }
}
