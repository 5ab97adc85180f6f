//! What may be chosen of a webhook, in the dialog of a new one and on its page.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::admin::Webhook;
use shared::license_key::check_text;
use shared::{FieldErrors, limits};

use crate::alerts;
use crate::draft::Draft;
use crate::ui::{CheckGroup, Checks, TextField};

/// The fields, with the names that they have in JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HookForm {
    pub url: String,
    pub description: String,
    pub events: Vec<String>,
    pub is_active: bool,
}

impl HookForm {
    pub fn of(hook: &Webhook) -> Self {
        Self {
            url: hook.url.clone(),
            description: hook.description.clone(),
            events: hook.events.clone(),
            is_active: hook.is_active,
        }
    }

    /// What can be told without looking the address up; the server looks at where it leads.
    pub fn check(&self, errors: &mut FieldErrors) {
        let rest = ["https://", "http://"].iter().find_map(|scheme| self.url.strip_prefix(scheme));
        if rest.is_none_or(|rest| rest.trim().is_empty()) {
            errors.add("url", "must be an address that begins with https:// or http://");
        }
        check_text(errors, "description", &self.description, 0, limits::DESCRIPTION_CHARS);
        if self.events.is_empty() {
            errors.add("events", "must name at least one event");
        }
    }
}

#[component]
pub fn HookFields(
    draft: Draft<HookForm>,
    #[prop(optional)] autofocus: bool,
    #[prop(into, default = Signal::stored(false))] disabled: Signal<bool>,
) -> impl IntoView {
    let url = draft.field("url", |hook| hook.url.clone(), |hook, value| hook.url = value);
    let description = draft.field(
        "description",
        |hook| hook.description.clone(),
        |hook, value| hook.description = value,
    );
    let events =
        draft.field("events", |hook| hook.events.clone(), |hook, value| hook.events = value);
    let group = |(heading, events): (&'static str, Vec<&'static str>)| CheckGroup {
        heading,
        options: events.into_iter().map(|event| (event, event, alerts::meaning(event))).collect(),
    };
    let groups = alerts::groups().into_iter().map(group).collect();
    view! {
        <TextField bind=url label="Address" kind="url" placeholder="https://shop.example.com/natter" required=true autofocus disabled
            hint="It gets a POST with JSON. Addresses inside this machine or a private network are refused unless the server's settings allow them." />
        <TextField bind=description label="Description" hint="For you: what listens there." disabled />
        <Checks bind=events label="Events" groups disabled />
    }
}
