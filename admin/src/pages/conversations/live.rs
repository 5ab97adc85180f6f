//! The answer that is being written at this moment.

use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::{Event, StreamEvent};

use crate::api;
use crate::ui::Prose;

/// Follows the running answer; `ended` is called when it has come to its end.
#[component]
pub fn LiveAnswer(conversation: String, ended: Callback<()>) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let tool = RwSignal::new(None::<String>);
    spawn_local(async move {
        let path = format!("/api/conversations/{conversation}/live");
        let heard = api::follow(&path, move |line| {
            let Ok(event) = serde_json::from_str::<Event>(line) else { return true };
            // The page may be closed by now: then the stream is left.
            match event.event {
                StreamEvent::Token { token } => text.try_update(|text| text.push_str(&token)).is_some(),
                StreamEvent::Tool { name, .. } => tool.try_set(Some(name)).is_none(),
                _ => !text.is_disposed(),
            }
        });
        // However it ended, the thread has the answer, or says that it failed.
        let _ = heard.await;
        if !text.is_disposed() {
            ended.run(());
        }
    });
    view! {
        <li class="message bot live">
            <p class="by"><strong>"Answering now"</strong> <span class="pulse" aria-hidden="true"></span></p>
            {move || tool.get().map(|name| view! { <p class="hint">"Looking up: " {name}</p> })}
            {move || view! { <Prose text=text.get() /> }}
        </li>
    }
}
