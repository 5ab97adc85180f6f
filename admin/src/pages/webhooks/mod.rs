//! Webhooks: addresses of yours that are called when something happens.

mod create;
mod deliveries;
mod detail;
mod form;
mod secret;

use leptos::prelude::*;
use serde_json::json;
use shared::admin::Webhook;

pub use detail::WebhookPage;

use crate::api;
use crate::draft::run;
use crate::format;
use crate::listing::Listing;
use crate::route::Route;
use crate::session::{may_write, read_only};
use crate::ui::{EmptyState, Head, Icon, Search, Table, Toasts, Toggle, When, switch};

const COLUMNS: &[&str] = &["Address", "Events", "Active", "Created"];

#[component]
pub fn WebhooksPage() -> impl IntoView {
    let list = Listing::<Webhook>::whole("/api/webhooks", |hook| {
        format!("{} {} {}", hook.url, hook.description, hook.events.join(" "))
    });
    let creating = RwSignal::new(false);
    view! {
        <Head title=Signal::stored("Webhooks".to_owned()) text="Addresses of yours that this server calls when something happens, such as a reached limit or a new order.">
            <Show when=may_write>
                <button type="button" class="button primary" on:click=move |_| creating.set(true)><Icon name="add" /> "Create webhook"</button>
            </Show>
        </Head>
        <div class="tools"><Search list placeholder="Address, description or event" /></div>
        <Table list label="Webhooks" columns=COLUMNS row=move |hook| row(list, hook) empty=nothing />
        <create::CreateDialog open=creating created=Callback::new(move |()| list.reload()) />
    }
}

fn nothing() -> AnyView {
    view! {
        <EmptyState icon="hook" title="No webhook yet"
            text="Create one to have your own systems told: of new conversations and leads, of limits, orders and activations." />
    }
    .into_any()
}

fn row(list: Listing<Webhook>, hook: Webhook) -> AnyView {
    let page = Route::Webhook(hook.id.clone()).path();
    let events = hook.events.join(", ");
    let number = format::plural(hook.events.len() as i64, "event", "events");
    view! {
        <tr>
            <th scope="row"><div class="two"><a class="clip" href=page>{hook.url.clone()}</a><span class="soft clip">{hook.description.clone()}</span></div></th>
            <td data-label="Events"><span title=events>{number}</span></td>
            <td data-label="Active"><ActiveToggle list hook=hook.clone() /></td>
            <td data-label="Created"><When at=hook.created_at day=true /></td>
        </tr>
    }
    .into_any()
}

/// Switches a webhook on and off in its row.
#[component]
fn ActiveToggle(list: Listing<Webhook>, hook: Webhook) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let on = Signal::stored(hook.is_active);
    let label = format!("{} is active", hook.url);
    let change = Callback::new(move |on: bool| {
        let id = hook.id.clone();
        let change = move || {
            let (id, path) = (id.clone(), format!("/api/webhooks/{id}"));
            let saving =
                async move { api::patch::<Webhook>(&path, &json!({ "is_active": on })).await };
            run(saving, move |changed| {
                toasts.done(if on {
                    "It is called again."
                } else {
                    "It is switched off: events go past it."
                });
                list.replace(changed, |one| one.id == id);
            });
        };
        switch(on, "this webhook", "Events go past it: they are not sent later.", change);
    });
    view! { <Toggle on label change disabled=read_only() /> }
}
