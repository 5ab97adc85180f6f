//! Several of several: boxes to tick, in groups.

use leptos::prelude::*;

use super::{Bind, unique};

/// Boxes under a heading: `(value, its name, what it means)`.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckGroup {
    /// Empty = no heading, as for a single group.
    pub heading: &'static str,
    pub options: Vec<(&'static str, &'static str, &'static str)>,
}

/// Which of several values are chosen. What is chosen keeps the order of the boxes.
#[component]
pub fn Checks(
    bind: Bind<Vec<String>>,
    #[prop(into)] label: String,
    #[prop(into, optional)] hint: String,
    groups: Vec<CheckGroup>,
    #[prop(into, default = Signal::stored(false))] disabled: Signal<bool>,
) -> impl IntoView {
    let id = StoredValue::new(unique(bind.name));
    let order: Vec<&str> =
        groups.iter().flat_map(|group| group.options.iter().map(|(value, ..)| *value)).collect();
    let order = StoredValue::new(order);
    let tick = Callback::new(move |(value, on): (&'static str, bool)| {
        let mut chosen = bind.get.get_untracked();
        chosen.retain(|one| one != value);
        if on {
            chosen.push(value.to_owned());
        }
        let place =
            |one: &String| order.with_value(|all| all.iter().position(|known| known == one));
        chosen.sort_by_key(|one| place(one).unwrap_or(usize::MAX));
        bind.set.run(chosen);
    });
    let wrong = move || bind.error.with(Option::is_some);
    let option = move |(value, name, meaning): (&'static str, &'static str, &'static str)| {
        let on = move || bind.get.with(|chosen| chosen.iter().any(|one| one == value));
        view! {
            <label>
                <input type="checkbox" name=bind.name value=value aria-invalid=move || if wrong() { "true" } else { "false" }
                    disabled=move || disabled.get() prop:checked=on
                    on:change=move |event| tick.run((value, event_target_checked(&event))) />
                <span class="two"><span>{name}</span><span class="soft">{meaning}</span></span>
            </label>
        }
    };
    let group = move |group: CheckGroup| {
        view! {
            <div class="checks">
                {(!group.heading.is_empty()).then(|| view! { <p class="checks-heading">{group.heading}</p> })}
                {group.options.into_iter().map(option).collect_view()}
            </div>
        }
    };
    let described = format!("{0}-error {0}-hint", id.get_value());
    view! {
        <fieldset class="field" aria-describedby=described class:wrong=wrong>
            <legend>{label}</legend>
            {(!hint.is_empty()).then(|| view! { <p class="hint" id=format!("{}-hint", id.get_value())>{hint}</p> })}
            <div class="check-groups">{groups.into_iter().map(group).collect_view()}</div>
            <p class="error" id=format!("{}-error", id.get_value())>{move || bind.error.get().map(|why| super::field::sentence(&why))}</p>
        </fieldset>
    }
}
