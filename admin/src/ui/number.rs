//! Fields of numbers.

use leptos::prelude::*;

use super::field::{Frame, described, invalid};
use super::{Bind, unique};
use crate::format;

/// What the reader types for a number, as a text: what is none stays in the field and is said to be
/// none. (A browser's own number field drops or rereads what it does not like.)
#[component]
fn Typed<V: Copy + PartialEq + Send + Sync + 'static>(
    bind: Bind<Option<V>>,
    label: String,
    hint: String,
    placeholder: String,
    unit: String,
    disabled: Signal<bool>,
    read: fn(&str) -> Result<Option<V>, &'static str>,
    write: fn(V) -> String,
    inputmode: &'static str,
) -> impl IntoView {
    let id = StoredValue::new(unique(bind.name));
    let typed = move |event: leptos::ev::Event| {
        let text = event_target_value(&event);
        match read(&text) {
            Ok(number) => {
                bind.odd.set.run(None);
                bind.set.run(number);
            }
            Err(why) => bind.odd.set.run(Some((text, why.to_owned()))),
        }
    };
    let shown =
        move || bind.odd.text.get().or_else(|| bind.get.get().map(write)).unwrap_or_default();
    view! {
        <Frame id label hint error=bind.error>
            <span class="with-unit">
                <input id=id.get_value() type="text" inputmode=inputmode autocomplete="off" name=bind.name placeholder=placeholder
                    aria-describedby=described(id) aria-invalid=invalid(bind) disabled=move || disabled.get() prop:value=shown on:input=typed />
                {(!unit.is_empty()).then(|| view! { <span class="unit">{unit}</span> })}
            </span>
        </Frame>
    }
}

/// A whole number, or nothing.
#[component]
pub fn NumberField(
    bind: Bind<Option<i64>>,
    #[prop(into)] label: String,
    #[prop(into, optional)] hint: String,
    #[prop(into, optional)] placeholder: String,
    #[prop(into, optional)] unit: String,
    #[prop(into, default = Signal::stored(false))] disabled: Signal<bool>,
) -> impl IntoView {
    let write = |number: i64| number.to_string();
    view! { <Typed bind label hint placeholder unit disabled read=format::whole write inputmode="numeric" /> }
}

/// A number with decimals, or nothing.
#[component]
pub fn DecimalField(
    bind: Bind<Option<f64>>,
    #[prop(into)] label: String,
    #[prop(into, optional)] hint: String,
    #[prop(into, default = Signal::stored(false))] disabled: Signal<bool>,
) -> impl IntoView {
    let none = String::new;
    let write = |number: f64| number.to_string();
    view! { <Typed bind label hint placeholder=none() unit=none() disabled read=format::decimal write inputmode="decimal" /> }
}

/// A number by hand or by slider.
#[component]
pub fn Slider(
    bind: Bind<i64>,
    #[prop(into)] label: String,
    #[prop(into, optional)] hint: String,
    min: i64,
    max: i64,
    #[prop(into, optional)] unit: String,
    #[prop(into, default = Signal::stored(false))] disabled: Signal<bool>,
) -> impl IntoView {
    let id = StoredValue::new(unique(bind.name));
    let slid = move |event: leptos::ev::Event| {
        if let Ok(number) = event_target_value(&event).parse() {
            bind.odd.set.run(None);
            bind.set.run(number);
        }
    };
    let typed = move |event: leptos::ev::Event| {
        let text = event_target_value(&event);
        let odd = match format::whole(&text) {
            Ok(Some(number)) => {
                bind.set.run(number);
                None
            }
            Ok(None) => Some("must be a number"),
            Err(why) => Some(why),
        };
        bind.odd.set.run(odd.map(|why| (text, why.to_owned())));
    };
    let shown = move || bind.odd.text.get().unwrap_or_else(|| bind.get.get().to_string());
    let number = label.clone() + ", as a number";
    view! {
        <Frame id label hint error=bind.error>
            <span class="slider">
                <input id=id.get_value() type="range" min=min max=max step="1" aria-describedby=described(id)
                    disabled=move || disabled.get() prop:value=move || bind.get.get().to_string() on:input=slid />
                <span class="with-unit">
                    <input type="text" inputmode="numeric" autocomplete="off" aria-label=number name=bind.name aria-describedby=described(id) aria-invalid=invalid(bind)
                        disabled=move || disabled.get() prop:value=shown on:input=typed />
                    <span class="unit">{unit}</span>
                </span>
            </span>
        </Frame>
    }
}
