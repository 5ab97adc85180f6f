//! What the bell has to tell, in sentences, with the way to act on each.

use leptos::prelude::*;
use shared::admin::{MarkRead, Notification};
use shared::alert::NOTABLE;

use crate::alerts::{self, Urgency};
use crate::api;
use crate::browser;
use crate::draft::run;
use crate::listing::Listing;
use crate::remote::Load;
use crate::route::Route;
use crate::session::may_write;
use crate::shell::Unread;
use crate::ui::{
    EmptyState, FailureBox, Filter, Head, Icon, NothingMatches, Paged, Skeleton, Toasts, When,
    choices,
};

#[component]
pub fn NotificationsPage() -> impl IntoView {
    let list = Listing::<Notification>::new("/api/notifications", &["unread", "kind"]);
    let unread = expect_context::<Unread>();
    let toasts = expect_context::<Toasts>();
    let all = move |_| {
        let every = MarkRead { ids: Vec::new(), all: true };
        run(async move { api::post::<()>("/api/notifications/read", &every).await }, move |()| {
            toasts.done("All are read.");
            unread.refresh();
            list.reload();
        });
    };
    view! {
        <Head title=Signal::stored("Notifications".to_owned()) text="What an admin should know: limits, expiries, and websites that are new. Where mail is set up, admins get them by e-mail too.">
            <Show when=move || may_write() && unread.0.get() != 0>
                <button type="button" class="button" on:click=all><Icon name="check" /> "Mark all as read"</button>
            </Show>
        </Head>
        <div class="tools">
            <Filter list name="unread" label="Read or not" options=choices(&[("", "Read and unread"), ("true", "Unread")]) />
            <Filter list name="kind" label="Kind" options=Signal::stored(kinds()) />
        </div>
        <Paged list>{move || match list.page.state.get() {
            Load::Waiting => view! { <Skeleton lines=6 /> }.into_any(),
            Load::Failed(failure) => view! { <FailureBox failure retry=Callback::new(move |()| list.reload()) /> }.into_any(),
            Load::Ready(_) if list.shows_nothing() => nothing(list),
            Load::Ready(page) => view! {
                <ul class="notices">{page.items.into_iter().map(|one| notice(list, one)).collect_view()}</ul>
            }.into_any(),
        }}</Paged>
    }
}

/// What there can be to tell, by its name in the API.
fn kinds() -> Vec<(String, String)> {
    let kind = |kind: &&str| ((*kind).to_owned(), alerts::meaning(kind).to_owned());
    let every = (String::new(), "Every kind".to_owned());
    std::iter::once(every).chain(NOTABLE.iter().map(kind)).collect()
}

fn nothing(list: Listing<Notification>) -> AnyView {
    if untrack(move || list.is_narrowed()) {
        return view! { <NothingMatches list /> }.into_any();
    }
    view! {
        <EmptyState icon="bell" title="Nothing to tell"
            text="You hear of it here when a monthly limit is near, a license key is about to expire, or a new website uses one.">
            <a class="button" href=Route::Webhooks.path()>"Have your own systems told"</a>
        </EmptyState>
    }
    .into_any()
}

fn notice(list: Listing<Notification>, one: Notification) -> AnyView {
    let line = alerts::line(&one);
    let (icon, tone) = match line.urgency {
        Urgency::News => ("info", "news"),
        Urgency::Soon => ("bell", "soon"),
        Urgency::Now => ("warning", "now"),
    };
    let is_new = one.read_at.is_none();
    let at = one.created_at.clone();
    let title = line.title.clone();
    let one = StoredValue::new(one);
    let read = Callback::new(move |()| mark(list, one.get_value()));
    let link = line.link.map(|(route, says)| {
        view! { <a href=route.path() on:click=move |_| if is_new && untrack(may_write) { read.run(()) }>{says}</a> }
    });
    view! {
        <li class="notice" class:new=is_new>
            <span class=format!("notice-icon {tone}")><Icon name=icon /></span>
            <div>
                <h2>{line.title} {is_new.then(|| view! { <span class="unseen">" (unread)"</span> })}</h2>
                <p>{line.text}</p>
                <p class="notice-foot"><When at=at /> {link}</p>
            </div>
            <Show when=move || is_new && may_write()>
                <button type="button" class="quiet square" title="Mark as read" aria-label=format!("Mark as read: {title}") on:click=move |_| read.run(())><Icon name="check" /></button>
            </Show>
        </li>
    }
    .into_any()
}

fn mark(list: Listing<Notification>, one: Notification) {
    let unread = expect_context::<Unread>();
    let this = MarkRead { ids: vec![one.id.clone()], all: false };
    run(async move { api::post::<()>("/api/notifications/read", &this).await }, move |()| {
        unread.refresh();
        let id = one.id.clone();
        let read = Notification { read_at: Some(browser::rfc3339(js_sys::Date::now())), ..one };
        list.replace(read, |other| other.id == id);
    });
}
