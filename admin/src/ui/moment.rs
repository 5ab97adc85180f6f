//! The field of a moment.

use leptos::html;
use leptos::prelude::*;

use super::field::{Frame, described, invalid};
use super::{Bind, unique};
use crate::browser;

/// A moment in the reader's own time zone, or nothing. A day without a time is neither.
#[component]
pub fn DateTimeField(
    bind: Bind<Option<String>>,
    #[prop(into)] label: String,
    #[prop(into, optional)] hint: String,
    #[prop(into, default = Signal::stored(false))] disabled: Signal<bool>,
) -> impl IntoView {
    let id = StoredValue::new(unique(bind.name));
    let node = NodeRef::<html::Input>::new();
    let shown =
        move || bind.get.get().map(|moment| browser::for_input(&moment)).unwrap_or_default();
    let half = |input: &web_sys::HtmlInputElement| input.validity().bad_input();
    let typed = move |event: leptos::ev::Event| {
        let input: web_sys::HtmlInputElement = event_target(&event);
        if half(&input) {
            let why = "must have a day and a time, or be empty";
            bind.odd.set.run(Some((String::new(), why.to_owned())));
        } else {
            bind.odd.set.run(None);
            bind.set.run(browser::from_input(&input.value()));
        }
    };
    // What is half written is no value that could be overwritten: undone, it is emptied first. Nor can
    // it be kept: with its tab it goes, and so does the complaint.
    Effect::new(move || {
        let Some(input) = node.get() else { return };
        match (bind.odd.text.get(), half(&input)) {
            (None, true) => {
                input.set_value("");
                input.set_value(&untrack(shown));
            }
            (Some(_), false) => bind.odd.set.run(None),
            _ => {}
        }
    });
    let clear = move |_| {
        bind.odd.set.run(None);
        bind.set.run(None);
    };
    let has_some = move || bind.get.with(Option::is_some) || bind.odd.text.with(Option::is_some);
    view! {
        <Frame id label hint error=bind.error>
            <span class="with-unit">
                <input id=id.get_value() node_ref=node type="datetime-local" max="9999-12-31T23:59" name=bind.name aria-describedby=described(id)
                    aria-invalid=invalid(bind) disabled=move || disabled.get() prop:value=shown on:input=typed on:change=typed />
                <Show when=move || has_some() && !disabled.get()>
                    <button type="button" class="quiet" on:click=clear>"Clear"</button>
                </Show>
            </span>
        </Frame>
    }
}
