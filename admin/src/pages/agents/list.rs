//! Every agent, and whether it answers.

use std::sync::Arc;

use leptos::prelude::*;
use shared::agent::{Agent, ProviderKind};

use super::provider_name;
use crate::api;
use crate::draft::run;
use crate::listing::Listing;
use crate::pages::active::Switching;
use crate::route::Route;
use crate::session::{may_write, read_only};
use crate::ui::{
    Badge, ConfirmRequest, EmptyState, Head, Icon, Menu, Search, Table, Toasts, Toggle, Tone,
    confirm,
};

fn new_agent() -> String {
    Route::Agent("new".to_owned()).path()
}

#[component]
pub fn AgentsPage() -> impl IntoView {
    let list = Listing::<Agent>::whole("/api/agents", |agent| {
        format!("{} {} {}", agent.settings.name, agent.settings.description, agent.settings.model)
    });
    let empty = || {
        view! {
            <EmptyState icon="agent" title="No agents yet" text="An agent answers your visitors: with a model of your choice, or from your documents alone." >
                <Show when=may_write><a class="button primary" href=new_agent()>"Create an agent"</a></Show>
            </EmptyState>
        }
        .into_any()
    };
    view! {
        <Head title=Signal::stored("Agents".to_owned()) text="What answers your visitors: who writes the answers, and which data sources they draw on.">
            <Show when=may_write><a class="button primary" href=new_agent()><Icon name="add" /> "Create agent"</a></Show>
        </Head>
        <div class="tools"><Search list placeholder="Name, description or model" /></div>
        <Table list label="Agents" columns=&["Name", "Provider", "Model", "Data sources", "Active", ""] row=move |agent| row(list, agent) empty />
    }
}

fn row(list: Listing<Agent>, agent: Agent) -> AnyView {
    let path = Route::Agent(agent.id.clone()).path();
    let name = agent.settings.name.clone();
    let provider = agent.effective_provider;
    let model = match (provider, agent.settings.model.as_str()) {
        (ProviderKind::Builtin, _) => "none needed".to_owned(),
        (_, "") => "the server's first".to_owned(),
        (_, model) => model.to_owned(),
    };
    let described = agent.settings.description.clone();
    let sources = agent.settings.data_source_ids.len();
    let (is_default, is_active) = (agent.is_default, agent.settings.is_active);
    let agent = StoredValue::new(agent);
    let toggle = Callback::new(move |on: bool| SWITCHING.set(list, &agent.get_value(), on));
    let label = format!("{name} is active");
    let menu = format!("Actions for {name}");
    let edit = StoredValue::new(path.clone());
    view! {
        <tr>
            <th scope="row">
                <div class="two">
                    <span class="inline"><a href=path>{name}</a> {is_default.then(|| view! { <Badge text="Default".to_owned() tone=Tone::Info /> })}</span>
                    {(!described.is_empty()).then(|| view! { <span class="soft clip">{described}</span> })}
                </div>
            </th>
            <td data-label="Provider">{provider_name(provider)}</td>
            <td data-label="Model"><span class="clip">{model}</span></td>
            <td data-label="Data sources">{sources}</td>
            <td data-label="Active"><Toggle on=Signal::stored(is_active) label change=toggle disabled=read_only() /></td>
            <td class="row-actions">
                <Show when=may_write>
                    <Menu label=menu.clone()>
                        <a href=edit.get_value()><Icon name="edit" /> "Edit"</a>
                        <button type="button" disabled=is_default on:click=move |_| make_default(list, &agent.get_value())><Icon name="check" /> "Make the default"</button>
                        <button type="button" class="danger" disabled=is_default on:click=move |_| remove(agent.get_value(), Callback::new(move |()| list.reload()))><Icon name="trash" /> "Delete"</button>
                    </Menu>
                </Show>
            </td>
        </tr>
    }
    .into_any()
}

const SWITCHING: Switching<Agent> = Switching {
    path: "/api/agents",
    id: |agent| &agent.id,
    name: |agent| agent.settings.name.clone(),
    off: "Visitors who would get their answers from it are told that the chat is not available, at once.",
    done: |agent, on| {
        let word = if on { "answers now" } else { "is switched off" };
        format!("{} {word}.", agent.settings.name)
    },
};

fn make_default(list: Listing<Agent>, agent: &Agent) {
    let toasts = expect_context::<Toasts>();
    let path = format!("/api/agents/{}", agent.id);
    run(
        async move { api::patch::<Agent>(&path, &serde_json::json!({ "is_default": true })).await },
        move |agent| {
            toasts.done(format!("{} answers where no agent is named.", agent.settings.name));
            list.reload();
        },
    );
}

/// Asks, then removes an agent. The server refuses while something still needs it, and says what.
pub fn remove(agent: Agent, then: Callback<()>) {
    let toasts = expect_context::<Toasts>();
    let name = agent.settings.name.clone();
    confirm(ConfirmRequest {
        title: format!("Delete {name}?"),
        text: "Its settings and its stored key are gone for good; conversations stay. While license keys or plans are bound to it, it is not deleted, and you are told which they are.".to_owned(),
        action: "Delete",
        type_to_confirm: None,
        is_dangerous: true,
        then: Arc::new(move || {
            let path = format!("/api/agents/{}", agent.id);
            let name = name.clone();
            run(async move { api::delete(&path).await }, move |()| {
                toasts.done(format!("{name} is deleted."));
                let _ = then.try_run(());
            });
        }),
    });
}
