//! The documents of a data source, one by one, and the ways to add some.

use std::sync::Arc;

use leptos::prelude::*;
use shared::data_source::{Document, DocumentOrigin};

use super::detail::SourcePage;
use super::{imports, upload, write};
use crate::api;
use crate::draft::run;
use crate::format::count;
use crate::listing::Listing;
use crate::remote::{Load, Remote};
use crate::session::may_write;
use crate::ui::{
    Card, ConfirmRequest, Dialog, EmptyState, FailureBox, Icon, Menu, Search, Skeleton, Table,
    Toasts, When, confirm,
};

fn origin_name(origin: DocumentOrigin) -> &'static str {
    match origin {
        DocumentOrigin::Upload => "File",
        DocumentOrigin::Text => "Text",
        DocumentOrigin::Questions => "Questions with answers",
        DocumentOrigin::Page => "Web page",
    }
}

/// Files and pages are changed where they come from.
fn is_written_here(origin: DocumentOrigin) -> bool {
    matches!(origin, DocumentOrigin::Text | DocumentOrigin::Questions)
}

#[component]
pub fn Documents(page: SourcePage) -> impl IntoView {
    let (built_in, path) =
        (page.source.with_untracked(|source| source.is_built_in), page.path("/documents"));
    let list = Listing::<Document>::within(&path);
    let changed = Callback::new(move |()| {
        list.reload();
        page.refresh();
    });
    let opened = RwSignal::new(None::<Document>);
    let empty = || {
        view! { <EmptyState icon="file" title="No documents yet" text="Drop files above, write a text, or fetch the pages of a website." /> }.into_any()
    };
    view! {
        {if built_in {
            view! {
                <div class="note"><Icon name="info" /><p>"The user guide that comes with Natter, so that the demo answers real questions. It cannot be changed; make a data source of your own for your documents. " <a href="/docs" target="_blank">"Read the guide"</a></p></div>
            }.into_any()
        } else {
            view! { <Show when=may_write><Add page changed /></Show><imports::Imports page changed /> }.into_any()
        }}
        <section class="documents">
            <div class="tools"><Search list placeholder="Name, title or address" /></div>
            <Table list label="Documents" columns=&["Name", "Kind", "Characters", "Passages", "Changed", ""]
                row=move |document| row(page, document, opened, changed) empty />
        </section>
        <Reader page opened changed />
    }
    .into_any()
}

/// The ways to add documents.
#[component]
fn Add(page: SourcePage, changed: Callback<()>) -> impl IntoView {
    let (text, questions, pages) =
        (RwSignal::new(false), RwSignal::new(false), RwSignal::new(false));
    let title = |title: &str| Signal::stored(title.to_owned());
    view! {
        <Card title="Add documents">
            <upload::Upload page changed />
            <div class="actions">
                <button type="button" class="button" on:click=move |_| text.set(true)><Icon name="edit" /> "Write or paste text"</button>
                <button type="button" class="button" on:click=move |_| questions.set(true)><Icon name="chat" /> "Questions and answers"</button>
                <button type="button" class="button" on:click=move |_| pages.set(true)><Icon name="link" /> "Fetch web pages"</button>
            </div>
        </Card>
        <Dialog open=text title=title("Write or paste text") wide=true><write::TextForm page open=text changed /></Dialog>
        <Dialog open=questions title=title("Questions and answers") wide=true><write::QuestionsForm page open=questions changed /></Dialog>
        <Dialog open=pages title=title("Fetch web pages") wide=true><imports::ImportForm page open=pages changed /></Dialog>
    }
}

fn row(
    page: SourcePage,
    document: Document,
    opened: RwSignal<Option<Document>>,
    changed: Callback<()>,
) -> AnyView {
    let built_in = page.source.with_untracked(|source| source.is_built_in);
    let shown = StoredValue::new(document.clone());
    let Document { id, origin, name, title, characters, passages, updated_at, .. } = document;
    let menu = format!("Actions for {name}");
    let under = (title != name && !title.is_empty())
        .then(|| view! { <span class="soft clip">{title}</span> });
    let removed = StoredValue::new((id, name.clone()));
    view! {
        <tr>
            <th scope="row"><div class="two"><button type="button" class="link" on:click=move |_| opened.set(Some(shown.get_value()))>{name}</button> {under}</div></th>
            <td data-label="Kind">{origin_name(origin)}</td>
            <td data-label="Characters">{count(characters)}</td>
            <td data-label="Passages">{count(passages)}</td>
            <td data-label="Changed"><When at=updated_at /></td>
            <td class="row-actions">
                <Show when=move || may_write() && !built_in>
                    <Menu label=menu.clone()>
                        <button type="button" on:click=move |_| opened.set(Some(shown.get_value()))><Icon name="eye" /> "Read"</button>
                        <button type="button" class="danger" on:click=move |_| { let (id, name) = removed.get_value(); remove(page, &id, name, changed); }><Icon name="trash" /> "Delete"</button>
                    </Menu>
                </Show>
            </td>
        </tr>
    }
    .into_any()
}

fn remove(page: SourcePage, id: &str, name: String, changed: Callback<()>) {
    let toasts = expect_context::<Toasts>();
    let path = page.path(&format!("/documents/{id}"));
    confirm(ConfirmRequest {
        title: format!("Delete {name}?"),
        text: "Nothing of it is found any more, at once. An answer that was drawn from it stays as it was said.".to_owned(),
        action: "Delete",
        type_to_confirm: None,
        is_dangerous: true,
        then: Arc::new(move || {
            let (path, name) = (path.clone(), name.clone());
            run(async move { api::delete(&path).await }, move |()| {
                toasts.done(format!("{name} is deleted."));
                let _ = changed.try_run(());
            });
        }),
    });
}

/// What was taken from a document: what is searched.
#[component]
fn Reader(
    page: SourcePage,
    opened: RwSignal<Option<Document>>,
    changed: Callback<()>,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let text = Remote::<Document>::new();
    Effect::new(move || {
        if let Some(document) = opened.get() {
            text.state.set(Load::Waiting);
            let path = page.path(&format!("/documents/{}", document.id));
            text.read(async move { api::get(&path).await });
            open.set(true);
        }
    });
    Effect::new(move || {
        if !open.get() {
            opened.set(None);
        }
    });
    let title = Signal::derive(move || {
        opened.with(|one| one.as_ref().map(|one| one.name.clone()).unwrap_or_default())
    });
    let edited = RwSignal::new(None::<Document>);
    let editing = RwSignal::new(false);
    view! {
        <Dialog open=editing title=Signal::stored("Edit the document".to_owned()) wide=true>
            {move || edited.get().map(|old| match old.origin {
                DocumentOrigin::Questions => view! { <write::QuestionsForm page open=editing changed old /> }.into_any(),
                _ => view! { <write::TextForm page open=editing changed old /> }.into_any(),
            })}
        </Dialog>
        <Dialog open title wide=true>
            <div>
                {move || match text.state.get() {
                    Load::Waiting => view! { <Skeleton /> }.into_any(),
                    Load::Failed(failure) => view! { <FailureBox failure /> }.into_any(),
                    Load::Ready(document) => view! {
                        <p class="hint">"This is what is searched, as Markdown."</p>
                        <pre class="read" tabindex="0">{document.markdown.clone().unwrap_or_default()}</pre>
                        {(is_written_here(document.origin) && untrack(may_write)).then(|| {
                            let edit = move |_| { edited.set(Some(document.clone())); open.set(false); editing.set(true); };
                            view! { <footer><button type="button" class="button" on:click=edit><Icon name="edit" /> "Edit"</button></footer> }
                        })}
                    }.into_any(),
                }}
            </div>
        </Dialog>
    }
}
