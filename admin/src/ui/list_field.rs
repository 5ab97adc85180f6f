//! A list of short texts in a form.

use leptos::prelude::*;

use super::field::{described, invalid, sentence};
use super::{Bind, Icon, unique};
use crate::browser;

/// Short texts in an order: add, change, move, remove.
#[component]
pub fn ListField(
    bind: Bind<Vec<String>>,
    #[prop(into)] label: String,
    #[prop(into, optional)] hint: String,
    #[prop(into, optional)] placeholder: String,
    /// What the button says, such as "Add a prompt".
    #[prop(into)]
    add: String,
    #[prop(default = 20)] most: usize,
    #[prop(into, default = Signal::stored(false))] disabled: Signal<bool>,
) -> impl IntoView {
    let id = StoredValue::new(unique(bind.name));
    let change = move |edit: &dyn Fn(&mut Vec<String>)| {
        let mut list = bind.get.get_untracked();
        edit(&mut list);
        bind.set.run(list);
    };
    let focus = move |at: usize| {
        request_animation_frame(move || {
            let item = browser::by_id(&format!("{}-{at}", id.get_value()));
            if let Some(item) = item {
                browser::focus(&item);
            }
        });
    };
    let name = StoredValue::new(label.clone());
    let placeholder = StoredValue::new(placeholder);
    let row = move |at: usize| {
        let text = move || bind.get.with(|list| list.get(at).cloned().unwrap_or_default());
        let number = at + 1;
        let last = move || bind.get.with(Vec::len) == number;
        view! {
            <li>
                <input id=format!("{}-{at}", id.get_value()) type="text" aria-label=format!("{} {number}", name.get_value())
                    placeholder=placeholder.get_value() aria-invalid=invalid(bind) disabled=move || disabled.get()
                    prop:value=text on:input=move |event| {
                        let text = event_target_value(&event);
                        change(&|list| if let Some(slot) = list.get_mut(at) { slot.clone_from(&text) });
                    } />
                <button type="button" class="quiet square" aria-label=format!("Move {number} up") disabled=move || at == 0 || disabled.get()
                    on:click=move |_| { change(&|list| list.swap(at, at - 1)); focus(at - 1); }><Icon name="up" /></button>
                <button type="button" class="quiet square" aria-label=format!("Move {number} down") disabled=move || last() || disabled.get()
                    on:click=move |_| { change(&|list| list.swap(at, at + 1)); focus(at + 1); }><Icon name="down" /></button>
                <button type="button" class="quiet square" aria-label=format!("Remove {number}") disabled=move || disabled.get()
                    on:click=move |_| { change(&|list| drop(list.remove(at))); focus(at.saturating_sub(1)); }><Icon name="trash" /></button>
            </li>
        }
    };
    let full = move || disabled.get() || bind.get.with(Vec::len) >= most;
    view! {
        <fieldset class="field list-field" aria-describedby=described(id) class:wrong=move || bind.error.with(Option::is_some)>
            <legend>{label}</legend>
            {(!hint.is_empty()).then(|| view! { <p class="hint" id=format!("{}-hint", id.get_value())>{hint}</p> })}
            <ol>
                <For each=move || 0..bind.get.with(Vec::len) key=|at| *at children=row />
            </ol>
            <p class="error" id=format!("{}-error", id.get_value())>{move || bind.error.get().map(|why| sentence(&why))}</p>
            <button type="button" class="button small" disabled=full
                on:click=move |_| { change(&|list| list.push(String::new())); focus(bind.get.with_untracked(Vec::len) - 1); }>
                <Icon name="add" /> {add}
            </button>
        </fieldset>
    }
}
