//! The one door: the loader calls [`mount`] and gets the function that takes its commands.

use std::rc::Rc;

use any_spawner::Executor;
use js_sys::Array;
use tachys::view::{Mountable, Render};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::HtmlElement;

use crate::app::App;
use crate::dom::{append, element};
use crate::handle::Handle;
use crate::view::frame::Frame;
use crate::view::{self, Nodes, acts};

/// The style sheet, without what only helps to read it.
const CSS: &str = include_str!(concat!(env!("OUT_DIR"), "/panel.css"));

/// Small, and constant in time.
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// Mounts the widget beside the loader's button. What it returns takes `[command, argument]`.
#[wasm_bindgen]
#[must_use]
pub fn mount(handle: JsValue) -> JsValue {
    let Some(handle) = Handle::new(handle) else { return JsValue::UNDEFINED };
    handle.css(CSS);
    let root: HtmlElement = element("div", "nt").unchecked_into();
    append(&handle.root, &root);
    view::adopt(&handle.button);

    // An error means that another widget on this page has set it: it serves all.
    let _ = Executor::init_wasm_bindgen();
    let app = App::new(handle);
    let mut frame = Frame(Rc::clone(&app)).build();
    frame.mount(&root, None);
    *app.nodes.borrow_mut() = Nodes::find(root.clone(), &app.handle);
    acts::listen(&app, &root);
    app.begin();

    let mut mounted = Some(frame);
    let command = move |command: JsValue| {
        let parts = Array::from(&command);
        let (name, argument) = (parts.get(0).as_string().unwrap_or_default(), parts.get(1));
        app.command(&name, argument.as_string());
        if name == "destroy" {
            // With it goes the effect that draws the frame.
            mounted.take();
            let _ = app.handle.root.remove_child(&root);
        }
    };
    Closure::<dyn FnMut(JsValue)>::new(command).into_js_value()
}
