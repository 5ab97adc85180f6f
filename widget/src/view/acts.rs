//! What the visitor does in the panel, as calls of [`App`].
//!
//! One listener for each kind of event, on the panel's root: what was pressed says in `data-act`
//! what it means, and a message's row says in `data-key` which one it is.

use std::rc::Rc;

use shared::{Rating, Theme};
use wasm_bindgen::JsCast;
use web_sys::{Clipboard, Element, Event, EventTarget};

use crate::app::App;
use crate::dom::{Listener, Watcher, class, document, flag, get, number, window, word};
use crate::text;
use crate::view::comment;

/// Listens to the panel under `root`, to the page and to the button.
pub fn listen(app: &Rc<App>, root: &Element) {
    let window = window();
    on(app, &window, "online", |app, _| {
        app.wake();
        app.changed();
    });
    on(app, &window, "offline", |app, _| app.changed());
    on(app, &document(), "visibilitychange", |app, _| app.wake());
    app.listen_to_tabs();
    let viewport = get(&window, "visualViewport");
    if viewport.is_truthy() {
        for name in ["resize", "scroll"] {
            on(app, viewport.unchecked_ref(), name, |app, _| {
                if let Some(nodes) = app.nodes.borrow().as_ref().filter(|_| app.open.get()) {
                    nodes.fit();
                }
            });
        }
    }
    if let Ok(Some(scheme)) = window.match_media("(prefers-color-scheme: dark)") {
        on(app, &scheme, "change", |app, _| app.paint());
    }
    watch_page(app);
    on(app, root, "click", clicked);
    on(app, root, "input", typed);
    on(app, root, "submit", |app, event| {
        // The form is for the visitor and for what fills it in; nothing goes anywhere by it.
        event.prevent_default();
        app.introduce();
    });
    for name in ["keydown", "keyup", "keypress"] {
        on(app, root, name, keyed);
    }
    on(app, &app.handle.button, "keydown", |app, event| {
        if word(event, "key") == "Escape" {
            app.close();
        }
    });
    on(app, root, "load", |app, _| {
        // A picture has got its height.
        if let Some(nodes) = app.nodes.borrow().as_ref() {
            nodes.keep_end();
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

/// Follows the page's own theme, when the look says so and the page changes its mind.
fn watch_page(app: &Rc<App>) {
    let weak = Rc::downgrade(app);
    let repaint = move |_| {
        if let Some(app) = weak.upgrade().filter(|app| app.look.borrow().theme == Theme::Host) {
            app.paint();
        }
    };
    let page = document();
    let nodes = [get(&page, "documentElement"), get(&page, "body")];
    *app.watcher.borrow_mut() = Watcher::new(&nodes, false, Box::new(repaint));
}

/// Does something when an event comes, as long as the widget is there.
pub fn on(app: &Rc<App>, target: &EventTarget, name: &'static str, then: fn(&Rc<App>, &Event)) {
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

fn typed(app: &Rc<App>, event: &Event) {
    let field = get(event, "target");
    if !is_in(event, ".composer") {
        return;
    }
    let draft = word(&field, "value");
    if let Some(nodes) = app.nodes.borrow().as_ref() {
        nodes.grow(&draft);
    }
    app.typed(draft);
}

fn keyed(app: &Rc<App>, event: &Event) {
    // The page must not take what is typed here for its own shortcuts.
    event.stop_propagation();
    // 229 is what some browsers say while an input method is composing.
    if word(event, "type") != "keydown"
        || flag(event, "isComposing")
        || number(event, "keyCode") == 229
    {
        return;
    }
    match word(event, "key").as_str() {
        "Escape" if is_in(event, ".bubble") => app.dismiss_prompts(),
        "Escape" if is_in(event, ".why") => {
            if let Some((_, row)) = row_of(get(event, "target").unchecked_ref()) {
                comment::leave(&row);
            }
        }
        "Escape" if !app.handle.inline => app.close(),
        "Enter"
            if !flag(event, "shiftKey") && word(&get(event, "target"), "type") == "textarea" =>
        {
            event.prevent_default();
            match row_of(get(event, "target").unchecked_ref()) {
                Some((key, row)) => send_comment(app, key, &row),
                None => app.submit(),
            }
        }
        "Tab" => {
            let nodes = app.nodes.borrow();
            let Some(nodes) = nodes.as_ref().filter(|nodes| nodes.is_full()) else { return };
            if let Some(next) = nodes.next_focus(&app.handle, flag(event, "shiftKey")) {
                event.prevent_default();
                let _ = next.focus();
            }
        }
        _ => {}
    }
}

fn is_in(event: &Event, place: &str) -> bool {
    let target: Element = get(event, "target").unchecked_into();
    target.closest(place).is_ok_and(|found| found.is_some())
}

/// The message that something belongs to: its key, and its row.
fn row_of(part: &Element) -> Option<(u32, Element)> {
    let row = part.closest("[data-key]").ok()??;
    Some((row.get_attribute("data-key")?.parse().ok()?, row))
}

/// Sends the comment that is written in a message's row, if there is any.
fn send_comment(app: &Rc<App>, key: u32, row: &Element) {
    let written = comment::written(row);
    if written.is_empty() {
        return comment::leave(row);
    }
    app.comment(key, &written);
    comment::thank(row, &app.handle.words);
    app.announce(&app.handle.words.get(text::THANKS));
}

fn clicked(app: &Rc<App>, event: &Event) {
    let target: Element = get(event, "target").unchecked_into();
    let Ok(Some(pressed)) = target.closest("[data-act]") else { return };
    match pressed.get_attribute("data-act").unwrap_or_default().as_str() {
        "close" => app.close(),
        "prompt" => app.take_prompt(),
        "mute" => app.mute(),
        "dismiss" => app.dismiss_prompts(),
        "new" => app.renew_conversation(),
        "keep" => app.keep_transcript(),
        "send" if app.model.borrow().is_running() => app.stop(),
        "send" => app.submit(),
        "ask" => {
            app.store.borrow_mut().act();
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
    let Some((key, row)) = row_of(pressed) else { return };
    match act {
        "retry" => {
            app.retry();
            app.focus_composer();
        }
        "up" => app.rate(key, Rating::Up),
        "down" => app.rate(key, Rating::Down),
        "comment" => send_comment(app, key, &row),
        "unsaid" => comment::leave(&row),
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
    let clipboard = get(&get(&window(), "navigator"), "clipboard");
    // Absent on pages without https; then nothing is claimed.
    if !clipboard.is_truthy() {
        return;
    }
    let _ = clipboard.unchecked_into::<Clipboard>().write_text(&text);
    class(pressed, "done", true);
    app.announce(&app.handle.words.get(text::COPIED));
    let pressed = pressed.clone();
    App::later(1600, Box::new(move || class(&pressed, "done", false)));
}
