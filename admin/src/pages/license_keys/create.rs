//! The form of a new license key.

use leptos::prelude::*;
use shared::LicenseKeySettings;
use shared::license_key::{LicenseKey, RestrictionKind};

use super::Issued;
use crate::api;
use crate::bindings::Bindings;
use crate::draft::Draft;
use crate::ui::{
    Choice, DateTimeField, Dialog, DialogFoot, FailureBox, NumberField, Switch, TextArea, TextField,
};

/// First the form, then the key, which is shown this once.
#[component]
pub fn CreateDialog(open: RwSignal<bool>, created: Callback<()>) -> impl IntoView {
    let made = RwSignal::new(None::<LicenseKey>);
    Effect::new(move || {
        if open.get() {
            made.set(None);
        }
    });
    let title =
        move || if made.with(Option::is_some) { "Your license key" } else { "Create License Key" };
    // A key that was not copied is gone: no stray key press may close it.
    let closable = Signal::derive(move || made.with(Option::is_none));
    view! {
        <Dialog open title=Signal::derive(move || title().to_owned()) closable wide=true>
            {move || match made.get() {
                None => view! { <Form open made created /> }.into_any(),
                Some(key) => view! { <Issued key done=Callback::new(move |()| open.set(false)) /> }.into_any(),
            }}
        </Dialog>
    }
}

#[component]
fn Form(
    open: RwSignal<bool>,
    made: RwSignal<Option<LicenseKey>>,
    created: Callback<()>,
) -> impl IntoView {
    let bindings = Bindings::new();
    let draft = Draft::of_new(LicenseKeySettings::default(), LicenseKeySettings::check);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if draft.is_fine() {
            let new = draft.now.get_untracked();
            draft.save(
                async move { api::post::<LicenseKey>("/api/license-keys", &new).await },
                move |key| {
                    made.set(Some(key));
                    let _ = created.try_run(());
                },
            );
        }
    };
    let name = draft.field("name", |key| key.name.clone(), |key, value| key.name = value);
    let agent = draft.field(
        "agent_id",
        |key| key.agent_id.clone().unwrap_or_default(),
        |key, id: String| key.agent_id = (!id.is_empty()).then_some(id),
    );
    let source = draft.field(
        "data_source_id",
        |key| key.data_source_id.clone().unwrap_or_default(),
        |key, id: String| key.data_source_id = (!id.is_empty()).then_some(id),
    );
    let domains = draft.field("websites", |key| key.websites.join("\n"), set_domains);
    let limit = draft.field(
        "monthly_usage_limit",
        |key| key.monthly_usage_limit,
        |key, value| key.monthly_usage_limit = value,
    );
    let expires = draft.field(
        "expires_at",
        |key| key.expires_at.clone(),
        |key, value| key.expires_at = value,
    );
    let again =
        draft.field("retrievable", |key| key.retrievable, |key, value| key.retrievable = value);
    view! {
        <form on:submit=submit novalidate>
            {move || draft.failure.get().map(|failure| view! { <FailureBox failure /> })}
            <TextField bind=name label="Name" required=true autofocus=true hint="For you: such as the website's or the customer's name." />
            <div class="pair">
                <Choice bind=source label="Data source" options=bindings.data_sources.options("Any") hint="What answers are drawn from." />
                <Choice bind=agent label="Agent" options=bindings.agents.options("Default agent") hint="Who answers." />
            </div>
            <TextArea bind=domains label="Allowed domains" rows=3 placeholder="https://example.com\nhttps://*.example.com"
                hint="One a line. Only pages of these websites may use the key; empty lets everybody who has it." />
            <div class="pair">
                <NumberField bind=limit label="Monthly limit" unit="queries" placeholder="Unlimited" />
                <DateTimeField bind=expires label="Expiration date" hint="Empty = never." />
            </div>
            <Switch bind=again label="The key can be shown again" hint="It is then kept sealed besides its hash. Off: it is shown this once, and only its hash is kept." />
            <DialogFoot open saving=draft.saving action="Create License Key" />
        </form>
    }
}

/// One a line, or separated by commas.
fn set_domains(key: &mut LicenseKeySettings, text: String) {
    let mut list: Vec<String> =
        text.split(['\n', ',']).map(|line| line.trim_start().to_owned()).collect();
    // The line that is being typed stays, the empty ones before it would be refused.
    let last = list.pop().unwrap_or_default();
    list.retain(|line| !line.trim().is_empty());
    if !last.is_empty() || (text.ends_with('\n') && !list.is_empty()) {
        list.push(last);
    }
    key.restriction =
        if list.is_empty() { RestrictionKind::None } else { RestrictionKind::Websites };
    key.websites = list;
}
