//! Small helpers around the browser. Nodes are made, never parsed from text.

use std::future::Future;
use std::pin::Pin;
use std::task::Poll;

use futures_channel::oneshot;
use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, Element, HtmlElement, Window};

#[must_use]
pub fn window() -> Window {
    js_sys::global().unchecked_into()
}

#[must_use]
pub fn document() -> Document {
    window().document().unwrap_or_else(|| JsValue::UNDEFINED.unchecked_into())
}

/// Where the page is served from, such as `https://chat.example.com`.
#[must_use]
pub fn origin() -> String {
    window().location().origin().unwrap_or_default()
}

/// The element with this id.
#[must_use]
pub fn by_id(id: &str) -> Option<Element> {
    document().get_element_by_id(id)
}

/// Gives an element the focus.
pub fn focus(element: &Element) {
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        let _ = element.focus();
    }
}

/// Gives an element the focus and leaves the page where it is scrolled to.
pub fn focus_in_place(element: &Element) {
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        let how = web_sys::FocusOptions::new();
        how.set_prevent_scroll(true);
        let _ = element.focus_with_options(&how);
    }
}

/// Whether what had the focus is gone, or about to lose it: the keyboard would begin at the top of the
/// page.
#[must_use]
pub fn nothing_has_focus() -> bool {
    let is_none = |element: Element| {
        element.tag_name() == "BODY" || element.matches(":disabled").unwrap_or_default()
    };
    document().active_element().is_none_or(is_none)
}

/// Listens for as long as the page lives.
pub fn listen_for_ever(event: &str, heard: impl FnMut(web_sys::Event) + 'static) {
    let heard = Closure::<dyn FnMut(web_sys::Event)>::new(heard);
    let _ = window().add_event_listener_with_callback(event, heard.as_ref().unchecked_ref());
    heard.forget();
}

/// Hears whatever is scrolled, the page or a part of it, until it is dropped.
pub struct Scrolling(Closure<dyn FnMut()>);

impl Scrolling {
    #[must_use]
    pub fn heard(moved: impl FnMut() + 'static) -> Self {
        let heard = Closure::<dyn FnMut()>::new(moved);
        let function = heard.as_ref().unchecked_ref();
        // It does not bubble: it is caught on its way down.
        let _ = document().add_event_listener_with_callback_and_bool("scroll", function, true);
        Self(heard)
    }
}

impl Drop for Scrolling {
    fn drop(&mut self) {
        let function = self.0.as_ref().unchecked_ref();
        let _ = document().remove_event_listener_with_callback_and_bool("scroll", function, true);
    }
}

/// How long to wait after a key press before the server is asked, in milliseconds.
pub const TYPING_MS: i32 = 250;

/// Waits.
pub async fn pause(ms: i32) {
    let wait = Promise::new(&mut |done: Function, _| {
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&done, ms);
    });
    let _ = JsFuture::from(wait).await;
}

/// Does something until it is done, or until `stop` comes or its other end is dropped: then it is
/// dropped where it is.
pub async fn until<T>(work: impl Future<Output = T>, mut stop: oneshot::Receiver<()>) -> Option<T> {
    let mut work = std::pin::pin!(work);
    std::future::poll_fn(|context| {
        if Pin::new(&mut stop).poll(context).is_ready() {
            return Poll::Ready(None);
        }
        work.as_mut().poll(context).map(Some)
    })
    .await
}

/// Puts a text into the clipboard; false where the browser does not allow it.
pub async fn copy(text: &str) -> bool {
    let clipboard = Reflect::get(&window().navigator(), &"clipboard".into());
    if clipboard.is_ok_and(|there| there.is_truthy()) {
        let write = window().navigator().clipboard().write_text(text);
        if JsFuture::from(write).await.is_ok() {
            return true;
        }
    }
    copy_by_command(text)
}

/// The old way, for pages over plain http, where there is no clipboard object.
fn copy_by_command(text: &str) -> bool {
    let (document, Some(body)) = (document(), document().body()) else { return false };
    let Ok(area) = document.create_element("textarea") else { return false };
    let area: web_sys::HtmlTextAreaElement = area.unchecked_into();
    area.set_value(text);
    let before = document.active_element();
    // Inside an open dialog, as everything outside of it cannot be selected.
    let place = document.query_selector("dialog[open]").ok().flatten();
    let place: &Element = place.as_ref().unwrap_or(&body);
    let _ = place.append_child(&area);
    area.select();
    let command = Reflect::get(&document, &"execCommand".into());
    let done = command.ok().and_then(|command| command.dyn_into::<Function>().ok());
    let done = done.and_then(|run| run.call1(&document, &"copy".into()).ok());
    area.remove();
    if let Some(before) = before {
        focus(&before);
    }
    done.is_some_and(|done| done.is_truthy())
}

/// A moment of RFC 3339 as the reader's browser writes it: `3 Mar 2026, 14:05`.
#[must_use]
pub fn moment(rfc3339: &str) -> String {
    written(rfc3339, &[("dateStyle", "medium"), ("timeStyle", "short")])
}

/// Its day alone.
#[must_use]
pub fn day(rfc3339: &str) -> String {
    written(rfc3339, &[("dateStyle", "medium")])
}

fn written(rfc3339: &str, how: &[(&str, &str)]) -> String {
    let date = js_sys::Date::new(&rfc3339.into());
    if date.get_time().is_nan() {
        return rfc3339.to_owned();
    }
    let options = js_sys::Object::new();
    for (name, value) in how {
        let _ = Reflect::set(&options, &(*name).into(), &(*value).into());
    }
    let language = window().navigator().language().unwrap_or_else(|| "en".to_owned());
    date.to_locale_string(&language, &options).into()
}

/// Milliseconds since 1970 of a moment of RFC 3339.
#[must_use]
pub fn millis(rfc3339: &str) -> f64 {
    js_sys::Date::parse(rfc3339)
}

/// A moment as RFC 3339 in UTC.
#[must_use]
pub fn rfc3339(ms: f64) -> String {
    js_sys::Date::new(&ms.into()).to_iso_string().into()
}

/// A name that no other request has: for what must not be done twice. No secret.
#[must_use]
pub fn new_name() -> String {
    format!("dashboard-{}-{:.0}", js_sys::Date::now(), js_sys::Math::random() * 1e15)
}

/// What `<input type=datetime-local>` wants for a moment: in the reader's time zone.
#[must_use]
pub fn for_input(rfc3339_text: &str) -> String {
    let ms = millis(rfc3339_text);
    if ms.is_nan() {
        return String::new();
    }
    let offset = js_sys::Date::new(&ms.into()).get_timezone_offset() * 60_000.0;
    rfc3339(ms - offset).get(..16).unwrap_or_default().to_owned()
}

/// The moment that `<input type=datetime-local>` holds, or nothing.
#[must_use]
pub fn from_input(local: &str) -> Option<String> {
    let ms = js_sys::Date::parse(local);
    (!local.is_empty() && !ms.is_nan()).then(|| rfc3339(ms))
}

/// Whether the page is shown dark.
#[must_use]
pub fn is_dark() -> bool {
    let chosen = document().document_element().and_then(|root| root.get_attribute("data-theme"));
    match chosen.as_deref() {
        Some(theme) => theme == "dark",
        None => window()
            .match_media("(prefers-color-scheme: dark)")
            .ok()
            .flatten()
            .is_some_and(|wish| wish.matches()),
    }
}

/// Shows the page light or dark, here and in a year.
pub fn set_theme(theme: &str) {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-theme", theme);
    }
    let cookie = format!("natter_theme={theme}; path=/admin; max-age=31536000; samesite=lax");
    let _ = Reflect::set(&document(), &"cookie".into(), &cookie.into());
}

/// Writes to the browser's console, for whoever looks for a fault.
pub fn log(text: &str) {
    web_sys::console::error_1(&text.into());
}

/// The address of the sound that the widget plays: named after the build that the loader holds.
pub async fn sound_of_the_widget() -> Option<String> {
    let loader = gloo_net::http::Request::get("/widget/chat-widget.js")
        .send()
        .await
        .ok()?
        .text()
        .await
        .ok()?;
    let is_build = |part: &str| {
        part.len() == 16 && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let build = loader.split(|c: char| !c.is_ascii_alphanumeric()).find(|part| is_build(part))?;
    Some(format!("/widget/widget-{build}.mp3"))
}
