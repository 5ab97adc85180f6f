//! The pages, one room each.

mod agents;
mod data_sources;
mod license_key;
mod missing;
pub mod sign_in;
pub mod users;

use leptos::prelude::*;

use crate::route::Route;

/// The page of a route.
pub fn show(route: &Route) -> AnyView {
    match route.clone() {
        Route::LicenseKey(id, _) => view! { <license_key::LicenseKeyPage id /> }.into_any(),
        Route::Agents => agents::AgentsPage().into_any(),
        Route::Agent(id) if id == "new" => agents::NewAgentPage().into_any(),
        Route::Agent(id) => view! { <agents::AgentPage id /> }.into_any(),
        Route::DataSources => data_sources::DataSourcesPage().into_any(),
        Route::DataSource(id) => view! { <data_sources::DataSourcePage id /> }.into_any(),
        Route::Users => users::UsersPage().into_any(),
        _ => missing::MissingPage().into_any(),
    }
}
