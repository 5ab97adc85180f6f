//! How the widget looks for the keys that a plan issues.

use leptos::prelude::*;
use shared::license_key::LicenseKey;
use shared::look::Look;
use shared::product::PlanSettings;

use crate::api;
use crate::changes;
use crate::draft::{Draft, run};
use crate::pages::look::{ButtonCards, LookCards, LookForm};
use crate::session::may_write;
use crate::ui::{Icon, KeyPicker, Toasts};

fn form(draft: Draft<PlanSettings>) -> LookForm {
    LookForm::of(
        draft,
        "widget.ui",
        |plan| plan.widget.as_ref().map(|widget| widget.ui.clone()).unwrap_or_default(),
        |plan| plan.widget.as_mut().map(|widget| &mut widget.ui),
    )
}

/// What the look differs in, the way to take a key's, and every option once they are asked for.
#[component]
pub fn PlanLook(draft: Draft<PlanSettings>) -> impl IntoView {
    let form = form(draft);
    let open = RwSignal::new(false);
    // A complaint about an option must be seen.
    Effect::new(move || {
        let is_wrong = draft
            .errors
            .with(|errors| errors.0.keys().any(|field| field.starts_with("widget.ui.")));
        if is_wrong {
            open.set(true);
        }
    });
    let differs = move || {
        let fields: Vec<String> = changes::between(&Look::default(), &form.get())
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        match fields.as_slice() {
            [] => "The usual look.".to_owned(),
            fields => format!("Differs from the usual look in: {}.", fields.join(", ")),
        }
    };
    view! {
        <section class="below plan-look" aria-labelledby="plan-look">
            <div class="spread section-title">
                <h2 id="plan-look">"Look of the widget"</h2>
                <button type="button" class="button" aria-expanded=move || open.get().to_string() on:click=move |_| open.update(|open| *open = !*open)>
                    <Icon name="edit" /> {move || if open.get() { "Hide the options" } else { "Show the options" }}
                </button>
            </div>
            <p class="soft">{differs}</p>
            <Show when=may_write><TakeOver form /></Show>
            <Show when=move || open.get()>
                <div class="two-columns looks">
                    <div class="stack"><LookCards form /></div>
                    <div class="stack"><ButtonCards form /></div>
                </div>
            </Show>
        </section>
    }
}

/// A look is best made on a key, with the widget beside it, and then taken over.
#[component]
fn TakeOver(form: LookForm) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let chosen = RwSignal::new(String::new());
    let set = Callback::new(move |id: String| {
        chosen.set(id.clone());
        if id.is_empty() {
            return;
        }
        let path = format!("/api/license-keys/{id}");
        run(async move { api::get::<LicenseKey>(&path).await }, move |key| {
            form.take(key.settings.ui);
            toasts
                .done(format!("The look of {} is taken over. Save to keep it.", key.settings.name));
        });
    });
    view! {
        <div class="field">
            <span class="label" aria-hidden="true">"Take over from a license key"</span>
            <KeyPicker chosen set label="Take over from a license key" placeholder="Type a name or the last four characters" />
            <p class="hint">"Make the look on a key, with the widget beside it; here it is copied."</p>
        </div>
    }
}
