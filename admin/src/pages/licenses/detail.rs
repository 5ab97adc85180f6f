//! One license: its terms, where it is used, and what may be done with it.

use leptos::prelude::*;
use shared::license_key::{KeyStatus, LicenseKey, RevealedKey};
use shared::order::Order;

use super::edits::{Doing, Edit, EditDialogs};
use crate::api;
use crate::browser;
use crate::draft::run;
use crate::format;
use crate::nav::Nav;
use crate::pages::activations::ActivationTable;
use crate::pages::license_key::samples::Samples;
use crate::pages::license_key::standing_of;
use crate::remote::{Load, Remote};
use crate::route::{KeyTab, Route};
use crate::session::may_write;
use crate::snippets::Sample;
use crate::ui::{Badge, Card, CopyButton, FailureBox, Head, Icon, Menu, Skeleton, When};

#[component]
pub fn LicensePage(id: String) -> impl IntoView {
    let key = Remote::<LicenseKey>::new();
    let path = StoredValue::new(format!("/api/license-keys/{id}"));
    let read = move || {
        let path = path.get_value();
        key.read(async move { api::get(&path).await });
    };
    read();
    // The page is made once; what changes of the key is read where it stands.
    let there = Memo::new(move |_| key.state.with(|state| matches!(state, Load::Ready(_))));
    let again = Callback::new(move |()| read());
    move || {
        if there.get() {
            return untrack(move || key.get())
                .map(|first| view! { <Opened key first again /> })
                .into_any();
        }
        match key.state.get() {
            Load::Failed(failure) => {
                view! { <Head title=Signal::stored("License".to_owned()) back=Route::Licenses /><FailureBox failure retry=again /> }.into_any()
            }
            _ => view! { <Skeleton lines=8 /> }.into_any(),
        }
    }
}

#[component]
fn Opened(key: Remote<LicenseKey>, first: LicenseKey, again: Callback<()>) -> impl IntoView {
    let path = StoredValue::new(format!("/api/license-keys/{}", first.id));
    let id = StoredValue::new(first.id.clone());
    let hint = Signal::derive(move || key.get().map(|key| key.key_hint).unwrap_or_default());
    let status = move || key.get().map_or(("", crate::ui::Tone::Plain), |key| standing_of(&key));
    let nav = expect_context::<Nav>();
    let asked = nav.parameter("do").and_then(|word| Edit::of(&word));
    if asked.is_some() {
        // Asked once: reloading the page, or going back to it, does not ask again.
        nav.set_query("");
    }
    let may = untrack(may_write) && first.status != KeyStatus::Deactivated;
    // A regenerated key begins without activations.
    let named = Memo::new(move |_| hint.get());
    let doing = Doing::new(key, path);
    if let Some(edit) = asked.filter(|_| may) {
        doing.begin(edit);
    }
    let ended =
        Signal::derive(move || key.get().is_some_and(|key| key.status == KeyStatus::Deactivated));
    view! {
        <Head title=hint back=Route::Licenses>
            {move || { let (text, tone) = status(); view! { <Badge text=text.to_owned() tone /> } }}
            <a class="button" href=Route::LicenseKey(id.get_value(), KeyTab::General).path()>"All settings"</a>
            <Show when=move || may_write() && !ended.get()>
                <Menu label="Actions for the license">
                    <button type="button" on:click=move |_| doing.begin(Edit::Expiry)><Icon name="history" /> "Manage expiry"</button>
                    <button type="button" on:click=move |_| doing.begin(Edit::Limit)><Icon name="desktop" /> "Edit activation limit"</button>
                    <button type="button" on:click=move |_| doing.begin(Edit::Regenerate)><Icon name="refresh" /> "Regenerate key"</button>
                    <button type="button" class="danger" on:click=move |_| doing.begin(Edit::Deactivate)><Icon name="trash" /> "Deactivate for good"</button>
                </Menu>
            </Show>
        </Head>
        <div class="two-columns">
            <Terms key path />
            {first.order_id.clone().map(|order| view! { <Sold order /> })}
        </div>
        <section class="below">
            <h2>"Activations"</h2>
            {move || { named.get(); view! { <ActivationTable key=path.get_value() changed=again /> } }}
        </section>
        <div class="below"><Card title="Try it from your software" text="Replace the key by the license key itself.">
            <Samples samples=samples() label="Calls of the license API" />
        </Card></div>
        <EditDialogs doing />
    }
}

#[component]
fn Terms(key: Remote<LicenseKey>, path: StoredValue<String>) -> impl IntoView {
    let shown = RwSignal::new(None::<String>);
    let hint = Memo::new(move |_| key.get().map(|key| key.key_hint).unwrap_or_default());
    Effect::new(move || {
        hint.get();
        shown.set(None);
    });
    let reveal = move |_| {
        if shown.get_untracked().is_some() {
            shown.set(None);
            return;
        }
        let path = format!("{}/reveal", path.get_value());
        run(async move { api::act::<RevealedKey>(&path).await }, move |answer| {
            shown.set(Some(answer.key));
        });
    };
    let facts = move || {
        let key = key.get()?;
        let limit = key
            .settings
            .activation_limit
            .map_or_else(|| "unlimited".to_owned(), |limit| format::count(i64::from(limit)));
        let expires = key.settings.expires_at.clone();
        Some(view! {
            <dl class="facts">
                <dt>"Activations"</dt><dd>{format!("{} of {limit}", format::count(key.activation_usage))}</dd>
                <dt>"Expires"</dt><dd>{expires.map_or_else(|| "never".into_any(), |at| view! { <When at /> }.into_any())}</dd>
                <dt>"Grace"</dt><dd>{format::plural(i64::from(key.settings.grace_days), "day", "days")}</dd>
                <dt>"Last used"</dt><dd>{key.last_used_at.map_or_else(|| "never".into_any(), |at| view! { <When at /> }.into_any())}</dd>
                <dt>"Issued"</dt><dd><When at=key.created_at /></dd>
            </dl>
        })
    };
    view! {
        <Card title="License key">
            <div class="secret">
                <code>{move || shown.get().unwrap_or_else(|| hint.get())}</code>
                <button type="button" class="quiet square" disabled=move || !may_write() on:click=reveal
                    aria-label=move || if shown.with(Option::is_some) { "Hide the key" } else { "Show the key" }><Icon name="eye" /></button>
                {move || shown.get().map(|key| view! { <CopyButton text=Signal::stored(key) what="the license key" /> })}
            </div>
            {facts}
        </Card>
    }
}

/// The order that it was sold with.
#[component]
fn Sold(order: String) -> impl IntoView {
    let path = format!("/api/orders/{}", api::escape(&order));
    let page = Route::Order(order.clone()).path();
    let sold = Remote::load(async move { api::get::<Order>(&path).await });
    let facts = move || match sold.state.get() {
        Load::Waiting => view! { <Skeleton lines=3 /> }.into_any(),
        Load::Failed(failure) => view! { <FailureBox failure /> }.into_any(),
        Load::Ready(order) => {
            let page = Route::Plan(order.plan_id).path();
            view! {
                <dl class="facts">
                    <dt>"Customer"</dt><dd>{order.customer.id}</dd>
                    <dt>"Name"</dt><dd>{order.customer.name}</dd>
                    <dt>"E-mail"</dt><dd>{order.customer.email}</dd>
                    <dt>"Plan"</dt><dd><a href=page>{order.plan_name}</a>" of " {order.product_name}</dd>
                    <dt>"Purchased"</dt><dd><When at=order.purchased_at /></dd>
                </dl>
            }
            .into_any()
        }
    };
    view! {
        <Card title="Sold with">
            <p><a href=page>{order}</a></p>
            {facts}
        </Card>
    }
}

fn samples() -> Vec<Sample> {
    let server = browser::origin();
    let call = |label: &str, verb: &str, body: &str| Sample {
        label: label.to_owned(),
        code: format!(
            "curl -X POST {server}/license/{verb} \\\n  -H 'Content-Type: application/json' \\\n  -d '{body}'"
        ),
    };
    vec![
        call(
            "Activate",
            "activate",
            r#"{"licenseKey": "LICENSE-KEY", "instanceName": "Ada's laptop", "fingerprint": "machine-1"}"#,
        ),
        call(
            "Validate",
            "validate",
            r#"{"licenseKey": "LICENSE-KEY", "instanceId": "INSTANCE-ID"}"#,
        ),
        call(
            "Deactivate",
            "deactivate",
            r#"{"licenseKey": "LICENSE-KEY", "instanceId": "INSTANCE-ID"}"#,
        ),
    ]
}
