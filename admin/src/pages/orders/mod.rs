//! Orders: who has bought what.

mod create;
mod detail;
mod import;

use leptos::prelude::*;
use shared::license_key::KeyStatus;
use shared::order::{Order, OrderStatus};

pub use detail::OrderPage;

use crate::bindings::Names;
use crate::listing::Listing;
use crate::pages::license_key::standing;
use crate::route::Route;
use crate::session::may_write;
use crate::ui::{Badge, EmptyState, Filter, Head, Icon, Search, Table, Tone, When, choices};

const COLUMNS: &[&str] = &["Order", "Customer", "Plan", "Status", "License", "Purchased"];

#[component]
pub fn OrdersPage() -> impl IntoView {
    let list = Listing::<Order>::new("/api/orders", &["q", "status", "plan_id", "customer_id"]);
    let plans = Names::of("/api/plans");
    let (creating, importing) = (RwSignal::new(false), RwSignal::new(false));
    let changed = Callback::new(move |()| list.reload());
    // What is exported is what is listed.
    let export = move || format!("/api/orders.csv{}", list.chosen(&[]));
    view! {
        <Head title=Signal::stored("Orders".to_owned()) text="Your shop reports them; each issues a license key. Money is none of Natter's business.">
            <a class="button" href=export download="orders.csv"><Icon name="download" /> "Export"</a>
            <Show when=may_write>
                <button type="button" class="button" on:click=move |_| importing.set(true)><Icon name="upload" /> "Import"</button>
                <button type="button" class="button primary" on:click=move |_| creating.set(true)><Icon name="add" /> "Create order"</button>
            </Show>
        </Head>
        <div class="tools">
            <Search list placeholder="Order, customer or the key's last four" />
            <Filter list name="status" label="Status" options=statuses() />
            <Filter list name="plan_id" label="Plan" options=plans.options("Every plan") />
        </div>
        <Show when=move || !list.filter("customer_id").is_empty()>
            <p class="narrowed inline">{move || format!("Orders of the customer {} alone.", list.filter("customer_id"))}
                <button type="button" class="button small" on:click=move |_| list.set_filter("customer_id", String::new())>"Show all"</button></p>
        </Show>
        <Table list label="Orders" columns=COLUMNS row empty=nothing />
        <create::CreateDialog open=creating plans created=changed />
        <import::ImportDialog open=importing imported=changed />
    }
}

fn statuses() -> Signal<Vec<(String, String)>> {
    choices(&[
        ("", "Every status"),
        ("complete", "Complete"),
        ("pending", "Pending"),
        ("refunded", "Refunded"),
        ("cancelled", "Cancelled"),
    ])
}

/// How an order stands, in a word.
#[must_use]
pub fn order_standing(status: OrderStatus) -> (&'static str, Tone) {
    match status {
        OrderStatus::Complete => ("Complete", Tone::Good),
        OrderStatus::Pending => ("Pending", Tone::Warn),
        OrderStatus::Refunded => ("Refunded", Tone::Bad),
        OrderStatus::Cancelled => ("Cancelled", Tone::Bad),
    }
}

/// Who has bought, in two lines.
pub fn customer(order: &Order) -> AnyView {
    let customer = order.customer.clone();
    let name = if customer.name.is_empty() { customer.id.clone() } else { customer.name };
    let below = if customer.email.is_empty() { customer.id } else { customer.email };
    view! { <div class="two"><span>{name}</span><span class="soft">{below}</span></div> }.into_any()
}

fn nothing() -> AnyView {
    view! {
        <EmptyState icon="order" title="No order yet"
            text="Your shop places orders over the API when it has been paid; here they are placed by hand, or imported from a file." />
    }
    .into_any()
}

fn row(order: Order) -> AnyView {
    let page = Route::Order(order.id.clone()).path();
    let (text, tone) = order_standing(order.status);
    let license = order.license.clone().map(|license| {
        let (text, tone) = standing(license.status, license.in_grace);
        let odd = (license.status != KeyStatus::Active).then(|| view! { <Badge text=text.to_owned() tone /> });
        view! { <span class="inline"><code>{license.key_hint.rsplit_once('-').map(|(_, last)| format!("••••-{last}"))}</code> {odd}</span> }
    });
    view! {
        <tr>
            <th scope="row"><a class="long-id" href=page>{order.id.clone()}</a></th>
            <td data-label="Customer">{customer(&order)}</td>
            <td data-label="Plan"><div class="two"><span>{order.plan_name.clone()}</span><span class="soft">{order.product_name.clone()}</span></div></td>
            <td data-label="Status"><Badge text=text.to_owned() tone /></td>
            <td data-label="License">{license}</td>
            <td data-label="Purchased"><When at=order.purchased_at day=true /></td>
        </tr>
    }
    .into_any()
}
