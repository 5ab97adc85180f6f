//! What occurred most: websites, pages, reasons of refusals. Of one license key, or of all.

use leptos::prelude::*;
use shared::admin::{CodeCount, NamedCount};

use crate::format;
use crate::ui::Card;

#[component]
pub fn Rankings(
    domains: Vec<NamedCount>,
    pages: Vec<NamedCount>,
    refusals: Vec<CodeCount>,
) -> impl IntoView {
    let refusals = refusals
        .into_iter()
        .map(|CodeCount { code, count }| NamedCount { name: code.replace('_', " "), count })
        .collect();
    view! {
        <div class="two-columns">
            <Ranking title="By website" rows=domains />
            <Ranking title="Top pages" rows=pages />
            <Ranking title="Refusals by reason" rows=refusals />
        </div>
    }
}

/// What occurred most, with bars.
#[component]
fn Ranking(title: &'static str, rows: Vec<NamedCount>) -> impl IntoView {
    let most = rows.iter().map(|row| row.count).max().unwrap_or(1).max(1);
    let none = rows.is_empty();
    let line = move |row: NamedCount| {
        let width = format!("{:.1}%", 100.0 * row.count as f64 / most as f64);
        let name = if row.name.is_empty() { "(none)".to_owned() } else { row.name };
        view! { <li><span class="spread"><span class="clip">{name}</span><span>{format::count(row.count)}</span></span><span class="share" aria-hidden="true"><span style:width=width></span></span></li> }
    };
    view! {
        <Card title=title>
            {none.then(|| view! { <p class="soft">"Nothing yet."</p> })}
            <ol class="ranking">{rows.into_iter().map(line).collect_view()}</ol>
        </Card>
    }
}
