//! Fields of forms. Each shows its label, a hint, and what is wrong, tied together for screen readers.

use leptos::prelude::*;

use super::{Bind, unique};
use crate::browser;

/// What surrounds every field. The control gets its id and what describes it.
#[component]
fn Frame(
    id: StoredValue<String>,
    label: String,
    hint: String,
    error: Signal<Option<String>>,
    children: Children,
) -> impl IntoView {
    let why = move || error.get().map(|why| sentence(&why));
    view! {
        <div class="field" class:wrong=move || error.with(Option::is_some)>
            <label for=id.get_value()>{label}</label>
            {children()}
            <p class="error" id=format!("{}-error", id.get_value())>{why}</p>
            {(!hint.is_empty()).then(|| view! { <p class="hint" id=format!("{}-hint", id.get_value())>{hint}</p> })}
        </div>
    }
}

/// With a capital, as it stands alone.
pub(super) fn sentence(why: &str) -> String {
    let mut letters = why.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

pub(super) fn described(id: StoredValue<String>) -> String {
    let id = id.get_value();
    format!("{id}-error {id}-hint")
}

pub(super) fn invalid<V: Clone + Send + Sync + 'static>(
    bind: Bind<V>,
) -> impl Fn() -> &'static str + Copy {
    move || if bind.error.with(Option::is_some) { "true" } else { "false" }
}

/// One line of text.
#[component]
pub fn TextField(
    bind: Bind<String>,
    #[prop(into)] label: String,
    #[prop(into, optional)] hint: String,
    /// `text`, `email`, `url`, `password`.
    #[prop(default = "text")]
    kind: &'static str,
    #[prop(into, optional)] placeholder: String,
    #[prop(default = "off")] autocomplete: &'static str,
    #[prop(optional)] required: bool,
    #[prop(optional)] autofocus: bool,
    #[prop(into, default = Signal::stored(false))] disabled: Signal<bool>,
) -> impl IntoView {
    let id = StoredValue::new(unique(bind.name));
    view! {
        <Frame id label hint error=bind.error>
            <input id=id.get_value() type=kind name=bind.name placeholder=placeholder autocomplete=autocomplete
                autofocus=autofocus aria-required=required.then_some("true") aria-describedby=described(id)
                aria-invalid=invalid(bind) disabled=move || disabled.get()
                prop:value=move || bind.get.get() on:input=move |event| bind.set.run(event_target_value(&event)) />
        </Frame>
    }
}

/// Several lines of text.
#[component]
pub fn TextArea(
    bind: Bind<String>,
    #[prop(into)] label: String,
    #[prop(into, optional)] hint: String,
    #[prop(into, optional)] placeholder: String,
    #[prop(default = 4)] rows: u32,
    #[prop(optional)] code: bool,
    #[prop(into, default = Signal::stored(false))] disabled: Signal<bool>,
) -> impl IntoView {
    let id = StoredValue::new(unique(bind.name));
    view! {
        <Frame id label hint error=bind.error>
            <textarea id=id.get_value() name=bind.name rows=rows placeholder=placeholder class:code=code
                aria-describedby=described(id) aria-invalid=invalid(bind) disabled=move || disabled.get()
                prop:value=move || bind.get.get() on:input=move |event| bind.set.run(event_target_value(&event))></textarea>
        </Frame>
    }
}

/// A whole number, or nothing. What is no number stays in the field and is said to be none.
#[component]
pub fn NumberField(
    bind: Bind<Option<i64>>,
    #[prop(into)] label: String,
    #[prop(into, optional)] hint: String,
    #[prop(into, optional)] placeholder: String,
    #[prop(default = 0)] min: i64,
    #[prop(default = i64::MAX)] max: i64,
    #[prop(into, optional)] unit: String,
    #[prop(into, default = Signal::stored(false))] disabled: Signal<bool>,
) -> impl IntoView {
    let id = StoredValue::new(unique(bind.name));
    let odd = RwSignal::new(false);
    let error = Signal::derive(move || {
        if odd.get() { Some("must be a whole number".to_owned()) } else { bind.error.get() }
    });
    let typed = move |event: leptos::ev::Event| {
        let input: web_sys::HtmlInputElement = event_target(&event);
        let text = input.value();
        // What is half typed has no value, and is not nothing.
        let broken = text.is_empty() && input.validity_bad();
        match text.trim().parse::<i64>() {
            Ok(number) => {
                odd.set(false);
                bind.set.run(Some(number));
            }
            Err(_) => {
                odd.set(broken || !text.trim().is_empty());
                bind.set.run(None);
            }
        }
    };
    let shown = move || bind.get.get().map(|number| number.to_string()).unwrap_or_default();
    view! {
        <Frame id label hint error>
            <span class="with-unit">
                <input id=id.get_value() type="number" inputmode="numeric" name=bind.name placeholder=placeholder step="1"
                    min=min max=(max < i64::MAX).then_some(max) aria-describedby=described(id)
                    aria-invalid=move || if error.with(Option::is_some) { "true" } else { "false" }
                    disabled=move || disabled.get() prop:value=shown on:input=typed />
                {(!unit.is_empty()).then(|| view! { <span class="unit">{unit}</span> })}
            </span>
        </Frame>
    }
}

trait Validity {
    fn validity_bad(&self) -> bool;
}

impl Validity for web_sys::HtmlInputElement {
    fn validity_bad(&self) -> bool {
        let get = |of: &wasm_bindgen::JsValue, name: &str| js_sys::Reflect::get(of, &name.into());
        get(self, "validity").and_then(|v| get(&v, "badInput")).is_ok_and(|bad| bad.is_truthy())
    }
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
    let typed = move |event: leptos::ev::Event| {
        if let Ok(number) = event_target_value(&event).parse() {
            bind.set.run(number);
        }
    };
    let number = label.clone() + ", as a number";
    view! {
        <Frame id label hint error=bind.error>
            <span class="slider">
                <input id=id.get_value() type="range" min=min max=max step="1" aria-describedby=described(id)
                    disabled=move || disabled.get() prop:value=move || bind.get.get().to_string() on:input=typed />
                <span class="with-unit">
                    <input type="number" inputmode="numeric" step="1" min=min max=max aria-label=number name=bind.name aria-invalid=invalid(bind)
                        disabled=move || disabled.get() prop:value=move || bind.get.get().to_string() on:input=typed />
                    <span class="unit">{unit}</span>
                </span>
            </span>
        </Frame>
    }
}

/// One of several: `(value, what the reader sees)`.
#[component]
pub fn Choice(
    bind: Bind<String>,
    #[prop(into)] label: String,
    #[prop(into, optional)] hint: String,
    #[prop(into)] options: Signal<Vec<(String, String)>>,
    #[prop(into, default = Signal::stored(false))] disabled: Signal<bool>,
) -> impl IntoView {
    let id = StoredValue::new(unique(bind.name));
    view! {
        <Frame id label hint error=bind.error>
            <select id=id.get_value() name=bind.name aria-describedby=described(id) aria-invalid=invalid(bind)
                disabled=move || disabled.get() on:change=move |event| bind.set.run(event_target_value(&event))>
                {move || options.get().into_iter().map(|(value, text)| {
                    let own = value.clone();
                    let chosen = move || bind.get.with(|now| *now == own);
                    view! { <option value=value selected=chosen>{text}</option> }
                }).collect_view()}
            </select>
        </Frame>
    }
}

/// On or off, with a text that says what for.
#[component]
pub fn Switch(
    bind: Bind<bool>,
    #[prop(into)] label: String,
    #[prop(into, optional)] hint: String,
    #[prop(into, default = Signal::stored(false))] disabled: Signal<bool>,
) -> impl IntoView {
    let id = StoredValue::new(unique(bind.name));
    view! {
        <div class="field switch-field" class:wrong=move || bind.error.with(Option::is_some)>
            <span class="switch">
                <input id=id.get_value() type="checkbox" role="switch" name=bind.name aria-describedby=described(id)
                    disabled=move || disabled.get() prop:checked=move || bind.get.get()
                    on:change=move |event| bind.set.run(event_target_checked(&event)) />
                <span class="knob" aria-hidden="true"></span>
            </span>
            <div>
                <label for=id.get_value()>{label}</label>
                {(!hint.is_empty()).then(|| view! { <p class="hint" id=format!("{}-hint", id.get_value())>{hint}</p> })}
                <p class="error" id=format!("{}-error", id.get_value())>{move || bind.error.get().map(|why| sentence(&why))}</p>
            </div>
        </div>
    }
}

/// A switch without a form, as in the rows of a table. It moves when `on` does.
#[component]
pub fn Toggle(
    #[prop(into)] on: Signal<bool>,
    #[prop(into)] label: String,
    change: Callback<bool>,
    #[prop(into, default = Signal::stored(false))] disabled: Signal<bool>,
) -> impl IntoView {
    let changed = move |event: leptos::ev::Event| {
        let input: web_sys::HtmlInputElement = event_target(&event);
        let wanted = input.checked();
        // Shown only once it is so.
        input.set_checked(on.get_untracked());
        change.run(wanted);
    };
    view! {
        <span class="switch">
            <input type="checkbox" role="switch" aria-label=label disabled=move || disabled.get()
                prop:checked=move || on.get() on:change=changed />
            <span class="knob" aria-hidden="true"></span>
        </span>
    }
}

/// A moment in the reader's own time zone, or nothing.
#[component]
pub fn DateTimeField(
    bind: Bind<Option<String>>,
    #[prop(into)] label: String,
    #[prop(into, optional)] hint: String,
    #[prop(into, default = Signal::stored(false))] disabled: Signal<bool>,
) -> impl IntoView {
    let id = StoredValue::new(unique(bind.name));
    let shown =
        move || bind.get.get().map(|moment| browser::for_input(&moment)).unwrap_or_default();
    view! {
        <Frame id label hint error=bind.error>
            <span class="with-unit">
                <input id=id.get_value() type="datetime-local" name=bind.name aria-describedby=described(id)
                    aria-invalid=invalid(bind) disabled=move || disabled.get() prop:value=shown
                    on:change=move |event| bind.set.run(browser::from_input(&event_target_value(&event))) />
                <Show when=move || bind.get.with(Option::is_some) && !disabled.get()>
                    <button type="button" class="quiet" on:click=move |_| bind.set.run(None)>"Clear"</button>
                </Show>
            </span>
        </Frame>
    }
}

/// A colour, by picker or as `#rrggbb`.
#[component]
pub fn ColorField(
    bind: Bind<String>,
    #[prop(into)] label: String,
    #[prop(into, optional)] hint: String,
    #[prop(into, default = Signal::stored(false))] disabled: Signal<bool>,
) -> impl IntoView {
    let id = StoredValue::new(unique(bind.name));
    let picker = label.clone() + ", by picker";
    // A picker takes six digits alone.
    let six = move || {
        let color = bind.get.get();
        match color.strip_prefix('#') {
            Some(three) if three.len() == 3 => three
                .chars()
                .flat_map(|c| [c, c])
                .fold("#".to_owned(), |all, c| all + &c.to_string()),
            _ => color,
        }
    };
    view! {
        <Frame id label hint error=bind.error>
            <span class="color">
                <input type="color" aria-label=picker disabled=move || disabled.get() prop:value=six
                    on:input=move |event| bind.set.run(event_target_value(&event)) />
                <input id=id.get_value() type="text" name=bind.name spellcheck="false" aria-describedby=described(id) aria-invalid=invalid(bind)
                    disabled=move || disabled.get() prop:value=move || bind.get.get()
                    on:input=move |event| bind.set.run(event_target_value(&event)) />
            </span>
        </Frame>
    }
}
