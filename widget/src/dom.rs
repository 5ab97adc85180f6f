//! Small helpers around the browser's document. Nodes are made, never parsed from text.

use std::cell::RefCell;
use std::pin::Pin;

use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Document, DomTokenList, Element, EventTarget, MutationObserver, MutationObserverInit, Node,
    Window,
};

/// The page's window; a script without one is no widget, so there is nothing to do but stop.
#[must_use]
pub fn window() -> Window {
    js_sys::global().unchecked_into()
}

#[must_use]
pub fn document() -> Document {
    window().document().unwrap_or_else(|| JsValue::UNDEFINED.unchecked_into())
}

/// A property of an object of the browser's. One way for all of them weighs less than a binding for
/// each.
#[must_use]
pub fn get(of: &JsValue, name: &str) -> JsValue {
    // Some getters throw, as that of `localStorage` where it is blocked.
    Reflect::get(of, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

#[must_use]
pub fn number(of: &JsValue, name: &str) -> i32 {
    get(of, name).as_f64().unwrap_or_default() as i32
}

#[must_use]
pub fn flag(of: &JsValue, name: &str) -> bool {
    get(of, name).is_truthy()
}

#[must_use]
pub fn word(of: &JsValue, name: &str) -> String {
    get(of, name).as_string().unwrap_or_default()
}

/// Sets a property; those of nodes take everything.
pub fn put(of: &JsValue, name: &str, value: impl Into<JsValue>) {
    let _ = Reflect::set(of, &name.into(), &value.into());
}

/// Calls a method of an object of the browser's; undefined where that fails.
pub fn call(of: &JsValue, name: &str, arguments: &[&JsValue]) -> JsValue {
    let Some(method) = get(of, name).dyn_into::<Function>().ok() else {
        return JsValue::UNDEFINED;
    };
    let arguments = arguments.iter().copied().collect::<Array>();
    method.apply(of, &arguments).unwrap_or(JsValue::UNDEFINED)
}

/// Puts a class on a node, or takes it off.
pub fn class(node: &Element, name: &str, on: bool) {
    let list: DomTokenList = get(node, "classList").unchecked_into();
    let _ = list.toggle_with_force(name, on);
}

/// An element with a class.
#[must_use]
pub fn element(tag: &str, class: &str) -> Element {
    let element: Element = match document().create_element(tag) {
        Ok(element) => element,
        // Only a malformed tag fails, and ours are literals.
        Err(error) => error.unchecked_into(),
    };
    if !class.is_empty() {
        set(&element, "class", class);
    }
    element
}

/// An element with a class and a text.
#[must_use]
pub fn labelled(tag: &str, class: &str, text: &str) -> Element {
    let element = element(tag, class);
    element.set_text_content(Some(text));
    element
}

/// Sets an attribute; the names are literals, so it cannot fail.
pub fn set(element: &Element, name: &str, value: &str) {
    let _ = element.set_attribute(name, value);
}

pub fn append(parent: &Node, child: &Node) {
    let _ = parent.append_child(child);
}

/// A drawing of 24 by 24 units, in the colour of the text.
#[must_use]
pub fn icon(path: &str) -> Element {
    const SPACE: Option<&str> = Some("http://www.w3.org/2000/svg");
    let make = |tag: &str| -> Element {
        match document().create_element_ns(SPACE, tag) {
            Ok(element) => element,
            Err(error) => error.unchecked_into(),
        }
    };
    let (svg, shape) = (make("svg"), make("path"));
    set(&svg, "viewBox", "0 0 24 24");
    set(&svg, "aria-hidden", "true");
    set(&shape, "d", path);
    append(&svg, &shape);
    svg
}

/// A button with an icon and a name for those who do not see it.
#[must_use]
pub fn icon_button(class: &str, label: &str, path: &str) -> Element {
    let button = element("button", class);
    set(&button, "type", "button");
    set(&button, "aria-label", label);
    set(&button, "title", label);
    append(&button, &icon(path));
    button
}

/// A listener that lasts as long as this value.
#[derive(Debug)]
pub struct Listener {
    target: EventTarget,
    name: &'static str,
    closure: Closure<dyn FnMut(JsValue)>,
}

impl Listener {
    #[must_use]
    pub fn new(target: &EventTarget, name: &'static str, then: Box<dyn FnMut(JsValue)>) -> Self {
        let closure = Closure::wrap(then);
        let function = closure.as_ref().unchecked_ref();
        let _ = target.add_event_listener_with_callback_and_bool(name, function, captures(name));
        Self { target: target.clone(), name, closure }
    }
}

/// What does not come up from where it happens is caught on its way down.
fn captures(name: &str) -> bool {
    name == "load"
}

impl Drop for Listener {
    fn drop(&mut self) {
        let function = self.closure.as_ref().unchecked_ref();
        let _ = self.target.remove_event_listener_with_callback_and_bool(
            self.name,
            function,
            captures(self.name),
        );
    }
}

/// Calls when an attribute of one of a few nodes, or anything under them, changes, as long as this value lasts.
#[derive(Debug)]
pub struct Watcher {
    observer: MutationObserver,
    _closure: Closure<dyn FnMut(JsValue)>,
}

impl Watcher {
    /// Values that are no nodes are left out.
    #[must_use]
    pub fn new(nodes: &[JsValue], deep: bool, then: Box<dyn FnMut(JsValue)>) -> Option<Self> {
        let closure = Closure::wrap(then);
        let observer = MutationObserver::new(closure.as_ref().unchecked_ref()).ok()?;
        let options = MutationObserverInit::new();
        options.set_attributes(true);
        options.set_child_list(deep);
        options.set_subtree(deep);
        for node in nodes.iter().filter(|node| node.is_truthy()) {
            let _ = observer.observe_with_options(node.unchecked_ref(), &options);
        }
        Some(Self { observer, _closure: closure })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// Does something beside what is going on. Boxed, as every future of a type of its own would bring
/// the whole of `spawn_local` once more.
pub fn spawn(what: Pin<Box<dyn Future<Output = ()>>>) {
    wasm_bindgen_futures::spawn_local(what);
}

/// Resolves after `milliseconds`, or when the function that it puts into `keep` is called.
pub async fn pause(milliseconds: i32, keep: Option<&RefCell<Option<Function>>>) {
    let promise = Promise::new(&mut |resolve, _| {
        let _ =
            window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
        if let Some(keep) = keep {
            *keep.borrow_mut() = Some(resolve);
        }
    });
    let _ = JsFuture::from(promise).await;
}
