//! Copying texts.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Icon;
use crate::browser;

/// How long a button says that it has copied, in milliseconds.
const SAYS_MS: i32 = 1800;

/// Copies a text, and says so in its own place.
#[component]
pub fn CopyButton(
    #[prop(into)] text: Signal<String>,
    /// What is copied, for those who cannot see beside what the button stands.
    #[prop(into)]
    what: String,
    /// Shows the word beside the sign.
    #[prop(optional)]
    wide: bool,
) -> impl IntoView {
    let said = RwSignal::new("");
    let copy = move |_| {
        spawn_local(async move {
            let done = browser::copy(&text.get_untracked()).await;
            said.set(if done { "Copied" } else { "Select the text and copy it by hand" });
            browser::pause(SAYS_MS).await;
            let _ = said.try_set("");
        });
    };
    view! {
        <button type="button" class="quiet copy" class:square=!wide aria-label=format!("Copy {what}") title="Copy" on:click=copy>
            {move || view! { <Icon name=if said.get() == "Copied" { "check" } else { "copy" } /> }}
            {wide.then(|| view! { <span>{move || if said.get().is_empty() { "Copy" } else { said.get() }}</span> })}
            <span class="unseen" role="status">{move || said.get()}</span>
        </button>
    }
}

/// A piece of code that is there to be copied.
#[component]
pub fn Snippet(
    #[prop(into)] code: Signal<String>,
    /// What it is: its label and what the button says that it copies.
    #[prop(into)]
    label: String,
) -> impl IntoView {
    view! {
        <figure class="snippet">
            <figcaption>
                <span>{label.clone()}</span>
                <CopyButton text=code what=label wide=true />
            </figcaption>
            // Scrolls sideways, so the keyboard must reach it.
            <pre tabindex="0"><code>{move || code.get()}</code></pre>
        </figure>
    }
}
