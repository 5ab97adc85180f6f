//! What a question finds in a data source, as an agent would be given it.

use leptos::prelude::*;
use shared::admin::Page;
use shared::data_source::{FoundPassage, SourceSearch};

use super::detail::SourcePage;
use crate::api;
use crate::remote::{Load, Remote};
use crate::ui::{Bind, Card, Choice, FailureBox, TextField, choices};

#[component]
pub fn SearchTest(page: SourcePage) -> impl IntoView {
    let question = RwSignal::new(String::new());
    let found = Remote::<Page<FoundPassage>>::new();
    let asked = RwSignal::new(false);
    let most = RwSignal::new("5".to_owned());
    let ask = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let question = question.get_untracked().trim().to_owned();
        if question.is_empty() {
            return;
        }
        asked.set(true);
        let path = page.path("/search");
        let body = SourceSearch { question, limit: most.get_untracked().parse().ok() };
        found.read(async move { api::post(&path, &body).await });
    };
    let outcome = move || match (asked.get(), found.state.get()) {
        (false, _) => ().into_any(),
        (_, Load::Waiting) => view! { <p class="soft">"Searching…"</p> }.into_any(),
        (_, Load::Failed(failure)) => view! { <FailureBox failure /> }.into_any(),
        (_, Load::Ready(page)) if page.items.is_empty() => view! {
            <p>"Nothing was found. An agent would say so, or answer without a passage."</p>
        }
        .into_any(),
        (_, Load::Ready(page)) => {
            view! { <ol class="found">{page.items.into_iter().map(passage).collect_view()}</ol> }
                .into_any()
        }
    };
    view! {
        <Card title="Search test" text="What an agent would be given for a question. Nothing of it is stored or counted.">
            <form class="asking" on:submit=ask>
                <TextField bind=Bind::of("question", question) label="A visitor's question" />
                <Choice bind=Bind::of("limit", most) label="Passages" options=choices(&[("1", "1"), ("5", "5"), ("10", "10"), ("20", "20")]) />
                <button type="submit" class="button" disabled=move || found.busy.get() || question.with(|q| q.trim().is_empty())>"Search"</button>
            </form>
            <div role="status">{outcome}</div>
        </Card>
    }
}

fn passage(found: FoundPassage) -> AnyView {
    let is_link = |url: &String| {
        url.starts_with("https://")
            || url.starts_with("http://")
            || (url.starts_with('/') && !url.starts_with("//"))
    };
    let title = match found.url.filter(is_link) {
        Some(url) => {
            view! { <a href=url target="_blank" rel="noreferrer noopener">{found.title}</a> }
                .into_any()
        }
        None => view! { <strong>{found.title}</strong> }.into_any(),
    };
    view! {
        <li>
            <div class="spread">{title} <span class="hint">{format!("Score {:.2}", found.score)}</span></div>
            <p class="passage">{found.text}</p>
        </li>
    }
    .into_any()
}
