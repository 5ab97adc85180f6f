//! The fields of an agent. Which are shown depends on who writes its answers.

use leptos::prelude::*;
use shared::agent::{ConnectionTest, ProviderKind};
use shared::data_source::DataSource;

use super::edit::{AgentForm, Edited};
use super::provider_name;
use crate::api::{self, Failure};
use crate::remote::{Load, Remote};
use crate::route::Route;
use crate::session::{may_write, read_only};
use crate::ui::{
    Badge, Bind, Card, Choice, DecimalField, FailureBox, Icon, NumberField, Secret, SecretField,
    Skeleton, Switch, TextArea, TextField, Tone, choices,
};

#[component]
pub fn Fields(form: AgentForm) -> impl IntoView {
    let draft = form.draft;
    let disabled = read_only();
    let name =
        draft.field("name", |e: &Edited| e.settings.name.clone(), |e, v| e.settings.name = v);
    let description = draft.field(
        "description",
        |e: &Edited| e.settings.description.clone(),
        |e, v| e.settings.description = v,
    );
    let active = draft.field(
        "is_active",
        |e: &Edited| e.settings.is_active,
        |e, v| e.settings.is_active = v,
    );
    let default = draft.field("is_default", |e: &Edited| e.is_default, |e, v| e.is_default = v);
    let is_default =
        Signal::derive(move || disabled.get() || draft.base.with(|base| base.is_default));
    view! {
        <Card title="General">
            <TextField bind=name label="Name" required=true disabled />
            <TextField bind=description label="Description" hint="For you and your colleagues." disabled />
            <Switch bind=active label="Active" hint="Switched off, it answers nobody but you, here." disabled />
            <Switch bind=default label="Default agent" hint="Answers where a license key names no agent. To change it, make another one the default." disabled=is_default />
        </Card>
        <Answers form disabled />
        <Prompts form disabled />
        <Sources form disabled />
    }
}

fn provider_of(name: &str) -> ProviderKind {
    match name {
        "openai" => ProviderKind::Openai,
        "anthropic" => ProviderKind::Anthropic,
        _ => ProviderKind::Builtin,
    }
}

#[component]
fn Answers(form: AgentForm, disabled: Signal<bool>) -> impl IntoView {
    let option = |value: ProviderKind, text: &str| (value.as_str().to_owned(), text.to_owned());
    let providers = Signal::stored(vec![
        option(
            ProviderKind::Builtin,
            "Built in: the documents' own sentences, no model, no network",
        ),
        option(
            ProviderKind::Openai,
            "A server with OpenAI's protocol: OpenAI, Ollama, vLLM and many more",
        ),
        option(ProviderKind::Anthropic, "Anthropic, or a server with its protocol"),
    ]);
    let provider = form.draft.field(
        "provider",
        |e: &Edited| e.settings.provider.as_str().to_owned(),
        |e, name: String| {
            let settings = &mut e.settings;
            settings.provider = provider_of(&name);
            // A server has an address and a key; what has no server has neither.
            if settings.provider == ProviderKind::Builtin {
                settings.base_url.clear();
                settings.api_key_env = None;
                e.api_key = Secret::Removed;
            } else if e.api_key == Secret::Removed {
                e.api_key = Secret::Kept;
            }
        },
    );
    let by_environment = move || {
        let agent = form.agent.get()?;
        let differs =
            agent.effective_provider != agent.settings.provider && !form.draft.dirty.get();
        differs.then(|| format!(
            "Nobody has edited this agent yet, so the server's environment decides: it answers with the provider “{}”. What you save here replaces that.",
            provider_name(agent.effective_provider)
        ))
    };
    let fallback = form.draft.field(
        "fallback_message",
        |e: &Edited| e.settings.fallback_message.clone(),
        |e, v| e.settings.fallback_message = v,
    );
    view! {
        <Card title="Who writes the answers">
            <Choice bind=provider label="Provider" options=providers disabled />
            {move || by_environment().map(|text| view! { <div class="note"><Icon name="info" /><p>{text}</p></div> })}
            <Show when=move || form.has_model()><Model form disabled /></Show>
            <TextArea bind=fallback label="When nothing was found" rows=2 disabled
                hint="What is said when the data sources do not hold the answer. Empty: the provider's own words." />
            <Show when=move || may_write() && form.agent.with(Option::is_some)><Connection form /></Show>
        </Card>
    }
}

/// What a model server needs.
#[component]
fn Model(form: AgentForm, disabled: Signal<bool>) -> impl IntoView {
    let draft = form.draft;
    let url = draft.field(
        "base_url",
        |e: &Edited| e.settings.base_url.clone(),
        |e, v: String| e.settings.base_url = v.trim().to_owned(),
    );
    let model =
        draft.field("model", |e: &Edited| e.settings.model.clone(), |e, v| e.settings.model = v);
    let temperature = draft.field(
        "temperature",
        |e: &Edited| e.settings.temperature,
        |e, value| e.settings.temperature = value,
    );
    let tokens = draft.field(
        "max_output_tokens",
        |e: &Edited| e.settings.max_output_tokens.map(i64::from),
        |e, n: Option<i64>| e.settings.max_output_tokens = n.map(|n| u32::try_from(n).unwrap_or(0)),
    );
    view! {
        <TextField bind=url label="Address of the model server" kind="url" placeholder="http://127.0.0.1:11434/v1" disabled
            hint="Empty: where the protocol's makers serve it." />
        <TextField bind=model label="Model" disabled hint="Empty: the first that the server lists. Testing the connection lists them all." />
        <Key form disabled />
        <div class="pair">
            <DecimalField bind=temperature label="Temperature" disabled hint="0 is sober, more is freer. Empty: the model's own." />
            <NumberField bind=tokens label="Longest answer" unit="tokens" disabled hint="Empty: the model's own." />
        </div>
    }
}

/// Where the key for the model server comes from.
#[component]
fn Key(form: AgentForm, disabled: Signal<bool>) -> impl IntoView {
    let draft = form.draft;
    let places = choices(&[
        ("stored", "Stored here, encrypted"),
        ("environment", "In an environment variable of the server"),
    ]);
    let place = draft.field(
        "key_place",
        |e: &Edited| {
            if e.settings.api_key_env.is_some() { "environment" } else { "stored" }.to_owned()
        },
        |e, place: String| e.settings.api_key_env = (place == "environment").then(String::new),
    );
    let variable = draft.field(
        "api_key_env",
        |e: &Edited| e.settings.api_key_env.clone().unwrap_or_default(),
        |e, name: String| e.settings.api_key_env = Some(name.trim().to_owned()),
    );
    let key = draft.field("api_key", |e: &Edited| e.api_key.clone(), |e, key| e.api_key = key);
    let is_set = Signal::derive(move || {
        form.agent.with(|agent| agent.as_ref().is_some_and(|agent| agent.has_api_key))
    });
    let in_environment =
        Memo::new(move |_| draft.now.with(|now| now.settings.api_key_env.is_some()));
    // A complaint about the stored key must be seen where the variable is chosen, too.
    let shows_key = move || !in_environment.get() || key.error.with(Option::is_some);
    view! {
        <div class="pair">
            <Choice bind=place label="Key for the model server" options=places disabled />
            <Show when=move || in_environment.get()>
                <TextField bind=variable label="Environment variable" placeholder="OPENAI_API_KEY" disabled hint="Its name, not the key." />
            </Show>
            <Show when=shows_key>
                <SecretField bind=key label="Key" is_set disabled hint="Empty when the server wants none. It is never shown again." />
            </Show>
        </div>
    }
}

#[component]
fn Prompts(form: AgentForm, disabled: Signal<bool>) -> impl IntoView {
    let instructions = form.draft.field(
        "instructions",
        |e: &Edited| e.settings.instructions.clone(),
        |e, v| e.settings.instructions = v,
    );
    let history = form.draft.field(
        "history_messages",
        |e: &Edited| Some(i64::from(e.settings.history_messages)),
        |e, n: Option<i64>| {
            e.settings.history_messages = n.map_or(0, |n| u32::try_from(n).unwrap_or(u32::MAX));
        },
    );
    view! {
        <Show when=move || form.has_model()>
            <Card title="What the model is told">
                <TextArea bind=instructions label="Instructions" rows=8 disabled
                    hint="Before every conversation. The passages that were found are added by themselves." />
                <NumberField bind=history label="Earlier messages" unit="messages" disabled
                    hint="How much of the conversation the model gets to see." />
            </Card>
        </Show>
    }
}

#[component]
fn Sources(form: AgentForm, disabled: Signal<bool>) -> impl IntoView {
    let chosen = form.draft.field(
        "data_source_ids",
        |e: &Edited| e.settings.data_source_ids.clone(),
        |e, v| e.settings.data_source_ids = v,
    );
    let retry = Callback::new(move |()| form.sources.read(api::get("/api/data-sources")));
    view! {
        <Card title="Data sources" text="What it draws on. Without any, a model answers from what it has learned, and the built-in provider not at all.">
            {move || match form.sources.state.get() {
                Load::Waiting => view! { <Skeleton lines=2 /> }.into_any(),
                Load::Failed(failure) => view! { <FailureBox failure retry /> }.into_any(),
                Load::Ready(page) if page.items.is_empty() => view! {
                    <p>"There are no data sources yet. " <a href=Route::DataSources.path()>"Make one"</a></p>
                }.into_any(),
                Load::Ready(page) => view! { <SourceChecks sources=page.items chosen disabled /> }.into_any(),
            }}
            <p class="error">{move || chosen.error.get()}</p>
        </Card>
    }
}

#[component]
fn SourceChecks(
    sources: Vec<DataSource>,
    chosen: Bind<Vec<String>>,
    disabled: Signal<bool>,
) -> impl IntoView {
    let known: Vec<String> = sources.iter().map(|source| source.id.clone()).collect();
    // What was deleted stays in the list until somebody takes it away.
    let gone =
        chosen.get.get_untracked().into_iter().filter(|id| !known.contains(id)).collect::<Vec<_>>();
    let check = move |id: String, text: String, is_active: bool| {
        let (own, changed) = (id.clone(), id);
        view! {
            <label>
                <input type="checkbox" disabled=move || disabled.get() prop:checked=move || chosen.get.with(|ids| ids.contains(&own))
                    on:change=move |event| {
                        let mut ids = chosen.get.get_untracked();
                        ids.retain(|id| *id != changed);
                        if event_target_checked(&event) {
                            ids.push(changed.clone());
                        }
                        chosen.set.run(ids);
                    } />
                <span>{text}</span>
                {(!is_active).then(|| view! { <Badge text="Switched off".to_owned() tone=Tone::Warn /> })}
            </label>
        }
    };
    view! {
        <div class="checks">
            {sources.into_iter().map(|source| check(source.id, source.settings.name, source.settings.is_active)).collect_view()}
            {gone.into_iter().map(|id| { let text = format!("{id} (deleted)"); check(id, text, true) }).collect_view()}
        </div>
    }
}

/// Asks the model server for a word, and says in plain words how it went.
#[component]
fn Connection(form: AgentForm) -> impl IntoView {
    let test = Remote::<ConnectionTest>::new();
    let asked = RwSignal::new(false);
    let ask = move |_| {
        let Some(id) =
            form.agent.with_untracked(|agent| agent.as_ref().map(|agent| agent.id.clone()))
        else {
            return;
        };
        asked.set(true);
        test.read(async move { api::act(&format!("/api/agents/{id}/test-connection")).await });
    };
    let outcome = move || match (asked.get(), test.busy.get(), test.state.get()) {
        (false, ..) => ().into_any(),
        (_, true, _) | (.., Load::Waiting) => {
            view! { <p class="soft">"Asking for a word; this may take up to half a minute…"</p> }
                .into_any()
        }
        (.., Load::Failed(failure)) => failed(failure),
        (.., Load::Ready(test)) => tested(test, form),
    };
    view! {
        <div class="tested">
            <div class="actions">
                <button type="button" class="button" disabled=move || test.busy.get() || form.draft.dirty.get() on:click=ask>"Test connection"</button>
                <Show when=move || form.draft.dirty.get()><span class="hint">"Save first: what is saved is tested."</span></Show>
            </div>
            <div role="status">{outcome}</div>
        </div>
    }
}

fn failed(failure: Failure) -> AnyView {
    view! { <FailureBox failure /> }.into_any()
}

fn tested(test: ConnectionTest, form: AgentForm) -> AnyView {
    let took = test.first_token_ms.map(|ms| {
        format!(
            " The first word came after {}.",
            crate::format::duration(i64::try_from(ms).unwrap_or(i64::MAX))
        )
    });
    let models = test.models;
    let choose = move |model: String| form.draft.now.update(|now| now.settings.model = model);
    view! {
        <div class="note" class:bad=!test.ok><Icon name=if test.ok { "check" } else { "warning" } /><p>{test.message} {took}</p></div>
        {(!models.is_empty()).then(|| view! {
            <details class="as-table">
                <summary>{crate::format::plural(models.len() as i64, "model", "models")} " on the server"</summary>
                <div class="models">
                    {models.into_iter().map(|model| { let own = model.clone(); view! {
                        <button type="button" class="button small" on:click=move |_| choose(own.clone())>{model}</button>
                    }}).collect_view()}
                </div>
            </details>
        })}
    }
    .into_any()
}
