//! Where the key is used.

use leptos::prelude::*;
use shared::license_key::LicenseKey;

use super::KeyPage;
use crate::api;
use crate::draft::run;
use crate::format;
use crate::pages::activations::ActivationTable;

#[component]
pub fn Activations(page: KeyPage) -> impl IntoView {
    let changed = Callback::new(move |()| {
        let path = page.path("");
        run(async move { api::get::<LicenseKey>(&path).await }, move |key| {
            page.refresh(key);
        });
    });
    let places = move || {
        page.key.with(|key| {
            let used = format::count(key.activation_usage);
            key.settings.activation_limit.map_or_else(
                || format!("{used} in use; there is no limit. Set one under General."),
                |limit| format!("{used} of {limit} in use."),
            )
        })
    };
    view! {
        <p class="soft narrowed">{places}</p>
        <ActivationTable key=page.path("") changed />
    }
}
