//! Going from page to page: the address bar, links, and the question before edits are lost.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};

use crate::browser::{listen_for_ever, window};
use crate::route::{BASE, Route};

/// Where the reader is, for every page by `expect_context`.
#[derive(Clone, Copy)]
pub struct Nav {
    pub route: RwSignal<Route>,
    /// What stands behind `?` in the address.
    pub query: RwSignal<String>,
    /// Of each open form, whether it has edits that are not saved.
    unsaved: StoredValue<Vec<Memo<bool>>>,
    /// Of each dialog, whether it shows or does what must not be left.
    held: StoredValue<Vec<Memo<bool>>>,
    /// Where to, once the reader has said that the edits may go.
    pub wanted: RwSignal<Option<String>>,
    /// The page is another than before, and its title has not had the focus yet.
    arrived: StoredValue<bool>,
}

fn address() -> (String, String) {
    let location = window().location();
    let query = location.search().unwrap_or_default();
    (location.pathname().unwrap_or_default(), query.trim_start_matches('?').to_owned())
}

impl Nav {
    /// Reads the address and listens to the browser's back button and to links.
    #[must_use]
    pub fn start() -> Self {
        let (path, query) = address();
        let nav = Self {
            route: RwSignal::new(Route::parse(&path)),
            query: RwSignal::new(query),
            unsaved: StoredValue::new(Vec::new()),
            held: StoredValue::new(Vec::new()),
            wanted: RwSignal::new(None),
            arrived: StoredValue::new(false),
        };
        listen_for_ever("popstate", move |_| nav.went_back());
        listen_for_ever("click", move |event| nav.clicked(event.unchecked_ref()));
        listen_for_ever("beforeunload", move |event| {
            if nav.has_unsaved() || nav.is_held() {
                event.prevent_default();
            }
        });
        nav
    }

    /// Goes to a page, after asking when edits would be lost.
    pub fn go(self, route: &Route) {
        self.open(&route.path());
    }

    /// Goes to an address of the dashboard, after asking when edits would be lost.
    pub fn open(self, address: &str) {
        let to = Route::parse(address.split('?').next().unwrap_or_default());
        if self.is_held() {
            self.wanted.set(Some(address.to_owned()));
        } else if self.route.get_untracked().thing() == to.thing() {
            // Another tab of the same thing: its form stays as it is.
            self.enter(address);
        } else if self.has_unsaved() {
            self.wanted.set(Some(address.to_owned()));
        } else {
            self.leave_for(address);
        }
    }

    /// Goes there without asking.
    pub fn leave_for(self, address: &str) {
        self.wanted.set(None);
        self.enter(address);
    }

    /// Goes to the list that something was one of, when it is deleted and still shown: whoever has gone
    /// elsewhere meanwhile stays there.
    pub fn leave_deleted(self, thing: &Route, list: &Route) {
        if self.route.get_untracked().thing() == thing.thing() {
            self.leave_for(&list.path());
        }
    }

    fn enter(self, address: &str) {
        let _ = history_of("pushState", address);
        window().scroll_to_with_x_and_y(0.0, 0.0);
        self.read();
    }

    /// Changes what stands behind `?`, so that reloading shows the same.
    pub fn set_query(self, query: &str) {
        let mark = if query.is_empty() { "" } else { "?" };
        let path = window().location().pathname().unwrap_or_default();
        let _ = history_of("replaceState", &format!("{path}{mark}{query}"));
        if self.query.get_untracked() != query {
            self.query.set(query.to_owned());
        }
    }

    /// One value of the query. Does not subscribe.
    #[must_use]
    pub fn parameter(self, name: &str) -> Option<String> {
        let parameters =
            web_sys::UrlSearchParams::new_with_str(&self.query.get_untracked()).ok()?;
        parameters.get(name)
    }

    /// Whether a title that appears now gets the focus: a screen reader must hear that the page is
    /// another. Once for each page, and not for the one that the dashboard opens with.
    #[must_use]
    pub fn takes_focus(self) -> bool {
        let arrived = self.arrived.get_value();
        self.arrived.set_value(false);
        arrived
    }

    /// Asks before a form is left while `dirty` says so and the form is there.
    pub fn guard(self, dirty: Memo<bool>) {
        watch(self.unsaved, dirty);
    }

    /// Asks before a dialog is left while `held` says so, such as one with a key that is shown once.
    pub fn hold(self, held: Memo<bool>) {
        watch(self.held, held);
    }

    /// Whether leaving the page would lose edits.
    #[must_use]
    pub fn has_unsaved(self) -> bool {
        any(self.unsaved)
    }

    /// Whether leaving the page would lose what a dialog shows or does.
    #[must_use]
    pub fn is_held(self) -> bool {
        any(self.held)
    }

    fn read(self) {
        let (path, query) = address();
        let route = Route::parse(&path);
        self.query.set(query);
        if self.route.get_untracked() != route {
            if self.route.get_untracked().thing() != route.thing() {
                self.arrived.set_value(true);
            }
            self.route.set(route);
        }
    }

    fn went_back(self) {
        let (path, query) = address();
        let same = Route::parse(&path).thing() == self.route.get_untracked().thing();
        if !self.is_held() && (same || !self.has_unsaved()) {
            self.read();
            return;
        }
        // The browser is there already: put back where the reader was, then ask.
        let mark = if self.query.get_untracked().is_empty() { "" } else { "?" };
        let here = self.route.get_untracked().path();
        let _ = history_of("pushState", &format!("{here}{mark}{}", self.query.get_untracked()));
        let mark = if query.is_empty() { "" } else { "?" };
        self.wanted.set(Some(format!("{path}{mark}{query}")));
    }

    /// A click on a link to a page of the dashboard opens it without loading anew.
    fn clicked(self, event: &ev::MouseEvent) {
        let modified = event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key();
        if event.default_prevented() || event.button() != 0 || modified {
            return;
        }
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let Some(link) = target.and_then(|node| node.closest("a[href]").ok().flatten()) else {
            return;
        };
        let href = link.get_attribute("href").unwrap_or_default();
        let own = href == BASE || href.starts_with(&format!("{BASE}/"));
        if own && !link.has_attribute("target") && !link.has_attribute("download") {
            event.prevent_default();
            self.open(&href);
        }
    }
}

/// Adds one to watch, and forgets those that are gone with their pages.
fn watch(all: StoredValue<Vec<Memo<bool>>>, one: Memo<bool>) {
    all.update_value(|all| {
        all.retain(|old| old.try_get_untracked().is_some());
        all.push(one);
    });
}

/// Whether one of them says so now: not when an effect was last run.
fn any(all: StoredValue<Vec<Memo<bool>>>) -> bool {
    all.with_value(|all| all.iter().any(|one| one.try_get_untracked() == Some(true)))
}

fn history_of(method: &str, address: &str) -> Result<(), JsValue> {
    let history = window().history()?;
    match method {
        "pushState" => history.push_state_with_url(&JsValue::NULL, "", Some(address)),
        _ => history.replace_state_with_url(&JsValue::NULL, "", Some(address)),
    }
}
