//! The form of a new webhook, then its secret.

use leptos::prelude::*;
use shared::admin::WebhookWithSecret;

use super::form::{HookFields, HookForm};
use super::secret::Shown;
use crate::api;
use crate::draft::Draft;
use crate::route::Route;
use crate::ui::{Dialog, DialogFoot, FailureBox};

#[component]
pub fn CreateDialog(open: RwSignal<bool>, created: Callback<()>) -> impl IntoView {
    let made = RwSignal::new(None::<WebhookWithSecret>);
    Effect::new(move || {
        if !open.get() {
            made.set(None);
        }
    });
    let title = move || {
        if made.with(Option::is_some) { "Your webhook's secret" } else { "Create webhook" }
            .to_owned()
    };
    let closable = Signal::derive(move || made.with(Option::is_none));
    view! {
        <Dialog open title=Signal::derive(title) closable wide=true>
            {move || match made.get() {
                None => view! { <Form open made created /> }.into_any(),
                Some(hook) => view! { <Made hook open /> }.into_any(),
            }}
        </Dialog>
    }
}

#[component]
fn Form(
    open: RwSignal<bool>,
    made: RwSignal<Option<WebhookWithSecret>>,
    created: Callback<()>,
) -> impl IntoView {
    let empty = HookForm { is_active: true, ..HookForm::default() };
    let draft = Draft::of_new(empty, HookForm::check);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if draft.is_fine() {
            let new = draft.now.get_untracked();
            let making = async move { api::post::<WebhookWithSecret>("/api/webhooks", &new).await };
            draft.save(making, move |hook| {
                made.set(Some(hook));
                let _ = created.try_run(());
            });
        }
    };
    view! {
        <form on:submit=submit novalidate>
            {move || draft.failure.get().map(|failure| view! { <FailureBox failure /> })}
            <HookFields draft autofocus=true />
            <DialogFoot open saving=draft.saving action="Create webhook" />
        </form>
    }
}

#[component]
fn Made(hook: WebhookWithSecret, open: RwSignal<bool>) -> impl IntoView {
    let page = Route::Webhook(hook.webhook.id).path();
    view! {
        <div class="stack">
            <Shown secret=hook.secret />
            <p>"Calls are signed with it. Give it to whatever listens at the address; its page shows it again, and how to check the signature."</p>
            <footer>
                <a class="button" href=page on:click=move |_| open.set(false)>"Open the webhook"</a>
                <button type="button" class="button primary" on:click=move |_| open.set(false)>"Done"</button>
            </footer>
        </div>
    }
}
