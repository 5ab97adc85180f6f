//! To be written.

use leptos::prelude::*;

use super::KeyPage;

#[component]
pub fn Identity(page: KeyPage) -> impl IntoView {
    let _ = page;
}
