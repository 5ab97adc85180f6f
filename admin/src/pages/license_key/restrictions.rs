//! To be written.

use leptos::prelude::*;

use super::KeyPage;

#[component]
pub fn Restrictions(page: KeyPage) -> impl IntoView {
    let _ = page;
}
