//! An order placed by hand.

use leptos::prelude::*;
use shared::FieldErrors;
use shared::order::{NewOrder, Order, OrderStatus};

use crate::api;
use crate::bindings::Names;
use crate::browser;
use crate::draft::Draft;
use crate::nav::Nav;
use crate::route::Route;
use crate::ui::{
    Choice, CopyButton, DateTimeField, Dialog, DialogFoot, FailureBox, Icon, MetadataField,
    TextField, choices,
};

/// First the form, then the key that was issued.
#[component]
pub fn CreateDialog(open: RwSignal<bool>, plans: Names, created: Callback<()>) -> impl IntoView {
    let made = RwSignal::new(None::<Order>);
    Effect::new(move || {
        if open.get() {
            made.set(None);
        }
    });
    let title =
        move || if made.with(Option::is_some) { "The order is placed" } else { "Create order" };
    let closable = Signal::derive(move || made.with(Option::is_none));
    view! {
        <Dialog open title=Signal::derive(move || title().to_owned()) closable>
            {move || match made.get() {
                None => view! { <Form open plans made created /> }.into_any(),
                Some(order) => view! { <Placed order open /> }.into_any(),
            }}
        </Dialog>
    }
}

fn check(new: &NewOrder, errors: &mut FieldErrors) {
    new.check(errors);
    if new.plan_id.is_empty() {
        // What is said of its length is for programs.
        errors.0.remove("plan_id");
        errors.add("plan_id", "must be chosen");
    }
}

#[component]
fn Form(
    open: RwSignal<bool>,
    plans: Names,
    made: RwSignal<Option<Order>>,
    created: Callback<()>,
) -> impl IntoView {
    let draft = Draft::of_new(NewOrder::default(), check);
    // What is sent again unchanged after a lost answer is the same order.
    let sent = StoredValue::new((NewOrder::default(), String::new()));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if draft.is_fine() {
            let new = draft.now.get_untracked();
            if sent.with_value(|(before, name)| name.is_empty() || *before != new) {
                sent.set_value((new.clone(), browser::new_name()));
            }
            let name = sent.with_value(|(_, name)| name.clone());
            draft.save(
                async move { api::post_once::<Order>("/api/orders", &new, &name).await },
                move |order| {
                    made.set(Some(order));
                    let _ = created.try_run(());
                },
            );
        }
    };
    let plan = draft.field("plan_id", |one| one.plan_id.clone(), |one, value| one.plan_id = value);
    let id = draft.field(
        "customer.id",
        |one| one.customer.id.clone(),
        |one, value| one.customer.id = value,
    );
    let name = draft.field(
        "customer.name",
        |one| one.customer.name.clone(),
        |one, value| one.customer.name = value,
    );
    let email = draft.field(
        "customer.email",
        |one| one.customer.email.clone(),
        |one, value| one.customer.email = value,
    );
    let at = draft.field(
        "purchased_at",
        |one| one.purchased_at.clone(),
        |one, value| one.purchased_at = value,
    );
    let metadata =
        draft.field("metadata", |one| one.metadata.clone(), |one, value| one.metadata = value);
    let status = draft.field(
        "status",
        |one| one.status.as_str().to_owned(),
        |one, value: String| {
            one.status =
                if value == "pending" { OrderStatus::Pending } else { OrderStatus::Complete };
        },
    );
    view! {
        <form on:submit=submit novalidate>
            {move || draft.failure.get().map(|failure| view! { <FailureBox failure /> })}
            <Choice bind=plan label="Plan" options=plans.options("Choose a plan") />
            <TextField bind=id label="Customer's id" required=true hint="Yours: such as their number in your shop." />
            <div class="pair">
                <TextField bind=name label="Name" />
                <TextField bind=email label="E-mail address" kind="email" />
            </div>
            <div class="pair">
                <DateTimeField bind=at label="Purchased" hint="Empty = now. The license runs from here." />
                <Choice bind=status label="Status" options=states() />
            </div>
            <MetadataField bind=metadata hint="Goes to the license, over what the plan has." />
            <DialogFoot open saving=draft.saving action="Create order" />
        </form>
    }
}

fn states() -> Signal<Vec<(String, String)>> {
    choices(&[("complete", "Paid: issue the key"), ("pending", "Not paid yet")])
}

/// The order that was placed or completed, and the key, which is shown this once.
#[component]
pub fn Placed(order: Order, open: RwSignal<bool>) -> impl IntoView {
    let nav = expect_context::<Nav>();
    let page = Route::Order(order.id.clone());
    let show = move |_| {
        open.set(false);
        nav.go(&page);
    };
    let key = order.license_key.clone();
    let pending = order.status == OrderStatus::Pending;
    view! {
        <div class="stack">
            {key.map(|key| view! {
                <div class="secret">
                    <code>{key.clone()}</code>
                    <CopyButton text=Signal::stored(key) what="the license key" wide=true />
                </div>
                <p>"Send it to the customer. Admins can see it again on the license's page."</p>
            })}
            {pending.then(|| view! {
                <div class="note"><Icon name="info" /><p>"The order waits for its payment. Completing it issues the license key."</p></div>
            })}
            <footer>
                <button type="button" class="button" on:click=show>"Open the order"</button>
                <button type="button" class="button primary" on:click=move |_| open.set(false)>"Done"</button>
            </footer>
        </div>
    }
}
