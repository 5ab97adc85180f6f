//! Dialogs: the browser's own `<dialog>`, which keeps the focus and closes with Escape.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;

use super::unique;

/// A dialog that is open while `open` says so. What is in it is made anew each time.
#[component]
pub fn Dialog(
    open: RwSignal<bool>,
    #[prop(into)] title: Signal<String>,
    /// Escape and the cross close it; not while something must be seen or finished.
    #[prop(into, default = Signal::stored(true))]
    closable: Signal<bool>,
    #[prop(optional)] wide: bool,
    children: ChildrenFn,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        if let (Some(node), true) = (node.get(), open.get())
            && !node.open()
        {
            let _ = node.show_modal();
        }
    });
    let children = StoredValue::new(children);
    let id = StoredValue::new(unique("dialog"));
    let cancel = move |event: leptos::ev::Event| {
        event.prevent_default();
        if closable.get_untracked() {
            open.set(false);
        }
    };
    // A browser lets the first Escape be refused, and closes at the second whatever the page says:
    // so the key itself is refused, and what was closed all the same is opened again.
    let pressed = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Escape" && !closable.get_untracked() {
            event.prevent_default();
        }
    };
    let closed = move |_| match node.get_untracked() {
        Some(node) if !closable.get_untracked() && open.get_untracked() => {
            let _ = node.show_modal();
        }
        _ => open.set(false),
    };
    view! {
        <Show when=move || open.get()>
            <dialog node_ref=node class="dialog" class:wide=wide aria-labelledby=id.get_value() on:cancel=cancel on:keydown=pressed on:close=closed>
                <header>
                    <h2 id=id.get_value()>{move || title.get()}</h2>
                    <Show when=move || closable.get()>
                        <button type="button" class="quiet square" aria-label="Close" on:click=move |_| open.set(false)>
                            <super::Icon name="close" />
                        </button>
                    </Show>
                </header>
                {children.with_value(|children| children())}
            </dialog>
        </Show>
    }
}

/// The buttons of a form in a dialog.
#[component]
pub fn DialogFoot(
    open: RwSignal<bool>,
    saving: RwSignal<bool>,
    /// What the button does, such as "Add user".
    action: &'static str,
) -> impl IntoView {
    view! {
        <footer>
            <button type="button" class="button" on:click=move |_| open.set(false)>"Cancel"</button>
            <button type="submit" class="button primary" disabled=move || saving.get()>
                {move || if saving.get() { "One moment…" } else { action }}
            </button>
        </footer>
    }
}

/// What is asked before something that cannot be undone.
#[derive(Clone)]
pub struct ConfirmRequest {
    pub title: String,
    /// What will happen.
    pub text: String,
    /// What the button says, such as "Delete".
    pub action: &'static str,
    /// The reader types this to go on; `None` = a click will do.
    pub type_to_confirm: Option<String>,
    pub is_dangerous: bool,
    /// Not a `Callback`: the row that asks may be drawn anew before the answer comes, which ends all
    /// that it owns.
    pub then: Arc<dyn Fn() + Send + Sync>,
}

/// The question that is being asked, for every page by `expect_context`.
#[derive(Clone, Copy)]
pub struct Asking(pub RwSignal<Option<ConfirmRequest>>);

/// Asks, and does it when the answer is yes.
pub fn confirm(request: ConfirmRequest) {
    expect_context::<Asking>().0.set(Some(request));
}

/// Where questions appear; one for the whole dashboard.
#[component]
pub fn Confirm() -> impl IntoView {
    let asking = expect_context::<Asking>().0;
    let open = RwSignal::new(false);
    let typed = RwSignal::new(String::new());
    Effect::new(move || {
        typed.set(String::new());
        open.set(asking.with(Option::is_some));
    });
    Effect::new(move || {
        if !open.get() && asking.with_untracked(Option::is_some) {
            asking.set(None);
        }
    });
    let part = move |get: fn(&ConfirmRequest) -> String| {
        asking.with(|request| request.as_ref().map(get).unwrap_or_default())
    };
    let word = move || asking.with(|request| request.as_ref()?.type_to_confirm.clone());
    let may = move || word().is_none_or(|word| typed.get().trim() == word.trim());
    let go = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if untrack(may)
            && let Some(request) = asking.get_untracked()
        {
            open.set(false);
            (request.then)();
        }
    };
    let dangerous = move || asking.with(|r| r.as_ref().is_some_and(|r| r.is_dangerous));
    view! {
        <Dialog open title=Signal::derive(move || part(|r| r.title.clone()))>
            <form on:submit=go>
                <p>{move || part(|r| r.text.clone())}</p>
                {move || word().map(|word| view! {
                    <label class="field">
                        <span>"Type " <strong>{word}</strong> " to go on"</span>
                        <input type="text" autocomplete="off" autofocus on:input=move |event| typed.set(event_target_value(&event)) />
                    </label>
                })}
                <footer>
                    <button type="button" class="button" on:click=move |_| open.set(false)>"Cancel"</button>
                    <button type="submit" class="button" class:danger=dangerous class:primary=move || !dangerous() disabled=move || !may()>
                        {move || part(|r| r.action.to_owned())}
                    </button>
                </footer>
            </form>
        </Dialog>
    }
}
