//! To be written.

use leptos::prelude::*;

use super::KeyPage;

#[component]
pub fn General(page: KeyPage) -> impl IntoView {
    let _ = page;
}

/// Edit and delete, at the top right.
#[component]
pub fn HeadActions(page: KeyPage) -> impl IntoView {
    let _ = page;
}
