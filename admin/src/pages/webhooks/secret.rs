//! A webhook's secret: what its calls are signed with, and how a receiver checks that.

use leptos::prelude::*;
use shared::admin::WebhookWithSecret;

use crate::api;
use crate::draft::run;
use crate::pages::license_key::samples::Samples;
use crate::session::may_write;
use crate::snippets;
use crate::ui::{Card, CopyButton, Icon};

/// The secret in full, with a button that copies it.
#[component]
pub fn Shown(secret: String) -> impl IntoView {
    view! {
        <div class="secret">
            <code>{secret.clone()}</code>
            <CopyButton text=Signal::stored(secret) what="the secret" wide=true />
        </div>
    }
}

/// Hidden until an admin asks for it; asking is noted in the audit log.
#[component]
pub fn SecretCard(path: StoredValue<String>) -> impl IntoView {
    let secret = RwSignal::new(None::<String>);
    let reveal = move |_| {
        let path = format!("{}/secret/reveal", path.get_value());
        run(async move { api::act::<WebhookWithSecret>(&path).await }, move |hook| {
            let _ = secret.try_set(Some(hook.secret));
        });
    };
    view! {
        <Card title="Signature" text="Every call is signed with this webhook's secret, the way that Standard Webhooks describes. Check it, so that nobody else can pretend to be this server.">
            {move || match secret.get() {
                Some(secret) => view! { <Shown secret /> }.into_any(),
                None => view! {
                    <div class="secret"><code aria-hidden="true">"whsec_••••••••••••••••"</code><span class="unseen">"The secret is hidden."</span></div>
                }.into_any(),
            }}
            <Show when=may_write>
                <div class="actions">
                    {move || if secret.with(Option::is_some) {
                        view! { <button type="button" class="button small" on:click=move |_| secret.set(None)>"Hide the secret"</button> }.into_any()
                    } else {
                        view! { <button type="button" class="button small" on:click=reveal><Icon name="eye" /> "Show the secret"</button> }.into_any()
                    }}
                </div>
            </Show>
            <Samples samples=snippets::webhook_check() label="How to check the signature" />
        </Card>
    }
}
