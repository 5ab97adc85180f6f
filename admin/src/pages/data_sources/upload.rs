//! Files, dropped or chosen: one request each, so that each says what became of it.

use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::data_source::{HalfRows, Uploaded};
use shared::limits;
use web_sys::{File, FileList, FormData};

use super::detail::SourcePage;
use crate::api::{self, Failure};
use crate::format::{bytes, plural};
use crate::ui::{Icon, unique};

/// What the file dialog offers; the server looks at the files themselves.
const KINDS: &str = ".md,.markdown,.html,.htm,.txt,.pdf,.docx,.csv";

/// How far a file is.
#[derive(Clone, PartialEq)]
enum Step {
    Waiting,
    /// Which share of it is sent, 0 to 1.
    Sending(f64),
    Done(String),
    Failed(String),
}

#[derive(Clone)]
struct Row {
    name: String,
    size: i64,
    step: RwSignal<Step>,
}

#[component]
pub fn Upload(page: SourcePage, changed: Callback<()>) -> impl IntoView {
    let rows = RwSignal::new(Vec::<Row>::new());
    let over = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let id = unique("files");
    let take = move |files: Option<FileList>| {
        let files: Vec<File> = files
            .map(|list| (0..list.length()).filter_map(|at| list.get(at)).collect())
            .unwrap_or_default();
        if !busy.get_untracked() && !files.is_empty() {
            send_all(page, files, rows, busy, changed);
        }
    };
    let dropped = move |event: leptos::ev::DragEvent| {
        event.prevent_default();
        over.set(false);
        take(event.data_transfer().and_then(|data| data.files()));
    };
    let chosen = move |event: leptos::ev::Event| {
        let input: web_sys::HtmlInputElement = event_target(&event);
        take(input.files());
        // The same file may be chosen again.
        input.set_value("");
    };
    view! {
        <div class="drop" class:over=move || over.get() on:drop=dropped
            on:dragover=move |event| { event.prevent_default(); over.set(true); } on:dragleave=move |_| over.set(false)>
            <Icon name="upload" />
            <p><strong>"Drop files here"</strong>", or "
                <input class="unseen" id=id.clone() type="file" multiple=true accept=KINDS disabled=move || busy.get() on:change=chosen />
                <label class="button small" for=id>"Choose files"</label>
            </p>
            <p class="hint">"Markdown, HTML, plain text, PDF, DOCX or CSV, each of at most 20 MiB. A file replaces the document of the same name. A CSV file with the columns question and answer becomes questions with answers."</p>
        </div>
        <Show when=move || rows.with(|rows| !rows.is_empty())><Progress rows busy /></Show>
    }
}

fn send_all(
    page: SourcePage,
    files: Vec<File>,
    rows: RwSignal<Vec<Row>>,
    busy: RwSignal<bool>,
    changed: Callback<()>,
) {
    let row = |file: &File| Row {
        name: file.name(),
        size: file.size() as i64,
        step: RwSignal::new(Step::Waiting),
    };
    let all: Vec<Row> = files.iter().map(row).collect();
    rows.set(all.clone());
    busy.set(true);
    let path = page.path("/files");
    spawn_local(async move {
        for (file, row) in files.into_iter().zip(all) {
            let _ = row.step.try_set(Step::Sending(0.0));
            let step = send(&path, &file, &row).await;
            // Who has left the page has sent the files all the same: the rest follows.
            let _ = row.step.try_set(step);
        }
        if busy.try_set(false).is_none() {
            let _ = changed.try_run(());
        }
    });
}

async fn send(path: &str, file: &File, row: &Row) -> Step {
    if row.size > limits::FILE_BYTES as i64 {
        return Step::Failed(format!("A file may have 20 MiB; this one has {}.", bytes(row.size)));
    }
    let form = FormData::new();
    let form = form.and_then(|form| {
        form.append_with_blob_and_filename("file", file, &row.name).map(|()| form)
    });
    let Ok(form) = form else {
        return Step::Failed("The browser could not read the file.".to_owned());
    };
    let step = row.step;
    let sent = move |share| drop(step.try_set(Step::Sending(share)));
    match api::upload::<Uploaded>(path, form, sent).await {
        Ok(uploaded) => Step::Done(outcome(&uploaded)),
        Err(failure) => Step::Failed(why(&failure)),
    }
}

fn outcome(uploaded: &Uploaded) -> String {
    let passages = uploaded.documents.iter().map(|document| document.passages).sum();
    let mut text = format!("Added: {}.", plural(passages, "passage", "passages"));
    for HalfRows { count, lines, .. } in &uploaded.half_rows {
        let lines: Vec<String> = lines.iter().map(u64::to_string).collect();
        let count = i64::try_from(*count).unwrap_or(i64::MAX);
        text += &format!(
            " {} without a question or an answer left out (line {}).",
            plural(count, "row", "rows"),
            lines.join(", ")
        );
    }
    text
}

/// What is wrong with the file; the server says it under the file's name.
fn why(failure: &Failure) -> String {
    match failure.fields.0.values().next() {
        Some(whys) => whys.join("; "),
        None => failure.text.clone(),
    }
}

#[component]
fn Progress(rows: RwSignal<Vec<Row>>, busy: RwSignal<bool>) -> impl IntoView {
    let all = move || rows.with(Vec::len);
    let ended = move || {
        rows.get()
            .iter()
            .filter(|row| row.step.with(|step| matches!(step, Step::Done(_) | Step::Failed(_))))
            .count()
    };
    // A file counts by what of it is sent.
    let share = |step: &Step| match step {
        Step::Waiting => 0.0,
        Step::Sending(share) => *share,
        Step::Done(_) | Step::Failed(_) => 1.0,
    };
    let shares = move || rows.get().iter().map(|row| row.step.with(share)).sum::<f64>();
    let line = |row: Row| {
        let step = row.step;
        let icon = move || {
            step.with(|step| match step {
                Step::Waiting | Step::Sending(_) => "file",
                Step::Done(_) => "check",
                Step::Failed(_) => "warning",
            })
        };
        let text = move || match step.get() {
            Step::Waiting => "Waiting".to_owned(),
            Step::Sending(share) if share < 1.0 => format!("Uploading, {:.0} %", share * 100.0),
            Step::Sending(_) => "Reading it…".to_owned(),
            Step::Done(text) | Step::Failed(text) => text,
        };
        view! {
            <li class:bad=move || step.with(|step| matches!(step, Step::Failed(_))) class:good=move || step.with(|step| matches!(step, Step::Done(_)))>
                {move || view! { <Icon name=icon() /> }}
                <span><strong>{row.name}</strong>" "<span class="hint">{bytes(row.size)}</span><span class="became">{text}</span></span>
            </li>
        }
    };
    view! {
        <div class="progress">
            <p role="status">{move || format!("{} of {} ready", ended(), plural(all() as i64, "file", "files"))}</p>
            <progress aria-label="Upload" max=all prop:value=shares></progress>
            <ul>{move || rows.get().into_iter().map(line).collect_view()}</ul>
            <Show when=move || !busy.get()>
                <button type="button" class="quiet" on:click=move |_| rows.set(Vec::new())>"Clear the list"</button>
            </Show>
        </div>
    }
}
