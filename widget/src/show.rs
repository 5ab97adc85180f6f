//! What the visitor gets to see and to hear of the state that [`App`] holds.

use reactive_graph::traits::{Set, With};
use shared::Role;
use wasm_bindgen::JsCast;

use crate::app::{App, Line, is_online};
use crate::dom::window;
use crate::model::{Entry, Limit, Progress};
use crate::view::Shown;
use crate::{speech, text};

impl App {
    /// Something to be seen has changed: draws with the next frame.
    pub fn changed(&self) {
        if let Some(frame) = self.frame.borrow().as_ref()
            && !self.scheduled.replace(true)
        {
            let _ = window().request_animation_frame(frame.as_ref().unchecked_ref());
        }
    }

    /// Draws now.
    pub fn draw(&self) {
        if self.ended.get() {
            return;
        }
        let shown = self.what_is_shown();
        if self.shown.with(|old| *old != shown) {
            self.shown.set(shown);
            // The frame is drawn after this, and may leave the messages less room.
            self.changed();
        }
        self.speak();
        if let Some(nodes) = self.nodes.borrow_mut().as_mut() {
            nodes.draw(&self.model.borrow(), &self.look.borrow(), &self.handle);
        }
    }

    pub fn may_send(&self) -> bool {
        let model = self.model.borrow();
        !model.is_running()
            && !self.must_introduce()
            && model.limit().is_none()
            && !self.is_full()
            && !self.line.get().is_shut()
            && is_online()
    }

    /// Whether the conversation has had its last message, as far as is seen here: the server counts.
    pub fn is_full(&self) -> bool {
        let model = self.model.borrow();
        let most = self.look.borrow().max_messages_per_conversation as usize;
        let whole = |entry: &&Entry| {
            entry.role == Role::Assistant
                && matches!(entry.progress, Progress::Complete | Progress::Stopped)
        };
        most > 0 && !model.is_running() && model.entries().iter().filter(whole).count() >= most
    }

    pub fn notice(&self) -> Option<String> {
        let model = self.model.borrow();
        let own = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let words = &self.handle.words;
        let key = match (self.line.get(), model.limit()) {
            (Line::Refused, _) => text::UNAVAILABLE,
            (Line::SignIn, _) => text::SIGN_IN,
            _ if !is_online() => text::OFFLINE,
            (Line::Unreachable, _) => text::UNREACHABLE,
            _ if self.broken.get() => text::RECONNECTING,
            (_, Some(Limit::Month)) => text::MONTHLY_LIMIT,
            (_, Some(Limit::Conversation(said))) => {
                let said = said.clone().or_else(|| own(&self.look.borrow().max_messages_error));
                return said.or_else(|| Some(words.get(text::MESSAGE_LIMIT)));
            }
            _ if self.is_full() => {
                let said = own(&self.look.borrow().max_messages_error);
                return said.or_else(|| Some(words.get(text::MESSAGE_LIMIT)));
            }
            _ => return None,
        };
        Some(words.get(key))
    }

    fn what_is_shown(&self) -> Shown {
        let model = self.model.borrow();
        let draft = &self.store.borrow().memory.draft;
        let left = shared::limits::MESSAGE_UNITS as i32 - shared::limits::utf16_len(draft) as i32;
        let (empty, may_send) = (model.entries().is_empty(), self.may_send());
        Shown {
            look: self.looks.get(),
            suggesting: empty && may_send,
            running: model.is_running(),
            notice: self.notice(),
            restart: matches!(model.limit(), Some(Limit::Conversation(_))) || self.is_full(),
            disabled: self.line.get().is_shut() || model.limit().is_some() || self.is_full(),
            paused: !is_online(),
            sendable: may_send && left >= 0 && !draft.trim().is_empty(),
            left: (left < 200).then_some(left),
            begun: !empty,
            asking: self.must_introduce(),
            muted: self.store.borrow().memory.muted,
        }
    }

    /// Hands finished sentences of the newest answer to the status region.
    fn speak(&self) {
        let model = self.model.borrow();
        let Some(answer) = model.entries().last().filter(|_| self.open.get()) else { return };
        let (key, from) = match self.spoken.get() {
            (key, from) if key == answer.key => (key, from),
            _ if answer.progress == Progress::Complete => return,
            _ => (answer.key, 0),
        };
        let end = match answer.progress {
            Progress::Growing | Progress::Waiting(_) => speech::finished(&answer.text, from),
            _ => Some(answer.text.len()),
        };
        if let Some(end) = end.filter(|end| *end > from) {
            let said = speech::plain(answer.text.get(from..end).unwrap_or_default());
            self.announce(&said);
            self.spoken.set((key, end));
        } else if key != self.spoken.get().0 {
            self.spoken.set((key, 0));
        }
    }

    /// Says something to those who listen.
    pub fn announce(&self, said: &str) {
        if let Some(nodes) = self.nodes.borrow().as_ref()
            && !said.is_empty()
        {
            nodes.announce(said);
        }
    }
}
