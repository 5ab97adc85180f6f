//! The dashboard as a whole: who is asked to sign in, the frame around the pages, and which page it is.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::browser;
use crate::nav::Nav;
use crate::pages::{self, sign_in};
use crate::remote::{Load, Remote};
use crate::session::{Session, Standing};
use crate::shell::Shell;
use crate::ui::{
    Asking, Confirm, ConfirmRequest, FailureBox, Skeleton, ToastStack, Toasts, confirm,
};

/// Puts the dashboard into the page.
pub fn start() {
    std::panic::set_hook(Box::new(|panic| browser::log(&panic.to_string())));
    if let Some(starting) = browser::by_id("starting") {
        starting.remove();
    }
    mount_to_body(App);
}

#[component]
fn App() -> impl IntoView {
    let session = Session::new();
    let nav = Nav::start();
    provide_context(session);
    provide_context(nav);
    provide_context(Toasts::new());
    provide_context(Asking(RwSignal::new(None)));
    spawn_local(session.find_out());
    ask_before_leaving(nav);
    view! {
        <Stage />
        <sign_in::SignInAgain />
        <Confirm />
        <ToastStack />
    }
}

/// Edits that were not saved are not lost by a click.
fn ask_before_leaving(nav: Nav) {
    Effect::new(move || {
        let Some(address) = nav.wanted.get() else { return };
        nav.wanted.set(None);
        let text = if nav.is_held() {
            "A dialog is open. What you typed in it is lost, what it shows is not shown again, and what it does may not be finished."
        } else {
            "This page has changes that are not saved. They are lost when you leave."
        };
        confirm(ConfirmRequest {
            title: if nav.is_held() { "Leave this page?" } else { "Leave without saving?" }
                .to_owned(),
            text: text.to_owned(),
            action: "Leave",
            type_to_confirm: None,
            is_dangerous: true,
            then: Arc::new(move || nav.leave_for(&address)),
        });
    });
}

/// What is shown to somebody of this standing.
#[component]
fn Stage() -> impl IntoView {
    let session = expect_context::<Session>();
    // The user's name may change without the page being made anew.
    let kind = Memo::new(move |_| session.standing.with(std::mem::discriminant));
    move || {
        // Not `track`: a memo that nobody reads never learns what it depends on.
        kind.get();
        match session.standing.get_untracked() {
            Standing::Asking => view! {
                <div class="starting"><p role="status">"Loading the dashboard…"</p></div>
            }
            .into_any(),
            Standing::Unreachable(failure) => {
                let retry = Callback::new(move |()| spawn_local(session.find_out()));
                view! { <main class="alone"><FailureBox failure retry /></main> }.into_any()
            }
            Standing::SetUp => sign_in::SetUp().into_any(),
            Standing::SignedOut => sign_in::SignInPage().into_any(),
            Standing::SignedIn(_) => view! { <Shell><CurrentPage /></Shell> }.into_any(),
        }
    }
}

/// The page at the address. Its tabs are its own: the page stays while they change.
#[component]
fn CurrentPage() -> impl IntoView {
    let nav = expect_context::<Nav>();
    let thing = Memo::new(move |_| nav.route.with(crate::route::Route::thing));
    let part = Remote::<()>::new();
    Effect::new(move || {
        let route = thing.get();
        part.state.set(Load::Waiting);
        part.read(pages::load(route));
    });
    move || {
        let route = thing.get();
        if let Some(page) = pages::show(&route) {
            return page;
        }
        match part.state.get() {
            Load::Failed(failure) => {
                let retry = Callback::new(move |()| part.read(pages::load(route.clone())));
                view! { <FailureBox failure retry /> }.into_any()
            }
            _ => view! { <Skeleton lines=6 /> }.into_any(),
        }
    }
}
