//! Keeps the tabs of one site in step: they hear each other by a channel of the browser's, named
//! after the chatbot, from the visitor's first act on.
//!
//! What news mean is decided in `news`; here they are told, heard and followed. A tab in the
//! background keeps no stream open for an answer that another tab has asked for.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Function, Reflect};
use shared::Rating;
use wasm_bindgen::{JsCast, JsValue};

use crate::app::{App, Line};
use crate::dom::{self, Listener, call, document, flag, get, window, word};
use crate::model::Progress;
use crate::news::{Here, News, Step, step};
use crate::text;
use crate::view::acts::on;

/// A message whose tab has said nothing more for so long was perhaps never sent: its tab is gone.
const SILENCE_MS: i32 = 10_000;

#[derive(Debug, Default)]
pub struct Tabs {
    channel: RefCell<Option<(JsValue, Listener)>>,
    /// Something was missed.
    pub stale: Cell<bool>,
    /// The session that is being begun is another's: the other tabs are to know.
    pub other: Cell<bool>,
}

impl App {
    /// Listens for what brings this tab back to the front, and for the visitor's first act in
    /// another.
    pub fn listen_to_tabs(self: &Rc<Self>) {
        let (page, window) = (document(), window());
        on(self, &page, "visibilitychange", |app, _| app.looked_at());
        on(self, &window, "online", |app, _| app.looked_at());
        // A page that was frozen or put aside has heard nothing meanwhile.
        on(self, &page, "resume", |app, _| app.catch_up_later());
        on(self, &window, "pagehide", |app, _| app.leave_tabs());
        on(self, &window, "pageshow", |app, event| {
            if flag(event, "persisted") {
                app.join_tabs();
                app.catch_up_later();
            }
        });
        on(self, &window, "storage", |app, event| {
            if app.store.borrow().is_of(&word(event, "key")) {
                app.learn();
            }
        });
        self.join_tabs();
    }

    /// Opens the channel, once the visitor has acted.
    pub fn join_tabs(self: &Rc<Self>) {
        let Some(name) = self.store.borrow().name().map(JsValue::from) else { return };
        if self.tabs.channel.borrow().is_some() {
            return;
        }
        // Missing in old browsers, refused where there is no origin: then each tab is alone.
        let Ok(maker) = get(&window(), "BroadcastChannel").dyn_into::<Function>() else { return };
        let Ok(channel) = Reflect::construct(&maker, &Array::of1(&name)) else { return };
        let weak = Rc::downgrade(self);
        let hear = move |event: JsValue| {
            let Some(app) = weak.upgrade() else { return };
            let parts = Array::from(&get(&event, "data"));
            let part = |at| parts.get(at).as_string().unwrap_or_default();
            // Of another visitor's conversation nothing is to be known here.
            if part(0) == app.visitor()
                && let Some(news) = News::read([part(1), part(2), part(3)])
            {
                app.hear(news);
            }
        };
        let listener = Listener::new(channel.unchecked_ref(), "message", Box::new(hear));
        *self.tabs.channel.borrow_mut() = Some((channel, listener));
    }

    /// Closes the channel: a page with an open one may not be put aside for coming back.
    pub fn leave_tabs(&self) {
        if let Some((channel, _)) = self.tabs.channel.borrow_mut().take() {
            call(&channel, "close", &[]);
        }
    }

    fn visitor(&self) -> String {
        self.store.borrow().memory.visitor.clone().unwrap_or_default()
    }

    pub fn tell(self: &Rc<Self>, news: &News) {
        self.join_tabs();
        if let Some((channel, _)) = self.tabs.channel.borrow().as_ref() {
            let [kind, first, second] = news.write().map(JsValue::from);
            let parts = Array::of4(&self.visitor().into(), &kind, &first, &second);
            call(channel, "postMessage", &[&parts]);
        }
    }

    /// The message that has just been sent, to the other tabs.
    pub fn tell_sent(self: &Rc<Self>) {
        let sent = self
            .model
            .borrow()
            .pending()
            .map(|(id, text)| News::Sent { client_id: id.to_owned(), message: text.to_owned() });
        if let Some(sent) = sent {
            self.tell(&sent);
        }
    }

    /// The running turn's name, now that there is one.
    pub fn tell_named(self: &Rc<Self>) {
        let name = self.model.borrow().position().map(|(turn, _)| turn.to_owned());
        if let Some(turn_id) = name.filter(|_| !self.model.borrow().is_theirs()) {
            self.tell(&News::Named { turn_id });
        }
    }

    fn here(&self) -> Here {
        let model = self.model.borrow();
        let theirs = model.is_theirs();
        let last = model.entries().last().filter(|last| last.progress != Progress::Growing);
        Here {
            ready: self.line.get() == Line::Ready,
            sending: model.is_running() && !theirs,
            following: model.is_running() && theirs,
            named: model.position().is_some(),
            hidden: is_hidden(),
            answer: last.and_then(|last| last.id.clone()),
        }
    }

    fn hear(self: &Rc<Self>, news: News) {
        let step = step(&news, &self.here());
        match (step, news) {
            (Step::Show, News::Sent { client_id, message }) => {
                // Whoever sends there has filled in the form.
                self.store.borrow_mut().memory.introduced = true;
                self.show_theirs(&message, client_id);
            }
            (Step::Follow, News::Named { turn_id }) => {
                self.model.borrow_mut().name(&turn_id);
                self.stop_if_due();
                self.drive();
            }
            (Step::CatchUp, _) => self.catch_up(false),
            (Step::CatchUpLater, _) => self.tabs.stale.set(true),
            (Step::Restart, _) => self.restart(),
            (_, News::Reset) => {
                self.handle.forget_identity();
                self.reset();
            }
            (_, News::Unread { count, id }) => {
                self.counted.replace(id);
                self.set_unread(count);
            }
            (_, News::Muted { muted }) => {
                self.store.borrow_mut().memory.muted = muted;
                self.changed();
            }
            (_, News::Rated { id, rating }) => {
                let rating = match rating.as_str() {
                    "up" => Some(Rating::Up),
                    "down" => Some(Rating::Down),
                    _ => None,
                };
                self.model.borrow_mut().rated(&id, rating);
                self.changed();
            }
            _ => {}
        }
    }

    /// Shows a message that another tab is sending, and that its answer is on its way.
    fn show_theirs(self: &Rc<Self>, message: &str, client_id: String) {
        self.model.borrow_mut().push_theirs(message, &client_id);
        self.keep_pending();
        if let Some(nodes) = self.nodes.borrow_mut().as_mut() {
            nodes.follow();
        }
        self.changed();
        let app = Rc::clone(self);
        let ask = move || {
            let model = app.model.borrow();
            let waits = model.is_theirs() && model.position().is_none();
            if waits && model.pending().is_some_and(|(id, _)| id == client_id) {
                drop(model);
                app.catch_up(true);
            }
        };
        Self::later(SILENCE_MS, Box::new(ask));
    }

    /// Whether the answer at hand is another tab's, and nobody looks at this one.
    pub fn rests(&self) -> bool {
        is_hidden() && self.model.borrow().is_theirs()
    }

    /// Somebody looks at this tab, or no longer.
    fn looked_at(self: &Rc<Self>) {
        if self.rests() {
            if let Some(abort) = self.abort.borrow_mut().take() {
                abort.abort();
            }
        } else if !is_hidden() {
            if self.tabs.stale.get() {
                self.catch_up(false);
            } else {
                self.drive();
            }
        }
    }

    fn catch_up_later(self: &Rc<Self>) {
        self.tabs.stale.set(true);
        self.looked_at();
    }

    /// Takes what was missed, now that there is a session or the turn at hand is over.
    pub fn settle_tabs(self: &Rc<Self>) {
        if self.tabs.stale.get() && !is_hidden() {
            self.catch_up(false);
        }
    }

    /// Asks the server for the conversation. `send` also sends the message that another tab has
    /// shown and, as it seems, not sent: under its old id, so that it cannot be there twice.
    fn catch_up(self: &Rc<Self>, send: bool) {
        self.tabs.stale.set(self.is_busy() || self.line.get() != Line::Ready);
        if self.tabs.stale.get() {
            return;
        }
        let app = Rc::clone(self);
        let epoch = self.epoch.get();
        dom::spawn(Box::pin(async move {
            let found = app.current().await;
            let (Ok(conversation), false) = (found, app.is_busy() || app.is_past(epoch)) else {
                return app.tabs.stale.set(true);
            };
            if !app.model.borrow().shows(conversation.as_ref()) {
                let mut model = app.model.borrow_mut();
                let pending = model.pending().map(|(id, text)| (id.to_owned(), text.to_owned()));
                model.load(conversation, pending.filter(|_| send));
                model.follow();
            }
            app.keep_pending();
            app.changed();
            app.drive();
        }));
    }

    /// A turn of this tab's own, or one whose answer it is just taking, is not to be disturbed.
    fn is_busy(&self) -> bool {
        let model = self.model.borrow();
        let drives = self.driving.get() == Some(self.epoch.get());
        model.is_running() && (drives || !model.is_theirs())
    }

    /// Begins with a new session, as another tab has.
    fn restart(self: &Rc<Self>) {
        self.part();
        self.model.borrow_mut().clear();
        self.keep_pending();
        self.reconnect();
    }

    /// The visitor has acted in another tab: what is remembered of them holds here too.
    fn learn(self: &Rc<Self>) {
        let other = self.store.borrow_mut().learn();
        if other {
            self.join_tabs();
            self.mark();
            // Who came here by a script has said nothing yet.
            if self.line.get() == Line::Ready {
                self.restart();
            }
        }
    }

    /// An answer has come to its end: unread, where the chat is closed.
    pub fn count(self: &Rc<Self>, id: &str) {
        let known = self.counted.replace(id.to_owned()) == id;
        if known && !self.open.get() {
            return;
        }
        let count = if self.open.get() { 0 } else { self.store.borrow().memory.unread + 1 };
        self.set_unread(count);
        self.tell(&News::Unread { count, id: id.to_owned() });
        if count > 0
            && let Some(nodes) = self.nodes.borrow().as_ref()
        {
            nodes.hail(&self.handle.words.say((text::UNREAD, Some(count))));
        }
    }

    fn set_unread(&self, count: u32) {
        let mut store = self.store.borrow_mut();
        store.memory.unread = if self.open.get() { 0 } else { count };
        store.save();
        drop(store);
        self.mark();
    }
}

fn is_hidden() -> bool {
    flag(&document(), "hidden")
}
