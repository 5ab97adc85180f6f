//! The panel's frame: header, notice, suggestions, composer, links. Leptos draws it once and then
//! changes what depends on [`Shown`].

use std::rc::Rc;

use leptos::ev;
use leptos::html::{a, button, div, footer, form, h2, header, img, label, p, section, span, textarea};
use leptos::prelude::{
    ClassAttribute, CustomAttribute, ElementChild, OnAttribute, PropAttribute, RwSignal, With,
};
use leptos::svg;
use leptos::tachys::view::RenderHtml;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlTextAreaElement, KeyboardEvent};

use super::{Shown, icons};
use crate::app::App;
use crate::dom::window;
use crate::text;

/// The panel's frame.
pub fn panel(app: &Rc<App>) -> impl RenderHtml + use<> {
    let shown = app.shown;
    section()
        .class(move || if shown.with(|now| now.open) { "panel open" } else { "panel" })
        .attr("role", "dialog")
        .attr("aria-label", move || shown.with(|now| now.title.clone()))
        .child((
            top(app),
            middle(app),
            notice(app),
            composer(app),
            bottom(shown),
            div().class("status sr").attr("role", "status").attr("aria-live", "polite"),
        ))
}

fn top(app: &Rc<App>) -> impl RenderHtml + use<> {
    let shown = app.shown;
    let (renew, close) = (Rc::clone(app), Rc::clone(app));
    header().class("head").child((
        span().class("avatar").child((
            icon(icons::CHAT),
            img()
                .attr("alt", "")
                .attr("src", move || shown.with(|now| now.avatar.clone()))
                .prop("hidden", move || shown.with(|now| now.avatar.is_empty())),
        )),
        h2().child(move || shown.with(|now| now.title.clone())),
        tool(shown, "tool", (text::NEW, icons::NEW), Some(|now| !now.can_renew), Box::new(move || {
            renew.renew_conversation();
        })),
        tool(shown, "tool", (text::CLOSE, icons::CLOSE), Some(|now| !now.can_close), Box::new(move || {
            close.close();
        })),
    ))
}

fn middle(app: &Rc<App>) -> impl RenderHtml + use<> {
    let shown = app.shown;
    let (scrolled, pressed, chosen, jump) =
        (Rc::clone(app), Rc::clone(app), Rc::clone(app), Rc::clone(app));
    div().class("middle").child((
        div()
            .class("scroll")
            .attr("tabindex", "0")
            .attr("role", "region")
            .attr("aria-label", text::CONVERSATION)
            .on(ev::scroll, move |_| {
                if let Some(nodes) = scrolled.nodes.borrow_mut().as_mut() {
                    nodes.scrolled();
                }
            })
            .child((
                p().class("welcome").child(move || shown.with(|now| now.welcome.clone())),
                div()
                    .class("log")
                    .attr("role", "log")
                    .attr("aria-live", "off")
                    .attr("aria-label", text::CONVERSATION)
                    .on(ev::click, move |event| act(&pressed, &event)),
                div()
                    .class("suggestions")
                    .attr("role", "group")
                    .attr("aria-label", text::SUGGESTIONS)
                    .prop("hidden", move || shown.with(|now| now.suggestions.is_empty()))
                    .on(ev::click, move |event| {
                        if let Some(chip) = pressed_in(&event, "button") {
                            chosen.send(&chip.text_content().unwrap_or_default());
                            if let Some(nodes) = chosen.nodes.borrow().as_ref() {
                                nodes.focus_composer();
                            }
                        }
                    })
                    .child(move || {
                        shown.with(|now| {
                            let chip = |text: &String| {
                                button().attr("type", "button").class("suggestion").child(text.clone())
                            };
                            now.suggestions.iter().map(chip).collect::<Vec<_>>()
                        })
                    }),
            )),
        tool(shown, "jump", (text::JUMP, icons::DOWN), None, Box::new(move || {
            if let Some(nodes) = jump.nodes.borrow_mut().as_mut() {
                nodes.follow();
            }
        })),
    ))
}

fn notice(app: &Rc<App>) -> impl RenderHtml + use<> {
    let shown = app.shown;
    let renew = Rc::clone(app);
    div()
        .class("notice")
        .attr("role", "status")
        .prop("hidden", move || shown.with(|now| now.notice.is_none()))
        .child((
            span().child(move || shown.with(|now| now.notice.clone().unwrap_or_default())),
            button()
                .attr("type", "button")
                .class("again")
                .prop("hidden", move || shown.with(|now| !now.restart))
                .on(ev::click, move |_| renew.renew_conversation())
                .child(text::NEW),
        ))
}

fn composer(app: &Rc<App>) -> impl RenderHtml + use<> {
    let shown = app.shown;
    let (typed, keyed, submitted, pressed) =
        (Rc::clone(app), Rc::clone(app), Rc::clone(app), Rc::clone(app));
    form()
        .class(move || if shown.with(|now| now.disabled) { "composer off" } else { "composer" })
        .on(ev::submit, move |event| {
            event.prevent_default();
            submitted.submit();
        })
        .child((
            label().class("grow").child(
                textarea()
                    .attr("rows", "1")
                    .attr("aria-label", text::MESSAGE)
                    .attr("enterkeyhint", "send")
                    .attr("placeholder", move || shown.with(|now| now.placeholder.clone()))
                    .prop("disabled", move || shown.with(|now| now.disabled))
                    .on(ev::input, move |event| {
                        if let Some(field) = target::<HtmlTextAreaElement>(&event) {
                            let draft = field.value();
                            if let Some(nodes) = typed.nodes.borrow().as_ref() {
                                nodes.grow(&draft);
                            }
                            typed.typed(draft);
                        }
                    })
                    .on(ev::keydown, move |event: KeyboardEvent| {
                        // 229 is what some browsers say while an input method is composing.
                        let composing = event.is_composing() || event.key_code() == 229;
                        if event.key() == "Enter" && !event.shift_key() && !composing {
                            event.prevent_default();
                            keyed.submit();
                        }
                    }),
            ),
            span()
                .class(move || {
                    let over = shown.with(|now| now.left.is_some_and(|left| left < 0));
                    if over { "left over" } else { "left" }
                })
                .child(move || shown.with(|now| now.left.map(text::characters))),
            button()
                .attr("type", "button")
                .class(move || if shown.with(|now| now.running) { "send stop" } else { "send" })
                .attr("aria-label", move || {
                    if shown.with(|now| now.running) { text::STOP } else { text::SEND }
                })
                .attr("aria-disabled", move || {
                    if shown.with(|now| now.running || now.sendable) { "false" } else { "true" }
                })
                .on(ev::click, move |_| {
                    if pressed.model.borrow().is_running() {
                        pressed.stop();
                    } else {
                        pressed.submit();
                    }
                })
                .child((icon(icons::SEND), icon(icons::STOP))),
        ))
}

fn bottom(shown: RwSignal<Shown>) -> impl RenderHtml {
    footer().class("line").child((
        outside(text::PRIVACY, move || shown.with(|now| now.privacy.clone())),
        outside(text::TERMS, move || shown.with(|now| now.terms.clone())),
        span().prop("hidden", move || shown.with(|now| !now.branded)).child(text::POWERED),
    ))
}

/// A link out of the widget; not there without an address.
fn outside(name: &'static str, url: impl Fn() -> String + Clone + Send + 'static) -> impl RenderHtml {
    let address = url.clone();
    a().attr("target", "_blank")
        .attr("rel", "noopener")
        .attr("href", move || Some(url()).filter(|url| !url.is_empty()))
        .prop("hidden", move || address().is_empty())
        .child(name)
}

/// A button that is only a sign. Not generic over what it does: there is one code for all.
fn tool(
    shown: RwSignal<Shown>,
    class: &'static str,
    (name, path): (&'static str, &'static str),
    hidden: Option<fn(&Shown) -> bool>,
    then: Box<dyn Fn()>,
) -> impl RenderHtml + use<> {
    button()
        .attr("type", "button")
        .class(class)
        .attr("aria-label", name)
        .attr("title", name)
        .prop("hidden", move || hidden.is_some_and(|hidden| shown.with(hidden)))
        .on(ev::click, move |_| then())
        .child(icon(path))
}

fn icon(path: &'static str) -> impl RenderHtml {
    svg::svg().attr("viewBox", "0 0 24 24").attr("aria-hidden", "true").child(svg::path().attr("d", path))
}

/// What was pressed in a message.
fn act(app: &Rc<App>, event: &Event) {
    let Some(pressed) = pressed_in(event, "[data-act]") else { return };
    let key = pressed
        .closest("[data-key]")
        .ok()
        .flatten()
        .and_then(|row| row.get_attribute("data-key")?.parse::<u32>().ok());
    let Some(key) = key else { return };
    match pressed.get_attribute("data-act").unwrap_or_default().as_str() {
        "retry" => app.retry(),
        "up" => app.rate(key, shared::Rating::Up),
        "down" => app.rate(key, shared::Rating::Down),
        "copy" => {
            let model = app.model.borrow();
            let entry = model.entries().iter().find(|entry| entry.key == key);
            copy(app, &pressed, entry.map(|entry| entry.text.as_str()));
        }
        "code" => {
            let block = pressed.closest(".code").ok().flatten();
            let code = block.and_then(|block| block.query_selector("code").ok()?);
            copy(app, &pressed, code.and_then(|code| code.text_content()).as_deref());
        }
        _ => {}
    }
}

/// Copies a text and says so on the button for a moment.
fn copy(app: &Rc<App>, pressed: &Element, text: Option<&str>) {
    let Some(text) = text else { return };
    // Absent on pages without https; then nothing is claimed.
    let clipboard = js_sys::Reflect::get(&window().navigator(), &"clipboard".into());
    if !clipboard.is_ok_and(|clipboard| clipboard.is_object()) {
        return;
    }
    let _ = window().navigator().clipboard().write_text(text);
    let class = pressed.class_list();
    let _ = class.add_1("done");
    app.announce(text::COPIED);
    app.later(1600, move |_| {
        let _ = class.remove_1("done");
    });
}

fn pressed_in(event: &Event, selector: &str) -> Option<Element> {
    target::<Element>(event)?.closest(selector).ok()?
}

fn target<T: JsCast>(event: &Event) -> Option<T> {
    event.target()?.dyn_into().ok()
}
