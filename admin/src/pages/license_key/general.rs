//! What a key is called, what it may do and how long; regenerating, deactivating, deleting.

use std::sync::Arc;

use leptos::prelude::*;
use shared::license_key::{KeyStatus, LicenseKey, RevealedKey, Rotation};

use super::KeyPage;
use crate::api;
use crate::bindings::Bindings;
use crate::draft::{Draft, run};
use crate::nav::Nav;
use crate::pages::license_keys::{self, Issued};
use crate::route::Route;
use crate::session::{may_write, read_only};
use crate::ui::{
    Card, Choice, ConfirmRequest, CopyButton, DateTimeField, Dialog, DialogFoot, FailureBox, Icon,
    MetadataField, Meter, NumberField, Switch, TextArea, TextField, Toasts, When, choices, confirm,
};

/// Edit and delete, at the top right.
#[component]
pub fn HeadActions(page: KeyPage) -> impl IntoView {
    let nav = expect_context::<Nav>();
    let deleted = Callback::new(move |()| nav.leave_for(&Route::LicenseKeys.path()));
    let edit = move |_| {
        if let Ok(Some(field)) = crate::browser::document().query_selector("[name=name]") {
            crate::browser::focus(&field);
        }
    };
    let of_order = move || page.key.with(|key| key.order_id.is_some());
    view! {
        <Show when=may_write>
            <button type="button" class="button" on:click=edit><Icon name="edit" /> "Edit"</button>
            <button type="button" class="button danger" disabled=of_order title=move || of_order().then_some("Keys of orders are deactivated, not deleted")
                on:click=move |_| page.key.with_untracked(|key| license_keys::delete(key, deleted))><Icon name="trash" /> "Delete"</button>
        </Show>
    }
}

#[component]
pub fn General(page: KeyPage) -> impl IntoView {
    view! {
        <div class="two-columns">
            <div class="stack"><Names page /><Limits page /></div>
            <div class="stack"><TheKey page /><Answers page /></div>
        </div>
        <Show when=may_write><Danger page /></Show>
    }
}

#[component]
fn Names(page: KeyPage) -> impl IntoView {
    let name = page.draft.field("name", |key| key.name.clone(), |key, value| key.name = value);
    let description = page.draft.field(
        "description",
        |key| key.description.clone(),
        |key, value| key.description = value,
    );
    let active =
        page.draft.field("is_active", |key| key.is_active, |key, value| key.is_active = value);
    let for_good = move || page.key.with(|key| key.status == KeyStatus::Deactivated);
    view! {
        <Card>
            <TextField bind=name label="Name" required=true disabled=read_only() />
            <TextArea bind=description label="Description" disabled=read_only() />
            <Switch bind=active label="Active" hint="Off: nobody can chat with the key until it is switched on again."
                disabled=Signal::derive(move || for_good() || !may_write()) />
        </Card>
    }
}

/// The key itself, masked; the eye shows it where it can be shown.
#[component]
fn TheKey(page: KeyPage) -> impl IntoView {
    let shown = RwSignal::new(None::<String>);
    let retrievable = move || page.key.with(|key| key.settings.retrievable);
    let may_see = move || retrievable() && may_write();
    let eye = move |_| {
        if shown.get_untracked().is_some() {
            shown.set(None);
            return;
        }
        let path = page.path("/reveal");
        run(async move { api::act::<RevealedKey>(&path).await }, move |key| {
            shown.set(Some(key.key));
        });
    };
    // A regenerated key is another.
    Effect::new(move || {
        page.key.with(|key| key.key_hint.clone());
        shown.set(None);
    });
    let text = move || shown.get().unwrap_or_else(|| page.key.with(|key| key.key_hint.clone()));
    let fact = move |get: fn(&LicenseKey) -> String| page.key.with(get);
    view! {
        <Card title="Key">
            <div class="secret">
                <code>{text}</code>
                <button type="button" class="quiet square" aria-label=move || if shown.get().is_some() { "Hide the key" } else { "Show the key" }
                    aria-describedby="why-no-eye" disabled=move || !may_see() on:click=eye><Icon name="eye" /></button>
                {move || shown.get().map(|key| view! { <CopyButton text=Signal::stored(key) what="the license key" /> })}
            </div>
            <p class="hint" id="why-no-eye">{move || if !retrievable() {
                "It was shown once and only its hash is kept, so nobody can see it again. Lost it? Regenerate it below."
            } else if may_write() {
                "It is kept sealed; each look at it is written to the audit log."
            } else {
                "Admins can show it."
            }}</p>
            <dl class="facts">
                <dt>"Chatbot id"</dt>
                <dd class="inline"><code>{move || fact(|key| key.chatbot_id.clone())}</code>
                    <CopyButton text=Signal::derive(move || fact(|key| key.chatbot_id.clone())) what="the chatbot id" /></dd>
                <dt>"Created"</dt><dd>{move || view! { <When at=fact(|key| key.created_at.clone()) /> }}</dd>
                <dt>"Changed"</dt><dd>{move || view! { <When at=fact(|key| key.updated_at.clone()) /> }}</dd>
                <dt>"Last used"</dt>
                <dd>{move || page.key.with(|key| key.last_used_at.clone()).map_or_else(|| "never".into_any(), |at| view! { <When at /> }.into_any())}</dd>
                {move || page.key.with(|key| key.order_id.clone()).map(|order| view! {
                    <dt>"Order"</dt><dd><a href=Route::Order(order.clone()).path()>{order.clone()}</a></dd>
                })}
            </dl>
        </Card>
    }
}

#[component]
fn Answers(page: KeyPage) -> impl IntoView {
    let bindings = Bindings::new();
    let some = |id: String| (!id.is_empty()).then_some(id);
    let agent = page.draft.field(
        "agent_id",
        |key| key.agent_id.clone().unwrap_or_default(),
        move |key, id| key.agent_id = some(id),
    );
    let source = page.draft.field(
        "data_source_id",
        |key| key.data_source_id.clone().unwrap_or_default(),
        move |key, id| key.data_source_id = some(id),
    );
    view! {
        <Card title="Answers" text="Bound to none, the default agent answers, and a request may name another.">
            <Choice bind=agent label="Agent" options=bindings.agents.options("Default agent") disabled=read_only() />
            <Choice bind=source label="Data source" options=bindings.data_sources.options("Those of the agent") disabled=read_only() />
        </Card>
    }
}

#[component]
fn Limits(page: KeyPage) -> impl IntoView {
    let draft = page.draft;
    let monthly = draft.field(
        "monthly_usage_limit",
        |key| key.monthly_usage_limit,
        |key, value| key.monthly_usage_limit = value,
    );
    let whole = |value: Option<i64>| value.map(|number| u32::try_from(number).unwrap_or(u32::MAX));
    let rate = draft.field(
        "rate_limit_per_minute",
        |key| key.rate_limit_per_minute.map(i64::from),
        move |key, value| key.rate_limit_per_minute = whole(value),
    );
    let places = draft.field(
        "activation_limit",
        |key| key.activation_limit.map(i64::from),
        move |key, value| key.activation_limit = whole(value),
    );
    let expires = draft.field(
        "expires_at",
        |key| key.expires_at.clone(),
        |key, value| key.expires_at = value,
    );
    let grace = draft.field(
        "grace_days",
        |key| Some(i64::from(key.grace_days)),
        move |key, value| key.grace_days = whole(value).unwrap_or(0),
    );
    let auto = draft.field(
        "auto_activate_hosts",
        |key| key.auto_activate_hosts,
        |key, value| key.auto_activate_hosts = value,
    );
    let metadata =
        draft.field("metadata", |key| key.metadata.clone(), |key, value| key.metadata = value);
    let used = move || page.key.with(|key| (key.monthly_usage, key.settings.monthly_usage_limit));
    view! {
        <Card title="Limits">
            <p class="spread"><span class="soft">"Used this month"</span>
                {move || { let (used, limit) = used(); view! { <Meter used limit label="Queries this month" /> } }}</p>
            <div class="pair">
                <NumberField bind=monthly label="Monthly limit" unit="queries" placeholder="Unlimited" hint="Begins anew on the 1st, UTC." disabled=read_only() />
                <NumberField bind=rate label="Rate limit" unit="a minute" placeholder="The server's" hint="Per visitor's address." disabled=read_only() />
            </div>
            <div class="pair">
                <DateTimeField bind=expires label="Expires" hint="Empty = never." disabled=read_only() />
                <NumberField bind=grace label="Grace" unit="days" hint="The key works on after its expiry, with a warning to you and your software." disabled=read_only() />
            </div>
            <NumberField bind=places label="Activation limit" placeholder="Unlimited" unit="places" hint="Websites and devices that may use the key at a time." disabled=read_only() />
            <Switch bind=auto label="New websites activate by themselves" hint="Off: each waits for an admin, under Activations." disabled=read_only() />
        </Card>
        <Card>
            <MetadataField bind=metadata hint="For you: such as a number in your shop." disabled=read_only() />
        </Card>
    }
}

/// What cannot be taken back.
#[component]
fn Danger(page: KeyPage) -> impl IntoView {
    let regenerating = RwSignal::new(false);
    let for_good = move || page.key.with(|key| key.status == KeyStatus::Deactivated);
    view! {
        <Card title="Regenerate or end the key" danger=true>
            <div class="spread">
                <p>"A new key takes the place of this one: after a leak, or when it was lost. Settings, usage and conversations stay."</p>
                <button type="button" class="button" disabled=for_good on:click=move |_| regenerating.set(true)><Icon name="refresh" /> "Regenerate"</button>
            </div>
            <hr />
            <div class="spread">
                <p>{move || if for_good() { "This key is deactivated for good." } else { "Switched off for good: nothing brings the key back. Usage and conversations stay readable." }}</p>
                <button type="button" class="button danger" disabled=for_good on:click=move |_| deactivate(page)>"Deactivate for good"</button>
            </div>
        </Card>
        <RegenerateDialog page open=regenerating />
    }
}

fn deactivate(page: KeyPage) {
    let toasts = expect_context::<Toasts>();
    let name = page.key.with_untracked(|key| key.settings.name.clone());
    confirm(ConfirmRequest {
        title: format!("Deactivate {name} for good?"),
        text: "Every page, app and device that uses the key is refused at once, and running answers end. Nothing brings the \
               key back: neither you nor the server."
            .to_owned(),
        action: "Deactivate for good",
        type_to_confirm: Some(name),
        is_dangerous: true,
        then: Arc::new(move || {
            let path = page.path("/deactivate");
            run(async move { api::act::<LicenseKey>(&path).await }, move |key| {
                page.refresh(key);
                toasts.done("The key is deactivated.");
            });
        }),
    });
}

/// Asks how long the old key may go on, then shows the new one.
#[component]
fn RegenerateDialog(page: KeyPage, open: RwSignal<bool>) -> impl IntoView {
    let made = RwSignal::new(None::<LicenseKey>);
    Effect::new(move || {
        if open.get() {
            made.set(None);
        }
    });
    let title = move || {
        if made.with(Option::is_some) { "Your new license key" } else { "Regenerate the key?" }
    };
    let closable = Signal::derive(move || made.with(Option::is_none));
    view! {
        <Dialog open title=Signal::derive(move || title().to_owned()) closable wide=true>
            {move || match made.get() {
                None => view! { <RegenerateForm page open made /> }.into_any(),
                Some(key) => view! { <Issued key done=Callback::new(move |()| open.set(false)) /> }.into_any(),
            }}
        </Dialog>
    }
}

#[component]
fn RegenerateForm(
    page: KeyPage,
    open: RwSignal<bool>,
    made: RwSignal<Option<LicenseKey>>,
) -> impl IntoView {
    let draft = Draft::of_new(Rotation::default(), |rotation, errors| rotation.check(errors));
    let of_order = page.key.with_untracked(|key| key.order_id.is_some());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let (path, body) = (page.path("/regenerate"), draft.now.get_untracked());
        draft.save(async move { api::post::<LicenseKey>(&path, &body).await }, move |key| {
            made.set(Some(key.clone()));
            page.refresh(LicenseKey { key: None, ..key });
        });
    };
    let overlap = draft.field(
        "overlap_seconds",
        |rotation| rotation.overlap_seconds.to_string(),
        |rotation, value: String| rotation.overlap_seconds = value.parse().unwrap_or(0),
    );
    view! {
        <form on:submit=submit>
            {move || draft.failure.get().map(|failure| view! { <FailureBox failure /> })}
            <p>"You get a new key, which is shown once. Pages and apps that hold the old one must be given the new one; those that use the chatbot id go on by themselves. Activations end."</p>
            {(!of_order).then(|| view! { <Choice bind=overlap label="The old key" options=overlaps() /> })}
            <DialogFoot open saving=draft.saving action="Regenerate" />
        </form>
    }
}

/// How long an old secret may go on, in seconds.
pub fn overlaps() -> Signal<Vec<(String, String)>> {
    choices(&[
        ("0", "Ends at once"),
        ("3600", "Works for another hour"),
        ("86400", "Works for another day"),
        ("604800", "Works for another week"),
        ("2592000", "Works for another 30 days"),
    ])
}
