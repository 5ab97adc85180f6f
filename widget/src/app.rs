//! Ties the rooms together: what the visitor does goes in, what is shown comes out.
//!
//! One [`App`] per widget. Every change ends in [`App::changed`], which draws at most once per
//! frame: the panel through one signal, the messages by hand (they are the hot part).

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use reactive_graph::signal::ArcRwSignal;
use shared::{ErrorCode, Look, Rating};
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use web_sys::AbortController;

use crate::api::Small;
use crate::avoid::Avoider;
use crate::dom::{self, Listener, Watcher, window};
use crate::engage::Prompter;
use crate::handle::Handle;
use crate::identity::{Change, Who, change};
use crate::model::{Model, Progress, Why};
use crate::news::News;
use crate::store::Store;
use crate::tabs::Tabs;
use crate::text;
use crate::view::{Nodes, Shown, mark};

/// Presses of the button that are so close to each other are one, in milliseconds: two clicks of a
/// double click are.
const DOUBLE_MS: f64 = 300.0;

/// How the server is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Not asked yet: a session begins when the chat is first opened.
    Quiet,
    Connecting,
    Ready,
    /// Away; it is asked again.
    Unreachable,
    /// It wants nothing of us.
    Refused,
    /// It wants to know, or could not verify, who the visitor is.
    SignIn,
}

impl Line {
    /// Nothing can be sent, and trying again does not help.
    #[must_use]
    pub fn is_shut(self) -> bool {
        matches!(self, Self::Refused | Self::SignIn)
    }
}

/// A session token and until when to use it (milliseconds of `Date.now`).
#[derive(Debug)]
pub struct Token {
    pub text: String,
    pub until: f64,
}

pub struct App {
    pub handle: Handle,
    pub look: RefCell<Look>,
    pub model: RefCell<Model>,
    pub store: RefCell<Store>,
    pub token: RefCell<Option<Token>>,
    pub line: Cell<Line>,
    /// Who the page says that the visitor is.
    pub who: RefCell<Option<Who>>,
    /// What the visitor has said of themselves and the server does not know yet, as JSON.
    pub lead: RefCell<Option<String>>,
    /// A message of the page's that waits until the visitor has filled in the form.
    pub waiting: RefCell<Option<String>>,
    /// The next session begins a new conversation.
    pub anew: Cell<bool>,
    /// A stream broke and is being taken up again.
    pub broken: Cell<bool>,
    /// The epoch whose turn is being asked for.
    pub driving: Cell<Option<u32>>,
    pub ended: Cell<bool>,
    /// Grows with every other conversation or visitor: what was asked for the old one, and is
    /// still to be answered, is not for the new one.
    pub epoch: Cell<u32>,
    /// When the running stream last gave a sign of life.
    pub heard: Cell<f64>,
    pub abort: RefCell<Option<AbortController>>,
    /// Ends the pause that is running, if any.
    pub waker: RefCell<Option<js_sys::Function>>,
    pub listeners: RefCell<Vec<Listener>>,
    /// Watches the page's theme.
    pub watcher: RefCell<Option<Watcher>>,
    pub prompter: Prompter,
    pub avoider: Avoider,
    pub tabs: Tabs,
    /// The answer that was last counted as unread.
    pub counted: RefCell<String>,
    /// The sound of this page has been asked for.
    pub sounded: Cell<bool>,
    /// Whether the message that is being sent begins a conversation is not known yet.
    pub unsure: Cell<bool>,
    /// When the button was last pressed (milliseconds of `Date.now`).
    pressed: Cell<f64>,
    /// It stood open in another language a moment ago: that is no news.
    pub redrawn: Cell<bool>,
    /// The composer had the focus then.
    pub refocus: Cell<bool>,
    pub shown: ArcRwSignal<Shown>,
    /// Grows when the look has changed.
    pub looks: Cell<u32>,
    pub nodes: RefCell<Option<Nodes>>,
    pub open: Cell<bool>,
    pub frame: RefCell<Option<Closure<dyn FnMut()>>>,
    pub scheduled: Cell<bool>,
    /// The answer that is being read out, and how far.
    pub spoken: Cell<(u32, usize)>,
}

impl App {
    #[must_use]
    pub fn new(handle: Handle) -> Rc<Self> {
        let left = handle.left();
        let mut store = Store::new(handle.place().as_deref(), left.as_deref());
        for mark in handle.kept("marks").as_string().unwrap_or_default().bytes() {
            store.mark(mark);
        }
        let redrawn = left.is_some() && store.memory.open && !handle.inline;
        let [sounded, focused] = ["sounded", "focused"].map(|name| handle.kept(name).is_truthy());
        let app = Rc::new(Self {
            look: RefCell::new(handle.look()),
            who: RefCell::new(handle.identity()),
            handle,
            model: RefCell::new(Model::new(crate::time::now)),
            store: RefCell::new(store),
            token: RefCell::default(),
            line: Cell::new(Line::Quiet),
            lead: RefCell::default(),
            waiting: RefCell::default(),
            anew: Cell::new(false),
            broken: Cell::new(false),
            driving: Cell::new(None),
            ended: Cell::new(false),
            epoch: Cell::new(0),
            heard: Cell::new(0.0),
            abort: RefCell::default(),
            waker: RefCell::default(),
            listeners: RefCell::default(),
            watcher: RefCell::default(),
            prompter: Prompter::default(),
            avoider: Avoider::default(),
            tabs: Tabs::default(),
            counted: RefCell::default(),
            sounded: Cell::new(sounded),
            unsure: Cell::new(false),
            pressed: Cell::new(0.0),
            redrawn: Cell::new(redrawn),
            refocus: Cell::new(focused),
            shown: ArcRwSignal::new(Shown::default()),
            looks: Cell::new(0),
            nodes: RefCell::default(),
            open: Cell::new(false),
            frame: RefCell::default(),
            scheduled: Cell::new(false),
            spoken: Cell::default(),
        });
        let weak = Rc::downgrade(&app);
        let draw = Closure::<dyn FnMut()>::new(move || {
            if let Some(app) = weak.upgrade() {
                app.scheduled.set(false);
                app.draw();
            }
        });
        *app.frame.borrow_mut() = Some(draw);
        app
    }

    /// A command from the page, by way of the loader.
    pub fn command(self: &Rc<Self>, name: &str, argument: Option<String>) {
        match (name, argument) {
            ("open", _) => self.open(false),
            ("close", _) => self.close(),
            // A double click, or one more while the widget was on its way, is one click.
            ("press", _) if self.heard_press() => {}
            ("toggle" | "press", _) if self.open.get() => self.close(),
            ("toggle" | "press", _) => self.open(name == "press"),
            ("send", Some(message)) => {
                self.open(false);
                if self.must_introduce() {
                    self.waiting.replace(Some(message));
                } else {
                    self.send_for_page(&message);
                }
            }
            ("identify", _) => self.identify(),
            ("reset", _) => {
                self.tell(&News::Reset);
                self.reset();
            }
            ("look", _) => self.relook(),
            ("destroy", _) => self.end(),
            _ => {}
        }
    }

    /// Whether the button was pressed a moment ago already.
    fn heard_press(&self) -> bool {
        let now = js_sys::Date::now();
        now - self.pressed.replace(now) < DOUBLE_MS
    }

    pub fn open(self: &Rc<Self>, by_visitor: bool) {
        if by_visitor {
            self.store.borrow_mut().act();
        }
        if !self.open.replace(true) {
            let unread = std::mem::take(&mut self.store.borrow_mut().memory.unread);
            if unread > 0 {
                self.tell(&News::Unread { count: 0, id: self.counted.borrow().clone() });
            }
            self.remember_open();
            self.mark();
            self.connect();
            self.keep_session(0);
            self.draw();
            if let Some(nodes) = self.nodes.borrow_mut().as_mut() {
                nodes.note_focus();
                nodes.show(true);
            }
            self.rise_soon();
            if !self.redrawn.replace(false) {
                self.handle.emit("widget:open", &[]);
            }
        }
        if by_visitor || self.refocus.take() {
            self.focus_composer();
        }
    }

    pub fn close(&self) {
        if self.open.replace(false) {
            self.remember_open();
            self.mark();
            if let Some(nodes) = self.nodes.borrow_mut().as_mut() {
                nodes.leave(&self.handle);
                nodes.show(false);
            }
            self.handle.emit("widget:close", &[]);
        }
    }

    /// Brings the button, and what stands beside it, in step.
    pub fn mark(&self) {
        mark(&self.handle, self.open.get(), self.store.borrow().memory.unread);
        self.prompter.wake();
    }

    fn remember_open(&self) {
        // A chat in the page is open on every page.
        if self.handle.inline {
            return;
        }
        let mut store = self.store.borrow_mut();
        store.memory.open = self.open.get();
        store.save();
    }

    /// What stands in the composer has changed by the visitor's hand.
    pub fn typed(&self, draft: String) {
        let mut store = self.store.borrow_mut();
        store.act();
        store.memory.draft = draft;
        store.save();
        drop(store);
        self.changed();
    }

    /// Puts a text into the composer.
    pub fn set_draft(&self, draft: &str) {
        if let Some(nodes) = self.nodes.borrow().as_ref() {
            nodes.set_draft(draft);
        }
        let mut store = self.store.borrow_mut();
        draft.clone_into(&mut store.memory.draft);
        store.save();
        drop(store);
        self.changed();
    }

    /// Sends a message of the page's, or says why not.
    fn send_for_page(self: &Rc<Self>, message: &str) {
        if !self.send(message) {
            let (why, code) = if shared::chat::check_message(message).is_err() {
                ("send() takes 1 to 4000 characters", ErrorCode::InvalidRequest)
            } else if self.model.borrow().is_running() {
                ("an answer is being written", ErrorCode::TurnInProgress)
            } else {
                ("nothing can be sent now", ErrorCode::NotReady)
            };
            self.handle.emit("error", &[("message", why), ("code", code.as_str())]);
        }
    }

    /// Sends what stands in the composer.
    pub fn submit(self: &Rc<Self>) {
        self.store.borrow_mut().act();
        let draft = self.store.borrow().memory.draft.clone();
        if self.send(&draft) {
            self.set_draft("");
        }
    }

    /// Sends a message; false when that is not possible now.
    pub fn send(self: &Rc<Self>, message: &str) -> bool {
        if !self.may_send() || shared::chat::check_message(message).is_err() {
            return false;
        }
        let first = self.model.borrow().entries().is_empty();
        let known = self.store.borrow().memory.visitor.clone();
        if !self.model.borrow_mut().push(message, &new_id()) {
            return false;
        }
        self.begin_turn();
        if first && (self.line.get() == Line::Ready || known.is_none()) {
            self.handle.emit("conversation:start", &[]);
        } else if first {
            // There may be an earlier conversation: the session will tell.
            self.unsure.set(true);
        }
        self.handle.emit("message:sent", &[("text", message)]);
        true
    }

    pub fn retry(self: &Rc<Self>) {
        if self.may_send() && self.model.borrow_mut().retry() {
            self.begin_turn();
        }
    }

    fn begin_turn(self: &Rc<Self>) {
        self.keep_pending();
        self.tell_sent();
        if let Some(nodes) = self.nodes.borrow_mut().as_mut() {
            nodes.follow();
        }
        self.changed();
        self.connect();
        self.drive();
    }

    /// Stops the running answer. Without a connection to say it on, it ends here.
    pub fn stop(self: &Rc<Self>) {
        let turn = self.model.borrow_mut().stop();
        if self.broken.get() || self.line.get() != Line::Ready {
            // The server ends it when nobody takes it up again.
            self.model.borrow_mut().end_here();
            self.turn_over();
            self.wake();
        } else if let Some(turn) = turn {
            self.small(Small::Stop(turn));
        }
    }

    /// Presses a thumb.
    pub fn rate(self: &Rc<Self>, key: u32, pressed: Rating) {
        let rated = self.model.borrow_mut().rate(key, pressed);
        if let Some((message, rating)) = rated {
            let word = match rating {
                Some(Rating::Up) => "up",
                Some(Rating::Down) => "down",
                None => "",
            };
            self.handle.emit("feedback", &[("messageId", &message), ("rating", word)]);
            self.tell(&News::Rated { id: message.clone(), rating: word.to_owned() });
            self.small(Small::Rate(message, rating, None));
            self.changed();
            if let Some(nodes) = self.nodes.borrow().as_ref() {
                nodes.ask_why(key, rating == Some(Rating::Down), &self.handle.words);
            }
        }
    }

    /// Sends what the visitor says about a bad answer.
    pub fn comment(self: &Rc<Self>, key: u32, comment: &str) {
        let model = self.model.borrow();
        let entry = model.entries().iter().find(|entry| entry.key == key);
        let Some(message) = entry.and_then(|entry| entry.id.clone()) else { return };
        drop(model);
        let detail = [("messageId", message.as_str()), ("rating", "down"), ("comment", comment)];
        self.handle.emit("feedback", &detail);
        self.small(Small::Rate(message, Some(Rating::Down), Some(comment.to_owned())));
    }

    /// Begins a new conversation.
    pub fn renew_conversation(self: &Rc<Self>) {
        if self.line.get() != Line::Ready {
            return;
        }
        self.part();
        self.model.borrow_mut().clear();
        self.keep_pending();
        self.anew.set(true);
        self.tabs.other.set(true);
        self.reconnect();
        self.focus_composer();
    }

    /// Takes leave of the session and of what is still to come of it.
    pub fn part(&self) {
        self.epoch.set(self.epoch.get() + 1);
        if let Some(abort) = self.abort.borrow_mut().take() {
            abort.abort();
        }
        self.token.borrow_mut().take();
        self.broken.set(false);
        self.wake();
        self.changed();
    }

    /// Takes up who the visitor is, if the page has said another thing than before.
    fn identify(self: &Rc<Self>) {
        let who = self.handle.identity();
        let change = change(self.who.borrow().as_ref(), who.as_ref());
        if change == Change::Named
            && self.line.get() == Line::Ready
            && self.model.borrow().is_running()
        {
            // A conversation goes over to its user with its last answer: after the turn.
            return;
        }
        self.who.replace(who);
        match change {
            Change::Nothing => return,
            Change::Proof if self.line.get() == Line::Ready => {
                self.token.borrow_mut().take();
                self.keep_session(0);
                return;
            }
            Change::User => self.clear(),
            // A new conversation was wished for by nobody: it must not close this user's.
            Change::Named => self.anew.set(false),
            Change::Proof => {}
        }
        let waiting = self.open.get() || self.store.borrow().memory.pending.is_some();
        if waiting || self.line.get() != Line::Quiet {
            self.tabs.other.set(true);
            self.part();
            self.reconnect();
        }
    }

    /// Forgets the visitor. The loader has removed what was stored.
    pub fn reset(&self) {
        self.part();
        self.line.set(Line::Quiet);
        self.who.take();
        self.lead.take();
        self.waiting.take();
        self.store.borrow_mut().forget();
        self.clear();
        self.mark();
    }

    /// Takes away what one visitor has said and been told, before there is another.
    fn clear(&self) {
        self.anew.set(false);
        self.model.borrow_mut().clear();
        self.store.borrow_mut().memory.pending = None;
        self.set_draft("");
    }

    /// The turn has come to its end, whichever.
    pub fn turn_over(self: &Rc<Self>) {
        self.tell_end();
        self.identify();
        self.settle_tabs();
    }

    fn tell_end(self: &Rc<Self>) {
        self.broken.set(false);
        self.keep_pending();
        self.changed();
        let model = self.model.borrow();
        let Some(answer) = model.entries().last() else { return };
        let id = answer.id.clone().unwrap_or_default();
        if !model.is_theirs() {
            self.tell(&News::Over { id: id.clone() });
        }
        if !matches!(answer.progress, Progress::Failed { .. }) {
            self.count(&id);
        }
        if model.is_theirs() {
            // The page has heard of it in the tab that asked.
            return;
        }
        match &answer.progress {
            Progress::Failed { why, .. } => {
                let said = self.handle.words.say(text::failure(why));
                self.announce(&said);
                let limited = model.limit().is_some();
                let event = if limited { "limit:reached" } else { "error" };
                let said = self.notice().filter(|_| limited).unwrap_or(said);
                let code = match why {
                    Why::Code(code) => code.as_str(),
                    Why::Wait(_) => ErrorCode::RateLimitExceeded.as_str(),
                    Why::Lost => "",
                };
                self.handle.emit(event, &[("message", &said), ("code", code)]);
            }
            _ => {
                self.handle.emit("message:received", &[("messageId", &id), ("text", &answer.text)]);
                if self.is_full() {
                    let said = self.notice().unwrap_or_default();
                    let code = ErrorCode::ConversationMessageLimit.as_str();
                    self.handle.emit("limit:reached", &[("message", &said), ("code", code)]);
                }
            }
        }
    }

    /// Keeps the message that is being answered, for the case that the page goes away.
    pub fn keep_pending(&self) {
        let model = self.model.borrow();
        let pending = model.pending().map(|(id, text)| (id.to_owned(), text.to_owned()));
        let mut store = self.store.borrow_mut();
        if store.memory.pending != pending {
            store.memory.pending = pending;
            store.save();
        }
    }

    /// Ends the pause before the next attempt.
    pub fn wake(&self) {
        if let Some(waker) = self.waker.borrow_mut().take() {
            let _ = waker.call0(&JsValue::UNDEFINED);
        }
    }

    /// Does something in a moment, outside of the event at hand.
    pub fn later(milliseconds: i32, then: Box<dyn FnOnce()>) {
        dom::spawn(Box::pin(async move {
            dom::pause(milliseconds, None).await;
            then();
        }));
    }

    /// Shows what is remembered, once the nodes are there.
    pub fn begin(self: &Rc<Self>) {
        self.paint();
        let draft = self.store.borrow().memory.draft.clone();
        if let Some(nodes) = self.nodes.borrow().as_ref() {
            nodes.set_draft(&draft);
        }
        self.attend();
        self.mark();
        if self.handle.inline {
            self.open(false);
        }
        if self.store.borrow().memory.pending.is_some() {
            self.connect();
        }
        self.draw();
    }

    /// What belongs to the button; a chat in the page has none.
    fn attend(self: &Rc<Self>) {
        if self.handle.inline {
            return;
        }
        if let Some(nodes) = self.nodes.borrow().as_ref() {
            self.engage(nodes.root());
        }
        self.avoid();
        self.sound();
    }

    pub fn paint(&self) {
        if let Some(nodes) = self.nodes.borrow().as_ref() {
            nodes.paint(&self.look.borrow(), &self.handle);
        }
    }

    /// Moves the focus to where the visitor writes.
    pub fn focus_composer(self: &Rc<Self>) {
        let app = Rc::clone(self);
        let focus = move || {
            if let Some(nodes) = app.nodes.borrow().as_ref().filter(|_| app.open.get()) {
                nodes.focus_composer(app.must_introduce());
            }
        };
        // What has just changed places is drawn in a moment; else at once, as a phone's keyboard
        // comes up only for what is done in the gesture.
        match self.nodes.borrow().as_ref() {
            Some(nodes) if nodes.asks() == self.must_introduce() => focus(),
            _ => Self::later(0, Box::new(focus)),
        }
    }

    fn relook(self: &Rc<Self>) {
        let reopen = self.store.borrow_mut().settle(self.handle.place().as_deref());
        if self.store.borrow().name().is_none() {
            self.leave_tabs();
        }
        self.join_tabs();
        *self.look.borrow_mut() = self.handle.look();
        self.looks.set(self.looks.get() + 1);
        if let Some(nodes) = self.nodes.borrow_mut().as_mut() {
            nodes.relook();
        }
        self.paint();
        self.attend();
        self.wake();
        if reopen {
            let draft = self.store.borrow().memory.draft.clone();
            self.set_draft(&draft);
            self.open(false);
        }
        self.changed();
    }

    fn end(&self) {
        self.handle.leave(&self.store.borrow().written());
        self.handle.keep("marks", self.store.borrow().marks());
        self.handle.keep("sounded", self.sounded.get());
        let focused = self.nodes.borrow().as_ref().is_some_and(Nodes::has_focus);
        self.handle.keep("focused", focused);
        self.ended.set(true);
        self.line.set(Line::Quiet);
        if let Some(abort) = self.abort.borrow_mut().take() {
            abort.abort();
        }
        self.wake();
        self.prompter.wake();
        self.avoider.end();
        self.leave_tabs();
        self.listeners.borrow_mut().clear();
        self.watcher.borrow_mut().take();
        self.nodes.borrow_mut().take();
    }
}

/// Whether the browser believes to have a network.
#[must_use]
pub fn is_online() -> bool {
    dom::flag(&dom::get(&window(), "navigator"), "onLine")
}

/// An id that no other message of this session has.
fn new_id() -> String {
    let random = || ((js_sys::Math::random() * f64::from(u32::MAX)) as u32).to_string();
    [random(), random(), random(), random()].join("-")
}
