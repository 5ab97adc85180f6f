//! Lists as tables: search, filters, rows, pages, and what stands there when there is no row. On a
//! phone a row becomes a card whose cells carry their column's name (`data-label`).

use leptos::prelude::*;
use serde::de::DeserializeOwned;

use super::{FailureBox, Icon, Skeleton};
use crate::browser::pause;
use crate::format;
use crate::listing::Listing;
use crate::remote::Load;

/// How long to wait after a key press before the server is asked, in milliseconds.
const TYPING_MS: i32 = 250;

/// The search field of a list; sets its filter `q`, or another whose words are typed.
#[component]
pub fn Search<T: Clone + Send + Sync + DeserializeOwned + 'static>(
    list: Listing<T>,
    #[prop(default = "q")] name: &'static str,
    #[prop(into)] placeholder: String,
) -> impl IntoView {
    let text = RwSignal::new(untrack(move || list.filter(name)));
    // Emptied from outside, as by "Clear".
    Effect::new(move || {
        let now = list.filter(name);
        if now.is_empty() {
            text.set(now);
        }
    });
    let round = StoredValue::new(0_u32);
    let typed = move |event: leptos::ev::Event| {
        text.set(event_target_value(&event));
        let mine = round.get_value() + 1;
        round.set_value(mine);
        leptos::task::spawn_local(async move {
            pause(TYPING_MS).await;
            if round.try_get_value() == Some(mine) {
                list.set_filter(name, text.get_untracked().trim().to_owned());
            }
        });
    };
    view! {
        <label class="search">
            <Icon name="search" />
            <span class="unseen">{placeholder.clone()}</span>
            <input type="search" placeholder=placeholder prop:value=move || text.get() on:input=typed />
        </label>
    }
}

/// A filter of a list: `(value, what the reader sees)`; the empty value takes it away.
#[component]
pub fn Filter<T: Clone + Send + Sync + DeserializeOwned + 'static>(
    list: Listing<T>,
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(into)] options: Signal<Vec<(String, String)>>,
) -> impl IntoView {
    view! {
        <label class="filter">
            <span class="unseen">{label}</span>
            <select on:change=move |event| list.set_filter(name, event_target_value(&event))>
                {move || options.get().into_iter().map(|(value, text)| {
                    let own = value.clone();
                    view! { <option value=value selected=move || list.filter(name) == own>{text}</option> }
                }).collect_view()}
            </select>
        </label>
    }
}

/// Which rows are shown, and the way to the others.
#[component]
pub fn Pager<T: Clone + Send + Sync + DeserializeOwned + 'static>(
    list: Listing<T>,
) -> impl IntoView {
    let page = move || list.page.get();
    let total = move || page().map(|page| format::count(page.total)).unwrap_or_default();
    let more = move || page().is_some_and(|page| page.next_cursor.is_some());
    view! {
        <nav class="pager" aria-label="Pages">
            <span>{move || total() + " in all"}</span>
            <button type="button" class="button small" disabled=move || !list.has_previous() on:click=move |_| list.previous()>
                <Icon name="left" /> "Previous"
            </button>
            <button type="button" class="button small" disabled=move || !more() on:click=move |_| list.next()>
                "Next" <Icon name="right" />
            </button>
        </nav>
    }
}

/// The rows of a list. `row` makes one `<tr>`; `empty` stands there when the list itself is empty.
#[component]
pub fn Table<T: Clone + Send + Sync + DeserializeOwned + 'static>(
    list: Listing<T>,
    /// What the table lists.
    #[prop(into)]
    label: String,
    /// Empty = the row's actions.
    columns: &'static [&'static str],
    row: impl Fn(T) -> AnyView + Send + Sync + Clone + 'static,
    empty: fn() -> AnyView,
) -> impl IntoView {
    let label = StoredValue::new(label);
    let head = |name: &&'static str| match *name {
        "" => view! { <th scope="col"><span class="unseen">"Actions"</span></th> }.into_any(),
        name => view! { <th scope="col">{name}</th> }.into_any(),
    };
    let heads = move || columns.iter().map(head).collect_view();
    let nothing = move || {
        if untrack(move || list.is_narrowed()) {
            view! {
                <div class="empty">
                    <h2>"Nothing matches"</h2>
                    <p>"No entry has what you search or filter for."</p>
                    <button type="button" class="button" on:click=move |_| list.clear()>"Clear search and filters"</button>
                </div>
            }
            .into_any()
        } else {
            empty()
        }
    };
    move || match list.page.state.get() {
        Load::Waiting => view! { <Skeleton lines=6 /> }.into_any(),
        Load::Failed(failure) => {
            view! { <FailureBox failure retry=Callback::new(move |()| list.reload()) /> }.into_any()
        }
        Load::Ready(page) if page.items.is_empty() && !untrack(move || list.has_previous()) => {
            nothing()
        }
        Load::Ready(page) => {
            let rows: Vec<AnyView> = page.items.into_iter().map(row.clone()).collect();
            view! {
                <div class="table" class:busy=move || list.page.busy.get() tabindex="0" role="region" aria-label=label.get_value()>
                    <table>
                        <thead><tr>{heads()}</tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
                <Pager list />
            }
            .into_any()
        }
    }
}
