//! Dialogs: the browser's own `<dialog>`, which keeps the focus and closes with Escape.

use std::sync::Arc;

use leptos::context::Provider;
use leptos::html;
use leptos::prelude::*;

use super::unique;
use crate::browser;
use crate::format;
use crate::nav::Nav;

/// What the form in a dialog says of itself, for the dialog around it by `use_context`.
#[derive(Clone, Copy)]
pub struct DialogState {
    /// Something is being saved: the dialog stays until it is known what came of it.
    pub busy: RwSignal<bool>,
    /// Something was typed: it is not thrown away by a stray key.
    pub edited: RwSignal<bool>,
}

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
    let state = DialogState { busy: RwSignal::new(false), edited: RwSignal::new(false) };
    let closable = Signal::derive(move || closable.get() && !state.busy.get());
    // No stray key may close it.
    let stays = Memo::new(move |_| !closable.get() || state.edited.get());
    let opener = StoredValue::new_local(None::<web_sys::Element>);
    Effect::new(move || {
        if let (Some(node), true) = (node.get(), open.get())
            && !node.open()
        {
            opener.set_value(browser::document().active_element());
            let _ = node.show_modal();
        }
    });
    // What had the focus before gets it back; of a menu's entry, the menu.
    Effect::new(move |was: Option<bool>| {
        let is = open.get();
        if was == Some(true) && !is {
            state.busy.set(false);
            state.edited.set(false);
            let before = opener.try_update_value(Option::take).flatten();
            request_animation_frame(move || give_back(before));
        }
        is
    });
    if let Some(nav) = use_context::<Nav>() {
        nav.hold(Memo::new(move |_| open.get() && stays.get()));
    }
    let children = StoredValue::new(children);
    let id = StoredValue::new(unique("dialog"));
    let close = move || {
        if !closable.get_untracked() {
            return;
        }
        if !state.edited.get_untracked() {
            open.set(false);
            return;
        }
        confirm(ConfirmRequest {
            title: "Throw away what you typed?".to_owned(),
            text: "The form is not saved yet.".to_owned(),
            action: "Throw away",
            type_to_confirm: None,
            is_dangerous: true,
            then: Arc::new(move || {
                let _ = open.try_set(false);
            }),
        });
    };
    let cancel = move |event: leptos::ev::Event| {
        // Of this dialog, not of one that stands in it.
        if event.target() == event.current_target() {
            event.prevent_default();
            close();
        }
    };
    // A browser lets the first Escape be refused, and closes at the second whatever the page says:
    // so the key itself is refused, and what was closed all the same is opened again.
    let pressed = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Escape" && stays.get_untracked() && !event.default_prevented() {
            event.prevent_default();
            close();
        }
    };
    let closed = move |_| match node.get_untracked() {
        Some(node) if open.get_untracked() && stays.get_untracked() => {
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
                        <button type="button" class="quiet square" aria-label="Close" on:click=move |_| close()>
                            <super::Icon name="close" />
                        </button>
                    </Show>
                </header>
                <Provider value=state>{children.with_value(|children| children())}</Provider>
            </dialog>
        </Show>
    }
}

fn give_back(before: Option<web_sys::Element>) {
    // A menu's entry is hidden by now; its menu's button is not.
    let summary = |element: &web_sys::Element| {
        element.closest("details.menu").ok().flatten()?.query_selector("summary").ok().flatten()
    };
    if let Some(before) = before.filter(|before| before.is_connected())
        && browser::nothing_has_focus()
    {
        browser::focus_in_place(&summary(&before).unwrap_or(before));
    }
    if browser::nothing_has_focus()
        && let Some(title) = browser::by_id("title")
    {
        browser::focus_in_place(&title);
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
    if let Some(dialog) = use_context::<DialogState>() {
        Effect::new(move || dialog.busy.set(saving.get()));
        on_cleanup(move || {
            let _ = dialog.busy.try_set(false);
        });
    }
    view! {
        <footer>
            <button type="button" class="button" disabled=move || saving.get() on:click=move |_| open.set(false)>"Cancel"</button>
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
    // A name may hold what nobody sees, and so nobody can type.
    let may =
        move || word().is_none_or(|word| format::visible(&typed.get()) == format::visible(&word));
    // The page that asked is another now.
    if let Some(nav) = use_context::<Nav>() {
        Effect::new(move |before: Option<()>| {
            nav.route.track();
            if before.is_some() {
                asking.set(None);
            }
        });
    }
    let go = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if untrack(may)
            && let Some(request) = asking.get_untracked()
        {
            open.set(false);
            (request.then)();
        }
    };
    // "Cancel" beside "Cancel order" would say two things.
    let no = move || {
        if part(|r| r.action.to_owned()).starts_with("Cancel") { "Go back" } else { "Cancel" }
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
                    <button type="button" class="button" on:click=move |_| open.set(false)>{no}</button>
                    <button type="submit" class="button" class:danger=dangerous class:primary=move || !dangerous() disabled=move || !may()>
                        {move || part(|r| r.action.to_owned())}
                    </button>
                </footer>
            </form>
        </Dialog>
    }
}
