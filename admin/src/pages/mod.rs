//! The pages, one room each.

mod license_key;
mod license_keys;
mod missing;
pub mod sign_in;
pub mod users;

use leptos::prelude::*;

use crate::route::Route;

/// The page of a route.
pub fn show(route: &Route) -> AnyView {
    match route.clone() {
        Route::LicenseKeys => license_keys::LicenseKeysPage().into_any(),
        Route::LicenseKey(id, _) => view! { <license_key::LicenseKeyPage id /> }.into_any(),
        Route::Users => users::UsersPage().into_any(),
        _ => missing::MissingPage().into_any(),
    }
}
