//! Charts of the usage of one license key, or of all: response times; what occurred most.

use leptos::prelude::*;
use shared::admin::{CodeCount, NamedCount, Percentiles, Period};

use crate::format;
use crate::ui::{BarChart, Card, Series, span_label};

/// How long answers took, period by period.
#[component]
pub fn ResponseTimes(series: Vec<Period>, interval: String) -> impl IntoView {
    let labels = series.iter().map(|period| span_label(&period.start, &interval)).collect();
    let within = |get: fn(&Percentiles) -> i64| {
        let of = |period: &Period| period.response_time_ms.as_ref().map_or(0.0, |t| get(t) as f64);
        series.iter().map(of).collect::<Vec<_>>()
    };
    // Stacked: the bar ends where 95 % are answered.
    let (half, most) = (within(|times| times.p50), within(|times| times.p95));
    let rest = most.iter().zip(&half).map(|(most, half)| most - half).collect();
    let times = vec![
        Series { name: "Median", tone: "brand", values: half },
        Series { name: "from there to 95 %", tone: "warn", values: rest },
    ];
    view! { <Card><BarChart title="Response time" labels series=times show=|ms| format::duration(ms as i64) /></Card> }
}

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
