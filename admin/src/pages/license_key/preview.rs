//! The real widget, with the options as they stand in the form.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::json;
use shared::license_key::PreviewSession;
use wasm_bindgen::{JsCast, JsValue};

use super::KeyPage;
use crate::api::{self, Failure};
use crate::browser::{self, pause};
use crate::session::may_write;
use crate::ui::{FailureBox, Icon};

/// How long options stand still before they are shown, in milliseconds.
const SETTLE_MS: i32 = 150;
/// How often the preview gets a new token, in milliseconds: it lives 15 minutes.
const RENEW_MS: i32 = 12 * 60 * 1000;

/// How the preview is looked at.
#[derive(Clone, Copy, PartialEq)]
struct Stage {
    phone: RwSignal<bool>,
    dark: RwSignal<bool>,
    open: RwSignal<bool>,
}

#[component]
pub fn Preview(
    page: KeyPage,
    /** Whether the chat is open in the beginning. */
    open: bool,
) -> impl IntoView {
    let stage = Stage {
        phone: RwSignal::new(false),
        dark: RwSignal::new(browser::is_dark()),
        open: RwSignal::new(open),
    };
    view! {
        <aside class="preview" id="preview" tabindex="-1" aria-label="Preview">
            <div class="spread">
                <h2>"Preview"</h2>
                <span class="inline">
                    <Flip on=stage.open icon="chat" label="Open the chat" />
                    <Flip on=stage.phone icon="phone" label="Phone size" />
                    <Flip on=stage.dark icon="moon" label="Dark page" />
                </span>
            </div>
            <Show when=may_write fallback=|| view! { <p class="soft">"A preview is for admins: it asks with the key."</p> }>
                <Frame page stage />
            </Show>
            <p class="hint">"The real widget, with what stands in the form. Nothing of it is counted or kept in this browser."</p>
        </aside>
    }
}

#[component]
fn Flip(on: RwSignal<bool>, icon: &'static str, label: &'static str) -> impl IntoView {
    view! {
        <button type="button" class="quiet square" title=label aria-label=label aria-pressed=move || on.get().to_string()
            on:click=move |_| on.update(|on| *on = !*on)><Icon name=icon /></button>
    }
}

#[component]
fn Frame(page: KeyPage, stage: Stage) -> impl IntoView {
    let frame = NodeRef::<html::Iframe>::new();
    let token = RwSignal::new(None::<String>);
    let failure = RwSignal::new(None::<Failure>);
    let ready = RwSignal::new(false);
    // With each new token the page begins anew, and says when it listens.
    spawn_local(async move {
        loop {
            match api::act::<PreviewSession>(&page.path("/preview-session")).await {
                Ok(session) => {
                    let _ = failure.try_set(None);
                    let _ = ready.try_set(false);
                    let _ = token.try_set(Some(session.token));
                }
                Err(why) => {
                    let _ = failure.try_set(Some(why));
                }
            }
            pause(RENEW_MS).await;
            if token.is_disposed() {
                return;
            }
        }
    });
    let heard = window_event_listener(leptos::ev::message, move |event| {
        let ours = frame.get_untracked().and_then(|frame| frame.content_window());
        let source: JsValue = event.source().map_or(JsValue::NULL, JsCast::unchecked_into);
        if event.origin() == browser::origin()
            && ours.is_some_and(|ours| JsValue::from(ours) == source)
        {
            ready.set(true);
        }
    });
    on_cleanup(move || heard.remove());
    let round = StoredValue::new(0_u32);
    Effect::new(move || {
        let look = page.draft.now.with(|key| key.ui.clone());
        let (open, dark) = (stage.open.get(), stage.dark.get());
        let Some(chatbot) = token.get().filter(|_| ready.get()) else { return };
        let order = json!({ "type": "natter-preview", "chatbotId": chatbot, "look": look, "open": open, "dark": dark });
        let mine = round.get_value() + 1;
        round.set_value(mine);
        spawn_local(async move {
            pause(SETTLE_MS).await;
            if round.try_get_value() != Some(mine) {
                return;
            }
            let window = frame.get_untracked().and_then(|frame| frame.content_window());
            if let (Some(window), Ok(order)) = (window, js_sys::JSON::parse(&order.to_string())) {
                let _ = window.post_message(&order, &browser::origin());
            }
        });
    });
    view! {
        {move || failure.get().map(|failure| view! { <FailureBox failure /> })}
        <div class="stage" class:narrow=move || stage.phone.get()>
            {move || token.get().map(|_| view! { <iframe node_ref=frame src="/admin/preview" title="Preview of the widget"></iframe> })}
        </div>
    }
}
