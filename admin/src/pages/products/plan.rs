//! One plan: what an order of it issues.

use std::sync::Arc;

use leptos::prelude::*;
use shared::product::{DurationUnit, Plan, PlanLicenses, PlanSettings, PlanWidget};

use super::plan_look::PlanLook;
use crate::api;
use crate::bindings::Bindings;
use crate::draft::{Draft, Edits, run, theirs};
use crate::nav::Nav;
use crate::remote::{Load, Remote};
use crate::route::Route;
use crate::session::{may_write, read_only};
use crate::ui::{
    Bind, Card, Choice, ConfirmRequest, CopyButton, FailureBox, Head, Icon, MetadataField,
    NumberField, SaveBar, Skeleton, Switch, TextArea, TextField, Toasts, choices, confirm,
};

/// What an order of a plan issues, in short.
#[must_use]
pub fn issues(plan: &PlanSettings) -> String {
    let licenses = &plan.licenses;
    if !licenses.enabled {
        return "no license key".to_owned();
    }
    let places = if licenses.activation_limit_enabled {
        crate::format::plural(i64::from(licenses.activation_limit), "activation", "activations")
    } else {
        "unlimited activations".to_owned()
    };
    let time = if licenses.has_expiry { duration(licenses) } else { "for ever".to_owned() };
    format!("{places}, {time}")
}

fn duration(licenses: &PlanLicenses) -> String {
    let (one, many) = match licenses.duration_unit {
        DurationUnit::Day => ("day", "days"),
        DurationUnit::Month => ("month", "months"),
        DurationUnit::Year => ("year", "years"),
    };
    format!("for {}", crate::format::plural(i64::from(licenses.duration_value), one, many))
}

#[component]
pub fn PlanPage(id: String) -> impl IntoView {
    let plan = Remote::<Plan>::new();
    let path = StoredValue::new(format!("/api/plans/{id}"));
    let read = move || {
        let path = path.get_value();
        plan.read(async move { api::get(&path).await });
    };
    read();
    move || match plan.state.get() {
        Load::Waiting => view! { <Skeleton lines=8 /> }.into_any(),
        Load::Failed(failure) => {
            let retry = Callback::new(move |()| read());
            view! { <Head title=Signal::stored("Plan".to_owned()) back=Route::Products /><FailureBox failure retry /> }.into_any()
        }
        Load::Ready(plan) => view! { <Opened plan /> }.into_any(),
    }
}

#[component]
fn Opened(plan: Plan) -> impl IntoView {
    let (toasts, nav) = (expect_context::<Toasts>(), expect_context::<Nav>());
    let product = Route::Product(plan.settings.product_id.clone());
    let (id, path) = (plan.id.clone(), StoredValue::new(format!("/api/plans/{}", plan.id)));
    let home = StoredValue::new(product.clone());
    let draft = Draft::new(plan.settings, plan.version, PlanSettings::check);
    let title = Signal::derive(move || draft.base.with(|one| one.name.clone()));
    let take = move |plan: Plan, edits| draft.rebase(plan.settings, plan.version, edits);
    let save = Callback::new(move |()| {
        if draft.is_fine() {
            let (path, body) = (path.get_value(), draft.patch());
            draft.save(async move { api::patch::<Plan>(&path, &body).await }, move |saved| {
                take(saved, Edits::Kept);
                toasts.done("Saved. It holds for orders from now on.");
            });
        }
    });
    let delete = move |_| {
        let (here, list) = (nav.route.get_untracked(), home.get_value());
        confirm(ConfirmRequest {
            title: format!("Delete {}?", untrack(move || title.get())),
            text: "A plan that nobody has ordered can be deleted. One that was ordered can be switched off instead.".to_owned(),
            action: "Delete",
            type_to_confirm: None,
            is_dangerous: true,
            then: Arc::new(move || {
                let (path, here, list) = (path.get_value(), here.clone(), list.clone());
                run(async move { api::delete(&path).await }, move |()| {
                    toasts.done("The plan is deleted.");
                    nav.leave_deleted(&here, &list);
                });
            }),
        });
    };
    view! {
        <Head title back=product>
            <Show when=may_write>
                <button type="button" class="button danger" on:click=delete><Icon name="trash" /> "Delete"</button>
            </Show>
        </Head>
        <div class="note"><Icon name="info" /><p>"Changes hold for orders from then on. What was sold keeps the terms it was sold with."</p></div>
        <div class="two-columns plan">
            <div class="stack"><Names draft id /><InTheWidget draft /></div>
            <Licenses draft />
        </div>
        <Show when=move || draft.now.with(|plan| plan.widget.is_some())><PlanLook draft /></Show>
        <SaveBar draft save take_theirs=theirs(take) />
    }
}

#[component]
fn Names(draft: Draft<PlanSettings>, id: String) -> impl IntoView {
    let name = draft.field("name", |one| one.name.clone(), |one, value| one.name = value);
    let identifier = draft.field(
        "identifier",
        |one| one.identifier.clone(),
        |one, value| one.identifier = value,
    );
    let description = draft.field(
        "description",
        |one| one.description.clone(),
        |one, value| one.description = value,
    );
    let metadata =
        draft.field("metadata", |one| one.metadata.clone(), |one, value| one.metadata = value);
    let active = draft.field("is_active", |one| one.is_active, |one, value| one.is_active = value);
    view! {
        <Card title="Plan">
            <TextField bind=name label="Name" required=true disabled=read_only() />
            <TextField bind=identifier label="Identifier" required=true disabled=read_only() hint="What shops order it by." />
            <TextArea bind=description label="Description" rows=3 disabled=read_only() />
            <Switch bind=active label="Can be ordered" disabled=read_only() />
            <MetadataField bind=metadata hint="Goes to each license." disabled=read_only() />
            <dl class="facts"><dt>"Plan id"</dt><dd class="inline"><code>{id.clone()}</code><CopyButton text=Signal::stored(id) what="the plan's id" /></dd></dl>
        </Card>
    }
}

/// A switch, and what belongs to it only while it is on.
#[component]
fn Licenses(draft: Draft<PlanSettings>) -> impl IntoView {
    let whole =
        |value: Option<i64>| value.and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
    let enabled = draft.field(
        "licenses.enabled",
        |one| one.licenses.enabled,
        |one, value| one.licenses.enabled = value,
    );
    let limited = draft.field(
        "licenses.activation_limit_enabled",
        |one| one.licenses.activation_limit_enabled,
        |one, value| one.licenses.activation_limit_enabled = value,
    );
    let limit = draft.field(
        "licenses.activation_limit",
        |one| Some(i64::from(one.licenses.activation_limit)),
        move |one, value| one.licenses.activation_limit = whole(value),
    );
    let expires = draft.field(
        "licenses.has_expiry",
        |one| one.licenses.has_expiry,
        |one, value| one.licenses.has_expiry = value,
    );
    let value = draft.field(
        "licenses.duration_value",
        |one| Some(i64::from(one.licenses.duration_value)),
        move |one, value| one.licenses.duration_value = whole(value),
    );
    let unit = draft.field(
        "licenses.duration_unit",
        |one| unit_name(one.licenses.duration_unit).to_owned(),
        |one, value: String| one.licenses.duration_unit = unit_of(&value),
    );
    let grace = draft.field(
        "licenses.grace_days",
        |one| Some(i64::from(one.licenses.grace_days)),
        move |one, value| one.licenses.grace_days = whole(value),
    );
    let mail = draft.field(
        "licenses.email_key",
        |one| one.licenses.email_key,
        |one, value| one.licenses.email_key = value,
    );
    let is_on = move |bind: Bind<bool>| move || bind.get.get();
    view! {
        <Card title="License">
            <Switch bind=enabled label="Orders issue a license key" disabled=read_only() />
            <Show when=is_on(enabled)>
                <Switch bind=limited label="Limit activations" hint="So many websites and devices may use the key at a time." disabled=read_only() />
                <Show when=is_on(limited)>
                    <NumberField bind=limit label="Activations" disabled=read_only() />
                </Show>
                <Switch bind=expires label="The license expires" hint="It runs from the purchase on." disabled=read_only() />
                <Show when=is_on(expires)>
                    <div class="pair">
                        <NumberField bind=value label="Duration" disabled=read_only() />
                        <Choice bind=unit label="Unit" options=units() disabled=read_only() />
                    </div>
                    <NumberField bind=grace label="Grace" unit="days" hint="The key works on after its expiry, with a warning." disabled=read_only() />
                </Show>
                <Switch bind=mail label="Mail the key to the customer" hint="Needs a mail server, and the order's e-mail address." disabled=read_only() />
            </Show>
        </Card>
    }
}

fn units() -> Signal<Vec<(String, String)>> {
    choices(&[("day", "Days"), ("month", "Months"), ("year", "Years")])
}

fn unit_name(unit: DurationUnit) -> &'static str {
    match unit {
        DurationUnit::Day => "day",
        DurationUnit::Month => "month",
        DurationUnit::Year => "year",
    }
}

fn unit_of(name: &str) -> DurationUnit {
    match name {
        "day" => DurationUnit::Day,
        "month" => DurationUnit::Month,
        _ => DurationUnit::Year,
    }
}

/// What the key may do in the widget.
#[component]
fn InTheWidget(draft: Draft<PlanSettings>) -> impl IntoView {
    let bindings = Bindings::new();
    let some = |id: String| (!id.is_empty()).then_some(id);
    let own = draft.field(
        "widget",
        |one| one.widget.is_some(),
        |one, value| one.widget = value.then(PlanWidget::default),
    );
    let limit = draft.field(
        "widget.monthly_usage_limit",
        |one| one.widget.as_ref().and_then(|widget| widget.monthly_usage_limit),
        |one, value| {
            if let Some(widget) = &mut one.widget {
                widget.monthly_usage_limit = value;
            }
        },
    );
    let agent = draft.field(
        "widget.agent_id",
        |one| one.widget.as_ref().and_then(|widget| widget.agent_id.clone()).unwrap_or_default(),
        move |one, id| {
            if let Some(widget) = &mut one.widget {
                widget.agent_id = some(id);
            }
        },
    );
    let source = draft.field(
        "widget.data_source_id",
        |one| {
            one.widget.as_ref().and_then(|widget| widget.data_source_id.clone()).unwrap_or_default()
        },
        move |one, id| {
            if let Some(widget) = &mut one.widget {
                widget.data_source_id = some(id);
            }
        },
    );
    view! {
        <Card title="In the widget" text="When the key is for your customer's website.">
            <Switch bind=own label="The key has limits and a look of its own in the widget" disabled=read_only() />
            <Show when=move || own.get.get()>
                <NumberField bind=limit label="Monthly limit" unit="queries" placeholder="Unlimited" disabled=read_only() />
                <Choice bind=agent label="Agent" options=bindings.agents.options("Default agent") disabled=read_only() />
                <Choice bind=source label="Data source" options=bindings.data_sources.options("Those of the agent") disabled=read_only() />
            </Show>
        </Card>
    }
}
