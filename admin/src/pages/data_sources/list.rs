//! Every data source, how it stands, and making one.

use leptos::prelude::*;
use shared::FieldErrors;
use shared::data_source::{DataSource, DataSourceSettings, DatabaseSettings, Engine, SourceKind};

use super::standing;
use crate::api;
use crate::draft::Draft;
use crate::format::{count, plural};
use crate::listing::Listing;
use crate::nav::Nav;
use crate::pages::active::Switching;
use crate::route::Route;
use crate::session::{may_write, read_only};
use crate::ui::{
    Badge, Choice, Dialog, DialogFoot, EmptyState, FailureBox, Head, Icon, Search, Table, TextArea,
    TextField, Toasts, Toggle, Tone, When, choices,
};

#[component]
pub fn DataSourcesPage() -> impl IntoView {
    let list = Listing::<DataSource>::whole("/api/data-sources", |source| {
        format!("{} {}", source.settings.name, source.settings.description)
    });
    let adding = RwSignal::new(false);
    let empty = || {
        view! {
            <EmptyState icon="source" title="No data sources yet" text="Put documents, web pages or questions with answers into one, or connect a database. Agents draw on it." />
        }
        .into_any()
    };
    view! {
        <Head title=Signal::stored("Data sources".to_owned()) text="What agents draw on: documents that are searched, and databases that are queried.">
            <Show when=may_write>
                <button type="button" class="button primary" on:click=move |_| adding.set(true)><Icon name="add" /> "Create data source"</button>
            </Show>
        </Head>
        <div class="tools"><Search list placeholder="Name or description" /></div>
        <Table list label="Data sources" columns=&["Name", "Kind", "Status", "Holds", "Last changed", "Active"] row=move |source| row(list, source) empty />
        <Dialog open=adding title=Signal::stored("Create data source".to_owned())><CreateForm open=adding /></Dialog>
    }
}

fn kind_name(source: &DataSource) -> &'static str {
    match (&source.settings.database, source.is_built_in) {
        (Some(database), _) if database.engine == Engine::Sqlite => "SQLite database",
        (Some(_), _) => "PostgreSQL database",
        (None, true) => "Documents that come with Natter",
        (None, false) => "Documents",
    }
}

fn holds(source: &DataSource) -> String {
    match &source.settings.database {
        Some(database) => plural(database.tables.len() as i64, "table", "tables"),
        None => format!(
            "{}, {}",
            plural(source.counts.documents, "document", "documents"),
            plural(source.counts.passages, "passage", "passages")
        ),
    }
}

const SWITCHING: Switching<DataSource> = Switching {
    path: "/api/data-sources",
    id: |source| &source.id,
    name: |source| source.settings.name.clone(),
    off: "Nothing is drawn from it until it is switched on again: answers that need it get poorer at once.",
    done: |source, on| {
        let word =
            if on { "can be drawn on now" } else { "is switched off: nothing is drawn from it" };
        format!("{} {word}.", source.settings.name)
    },
};

fn row(list: Listing<DataSource>, source: DataSource) -> AnyView {
    let (word, tone) = standing(&source);
    let (kind, holds) = (kind_name(&source), holds(&source));
    let path = Route::DataSource(source.id.clone()).path();
    let label = format!("{} is active", source.settings.name);
    let switched = source.clone();
    let change = Callback::new(move |on: bool| SWITCHING.set(list, &switched, on));
    let DataSource { settings, last_indexed_at, .. } = source;
    view! {
        <tr>
            <th scope="row">
                <div class="two">
                    <span class="inline"><a href=path>{settings.name}</a> {settings.is_public.then(|| view! { <Badge text="Public".to_owned() tone=Tone::Info /> })}</span>
                    {(!settings.description.is_empty()).then(|| view! { <span class="soft clip">{settings.description}</span> })}
                </div>
            </th>
            <td data-label="Kind">{kind}</td>
            <td data-label="Status"><Badge text=word.to_owned() tone /></td>
            <td data-label="Holds">{holds}</td>
            <td data-label="Last changed">{match last_indexed_at { Some(at) => view! { <When at /> }.into_any(), None => "–".into_any() }}</td>
            <td data-label="Active"><Toggle on=Signal::stored(settings.is_active) label change disabled=read_only() /></td>
        </tr>
    }
    .into_any()
}

fn kind_of(settings: &DataSourceSettings) -> String {
    match &settings.database {
        None => "documents",
        Some(database) if database.engine == Engine::Sqlite => "sqlite",
        Some(_) => "postgres",
    }
    .to_owned()
}

fn set_kind(settings: &mut DataSourceSettings, kind: &str) {
    let database = |engine| Some(DatabaseSettings { engine, ..DatabaseSettings::default() });
    (settings.kind, settings.database) = match kind {
        "postgres" => (SourceKind::Database, database(Engine::Postgres)),
        "sqlite" => (SourceKind::Database, database(Engine::Sqlite)),
        _ => (SourceKind::Documents, None),
    };
}

#[component]
fn CreateForm(open: RwSignal<bool>) -> impl IntoView {
    let (toasts, nav) = (expect_context::<Toasts>(), expect_context::<Nav>());
    let check: fn(&DataSourceSettings, &mut FieldErrors) = DataSourceSettings::check;
    let draft = Draft::of_new(DataSourceSettings::default(), check);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if draft.is_fine() {
            let new = draft.now.get_untracked();
            draft.save(
                async move { api::post::<DataSource>("/api/data-sources", &new).await },
                move |source| {
                    open.set(false);
                    toasts.done(format!("{} is created. Fill it here.", source.settings.name));
                    nav.go(&Route::DataSource(source.id));
                },
            );
        }
    };
    let kinds = choices(&[
        ("documents", "Documents: files, texts, web pages, questions with answers"),
        ("postgres", "PostgreSQL database"),
        ("sqlite", "SQLite database"),
    ]);
    let name = draft.field("name", |s: &DataSourceSettings| s.name.clone(), |s, v| s.name = v);
    let description = draft.field(
        "description",
        |s: &DataSourceSettings| s.description.clone(),
        |s, v| s.description = v,
    );
    let kind = draft.field("kind", kind_of, |s, kind: String| set_kind(s, &kind));
    view! {
        <form on:submit=submit novalidate>
            {move || draft.failure.get().map(|failure| view! { <FailureBox failure /> })}
            <TextField bind=name label="Name" required=true autofocus=true />
            <Choice bind=kind label="Kind" options=kinds hint="It stays as it is made." />
            <TextArea bind=description label="Description" rows=2 hint="For you, and for a model that queries a database: what is in it." />
            <DialogFoot open saving=draft.saving action="Create" />
        </form>
    }
}

/// How much of something there is, for the head of a page.
#[must_use]
pub fn summary(source: &DataSource) -> String {
    match &source.settings.database {
        Some(_) => format!("{}: {}", kind_name(source), holds(source)),
        None => format!(
            "{}: {}, {} characters",
            kind_name(source),
            holds(source),
            count(source.counts.characters)
        ),
    }
}
