//! Settings of the whole installation: what is kept, and for how long.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::FieldErrors;
use shared::admin::InstallationSettings;

use crate::api;
use crate::draft::{Draft, Edits, theirs};
use crate::remote::{Load, Remote};
use crate::session::may_write;
use crate::ui::{Card, FailureBox, Head, Icon, NumberField, SaveBar, Skeleton, Switch, Toasts};

/// Longest retention, in days.
const MOST_DAYS: i64 = 36_500;

/// The settings as they stand in the form, with the names that they have in JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct SettingsForm {
    retention_days: Option<i64>,
    conversation_retention_days: Option<i64>,
    anonymize_ip: bool,
    store_questions: bool,
}

impl SettingsForm {
    fn of(settings: &InstallationSettings) -> Self {
        Self {
            retention_days: Some(settings.retention_days.into()),
            conversation_retention_days: settings.conversation_retention_days.map(i64::from),
            anonymize_ip: settings.anonymize_ip,
            store_questions: settings.store_questions,
        }
    }

    fn check(&self, errors: &mut FieldErrors) {
        let fine = |days: i64| (1..=MOST_DAYS).contains(&days);
        if !self.retention_days.is_some_and(fine) {
            errors.add("retention_days", "must be a whole number from 1 to 36500");
        }
        if !self.conversation_retention_days.is_none_or(fine) {
            errors.add(
                "conversation_retention_days",
                "must be a whole number from 1 to 36500, or empty",
            );
        }
    }
}

#[component]
pub fn SettingsPage() -> impl IntoView {
    let settings = Remote::<InstallationSettings>::new();
    let read = move || settings.read(api::get("/api/settings"));
    read();
    view! {
        <Head title=Signal::stored("Settings".to_owned()) text="What this installation keeps, and for how long. It applies to every license key." />
        {move || match settings.state.get() {
            Load::Waiting => view! { <Skeleton lines=6 /> }.into_any(),
            Load::Failed(failure) => view! { <FailureBox failure retry=Callback::new(move |()| read()) /> }.into_any(),
            Load::Ready(settings) => view! { <Opened settings /> }.into_any(),
        }}
        <crate::pages::about::AboutCards />
    }
}

/// The form over both cards, and which of its fields the environment decides.
#[derive(Clone, Copy)]
struct Form {
    draft: Draft<SettingsForm>,
    decided: StoredValue<Vec<String>>,
}

impl Form {
    /// Whether a field cannot be changed here, or not by this reader.
    fn closed(self, name: &'static str) -> Signal<bool> {
        let decided = self.decides(name);
        Signal::derive(move || decided || !may_write())
    }

    fn decides(self, name: &str) -> bool {
        self.decided.with_value(|all| all.iter().any(|one| one == name))
    }

    /// The hint of a field, which says so where the environment decides it.
    fn hint(self, name: &str, usual: &str) -> String {
        if self.decides(name) {
            let name = name.to_uppercase();
            format!("Decided by NATTER_{name} in the server's environment; change it there.")
        } else {
            usual.to_owned()
        }
    }
}

#[component]
fn Opened(settings: InstallationSettings) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let draft = Draft::new(SettingsForm::of(&settings), settings.version, SettingsForm::check);
    let form = Form { draft, decided: StoredValue::new(settings.from_environment) };
    let take = move |now: InstallationSettings, edits| {
        draft.rebase(SettingsForm::of(&now), now.version, edits);
    };
    let save = Callback::new(move |()| {
        if !draft.is_fine() {
            return;
        }
        let body = draft.patch();
        let saving =
            async move { api::patch::<InstallationSettings>("/api/settings", &body).await };
        draft.save(saving, move |now| {
            take(now, Edits::Kept);
            toasts.done("Saved. It applies from now on.");
        });
    });
    view! {
        <div class="two-columns">
            <Kept form />
            <Privacy form />
        </div>
        <SaveBar draft save take_theirs=theirs(take) />
    }
}

#[component]
fn Kept(form: Form) -> impl IntoView {
    let draft = form.draft;
    let usage = draft.field(
        "retention_days",
        |form| form.retention_days,
        |form, value| form.retention_days = value,
    );
    let kept = draft.field(
        "conversation_retention_days",
        |form| form.conversation_retention_days,
        |form, value| form.conversation_retention_days = value,
    );
    let less =
        |was: Option<i64>, is: Option<i64>| is.is_some_and(|is| was.is_none_or(|was| is < was));
    let shortened = move || {
        draft.base.with(|was| {
            draft.now.with(|is| {
                less(was.retention_days, is.retention_days)
                    || less(was.conversation_retention_days, is.conversation_retention_days)
            })
        })
    };
    view! {
        <Card title="How long things are kept">
            <NumberField bind=usage label="Usage log" unit="days" disabled=form.closed(usage.name)
                hint=form.hint(usage.name, "Older entries are deleted, and with them the charts and the notifications of that time.") />
            <NumberField bind=kept label="Conversations" unit="days" placeholder="For ever" disabled=form.closed(kept.name)
                hint=form.hint(kept.name, "A conversation is deleted when nothing has happened in it for so long. Empty = kept for ever.") />
            <Show when=shortened>
                <div class="note warn"><Icon name="warning" /><p>"Shorter than now: what is older is deleted soon after you save, and cannot be brought back."</p></div>
            </Show>
        </Card>
    }
}

#[component]
fn Privacy(form: Form) -> impl IntoView {
    let anonymize = form.draft.field(
        "anonymize_ip",
        |form| form.anonymize_ip,
        |form, value| form.anonymize_ip = value,
    );
    let store = form.draft.field(
        "store_questions",
        |form| form.store_questions,
        |form, value| form.store_questions = value,
    );
    view! {
        <Card title="Privacy">
            <Switch bind=anonymize label="Shorten IP addresses" disabled=form.closed(anonymize.name)
                hint=form.hint(anonymize.name, "Only the network is kept: the first three numbers of an IPv4 address, the first 48 bits of an IPv6 one. What is stored already stays as it is.") />
            <Switch bind=store label="Keep questions in the usage log" disabled=form.closed(store.name)
                hint=form.hint(store.name, "Off: the usage log says that somebody asked, but not what. Conversations keep their texts as long as set here.") />
        </Card>
    }
}
