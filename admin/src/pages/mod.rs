//! The pages, one room each.

mod about;
mod activations;
mod active;
mod agents;
mod api_keys;
mod audit_log;
mod conversations;
mod data_sources;
mod figures;
mod license_key;
mod license_keys;
mod licenses;
mod look;
mod missing;
mod notifications;
mod orders;
mod overview;
mod products;
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
    Answers,
    Selling,
    Settings,
}

thread_local! {
    /// A bit for each part that has come.
    static THERE: Cell<u8> = const { Cell::new(1 << Part::Start as u8) };
}

impl Part {
    fn is_there(self) -> bool {
        THERE.get() & (1 << self as u8) != 0
    }

    fn of(route: &Route) -> Self {
        match route {
            Route::Overview | Route::Missing => Self::Start,
            Route::LicenseKeys | Route::LicenseKey(..) => Self::Keys,
            Route::Conversations
            | Route::Conversation(_)
            | Route::Agents
            | Route::Agent(_)
            | Route::DataSources
            | Route::DataSource(_) => Self::Answers,
            Route::Products
            | Route::Product(_)
            | Route::Plan(_)
            | Route::Orders
            | Route::Order(_)
            | Route::Licenses
            | Route::License(_) => Self::Selling,
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
        Part::Answers => load_answers().await,
        Part::Selling => load_selling().await,
        Part::Settings => load_settings().await,
    };
    came.map_err(|_| Failure::part_missing())?;
    THERE.set(THERE.get() | (1 << part as u8));
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
        Part::Answers => answers(route).await,
        Part::Selling => selling(route).await,
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
fn keys(route: Route) -> Opened {
    Ok(match route {
        Route::LicenseKey(id, _) => view! { <license_key::LicenseKeyPage id /> }.into_any(),
        _ => license_keys::LicenseKeysPage().into_any(),
    })
}

#[wasm_split(answers, fallible, preload(load_answers))]
fn answers(route: Route) -> Opened {
    Ok(match route {
        Route::Conversation(id) => view! { <conversations::ConversationPage id /> }.into_any(),
        Route::Agents => agents::AgentsPage().into_any(),
        Route::Agent(id) if id == "new" => agents::NewAgentPage().into_any(),
        Route::Agent(id) => view! { <agents::AgentPage id /> }.into_any(),
        Route::DataSources => data_sources::DataSourcesPage().into_any(),
        Route::DataSource(id) => view! { <data_sources::DataSourcePage id /> }.into_any(),
        _ => conversations::ConversationsPage().into_any(),
    })
}

#[wasm_split(selling, fallible, preload(load_selling))]
fn selling(route: Route) -> Opened {
    Ok(match route {
        Route::Product(id) => view! { <products::ProductPage id /> }.into_any(),
        Route::Plan(id) => view! { <products::PlanPage id /> }.into_any(),
        Route::Orders => orders::OrdersPage().into_any(),
        Route::Order(id) => view! { <orders::OrderPage id /> }.into_any(),
        Route::Licenses => licenses::LicensesPage().into_any(),
        Route::License(id) => view! { <licenses::LicensePage id /> }.into_any(),
        _ => products::ProductsPage().into_any(),
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
