//! A key that was just made: the only time that it is shown.

use leptos::prelude::*;
use shared::license_key::LicenseKey;

use crate::browser;
use crate::pages::license_key::samples::Samples;
use crate::route::{KeyTab, Route};
use crate::snippets::{self, Names};
use crate::ui::{CopyButton, Icon};

#[component]
pub fn Issued(key: LicenseKey, done: Callback<()>) -> impl IntoView {
    let secret = key.key.clone().unwrap_or_default();
    let page = Route::LicenseKey(key.id.clone(), KeyTab::Embed).path();
    let again = key.settings.retrievable;
    let names = Names::Key(secret.clone());
    view! {
        <div class="stack">
            <div class="secret">
                <code>{secret.clone()}</code>
                <CopyButton text=Signal::stored(secret) what="the license key" wide=true />
            </div>
            <div class="note warn">
                <Icon name="warning" />
                <p>{if again {
                    "Copy it where you need it. You can see it again on the key's page."
                } else {
                    "Copy it now: it is not shown again. Only its hash is kept; who loses the key regenerates it."
                }}</p>
            </div>
            <Samples samples=snippets::embed(&browser::origin(), &names) label="Ways to embed the chat" />
            <footer>
                <a class="button" href=page on:click=move |_| done.run(())>"More ways to embed it"</a>
                <button type="button" class="button primary" on:click=move |_| done.run(())>"Done"</button>
            </footer>
        </div>
    }
}
