//! The websites and devices that use a license key.

use std::sync::Arc;

use leptos::prelude::*;
use shared::license_key::{Activation, ActivationStatus};

use crate::api;
use crate::draft::run;
use crate::listing::Listing;
use crate::session::may_write;
use crate::ui::{Badge, ConfirmRequest, EmptyState, Search, Table, Toasts, Tone, When, confirm};

const COLUMNS: &[&str] = &["Website or device", "Status", "Activated", "Last seen", "Details", ""];

/// `key` is the license key's path; `changed` is told when the places taken are others.
#[component]
pub fn ActivationTable(#[prop(into)] key: String, changed: Callback<()>) -> impl IntoView {
    let path = StoredValue::new(format!("{key}/activations"));
    let list = Listing::<Activation>::within(&path.get_value());
    let done = Callback::new(move |()| {
        list.reload();
        let _ = changed.try_run(());
    });
    view! { <div class="tools"><Search list placeholder="Website, device or its id" /></div><Table list label="Activations" columns=COLUMNS row=move |one| row(path, done, one) empty=nothing /> }
}

fn nothing() -> AnyView {
    view! {
        <EmptyState icon="desktop" title="Nobody uses this key yet"
            text="A website takes a place when its first visitor opens the chat; software does when it activates the license." />
    }
    .into_any()
}

fn row(path: StoredValue<String>, done: Callback<()>, one: Activation) -> AnyView {
    let name = if one.instance_name.is_empty() {
        one.instance_id.clone()
    } else {
        one.instance_name.clone()
    };
    let kind = if one.host.is_some() { "Website".to_owned() } else { one.instance_id.clone() };
    let pending = one.status == ActivationStatus::Pending;
    let (text, tone) =
        if pending { ("Waits for approval", Tone::Warn) } else { ("Active", Tone::Good) };
    let details = (!one.metadata.is_empty())
        .then(|| serde_json::Value::Object(one.metadata.clone()).to_string());
    let at = StoredValue::new(format!("{}/{}", path.get_value(), api::escape(&one.instance_id)));
    let named = StoredValue::new(name.clone());
    view! {
        <tr>
            <th scope="row"><div class="two"><span>{name}</span><span class="soft">{kind}</span></div></th>
            <td data-label="Status"><Badge text=text.to_owned() tone /></td>
            <td data-label="Activated"><When at=one.created_at /></td>
            <td data-label="Last seen"><When at=one.last_seen_at /></td>
            <td data-label="Details">{details.map(|details| view! { <code class="clip" title=details.clone()>{details.clone()}</code> })}</td>
            <td class="row-actions">
                <Show when=may_write>
                    <span class="inline">
                        {pending.then(|| view! { <button type="button" class="button small" on:click=move |_| approve(at, named, done)>"Approve"</button> })}
                        <button type="button" class="button small danger" aria-label=format!("Revoke {}", named.get_value()) on:click=move |_| revoke(at, named, done)>"Revoke"</button>
                    </span>
                </Show>
            </td>
        </tr>
    }
    .into_any()
}

fn approve(at: StoredValue<String>, name: StoredValue<String>, done: Callback<()>) {
    let toasts = expect_context::<Toasts>();
    let (path, name) = (format!("{}/approve", at.get_value()), name.get_value());
    run(async move { api::act::<Activation>(&path).await }, move |_| {
        toasts.done(format!("{name} may use the key."));
        let _ = done.try_run(());
    });
}

fn revoke(at: StoredValue<String>, name: StoredValue<String>, done: Callback<()>) {
    let toasts = expect_context::<Toasts>();
    let (path, name) = (at.get_value(), name.get_value());
    confirm(ConfirmRequest {
        title: format!("Revoke {name}?"),
        text: "Its place is free at once, and it is refused until it activates again: a website does so by itself with its \
               next visitor, as long as a place is free."
            .to_owned(),
        action: "Revoke",
        type_to_confirm: None,
        is_dangerous: true,
        then: Arc::new(move || {
            let (path, name) = (path.clone(), name.clone());
            run(async move { api::delete(&path).await }, move |()| {
                toasts.done(format!("{name} is revoked."));
                let _ = done.try_run(());
            });
        }),
    });
}
