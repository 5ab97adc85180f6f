//! How things stand: what is asked, what fails, what needs a look.

use leptos::prelude::*;
use shared::admin::{Analytics, Period, Totals};
use shared::admin_conversation::ConversationSummary;
use shared::overview::{Figures, NearLimit, Overview};

use crate::api;
use crate::format;
use crate::nav::Nav;
use crate::pages::api_keys::AuditDue;
use crate::pages::figures::{Rankings, ResponseTimes};
use crate::remote::{Load, Remote};
use crate::route::Route;
use crate::ui::{
    BarChart, Card, EmptyState, FailureBox, Head, Icon, Meter, Series, Skeleton, Span, SpanFilter,
    When, span_label,
};

#[component]
pub fn OverviewPage() -> impl IntoView {
    let span = Span::in_address(expect_context::<Nav>());
    let overview = Remote::<Overview>::new();
    let read = move || {
        let path = format!("/api/overview{}", span.query(&[]));
        overview.read(async move { api::get(&path).await });
    };
    Effect::new(read);
    let retry = Callback::new(move |()| untrack(read));
    view! {
        <Head title=Signal::stored("Overview".to_owned())><SpanFilter span /></Head>
        {move || match overview.state.get() {
            Load::Waiting => view! { <Skeleton lines=8 /> }.into_any(),
            Load::Failed(failure) => view! { <FailureBox failure retry /> }.into_any(),
            Load::Ready(now) => view! { <Shown now span retry /> }.into_any(),
        }}
    }
}

#[component]
fn Shown(now: Overview, span: Span, retry: Callback<()>) -> impl IntoView {
    let fresh = now.range.totals.queries == 0 && now.keys <= 1 && now.conversations.is_empty();
    let labels: Vec<String> =
        now.series.iter().map(|period| span_label(&period.start, &now.interval)).collect();
    let of = |get: fn(&Period) -> i64| {
        now.series.iter().map(|period| get(period) as f64).collect::<Vec<_>>()
    };
    let answers = vec![
        Series { name: "Answered", tone: "good", values: of(|period| period.ok) },
        Series { name: "Stopped", tone: "warn", values: of(|period| period.stopped) },
        Series { name: "Failed", tone: "bad", values: of(|period| period.failed) },
    ];
    let same = labels.clone();
    let refused =
        vec![Series { name: "Refused", tone: "warn", values: of(|period| period.refused) }];
    view! {
        {now.audit_reminder.map(|due| view! { <AuditDue due then=retry link=true /> })}
        {fresh.then(|| view! { <Start /> })}
        <div class="stack">
            <section aria-labelledby="today"><h2 id="today" class="section-title">"Today"</h2><Tiles figures=now.today /></section>
            <section aria-labelledby="month"><h2 id="month" class="section-title">"This month"</h2><Tiles figures=now.month /></section>
            <div class="tiles">
                <div class="tile"><span>"Active license keys"</span><strong><a href=Route::LicenseKeys.path()>{format::count(now.active_keys)}</a></strong><small>{format!("of {}", format::count(now.keys))}</small></div>
                <div class="tile"><span>"Near their limit"</span><strong>{format::count(now.near_limit_total)}</strong><small>"at 80 % or more"</small></div>
                <div class="tile"><span>"Unknown keys refused"</span><strong>{format::count(now.unknown_keys as i64)}</strong><small>"requests since the server's start"</small></div>
                <div class="tile"><span>"Unread notifications"</span><strong><a href=Route::Notifications.path()>{format::count(now.unread_notifications)}</a></strong><small></small></div>
            </div>
            <section aria-labelledby="range"><h2 id="range" class="section-title">"In the chosen range"</h2><Tiles figures=now.range /></section>
            <div class="two-columns">
                <Card><BarChart title="Queries" labels=same series=answers /></Card>
                <Card><BarChart title="Refused requests" labels series=refused /></Card>
            </div>
            <Where span />
            <div class="two-columns">
                <Near keys=now.near_limit total=now.near_limit_total />
                <Latest conversations=now.conversations />
            </div>
        </div>
    }
}

/// How fast, from where, on which pages, and why something was refused: read when somebody wants to
/// see it.
#[component]
fn Where(span: Span) -> impl IntoView {
    let told = Remote::<Analytics>::new();
    let asked = RwSignal::new(false);
    let read = move || {
        let query = untrack(move || span.query(&[("response_times", "true")]));
        let path = format!("/api/analytics{query}");
        told.read(async move { api::get(&path).await });
    };
    let opened = move |_| {
        if !asked.get_untracked() {
            asked.set(true);
            read();
        }
    };
    view! {
        <details class="more" on:toggle=opened>
            <summary>"Response times, websites, pages, refusals and feedback of this range"</summary>
            {move || match told.state.get() {
                Load::Waiting if !asked.get() => ().into_any(),
                Load::Waiting => view! { <Skeleton lines=4 /> }.into_any(),
                Load::Failed(failure) => view! { <FailureBox failure retry=Callback::new(move |()| read()) /> }.into_any(),
                Load::Ready(told) => {
                    let thumbs = format!("{} thumbs up, {} down.", format::count(told.feedback.up), format::count(told.feedback.down));
                    let first = told.first_token_ms.map(|times| format!(" The first word came after {} in half of the answers, after {} in 95 %.", format::duration(times.p50), format::duration(times.p95)));
                    view! { <p class="soft">"Feedback: " {thumbs} {first}</p><ResponseTimes series=told.series interval=told.interval /><Rankings domains=told.domains pages=told.pages refusals=told.refusals /> }.into_any()
                }
            }}
        </details>
    }
}

#[component]
fn Tiles(figures: Figures) -> impl IntoView {
    let Totals { queries, ok, stopped, failed, refused, success_rate } = figures.totals;
    let rate = success_rate.map_or_else(|| "–".to_owned(), format::percent);
    let times = figures.response_time_ms;
    let time = times.map_or_else(|| "–".to_owned(), |times| format::duration(times.p50));
    let slow = times.map(|times| {
        format!(
            "95 % within {}, 99 % within {}",
            format::duration(times.p95),
            format::duration(times.p99)
        )
    });
    view! {
        <div class="tiles">
            <div class="tile"><span>"Queries"</span><strong>{format::count(queries)}</strong><small>{format!("{} answered, {} stopped", format::count(ok), format::count(stopped))}</small></div>
            <div class="tile"><span>"Success rate"</span><strong>{rate}</strong><small>{format!("{} failed", format::count(failed))}</small></div>
            <div class="tile"><span>"Response time, median"</span><strong>{time}</strong><small>{slow}</small></div>
            <div class="tile"><span>"Refused"</span><strong>{format::count(refused)}</strong><small>"by limits and restrictions"</small></div>
        </div>
    }
}

/// Where somebody begins who has just installed it.
#[component]
fn Start() -> impl IntoView {
    view! {
        <div class="card start">
            <h2>"Put the chat on your website"</h2>
            <ol>
                <li><strong>"Create a license key"</strong><span class="soft">" It comes with the snippet for your page."</span></li>
                <li><strong>"Add what it answers from"</strong><span class="soft">" Files, pages of your site, questions and answers, a database."</span></li>
                <li><strong>"Paste the snippet"</strong><span class="soft">" That is all there is to it."</span></li>
            </ol>
            <div class="actions">
                <a class="button primary" href=format!("{}?create=1", Route::LicenseKeys.path())><Icon name="add" /> "Create License Key"</a>
                <a class="button" href=Route::DataSources.path()>"Data sources"</a>
                <a class="button" href="/docs/quick-start" target="_blank">"Guide"</a>
            </div>
        </div>
    }
}

#[component]
fn Near(keys: Vec<NearLimit>, total: i64) -> impl IntoView {
    let more = total - keys.len() as i64;
    let none = keys.is_empty();
    let line = |key: NearLimit| {
        let page = Route::LicenseKey(key.id, crate::route::KeyTab::General).path();
        view! { <li class="spread"><a href=page>{key.name.clone()}</a><Meter used=key.used limit=Some(key.limit) label=format!("Queries of {} this month", key.name) /></li> }
    };
    view! {
        <Card title="Keys near their limit">
            {none.then(|| view! { <p class="soft">"None has used 80 % of its monthly limit."</p> })}
            <ul class="lines">{keys.into_iter().map(line).collect_view()}</ul>
            {(more > 0).then(|| view! { <p class="hint">{format!("and {} more", format::count(more))}</p> })}
        </Card>
    }
}

#[component]
fn Latest(conversations: Vec<ConversationSummary>) -> impl IntoView {
    if conversations.is_empty() {
        return view! { <EmptyState icon="chat" title="No conversation yet" text="What visitors ask appears here." /> }.into_any();
    }
    let line = |one: ConversationSummary| {
        let said =
            if one.last_message.is_empty() { "(empty)".to_owned() } else { one.last_message };
        let page = Route::Conversation(one.id).path();
        view! { <li><a class="clip" href=page>{said}</a><span class="hint">{one.license_key_name} " · " <When at=one.updated_at /></span></li> }
    };
    view! {
        <Card title="Latest conversations">
            <ul class="lines">{conversations.into_iter().map(line).collect_view()}</ul>
            <div class="actions"><a class="button small" href=Route::Conversations.path()>"All conversations"</a></div>
        </Card>
    }
    .into_any()
}
