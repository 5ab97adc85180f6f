//! Licenses: the keys that orders have issued.

mod detail;
mod edits;
mod signing;

use leptos::prelude::*;
use shared::order::Order;

pub use detail::LicensePage;

use crate::bindings::Names;
use crate::format;
use crate::listing::Listing;
use crate::pages::license_key::{standing, statuses};
use crate::pages::orders::customer;
use crate::route::Route;
use crate::ui::{Badge, EmptyState, Filter, Head, Icon, Search, Table, When};

const COLUMNS: &[&str] =
    &["License", "Customer", "Plan", "Status", "Activations", "Expires", "Order"];

#[component]
pub fn LicensesPage() -> impl IntoView {
    let list =
        Listing::<Order>::new("/api/orders?licensed=true", &["q", "license_status", "plan_id"]);
    let plans = Names::of("/api/plans");
    // What is exported is what is listed.
    let export = move || format!("/api/orders.csv{}", list.chosen(&[("licensed", "true")]));
    view! {
        <Head title=Signal::stored("Licenses".to_owned()) text="The license keys that orders have issued, and where they are used.">
            <a class="button" href=export download="licenses.csv"><Icon name="download" /> "Export"</a>
        </Head>
        <div class="tools">
            <Search list placeholder="Key's last four, order or customer" />
            <Filter list name="license_status" label="Status" options=statuses() />
            <Filter list name="plan_id" label="Plan" options=plans.options("Every plan") />
        </div>
        <Table list label="Licenses" columns=COLUMNS row empty=nothing />
        <signing::SigningKeyCard />
    }
}

fn nothing() -> AnyView {
    view! { <EmptyState icon="license" title="No license yet" text="A license is issued with a paid order of a plan that issues license keys." /> }
        .into_any()
}

fn row(order: Order) -> AnyView {
    let (Some(id), Some(license)) = (order.license_key_id.clone(), order.license.clone()) else {
        return ().into_any();
    };
    let (text, tone) = standing(license.status, license.in_grace);
    let (sold, order_id) = (Route::Order(order.id.clone()).path(), order.id.clone());
    let limit = license.activation_limit.map_or_else(|| "∞".to_owned(), format::count);
    view! {
        <tr>
            <th scope="row"><a href=Route::License(id).path()><code>{license.key_hint}</code></a></th>
            <td data-label="Customer">{customer(&order)}</td>
            <td data-label="Plan"><div class="two"><span>{order.plan_name.clone()}</span><span class="soft">{order.product_name.clone()}</span></div></td>
            <td data-label="Status"><Badge text=text.to_owned() tone /></td>
            <td data-label="Activations">{format!("{} / {limit}", format::count(license.activation_usage))}</td>
            <td data-label="Expires">{license.expires_at.map_or_else(|| "never".into_any(), |at| view! { <When at day=true /> }.into_any())}</td>
            <td data-label="Order"><a class="long-id" href=sold>{order_id}</a></td>
        </tr>
    }
    .into_any()
}
