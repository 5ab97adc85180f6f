//! A menu behind a button: the browser's own `<details>`, closed by Escape and by a click elsewhere.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::Icon;
use crate::browser::Scrolling;

/// A button with three dots, or with a word; `children` are buttons or links.
#[component]
pub fn Menu(
    #[prop(into)] label: String,
    /// Instead of the dots.
    #[prop(optional)]
    text: Option<&'static str>,
    children: Children,
) -> impl IntoView {
    let node = NodeRef::<html::Details>::new();
    let close = move |back: bool| {
        if let Some(node) = node.get_untracked().filter(web_sys::HtmlDetailsElement::open) {
            node.set_open(false);
            if let (true, Ok(Some(summary))) = (back, node.query_selector("summary")) {
                crate::browser::focus(&summary);
            }
        }
    };
    // Beside its button, wherever there is room: not within a table, which would cut it off.
    let place = move || {
        if let Some(node) = node.get_untracked().filter(web_sys::HtmlDetailsElement::open) {
            put_beside(&node);
        }
    };
    // Also within something that scrolls by itself, such as the side bar of a phone.
    StoredValue::new_local(Scrolling::heard(place));
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
        <details class="menu" node_ref=node on:toggle=move |_| place() on:keydown=move |event| if event.key() == "Escape" { close(true) }>
            {match text {
                Some(text) => view! { <summary class="button" aria-label=label>{text} <Icon name="down" /></summary> }.into_any(),
                None => view! { <summary class="quiet square" aria-label=label><Icon name="more" /></summary> }.into_any(),
            }}
            <div class="menu-items">{children()}</div>
        </details>
    }
}

fn put_beside(menu: &web_sys::Element) -> Option<()> {
    /// Between the button, the entries and the window's edges, in pixels.
    const GAP: f64 = 4.0;
    let button = menu.query_selector("summary").ok()??.get_bounding_client_rect();
    let items: web_sys::HtmlElement = menu.query_selector(".menu-items").ok()??.unchecked_into();
    let size = items.get_bounding_client_rect();
    let root = crate::browser::document().document_element()?;
    let (width, height) = (f64::from(root.client_width()), f64::from(root.client_height()));
    let below = button.bottom() + GAP;
    let fits = below + size.height() <= height - GAP;
    let top = if fits { below } else { button.top() - GAP - size.height() };
    let left = (button.right() - size.width()).min(width - size.width() - GAP);
    let style = items.style();
    style.set_property("top", &format!("{}px", top.max(GAP))).ok()?;
    style.set_property("left", &format!("{}px", left.max(GAP))).ok()?;
    style.set_property("visibility", "visible").ok()
}
