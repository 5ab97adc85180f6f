//! One agent: its form with the trial beside it.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::FieldErrors;
use shared::admin::Page;
use shared::agent::{Agent, AgentSettings, ProviderKind};
use shared::data_source::DataSource;

use super::{form, list, trial};
use crate::api;
use crate::draft::{Draft, Edits, theirs};
use crate::nav::Nav;
use crate::remote::{Load, Remote};
use crate::route::Route;
use crate::session::may_write;
use crate::ui::{Badge, Card, FailureBox, Head, SaveBar, Secret, Skeleton, Toasts, Tone};

/// An agent as its form has it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Edited {
    #[serde(flatten)]
    pub settings: AgentSettings,
    pub is_default: bool,
    #[serde(default, skip_serializing_if = "Secret::is_kept")]
    pub api_key: Secret,
}

impl Edited {
    fn of(settings: &AgentSettings, is_default: bool) -> Self {
        Self { settings: settings.clone(), is_default, api_key: Secret::Kept }
    }

    fn check(&self, errors: &mut FieldErrors) {
        self.settings.check(errors);
        if self.settings.api_key_env.as_ref().is_some_and(|name| name.trim().is_empty()) {
            errors.add("api_key_env", "is missing");
        }
    }
}

/// What the parts of the page share.
#[derive(Clone, Copy)]
pub struct AgentForm {
    /// As the server has it; none while it is new.
    pub agent: RwSignal<Option<Agent>>,
    pub draft: Draft<Edited>,
    pub sources: Remote<Page<DataSource>>,
}

impl AgentForm {
    fn of(agent: Option<Agent>) -> Self {
        let (settings, version, is_default) = match &agent {
            Some(agent) => (agent.settings.clone(), agent.version, agent.is_default),
            None => (AgentSettings::default(), 0, false),
        };
        Self {
            agent: RwSignal::new(agent),
            draft: Draft::new(Edited::of(&settings, is_default), version, Edited::check),
            sources: Remote::load(api::get("/api/data-sources")),
        }
    }

    fn take(self, agent: Agent, edits: Edits) {
        self.draft.rebase(Edited::of(&agent.settings, agent.is_default), agent.version, edits);
        self.agent.set(Some(agent));
    }

    /// Whether the fields for a model server are shown. Reads a signal.
    #[must_use]
    pub fn has_model(self) -> bool {
        self.draft.now.with(|now| now.settings.provider != ProviderKind::Builtin)
    }

    fn save(self) {
        if !self.draft.is_fine() {
            return;
        }
        let toasts = expect_context::<Toasts>();
        let nav = expect_context::<Nav>();
        match self.agent.with_untracked(|agent| agent.as_ref().map(|agent| agent.id.clone())) {
            Some(id) => {
                let (path, body) = (format!("/api/agents/{id}"), self.draft.patch());
                self.draft.save(
                    async move { api::patch::<Agent>(&path, &body).await },
                    move |agent| {
                        self.take(agent, Edits::Kept);
                        toasts.done("Saved. It applies to the next question.");
                    },
                );
            }
            None => {
                let body = self.draft.now.get_untracked();
                self.draft.save(
                    async move { api::post::<Agent>("/api/agents", &body).await },
                    move |agent| {
                        toasts.done(format!(
                            "{} is created. Try it out beside its settings.",
                            agent.settings.name
                        ));
                        nav.leave_for(&Route::Agent(agent.id).path());
                    },
                );
            }
        }
    }
}

#[component]
pub fn NewAgentPage() -> impl IntoView {
    view! { <Editor form=AgentForm::of(None) /> }
}

#[component]
pub fn AgentPage(id: String) -> impl IntoView {
    let agent = Remote::<Agent>::new();
    let path = StoredValue::new(format!("/api/agents/{id}"));
    let read = move || {
        let path = path.get_value();
        agent.read(async move { api::get(&path).await });
    };
    read();
    move || {
        match agent.state.get() {
        Load::Waiting => view! { <Head title=Signal::stored("Agent".to_owned()) back=Route::Agents /><Skeleton lines=8 /> }.into_any(),
        Load::Failed(failure) => {
            let retry = Callback::new(move |()| read());
            view! { <Head title=Signal::stored("Agent".to_owned()) back=Route::Agents /><FailureBox failure retry /> }.into_any()
        }
        Load::Ready(agent) => view! { <Editor form=AgentForm::of(Some(agent)) /> }.into_any(),
    }
    }
}

#[component]
fn Editor(form: AgentForm) -> impl IntoView {
    let is_new = form.agent.with_untracked(Option::is_none);
    let title = Signal::derive(move || {
        form.agent.with(|agent| {
            agent
                .as_ref()
                .map_or_else(|| "Create agent".to_owned(), |agent| agent.settings.name.clone())
        })
    });
    let standing = move || {
        form.agent.get().map(|agent| {
            let (word, tone) = if agent.settings.is_active { ("Active", Tone::Good) } else { ("Switched off", Tone::Warn) };
            view! {
                {agent.is_default.then(|| view! { <Badge text="Default".to_owned() tone=Tone::Info /> })}
                <Badge text=word.to_owned() tone />
            }
        })
    };
    let theirs = theirs(move |agent: Agent, edits| form.take(agent, edits));
    let save = Callback::new(move |()| form.save());
    view! {
        <Head title back=Route::Agents>{standing}</Head>
        <div class="editor">
            <div>
                <form::Fields form />
                {(!is_new).then(|| view! { <DangerZone form /> })}
                {if is_new { view! { <CreateFoot form save /> }.into_any() } else { view! { <SaveBar draft=form.draft save take_theirs=theirs /> }.into_any() }}
            </div>
            <Show when=may_write><trial::Trial form /></Show>
        </div>
    }
}

/// The button of something new, which has nothing to undo.
#[component]
fn CreateFoot(form: AgentForm, save: Callback<()>) -> impl IntoView {
    let draft = form.draft;
    view! {
        <div class="foot">
            {move || draft.failure.get().map(|failure| view! { <FailureBox failure /> })}
            <div class="actions">
                <button type="button" class="button primary" disabled=move || draft.saving.get() || !may_write() on:click=move |_| save.run(())>
                    {move || if draft.saving.get() { "One moment…" } else { "Create agent" }}
                </button>
                <a class="button" href=Route::Agents.path()>"Cancel"</a>
            </div>
        </div>
    }
}

#[component]
fn DangerZone(form: AgentForm) -> impl IntoView {
    let nav = expect_context::<Nav>();
    let is_default =
        move || form.agent.with(|agent| agent.as_ref().is_some_and(|agent| agent.is_default));
    let remove = move |_| {
        if let Some(agent) = form.agent.get_untracked() {
            list::remove(agent, Callback::new(move |()| nav.leave_for(&Route::Agents.path())));
        }
    };
    view! {
        <Show when=may_write>
            <Card title="Delete this agent" danger=true>
                <div class="actions">
                    <p class="soft">{move || if is_default() {
                        "It is the default agent. Make another one the default first."
                    } else {
                        "License keys and plans that are bound to it must be bound to another one first."
                    }}</p>
                    <button type="button" class="button danger" disabled=is_default on:click=remove>"Delete agent"</button>
                </div>
            </Card>
        </Show>
    }
}
