//! What may be done with a license, each in a dialog of its own.

use std::sync::Arc;

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::FieldErrors;
use shared::license_key::LicenseKey;

use crate::api;
use crate::browser;
use crate::draft::{self, Draft, Edits, Form, run};
use crate::remote::Remote;
use crate::ui::{
    ConfirmRequest, CopyButton, DateTimeField, Dialog, DialogFoot, Icon, NumberField, SaveFailure,
    Toasts, confirm,
};

/// Milliseconds of a day.
const DAY_MS: f64 = 86_400_000.0;

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    Expiry,
    Limit,
    Regenerate,
    Deactivate,
}

impl Edit {
    /// As an order's menu links to it.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "expiry" => Some(Self::Expiry),
            "limit" => Some(Self::Limit),
            "regenerate" => Some(Self::Regenerate),
            "deactivate" => Some(Self::Deactivate),
            _ => None,
        }
    }
}

/// What is being done with a license, for its menu and its dialogs.
#[derive(Clone, Copy)]
pub struct Doing {
    key: Remote<LicenseKey>,
    path: StoredValue<String>,
    what: RwSignal<Edit>,
    open: RwSignal<bool>,
    issued: RwSignal<Option<String>>,
    shown: RwSignal<bool>,
}

impl Doing {
    /// Nothing yet.
    #[must_use]
    pub fn new(key: Remote<LicenseKey>, path: StoredValue<String>) -> Self {
        Self {
            key,
            path,
            what: RwSignal::new(Edit::Expiry),
            open: RwSignal::new(false),
            issued: RwSignal::new(None),
            shown: RwSignal::new(false),
        }
    }

    /// Asks, or opens the form. Never from an effect: what is asked for outlives its next run.
    pub fn begin(self, edit: Edit) {
        match edit {
            Edit::Regenerate => regenerate(self.key, self.path, self.issued, self.shown),
            Edit::Deactivate => deactivate(self.key, self.path),
            edit => {
                self.what.set(edit);
                self.open.set(true);
            }
        }
    }
}

#[component]
pub fn EditDialogs(doing: Doing) -> impl IntoView {
    let Doing { key, path, what, open, issued, shown } = doing;
    let title =
        move || if what.get() == Edit::Limit { "Edit activation limit" } else { "Manage expiry" };
    view! {
        <Dialog open title=Signal::derive(move || title().to_owned())>
            {move || untrack(move || key.get()).map(|now| match what.get_untracked() {
                Edit::Limit => view! { <LimitForm key now path open /> }.into_any(),
                _ => view! { <ExpiryForm key now path open /> }.into_any(),
            })}
        </Dialog>
        <Dialog open=shown title=Signal::stored("The new license key".to_owned()) closable=Signal::stored(false)>
            <div class="stack">
                <div class="secret">
                    <code>{move || issued.get()}</code>
                    <CopyButton text=Signal::derive(move || issued.get().unwrap_or_default()) what="the license key" wide=true />
                </div>
                <div class="note"><Icon name="info" /><p>"Send it to the customer: the old key and its activations have ended."</p></div>
                <footer><button type="button" class="button primary" on:click=move |_| { shown.set(false); issued.set(None); }>"Done"</button></footer>
            </div>
        </Dialog>
    }
}

fn name(key: Remote<LicenseKey>) -> String {
    untrack(move || key.get()).map(|key| key.key_hint).unwrap_or_default()
}

fn regenerate(
    key: Remote<LicenseKey>,
    path: StoredValue<String>,
    issued: RwSignal<Option<String>>,
    shown: RwSignal<bool>,
) {
    confirm(ConfirmRequest {
        title: format!("Regenerate {}?", name(key)),
        text: "The customer gets a new key. The old one is refused at once and every activation ends: each website and device \
               must be given the new key. Expiry and limits stay."
            .to_owned(),
        action: "Regenerate",
        type_to_confirm: None,
        is_dangerous: true,
        then: Arc::new(move || {
            let path = format!("{}/regenerate", path.get_value());
            run(async move { api::post::<LicenseKey>(&path, &json!({})).await }, move |made| {
                issued.set(made.key.clone());
                shown.set(true);
                key.set(LicenseKey { key: None, ..made });
            });
        }),
    });
}

fn deactivate(key: Remote<LicenseKey>, path: StoredValue<String>) {
    let toasts = expect_context::<Toasts>();
    confirm(ConfirmRequest {
        title: format!("Deactivate {} for good?", name(key)),
        text: "The customer's websites and devices are refused at once, and running answers end. Nothing brings the license back.".to_owned(),
        action: "Deactivate for good",
        type_to_confirm: Some("deactivate".to_owned()),
        is_dangerous: true,
        then: Arc::new(move || {
            let path = format!("{}/deactivate", path.get_value());
            run(async move { api::act::<LicenseKey>(&path).await }, move |now| {
                key.set(now);
                toasts.done("The license is deactivated.");
            });
        }),
    });
}

/// Sends a change of the key; 409 when somebody else was faster.
fn save<T: Form>(
    draft: Draft<T>,
    key: Remote<LicenseKey>,
    path: StoredValue<String>,
    body: Value,
    open: RwSignal<bool>,
) {
    let toasts = expect_context::<Toasts>();
    let path = path.get_value();
    draft.save(async move { api::patch::<LicenseKey>(&path, &body).await }, move |now| {
        key.set(now);
        open.set(false);
        toasts.done("Saved.");
    });
}

/// Goes on from what somebody else has saved, in the form and on the page.
fn theirs<T: Form>(
    draft: Draft<T>,
    key: Remote<LicenseKey>,
    of: fn(&LicenseKey) -> T,
) -> Callback<(Value, Edits)> {
    draft::theirs(move |now: LicenseKey, edits| {
        draft.rebase(of(&now), now.version, edits);
        key.set(now);
    })
}

/// The form of the expiry.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Expiry {
    expires_at: Option<String>,
    grace_days: Option<i64>,
}

impl Expiry {
    fn of(key: &LicenseKey) -> Self {
        Self {
            expires_at: key.settings.expires_at.clone(),
            grace_days: Some(i64::from(key.settings.grace_days)),
        }
    }
}

fn check_expiry(expiry: &Expiry, errors: &mut FieldErrors) {
    if !expiry.grace_days.is_none_or(|days| (0..=365).contains(&days)) {
        errors.add("grace_days", "must be a whole number from 0 to 365");
    }
}

#[component]
fn ExpiryForm(
    key: Remote<LicenseKey>,
    now: LicenseKey,
    path: StoredValue<String>,
    open: RwSignal<bool>,
) -> impl IntoView {
    let draft = Draft::in_dialog(Expiry::of(&now), now.version, check_expiry);
    let theirs = theirs(draft, key, Expiry::of);
    let at = draft.field(
        "expires_at",
        |one| one.expires_at.clone(),
        |one, value| one.expires_at = value,
    );
    let grace =
        draft.field("grace_days", |one| one.grace_days, |one, value| one.grace_days = value);
    // From the expiry on, or from today when it is past.
    let extend = move |days: f64| {
        let today = js_sys::Date::now();
        let from = draft.base.with_untracked(|expiry| expiry.expires_at.clone());
        let ends = from.as_deref().map_or(today, browser::millis).max(today);
        at.set.run(Some(browser::rfc3339(ends + days * DAY_MS)));
    };
    let by = StoredValue::new(extend);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if draft.is_fine() {
            let Expiry { expires_at, grace_days } = draft.now.get_untracked();
            let body = json!({ "version": draft.version.get_untracked(), "expires_at": expires_at, "grace_days": grace_days.unwrap_or(0) });
            save(draft, key, path, body, open);
        }
    };
    let button = move |(days, text): (f64, &'static str)| {
        view! { <button type="button" class="chip" on:click=move |_| by.with_value(|extend| extend(days))>{text}</button> }
    };
    view! {
        <form on:submit=submit novalidate>
            <SaveFailure draft take_theirs=theirs />
            <DateTimeField bind=at label="Expires" hint="Empty = never. A time that is past ends the license at once." />
            <div class="chips extend" role="group" aria-label="Extend">
                {[(30.0, "+ 30 days"), (90.0, "+ 90 days"), (365.0, "+ 1 year")].map(button).collect_view()}
            </div>
            <NumberField bind=grace label="Grace" unit="days" hint="The license works on after its expiry, with a warning." />
            <DialogFoot open saving=draft.saving action="Save" />
        </form>
    }
}

/// The form of the activation limit.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Limit {
    activation_limit: Option<i64>,
}

impl Limit {
    fn of(key: &LicenseKey) -> Self {
        Self { activation_limit: key.settings.activation_limit.map(i64::from) }
    }
}

fn check_limit(limit: &Limit, errors: &mut FieldErrors) {
    if !limit.activation_limit.is_none_or(|places| (1..=100).contains(&places)) {
        errors.add("activation_limit", "must be a whole number from 1 to 100");
    }
}

#[component]
fn LimitForm(
    key: Remote<LicenseKey>,
    now: LicenseKey,
    path: StoredValue<String>,
    open: RwSignal<bool>,
) -> impl IntoView {
    let draft = Draft::in_dialog(Limit::of(&now), now.version, check_limit);
    let theirs = theirs(draft, key, Limit::of);
    let limit = draft.field(
        "activation_limit",
        |one| one.activation_limit,
        |one, value| one.activation_limit = value,
    );
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if draft.is_fine() {
            let body = json!({ "version": draft.version.get_untracked(), "activation_limit": draft.now.get_untracked().activation_limit });
            save(draft, key, path, body, open);
        }
    };
    view! {
        <form on:submit=submit novalidate>
            <SaveFailure draft take_theirs=theirs />
            <NumberField bind=limit label="Activation limit" placeholder="Unlimited"
                hint="1 to 100 websites and devices. Lowering it ends no activation: nobody new gets in until enough have left." />
            <DialogFoot open saving=draft.saving action="Save" />
        </form>
    }
}
