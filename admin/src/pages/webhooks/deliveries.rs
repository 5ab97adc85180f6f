//! What was sent to a webhook and what came of it, as it happens.

use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::admin::Delivery;

use crate::api;
use crate::browser;
use crate::draft::run;
use crate::listing::Listing;
use crate::session::may_write;
use crate::ui::{Badge, EmptyState, Filter, Icon, Search, Table, Toasts, Tone, When, choices};

/// How often the list is looked at while it is seen, in milliseconds.
const EVERY_MS: i32 = 2000;

const COLUMNS: &[&str] =
    &["Event", "When", "Status", "Attempts", "Last answer", "Next attempt", ""];

#[component]
pub fn Deliveries(path: StoredValue<String>, sent: RwSignal<u32>) -> impl IntoView {
    let list = Listing::<Delivery>::within(&format!("{}/deliveries", path.get_value()));
    let look = Callback::new(move |()| spawn_local(list.refresh()));
    Effect::new(move |before: Option<()>| {
        sent.get();
        if before.is_some() {
            let _ = look.try_run(());
        }
    });
    spawn_local(async move {
        loop {
            browser::pause(EVERY_MS).await;
            // The page is closed.
            if list.filters.try_get_untracked().is_none() {
                return;
            }
            if !browser::document().hidden() {
                list.refresh().await;
            }
        }
    });
    view! {
        <div class="deliveries">
            <h2>"Deliveries"</h2>
            <p class="soft">"The list follows what happens. A failed one is tried again for a day; then you can send it again here."</p>
            <div class="tools">
                <Search list placeholder="Event or error" />
                <Filter list name="status" label="Status" options=choices(&[("", "Every status"), ("pending", "On its way"), ("delivered", "Delivered"), ("failed", "Given up")]) />
            </div>
            <Table list label="Deliveries" columns=COLUMNS row=move |delivery| row(path, look, &delivery) empty=nothing />
        </div>
    }
}

fn nothing() -> AnyView {
    view! {
        <EmptyState icon="history" title="Nothing was sent yet" text="Send a test event to see whether the address answers." />
    }
    .into_any()
}

fn status(delivery: &Delivery) -> (&'static str, Tone) {
    match (delivery.status.as_str(), delivery.attempts) {
        ("delivered", _) => ("Delivered", Tone::Good),
        ("failed", _) => ("Given up", Tone::Bad),
        (_, 0) => ("On its way", Tone::Info),
        _ => ("Trying again", Tone::Warn),
    }
}

fn answer(delivery: &Delivery) -> String {
    match (&delivery.last_error, delivery.last_status) {
        (Some(error), _) => error.clone(),
        (None, Some(status)) => format!("answered {status}"),
        (None, None) => "none yet".to_owned(),
    }
}

fn row(path: StoredValue<String>, look: Callback<()>, delivery: &Delivery) -> AnyView {
    let (text, tone) = status(delivery);
    let next = match &delivery.next_attempt_at {
        Some(at) => view! { <When at=at.clone() /> }.into_any(),
        None => view! { <span class="soft">"none"</span> }.into_any(),
    };
    // One that failed is asked again at once, instead of when its time comes.
    let waits = delivery.status == "pending" && delivery.attempts == 0;
    let label = format!("Send {} again", delivery.event_type);
    let id = StoredValue::new(delivery.id.clone());
    view! {
        <tr>
            <th scope="row"><code title=delivery.event_id.clone()>{delivery.event_type.clone()}</code></th>
            <td data-label="When"><When at=delivery.created_at.clone() /></td>
            <td data-label="Status"><div class="two"><span><Badge text=text.to_owned() tone /></span>{delivery.delivered_at.clone().map(|at| view! { <span class="soft"><When at /></span> })}</div></td>
            <td data-label="Attempts">{delivery.attempts}</td>
            <td data-label="Last answer">{answer(delivery)}</td>
            <td data-label="Next attempt">{next}</td>
            <td class="row-actions">
                <Show when=move || may_write() && !waits>
                    <button type="button" id=format!("again-{}", id.get_value()) class="quiet square" title="Send again" aria-label=label.clone() on:click=move |_| again(path, id, look)><Icon name="refresh" /></button>
                </Show>
            </td>
        </tr>
    }
    .into_any()
}

fn again(path: StoredValue<String>, id: StoredValue<String>, look: Callback<()>) {
    let toasts = expect_context::<Toasts>();
    let path = format!("{}/deliveries/{}/redeliver", path.get_value(), id.get_value());
    run(async move { api::act::<()>(&path).await }, move |()| {
        toasts.done("It is sent again.");
        let _ = look.try_run(());
    });
}
