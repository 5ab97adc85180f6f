//! The keys with which answers of the license API are signed.

use std::sync::Arc;

use leptos::prelude::*;
use shared::license::{SigningKey, SigningKeyStatus, SigningKeys};

use crate::api;
use crate::draft::run;
use crate::remote::{Load, Remote};
use crate::session::may_write;
use crate::ui::{
    Badge, Card, ConfirmRequest, CopyButton, FailureBox, Icon, Skeleton, Toasts, Tone, When,
    confirm,
};

#[component]
pub fn SigningKeyCard() -> impl IntoView {
    let keys = Remote::<SigningKeys>::new();
    let read = move || keys.read(api::get("/license/keys"));
    read();
    let toasts = expect_context::<Toasts>();
    let rotate = move |_| {
        confirm(ConfirmRequest {
            title: "Rotate the signing key?".to_owned(),
            text: "The next key signs from now on; the present one stays published until the last answer that it has signed \
                   ends. Software that knows both published keys notices nothing. Ship the new next key with your next release."
                .to_owned(),
            action: "Rotate",
            type_to_confirm: None,
            is_dangerous: false,
            then: Arc::new(move || {
                run(api::act::<SigningKeys>("/api/signing-keys/rotate"), move |answer| {
                    keys.set(answer);
                    toasts.done("The signing key is rotated.");
                });
            }),
        });
    };
    view! {
        <div class="below">
            <Card title="Signing keys" text="Your software checks signed answers with these public keys, also while it is offline.">
                {move || match keys.state.get() {
                    Load::Waiting => view! { <Skeleton lines=2 /> }.into_any(),
                    Load::Failed(failure) => view! { <FailureBox failure retry=Callback::new(move |()| read()) /> }.into_any(),
                    Load::Ready(SigningKeys { keys }) => view! { <ul class="signing">{keys.into_iter().map(line).collect_view()}</ul> }.into_any(),
                }}
                <Show when=may_write>
                    <div class="actions"><button type="button" class="button" on:click=rotate><Icon name="refresh" /> "Rotate"</button></div>
                </Show>
            </Card>
        </div>
    }
}

fn line(key: SigningKey) -> impl IntoView {
    let (text, tone) = match key.status {
        SigningKeyStatus::Active => ("Signs now", Tone::Good),
        SigningKeyStatus::Next => ("Next", Tone::Info),
        SigningKeyStatus::Retired => ("Retired", Tone::Plain),
    };
    view! {
        <li>
            <Badge text=text.to_owned() tone />
            <code>{key.public_key.clone()}</code>
            <CopyButton text=Signal::stored(key.public_key) what="the public key" />
            <span class="hint">{key.id} ", since " <When at=key.created_at day=true /></span>
        </li>
    }
}
