//! The long-running part: gets a session, asks for the running turn until it is over, and comes
//! back after every loss. Decisions are the model's; here is only the waiting.

use std::rc::Rc;

use shared::browser::Opening;
use shared::conversation::Conversation;
use shared::widget::Refusal;
use shared::{ErrorCode, Page};
use wasm_bindgen::JsCast;
use web_sys::{AbortController, console};

use crate::api::{self, Failure, Small};
use crate::app::{App, Line, Token, is_online};
use crate::dom::{self, document, get, window, word};
use crate::model::{Applied, Ask, Next, Why};
use crate::news::News;

/// Attempts without progress before a turn is given up, while the network is said to be there.
const ATTEMPTS: u32 = 7;
/// A token is not used in the last moments before its end.
const MARGIN_MS: f64 = 20_000.0;
/// How long a page has to answer a refused renewal before the visitor hears of it.
const GRACE_MS: i32 = 5000;
/// The server pings every 15 seconds of silence; a stream silent for longer is dead.
const SILENCE_MS: f64 = 40_000.0;

impl App {
    /// Begins a session unless there is one or one is being begun.
    pub fn connect(self: &Rc<Self>) {
        if self.line.get() == Line::Quiet {
            self.reconnect();
        }
    }

    /// Begins a session, whatever there was.
    pub fn reconnect(self: &Rc<Self>) {
        self.line.set(Line::Connecting);
        // What was missed until now comes with the session; what comes meanwhile may not.
        self.tabs.stale.set(false);
        let (app, epoch) = (Rc::clone(self), self.epoch.get());
        dom::spawn(Box::pin(async move { app.connecting(epoch).await }));
    }

    /// Whether what was begun in `epoch` is of no use any more.
    pub fn is_past(&self, epoch: u32) -> bool {
        self.ended.get() || self.epoch.get() != epoch
    }

    async fn connecting(self: Rc<Self>, epoch: u32) {
        let mut attempt = 0;
        while !self.is_past(epoch) {
            let result = self.session().await;
            if self.is_past(epoch) {
                return;
            }
            match result {
                Ok(conversation) => {
                    self.line.set(Line::Ready);
                    self.show(conversation);
                    if self.tabs.other.take() {
                        self.tell(&News::Other);
                    }
                    self.settle_tabs();
                    return;
                }
                Err(Failure::Refused(body)) if !body.code.retryable() => {
                    self.refused(&body);
                    return;
                }
                Err(_) => {
                    self.line.set(Line::Unreachable);
                    self.changed();
                    self.pause(attempt).await;
                    attempt += 1;
                }
            }
        }
    }

    /// Shows the conversation as the server has it, and goes on with what is running in it.
    fn show(self: &Rc<Self>, conversation: Option<Conversation>) {
        let being_sent = self
            .model
            .borrow()
            .pending()
            .map(|(id, text)| (id.to_owned(), text.to_owned()))
            .or_else(|| self.store.borrow().memory.pending.clone());
        self.model.borrow_mut().load(conversation, being_sent);
        self.keep_pending();
        self.changed();
        self.drive();
    }

    /// The server will have no session with us: tells the page, then the visitor.
    fn refused(&self, body: &Refusal) {
        self.shut(body);
        self.complain(body);
    }

    fn complain(&self, body: &Refusal) {
        let code = body.code.as_str();
        let why = body.message.as_ref().unwrap_or(&body.error);
        let remedy = if wants_a_name(body) {
            ". Call ChatWidget.identify() with a valid userHash or jwt"
        } else {
            ""
        };
        console::error_1(&["Natter: ", why, " (", code, ")", remedy].concat().into());
        self.handle.emit("error", &[("message", why), ("code", code)]);
    }

    fn shut(&self, body: &Refusal) {
        self.line.set(Line::Refused);
        if wants_a_name(body) {
            self.line.set(Line::SignIn);
            self.give_back();
        }
        self.model.borrow_mut().fail(Why::Code(body.code), false);
        self.keep_pending();
        self.changed();
    }

    async fn session(self: &Rc<Self>) -> Result<Option<Conversation>, Failure> {
        let epoch = self.epoch.get();
        let who = self.who.borrow().clone();
        let lead = self.lead.borrow().clone();
        let opening = Opening {
            license_key: self.handle.key("licenseKey"),
            chatbot_id: self.handle.key("chatbotId"),
            visitor_id: self.store.borrow().memory.visitor.clone(),
            new: self.anew.get(),
            identity: who.as_ref().map(|who| who.identity.clone()),
            lead: lead.clone(),
            page: page(),
        };
        let answer = api::session(&self.handle, &opening).await;
        if self.is_past(epoch) || *self.who.borrow() != who {
            // A visitor who is gone is not to be remembered, a proof that was replaced not judged.
            return Err(Failure::Lost);
        }
        if let Err(Failure::Refused(body)) = &answer
            && body.code == ErrorCode::InvalidRequest
            && lead.is_some()
        {
            // The visitor's own answers are all in it that may be wrong: they are asked for again.
            self.complain(body);
            self.lead.take();
            self.changed();
            return Err(Failure::Lost);
        }
        let answer = answer?;
        self.introduced(lead);
        self.anew.set(false);
        // A clock that is wrong must not ask for a token with every call.
        let now = js_sys::Date::now();
        let until = (js_sys::Date::parse(&answer.expires_at) - MARGIN_MS).max(now + 60_000.0);
        *self.token.borrow_mut() = Some(Token { text: answer.token, until });
        // A moment later, so that it is not found good.
        self.keep_session((until - now + 1000.0) as i32);
        let mut store = self.store.borrow_mut();
        if store.memory.visitor.as_ref() != Some(&answer.visitor_id) {
            store.memory.visitor = Some(answer.visitor_id);
            store.save();
        }
        drop(store);
        if self.unsure.take() && answer.conversation.is_none() {
            self.handle.emit("conversation:start", &[]);
        }
        Ok(answer.conversation)
    }

    /// A token that is still good, renewed silently.
    async fn token(self: &Rc<Self>) -> Result<String, Failure> {
        if !self.has_token() {
            self.session().await?;
        }
        self.token.borrow().as_ref().map(|token| token.text.clone()).ok_or(Failure::Lost)
    }

    fn has_token(&self) -> bool {
        let now = js_sys::Date::now();
        self.token.borrow().as_ref().is_some_and(|token| token.until > now)
    }

    /// Renews the session in a while, unnoticed, if the panel is open and the token's time has
    /// come. A server that is away is asked again when something is to be said.
    pub fn keep_session(self: &Rc<Self>, milliseconds: i32) {
        let app = Rc::clone(self);
        dom::spawn(Box::pin(async move {
            dom::pause(milliseconds, None).await;
            if app.open.get()
                && app.line.get() == Line::Ready
                && let Err(Failure::Refused(body)) = app.token().await
                && !body.code.retryable()
            {
                app.complain(&body);
                // The page may have a fresh proof: a JWT may well end before its visitor leaves.
                dom::pause(GRACE_MS, None).await;
                if app.line.get() == Line::Ready
                    && !app.has_token()
                    && !app.model.borrow().is_running()
                {
                    app.shut(&body);
                }
            }
        }));
    }

    /// Asks for the running turn until it is over; harmless when that is being done.
    pub fn drive(self: &Rc<Self>) {
        let epoch = self.epoch.get();
        if self.line.get() == Line::Ready && self.driving.replace(Some(epoch)) != Some(epoch) {
            let app = Rc::clone(self);
            dom::spawn(Box::pin(async move {
                app.driven(epoch).await;
                // Another epoch has a driver of its own.
                if app.driving.get() == Some(epoch) {
                    app.driving.set(None);
                }
            }));
        }
    }

    async fn driven(self: &Rc<Self>, epoch: u32) {
        let (mut attempt, mut renewed) = (0, false);
        while !self.is_past(epoch) && !self.rests() {
            let Some(ask) = self.model.borrow().ask() else { return };
            let before = self.seq();
            let result = self.listen(ask).await;
            if self.is_past(epoch) || (self.rests() && self.model.borrow().is_running()) {
                return;
            }
            if self.seq() != before {
                (attempt, renewed) = (0, false);
            }
            if let Err(Failure::Refused(body)) = &result {
                let next = self.model.borrow_mut().refuse(body);
                match next {
                    Next::Renew if !renewed => {
                        renewed = true;
                        self.token.borrow_mut().take();
                        continue;
                    }
                    Next::Renew => self.model.borrow_mut().fail(Why::Code(body.code), true),
                    Next::SignIn => return self.refused(body),
                    Next::Reload => match self.reload(epoch).await {
                        // Once at once; a turn that is not found again and again is waited for.
                        Ok(()) if attempt == 0 || self.model.borrow().ask().is_none() => {
                            attempt += 1;
                            continue;
                        }
                        Ok(()) => {}
                        Err(_) if self.is_past(epoch) => return,
                        // Perhaps its token was the reason.
                        Err(_) => drop(self.token.borrow_mut().take()),
                    },
                    Next::Later | Next::Failed => {}
                }
            }
            if !self.model.borrow().is_running() {
                self.turn_over();
                continue;
            }
            attempt += 1;
            if attempt > ATTEMPTS && is_online() {
                self.model.borrow_mut().fail(Why::Lost, true);
                self.turn_over();
                continue;
            }
            self.broken.set(true);
            self.changed();
            self.pause(attempt).await;
        }
    }

    fn seq(&self) -> u64 {
        self.model.borrow().position().map_or(0, |(_, seq)| seq)
    }

    /// One stream, from its request to its end.
    async fn listen(self: &Rc<Self>, ask: Ask) -> Result<(), Failure> {
        let token = self.token().await?;
        let Ok(abort) = AbortController::new() else { return Err(Failure::Lost) };
        let epoch = self.epoch.get();
        *self.abort.borrow_mut() = Some(abort.clone());
        self.heard.set(js_sys::Date::now());
        self.watch(abort.clone());
        let mut take = |event| {
            self.heard.set(js_sys::Date::now());
            if epoch != self.epoch.get() || self.ended.get() {
                return false;
            }
            let Some(event) = event else { return true };
            self.broken.set(false);
            let unnamed = self.model.borrow().position().is_none();
            let applied = self.model.borrow_mut().apply(event);
            if applied == Applied::Changed {
                if unnamed {
                    self.tell_named();
                }
                self.stop_if_due();
            }
            self.changed();
            matches!(applied, Applied::Changed | Applied::Ignored)
        };
        let signal = get(&abort, "signal").unchecked_into();
        let result = api::stream(&self.handle, token, ask, page(), &signal, &mut take).await;
        // The watcher sees by this that its stream has ended.
        self.abort.borrow_mut().take_if(|current| *current == abort);
        result
    }

    /// Says the wish to stop, once the turn has a name to say it with.
    pub fn stop_if_due(self: &Rc<Self>) {
        let due = self.model.borrow_mut().stop_due();
        if let Some(turn) = due {
            self.small(Small::Stop(turn));
        }
    }

    /// Breaks off a stream that has fallen silent, once it has spoken.
    fn watch(self: &Rc<Self>, abort: AbortController) {
        let app = Rc::clone(self);
        dom::spawn(Box::pin(async move {
            loop {
                dom::pause(5000, None).await;
                if app.abort.borrow().as_ref() != Some(&abort) {
                    return;
                }
                // Before its first event an answer may take as long as the model needs.
                let started = app.model.borrow().position().is_some();
                if started && js_sys::Date::now() - app.heard.get() > SILENCE_MS {
                    abort.abort();
                    return;
                }
            }
        }));
    }

    /// The conversation as the server has it.
    pub async fn current(self: &Rc<Self>) -> Result<Option<Conversation>, Failure> {
        let token = self.token().await?;
        api::current(&self.handle, token).await
    }

    /// Another turn is running, or ours is forgotten: takes over what the server has. A message
    /// that was not taken goes back into the composer.
    async fn reload(self: &Rc<Self>, epoch: u32) -> Result<(), Failure> {
        let conversation = self.current().await?;
        if self.is_past(epoch) {
            return Err(Failure::Lost);
        }
        self.give_back();
        self.model.borrow_mut().load(conversation, None);
        self.keep_pending();
        self.changed();
        Ok(())
    }

    /// Puts a message that the server has not taken back into the composer, if that is free.
    fn give_back(&self) {
        let free = self.store.borrow().memory.draft.is_empty();
        if free && self.model.borrow().position().is_none() {
            let unsent = self.model.borrow_mut().take_back();
            if let Some(unsent) = unsent {
                self.set_draft(&unsent);
            }
        }
    }

    /// Makes a call whose answer nobody waits for; an expired session is renewed once.
    pub fn small(self: &Rc<Self>, what: Small) {
        let app = Rc::clone(self);
        dom::spawn(Box::pin(async move {
            for _ in 0..2 {
                let Ok(token) = app.token().await else { return app.unrate(&what) };
                match api::small(&app.handle, token, what.clone()).await {
                    Err(Failure::Refused(body)) if body.code == ErrorCode::SessionExpired => {
                        app.token.borrow_mut().take();
                    }
                    Err(_) => return app.unrate(&what),
                    Ok(_) => return,
                }
            }
        }));
    }

    /// A thumb that has not arrived does not stay pressed.
    fn unrate(self: &Rc<Self>, what: &Small) {
        if let Small::Rate(message, ..) = what {
            self.model.borrow_mut().rated(message, None);
            self.tell(&News::Rated { id: message.clone(), rating: String::new() });
            self.changed();
        }
    }

    /// Waits before attempt `n`: half a second and twice as long each time, up to half a minute,
    /// with some chance in it, and less when the network comes back.
    async fn pause(&self, n: u32) {
        let longest = (500.0 * f64::from(1u32 << n.min(6))).min(30_000.0);
        let milliseconds = longest * (0.5 + js_sys::Math::random() / 2.0);
        dom::pause(milliseconds as i32, Some(&self.waker)).await;
    }
}

fn wants_a_name(body: &Refusal) -> bool {
    matches!(body.code, ErrorCode::IdentityInvalid | ErrorCode::IdentityRequired)
}

/// The page that the widget stands on. A fragment may hold secrets and says nothing.
fn page() -> Page {
    let fit = |mut text: String| {
        let mut end = text.len().min(shared::limits::PAGE_FIELD_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text
    };
    let page = document();
    let url = word(&get(&window(), "location"), "href");
    Page {
        url: fit(url.split('#').next().unwrap_or_default().to_owned()),
        title: fit(word(&page, "title")),
        referrer: fit(word(&page, "referrer")),
    }
}
