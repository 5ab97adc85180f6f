//! The pages, one room each.

mod about;
mod activations;
mod agents;
mod api_keys;
mod audit_log;
mod conversations;
mod data_sources;
mod license_key;
mod license_keys;
mod licenses;
mod look;
mod missing;
mod notifications;
mod orders;
mod overview;
mod products;
mod rankings;
mod settings;
pub mod sign_in;
pub mod users;
mod webhooks;

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use leptos::prelude::*;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

use crate::api::Failure;
use crate::route::Route;

/// What is loaded together, when the first of its pages is opened. What most admins see first, the
/// overview, is there from the start.
#[derive(Clone, Copy)]
enum Part {
    Start,
    Keys,
    Key,
    Conversations,
    Agents,
    DataSources,
    Products,
    Orders,
    Settings,
}

thread_local! {
    /// A bit for each part that has come.
    static THERE: Cell<u16> = const { Cell::new(1 << Part::Start as u16) };
}

impl Part {
    fn is_there(self) -> bool {
        THERE.get() & (1 << self as u16) != 0
    }

    fn of(route: &Route) -> Self {
        match route {
            Route::Overview | Route::Missing => Self::Start,
            Route::LicenseKeys => Self::Keys,
            Route::LicenseKey(..) => Self::Key,
            Route::Conversations | Route::Conversation(_) => Self::Conversations,
            Route::Agents | Route::Agent(_) => Self::Agents,
            Route::DataSources | Route::DataSource(_) => Self::DataSources,
            Route::Products | Route::Product(_) | Route::Plan(_) => Self::Products,
            Route::Orders | Route::Order(_) | Route::Licenses | Route::License(_) => Self::Orders,
            Route::ApiKeys
            | Route::Webhooks
            | Route::Webhook(_)
            | Route::Notifications
            | Route::AuditLog
            | Route::Users
            | Route::Settings => Self::Settings,
        }
    }
}

/// Brings the part in which a page is, if it is not there yet.
pub async fn load(route: Route) -> Result<(), Failure> {
    let part = Part::of(&route);
    let came = match part {
        Part::Start => Ok(()),
        Part::Keys => load_keys().await,
        Part::Key => load_key().await,
        Part::Conversations => load_conversations().await,
        Part::Agents => load_agents().await,
        Part::DataSources => load_sources().await,
        Part::Products => load_products().await,
        Part::Orders => load_orders().await,
        Part::Settings => load_settings().await,
    };
    came.map_err(|_| Failure::part_missing())?;
    THERE.set(THERE.get() | (1 << part as u16));
    Ok(())
}

/// Opens the page of a route. `None` while its part is not there: see [`load`].
pub fn show(route: &Route) -> Option<AnyView> {
    // To open it would begin to load it.
    if !Part::of(route).is_there() {
        return None;
    }
    // A part that is there answers at once, and the page belongs to whoever asks.
    let mut opening = pin!(open(route.clone()));
    match opening.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(page) => page.ok(),
        Poll::Pending => None,
    }
}

type Opened = Result<AnyView, SplitLoaderError>;

async fn open(route: Route) -> Opened {
    match Part::of(&route) {
        Part::Start => Ok(start(&route)),
        Part::Keys => keys(route).await,
        Part::Key => one_key(route).await,
        Part::Conversations => talks(route).await,
        Part::Agents => all_agents(route).await,
        Part::DataSources => sources(route).await,
        Part::Products => catalogue(route).await,
        Part::Orders => sold(route).await,
        Part::Settings => settings_and_access(route).await,
    }
}

fn start(route: &Route) -> AnyView {
    match route {
        Route::Overview => overview::OverviewPage().into_any(),
        _ => missing::MissingPage().into_any(),
    }
}

#[wasm_split(keys, fallible, preload(load_keys))]
fn keys(_: Route) -> Opened {
    Ok(license_keys::LicenseKeysPage().into_any())
}

#[wasm_split(key, fallible, preload(load_key))]
fn one_key(route: Route) -> Opened {
    Ok(match route {
        Route::LicenseKey(id, _) => view! { <license_key::LicenseKeyPage id /> }.into_any(),
        _ => missing::MissingPage().into_any(),
    })
}

#[wasm_split(conversations, fallible, preload(load_conversations))]
fn talks(route: Route) -> Opened {
    Ok(match route {
        Route::Conversation(id) => view! { <conversations::ConversationPage id /> }.into_any(),
        _ => conversations::ConversationsPage().into_any(),
    })
}

#[wasm_split(agents, fallible, preload(load_agents))]
fn all_agents(route: Route) -> Opened {
    Ok(match route {
        Route::Agent(id) if id == "new" => agents::NewAgentPage().into_any(),
        Route::Agent(id) => view! { <agents::AgentPage id /> }.into_any(),
        _ => agents::AgentsPage().into_any(),
    })
}

#[wasm_split(sources, fallible, preload(load_sources))]
fn sources(route: Route) -> Opened {
    Ok(match route {
        Route::DataSource(id) => view! { <data_sources::DataSourcePage id /> }.into_any(),
        _ => data_sources::DataSourcesPage().into_any(),
    })
}

#[wasm_split(products, fallible, preload(load_products))]
fn catalogue(route: Route) -> Opened {
    Ok(match route {
        Route::Product(id) => view! { <products::ProductPage id /> }.into_any(),
        Route::Plan(id) => view! { <products::PlanPage id /> }.into_any(),
        _ => products::ProductsPage().into_any(),
    })
}

#[wasm_split(orders, fallible, preload(load_orders))]
fn sold(route: Route) -> Opened {
    Ok(match route {
        Route::Order(id) => view! { <orders::OrderPage id /> }.into_any(),
        Route::Licenses => licenses::LicensesPage().into_any(),
        Route::License(id) => view! { <licenses::LicensePage id /> }.into_any(),
        _ => orders::OrdersPage().into_any(),
    })
}

#[wasm_split(settings, fallible, preload(load_settings))]
fn settings_and_access(route: Route) -> Opened {
    Ok(match route {
        Route::ApiKeys => api_keys::ApiKeysPage().into_any(),
        Route::Webhooks => webhooks::WebhooksPage().into_any(),
        Route::Webhook(id) => view! { <webhooks::WebhookPage id /> }.into_any(),
        Route::Notifications => notifications::NotificationsPage().into_any(),
        Route::AuditLog => audit_log::AuditLogPage().into_any(),
        Route::Users => users::UsersPage().into_any(),
        _ => settings::SettingsPage().into_any(),
    })
}
