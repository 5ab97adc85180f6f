//! Conversations: the list, and one as it was written.

mod live;
mod thread;

use leptos::prelude::*;
use shared::admin_conversation::{ConversationStatus, ConversationSummary};

pub use thread::ConversationPage;

use crate::bindings::Names;
use crate::listing::Listing;
use crate::route::Route;
use crate::ui::{
    Badge, Days, EmptyState, Filter, Head, Icon, KeyPicker, Menu, Search, Table, Tone, When,
    choices,
};

const COLUMNS: &[&str] =
    &["Last message", "Visitor", "License key, agent", "Messages", "Feedback", "Status", "When"];
const FILTERS: &[&str] = &[
    "q",
    "license_key_id",
    "agent_id",
    "feedback",
    "status",
    "has_error",
    "visitor_id",
    "from",
    "to",
];

#[component]
pub fn ConversationsPage() -> impl IntoView {
    let list = Listing::<ConversationSummary>::new("/api/conversations", FILTERS);
    let agents = Names::of("/api/agents");
    let key = Callback::new(move |id| list.set_filter("license_key_id", id));
    // What is exported is what is listed.
    let export = move |format: &'static str| {
        move || format!("/api/conversations/export{}", list.chosen(&[("format", format)]))
    };
    view! {
        <Head title=Signal::stored("Conversations".to_owned()) text="What visitors asked, and what was answered.">
            <Menu label="Export what is listed" text="Export">
                <a href=export("csv") download="conversations.csv"><Icon name="download" /> "Export as CSV"</a>
                <a href=export("json") download="conversations.json"><Icon name="download" /> "Export as JSON"</a>
            </Menu>
        </Head>
        <div class="tools">
            <Search list placeholder="Words of a message, name or e-mail" />
            <KeyPicker chosen=Signal::derive(move || list.filter("license_key_id")) set=key label="License key" placeholder="Every license key" />
            <Filter list name="agent_id" label="Agent" options=agents.options("Every agent") />
            <Filter list name="feedback" label="Feedback" options=choices(&[("", "Any feedback"), ("any", "Rated"), ("up", "Thumbs up"), ("down", "Thumbs down")]) />
            <Filter list name="status" label="Status" options=choices(&[("", "Every status"), ("running", "Answering now"), ("open", "Open"), ("closed", "Closed")]) />
            <Filter list name="has_error" label="Errors" options=choices(&[("", "With and without errors"), ("true", "With a failed answer"), ("false", "Without")]) />
            <Days list />
        </div>
        <Show when=move || !list.filter("visitor_id").is_empty()>
            <p class="narrowed">"All of one visitor. " <button type="button" class="quiet" on:click=move |_| list.set_filter("visitor_id", String::new())>"Show everybody's"</button></p>
        </Show>
        <Table list label="Conversations" columns=COLUMNS row empty=nothing />
    }
}

fn nothing() -> AnyView {
    view! { <EmptyState icon="chat" title="No conversation yet" text="As soon as somebody asks something, it stands here." /> }.into_any()
}

/// How a conversation stands, in a word.
pub fn status(status: ConversationStatus) -> (&'static str, Tone) {
    match status {
        ConversationStatus::Running => ("Answering now", Tone::Info),
        ConversationStatus::Open => ("Open", Tone::Good),
        ConversationStatus::Closed => ("Closed", Tone::Plain),
    }
}

/// Who asks: by name, by address, by their site's id, or not at all.
pub fn who(one: &ConversationSummary) -> String {
    let visitor = &one.visitor;
    let known = [&visitor.name, &visitor.email].into_iter().find(|text| !text.is_empty()).cloned();
    known.or_else(|| visitor.user_id.clone()).unwrap_or_else(|| "Anonymous".to_owned())
}

fn row(one: ConversationSummary) -> AnyView {
    let page = Route::Conversation(one.id.clone()).path();
    let (text, tone) = status(one.status);
    let who = who(&one);
    let shown =
        if one.last_message.is_empty() { "(empty)".to_owned() } else { one.last_message.clone() };
    let thumbs = [(one.thumbs_up, "thumb-up", "up"), (one.thumbs_down, "thumb-down", "down")].into_iter().filter(|(n, ..)| *n > 0).map(|(n, icon, word)| {
        view! { <span class="inline"><Icon name=icon /> {n} <span class="unseen">{format!("thumbs {word}")}</span></span> }
    });
    view! {
        <tr>
            <th scope="row"><a class="clip" href=page>{shown}</a></th>
            <td data-label="Visitor"><div class="two"><span>{who}</span><span class="soft clip">{one.page_title.clone()}</span></div></td>
            <td data-label="License key"><div class="two"><span>{one.license_key_name.clone()}</span><span class="soft">{one.agent_name.clone()}</span></div></td>
            <td data-label="Messages">{one.message_count}</td>
            <td data-label="Feedback">{thumbs.collect_view()}</td>
            <td data-label="Status"><span class="inline"><Badge text=text.to_owned() tone /> {one.has_error.then(|| view! { <Badge text="Error".to_owned() tone=Tone::Bad /> })}</span></td>
            <td data-label="When"><When at=one.updated_at.clone() /></td>
        </tr>
    }
    .into_any()
}
