//! One conversation, as it was written.

use std::sync::Arc;

use leptos::prelude::*;
use serde_json::{Map, Value};
use shared::admin_conversation::{ConversationStatus, ConversationThread, ThreadMessage};
use shared::{Rating, Role};

use super::live::{LiveThread, RunningAnswer};
use super::{status, who};
use crate::api;
use crate::draft::run;
use crate::format;
use crate::nav::Nav;
use crate::remote::{Load, Remote};
use crate::route::{KeyTab, Route};
use crate::session::may_write;
use crate::ui::{
    Badge, Card, ConfirmRequest, FailureBox, Head, Icon, Menu, Outside, Prose, Skeleton, Toasts,
    Tone, When, confirm,
};

#[component]
pub fn ConversationPage(id: String) -> impl IntoView {
    let thread = Remote::<ConversationThread>::new();
    let path = StoredValue::new(format!("/api/conversations/{id}"));
    let read = move || {
        let path = path.get_value();
        thread.read(async move { api::get(&path).await });
    };
    read();
    let again = Callback::new(move |()| read());
    move || {
        match thread.state.get() {
        Load::Waiting => view! { <Skeleton lines=8 /> }.into_any(),
        Load::Failed(failure) => {
            view! { <Head title=Signal::stored("Conversation".to_owned()) back=Route::Conversations /><FailureBox failure retry=again /> }.into_any()
        }
        Load::Ready(now) => view! { <Opened now /> }.into_any(),
    }
    }
}

#[component]
fn Opened(now: ConversationThread) -> impl IntoView {
    let id = StoredValue::new(now.conversation.id.clone());
    let ended = now.conversation.status == ConversationStatus::Closed;
    let title = Signal::stored(format!("Conversation with {}", who(&now.conversation)));
    let file =
        move |format: &str| format!("/api/conversations/{}/export?format={format}", id.get_value());
    let name = StoredValue::new(who(&now.conversation));
    let live = LiveThread::follow(id.get_value(), now.messages.clone());
    let written = move || {
        live.messages.get().into_iter().filter(|one| one.status != "superseded").collect::<Vec<_>>()
    };
    view! {
        <Head title back=Route::Conversations>
            {move || {
                let (text, tone) = status(match (live.is_running(), ended) {
                    (true, _) => ConversationStatus::Running,
                    (false, true) => ConversationStatus::Closed,
                    (false, false) => ConversationStatus::Open,
                });
                view! { <Badge text=text.to_owned() tone /> }
            }}
            <Menu label="Export and delete">
                <a href=file("txt") download=""><Icon name="download" /> "Transcript"</a>
                <a href=file("csv") download=""><Icon name="download" /> "CSV"</a>
                <a href=file("json") download=""><Icon name="download" /> "JSON"</a>
                <Show when=may_write>
                    <button type="button" class="danger" on:click=move |_| delete(id.get_value())><Icon name="trash" /> "Delete conversation"</button>
                </Show>
            </Menu>
        </Head>
        <Show when=move || live.gone.get()>
            <div class="note warn narrowed"><Icon name="warning" /><p>"This conversation was deleted meanwhile."</p></div>
        </Show>
        <div class="thread">
            <ol class="messages" aria-label="Messages">
                <For each=written key=|one| (one.id.clone(), one.content.len(), one.rating, one.comment.clone())
                    children=move |one| message(one, &name.get_value()) />
                <RunningAnswer thread=live />
            </ol>
            <Details now />
        </div>
    }
}

fn message(one: ThreadMessage, visitor: &str) -> impl IntoView + use<> {
    let is_answer = one.role == Role::Assistant;
    let by = if is_answer { "Answer".to_owned() } else { visitor.to_owned() };
    let ended = match one.status.as_str() {
        "stopped" => Some(("Stopped", Tone::Warn)),
        "failed" => Some(("Failed", Tone::Bad)),
        _ => None,
    };
    let figures = one.response_time_ms.map(|ms| match one.input_tokens.zip(one.output_tokens) {
        Some((input, output)) => format!(
            "{}, {} tokens in, {} out",
            format::duration(ms),
            format::count(input),
            format::count(output)
        ),
        None => format::duration(ms),
    });
    let error = one.error.map(|code| format!("No answer: {}", code.replace('_', " ")));
    let rated = one.rating.map(|rating| match rating {
        Rating::Up => ("thumb-up", "Rated helpful"),
        Rating::Down => ("thumb-down", "Rated not helpful"),
    });
    // A visitor's words are words, whatever they look like.
    let body = if is_answer {
        view! { <Prose text=one.content /> }.into_any()
    } else {
        view! { <p class="plain">{one.content}</p> }.into_any()
    };
    let sources = (!one.sources.is_empty()).then(|| {
        let source = |source: shared::Source| {
            let snippet = (!source.snippet.is_empty()).then(|| view! { <p class="hint clamped">{source.snippet}</p> });
            view! { <li><Outside url=source.url.unwrap_or_default() text=source.title />{snippet}</li> }
        };
        view! { <div class="sources"><span class="hint">"Sources"</span><ul>{one.sources.into_iter().map(source).collect_view()}</ul></div> }
    });
    let tools = (!one.tools.is_empty()).then(|| {
        let tool = |tool: shared::admin_conversation::ToolUse| view! { <li><code>{tool.name}</code> {tool.summary.map(|summary| format!(" {summary}"))}</li> };
        view! { <div class="sources"><span class="hint">"Looked up"</span><ul>{one.tools.into_iter().map(tool).collect_view()}</ul></div> }
    });
    view! {
        <li class="message" class:bot=is_answer>
            <p class="by"><strong>{by}</strong> <span class="hint"><When at=one.created_at /></span>
                <span class="hint">{figures}</span>
                {ended.map(|(text, tone)| view! { <Badge text=text.to_owned() tone /> })}</p>
            {body}
            {error.map(|error| view! { <p class="error">{error}</p> })}
            {sources}
            {tools}
            {rated.map(|(icon, text)| view! { <p class="rated"><Icon name=icon /> {text}{one.comment.map(|comment| format!(": {comment}"))}</p> })}
        </li>
    }
}

fn fact(name: String, value: String) -> Option<impl IntoView> {
    (!value.is_empty()).then(|| view! { <dt>{name}</dt><dd>{value}</dd> })
}

fn more(object: Map<String, Value>) -> impl IntoView {
    let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    object.into_iter().map(|(name, value)| fact(name, text(value))).collect_view()
}

#[component]
fn Details(now: ConversationThread) -> impl IntoView {
    let one = now.conversation;
    let visitor = one.visitor.clone();
    let all = format!("{}?visitor_id={}", Route::Conversations.path(), visitor.id);
    let key = one.license_key_id.clone().zip(one.license_key_name.clone());
    let forget = StoredValue::new(visitor.id.clone());
    view! {
        <div class="stack">
            <Card title="Visitor">
                <dl class="facts">
                    {fact("Name".to_owned(), visitor.name)}
                    {fact("E-mail".to_owned(), visitor.email)}
                    <dt>"Verified"</dt><dd>{visitor.user_id.map_or_else(|| "no".to_owned(), |id| format!("as {id}"))}</dd>
                    {fact("IP address".to_owned(), now.details.ip_address)}
                    {fact("Browser".to_owned(), now.details.user_agent)}
                    {more(now.details.attributes)}
                </dl>
                <div class="actions">
                    <a class="button small" href=all>"All their conversations"</a>
                    <Show when=may_write><button type="button" class="button small danger" on:click=move |_| forget_visitor(forget.get_value())>"Delete their data"</button></Show>
                </div>
            </Card>
            <Card title="Where and when">
                <dl class="facts">
                    {(!one.page_url.is_empty()).then(|| view! { <dt>"Page"</dt><dd><Outside url=one.page_url text=one.page_title /></dd> })}
                    {(!now.page_referrer.is_empty()).then(|| view! { <dt>"Came from"</dt><dd><Outside url=now.page_referrer /></dd> })}
                    {key.map(|(id, name)| view! { <dt>"License key"</dt><dd><a href=Route::LicenseKey(id, KeyTab::General).path()>{name}</a></dd> })}
                    {one.agent_id.map(|id| view! { <dt>"Agent"</dt><dd><a href=Route::Agent(id).path()>{one.agent_name.clone().unwrap_or_else(|| "removed".to_owned())}</a></dd> })}
                    <dt>"Begun"</dt><dd><When at=one.created_at /></dd>
                    <dt>"Last message"</dt><dd><When at=one.updated_at /></dd>
                    {more(now.metadata)}
                </dl>
            </Card>
        </div>
    }
}

fn delete(id: String) {
    let (toasts, nav) = (expect_context::<Toasts>(), expect_context::<Nav>());
    let here = nav.route.get_untracked();
    confirm(ConfirmRequest {
        title: "Delete this conversation?".to_owned(),
        text: "All its messages are deleted. The visitor begins a new one with their next message. The usage log keeps the count, and \
               forgets what was asked and by whom."
            .to_owned(),
        action: "Delete",
        type_to_confirm: None,
        is_dangerous: true,
        then: Arc::new(move || {
            let (path, here) = (format!("/api/conversations/{id}"), here.clone());
            run(async move { api::delete(&path).await }, move |()| {
                toasts.done("The conversation is deleted.");
                nav.leave_deleted(&here, &Route::Conversations);
            });
        }),
    });
}

fn forget_visitor(id: String) {
    let (toasts, nav) = (expect_context::<Toasts>(), expect_context::<Nav>());
    let here = nav.route.get_untracked();
    confirm(ConfirmRequest {
        title: "Delete everything of this visitor?".to_owned(),
        text: "Every conversation of theirs is deleted, with their name, e-mail address and answers to forms. The usage log keeps the \
               counts, and forgets who it was. Nothing brings it back."
            .to_owned(),
        action: "Delete",
        type_to_confirm: Some("delete".to_owned()),
        is_dangerous: true,
        then: Arc::new(move || {
            let (path, here) = (format!("/api/visitors/{id}"), here.clone());
            run(async move { api::delete(&path).await }, move |()| {
                toasts.done("Everything of this visitor is deleted.");
                nav.leave_deleted(&here, &Route::Conversations);
            });
        }),
    });
}
