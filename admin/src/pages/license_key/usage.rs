//! What the key was used for: charts, and the log.

use leptos::prelude::*;
use shared::admin::{Analytics, CodeCount, NamedCount, Period, UsageEntry};

use super::KeyPage;
use crate::api;
use crate::browser;
use crate::format;
use crate::listing::Listing;
use crate::remote::{Load, Remote};
use crate::route::Route;
use crate::ui::{
    Badge, BarChart, Card, EmptyState, FailureBox, Filter, Icon, Outside, Series, Skeleton, Table,
    Tone, When,
};

const COLUMNS: &[&str] = &["When", "Question", "Response time", "IP address", "Referrer", "Status"];
const DAY_MS: f64 = 86_400_000.0;

#[component]
pub fn Usage(page: KeyPage) -> impl IntoView {
    view! { <Charts page /><Log page /> }
}

#[component]
fn Charts(page: KeyPage) -> impl IntoView {
    let days = RwSignal::new("30".to_owned());
    let told = Remote::<Analytics>::new();
    let base = StoredValue::new(page.path("/analytics"));
    let read = move || {
        let chosen = days.get_untracked();
        let count: f64 = chosen.parse().unwrap_or(30.0);
        let now = js_sys::Date::now();
        let (from, to) = (browser::rfc3339(now - count * DAY_MS), browser::rfc3339(now + 1000.0));
        let interval = if chosen == "1" { "hour" } else { "day" };
        let path = format!(
            "{}{}",
            base.get_value(),
            api::query(&[("from", &from), ("to", &to), ("interval", interval)])
        );
        told.read(async move { api::get(&path).await });
    };
    Effect::new(move || {
        days.get();
        read();
    });
    let ranges = [("1", "Today"), ("7", "7 days"), ("30", "30 days"), ("90", "90 days")];
    view! {
        <div class="spread section-head">
            <h2>"In figures"</h2>
            <label class="filter"><span class="unseen">"Range of the charts"</span>
                <select on:change=move |event| days.set(event_target_value(&event))>
                    {ranges.map(|(value, text)| view! { <option value=value selected=move || days.get() == value>{text}</option> }).collect_view()}
                </select></label>
        </div>
        {move || match told.state.get() {
            Load::Waiting => view! { <Skeleton lines=6 /> }.into_any(),
            Load::Failed(failure) => view! { <FailureBox failure retry=Callback::new(move |()| read()) /> }.into_any(),
            Load::Ready(told) => view! { <Figures told /> }.into_any(),
        }}
    }
}

#[component]
fn Figures(told: Analytics) -> impl IntoView {
    let label = |period: &Period| {
        if told.interval == "hour" {
            browser::moment(&period.start)
        } else {
            browser::day(&period.start)
        }
    };
    let labels: Vec<String> = told.series.iter().map(label).collect();
    let of = |get: fn(&Period) -> i64| {
        told.series.iter().map(|period| get(period) as f64).collect::<Vec<_>>()
    };
    let series = vec![
        Series { name: "Answered", tone: "good", values: of(|period| period.ok) },
        Series { name: "Stopped", tone: "warn", values: of(|period| period.stopped) },
        Series { name: "Failed", tone: "bad", values: of(|period| period.failed) },
    ];
    let totals = told.totals;
    let rate = totals.success_rate.map_or_else(|| "–".to_owned(), format::percent);
    let time = |get: fn(&shared::admin::Percentiles) -> i64| {
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
        <div class="tiles">
            <div class="tile"><span>"Queries"</span><strong>{format::count(totals.queries)}</strong><small>{format!("{} refused", format::count(totals.refused))}</small></div>
            <div class="tile"><span>"Success rate"</span><strong>{rate}</strong><small>{format!("{} failed", format::count(totals.failed))}</small></div>
            <div class="tile"><span>"Response time, median"</span><strong>{median}</strong><small>{first}</small></div>
            <div class="tile"><span>"95 % within"</span><strong>{p95}</strong><small>{format!("99 % within {p99}")}</small></div>
            <div class="tile"><span>"Feedback"</span><strong>{format!("{} / {}", told.feedback.up, told.feedback.down)}</strong><small>"thumbs up / down"</small></div>
        </div>
        <Card><BarChart title="Queries" labels series /></Card>
        <div class="two-columns">
            <Ranking title="By website" rows=told.domains />
            <Ranking title="Top pages" rows=told.pages />
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

#[component]
fn Log(page: KeyPage) -> impl IntoView {
    let list = Listing::<UsageEntry>::new(&page.path("/usage"), &["status"]);
    let base = StoredValue::new(page.path("/usage.csv"));
    let file = move || {
        let status = list.filter("status");
        format!("{}{}", base.get_value(), api::query(&[("status", &status)]))
    };
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
                <span class="inline">
                    <Filter list name="status" label="Status" options=statuses />
                    <a class="button" href=file download="usage.csv"><Icon name="download" /> "CSV"</a>
                </span>
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
