//! A menu behind a button: the browser's own `<details>`, closed by Escape and by a click elsewhere.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::Icon;

/// A button with three dots; `children` are buttons or links.
#[component]
pub fn Menu(#[prop(into)] label: String, children: Children) -> impl IntoView {
    let node = NodeRef::<html::Details>::new();
    let close = move |back: bool| {
        if let Some(node) = node.get_untracked().filter(web_sys::HtmlDetailsElement::open) {
            node.set_open(false);
            if let (true, Ok(Some(summary))) = (back, node.query_selector("summary")) {
                crate::browser::focus(&summary);
            }
        }
    };
    let handle = window_event_listener(leptos::ev::click, move |event| {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        let inside = node.get_untracked().is_some_and(|node| {
            node.query_selector("summary")
                .ok()
                .flatten()
                .is_some_and(|s| s.contains(target.as_ref()))
        });
        if !inside {
            close(false);
        }
    });
    on_cleanup(move || handle.remove());
    view! {
        <details class="menu" node_ref=node on:keydown=move |event| if event.key() == "Escape" { close(true) }>
            <summary class="quiet square" aria-label=label><Icon name="more" /></summary>
            <div class="menu-items">{children()}</div>
        </details>
    }
}
