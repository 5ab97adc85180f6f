//! Fetching the pages of a website: beginning it, and how it goes while it goes.

use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::FieldErrors;
use shared::admin::Page;
use shared::data_source::{Import, ImportStatus, NewImport, SourceStatus};

use super::detail::SourcePage;
use crate::allowed::addresses;
use crate::api;
use crate::browser::{self, pause};
use crate::draft::{Draft, run};
use crate::format::{count, plural};
use crate::remote::{Load, Remote};
use crate::session::may_write;
use crate::ui::{
    Badge, Bind, Card, Choice, DialogFoot, FailureBox, NumberField, Odd, Skeleton, TextArea,
    TextField, Toasts, Tone, When, choices,
};

/// How often a running import is looked at, in milliseconds.
const LOOK_MS: i32 = 1500;
/// Imports that are shown at first.
const FEW: &str = "5";
/// Those that are shown once earlier ones are asked for.
const MANY: &str = "200";

#[component]
pub fn ImportForm(page: SourcePage, open: RwSignal<bool>, changed: Callback<()>) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let check: fn(&NewImport, &mut FieldErrors) = NewImport::check;
    let draft =
        Draft::of_new(NewImport { sitemap: Some(String::new()), ..NewImport::default() }, check);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if draft.is_fine() {
            let (path, new) = (page.path("/imports"), draft.now.get_untracked());
            draft.save(async move { api::post::<Import>(&path, &new).await }, move |_| {
                open.set(false);
                toasts.done("The pages are being fetched. You may leave this page meanwhile.");
                let _ = changed.try_run(());
            });
        }
    };
    let ways = choices(&[("sitemap", "The pages of a sitemap"), ("urls", "A list of addresses")]);
    let way = draft.field(
        "way",
        |d: &NewImport| if d.urls.is_some() { "urls" } else { "sitemap" }.to_owned(),
        |d, way: String| {
            (d.urls, d.sitemap) =
                if way == "urls" { (Some(Vec::new()), None) } else { (None, Some(String::new())) };
        },
    );
    let sitemap = draft.field(
        "sitemap",
        |d: &NewImport| d.sitemap.clone().unwrap_or_default(),
        |d, v: String| d.sitemap = Some(v.trim().to_owned()),
    );
    let most = draft.field(
        "max_pages",
        |d: &NewImport| Some(i64::from(d.max_pages)),
        |d, n: Option<i64>| d.max_pages = n.map_or(0, |n| u32::try_from(n).unwrap_or(0)),
    );
    // As it is typed, with its empty lines.
    let typed = RwSignal::new(String::new());
    let named = draft.field(
        "urls",
        |d: &NewImport| d.urls.clone().unwrap_or_default(),
        |d, v| d.urls = Some(v),
    );
    let urls = Bind {
        name: "urls",
        get: typed.into(),
        set: Callback::new(move |text: String| {
            named.set.run(addresses(&text));
            typed.set(text);
        }),
        error: Signal::derive(move || {
            draft.errors.with(|errors| {
                let whys: Vec<String> = errors
                    .0
                    .iter()
                    .filter(|(field, _)| field.starts_with("urls"))
                    .map(|(field, whys)| line(field, whys))
                    .collect();
                (!whys.is_empty()).then(|| whys.join("; "))
            })
        }),
        odd: Odd::never(),
    };
    let by_list = Memo::new(move |_| draft.now.with(|now| now.urls.is_some()));
    view! {
        <form on:submit=submit novalidate>
            {move || draft.failure.get().map(|failure| view! { <FailureBox failure /> })}
            <Choice bind=way label="Which pages" options=ways />
            {move || if by_list.get() {
                view! { <TextArea bind=urls label="Addresses" rows=8 code=true placeholder="https://www.example.com/help" hint="One a line, all of one website, at most 2,000." /> }.into_any()
            } else {
                view! {
                    <TextField bind=sitemap label="Address of the sitemap" kind="url" placeholder="https://www.example.com/sitemap.xml" required=true />
                    <NumberField bind=most label="Pages at most" />
                }.into_any()
            }}
            <p class="hint spaced">"The website's robots.txt is obeyed, and addresses inside your own network are refused. A page that was fetched before is replaced when it has changed."</p>
            <DialogFoot open saving=draft.saving action="Fetch pages" />
        </form>
    }
}

/// A complaint about one of the addresses, with the line that it is on.
fn line(field: &str, whys: &[String]) -> String {
    let at = field.trim_start_matches("urls[").trim_end_matches(']').parse::<usize>();
    match at {
        Ok(at) => format!("address {}: {}", at + 1, whys.join("; ")),
        Err(_) => whys.join("; "),
    }
}

#[component]
pub fn Imports(page: SourcePage, changed: Callback<()>) -> impl IntoView {
    let imports = Remote::<Page<Import>>::new();
    let shown = RwSignal::new(FEW);
    let read = move || {
        let path = page.path(&format!("/imports?limit={}", shown.get_untracked()));
        imports.read(async move { api::get(&path).await });
    };
    // Begun here or elsewhere: the data source says that one is running.
    let importing = Memo::new(move |_| {
        page.source.with(|source| {
            (source.status == SourceStatus::Importing, source.last_indexed_at.clone())
        })
    });
    Effect::new(move || {
        importing.get();
        read();
    });
    let waiting = StoredValue::new(false);
    let seen = StoredValue::new(None::<(i64, usize)>);
    Effect::new(move || {
        let Some(page) = imports.get() else { return };
        let running =
            page.items.iter().filter(|import| import.status == ImportStatus::Running).count();
        // The button that asked for the earlier ones is gone.
        if shown.get_untracked() == MANY {
            request_animation_frame(|| {
                let list = browser::by_id("imports").filter(|_| browser::nothing_has_focus());
                if let Some(list) = list {
                    browser::focus_in_place(&list);
                }
            });
        }
        let mark = (page.items.iter().map(|import| import.done).sum(), running);
        let before = seen.get_value();
        seen.set_value(Some(mark));
        if before.is_some_and(|before| before != mark) {
            let _ = changed.try_run(());
        }
        // One look ahead at a time, however often the list was read meanwhile.
        if running > 0 && !waiting.get_value() {
            waiting.set_value(true);
            spawn_local(async move {
                pause(LOOK_MS).await;
                // The page may be closed by now.
                if waiting.try_set_value(false).is_none() {
                    read();
                }
            });
        }
    });
    move || {
        match imports.state.get() {
        Load::Ready(list) if !list.items.is_empty() => view! {
            <Card title="Fetched pages">
                <ul class="imports" id="imports" tabindex="-1">{list.items.into_iter().map(|import| view! { <OneImport page import read=Callback::new(move |()| read()) /> }).collect_view()}</ul>
                {(list.next_cursor.is_some() && shown.get_untracked() == FEW).then(|| view! {
                    <button type="button" class="button small" on:click=move |_| { shown.set(MANY); read(); }>"Earlier ones"</button>
                })}
                {(list.next_cursor.is_some() && shown.get_untracked() == MANY).then(|| view! { <p class="hint">"These are the newest 200."</p> })}
            </Card>
        }
        .into_any(),
        Load::Failed(failure) => view! { <FailureBox failure retry=Callback::new(move |()| read()) /> }.into_any(),
        _ => ().into_any(),
    }
    }
}

fn standing(status: ImportStatus) -> (&'static str, Tone) {
    match status {
        ImportStatus::Running => ("Running", Tone::Info),
        ImportStatus::Done => ("Done", Tone::Good),
        ImportStatus::Failed => ("Failed", Tone::Bad),
        ImportStatus::Stopped => ("Stopped", Tone::Warn),
    }
}

#[component]
fn OneImport(page: SourcePage, import: Import, read: Callback<()>) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let (word, tone) = standing(import.status);
    let running = import.status == ImportStatus::Running;
    let path = StoredValue::new(page.path(&format!("/imports/{}", import.id)));
    let stop = move |_| {
        let path = format!("{}/stop", path.get_value());
        run(async move { api::act::<Import>(&path).await }, move |_| {
            toasts.done("Stopped. What was fetched stays.");
            let _ = read.try_run(());
        });
    };
    let tried = import.done + import.unchanged + import.failed;
    let what = import.sitemap.clone().unwrap_or_else(|| "A list of addresses".to_owned());
    let sums = format!(
        "{} of {}: {} new or changed, {} unchanged, {} failed",
        count(tried),
        plural(import.pages, "page", "pages"),
        count(import.done),
        count(import.unchanged),
        count(import.failed)
    );
    view! {
        <li>
            <div class="spread">
                <span class="inline"><strong class="address">{what}</strong> <Badge text=word.to_owned() tone /></span>
                <Show when=move || running && may_write()><button type="button" class="button small" on:click=stop>"Stop"</button></Show>
            </div>
            {(running && import.pages > 0).then(|| view! { <progress aria-label="Pages" max=import.pages prop:value=tried as f64></progress> })}
            <p class="soft">{if running && import.pages == 0 { "Looking for pages…".to_owned() } else { sums }} ", begun " <When at=import.created_at />
                {import.ended_at.map(|at| view! { ", ended " <When at /> })}</p>
            {import.error.map(|why| view! { <p class="error">{why}</p> })}
            {(import.failed > 0).then(|| view! { <Failures path /> })}
        </li>
    }
}

/// Which pages failed, and why; read when somebody wants to know.
#[component]
fn Failures(path: StoredValue<String>) -> impl IntoView {
    let import = Remote::<Import>::new();
    let open = RwSignal::new(false);
    let show = move |_| {
        open.update(|open| *open = !*open);
        let path = path.get_value();
        import.read(async move { api::get(&path).await });
    };
    view! {
        <button type="button" class="quiet" aria-expanded=move || open.get().to_string() on:click=show>
            {move || if open.get() { "Hide what failed" } else { "Show what failed" }}
        </button>
        <Show when=move || open.get()>
            {move || match import.state.get() {
                Load::Waiting => view! { <Skeleton lines=2 /> }.into_any(),
                Load::Failed(failure) => view! { <FailureBox failure /> }.into_any(),
                Load::Ready(import) => view! {
                    <ul class="failures">
                        {import.failures.unwrap_or_default().into_iter().map(|page| view! { <li><span class="address">{page.name}</span> <span class="error">{page.error}</span></li> }).collect_view()}
                    </ul>
                }.into_any(),
            }}
        </Show>
    }
}
