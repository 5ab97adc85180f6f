//! One data source: what is in it, a search in it, and its settings.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::{Deserialize, Serialize};
use shared::FieldErrors;
use shared::data_source::{DataSource, DataSourceSettings, SourceKind};

use super::{database, documents, list, search, standing};
use crate::api;
use crate::draft::{Draft, Edits, run, theirs};
use crate::nav::Nav;
use crate::remote::{Load, Remote};
use crate::route::Route;
use crate::session::{may_write, read_only};
use crate::ui::{
    Badge, Card, ConfirmRequest, FailureBox, Head, SaveBar, Secret, Skeleton, Switch, TextArea,
    TextField, Toasts, Tone, confirm,
};

/// A data source as its form has it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Edited {
    #[serde(flatten)]
    pub settings: DataSourceSettings,
    #[serde(default, skip_serializing_if = "Secret::is_kept")]
    pub connection: Secret,
}

impl Edited {
    fn of(settings: &DataSourceSettings) -> Self {
        Self { settings: settings.clone(), connection: Secret::Kept }
    }

    fn check(&self, errors: &mut FieldErrors) {
        self.settings.check(errors);
    }
}

/// What the parts of the page share.
#[derive(Clone, Copy)]
pub struct SourcePage {
    /// As the server has it.
    pub source: RwSignal<DataSource>,
    pub draft: Draft<Edited>,
}

impl SourcePage {
    /// The path of something of this data source's.
    #[must_use]
    pub fn path(self, under: &str) -> String {
        self.source.with_untracked(|source| format!("/api/data-sources/{}{under}", source.id))
    }

    fn take(self, source: DataSource, edits: Edits) {
        self.draft.rebase(Edited::of(&source.settings), source.version, edits);
        self.source.set(source);
    }

    /// Reads how much is in it now; edits stay.
    pub fn refresh(self) {
        let path = self.path("");
        spawn_local(async move {
            let Ok(source) = api::get::<DataSource>(&path).await else { return };
            if self.source.is_disposed() {
                return;
            }
            self.draft.refresh(Edited::of(&source.settings), source.version);
            self.source.set(source);
        });
    }

    fn save(self) {
        if !self.draft.is_fine() {
            return;
        }
        let toasts = expect_context::<Toasts>();
        let (path, body) = (self.path(""), self.draft.patch());
        self.draft.save(
            async move { api::patch::<DataSource>(&path, &body).await },
            move |source| {
                self.take(source, Edits::Kept);
                toasts.done("Saved. It applies to the next question.");
            },
        );
    }
}

#[component]
pub fn DataSourcePage(id: String) -> impl IntoView {
    let source = Remote::<DataSource>::new();
    let path = StoredValue::new(format!("/api/data-sources/{id}"));
    let read = move || {
        let path = path.get_value();
        source.read(async move { api::get(&path).await });
    };
    read();
    move || {
        match source.state.get() {
        Load::Waiting => view! { <Head title=Signal::stored("Data source".to_owned()) back=Route::DataSources /><Skeleton lines=8 /> }.into_any(),
        Load::Failed(failure) => {
            let retry = Callback::new(move |()| read());
            view! { <Head title=Signal::stored("Data source".to_owned()) back=Route::DataSources /><FailureBox failure retry /> }.into_any()
        }
        Load::Ready(source) => view! { <Opened source /> }.into_any(),
    }
    }
}

#[component]
fn Opened(source: DataSource) -> impl IntoView {
    let kind = source.settings.kind;
    let draft = Draft::new(Edited::of(&source.settings), source.version, Edited::check);
    let page = SourcePage { source: RwSignal::new(source), draft };
    let title = Signal::derive(move || page.source.with(|source| source.settings.name.clone()));
    let badges = move || {
        let (word, tone) = page.source.with(standing);
        let (active, public) =
            page.source.with(|source| (source.settings.is_active, source.settings.is_public));
        view! {
            {(!active).then(|| view! { <Badge text="Switched off".to_owned() tone=Tone::Warn /> })}
            {public.then(|| view! { <Badge text="Public".to_owned() tone=Tone::Info /> })}
            <Badge text=word.to_owned() tone />
        }
    };
    let theirs = theirs(move |source: DataSource, edits| page.take(source, edits));
    view! {
        <Head title back=Route::DataSources>{badges}</Head>
        <p class="soft holds">{move || page.source.with(list::summary)}</p>
        {match kind {
            SourceKind::Documents => view! { <documents::Documents page /><search::SearchTest page /> }.into_any(),
            SourceKind::Database => view! { <database::DatabaseParts page /> }.into_any(),
        }}
        <Settings page />
        <DangerZone page />
        <SaveBar draft save=Callback::new(move |()| page.save()) take_theirs=theirs />
    }
}

#[component]
fn Settings(page: SourcePage) -> impl IntoView {
    let draft = page.draft;
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
    let public = draft.field(
        "is_public",
        |e: &Edited| e.settings.is_public,
        |e, v| e.settings.is_public = v,
    );
    view! {
        <Card title="Settings">
            <TextField bind=name label="Name" required=true disabled />
            <TextArea bind=description label="Description" rows=2 disabled />
            <Switch bind=active label="Active" hint="Switched off, nothing is drawn from it." disabled />
            <Switch bind=public label="Public" disabled
                hint="A website may name it, whatever its agent draws on. Everything in it may then reach any visitor." />
        </Card>
    }
}

#[component]
fn DangerZone(page: SourcePage) -> impl IntoView {
    let (toasts, nav) = (expect_context::<Toasts>(), expect_context::<Nav>());
    let built_in = page.source.with_untracked(|source| source.is_built_in);
    let remove = move |_| {
        let path = page.path("");
        let name = page.source.with_untracked(|source| source.settings.name.clone());
        let what = match page.source.with_untracked(|source| source.settings.kind) {
            SourceKind::Documents => {
                "Its documents and everything that is found in them are gone for good."
            }
            SourceKind::Database => {
                "Its settings and the stored connection are gone for good; the database itself stays as it is."
            }
        };
        let here = nav.route.get_untracked();
        confirm(ConfirmRequest {
            title: format!("Delete {name}?"),
            text: format!(
                "{what} While an agent has it or license keys are bound to it, it is not deleted, and you are told which they are."
            ),
            action: "Delete",
            type_to_confirm: Some(name.clone()),
            is_dangerous: true,
            then: Arc::new(move || {
                let (path, name, here) = (path.clone(), name.clone(), here.clone());
                run(async move { api::delete(&path).await }, move |()| {
                    toasts.done(format!("{name} is deleted."));
                    nav.leave_deleted(&here, &Route::DataSources);
                });
            }),
        });
    };
    view! {
        <Show when=may_write>
            <Card title="Delete this data source" danger=true>
                <div class="actions">
                    <p class="soft">{if built_in {
                        "The user guide comes with Natter. Deleted, it does not come back."
                    } else {
                        "Agents that have it must be told to do without it first."
                    }}</p>
                    <button type="button" class="button danger" on:click=remove>"Delete data source"</button>
                </div>
            </Card>
        </Show>
    }
}
