//! One order, with the card of its license.

use std::sync::Arc;

use leptos::prelude::*;
use serde_json::json;
use shared::license_key::KeyStatus;
use shared::order::{Customer, Order, OrderLicense, OrderStatus};

use super::create::Placed;
use super::order_standing;
use crate::api;
use crate::draft::{Draft, run, theirs};
use crate::format;
use crate::pages::license_key::standing;
use crate::remote::{Load, Remote};
use crate::route::Route;
use crate::session::may_write;
use crate::ui::{
    Badge, Card, ConfirmRequest, Dialog, DialogFoot, FailureBox, Head, Icon, Menu, SaveFailure,
    Skeleton, TextField, Toasts, When, confirm,
};

#[component]
pub fn OrderPage(id: String) -> impl IntoView {
    let order = Remote::<Order>::new();
    let path = StoredValue::new(format!("/api/orders/{}", api::escape(&id)));
    let title = Signal::stored(id);
    let read = move || {
        let path = path.get_value();
        order.read(async move { api::get(&path).await });
    };
    read();
    // Outside of what is drawn anew with the order: the key is shown until somebody closes it.
    let issued = RwSignal::new(None::<Order>);
    let shown = RwSignal::new(false);
    let done = Callback::new(move |answer: Order| {
        if answer.license_key.is_some() {
            issued.set(Some(answer.clone()));
            shown.set(true);
        }
        order.set(Order { license_key: None, ..answer });
    });
    let page = move || match order.state.get() {
        Load::Waiting => view! { <Skeleton lines=6 /> }.into_any(),
        Load::Failed(failure) => {
            let retry = Callback::new(move |()| read());
            view! { <Head title back=Route::Orders /><FailureBox failure retry /> }.into_any()
        }
        Load::Ready(now) => view! { <Opened now done /> }.into_any(),
    };
    view! {
        {page}
        <Dialog open=shown title=Signal::stored("The license key is issued".to_owned()) closable=Signal::stored(false)>
            {move || issued.get().map(|order| view! { <Placed order open=shown /> })}
        </Dialog>
    }
}

#[component]
fn Opened(now: Order, done: Callback<Order>) -> impl IntoView {
    let editing = RwSignal::new(false);
    let (text, tone) = order_standing(now.status);
    let plan_page = Route::Plan(now.plan_id.clone()).path();
    let edited = StoredValue::new(now.clone());
    let card = now.clone();
    let others =
        format!("{}{}", Route::Orders.path(), api::query(&[("customer_id", &now.customer.id)]));
    let metadata = (!now.metadata.is_empty())
        .then(|| serde_json::Value::Object(now.metadata.clone()).to_string());
    view! {
        <Head title=Signal::stored(now.id.clone()) back=Route::Orders>
            <Badge text=text.to_owned() tone />
            <Show when=may_write><Steps now=edited.get_value() done /></Show>
        </Head>
        <div class="two-columns">
            <Card title="Order">
                <dl class="facts">
                    <dt>"Plan"</dt><dd><a href=plan_page>{now.plan_name.clone()}</a>" of " {now.product_name.clone()}</dd>
                    <dt>"Purchased"</dt><dd><When at=now.purchased_at.clone() /></dd>
                    <dt>"Reported"</dt><dd><When at=now.created_at.clone() /></dd>
                    {metadata.map(|metadata| view! { <dt>"Metadata"</dt><dd><code>{metadata}</code></dd> })}
                </dl>
            </Card>
            <Card title="Customer">
                <dl class="facts">
                    <dt>"Id"</dt><dd>{now.customer.id.clone()}</dd>
                    <dt>"Name"</dt><dd>{now.customer.name.clone()}</dd>
                    <dt>"E-mail"</dt><dd>{now.customer.email.clone()}</dd>
                </dl>
                <div class="actions">
                    <Show when=may_write><button type="button" class="button small" on:click=move |_| editing.set(true)><Icon name="edit" /> "Edit"</button></Show>
                    <a class="button small" href=others>"Orders of this customer"</a>
                </div>
            </Card>
        </div>
        <LicenseCard now=card />
        <Dialog open=editing title=Signal::stored("Edit the customer".to_owned())>
            <CustomerForm now=edited.get_value() open=editing done />
        </Dialog>
    }
}

/// What can become of the order now.
#[component]
fn Steps(now: Order, done: Callback<Order>) -> impl IntoView {
    let id = StoredValue::new(now.id.clone());
    let complete = move |_| {
        let path = format!("/api/orders/{}/complete", id.get_value());
        run(async move { api::act::<Order>(&path).await }, move |order| {
            let _ = done.try_run(order);
        });
    };
    let refund = move |_| {
        end(
            id.get_value(),
            "refund",
            "Refund the order?",
            "Natter moves no money: do that in your shop. The license key is deactivated for good: the customer's websites and \
             devices are refused at once, and nothing brings the key back.",
            done,
        );
    };
    let cancel = move |_| {
        end(
            id.get_value(),
            "cancel",
            "Cancel the order?",
            "A license key that it has issued is deactivated for good: the customer's websites and devices are refused at once.",
            done,
        );
    };
    match now.status {
        OrderStatus::Pending => view! {
            <button type="button" class="button danger" on:click=cancel>"Cancel order"</button>
            <button type="button" class="button primary" on:click=complete>"Complete"</button>
        }
        .into_any(),
        OrderStatus::Complete => view! {
            <button type="button" class="button danger" on:click=cancel>"Cancel order"</button>
            <button type="button" class="button danger" on:click=refund>"Refund"</button>
        }
        .into_any(),
        OrderStatus::Refunded | OrderStatus::Cancelled => ().into_any(),
    }
}

fn end(id: String, verb: &'static str, title: &str, text: &str, done: Callback<Order>) {
    let toasts = expect_context::<Toasts>();
    confirm(ConfirmRequest {
        title: title.to_owned(),
        text: text.to_owned(),
        action: if verb == "refund" { "Refund" } else { "Cancel order" },
        type_to_confirm: None,
        is_dangerous: true,
        then: Arc::new(move || {
            let path = format!("/api/orders/{id}/{verb}");
            run(async move { api::act::<Order>(&path).await }, move |order| {
                toasts.done(if verb == "refund" {
                    "The order is refunded."
                } else {
                    "The order is cancelled."
                });
                let _ = done.try_run(order);
            });
        }),
    });
}

#[component]
fn LicenseCard(now: Order) -> impl IntoView {
    let Some((id, license)) = now.license_key_id.clone().zip(now.license.clone()) else {
        let why = if now.status == OrderStatus::Pending {
            "The license key is issued when the order is completed."
        } else {
            "This order has no license key."
        };
        return view! { <Card title="License"><p class="soft">{why}</p></Card> }.into_any();
    };
    let page = Route::License(id).path();
    let OrderLicense { status, in_grace, key_hint, expires_at, activation_usage, activation_limit } =
        license;
    let (text, tone) = standing(status, in_grace);
    let limit = activation_limit.map_or_else(|| "unlimited".to_owned(), format::count);
    let menu = StoredValue::new(page.clone());
    let at = move |what: &str| menu.with_value(|page| format!("{page}?do={what}"));
    view! {
        <section class="card license-card" aria-labelledby="license">
            <div class="spread">
                <h2 id="license" class="inline">"License" <Badge text=text.to_owned() tone /></h2>
                <span class="inline">
                    <a class="button small" href=page>"Open the license"</a>
                    <Show when=move || may_write() && status != KeyStatus::Deactivated><Menu label="Actions for the license">
                        <a href=at("expiry")><Icon name="history" /> "Manage expiry"</a>
                        <a href=at("limit")><Icon name="desktop" /> "Edit activation limit"</a>
                        <a href=at("regenerate")><Icon name="refresh" /> "Regenerate key"</a>
                        <a class="danger" href=at("deactivate")><Icon name="trash" /> "Deactivate for good"</a>
                    </Menu></Show>
                </span>
            </div>
            <dl class="facts">
                <dt>"Key"</dt><dd><code>{key_hint}</code></dd>
                <dt>"Activations"</dt><dd>{format!("{} of {limit}", format::count(activation_usage))}</dd>
                <dt>"Expires"</dt><dd>{expires_at.map_or_else(|| "never".into_any(), |at| view! { <When at /> }.into_any())}</dd>
            </dl>
        </section>
    }
    .into_any()
}

#[component]
fn CustomerForm(now: Order, open: RwSignal<bool>, done: Callback<Order>) -> impl IntoView {
    let path = StoredValue::new(format!("/api/orders/{}", now.id));
    let draft = Draft::in_dialog(now.customer, now.version, Customer::check);
    let theirs = theirs(move |now: Order, edits| draft.rebase(now.customer, now.version, edits));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if draft.is_fine() {
            let (path, body) = (
                path.get_value(),
                json!({ "version": draft.version.get_untracked(), "customer": draft.now.get_untracked() }),
            );
            draft.save(async move { api::patch::<Order>(&path, &body).await }, move |order| {
                open.set(false);
                let _ = done.try_run(order);
            });
        }
    };
    let id = draft.field("customer.id", |one| one.id.clone(), |one, value| one.id = value);
    let name = draft.field("customer.name", |one| one.name.clone(), |one, value| one.name = value);
    let email =
        draft.field("customer.email", |one| one.email.clone(), |one, value| one.email = value);
    view! {
        <form on:submit=submit novalidate>
            <SaveFailure draft take_theirs=theirs part="customer" />
            <TextField bind=id label="Customer's id" required=true />
            <TextField bind=name label="Name" />
            <TextField bind=email label="E-mail address" kind="email" />
            <DialogFoot open saving=draft.saving action="Save" />
        </form>
    }
}
