//! Several pieces of code, one of which is shown.

use leptos::prelude::*;

use crate::snippets::Sample;
use crate::ui::{Snippet, unique};

#[component]
pub fn Samples(samples: Vec<Sample>, #[prop(into)] label: String) -> impl IntoView {
    let shown = RwSignal::new(0_usize);
    let id = StoredValue::new(unique("samples"));
    let (labels, stored) = (
        samples.iter().map(|one| one.label.clone()).collect::<Vec<_>>(),
        StoredValue::new(samples),
    );
    let button = |(at, label): (usize, String)| {
        view! {
            <button type="button" class="chip" aria-pressed=move || (shown.get() == at).to_string() on:click=move |_| shown.set(at)>{label}</button>
        }
    };
    view! {
        <div class="samples" role="group" aria-labelledby=id.get_value()>
            <span class="unseen" id=id.get_value()>{label}</span>
            <div class="chips">{labels.into_iter().enumerate().map(button).collect_view()}</div>
            {move || stored.with_value(|all| all.get(shown.get()).cloned()).map(|one| view! {
                <Snippet code=Signal::stored(one.code) label=one.label />
            })}
        </div>
    }
}
