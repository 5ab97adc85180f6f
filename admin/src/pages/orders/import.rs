//! Orders from a CSV file: all of them, or none.

use leptos::html;
use leptos::prelude::*;
use shared::order::{ImportReport, LineError};
use wasm_bindgen::JsValue;

use crate::api::{self, Failure};
use crate::format;
use crate::ui::{Dialog, FailureBox, Icon};

#[component]
pub fn ImportDialog(open: RwSignal<bool>, imported: Callback<()>) -> impl IntoView {
    view! {
        <Dialog open title=Signal::stored("Import orders".to_owned()) wide=true><Import open imported /></Dialog>
    }
}

/// What came of the file.
#[derive(Clone, PartialEq)]
enum Outcome {
    Nothing,
    Running,
    Checked(ImportReport),
    Done(ImportReport),
    /// With mistakes of its lines, or for another reason.
    Refused(Failure, Option<ImportReport>),
}

#[component]
fn Import(open: RwSignal<bool>, imported: Callback<()>) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let outcome = RwSignal::new(Outcome::Nothing);
    let chosen = RwSignal::new(false);
    let send = move |dry_run: bool| {
        let Some(file) = input.get_untracked().and_then(|input| input.files()?.get(0)) else {
            return;
        };
        outcome.set(Outcome::Running);
        leptos::task::spawn_local(async move {
            let answer = api::post_file::<ImportReport>(
                &format!("/api/orders/import?dry_run={dry_run}"),
                JsValue::from(file),
            )
            .await;
            let now = match answer {
                Ok(report) if dry_run => Outcome::Checked(report),
                Ok(report) => {
                    let _ = imported.try_run(());
                    Outcome::Done(report)
                }
                Err(failure) => {
                    let report = failure.import.clone();
                    Outcome::Refused(failure, report)
                }
            };
            let _ = outcome.try_set(now);
        });
    };
    let running = move || outcome.with(|outcome| *outcome == Outcome::Running);
    let picked = move |_| {
        chosen.set(
            input
                .get_untracked()
                .and_then(|input| input.files())
                .is_some_and(|files| files.length() > 0),
        );
        outcome.set(Outcome::Nothing);
    };
    view! {
        <div class="stack">
            <p>"A CSV file, one order a line. If one line is wrong, nothing is imported. "<a href="/docs/importing-orders" target="_blank">"Its columns"</a></p>
            <label class="field">
                <span>"File"</span>
                <input type="file" accept=".csv,text/csv,text/plain" node_ref=input disabled=running on:change=picked />
            </label>
            <div aria-live="polite">{move || shown(outcome.get())}</div>
            <footer>
                <button type="button" class="button" on:click=move |_| open.set(false)>"Close"</button>
                <button type="button" class="button" disabled=move || !chosen.get() || running() on:click=move |_| send(true)>"Check only"</button>
                <button type="button" class="button primary" disabled=move || !chosen.get() || running() on:click=move |_| send(false)>"Import"</button>
            </footer>
        </div>
    }
}

fn shown(outcome: Outcome) -> AnyView {
    let sum = |report: &ImportReport| {
        let skipped = if report.skipped > 0 {
            format!("; {} were there already", format::count(report.skipped as i64))
        } else {
            String::new()
        };
        format!("{}{skipped}.", format::plural(report.imported as i64, "order", "orders"))
    };
    match outcome {
        Outcome::Nothing => ().into_any(),
        Outcome::Running => view! { <p role="status">"The file is on its way…"</p><progress aria-label="Importing"></progress> }.into_any(),
        Outcome::Checked(report) => view! { <div class="note"><Icon name="check" /><p>"The file is in order. It would make " {sum(&report)}</p></div> }.into_any(),
        Outcome::Done(report) => view! { <div class="note"><Icon name="check" /><p>"Imported: " {sum(&report)}</p></div> }.into_any(),
        Outcome::Refused(failure, None) => view! { <FailureBox failure /> }.into_any(),
        Outcome::Refused(_, Some(report)) => view! { <Mistakes report /> }.into_any(),
    }
}

#[component]
fn Mistakes(report: ImportReport) -> impl IntoView {
    let more = report.error_count.saturating_sub(report.errors.len() as u64);
    let row = |error: LineError| {
        view! { <tr><th scope="row" class="number">{error.line}</th><td>{error.column}</td><td>{error.why}</td></tr> }
    };
    view! {
        <p class="error" role="alert">{format!("{} in the file; nothing was imported.", format::plural(report.error_count as i64, "mistake", "mistakes"))}</p>
        <div class="scroll" tabindex="0" role="region" aria-label="Mistakes">
            <table>
                <thead><tr><th scope="col" class="number">"Line"</th><th scope="col">"Column"</th><th scope="col">"What is wrong"</th></tr></thead>
                <tbody>{report.errors.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
        {(more > 0).then(|| view! { <p class="hint">{format!("and {} more", format::count(more as i64))}</p> })}
    }
}
