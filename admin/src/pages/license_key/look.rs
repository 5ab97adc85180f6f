//! To be written.

use leptos::prelude::*;

use super::KeyPage;

#[component]
pub fn LookOptions(page: KeyPage) -> impl IntoView {
    let _ = page;
}
