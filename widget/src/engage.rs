//! Shows the engagement prompts: waits for their rules, takes turns, and steps back for whoever
//! looks, reads or writes.
//!
//! One task for all of it, woken by whatever may change its mind. Decisions are in `prompts`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use shared::PromptMode;
use wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget, Node};

use crate::app::App;
use crate::dom::{self, document, flag, get, number, window, word};
use crate::prompts::{Due, Gate, first, is_page_of, scrolled};
use crate::store::DISMISSED;
use crate::view::acts::on;
use crate::view::bubble::Bubble;
use crate::view::matches;

/// How long a prompt takes to fade, as the style sheet has it.
const FADE_MS: i32 = 200;

#[derive(Debug, Default)]
pub struct Prompter {
    gate: RefCell<Gate>,
    bubble: RefCell<Option<Bubble>>,
    /// Which prompt is shown.
    at: Cell<usize>,
    /// Under the pointer; holding the focus.
    hovered: Cell<bool>,
    focused: Cell<bool>,
    announced: Cell<bool>,
    /// Ends the task's pause.
    waker: RefCell<Option<js_sys::Function>>,
}

impl Prompter {
    /// Something has happened that may show, hide or hold a prompt.
    pub fn wake(&self) {
        if let Some(waker) = self.waker.borrow_mut().take() {
            let _ = waker.call0(&wasm_bindgen::JsValue::UNDEFINED);
        }
    }

    fn is_held(&self) -> bool {
        self.hovered.get() || self.focused.get()
    }
}

impl App {
    /// Begins to show prompts, once there are any. `root` is the panel's parent.
    pub fn engage(self: &Rc<Self>, root: &Element) {
        let prompter = &self.prompter;
        if self.look.borrow().engagement_prompts.is_empty() || prompter.bubble.borrow().is_some() {
            return prompter.wake();
        }
        let bubble = Bubble::new(root, &self.handle.words);
        listen(self, &bubble.root);
        *prompter.bubble.borrow_mut() = Some(bubble);
        let look = self.look.borrow();
        let count = look.engagement_prompts.len();
        prompter.at.set(first(look.engagement_prompt_mode, count, js_sys::Math::random()));
        let app = Rc::clone(self);
        dom::spawn(Box::pin(async move { app.prompting().await }));
    }

    async fn prompting(self: Rc<Self>) {
        let mut next = None;
        while !self.ended.get() {
            let (due, now) = (self.due(), now());
            let shown = due == Due::Now;
            if shown && next.is_some_and(|next| next <= now) {
                self.turn().await;
                next = None;
            }
            self.show_prompt(shown);
            self.rise_soon();
            let held = self.open.get() || self.prompter.is_held();
            let rotates = shown && !held && self.rotation().is_some();
            next = rotates.then(|| next.unwrap_or(now + self.rotation().unwrap_or_default()));
            let longest = if self.must_look() { 1000 } else { i32::MAX };
            let pause = match (due, next) {
                (Due::In(milliseconds), _) => milliseconds,
                (_, Some(next)) => (next - now).max(0.0).ceil() as i32,
                _ => i32::MAX,
            };
            dom::pause(pause.min(longest), Some(&self.prompter.waker)).await;
        }
    }

    /// Between two prompts, in milliseconds; none when there is one.
    fn rotation(&self) -> Option<f64> {
        let look = self.look.borrow();
        let rotates = look.engagement_prompt_mode == PromptMode::Rotate;
        (rotates && look.engagement_prompts.len() > 1)
            .then(|| f64::from(look.engagement_prompt_rotate_seconds) * 1000.0)
    }

    /// Only patterns need the address, and only older browsers must be asked for it.
    fn must_look(&self) -> bool {
        !self.look.borrow().engagement_rules.url_patterns.is_empty()
            && !get(&window(), "navigation").is_truthy()
    }

    fn due(&self) -> Due {
        let look = self.look.borrow();
        let away = self.store.borrow().has_mark(DISMISSED) || self.handle.button.hidden();
        if away || look.engagement_prompts.is_empty() {
            return Due::Later;
        }
        let (rules, now) = (&look.engagement_rules, now());
        let place = get(&window(), "location");
        // A pattern may be written as it is read or as it is sent.
        let is_page = |write: fn(String) -> String| {
            let address = |name| write(word(&place, name));
            is_page_of(&rules.url_patterns, &address("href"), &address("pathname"))
        };
        let readable = |sent: String| js_sys::decode_uri(&sent).map_or(String::new(), String::from);
        let mut gate = self.prompter.gate.borrow_mut();
        gate.visit(is_page(|sent| sent) || is_page(readable), now);
        gate.scroll(percent());
        gate.due(rules, now)
    }

    /// The next prompt, softly.
    async fn turn(&self) {
        let fade = |away| {
            if let Some(bubble) = self.prompter.bubble.borrow().as_ref() {
                bubble.fade(away);
            }
        };
        if !matches("(prefers-reduced-motion: reduce)") {
            fade(true);
            dom::pause(FADE_MS, None).await;
        }
        self.prompter.at.set(self.prompter.at.get() + 1);
        fade(false);
    }

    fn show_prompt(&self, shown: bool) {
        let prompter = &self.prompter;
        let bubble = prompter.bubble.borrow();
        let (Some(bubble), look) = (bubble.as_ref(), self.look.borrow()) else { return };
        let prompts = &look.engagement_prompts;
        if let Some(prompt) = prompts.get(prompter.at.get() % prompts.len().max(1)) {
            // Not under the hand of somebody who is about to press it.
            if !prompter.is_held() && bubble.written() != *prompt {
                bubble.write(prompt);
            }
            // Once: a bubble that takes turns is no news each time.
            if shown
                && !self.open.get()
                && !prompter.announced.replace(true)
                && let Some(nodes) = self.nodes.borrow().as_ref()
            {
                nodes.hail(prompt);
            }
        }
        bubble.show(shown);
    }

    /// Opens the chat with the prompt as a draft, unless the visitor has one.
    pub fn take_prompt(self: &Rc<Self>) {
        let prompt = self.prompter.bubble.borrow().as_ref().map(Bubble::written);
        self.open(true);
        let free = self.store.borrow().memory.draft.trim().is_empty();
        if let Some(prompt) = prompt.filter(|_| free) {
            self.set_draft(&prompt);
        }
    }

    /// Sends the prompts away for this browser session.
    pub fn dismiss_prompts(&self) {
        let mut store = self.store.borrow_mut();
        store.act();
        store.mark(DISMISSED);
        drop(store);
        if self.prompter.focused.get() {
            let _ = self.handle.button.focus();
        }
        self.prompter.wake();
    }
}

/// Listens for what may show, hide or hold a prompt.
fn listen(app: &Rc<App>, bubble: &Element) {
    on(app, bubble, "pointerenter", |app, _| hold(app, &app.prompter.hovered, true));
    on(app, bubble, "pointerleave", |app, _| hold(app, &app.prompter.hovered, false));
    on(app, bubble, "focusin", |app, _| hold(app, &app.prompter.focused, true));
    on(app, bubble, "focusout", |app, event| {
        let to = get(event, "relatedTarget");
        let bubble = app.prompter.bubble.borrow();
        let inside = bubble.as_ref().is_some_and(|bubble| {
            to.is_truthy() && bubble.root.contains(Some(to.unchecked_ref::<Node>()))
        });
        hold(app, &app.prompter.focused, inside);
    });
    let (window, page) = (window(), document());
    on(app, &page, "scroll", |app, _| {
        let reached = app.look.borrow().engagement_rules.scroll_percent;
        // Else every step of every scrolling would be looked at.
        if reached > 0 && percent() >= reached {
            app.prompter.wake();
        }
    });
    on(app, &page, "mouseout", |app, event| {
        let rules = &app.look.borrow().engagement_rules;
        if rules.exit_intent && !flag(event, "relatedTarget") && number(event, "clientY") <= 0 {
            app.prompter.gate.borrow_mut().leave(rules, now());
            app.prompter.wake();
        }
    });
    on(app, &window, "popstate", |app, _| app.prompter.wake());
    let navigation = get(&window, "navigation");
    if navigation.is_truthy() {
        let navigation: &EventTarget = navigation.unchecked_ref();
        on(app, navigation, "currententrychange", |app, _| app.prompter.wake());
    }
}

fn hold(app: &App, what: &Cell<bool>, held: bool) {
    what.set(held);
    app.prompter.wake();
}

/// Milliseconds since the page was entered.
fn now() -> f64 {
    let performance = get(&window(), "performance");
    dom::call(&performance, "now", &[]).as_f64().unwrap_or_default()
}

fn percent() -> u32 {
    let page = get(&document(), "scrollingElement");
    scrolled(
        number(&page, "scrollTop"),
        number(&page, "scrollHeight"),
        number(&window(), "innerHeight"),
    )
}
