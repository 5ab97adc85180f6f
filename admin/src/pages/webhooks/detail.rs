//! A webhook: what it is told of, its secret, its deliveries.

use std::sync::Arc;

use leptos::prelude::*;
use shared::admin::Webhook;

use super::deliveries::Deliveries;
use super::form::{HookFields, HookForm};
use super::secret::SecretCard;
use crate::api;
use crate::draft::{Draft, Edits, run, theirs};
use crate::nav::Nav;
use crate::remote::{Load, Remote};
use crate::route::Route;
use crate::session::{may_write, read_only};
use crate::ui::{
    Badge, Card, ConfirmRequest, FailureBox, Head, Icon, SaveBar, Skeleton, Switch, Toasts, Tone,
    confirm,
};

#[component]
pub fn WebhookPage(id: String) -> impl IntoView {
    let hook = Remote::<Webhook>::new();
    let mut path = id;
    path.insert_str(0, "/api/webhooks/");
    let path = StoredValue::new(path);
    let read = move || {
        let path = path.get_value();
        hook.read(async move { api::get(&path).await });
    };
    read();
    move || match hook.state.get() {
        Load::Waiting => view! { <Skeleton lines=8 /> }.into_any(),
        Load::Failed(failure) => {
            let retry = Callback::new(move |()| read());
            view! { <Head title=Signal::stored("Webhook".to_owned()) back=Route::Webhooks /><FailureBox failure retry /> }.into_any()
        }
        Load::Ready(hook) => view! { <Opened hook path /> }.into_any(),
    }
}

#[component]
fn Opened(hook: Webhook, path: StoredValue<String>) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let draft = Draft::new(HookForm::of(&hook), hook.version, HookForm::check);
    // Grows with each test that is sent, so that the list below looks at once.
    let sent = RwSignal::new(0_u32);
    let take = move |hook: Webhook, edits| {
        draft.rebase(HookForm::of(&hook), hook.version, edits);
    };
    let save = Callback::new(move |()| {
        if !draft.is_fine() {
            return;
        }
        let (path, body) = (path.get_value(), draft.patch());
        draft.save(async move { api::patch::<Webhook>(&path, &body).await }, move |hook| {
            take(hook, Edits::Kept);
            toasts.done("Saved. It applies to what happens from now on.");
        });
    });
    let title = Signal::derive(move || {
        draft.base.with(|hook| {
            if hook.description.is_empty() { hook.url.clone() } else { hook.description.clone() }
        })
    });
    let active = move || draft.base.with(|hook| hook.is_active);
    let on = draft.field("is_active", |hook| hook.is_active, |hook, value| hook.is_active = value);
    let reader = read_only();
    view! {
        <Head title back=Route::Webhooks>
            {move || if active() {
                view! { <Badge text="Active".to_owned() tone=Tone::Good /> }
            } else {
                view! { <Badge text="Switched off".to_owned() tone=Tone::Warn /> }
            }}
            <Show when=may_write><Actions path url=draft.base sent active=Signal::derive(active) /></Show>
        </Head>
        <div class="two-columns">
            <Card title="What it is told">
                <HookFields draft disabled=reader />
                <Switch bind=on label="Active" hint="Switched off, events go past it: they are not sent later." disabled=reader />
            </Card>
            <SecretCard path />
        </div>
        <SaveBar draft save take_theirs=theirs(take) />
        <Deliveries path sent />
    }
}

#[component]
fn Actions(
    path: StoredValue<String>,
    url: RwSignal<HookForm>,
    sent: RwSignal<u32>,
    active: Signal<bool>,
) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let sending = RwSignal::new(false);
    let test = move |_| {
        let path = format!("{}/test", path.get_value());
        sending.set(true);
        let acting = async move {
            let came = api::act::<()>(&path).await;
            let _ = sending.try_set(false);
            came
        };
        run(acting, move |()| {
            toasts.done("A test is on its way. What comes of it stands below.");
            let _ = sent.try_update(|sent| *sent += 1);
        });
    };
    view! {
        <button type="button" class="button" disabled=move || !active.get() || sending.get() on:click=test><Icon name="play" /> "Send test event"</button>
        <button type="button" class="button danger" on:click=move |_| url.with_untracked(|hook| delete(path.get_value(), &hook.url))>
            <Icon name="trash" /> "Delete"
        </button>
    }
}

fn delete(path: String, url: &str) {
    let (toasts, nav) = (expect_context::<Toasts>(), expect_context::<Nav>());
    let here = nav.route.get_untracked();
    confirm(ConfirmRequest {
        title: "Delete this webhook?".to_owned(),
        text: format!(
            "{url} is not called any more, also not for what waits to be sent. Its delivery log and its secret are deleted with it."
        ),
        action: "Delete",
        type_to_confirm: None,
        is_dangerous: true,
        then: Arc::new(move || {
            let (path, here) = (path.clone(), here.clone());
            run(async move { api::delete(&path).await }, move |()| {
                toasts.done("The webhook is deleted.");
                nav.leave_deleted(&here, &Route::Webhooks);
            });
        }),
    });
}
