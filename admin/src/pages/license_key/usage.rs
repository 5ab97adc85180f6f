//! What the key was used for: charts, and the log.

use leptos::prelude::*;
use shared::admin::{Analytics, Percentiles, Period, UsageEntry};

use super::KeyPage;
use crate::api;
use crate::format;
use crate::listing::Listing;
use crate::pages::figures::{Rankings, ResponseTimes};
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
            <Card><BarChart title="Queries" labels series /></Card>
            <ResponseTimes series=told.series interval=told.interval />
        </div>
        <Rankings domains=told.domains pages=told.pages refusals=told.refusals />
        </div>
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
            <th scope="row"><When at=one.created_at.clone() /></th>
            <td data-label="Question">{question}</td>
            <td data-label="Response time">{one.response_time_ms.map(format::duration)}</td>
            <td data-label="IP address">{one.ip_address.clone()}</td>
            <td data-label="Referrer"><span class="clip"><Outside url=one.referrer.clone() /></span></td>
            <td data-label="Status"><div class="two"><span><Badge text=text.to_owned() tone /></span><span class="soft">{why}</span></div>{details(one)}</td>
        </tr>
    }
    .into_any()
}

/// What else is known of a request, where something is.
fn details(one: UsageEntry) -> Option<AnyView> {
    let tokens = one.input_tokens.zip(one.output_tokens).map(|(input, output)| {
        format!("{} in, {} out", format::count(input), format::count(output))
    });
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    let link = |route: Route, name: Option<String>| match name {
        Some(name) => view! { <a href=route.path()>{name}</a> }.into_any(),
        None => "removed".into_any(),
    };
    let facts: Vec<(&str, AnyView)> = [
        ("User", one.user_id.map(IntoAny::into_any)),
        ("Website", some(one.domain).map(IntoAny::into_any)),
        ("First word after", one.first_token_ms.map(|ms| format::duration(ms).into_any())),
        ("Tokens", tokens.map(IntoAny::into_any)),
        ("Agent", one.agent_id.map(|id| link(Route::Agent(id), one.agent_name))),
        (
            "Data source",
            one.data_source_id.map(|id| link(Route::DataSource(id), one.data_source_name)),
        ),
        ("Browser", some(one.user_agent).map(IntoAny::into_any)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect();
    if facts.is_empty() {
        return None;
    }
    let lines = facts.into_iter().map(|(name, value)| view! { <dt>{name}</dt><dd>{value}</dd> });
    Some(
        view! { <details class="changes"><summary>"Details"</summary><dl>{lines.collect_view()}</dl></details> }
            .into_any(),
    )
}
