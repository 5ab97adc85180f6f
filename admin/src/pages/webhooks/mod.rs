//! Webhooks: addresses of yours that are called when something happens.

mod create;
mod deliveries;
mod detail;
mod form;
mod secret;

use leptos::prelude::*;
use shared::admin::Webhook;

pub use detail::WebhookPage;

use crate::format;
use crate::listing::Listing;
use crate::pages::active::Switching;
use crate::route::Route;
use crate::session::{may_write, read_only};
use crate::ui::{EmptyState, Head, Icon, Search, Table, Toggle, When};

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

const SWITCHING: Switching<Webhook> = Switching {
    path: "/api/webhooks",
    id: |hook| &hook.id,
    name: |_| "this webhook".to_owned(),
    off: "Events go past it: they are not sent later.",
    done: |_, on| {
        if on { "It is called again." } else { "It is switched off: events go past it." }.to_owned()
    },
};

/// Switches a webhook on and off in its row.
#[component]
fn ActiveToggle(list: Listing<Webhook>, hook: Webhook) -> impl IntoView {
    let on = Signal::stored(hook.is_active);
    let label = format!("{} is active", hook.url);
    let change = Callback::new(move |on: bool| SWITCHING.set(list, &hook, on));
    view! { <Toggle on label change disabled=read_only() /> }
}
