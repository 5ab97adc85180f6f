//! Keeps the button, its bubble and the panel clear of the page's own bars (`avoidSelector`).
//!
//! Looks again, at most ten times a second, when the page scrolls, changes its size or its nodes,
//! or has moved something. Without the option there is nothing to watch.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::JsValue;
use web_sys::{EventTarget, console};

use crate::app::App;
use crate::bars::{Area, lift};
use crate::dom::{Listener, Watcher, call, document, get, number, window, word};
use crate::view::{Nodes, style};

const AGAIN_MS: i32 = 100;

#[derive(Debug, Default)]
pub struct Avoider {
    /// What watches the page, while there is a selector.
    watch: RefCell<Option<(Option<Watcher>, Vec<Listener>)>>,
    due: Cell<bool>,
    lifted: Cell<i32>,
}

impl Avoider {
    /// Watches no more.
    pub fn end(&self) {
        self.watch.borrow_mut().take();
    }
}

impl App {
    /// Follows the option, which may have come or gone.
    pub fn avoid(self: &Rc<Self>) {
        let selector = self.handle.option("avoidSelector");
        let mut wanted = !selector.is_empty();
        if wanted && call(&document(), "querySelector", &[&selector.into()]).is_undefined() {
            console::warn_1(&"Natter: corrected avoidSelector".into());
            wanted = false;
        }
        if wanted == self.avoider.watch.borrow().is_some() {
            // Another look may have another margin.
            self.avoider.lifted.set(-1);
            return self.rise_soon();
        }
        *self.avoider.watch.borrow_mut() = wanted.then(|| {
            let (page, window) = (document(), window());
            let again = || {
                let weak = Rc::downgrade(self);
                Box::new(move |_: JsValue| {
                    if let Some(app) = weak.upgrade() {
                        app.rise_soon();
                    }
                })
            };
            let events: [(&EventTarget, &str); 4] = [
                (&page, "scroll"),
                (&window, "resize"),
                (&page, "transitionend"),
                (&page, "animationend"),
            ];
            let listeners =
                events.map(|(target, name)| Listener::new(target, name, again())).into();
            (Watcher::new(&[get(&page, "documentElement")], true, again()), listeners)
        });
        self.rise();
    }

    /// Looks where the bars are, in a moment.
    pub fn rise_soon(self: &Rc<Self>) {
        if self.avoider.watch.borrow().is_some() && !self.avoider.due.replace(true) {
            let app = Rc::clone(self);
            Self::later(AGAIN_MS, Box::new(move || app.rise()));
        }
    }

    fn rise(&self) {
        self.avoider.due.set(false);
        let selector = self.handle.option("avoidSelector");
        let watches = self.avoider.watch.borrow().is_some();
        let lift = if watches { lift(self.needs(), &bars(&selector)) } else { 0 };
        if self.avoider.lifted.replace(lift) != lift {
            // The loader's own value holds again where there is none.
            let margin = self.look.borrow().margin_bottom as i32 + lift;
            let text = if lift > 0 { margin.to_string() + "px" } else { String::new() };
            let nodes = self.nodes.borrow();
            for part in [Some(&self.handle.button), nodes.as_ref().map(Nodes::root)] {
                let _ = part.map(|part| style(part).set_property("--m", &text));
            }
        }
    }

    /// What the widget takes of the screen's lower edge: as wide as what is seen of it.
    fn needs(&self) -> Area {
        let bottom = number(&window(), "innerHeight");
        let look = self.look.borrow();
        let height = look.opener_size as i32 + look.margin_bottom as i32;
        let mut needs = Area { top: bottom - height, bottom, ..area(&self.handle.button) };
        let selector = if self.open.get() { ".panel" } else { ".talk" };
        if let Ok(Some(part)) = self.handle.root.query_selector(selector) {
            let part = area(&part);
            // Nothing of it is seen where it has no width.
            if part.right > part.left {
                needs.left = needs.left.min(part.left);
                needs.right = needs.right.max(part.right);
            }
        }
        needs
    }
}

/// The page's bars: what matches, is seen, and stays where it is when the page scrolls.
fn bars(selector: &str) -> Vec<Area> {
    let found = call(&document(), "querySelectorAll", &[&selector.into()]);
    Array::from(&found)
        .iter()
        .filter(|bar| {
            let style = call(&window(), "getComputedStyle", &[bar]);
            matches!(word(&style, "position").as_str(), "fixed" | "sticky")
                && word(&style, "visibility") == "visible"
        })
        .map(|bar| area(&bar))
        .collect()
}

fn area(node: &JsValue) -> Area {
    let area = call(node, "getBoundingClientRect", &[]);
    let of = |name| number(&area, name);
    Area { left: of("left"), right: of("right"), top: of("top"), bottom: of("bottom") }
}
