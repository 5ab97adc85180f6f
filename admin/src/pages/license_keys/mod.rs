//! The list of license keys.

mod create;
mod issued;

use std::sync::Arc;

use leptos::prelude::*;
use shared::license_key::{KeyStatus, LicenseKey, RestrictionKind, RevealedKey};

pub use issued::Issued;

use crate::api;
use crate::browser;
use crate::draft::run;
use crate::listing::Listing;
use crate::nav::Nav;
use crate::pages::active::Switching;
use crate::pages::license_key::{standing_of, statuses};
use crate::route::{KeyTab, Route};
use crate::session::may_write;
use crate::ui::{
    Badge, ConfirmRequest, EmptyState, Filter, Head, Icon, Menu, Meter, Search, Table, Toasts,
    Toggle, When, confirm,
};

const COLUMNS: &[&str] = &[
    "Name",
    "Key",
    "Active",
    "Answers from",
    "May be used by",
    "This month",
    "Expires",
    "Last used",
    "",
];

#[component]
pub fn LicenseKeysPage() -> impl IntoView {
    let list = Listing::<LicenseKey>::new("/api/license-keys", &["q", "status"]);
    // A link of the overview's opens the form at once.
    let creating =
        RwSignal::new(expect_context::<Nav>().parameter("create").is_some() && untrack(may_write));
    view! {
        <Head title=Signal::stored("License Keys".to_owned()) text="Each lets a website, an app or a customer chat. What it may do, from where and how much is decided here.">
            <Show when=may_write>
                <button type="button" class="button primary" on:click=move |_| creating.set(true)><Icon name="add" /> "Create License Key"</button>
            </Show>
        </Head>
        <div class="tools">
            <Search list placeholder="Name, description or last four characters" />
            <Filter list name="status" label="Status" options=statuses() />
        </div>
        <Table list label="License keys" columns=COLUMNS row=move |key| row(list, key) empty=nothing />
        <create::CreateDialog open=creating created=Callback::new(move |()| list.reload()) />
    }
}

fn nothing() -> AnyView {
    view! {
        <EmptyState icon="key" title="No license key yet"
            text="A license key lets a website chat. Create one, paste its snippet into your page, and the chat is there." />
    }
    .into_any()
}

fn row(list: Listing<LicenseKey>, key: LicenseKey) -> AnyView {
    let page = Route::LicenseKey(key.id.clone(), KeyTab::General).path();
    let name = key.settings.name.clone();
    let limit = key.settings.monthly_usage_limit;
    let expires = key.settings.expires_at.clone();
    let used = key.last_used_at.clone();
    let (text, tone) = standing_of(&key);
    let odd =
        (key.status != KeyStatus::Active).then(|| view! { <Badge text=text.to_owned() tone /> });
    view! {
        <tr>
            <th scope="row"><div class="two"><span class="inline"><a href=page>{name.clone()}</a> {odd}</span><span class="soft">{source(&key)}</span></div></th>
            <td data-label="Key"><KeyHint key=key.clone() /></td>
            <td data-label="Active"><ActiveToggle list key=key.clone() /></td>
            <td data-label="Answers from">{bound(&key)}</td>
            <td data-label="May be used by">{restriction(&key)}</td>
            <td data-label="This month"><Meter used=key.monthly_usage limit label=format!("Queries of {name} this month") /></td>
            <td data-label="Expires">{moment(expires, "never")}</td>
            <td data-label="Last used">{moment(used, "never")}</td>
            <td class="row-actions"><RowActions list key /></td>
        </tr>
    }
    .into_any()
}

fn source(key: &LicenseKey) -> String {
    if key.order_id.is_some() {
        "from an order".to_owned()
    } else {
        key.settings.description.chars().take(60).collect()
    }
}

fn moment(at: Option<String>, none: &'static str) -> AnyView {
    match at {
        Some(at) => view! { <When at day=true /> }.into_any(),
        None => view! { <span class="soft">{none}</span> }.into_any(),
    }
}

fn bound(key: &LicenseKey) -> AnyView {
    let (agent, source) = (key.agent_name.clone(), key.data_source_name.clone());
    if agent.is_none() && source.is_none() {
        return view! { <span class="soft">"default agent"</span> }.into_any();
    }
    let agent = agent.map(|name| view! { <span>{name}</span> });
    let source = source.map(|name| view! { <span class="soft">{name}</span> });
    view! { <div class="two">{agent}{source}</div> }.into_any()
}

fn restriction(key: &LicenseKey) -> AnyView {
    let entries = |list: &[String], one: &str, many: &str| match list {
        [] => String::new(),
        [only] => only.clone(),
        more => crate::format::plural(more.len() as i64, one, many),
    };
    match key.settings.restriction {
        RestrictionKind::None => view! { <span class="soft">"everybody"</span> }.into_any(),
        RestrictionKind::Websites if key.settings.websites.is_empty() => {
            view! { <span class="error">"any website: the list is empty"</span> }.into_any()
        }
        RestrictionKind::Websites => {
            entries(&key.settings.websites, "website", "websites").into_any()
        }
        RestrictionKind::IpAddresses if key.settings.ip_addresses.is_empty() => {
            view! { <span class="error">"nobody: the list is empty"</span> }.into_any()
        }
        RestrictionKind::IpAddresses => {
            entries(&key.settings.ip_addresses, "address", "addresses").into_any()
        }
    }
}

/// What is known of the key; the whole of it is copied where it can be shown again.
#[component]
fn KeyHint(key: LicenseKey) -> impl IntoView {
    let path = StoredValue::new(format!("/api/license-keys/{}/reveal", key.id));
    let toasts = expect_context::<Toasts>();
    let copy = move |_| {
        let path = path.get_value();
        run(async move { api::act::<RevealedKey>(&path).await }, move |revealed| {
            leptos::task::spawn_local(async move {
                let done = browser::copy(&revealed.key).await;
                toasts.done(if done {
                    "The key is copied."
                } else {
                    "The browser does not allow copying."
                });
            });
        });
    };
    let label = format!("Copy the key of {}", key.settings.name);
    let retrievable = key.settings.retrievable;
    view! {
        <span class="inline">
            <code title=key.key_hint.clone()>{short(&key.key_hint)}</code>
            <Show when=move || retrievable && may_write()>
                <button type="button" class="quiet square" title="Copy" aria-label=label.clone() on:click=copy><Icon name="copy" /></button>
            </Show>
        </span>
    }
}

/// `••••-7K2M` of `••••-••••-••••-7K2M`.
fn short(hint: &str) -> String {
    hint.rsplit_once('-').map_or_else(|| hint.to_owned(), |(_, last)| format!("••••-{last}"))
}

const SWITCHING: Switching<LicenseKey> = Switching {
    path: "/api/license-keys",
    id: |key| &key.id,
    name: |key| key.settings.name.clone(),
    off: "Nobody can chat with the key until it is switched on again; running answers end.",
    done: |key, on| {
        let name = &key.settings.name;
        if on {
            format!("{name} works again.")
        } else {
            format!("{name} is switched off: nobody can chat with it.")
        }
    },
};

/// Switches a key on and off in its row.
#[component]
fn ActiveToggle(list: Listing<LicenseKey>, key: LicenseKey) -> impl IntoView {
    let (on, for_good) = (key.settings.is_active, key.status == KeyStatus::Deactivated);
    let label = format!("{} is active", key.settings.name);
    let change = Callback::new(move |on: bool| SWITCHING.set(list, &key, on));
    let disabled = Signal::derive(move || for_good || !may_write());
    view! { <Toggle on=Signal::stored(on && !for_good) label change disabled /> }
}

#[component]
fn RowActions(list: Listing<LicenseKey>, key: LicenseKey) -> impl IntoView {
    let at = |tab| Route::LicenseKey(key.id.clone(), tab).path();
    let (usage, embed, general) = (at(KeyTab::Usage), at(KeyTab::Embed), at(KeyTab::General));
    let talks =
        format!("{}{}", Route::Conversations.path(), api::query(&[("license_key_id", &key.id)]));
    let name = key.settings.name.clone();
    let of_order = key.order_id.is_some();
    let deleted = Callback::new(move |()| list.reload());
    view! {
        <a class="quiet square" href=usage title="Usage" aria-label=format!("Usage of {name}")><Icon name="history" /></a>
        <Menu label=format!("Actions for {name}")>
            <a href=general><Icon name="edit" /> "Edit"</a>
            <a href=embed><Icon name="copy" /> "Embed"</a>
            <a href=talks><Icon name="chat" /> "Conversations"</a>
            <Show when=move || may_write() && !of_order>
                {
                    let key = key.clone();
                    view! { <button type="button" class="danger" on:click=move |_| delete(&key, deleted)><Icon name="trash" /> "Delete"</button> }
                }
            </Show>
        </Menu>
    }
}

/// Asks, deletes, and says so through `deleted`.
pub fn delete(key: &LicenseKey, deleted: Callback<()>) {
    let toasts = expect_context::<Toasts>();
    let path = format!("/api/license-keys/{}", key.id);
    confirm(ConfirmRequest {
        title: format!("Delete {}?", key.settings.name),
        text: "Every page and app that uses this key stops chatting at once. The key's usage log is deleted with it and \
               cannot be brought back. To stop it for a while, switch it off."
            .to_owned(),
        action: "Delete",
        type_to_confirm: Some(key.settings.name.clone()),
        is_dangerous: true,
        then: Arc::new(move || {
            let path = path.clone();
            run(async move { api::delete(&path).await }, move |()| {
                toasts.done("The license key is deleted.");
                let _ = deleted.try_run(());
            });
        }),
    });
}
