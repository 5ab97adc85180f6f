//! The form of a new API key, then the key: the only time that it is shown.

use leptos::prelude::*;
use shared::admin::{IssuedApiKey, NewApiKey, Scope};

use super::SCOPES;
use crate::api;
use crate::draft::Draft;
use crate::ui::{
    CheckGroup, Checks, CopyButton, DateTimeField, Dialog, DialogFoot, FailureBox, Icon, TextField,
};

#[component]
pub fn CreateDialog(open: RwSignal<bool>, created: Callback<()>) -> impl IntoView {
    let issued = RwSignal::new(None::<IssuedApiKey>);
    // What is not looked at any more is not kept either.
    Effect::new(move || {
        if !open.get() {
            issued.set(None);
        }
    });
    let title = move || {
        issued.with(|made| match made {
            Some(made) => format!("Your API key “{}”", made.api_key.label),
            None => "Create new key".to_owned(),
        })
    };
    // A key that was not copied is gone: no stray key press may close it.
    let closable = Signal::derive(move || issued.with(Option::is_none));
    view! {
        <Dialog open title=Signal::derive(title) closable>
            {move || match issued.get() {
                None => view! { <Form open issued created /> }.into_any(),
                Some(made) => view! { <Issued key=made.key open /> }.into_any(),
            }}
        </Dialog>
    }
}

#[component]
fn Form(
    open: RwSignal<bool>,
    issued: RwSignal<Option<IssuedApiKey>>,
    created: Callback<()>,
) -> impl IntoView {
    let draft = Draft::of_new(NewApiKey::default(), NewApiKey::check);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if draft.is_fine() {
            let new = draft.now.get_untracked();
            let making = async move { api::post::<IssuedApiKey>("/api/api-keys", &new).await };
            draft.save(making, move |made| {
                issued.set(Some(made));
                let _ = created.try_run(());
            });
        }
    };
    let label = draft.field("label", |key| key.label.clone(), |key, value| key.label = value);
    let scopes =
        draft.field("scopes", |key| names(&key.scopes), |key, chosen| key.scopes = scopes(&chosen));
    let expires = draft.field(
        "expires_at",
        |key| key.expires_at.clone(),
        |key, value| key.expires_at = value,
    );
    let options =
        SCOPES.iter().map(|(_, value, name, meaning)| (*value, *name, *meaning)).collect();
    view! {
        <form on:submit=submit novalidate>
            {move || draft.failure.get().map(|failure| view! { <FailureBox failure /> })}
            <TextField bind=label label="Label" required=true autofocus=true hint="Which program uses it: you read this in the list and in the audit log." />
            <Checks bind=scopes label="What it may do" groups=vec![CheckGroup { heading: "", options }] />
            <DateTimeField bind=expires label="Expires" hint="Optional. From then on it is refused." />
            <DialogFoot open saving=draft.saving action="Create key" />
        </form>
    }
}

fn names(scopes: &[Scope]) -> Vec<String> {
    let chosen = SCOPES.iter().filter(|(scope, ..)| scopes.contains(scope));
    chosen.map(|(_, value, ..)| (*value).to_owned()).collect()
}

fn scopes(names: &[String]) -> Vec<Scope> {
    let chosen = SCOPES.iter().filter(|(_, value, ..)| names.iter().any(|name| name == value));
    chosen.map(|(scope, ..)| *scope).collect()
}

#[component]
fn Issued(key: String, open: RwSignal<bool>) -> impl IntoView {
    view! {
        <div class="stack">
            <div class="secret">
                <code>{key.clone()}</code>
                <CopyButton text=Signal::stored(key) what="the API key" wide=true />
            </div>
            <div class="note warn">
                <Icon name="warning" />
                <p>"Copy it now: it is not shown again. Only its hash is kept; who loses it creates a new one. Send it as " <code>"Authorization: Bearer …"</code> "."</p>
            </div>
            <footer>
                <button type="button" class="button primary" on:click=move |_| open.set(false)>"Done"</button>
            </footer>
        </div>
    }
}
