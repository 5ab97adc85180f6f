//! Signing in: at the start, and again over an open page when the session has ended meanwhile.

use leptos::prelude::*;
use shared::FieldErrors;
use shared::admin::SignIn;

use crate::draft::Draft;
use crate::session::{Session, Standing};
use crate::ui::{Dialog, FailureBox, TextField};

#[component]
pub fn SignInPage() -> impl IntoView {
    crate::browser::document().set_title("Sign in · Natter");
    view! {
        <main class="alone">
            <svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="9" /><path d="M8 23l1.4-4.2a8 7.4 0 1 1 3.2 2.9z" /></svg>
            <h1 id="title" tabindex="-1">"Sign in to Natter"</h1>
            <div class="card"><SignInForm email="" /></div>
            <p class="soft">"No account? An admin makes one under Users; on the server, " <code>"natter admin create"</code> " does."</p>
        </main>
    }
}

/// The dialog over whatever is open: what was being saved is saved afterwards.
#[component]
pub fn SignInAgain() -> impl IntoView {
    let session = expect_context::<Session>();
    let email = move || match session.standing.get_untracked() {
        Standing::SignedIn(user) => user.email,
        _ => String::new(),
    };
    view! {
        <Dialog open=session.expired title=Signal::stored("Please sign in again".to_owned()) closable=Signal::stored(false)>
            <p>"Your session has ended. What you were doing goes on once you have signed in; nothing is lost."</p>
            <SignInForm email=email() />
        </Dialog>
    }
}

#[component]
fn SignInForm(#[prop(into)] email: String) -> impl IntoView {
    let session = expect_context::<Session>();
    let known = !email.is_empty();
    let draft = Draft::of_new(SignIn { email, password: String::new() }, check);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if draft.is_fine() {
            let who = draft.now.get_untracked();
            draft.save(async move { session.sign_in(&who).await }, |()| {});
        }
    };
    let email = draft.field("email", |who| who.email.clone(), |who, value| who.email = value);
    let password =
        draft.field("password", |who| who.password.clone(), |who, value| who.password = value);
    view! {
        <form on:submit=submit novalidate>
            {move || draft.failure.get().map(|failure| view! { <FailureBox failure /> })}
            <TextField bind=email label="E-mail address" kind="email" autocomplete="username" required=true autofocus=!known />
            <TextField bind=password label="Password" kind="password" autocomplete="current-password" required=true autofocus=known />
            <button type="submit" class="button primary full" disabled=move || draft.saving.get()>
                {move || if draft.saving.get() { "Signing in…" } else { "Sign in" }}
            </button>
        </form>
    }
}

fn check(who: &SignIn, errors: &mut FieldErrors) {
    if who.email.trim().is_empty() {
        errors.add("email", "is missing");
    }
    if who.password.is_empty() {
        errors.add("password", "is missing");
    }
}

/// Before the first admin: the way to the link that makes one.
#[component]
pub fn SetUp() -> impl IntoView {
    view! {
        <main class="alone">
            <svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="9" /><path d="M8 23l1.4-4.2a8 7.4 0 1 1 3.2 2.9z" /></svg>
            <h1 id="title" tabindex="-1">"Natter is not set up yet"</h1>
            <div class="card">
                <p>"The server printed a link when it started, such as " <code>"/admin/setup#…"</code> ". Open it to make the first admin. It is shown to whoever runs the server only, so nobody else can take it over."</p>
                <p>"The link is gone? Start the server again, or make the first admin on it with " <code>"natter admin create"</code> "."</p>
            </div>
        </main>
    }
}
