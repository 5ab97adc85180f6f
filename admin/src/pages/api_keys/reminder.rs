//! The reminder to look through the API keys: due every 90 days, until somebody says that they did.

use leptos::prelude::*;
use shared::admin::ApiKey;
use shared::overview::AuditReminder;

use crate::api;
use crate::draft::run;
use crate::format;
use crate::remote::Remote;
use crate::route::Route;
use crate::session::may_write;
use crate::ui::{Icon, Toasts};

/// On the page of the keys themselves.
#[component]
pub fn Reminder() -> impl IntoView {
    let due =
        Remote::<Option<AuditReminder>>::load(async { api::get("/api/audit-reminder").await });
    let then = Callback::new(move |()| due.set(None));
    move || due.get().flatten().map(|due| view! { <AuditDue due then /> })
}

/// `“Shop” and “Reports”`, at most five by name.
fn names(keys: &[ApiKey]) -> String {
    let mut names: Vec<String> =
        keys.iter().take(5).map(|key| format!("“{}”", key.label)).collect();
    if keys.len() > 5 {
        names.push(format!("{} more", keys.len() - 5));
    }
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// What is due, wherever it is said.
#[component]
pub fn AuditDue(
    due: AuditReminder,
    /// Somebody has said that they looked.
    then: Callback<()>,
    /// Leads to the keys from another page.
    #[prop(optional)]
    link: bool,
) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let dismiss = move |_| {
        run(async { api::act::<()>("/api/audit-reminder/dismiss").await }, move |()| {
            toasts.done("You will be reminded again in 90 days.");
            let _ = then.try_run(());
        });
    };
    let list = |keys: &[ApiKey], says: &str| {
        (!keys.is_empty()).then(|| view! { <p>{format!("{says}: {}.", names(keys))}</p> })
    };
    let AuditReminder { keys, unused, old } = due;
    let keys = format::plural(keys, "key", "keys");
    let unused = list(&unused, "Not used for 90 days");
    let old = list(&old, "Older than a year; better replaced by new ones");
    view! {
        <div class="note warn reminder" role="region" aria-label="Look through the API keys">
            <Icon name="lock" />
            <div>
                <p><strong>{format!("Look through your {keys}: delete what nobody needs.")}</strong></p>
                {unused}
                {old}
                <div class="actions">
                    {link.then(|| view! { <a class="button small" href=Route::ApiKeys.path()>"Look at them"</a> })}
                    <Show when=may_write><button type="button" class="button small" on:click=dismiss>"Dismiss"</button></Show>
                </div>
            </div>
        </div>
    }
}
