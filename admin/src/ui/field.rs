//! Fields of forms. Each shows its label, a hint, and what is wrong, tied together for screen readers.

use leptos::prelude::*;

use super::{Bind, unique};

/// What surrounds every field. The control gets its id and what describes it.
#[component]
pub(super) fn Frame(
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

/// With a capital, as it stands alone. What is null in JSON is an empty field here.
pub(super) fn sentence(why: &str) -> String {
    let why = why.replace("or null", "or empty");
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
                    view! { <option value=value prop:selected=chosen>{text}</option> }
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
