//! What this installation is, and whether its mail arrives.

use leptos::prelude::*;
use shared::admin::{About, MailTest};

use crate::api;
use crate::remote::{Load, Remote};
use crate::session::may_write;
use crate::ui::{Badge, Card, FailureBox, Icon, Skeleton, Tone};

#[component]
pub fn AboutCards() -> impl IntoView {
    let about = Remote::<About>::new();
    let read = move || about.read(api::get("/api/about"));
    read();
    view! {
        <div class="below">
            {move || match about.state.get() {
                Load::Waiting => view! { <Skeleton lines=3 /> }.into_any(),
                Load::Failed(failure) => view! { <FailureBox failure retry=Callback::new(move |()| read()) /> }.into_any(),
                Load::Ready(about) => view! { <div class="two-columns"><Mail set=about.mail /><Facts about /></div> }.into_any(),
            }}
        </div>
    }
}

#[component]
fn Mail(set: bool) -> impl IntoView {
    let told = RwSignal::new(None::<MailTest>);
    let asking = RwSignal::new(false);
    let test = move |_| {
        asking.set(true);
        told.set(None);
        leptos::task::spawn_local(async move {
            let answer = api::act::<MailTest>("/api/settings/mail-test").await;
            let _ = asking.try_set(false);
            let _ =
                told.try_set(Some(answer.unwrap_or_else(|failure| MailTest {
                    ok: false,
                    message: failure.sentence(),
                })));
        });
    };
    let (text, tone) = if set { ("Set up", Tone::Good) } else { ("Not set up", Tone::Plain) };
    view! {
        <Card title="E-mail">
            <p><Badge text=text.to_owned() tone /></p>
            <p class="hint">"Alerts go to every admin once SMTP_URL, SMTP_FROM and NATTER_PUBLIC_URL are set."</p>
            <Show when=may_write>
                <div class="actions"><button type="button" class="button" disabled=move || asking.get() on:click=test>
                    {move || if asking.get() { "Sending…" } else { "Send a test to me" }}
                </button></div>
            </Show>
            <div aria-live="polite">{move || told.get().map(|told| view! {
                <div class="note below" class:bad=!told.ok><Icon name=if told.ok { "check" } else { "warning" } /><p>{told.message}</p></div>
            })}</div>
        </Card>
    }
}

#[component]
fn Facts(about: About) -> impl IntoView {
    let address = if about.public_url.is_empty() {
        "not set: NATTER_PUBLIC_URL".to_owned()
    } else {
        about.public_url
    };
    view! {
        <Card title="About">
            <dl class="facts">
                <dt>"Natter"</dt><dd>{about.version}</dd>
                <dt>"Database"</dt><dd>{about.database}</dd>
                <dt>"Public address"</dt><dd>{address}</dd>
                <dt>"Metrics"</dt><dd>{if about.metrics { view! { <a href="/metrics" target="_blank">"/metrics"</a> }.into_any() } else { "off: NATTER_METRICS".into_any() }}</dd>
            </dl>
            <div class="actions">
                <a class="button small" href="/docs" target="_blank">"Guide"</a>
                <a class="button small" href="/v1/openapi.json" target="_blank">"OpenAPI"</a>
            </div>
        </Card>
    }
}
