//! The pages, one room each.

mod activations;
mod conversations;
mod license_key;
mod license_keys;
mod licenses;
mod missing;
mod orders;
mod overview;
mod products;
pub mod sign_in;
pub mod users;

use leptos::prelude::*;

use crate::route::Route;

/// The page of a route.
pub fn show(route: &Route) -> AnyView {
    match route.clone() {
        Route::LicenseKeys => license_keys::LicenseKeysPage().into_any(),
        Route::LicenseKey(id, _) => view! { <license_key::LicenseKeyPage id /> }.into_any(),
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
        Route::Users => users::UsersPage().into_any(),
        _ => missing::MissingPage().into_any(),
    }
}
