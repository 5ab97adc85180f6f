//! What the key was used for: charts, and the log.

use leptos::prelude::*;
use shared::admin::{Analytics, CodeCount, NamedCount, Percentiles, Period, UsageEntry};

use super::KeyPage;
use crate::api;
use crate::format;
use crate::listing::Listing;
use crate::remote::{Load, Remote};
use crate::route::Route;
use crate::ui::{
    Badge, BarChart, Card, Days, EmptyState, FailureBox, Filter, Icon, Outside, Search, Series,
    Skeleton, Span, SpanFilter, Table, Tone, When, span_label,
};

const COLUMNS: &[&str] = &["When", "Question", "Response time", "IP address", "Referrer", "Status"];

#[component]
pub fn Usage(page: KeyPage) -> impl IntoView {
    view! { <Charts page /><Log page /> }
}

#[component]
fn Charts(page: KeyPage) -> impl IntoView {
    let span = Span::new();
    let told = Remote::<Analytics>::new();
    let base = StoredValue::new(page.path("/analytics"));
    let read = move || {
        let path = format!("{}{}", base.get_value(), span.query(&[("response_times", "true")]));
        told.read(async move { api::get(&path).await });
    };
    Effect::new(read);
    view! {
        <div class="spread section-head"><h2>"In figures"</h2><SpanFilter span /></div>
        {move || match told.state.get() {
            Load::Waiting => view! { <Skeleton lines=6 /> }.into_any(),
            Load::Failed(failure) => view! { <FailureBox failure retry=Callback::new(move |()| untrack(read)) /> }.into_any(),
            Load::Ready(told) => view! { <Figures told /> }.into_any(),
        }}
    }
}

#[component]
fn Figures(told: Analytics) -> impl IntoView {
    let labels: Vec<String> =
        told.series.iter().map(|period| span_label(&period.start, &told.interval)).collect();
    let of = |get: fn(&Period) -> i64| {
        told.series.iter().map(|period| get(period) as f64).collect::<Vec<_>>()
    };
    let series = vec![
        Series { name: "Answered", tone: "good", values: of(|period| period.ok) },
        Series { name: "Stopped", tone: "warn", values: of(|period| period.stopped) },
        Series { name: "Failed", tone: "bad", values: of(|period| period.failed) },
    ];
    let same = labels.clone();
    let within = |get: fn(&Percentiles) -> i64| {
        let of = |period: &Period| period.response_time_ms.as_ref().map_or(0.0, |t| get(t) as f64);
        told.series.iter().map(of).collect::<Vec<_>>()
    };
    // Stacked: the bar ends where 95 % are answered.
    let (half, most) = (within(|times| times.p50), within(|times| times.p95));
    let rest = most.iter().zip(&half).map(|(most, half)| most - half).collect();
    let times = vec![
        Series { name: "Median", tone: "brand", values: half },
        Series { name: "from there to 95 %", tone: "warn", values: rest },
    ];
    let totals = told.totals;
    let rate = totals.success_rate.map_or_else(|| "–".to_owned(), format::percent);
    let time = |get: fn(&Percentiles) -> i64| {
        told.response_time_ms
            .as_ref()
            .map_or_else(|| "–".to_owned(), |times| format::duration(get(times)))
    };
    let (median, p95, p99) = (time(|t| t.p50), time(|t| t.p95), time(|t| t.p99));
    let first = told
        .first_token_ms
        .map(|times| format!("first word after {}", format::duration(times.p50)));
    let refusals = told
        .refusals
        .into_iter()
        .map(|CodeCount { code, count }| NamedCount { name: code.replace('_', " "), count })
        .collect();
    view! {
        <div class="stack">
        <div class="tiles">
            <div class="tile"><span>"Queries"</span><strong>{format::count(totals.queries)}</strong><small>{format!("{} refused", format::count(totals.refused))}</small></div>
            <div class="tile"><span>"Success rate"</span><strong>{rate}</strong><small>{format!("{} failed", format::count(totals.failed))}</small></div>
            <div class="tile"><span>"Response time, median"</span><strong>{median}</strong><small>{first}</small></div>
            <div class="tile"><span>"95 % within"</span><strong>{p95}</strong><small>{format!("99 % within {p99}")}</small></div>
            <div class="tile"><span>"Feedback"</span><strong>{format!("{} / {}", told.feedback.up, told.feedback.down)}</strong><small>"thumbs up / down"</small></div>
        </div>
        <div class="two-columns">
            <Card><BarChart title="Queries" labels=same series /></Card>
            <Card><BarChart title="Response time" labels series=times show=|ms| format::duration(ms as i64) /></Card>
        </div>
        <div class="two-columns">
            <Ranking title="By website" rows=told.domains />
            <Ranking title="Top pages" rows=told.pages />
            <Ranking title="Refusals by reason" rows=refusals />
        </div>
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

#[component]
fn Log(page: KeyPage) -> impl IntoView {
    let list =
        Listing::<UsageEntry>::new(&page.path("/usage"), &["status", "q", "domain", "from", "to"]);
    let base = StoredValue::new(page.path("/usage.csv"));
    let file = move || format!("{}{}", base.get_value(), list.chosen(&[]));
    let statuses = Signal::stored(
        [
            ("", "Every status"),
            ("ok", "Answered"),
            ("stopped", "Stopped"),
            ("failed", "Failed"),
            ("refused", "Refused"),
        ]
        .map(|(value, text)| (value.to_owned(), text.to_owned()))
        .to_vec(),
    );
    view! {
        <section class="below" aria-labelledby="log">
            <div class="spread section-head">
                <h2 id="log">"Log"</h2>
                <a class="button" href=file download="usage.csv"><Icon name="download" /> "CSV"</a>
            </div>
            <div class="tools">
                <Search list placeholder="Words of the question" />
                <Search list name="domain" placeholder="Website, such as shop.example" />
                <Filter list name="status" label="Status" options=statuses />
                <Days list />
            </div>
            <Table list label="Usage log" columns=COLUMNS row empty=nothing />
        </section>
    }
}

fn nothing() -> AnyView {
    view! { <EmptyState icon="history" title="Not used yet" text="Each question stands here within a second, and each refusal with its reason." /> }.into_any()
}

fn row(one: UsageEntry) -> AnyView {
    let (text, tone) = match one.status.as_str() {
        "ok" => ("Answered", Tone::Good),
        "stopped" => ("Stopped", Tone::Warn),
        "failed" => ("Failed", Tone::Bad),
        _ => ("Refused", Tone::Warn),
    };
    let question = match (&one.conversation_id, one.question.is_empty()) {
        (Some(id), false) => view! { <a class="clip" href=Route::Conversation(id.clone()).path()>{one.question.clone()}</a> }.into_any(),
        (_, false) => view! { <span class="clip">{one.question.clone()}</span> }.into_any(),
        _ if one.count > 1 => view! { <span class="soft">{format!("{} requests", format::count(one.count))}</span> }.into_any(),
        _ => view! { <span class="soft">"not kept"</span> }.into_any(),
    };
    let why = one.code.clone().map(|code| code.replace('_', " "));
    view! {
        <tr>
            <th scope="row"><When at=one.created_at /></th>
            <td data-label="Question">{question}</td>
            <td data-label="Response time">{one.response_time_ms.map(format::duration)}</td>
            <td data-label="IP address">{one.ip_address}</td>
            <td data-label="Referrer"><span class="clip"><Outside url=one.referrer /></span></td>
            <td data-label="Status"><div class="two"><span><Badge text=text.to_owned() tone /></span><span class="soft">{why}</span></div></td>
        </tr>
    }
    .into_any()
}
