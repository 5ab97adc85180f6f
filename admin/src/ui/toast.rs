//! Short messages at the edge of the page: what was done, or why not.

use std::cell::Cell;

use leptos::prelude::*;

use super::Icon;
use crate::api::Failure;
use crate::browser::pause;

/// How long a success stays, in milliseconds. A failure stays until it is closed.
const STAYS_MS: i32 = 5000;

#[derive(Clone, PartialEq)]
struct Toast {
    id: u32,
    is_failure: bool,
    text: String,
}

thread_local! {
    static ALL: Cell<Option<Toasts>> = const { Cell::new(None) };
}

/// The messages that are shown, for every page by `expect_context`.
#[derive(Clone, Copy)]
pub struct Toasts {
    shown: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
}

impl Toasts {
    /// The one of the dashboard, made once.
    #[must_use]
    pub fn new() -> Self {
        let toasts = Self { shown: RwSignal::new(Vec::new()), next: StoredValue::new(0) };
        ALL.set(Some(toasts));
        toasts
    }

    /// The same, also where no page is being drawn: when an answer has come, say.
    pub fn here() -> Option<Self> {
        ALL.get()
    }

    /// Says that something was done.
    pub fn done(self, text: impl Into<String>) {
        let id = self.add(text.into(), false);
        leptos::task::spawn_local(async move {
            pause(STAYS_MS).await;
            self.close(id);
        });
    }

    /// Says why something was not done.
    pub fn failed(self, failure: &Failure) {
        self.add(failure.sentence(), true);
    }

    fn add(self, text: String, is_failure: bool) -> u32 {
        let id = self.next.get_value();
        self.next.set_value(id + 1);
        self.shown.update(|list| {
            list.retain(|other| other.text != text);
            list.push(Toast { id, is_failure, text });
        });
        id
    }

    fn close(self, id: u32) {
        self.shown.update(|list| list.retain(|toast| toast.id != id));
    }
}

/// Where the messages appear; one for the whole dashboard.
#[component]
pub fn ToastStack() -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let line = move |toast: Toast| {
        let (id, failed) = (toast.id, toast.is_failure);
        view! {
            <div class="toast" class:bad=failed>
                <Icon name=if failed { "warning" } else { "check" } />
                <p>{toast.text}</p>
                <button class="quiet square" aria-label="Close" on:click=move |_| toasts.close(id)>
                    <Icon name="close" />
                </button>
            </div>
        }
    };
    view! {
        <div class="toasts" role="status" aria-live="polite">
            <For each=move || toasts.shown.get() key=|toast| toast.id children=line />
        </div>
    }
}
