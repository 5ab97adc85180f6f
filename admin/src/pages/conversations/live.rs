//! A thread as it goes on: messages that are stored, and the answer that is being written.

use futures_channel::oneshot;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::ToolState;
use shared::admin_conversation::{LiveLine, ThreadMessage};

use crate::api;
use crate::browser::{pause, until};
use crate::ui::{Prose, once_a_frame};

/// How long to wait before asking again after the stream broke, in milliseconds.
const AGAIN_MS: i32 = 2000;

/// What a page knows of a thread.
#[derive(Clone, Copy)]
pub struct LiveThread {
    /// Oldest first.
    pub messages: RwSignal<Vec<ThreadMessage>>,
    /// The answer that is being written: its text so far, and what is being looked up for it.
    running: RwSignal<Option<(String, String)>>,
    /// Somebody has deleted it meanwhile.
    pub gone: RwSignal<bool>,
}

impl LiveThread {
    /// A thread as it was read; it is followed until the page is left.
    #[must_use]
    pub fn follow(id: String, messages: Vec<ThreadMessage>) -> Self {
        let thread = Self {
            messages: RwSignal::new(messages),
            running: RwSignal::new(None),
            gone: RwSignal::new(false),
        };
        // Leaving the page ends the stream.
        let (here, left) = oneshot::channel::<()>();
        on_cleanup(move || drop(here));
        spawn_local(async move {
            let _ = until(thread.listen(&id), left).await;
        });
        thread
    }

    async fn listen(self, id: &str) {
        loop {
            let last = |all: &Vec<ThreadMessage>| all.iter().map(|one| one.position).max();
            let Some(after) = self.messages.try_with_untracked(last) else { return };
            let path = format!("/api/conversations/{id}/live?after={}", after.unwrap_or(0));
            let ended = api::follow(&path, move |line| self.heard(line)).await;
            let over = match &ended {
                Ok(()) => self.gone.try_get_untracked().unwrap_or(true),
                // Deleted, or no longer to be read: asking again would not change it.
                Err(failure) => matches!(failure.status, 403 | 404),
            };
            if over {
                return;
            }
            // It ends by itself now and then, and is asked for again from where it stood.
            pause(if ended.is_ok() { 100 } else { AGAIN_MS }).await;
        }
    }

    /// Whether an answer is being written. Reads a signal.
    #[must_use]
    pub fn is_running(self) -> bool {
        self.running.with(Option::is_some)
    }

    /// Takes a line; false when nobody looks any more.
    fn heard(self, line: &str) -> bool {
        if self.messages.is_disposed() {
            return false;
        }
        let Ok(line) = serde_json::from_str::<LiveLine>(line) else { return true };
        match line {
            LiveLine::Message { message } => self.messages.update(|all| {
                all.retain(|one| one.id != message.id);
                all.push(*message);
                all.sort_by_key(|one| one.position);
            }),
            LiveLine::Answer { .. } => self.running.set(Some(Default::default())),
            LiveLine::Token { token, .. } => {
                self.running.update(|running| running.get_or_insert_default().0.push_str(&token));
            }
            LiveLine::Tool { name, state, .. } => {
                let shown = if state == ToolState::Running { name } else { String::new() };
                self.running.update(|running| running.get_or_insert_default().1 = shown);
            }
            LiveLine::Ended { .. } => self.running.set(None),
            LiveLine::Ping => {}
            LiveLine::Deleted => {
                self.gone.set(true);
                return false;
            }
        }
        true
    }
}

/// The answer that is being written, if one is.
#[component]
pub fn RunningAnswer(thread: LiveThread) -> impl IntoView {
    let is_running = Memo::new(move |_| thread.is_running());
    let part = move |get: fn(&(String, String)) -> &String| {
        thread
            .running
            .with(|running| running.as_ref().map(|one| get(one).clone()).unwrap_or_default())
    };
    let text = once_a_frame(move || thread.running.track(), move || part(|one| &one.0));
    view! {
        <Show when=move || is_running.get()>
            <li class="message bot live">
                <p class="by"><strong>"Answering now"</strong> <span class="pulse" aria-hidden="true"></span></p>
                {move || { let tool = part(|one| &one.1); (!tool.is_empty()).then(|| view! { <p class="hint">"Looking up: " {tool}</p> }) }}
                {move || view! { <Prose text=text.get() /> }}
            </li>
        </Show>
    }
}
