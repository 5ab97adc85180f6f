//! The form before the chat: which questions it asks.

use leptos::prelude::*;
use shared::look::{FormField, FormFieldKind};

use super::LookForm;
use crate::session::{may_write, read_only};
use crate::ui::{Card, Icon, Switch, unique};

/// Most questions.
const MOST: usize = 10;

#[component]
pub fn PreChatCard(form: LookForm) -> impl IntoView {
    let enabled = form.field(
        "preChatForm.enabled",
        |look| look.pre_chat_form.enabled,
        |look, value| look.pre_chat_form.enabled = value,
    );
    let fields = form.field(
        "preChatForm.fields",
        |look| look.pre_chat_form.fields.clone(),
        |look, value| look.pre_chat_form.fields = value,
    );
    let count = move || fields.get.with(Vec::len);
    let change = move |edit: &dyn Fn(&mut Vec<FormField>)| {
        let mut list = fields.get.get_untracked();
        edit(&mut list);
        fields.set.run(list);
    };
    let add = move |_| {
        change(&|list| {
            list.push(FormField {
                name: format!("question_{}", list.len() + 1),
                label: "Question".to_owned(),
                ..FormField::default()
            });
        });
    };
    let full = move || !may_write() || count() >= MOST;
    view! {
        <Card title="Form before the chat" text="What visitors are asked before their first message.">
            <Switch bind=enabled label="Ask first" disabled=read_only() />
            <Show when=move || enabled.get.get()>
                <p class="hint">{move || (count() == 0).then_some("Without questions of your own, name and e-mail address are asked.")}</p>
                <ul class="form-fields">
                    <For each=move || 0..count() key=|at| *at children=move |at| view! {
                        <Row at get=Signal::derive(move || fields.get.with(|list| list.get(at).cloned().unwrap_or_default()))
                            set=Callback::new(move |field: FormField| change(&|list| if let Some(slot) = list.get_mut(at) { *slot = field.clone() }))
                            remove=Callback::new(move |()| change(&|list| drop(list.remove(at)))) />
                    } />
                </ul>
                <p class="error" role="alert">{move || fields.error.get()}</p>
                <button type="button" class="button small" disabled=full on:click=add><Icon name="add" /> "Add a question"</button>
            </Show>
        </Card>
    }
}

#[component]
fn Row(
    at: usize,
    get: Signal<FormField>,
    set: Callback<FormField>,
    remove: Callback<()>,
) -> impl IntoView {
    let number = at + 1;
    let id = StoredValue::new(unique("question"));
    let edit = move |change: &dyn Fn(&mut FormField)| {
        let mut field = get.get_untracked();
        change(&mut field);
        set.run(field);
    };
    let kind = move || match get.get().kind {
        FormFieldKind::Text => "text",
        FormFieldKind::Email => "email",
        FormFieldKind::Choice => "choice",
    };
    let set_kind = move |event: leptos::ev::Event| {
        let chosen = event_target_value(&event);
        edit(&|field| {
            field.kind = match chosen.as_str() {
                "email" => FormFieldKind::Email,
                "choice" => FormFieldKind::Choice,
                _ => FormFieldKind::Text,
            };
        });
    };
    let options = move || get.get().options.join("\n");
    let set_options = move |event: leptos::ev::Event| {
        let text = event_target_value(&event);
        edit(&|field| {
            field.options = text
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty())
                .map(str::to_owned)
                .collect();
        });
    };
    let off = move || !may_write();
    view! {
        <li role="group" aria-label=format!("Question {number}")>
            <div class="pair">
                <label class="field"><span>"Label"</span><input type="text" disabled=off prop:value=move || get.get().label
                    on:input=move |event| { let text = event_target_value(&event); edit(&|field| field.label.clone_from(&text)); } /></label>
                <label class="field"><span>"Name in the data"</span><input type="text" disabled=off prop:value=move || get.get().name
                    on:input=move |event| { let text = event_target_value(&event); edit(&|field| field.name.clone_from(&text)); } /></label>
                <label class="field"><span>"Kind"</span>
                    <select disabled=off on:change=set_kind>
                        {[("text", "Text"), ("email", "E-mail address"), ("choice", "Choice")].map(|(value, text)| view! { <option value=value prop:selected=move || kind() == value>{text}</option> }).collect_view()}
                    </select></label>
            </div>
            <Show when=move || kind() == "choice">
                <label class="field"><span>"Choices, one a line"</span><textarea rows="3" disabled=off prop:value=options on:change=set_options></textarea></label>
            </Show>
            <div class="spread">
                <span class="inline"><input id=id.get_value() type="checkbox" disabled=off prop:checked=move || get.get().required
                    on:change=move |event| { let yes = event_target_checked(&event); edit(&|field| field.required = yes); } /><label for=id.get_value()>"Must be answered"</label></span>
                <button type="button" class="quiet" disabled=off aria-label=format!("Remove question {number}") on:click=move |_| remove.run(())><Icon name="trash" /> "Remove"</button>
            </div>
        </li>
    }
}
