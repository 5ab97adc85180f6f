//! API keys: what other programs of yours call the admin API with.

mod create;
mod reminder;

use std::sync::Arc;

use leptos::prelude::*;
use shared::admin::{ApiKey, Scope};

pub use reminder::AuditDue;

use crate::api;
use crate::browser;
use crate::draft::run;
use crate::listing::Listing;
use crate::session::may_write;
use crate::ui::{
    Badge, ConfirmRequest, EmptyState, Head, Icon, Search, Table, Toasts, Tone, When, confirm,
};

const COLUMNS: &[&str] = &["Label", "May do", "Key", "Created", "Last used", "Expires", ""];

/// Scopes by their names in JSON: what each is called and what it may do.
const SCOPES: &[(Scope, &str, &str, &str)] = &[
    (Scope::Admin, "admin", "Everything", "Reads and changes all of it, API keys and users too."),
    (Scope::Read, "read", "Read", "Reads everything, conversations too, and changes nothing."),
    (
        Scope::Licenses,
        "licenses",
        "Licenses",
        "Orders, the license keys of orders, and activations; nothing else. For a shop or an app.",
    ),
];

#[component]
pub fn ApiKeysPage() -> impl IntoView {
    let list = Listing::<ApiKey>::new("/api/api-keys", &["q"]);
    let creating = RwSignal::new(false);
    let changed = Callback::new(move |()| list.reload());
    view! {
        <Head title=Signal::stored("API keys".to_owned()) text="Programs of yours call this server's API with them. Each has its own, so that one can be deleted without touching the others.">
            <Show when=may_write>
                <button type="button" class="button primary" on:click=move |_| creating.set(true)><Icon name="add" /> "Create new key"</button>
            </Show>
        </Head>
        <reminder::Reminder />
        <div class="tools"><Search list placeholder="Label" /></div>
        <Table list label="API keys" columns=COLUMNS row=move |key| row(key, changed) empty=nothing />
        <create::CreateDialog open=creating created=changed />
    }
}

fn nothing() -> AnyView {
    view! {
        <EmptyState icon="lock" title="No API key yet"
            text="Create one for each program that shall read your usage, sell licenses or set things up." />
    }
    .into_any()
}

/// What a scope is called.
fn scope_name(scope: Scope) -> &'static str {
    SCOPES.iter().find(|(known, ..)| *known == scope).map_or("", |(_, _, name, _)| *name)
}

fn row(key: ApiKey, changed: Callback<()>) -> AnyView {
    let badge = |scope: &Scope| {
        let tone = if *scope == Scope::Admin { Tone::Info } else { Tone::Plain };
        view! { <Badge text=scope_name(*scope).to_owned() tone /> }
    };
    let over =
        key.expires_at.as_deref().is_some_and(|at| browser::millis(at) <= js_sys::Date::now());
    let expired = over.then(|| view! { <Badge text="Expired".to_owned() tone=Tone::Bad /> });
    let ends = format!("{}…{}", key.prefix, key.last_four);
    let label = key.label.clone();
    let key = StoredValue::new(key);
    let (created, used, expires) = key.with_value(|key| {
        (key.created_at.clone(), key.last_used_at.clone(), key.expires_at.clone())
    });
    let scopes = key.with_value(|key| key.scopes.iter().map(badge).collect_view());
    view! {
        <tr>
            <th scope="row"><span class="inline">{label.clone()} {expired}</span></th>
            <td data-label="May do"><span class="inline">{scopes}</span></td>
            <td data-label="Key" class="whole"><code>{ends}</code></td>
            <td data-label="Created"><When at=created day=true /></td>
            <td data-label="Last used">{moment(used)}</td>
            <td data-label="Expires">{moment(expires)}</td>
            <td class="row-actions">
                <Show when=may_write>
                    <button type="button" class="quiet square" title="Delete" aria-label=format!("Delete {label}")
                        on:click=move |_| delete(key.get_value(), changed)><Icon name="trash" /></button>
                </Show>
            </td>
        </tr>
    }
    .into_any()
}

fn moment(at: Option<String>) -> AnyView {
    match at {
        Some(at) => view! { <When at /> }.into_any(),
        None => view! { <span class="soft">"never"</span> }.into_any(),
    }
}

fn delete(key: ApiKey, changed: Callback<()>) {
    let toasts = expect_context::<Toasts>();
    confirm(ConfirmRequest {
        title: format!("Delete {}?", key.label),
        text: "Whatever calls the API with this key is refused at once. This cannot be undone; a new key would be another one.".to_owned(),
        action: "Delete",
        type_to_confirm: Some(key.label.clone()),
        is_dangerous: true,
        then: Arc::new(move || {
            let path = format!("/api/api-keys/{}", key.id);
            let label = key.label.clone();
            run(async move { api::delete(&path).await }, move |()| {
                toasts.done(format!("{label} is deleted."));
                let _ = changed.try_run(());
            });
        }),
    });
}
