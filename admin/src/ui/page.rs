//! The parts that most pages share: head, cards, badges, tabs, and what stands where nothing is yet.

use leptos::html;
use leptos::prelude::*;
use serde_json::Value;
use wasm_bindgen::JsCast;

use super::{Icon, unique};
use crate::api::Failure;
use crate::browser;
use crate::changes;
use crate::draft::{Draft, Edits, Form};
use crate::format;
use crate::nav::Nav;
use crate::route::Route;

/// The top of a page; `children` are its buttons.
#[component]
pub fn Head(
    #[prop(into)] title: Signal<String>,
    #[prop(into, optional)] text: String,
    /// The list that this is one of.
    #[prop(optional)]
    back: Option<Route>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    Effect::new(move || browser::document().set_title(&format!("{} · Natter", title.get())));
    if use_context::<Nav>().is_some_and(Nav::takes_focus) {
        request_animation_frame(|| {
            if let Some(title) = browser::by_id("title") {
                browser::focus(&title);
            }
        });
    }
    view! {
        <header class="head">
            <div>
                {back.map(|list| view! { <a class="back" href=list.path()><Icon name="left" /> {list.title()}</a> })}
                <h1 id="title" tabindex="-1">{move || title.get()}</h1>
                {(!text.is_empty()).then(|| view! { <p>{text}</p> })}
            </div>
            <div class="actions">{children.map(|children| children())}</div>
        </header>
    }
}

/// A piece of a page, with a heading of its own.
#[component]
pub fn Card(
    #[prop(into, optional)] title: String,
    #[prop(into, optional)] text: String,
    #[prop(optional)] danger: bool,
    children: Children,
) -> impl IntoView {
    let id = unique("card");
    let named = (!title.is_empty()).then(|| id.clone());
    view! {
        <section class="card" class:danger-zone=danger aria-labelledby=named>
            {(!title.is_empty()).then(|| view! { <h2 id=id>{title}</h2> })}
            {(!text.is_empty()).then(|| view! { <p class="soft">{text}</p> })}
            {children()}
        </section>
    }
}

/// How a badge or a message is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    #[default]
    Plain,
    Good,
    Warn,
    Bad,
    Info,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Info => "info",
        }
    }
}

/// A word that says how something stands.
#[component]
pub fn Badge(
    #[prop(into)] text: Signal<String>,
    #[prop(into)] tone: Signal<Tone>,
) -> impl IntoView {
    view! { <span class=move || format!("badge {}", tone.get().class())>{move || text.get()}</span> }
}

/// How much of a limit is used: "640 / 1,000".
#[component]
pub fn Meter(used: i64, limit: Option<i64>, #[prop(into)] label: String) -> impl IntoView {
    use crate::format::count;
    let Some(limit) = limit else {
        return view! { <span class="meter"><span>{count(used)}</span></span> }.into_any();
    };
    let share = if limit > 0 { (used as f64 / limit as f64).min(1.0) } else { 1.0 };
    let tone = if share >= 1.0 {
        "bad"
    } else if share >= 0.8 {
        "warn"
    } else {
        "good"
    };
    view! {
        <span class="meter">
            <span>{format!("{} / {}", count(used), count(limit))}</span>
            <span class="bar" role="meter" aria-label=label aria-valuenow=used aria-valuemin="0" aria-valuemax=limit>
                <span class=tone style:width=format!("{:.1}%", share * 100.0)></span>
            </span>
        </span>
    }
    .into_any()
}

/// A moment: the day and time, and in the title as the server has it.
#[component]
pub fn When(
    #[prop(into)] at: String,
    /// Shows the day alone.
    #[prop(optional)]
    day: bool,
) -> impl IntoView {
    let shown = if day { browser::day(&at) } else { browser::moment(&at) };
    view! { <time datetime=at.clone() title=at>{shown}</time> }
}

/// Where there is nothing yet, and what to do about it.
#[component]
pub fn EmptyState(
    icon: &'static str,
    #[prop(into)] title: String,
    #[prop(into)] text: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <span class="empty-icon"><Icon name=icon /></span>
            <h2>{title}</h2>
            <p>{text}</p>
            {children.map(|children| children())}
        </div>
    }
}

/// Why something could not be shown or done.
#[component]
pub fn FailureBox(
    failure: Failure,
    #[prop(optional)] retry: Option<Callback<()>>,
) -> impl IntoView {
    let id = (!failure.request_id.is_empty() && failure.status >= 500)
        .then(|| format!("Request {}", failure.request_id));
    // What is gone does not come back by asking again.
    let gone = failure.status == 404;
    let says = if gone {
        "There is nothing here, or not any more.".to_owned()
    } else {
        failure.sentence()
    };
    view! {
        <div class="failure" role="alert">
            <Icon name="warning" />
            <div>
                <p>{says}</p>
                {id.map(|id| view! { <p class="hint">{id}</p> })}
            </div>
            {retry.filter(|_| !gone).map(|retry| view! {
                <button type="button" class="button small" on:click=move |_| retry.run(())>"Try again"</button>
            })}
        </div>
    }
}

/// Grey bars in the place of what is on its way.
#[component]
pub fn Skeleton(#[prop(default = 4)] lines: usize) -> impl IntoView {
    view! {
        <div class="skeleton" role="status">
            <span class="unseen">"Loading"</span>
            {(0..lines).map(|_| view! { <span class="line"></span> }).collect_view()}
        </div>
    }
}

/// Tabs that are links: each has an address. `(address, title, whether it is open)`.
#[component]
pub fn Tabs(
    #[prop(into)] label: String,
    #[prop(into)] tabs: Signal<Vec<(String, &'static str, bool)>>,
) -> impl IntoView {
    let node = NodeRef::<html::Nav>::new();
    // On a phone the open one may stand beyond the edge.
    Effect::new(move || {
        tabs.track();
        let Some(node) = node.get() else { return };
        request_animation_frame(move || {
            let open = node.query_selector("[aria-current]").ok().flatten();
            if let Some(open) = open.and_then(|open| open.dyn_into::<web_sys::HtmlElement>().ok()) {
                node.set_scroll_left(open.offset_left() - node.offset_left() - 40);
            }
        });
    });
    view! {
        <nav class="tabs" aria-label=label node_ref=node>
            {move || tabs.get().into_iter().map(|(href, title, open)| view! {
                <a href=href aria-current=open.then_some("page")>{title}</a>
            }).collect_view()}
        </nav>
    }
}

/// Why a form could not be saved. After a conflict, the ways on from what the server has now.
#[component]
pub fn SaveFailure<T: Form>(
    draft: Draft<T>,
    /// Gets the thing as it is now, and what becomes of the edits.
    take_theirs: Callback<(Value, Edits)>,
    /// The part of the thing that the form has, where it has not the whole.
    #[prop(optional)]
    part: Option<&'static str>,
) -> impl IntoView {
    let one = move |failure: Failure| {
        let Some(current) = failure.current.clone().filter(|_| failure.is_conflict()) else {
            // What a field says needs no second place, but a field may not be on this tab.
            return view! { <FailureBox failure /> }.into_any();
        };
        let newer = part.map_or(&current, |part| &current[part]);
        let changed = draft.base.with_untracked(|base| changes::since(base, newer));
        let changed = (!changed.is_empty()).then(|| {
            format!(
                "They changed: {}. ",
                changed.iter().map(|name| format::words(name)).collect::<Vec<_>>().join(", ")
            )
        });
        let current = StoredValue::new(current);
        let take = move |edits| move |_| take_theirs.run((current.get_value(), edits));
        view! {
            <div class="failure conflict" role="alert">
                <Icon name="warning" />
                <div>
                    <p><strong>"Somebody else has changed this meanwhile."</strong></p>
                    <p>{changed}"Nothing of yours is saved, and nothing of theirs is overwritten. Keep your edits on top of their version and look at them before you save, or load theirs and lose yours."</p>
                </div>
                <span class="inline">
                    <button type="button" class="button small" on:click=take(Edits::Kept)>"Keep my edits"</button>
                    <button type="button" class="button small" on:click=take(Edits::Dropped)>"Load their version"</button>
                </span>
            </div>
        }
        .into_any()
    };
    move || draft.failure.get().map(one)
}

/// The foot of a form: what is wrong, save and undo. Shown once there is something to save.
#[component]
pub fn SaveBar<T: Form>(
    draft: Draft<T>,
    save: Callback<()>,
    /// Takes the newer state of a conflict: what the server has now, and what becomes of the edits.
    take_theirs: Callback<(Value, Edits)>,
) -> impl IntoView {
    let shown = move || draft.dirty.get() || draft.failure.with(Option::is_some);
    let says = move || {
        let wrong: Vec<String> = draft.wrong().iter().map(|name| format::words(name)).collect();
        match wrong.as_slice() {
            [] => "Unsaved changes".to_owned(),
            [one] => format!("Needs a look: {one}"),
            [one, others @ ..] if others.len() < 3 => {
                format!("Need a look: {one}, {}", others.join(", "))
            }
            [one, others @ ..] => format!("Need a look: {one} and {} more", others.len()),
        }
    };
    // Saved or undone by the keyboard: the bar goes, and the focus must not fall out of the page.
    let gone = move || {
        request_animation_frame(|| {
            if browser::nothing_has_focus()
                && let Some(title) = browser::by_id("title")
            {
                browser::focus_in_place(&title);
            }
        });
    };
    view! {
        <Show when=shown>
            {on_cleanup(gone)}
            <div class="save-bar" role="region" aria-label="Unsaved changes">
                <SaveFailure draft take_theirs />
                <div class="save-row">
                    <span>{says}</span>
                    <button type="button" class="button" disabled=move || draft.saving.get() on:click=move |_| draft.reset()>"Undo"</button>
                    <button type="button" class="button primary" disabled=move || draft.saving.get() || !draft.dirty.get() on:click=move |_| save.run(())>
                        {move || if draft.saving.get() { "Saving…" } else { "Save" }}
                    </button>
                </div>
            </div>
        </Show>
    }
}
