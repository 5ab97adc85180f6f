//! Bars over time. They are a picture of a table, which is there as well for those who read it.

use leptos::prelude::*;

use super::unique;
use crate::format;

/// One kind of thing that is counted, in a colour of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub name: &'static str,
    /// `good`, `warn`, `bad`, `brand`.
    pub tone: &'static str,
    pub values: Vec<f64>,
}

/// Stacked bars, one for each label.
#[component]
pub fn BarChart(
    /// What is shown, and in which unit.
    #[prop(into)]
    title: String,
    /// What stands under each bar, such as a day.
    labels: Vec<String>,
    series: Vec<Series>,
    /// A value as it is read.
    #[prop(default = |value| format::count(value as i64))]
    show: fn(f64) -> String,
) -> impl IntoView {
    let id = StoredValue::new(unique("chart"));
    let sum = |at: usize| series.iter().filter_map(|one| one.values.get(at)).sum::<f64>();
    let top = format::axis_top((0..labels.len()).map(sum).fold(0.0, f64::max));
    let pointed = RwSignal::new(None::<usize>);
    let stored = StoredValue::new((labels.clone(), series.clone()));
    let readout = move || {
        let at = pointed.get()?;
        stored.with_value(|(labels, series)| {
            let value = |one: &Series| {
                format!("{} {}", one.name, show(one.values.get(at).copied().unwrap_or(0.0)))
            };
            let values: Vec<String> = series.iter().map(value).collect();
            Some(format!("{}: {}", labels.get(at)?, values.join(" · ")))
        })
    };
    let bar = |at: usize| {
        let part = |one: &Series| {
            let value = one.values.get(at).copied().unwrap_or(0.0);
            let height = format!("{:.2}%", 100.0 * value / top);
            (value > 0.0).then(|| view! { <span class=one.tone style:height=height></span> })
        };
        view! {
            <span class="column" on:pointerenter=move |_| pointed.set(Some(at))>
                {series.iter().rev().map(part).collect_view()}
            </span>
        }
    };
    let bars = (0..labels.len()).map(bar).collect_view();
    let legend = series
        .iter()
        .map(|one| view! { <span class=format!("key {}", one.tone)>{one.name}</span> })
        .collect_view();
    let ends = [
        labels.first(),
        labels.get(labels.len() / 2).filter(|_| labels.len() > 4),
        labels.last().filter(|_| labels.len() > 1),
    ];
    let ends = ends
        .into_iter()
        .flatten()
        .map(|label| view! { <span>{label.clone()}</span> })
        .collect_view();
    view! {
        <figure class="chart" aria-labelledby=id.get_value()>
            <figcaption>
                <span id=id.get_value()>{title}</span>
                <span class="legend">{legend}</span>
            </figcaption>
            <p class="readout" aria-hidden="true">{move || readout().unwrap_or_default()}</p>
            <div class="plot" aria-hidden="true" on:pointerleave=move |_| pointed.set(None)>
                <span class="scale"><span>{show(top)}</span><span>{show(top / 2.0)}</span><span>{show(0.0)}</span></span>
                <div class="columns">{bars}</div>
            </div>
            <div class="ends" aria-hidden="true">{ends}</div>
            <details class="as-table">
                <summary>"As a table"</summary>
                {move || stored.with_value(|(labels, series)| as_table(labels, series, show))}
            </details>
        </figure>
    }
}

fn as_table(
    labels: &[String],
    series: &[Series],
    show: fn(f64) -> String,
) -> impl IntoView + use<> {
    let heads = series.iter().map(|one| view! { <th scope="col">{one.name}</th> }).collect_view();
    let cells = |at: usize| {
        let cell =
            |one: &Series| view! { <td>{show(one.values.get(at).copied().unwrap_or(0.0))}</td> };
        series.iter().map(cell).collect_view()
    };
    let row = |(at, label): (usize, &String)| view! { <tr><th scope="row">{label.clone()}</th>{cells(at)}</tr> };
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label="Values">
            <table><thead><tr><th scope="col">"When"</th>{heads}</tr></thead>
                <tbody>{labels.iter().enumerate().map(row).collect_view()}</tbody></table>
        </div>
    }
}
