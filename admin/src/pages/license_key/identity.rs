//! Whether visitors prove who they are, and the secret that proofs are made with.

use leptos::prelude::*;
use shared::license_key::{IdentityMode, IdentitySecret, Rotation};

use super::KeyPage;
use super::general::overlaps;
use super::samples::Samples;
use crate::api;
use crate::draft::{Draft, run};
use crate::session::may_write;
use crate::snippets;
use crate::ui::{
    Card, Choice, CopyButton, Dialog, DialogFoot, FailureBox, Icon, Toasts, When, unique,
};

#[component]
pub fn Identity(page: KeyPage) -> impl IntoView {
    view! {
        <Card title="Verified visitors" text="Your backend can vouch for people who are signed in to your site. Their chat is then theirs on every device, and nobody else's.">
            <Modes page />
        </Card>
        <Secret page />
        <Card title="Compute userHash in your backend" text="The HMAC-SHA256 of the user id, keyed with the secret, in lowercase hex. Never in the browser: who knows the secret can be anybody.">
            <Samples samples=snippets::user_hash() label="userHash by language" />
            <p class="hint">"JWTs work as well: "<a href="/docs/identity" target="_blank">"the guide"</a>" shows both."</p>
        </Card>
    }
}

#[component]
fn Modes(page: KeyPage) -> impl IntoView {
    let modes = [
        (IdentityMode::Off, "Off", "What a page says about its visitor is not looked at."),
        (
            IdentityMode::Optional,
            "Optional",
            "Anonymous visitors are welcome; a wrong proof is refused.",
        ),
        (
            IdentityMode::Required,
            "Required",
            "No proof, no chat: for sites where everybody is signed in.",
        ),
    ];
    let name = StoredValue::new(unique("identity"));
    let choice = move |(mode, title, text): (IdentityMode, &'static str, &'static str)| {
        let is_it = move || page.draft.now.with(|key| key.identity_mode == mode);
        view! {
            <label class="radio">
                <input type="radio" name=name.get_value() prop:checked=is_it disabled=move || !may_write()
                    on:change=move |_| page.draft.now.update(|key| key.identity_mode = mode) />
                <span class="two"><strong>{title}</strong><span class="soft">{text}</span></span>
            </label>
        }
    };
    view! {
        <fieldset class="radios">
            <legend class="unseen">"Identity mode"</legend>
            {modes.map(choice).collect_view()}
        </fieldset>
    }
}

#[component]
fn Secret(page: KeyPage) -> impl IntoView {
    let shown = RwSignal::new(None::<IdentitySecret>);
    let rotating = RwSignal::new(false);
    let reveal = move |_| {
        if shown.get_untracked().is_some() {
            shown.set(None);
            return;
        }
        let path = page.path("/identity-secret/reveal");
        run(async move { api::act::<IdentitySecret>(&path).await }, move |secret| {
            shown.set(Some(secret));
        });
    };
    let text = move || {
        shown.with(|secret| {
            secret
                .as_ref()
                .map_or_else(|| "nis_••••••••••••••••".to_owned(), |one| one.secret.clone())
        })
    };
    let until = move || {
        shown.with(|secret| secret.as_ref().and_then(|one| one.previous_valid_until.clone()))
    };
    view! {
        <Card title="Identity secret" text="Keep it in your backend's configuration, as you keep a password.">
            <div class="secret">
                <code>{text}</code>
                <button type="button" class="quiet square" disabled=move || !may_write() on:click=reveal
                    aria-label=move || if shown.with(Option::is_some) { "Hide the secret" } else { "Show the secret" }><Icon name="eye" /></button>
                {move || shown.get().map(|secret| view! { <CopyButton text=Signal::stored(secret.secret) what="the identity secret" /> })}
            </div>
            {move || until().map(|at| view! { <p class="hint">"The secret before it is accepted until " <When at /> "."</p> })}
            <Show when=may_write>
                <div class="actions"><button type="button" class="button" on:click=move |_| rotating.set(true)><Icon name="refresh" /> "Rotate"</button></div>
            </Show>
        </Card>
        <Dialog open=rotating title=Signal::stored("Rotate the identity secret?".to_owned())>
            <RotateForm page open=rotating shown />
        </Dialog>
    }
}

#[component]
fn RotateForm(
    page: KeyPage,
    open: RwSignal<bool>,
    shown: RwSignal<Option<IdentitySecret>>,
) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let draft = Draft::of_new(Rotation { overlap_seconds: 86_400 }, |rotation, errors| {
        rotation.check(errors);
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let (path, body) = (page.path("/identity-secret/rotate"), draft.now.get_untracked());
        draft.save(async move { api::post::<IdentitySecret>(&path, &body).await }, move |secret| {
            shown.set(Some(secret));
            open.set(false);
            toasts.done("There is a new secret. Give it to your backend.");
        });
    };
    let overlap = draft.field(
        "overlap_seconds",
        |rotation| rotation.overlap_seconds.to_string(),
        |rotation, value: String| rotation.overlap_seconds = value.parse().unwrap_or(0),
    );
    view! {
        <form on:submit=submit>
            {move || draft.failure.get().map(|failure| view! { <FailureBox failure /> })}
            <p>"Your backend must sign with the new secret from then on. Until the old one ends, both are accepted. After a leak, end it at once."</p>
            <Choice bind=overlap label="The old secret" options=overlaps() />
            <DialogFoot open saving=draft.saving action="Rotate" />
        </form>
    }
}
