//! From which day to which: the time that a chart shows, and a filter of lists. Days are the reader's
//! own; the server is told moments.

use leptos::prelude::*;
use serde::de::DeserializeOwned;

use crate::api;
use crate::browser;
use crate::listing::Listing;
use crate::nav::Nav;

const DAY_MS: f64 = 86_400_000.0;
/// Days up to now, to choose from. The last lets the reader say two days.
const SPANS: &[(&str, &str)] = &[
    ("1", "Today"),
    ("7", "7 days"),
    ("30", "30 days"),
    ("90", "90 days"),
    ("365", "A year"),
    (CUSTOM, "From … to …"),
];
const CUSTOM: &str = "custom";
const USUAL: &str = "30";

/// The begin of a day, `2026-01-31`, as a moment.
fn begin(day: &str) -> Option<String> {
    browser::from_input(&format!("{day}T00:00"))
}

/// Its end, which is the begin of the next, however long the day is.
fn end(day: &str) -> Option<String> {
    browser::from_input(&format!("{day}T24:00"))
}

/// The day that holds a moment.
fn day_of(ms: f64) -> String {
    browser::for_input(&browser::rfc3339(ms)).get(..10).unwrap_or_default().to_owned()
}

/// The time that charts show.
#[derive(Clone, Copy)]
pub struct Span {
    /// How many days up to now, or [`CUSTOM`].
    chosen: RwSignal<String>,
    /// First and last day, for [`CUSTOM`].
    days: RwSignal<(String, String)>,
}

impl Span {
    /// The last 30 days.
    #[must_use]
    pub fn new() -> Self {
        let now = js_sys::Date::now();
        let days = (day_of(now - 29.0 * DAY_MS), day_of(now));
        Self { chosen: RwSignal::new(USUAL.to_owned()), days: RwSignal::new(days) }
    }

    /// What the address says, so that reloading, sharing a link and going back show the same.
    #[must_use]
    pub fn in_address(nav: Nav) -> Self {
        let span = Self::new();
        span.follow(nav);
        Effect::new(move || nav.set_query(&span.address()));
        Effect::new(move |before: Option<()>| {
            let asked = nav.query.get();
            if before.is_some() && untrack(move || span.address()) != asked {
                span.follow(nav);
            }
        });
        span
    }

    /// As it stands in the address. Reads signals.
    fn address(self) -> String {
        let (from, to) = self.days.get();
        match self.chosen.get().as_str() {
            USUAL => String::new(),
            CUSTOM => format!("from={from}&to={to}"),
            days => format!("days={days}"),
        }
    }

    fn follow(self, nav: Nav) {
        let known = |days: &String| SPANS.iter().any(|(one, _)| one == days);
        if let Some(days) = nav.parameter("days").filter(known) {
            self.chosen.set(days);
        } else if let (Some(from), Some(to)) = (nav.parameter("from"), nav.parameter("to"))
            && begin(&from).is_some()
            && begin(&to).is_some()
        {
            self.days.set((from, to));
            self.chosen.set(CUSTOM.to_owned());
        } else {
            self.chosen.set(USUAL.to_owned());
        }
    }

    /// What the server is asked for: a day or two by their hours, more than a year by its months, all
    /// else by days. Reads signals.
    #[must_use]
    pub fn query(self, more: &[(&str, &str)]) -> String {
        let now = js_sys::Date::now();
        let chosen = self.chosen.get();
        let (first, last) = self.days.get();
        // Whoever turns them round means the same.
        let (first, last) = if first <= last { (first, last) } else { (last, first) };
        let (from, to) = match chosen.parse::<f64>() {
            Ok(days) => (browser::rfc3339(now - days * DAY_MS), browser::rfc3339(now + 1000.0)),
            Err(_) => (begin(&first).unwrap_or_default(), end(&last).unwrap_or_default()),
        };
        let length = (browser::millis(&to) - browser::millis(&from)) / DAY_MS;
        let interval = match length {
            days if days < 2.1 => "hour",
            days if days > 364.0 => "month",
            _ => "day",
        };
        let mut pairs = vec![("from", from.as_str()), ("to", to.as_str()), ("interval", interval)];
        pairs.extend(more);
        api::query(&pairs)
    }
}

/// A period of a chart, by where it begins.
#[must_use]
pub fn span_label(start: &str, interval: &str) -> String {
    match interval {
        "hour" => browser::moment(start),
        "month" => start.get(..7).unwrap_or(start).to_owned(),
        _ => browser::day(start),
    }
}

/// Where the time is chosen that charts show.
#[component]
pub fn SpanFilter(span: Span) -> impl IntoView {
    let custom = move || span.chosen.with(|chosen| chosen == CUSTOM);
    let days = move || {
        let first = move |event| {
            let day = event_target_value(&event);
            if !day.is_empty() {
                span.days.update(|days| days.0 = day);
            }
        };
        let last = move |event| {
            let day = event_target_value(&event);
            if !day.is_empty() {
                span.days.update(|days| days.1 = day);
            }
        };
        view! {
            <DayInput label="From" value=Signal::derive(move || span.days.with(|days| days.0.clone())) changed=Callback::new(first) />
            <DayInput label="To" value=Signal::derive(move || span.days.with(|days| days.1.clone())) changed=Callback::new(last) />
        }
    };
    view! {
        <span class="days">
            <label class="filter">
                <span class="unseen">"Range of the charts"</span>
                <select on:change=move |event| span.chosen.set(event_target_value(&event))>
                    {SPANS.iter().map(|&(value, text)| view! { <option value=value prop:selected=move || span.chosen.with(|chosen| chosen == value)>{text}</option> }).collect_view()}
                </select>
            </label>
            <Show when=custom>{days}</Show>
        </span>
    }
}

#[component]
fn DayInput(
    label: &'static str,
    value: Signal<String>,
    changed: Callback<leptos::ev::Event>,
) -> impl IntoView {
    view! { <label class="filter inline"><span class="soft">{label}</span><input type="date" prop:value=move || value.get() on:change=move |event| changed.run(event) /></label> }
}

/// The filters `from` and `to` of a list: from one day to another, both included.
#[component]
pub fn Days<T: Clone + Send + Sync + DeserializeOwned + 'static>(
    list: Listing<T>,
) -> impl IntoView {
    let shown = move |name: &'static str, less: f64| {
        Signal::derive(move || {
            let at = list.filter(name);
            if at.is_empty() { String::new() } else { day_of(browser::millis(&at) - less) }
        })
    };
    let set = move |name: &'static str, moment: fn(&str) -> Option<String>| {
        Callback::new(move |event| {
            list.set_filter(name, moment(&event_target_value(&event)).unwrap_or_default());
        })
    };
    view! {
        <span class="days">
            <DayInput label="From" value=shown("from", 0.0) changed=set("from", begin) />
            <DayInput label="To" value=shown("to", 1.0) changed=set("to", end) />
        </span>
    }
}
