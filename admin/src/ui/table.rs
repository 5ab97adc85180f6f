//! Lists as tables: search, filters, rows, pages, and what stands there when there is no row. On a
//! phone a row becomes a card whose cells carry their column's name (`data-label`).

use leptos::html;
use leptos::prelude::*;
use serde::de::DeserializeOwned;

use super::{FailureBox, Icon, Skeleton};
use crate::browser::{self, TYPING_MS, pause};
use crate::format;
use crate::listing::Listing;
use crate::remote::Load;

/// The search field of a list; sets its filter `q`, or another whose words are typed.
#[component]
pub fn Search<T: Clone + Send + Sync + DeserializeOwned + 'static>(
    list: Listing<T>,
    #[prop(default = "q")] name: &'static str,
    #[prop(into)] placeholder: String,
) -> impl IntoView {
    let text = RwSignal::new(untrack(move || list.filter(name)));
    // Whether what is typed has not been searched for yet.
    let ahead = StoredValue::new(false);
    // Set from outside, as by "Clear" or the browser's back button.
    Effect::new(move || {
        let now = list.filter(name);
        if !ahead.get_value() && now != text.get_untracked().trim() {
            text.set(now);
        }
    });
    let round = StoredValue::new(0_u32);
    let typed = move |event: leptos::ev::Event| {
        ahead.set_value(true);
        text.set(event_target_value(&event));
        let mine = round.get_value() + 1;
        round.set_value(mine);
        leptos::task::spawn_local(async move {
            pause(TYPING_MS).await;
            if round.try_get_value() == Some(mine) {
                ahead.set_value(false);
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
                    view! { <option value=value prop:selected=move || list.filter(name) == own>{text}</option> }
                }).collect_view()}
            </select>
        </label>
    }
}

/// Which rows are shown, and the way to the others.
#[component]
fn Pager<T: Clone + Send + Sync + DeserializeOwned + 'static>(list: Listing<T>) -> impl IntoView {
    let page = move || list.page.get();
    let total = move || {
        let page = page()?;
        let all = page.total;
        let here = page.items.len();
        let shown = list.rows(page).len();
        let found = shown < here;
        Some(if found {
            format!("{} of {}", format::count(shown as i64), format::count(all))
        } else {
            format!("{} in all", format::count(all))
        })
    };
    let more = move || page().is_some_and(|page| page.next_cursor.is_some());
    view! {
        <nav class="pager" aria-label="Pages">
            <span>{total}</span>
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
            view! { <NothingMatches list /> }.into_any()
        } else {
            empty()
        }
    };
    let again = Callback::new(move |()| list.reload());
    let rows = move || match list.page.state.get() {
        Load::Waiting => view! { <Skeleton lines=6 /> }.into_any(),
        Load::Failed(failure) => view! { <FailureBox failure retry=again /> }.into_any(),
        Load::Ready(_) if list.shows_nothing() => nothing(),
        Load::Ready(page) => {
            let rows: Vec<AnyView> = list.rows(page).into_iter().map(row.clone()).collect();
            view! {
                <div class="table" class:busy=move || list.page.busy.get() tabindex="0" role="region" aria-label=label.get_value()>
                    <table>
                        <thead><tr>{heads()}</tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            }
            .into_any()
        }
    };
    view! { <Paged list>{rows}</Paged> }
}

/// In the place of rows, where the search or a filter leaves none.
#[component]
pub fn NothingMatches<T: Clone + Send + Sync + DeserializeOwned + 'static>(
    list: Listing<T>,
) -> impl IntoView {
    let clear = move |_| {
        list.clear();
        if let Ok(Some(field)) = browser::document().query_selector(".tools :is(input, select)") {
            browser::focus(&field);
        }
    };
    view! {
        <div class="empty">
            <h2>"Nothing matches"</h2>
            <p>"No entry has what you search or filter for."</p>
            <button type="button" class="button" on:click=clear>"Clear search and filters"</button>
        </div>
    }
}

/// What is listed, and the way to its other pages, which stays where it is while they are turned.
#[component]
pub fn Paged<T: Clone + Send + Sync + DeserializeOwned + 'static>(
    list: Listing<T>,
    children: Children,
) -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    Effect::new(move |before: Option<usize>| {
        list.page.state.track();
        let now = list.page_number();
        // Another page is read from its beginning.
        if before.is_some_and(|before| before != now)
            && let Some(node) = node.get_untracked()
        {
            request_animation_frame(move || {
                if node.get_bounding_client_rect().top() < 0.0 {
                    node.scroll_into_view();
                }
                // The button of the last page does nothing more and has lost the focus.
                if browser::nothing_has_focus()
                    && let Ok(Some(other)) = node.query_selector(".pager button:not(:disabled)")
                {
                    browser::focus_in_place(&other);
                }
            });
        }
        now
    });
    let there = Memo::new(move |_| {
        matches!(list.page.state.get(), Load::Ready(_)) && !list.shows_nothing()
    });
    view! {
        <div class="listed" node_ref=node>
            {children()}
            <Show when=move || there.get()><Pager list /></Show>
        </div>
    }
}
