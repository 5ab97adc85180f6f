//! Documents that are written here: a text, or questions with their answers.

use leptos::prelude::*;
use shared::FieldErrors;
use shared::data_source::{Document, NewDocument, QuestionAndAnswer};

use super::detail::SourcePage;
use crate::api;
use crate::draft::Draft;
use crate::format::plural;
use crate::ui::{Bind, DialogFoot, FailureBox, Icon, Odd, TextArea, TextField, Toasts};

/// The form of a new document, and what is done with it.
fn submit(
    page: SourcePage,
    draft: Draft<NewDocument>,
    is_new: bool,
    open: RwSignal<bool>,
    changed: Callback<()>,
) {
    if !draft.is_fine() {
        return;
    }
    let toasts = expect_context::<Toasts>();
    let (path, new) = (page.path("/documents"), draft.now.get_untracked());
    draft.save(async move { api::post::<Document>(&path, &new).await }, move |document| {
        open.set(false);
        let became = if is_new { "added" } else { "saved" };
        let passages = plural(document.passages, "passage", "passages");
        toasts.done(format!("{} is {became}: {passages}.", document.name));
        let _ = changed.try_run(());
    });
}

fn name_and_url(draft: Draft<NewDocument>, is_new: bool) -> AnyView {
    let name = draft.field("name", |d: &NewDocument| d.name.clone(), |d, v| d.name = v);
    let url = draft.field(
        "url",
        |d: &NewDocument| d.url.clone().unwrap_or_default(),
        |d, v: String| d.url = Some(v.trim().to_owned()).filter(|url| !url.is_empty()),
    );
    view! {
        <TextField bind=name label="Name" required=true autofocus=is_new disabled=Signal::stored(!is_new)
            hint=if is_new { "A document with the same name is replaced." } else { "" } />
        <TextField bind=url label="Address" kind="url" placeholder="https://www.example.com/help" hint="Where visitors can read it: answers link to it. May stay empty." />
    }
    .into_any()
}

#[component]
pub fn TextForm(
    page: SourcePage,
    open: RwSignal<bool>,
    changed: Callback<()>,
    /// The one that is written anew; it keeps its name.
    #[prop(optional)]
    old: Option<Document>,
) -> impl IntoView {
    let check: fn(&NewDocument, &mut FieldErrors) = NewDocument::check;
    let is_new = old.is_none();
    let (name, url, text) = old.map(|old| (old.name, old.url, old.markdown)).unwrap_or_default();
    let text = Some(text.unwrap_or_default());
    let draft = Draft::of_new(NewDocument { name, url, text, ..NewDocument::default() }, check);
    let text = draft.field(
        "text",
        |d: &NewDocument| d.text.clone().unwrap_or_default(),
        |d, v| d.text = Some(v),
    );
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        submit(page, draft, is_new, open, changed);
    };
    view! {
        <form on:submit=save novalidate>
            {move || draft.failure.get().map(|failure| view! { <FailureBox failure /> })}
            {name_and_url(draft, is_new)}
            <TextArea bind=text label="Text" rows=12 hint="Plain text or Markdown. Headings help: a passage is what stands under one." />
            <DialogFoot open saving=draft.saving action=if is_new { "Add document" } else { "Save" } />
        </form>
    }
}

#[component]
pub fn QuestionsForm(
    page: SourcePage,
    open: RwSignal<bool>,
    changed: Callback<()>,
    /// The one that is written anew; it keeps its name.
    #[prop(optional)]
    old: Option<Document>,
) -> impl IntoView {
    let check: fn(&NewDocument, &mut FieldErrors) = NewDocument::check;
    let is_new = old.is_none();
    let (name, url, asked) = old.map(|old| (old.name, old.url, old.questions)).unwrap_or_default();
    let questions = Some(asked.unwrap_or_else(|| vec![QuestionAndAnswer::default()]));
    let draft = Draft::of_new(NewDocument { name, url, questions, text: None }, check);
    let number =
        Memo::new(move |_| draft.now.with(|now| now.questions.as_ref().map_or(0, Vec::len)));
    let error = draft.complaint("questions");
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        submit(page, draft, is_new, open, changed);
    };
    let change = move |edit: &dyn Fn(&mut Vec<QuestionAndAnswer>)| {
        draft.edit("questions", |now| edit(now.questions.get_or_insert_default()));
    };
    view! {
        <form on:submit=save novalidate>
            {move || draft.failure.get().map(|failure| view! { <FailureBox failure /> })}
            {name_and_url(draft, is_new)}
            <ol class="pairs">
                <For each=move || 0..number.get() key=|at| *at children=move |at| view! {
                    <Pair draft number at remove=Callback::new(move |()| change(&|list| drop(list.remove(at)))) />
                } />
            </ol>
            <p class="error">{move || error.get()}</p>
            <button type="button" class="button small" on:click=move |_| change(&|list| list.push(QuestionAndAnswer::default()))>
                <Icon name="add" /> "Another question"
            </button>
            <DialogFoot open saving=draft.saving action=if is_new { "Add document" } else { "Save" } />
        </form>
    }
}

#[component]
fn Pair(
    draft: Draft<NewDocument>,
    number: Memo<usize>,
    at: usize,
    remove: Callback<()>,
) -> impl IntoView {
    let bind = move |name: &'static str,
                     get: fn(&QuestionAndAnswer) -> &String,
                     set: fn(&mut QuestionAndAnswer, String)| Bind {
        name,
        get: Signal::derive(move || {
            let pair =
                |now: &NewDocument| now.questions.as_ref()?.get(at).map(|pair| get(pair).clone());
            draft.now.with(pair).unwrap_or_default()
        }),
        set: Callback::new(move |text: String| {
            draft.edit("questions", |now| {
                if let Some(pair) = now.questions.as_mut().and_then(|list| list.get_mut(at)) {
                    set(pair, text);
                }
            });
        }),
        error: draft.complaint(format!("questions[{at}].{name}")),
        odd: Odd::never(),
    };
    let question = bind("question", |pair| &pair.question, |pair, text| pair.question = text);
    let answer = bind("answer", |pair| &pair.answer, |pair, text| pair.answer = text);
    let alone = move || number.get() < 2;
    let number = at + 1;
    view! {
        <li>
            <TextField bind=question label=format!("Question {number}") />
            <TextArea bind=answer label=format!("Answer {number}") rows=3 />
            <button type="button" class="quiet" disabled=alone on:click=move |_| remove.run(())><Icon name="trash" /> {format!("Remove question {number}")}</button>
        </li>
    }
}
