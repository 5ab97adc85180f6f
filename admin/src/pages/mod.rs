//! The pages, one room each.

mod missing;
pub mod sign_in;
pub mod users;

use leptos::prelude::*;

use crate::route::Route;

/// The page of a route.
pub fn show(route: &Route) -> AnyView {
    match route.clone() {
        Route::Users => users::UsersPage().into_any(),
        _ => missing::MissingPage().into_any(),
    }
}
