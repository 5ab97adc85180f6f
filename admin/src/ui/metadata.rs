//! An object of somebody's own, edited entry by entry.

use leptos::prelude::*;
use serde_json::{Map, Value};

use super::field::{invalid, sentence};
use super::{Bind, Icon, unique};
use crate::browser;
use crate::metadata::{self, Line};

/// Names and values, which Natter keeps and hands on but does not read.
#[component]
pub fn MetadataField(
    bind: Bind<Map<String, Value>>,
    #[prop(into)] hint: String,
    #[prop(into, default = Signal::stored(false))] disabled: Signal<bool>,
) -> impl IntoView {
    let id = StoredValue::new(unique(bind.name));
    // Lines that are no object are kept by the form, also while another tab is shown.
    let kept = bind.odd.text.get_untracked().and_then(|text| serde_json::from_str(&text).ok());
    let lines = RwSignal::<Vec<Line>>::new(kept.unwrap_or_default());
    // Undone, or saved by somebody else: not when it was changed here, or the line that is being
    // written would go.
    Effect::new(move || {
        let now = bind.get.get();
        // A complaint that is gone while its lines are there: undone.
        let undone = bind.odd.text.with(Option::is_none)
            && metadata::problem(&lines.read_untracked()).is_some();
        if undone || metadata::object(&lines.read_untracked()) != now {
            lines.set(metadata::lines(&now));
        }
    });
    let change = move |edit: &dyn Fn(&mut Vec<Line>)| {
        lines.update(edit);
        let (object, problem) = {
            let lines = lines.read_untracked();
            (metadata::object(&lines), metadata::problem(&lines))
        };
        let kept = lines.with_untracked(|lines| serde_json::to_string(lines).unwrap_or_default());
        bind.odd.set.run(problem.map(|why| (kept, why)));
        bind.set.run(object);
    };
    let row = move |at: usize| {
        let text = move |part: fn(&Line) -> &String| {
            move || lines.with(|lines| lines.get(at).map(part).cloned().unwrap_or_default())
        };
        let typed = move |part: fn(&mut Line) -> &mut String| {
            move |event| {
                let text = event_target_value(&event);
                change(&|lines| {
                    if let Some(line) = lines.get_mut(at) {
                        part(line).clone_from(&text);
                    }
                });
            }
        };
        let number = at + 1;
        view! {
            <li>
                <input id=format!("{}-{at}", id.get_value()) type="text" aria-label=format!("Name {number}") placeholder="Name" spellcheck="false" aria-invalid=invalid(bind)
                    disabled=move || disabled.get() prop:value=text(|line| &line.0) on:input=typed(|line| &mut line.0) />
                <input type="text" aria-label=format!("Value {number}") placeholder="Value" spellcheck="false"
                    disabled=move || disabled.get() prop:value=text(|line| &line.1) on:input=typed(|line| &mut line.1) />
                <button type="button" class="quiet square" aria-label=format!("Remove entry {number}") disabled=move || disabled.get()
                    on:click=move |_| change(&|lines| drop(lines.remove(at)))><Icon name="trash" /></button>
            </li>
        }
    };
    let add = move |_| {
        lines.update(|lines| lines.push(Line::default()));
        let last = lines.read_untracked().len() - 1;
        request_animation_frame(move || {
            if let Some(field) = browser::by_id(&format!("{}-{last}", id.get_value())) {
                browser::focus(&field);
            }
        });
    };
    view! {
        <fieldset class="field list-field" class:wrong=move || bind.error.with(Option::is_some)>
            <legend>"Metadata"</legend>
            <p class="hint">{hint} " A value such as 3, true or [\"a\"] is JSON; all else is text."</p>
            <ol><For each=move || 0..lines.with(Vec::len) key=|at| *at children=row /></ol>
            <p class="error" role="alert">{move || bind.error.get().map(|why| sentence(&why))}</p>
            <button type="button" class="button small" disabled=move || disabled.get() on:click=add><Icon name="add" /> "Add an entry"</button>
        </fieldset>
    }
}
