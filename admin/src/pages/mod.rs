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
mod missing;
mod notifications;
mod orders;
mod overview;
mod products;
mod settings;
pub mod sign_in;
pub mod users;
mod webhooks;

use leptos::prelude::*;

use crate::route::Route;

/// The page of a route.
pub fn show(route: &Route) -> AnyView {
    match route.clone() {
        Route::LicenseKeys => license_keys::LicenseKeysPage().into_any(),
        Route::LicenseKey(id, _) => view! { <license_key::LicenseKeyPage id /> }.into_any(),
        Route::ApiKeys => api_keys::ApiKeysPage().into_any(),
        Route::Webhooks => webhooks::WebhooksPage().into_any(),
        Route::Webhook(id) => view! { <webhooks::WebhookPage id /> }.into_any(),
        Route::Notifications => notifications::NotificationsPage().into_any(),
        Route::AuditLog => audit_log::AuditLogPage().into_any(),
        Route::Settings => settings::SettingsPage().into_any(),
        Route::Overview => overview::OverviewPage().into_any(),
        Route::Conversations => conversations::ConversationsPage().into_any(),
        Route::Conversation(id) => view! { <conversations::ConversationPage id /> }.into_any(),
        Route::Products => products::ProductsPage().into_any(),
        Route::Product(id) => view! { <products::ProductPage id /> }.into_any(),
        Route::Plan(id) => view! { <products::PlanPage id /> }.into_any(),
        Route::Orders => orders::OrdersPage().into_any(),
        Route::Order(id) => view! { <orders::OrderPage id /> }.into_any(),
        Route::Licenses => licenses::LicensesPage().into_any(),
        Route::License(id) => view! { <licenses::LicensePage id /> }.into_any(),
        Route::Agents => agents::AgentsPage().into_any(),
        Route::Agent(id) if id == "new" => agents::NewAgentPage().into_any(),
        Route::Agent(id) => view! { <agents::AgentPage id /> }.into_any(),
        Route::DataSources => data_sources::DataSourcesPage().into_any(),
        Route::DataSource(id) => view! { <data_sources::DataSourcePage id /> }.into_any(),
        Route::Users => users::UsersPage().into_any(),
        _ => missing::MissingPage().into_any(),
    }
}
