//! The one door: the loader calls [`mount`] and gets the function that takes its commands.

use std::cell::OnceCell;
use std::rc::Rc;

use leptos::prelude::RwSignal;
use shared::Theme;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{EventTarget, HtmlElement, KeyboardEvent};

use crate::app::App;
use crate::dom::{Listener, append, document, element, window};
use crate::handle::Handle;
use crate::view::{self, Nodes, Shown, panel};

/// The style sheet, without what only helps to read it.
const CSS: &str = include_str!(concat!(env!("OUT_DIR"), "/panel.css"));

/// Mounts the widget beside the loader's button. What it returns takes `(command, argument)` and
/// says whether the chat is open.
#[wasm_bindgen]
#[must_use]
pub fn mount(handle: JsValue) -> JsValue {
    let Some(handle) = Handle::new(handle) else { return JsValue::UNDEFINED };
    handle.css(CSS);
    let root: HtmlElement = element("div", "nt").unchecked_into();
    append(handle.root.unchecked_ref(), &root);
    view::adopt(&handle.button);

    let made = Rc::new(OnceCell::new());
    let slot = Rc::clone(&made);
    let mounted = leptos::mount::mount_to_renderer(&root, move || {
        // The signal belongs to the owner that the mount makes, and ends with it.
        let app = App::new(handle, RwSignal::new(Shown::default()));
        panel::panel(slot.get_or_init(|| app))
    });
    let Some(app) = made.get().cloned() else { return JsValue::UNDEFINED };
    *app.nodes.borrow_mut() = Nodes::find(root.clone());
    listen(&app, &root);
    if let Some(nodes) = app.nodes.borrow().as_ref() {
        nodes.paint(&app.look.borrow());
        let draft = app.store.borrow().memory.draft.clone();
        nodes.set_draft(&draft);
    }
    if app.store.borrow().memory.pending.is_some() {
        app.connect();
    }
    app.draw();

    let mut mounted = Some(mounted);
    let command = move |name: String, argument: JsValue| {
        let by_visitor = argument.as_bool().unwrap_or(false);
        let open = app.command(&name, argument.as_string(), by_visitor);
        if name == "destroy" {
            mounted.take();
            root.remove();
        }
        open
    };
    Closure::<dyn FnMut(String, JsValue) -> bool>::new(command).into_js_value()
}

/// What happens outside of the panel's own nodes.
fn listen(app: &Rc<App>, root: &HtmlElement) {
    let mut all = app.listeners.borrow_mut();
    let mut on = |target: &EventTarget, name, then: fn(&Rc<App>)| {
        let weak = Rc::downgrade(app);
        all.push(Listener::new(target, name, move |_| {
            if let Some(app) = weak.upgrade() {
                then(&app);
            }
        }));
    };
    let window = window();
    on(&window, "online", |app| {
        app.wake();
        app.changed();
    });
    on(&window, "offline", |app| app.changed());
    on(&document(), "visibilitychange", |app| app.wake());
    on(&window, "resize", fit);
    if let Some(viewport) = window.visual_viewport() {
        on(&viewport, "resize", fit);
        on(&viewport, "scroll", fit);
    }
    if matches!(app.look.borrow().theme, Theme::Auto | Theme::Host)
        && let Ok(Some(scheme)) = window.match_media("(prefers-color-scheme: dark)")
    {
        on(&scheme, "change", |app| {
            if let Some(nodes) = app.nodes.borrow().as_ref() {
                nodes.paint(&app.look.borrow());
            }
        });
    }
    for name in ["keydown", "keyup", "keypress"] {
        let weak = Rc::downgrade(app);
        all.push(Listener::new(root, name, move |event| {
            let event: KeyboardEvent = event.unchecked_into();
            // The page must not take what is typed here for its own shortcuts.
            event.stop_propagation();
            if let Some(app) = weak.upgrade().filter(|_| name == "keydown") {
                pressed(&app, &event);
            }
        }));
    }
    let weak = Rc::downgrade(app);
    all.push(Listener::new(&app.handle.button, "keydown", move |event| {
        let event: KeyboardEvent = event.unchecked_into();
        if let Some(app) = weak.upgrade().filter(|_| event.key() == "Escape") {
            app.close();
        }
    }));
}

fn pressed(app: &Rc<App>, event: &KeyboardEvent) {
    match event.key().as_str() {
        "Escape" if !event.is_composing() => app.close(),
        "Tab" => {
            let nodes = app.nodes.borrow();
            let Some(nodes) = nodes.as_ref().filter(|nodes| nodes.is_full()) else { return };
            if let Some(next) = nodes.next_focus(&app.handle, event.shift_key()) {
                event.prevent_default();
                let _ = next.focus();
            }
        }
        _ => {}
    }
}

fn fit(app: &Rc<App>) {
    if let Some(nodes) = app.nodes.borrow().as_ref().filter(|_| app.open.get()) {
        nodes.fit();
    }
}
