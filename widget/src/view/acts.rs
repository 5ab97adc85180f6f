//! What the visitor does in the panel, as calls of [`App`].
//!
//! One listener for each kind of event, on the panel's root: what was pressed says in `data-act`
//! what it means, and a message's row says in `data-key` which one it is.

use std::rc::Rc;

use shared::Rating;
use wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget, HtmlTextAreaElement, KeyboardEvent};

use crate::app::App;
use crate::dom::{Listener, document, window};
use crate::text;

/// Listens to the panel under `root`, to the page and to the button.
pub fn listen(app: &Rc<App>, root: &Element) {
    let window = window();
    on(app, &window, "online", |app, _| {
        app.wake();
        app.changed();
    });
    on(app, &window, "offline", |app, _| app.changed());
    on(app, &document(), "visibilitychange", |app, _| app.wake());
    let viewport = window.visual_viewport();
    for target in [Some(window.as_ref()), viewport.as_deref()].into_iter().flatten() {
        for name in ["resize", "scroll"] {
            on(app, target, name, |app, _| {
                if let Some(nodes) = app.nodes.borrow().as_ref().filter(|_| app.open.get()) {
                    nodes.fit();
                }
            });
        }
    }
    if let Ok(Some(scheme)) = window.match_media("(prefers-color-scheme: dark)") {
        on(app, &scheme, "change", |app, _| app.paint());
    }
    on(app, root, "click", clicked);
    on(app, root, "input", typed);
    for name in ["keydown", "keyup", "keypress"] {
        on(app, root, name, keyed);
    }
    on(app, &app.handle.button, "keydown", |app, event| {
        if event.key() == "Escape" {
            app.close();
        }
    });
    if let Ok(Some(scroller)) = root.query_selector(".scroll") {
        on(app, &scroller, "scroll", |app, _| {
            if let Some(nodes) = app.nodes.borrow_mut().as_mut() {
                nodes.scrolled();
            }
        });
    }
}

/// Events arrive as what they are called with; those of another kind are asked only for what every
/// event has.
fn on(
    app: &Rc<App>,
    target: &EventTarget,
    name: &'static str,
    then: fn(&Rc<App>, &KeyboardEvent),
) {
    let weak = Rc::downgrade(app);
    let listener = Listener::new(
        target,
        name,
        Box::new(move |event| {
            if let Some(app) = weak.upgrade() {
                then(&app, event.unchecked_ref());
            }
        }),
    );
    app.listeners.borrow_mut().push(listener);
}

fn typed(app: &Rc<App>, event: &KeyboardEvent) {
    let Some(field) = event.target() else { return };
    let draft = field.unchecked_into::<HtmlTextAreaElement>().value();
    if let Some(nodes) = app.nodes.borrow().as_ref() {
        nodes.grow(&draft);
    }
    app.typed(draft);
}

fn keyed(app: &Rc<App>, event: &KeyboardEvent) {
    // The page must not take what is typed here for its own shortcuts.
    event.stop_propagation();
    // 229 is what some browsers say while an input method is composing.
    if event.type_() != "keydown" || event.is_composing() || event.key_code() == 229 {
        return;
    }
    match event.key().as_str() {
        "Escape" => app.close(),
        "Enter" if !event.shift_key() => {
            let field = event.target().map(JsCast::unchecked_into::<Element>);
            if field.is_some_and(|field| field.tag_name() == "TEXTAREA") {
                event.prevent_default();
                app.submit();
            }
        }
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

fn clicked(app: &Rc<App>, event: &KeyboardEvent) {
    let Some(target) = event.target() else { return };
    let Ok(Some(pressed)) = target.unchecked_into::<Element>().closest("[data-act]") else {
        return;
    };
    match pressed.get_attribute("data-act").unwrap_or_default().as_str() {
        "close" => app.close(),
        "new" => app.renew_conversation(),
        "send" if app.model.borrow().is_running() => app.stop(),
        "send" => app.submit(),
        "ask" => {
            app.send(&pressed.text_content().unwrap_or_default());
            app.focus_composer();
        }
        "jump" => {
            if let Some(nodes) = app.nodes.borrow_mut().as_mut() {
                nodes.follow();
            }
        }
        "code" => {
            let block = pressed.closest(".code").ok().flatten();
            let code = block.and_then(|block| block.query_selector("code").ok()?);
            copy(app, &pressed, code.and_then(|code| code.text_content()));
        }
        act => message_act(app, act, &pressed),
    }
}

fn message_act(app: &Rc<App>, act: &str, pressed: &Element) {
    let row = pressed.closest("[data-key]").ok().flatten();
    let key = row.and_then(|row| row.get_attribute("data-key")?.parse::<u32>().ok());
    let Some(key) = key else { return };
    match act {
        "retry" => {
            app.retry();
            app.focus_composer();
        }
        "up" => app.rate(key, Rating::Up),
        "down" => app.rate(key, Rating::Down),
        "copy" => {
            let model = app.model.borrow();
            let entry = model.entries().iter().find(|entry| entry.key == key);
            copy(app, pressed, entry.map(|entry| entry.text.clone()));
        }
        _ => {}
    }
}

/// Copies a text and says so on the button for a moment.
fn copy(app: &Rc<App>, pressed: &Element, text: Option<String>) {
    let Some(text) = text else { return };
    let navigator = window().navigator();
    // Absent on pages without https; then nothing is claimed.
    let clipboard = js_sys::Reflect::get(&navigator, &"clipboard".into());
    if !clipboard.is_ok_and(|clipboard| clipboard.is_object()) {
        return;
    }
    let _ = navigator.clipboard().write_text(&text);
    let class = pressed.class_list();
    let _ = class.toggle_with_force("done", true);
    app.announce(text::COPIED);
    app.later(1600, Box::new(move |_| drop(class.toggle_with_force("done", false))));
}
