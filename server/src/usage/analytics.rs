//! What the usage log comes to in a time: from the sums where they are whole, from the rows at the
//! ends.

use std::collections::BTreeMap;

use shared::admin::{
    Analytics, CodeCount, FeedbackCount, MonthCount, NamedCount, Percentiles, Period, Totals,
};

use super::buckets::percentile;
use crate::clock;
use crate::error::ApiError;
use crate::store::Store;
use crate::store::usage::{Counted, NewRow, Span};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 86_400_000;
/// Most periods of a series.
const PERIODS: usize = 1200;
/// Names that a list holds.
const TOP: usize = 20;

/// How long a period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    Hour,
    Day,
    Month,
}

impl Interval {
    /// Reads the query parameter.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "hour" => Some(Self::Hour),
            "day" => Some(Self::Day),
            "month" => Some(Self::Month),
            _ => None,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// The begin of the period that holds this time.
    #[must_use]
    pub fn begin(self, ms: i64) -> i64 {
        match self {
            Self::Hour => ms - ms.rem_euclid(HOUR_MS),
            Self::Day => ms - ms.rem_euclid(DAY_MS),
            Self::Month => clock::month_begin(ms),
        }
    }

    /// The begin of the period after the one that begins here.
    fn next(self, begin: i64) -> i64 {
        match self {
            Self::Hour => begin + HOUR_MS,
            Self::Day => begin + DAY_MS,
            // The 1st plus 31 days is always in the next month.
            Self::Month => clock::month_begin(begin + 31 * DAY_MS),
        }
    }
}

/// A time that is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    pub from_ms: i64,
    /// Excluded.
    pub to_ms: i64,
    pub interval: Interval,
    /// Whether the series tells the response times of each period: many more counts are read.
    pub with_times: bool,
}

fn up(ms: i64, width: i64) -> i64 {
    (ms + width - 1).div_euclid(width) * width
}

fn down(ms: i64, width: i64) -> i64 {
    ms.div_euclid(width) * width
}

impl Range {
    /// Whole periods for the series and for the sums, and what is left at the ends for the rows. A
    /// series by hours needs the sums by hours; all else takes days where they are whole.
    fn parts(self) -> (Vec<Span>, Vec<Span>, Vec<(i64, i64)>) {
        let (from, to) = (self.from_ms, self.to_ms);
        let (first, last) = (up(from, HOUR_MS), down(to, HOUR_MS));
        if first >= last {
            return (Vec::new(), Vec::new(), vec![(from, to)]);
        }
        let edges = vec![(from, first), (last, to)];
        let (first_day, last_day) = (up(first, DAY_MS), down(last, DAY_MS));
        let hours = |from_ms, to_ms| Span { grain: "hour", from_ms, to_ms };
        let spans = if first_day >= last_day {
            vec![hours(first, last)]
        } else {
            let days = Span { grain: "day", from_ms: first_day, to_ms: last_day };
            vec![hours(first, first_day), days, hours(last_day, last)]
        };
        let series =
            if self.interval == Interval::Hour { vec![hours(first, last)] } else { spans.clone() };
        (series, spans, edges.into_iter().filter(|(from, to)| from < to).collect())
    }

    fn periods(self) -> Result<BTreeMap<i64, Period>, ApiError> {
        let mut periods = BTreeMap::new();
        let mut at = self.interval.begin(self.from_ms);
        while at < self.to_ms {
            periods.insert(at, Period { start: clock::rfc3339(at), ..Period::default() });
            if periods.len() > PERIODS {
                return Err(crate::extract::query::invalid(
                    "interval",
                    "would cut the range into more than 1200 periods",
                ));
            }
            at = self.interval.next(at);
        }
        Ok(periods)
    }
}

type Sums = BTreeMap<String, i64>;

fn summed(counts: Vec<(String, i64)>) -> Sums {
    let mut sums = Sums::new();
    for (name, count) in counts {
        *sums.entry(name).or_default() += count;
    }
    sums
}

/// What was counted, row or sum.
struct Tally {
    periods: BTreeMap<i64, Period>,
    interval: Interval,
    /// Buckets of response times by period, where they are asked for.
    times: Option<BTreeMap<i64, Buckets>>,
    refusals: Sums,
    domains: Sums,
    pages: Sums,
    responses: Sums,
    first_tokens: Sums,
}

impl Tally {
    fn new(range: Range, counted: Counted) -> Result<Self, ApiError> {
        let mut tally = Self {
            periods: range.periods()?,
            interval: range.interval,
            times: range.with_times.then(BTreeMap::new),
            refusals: summed(counted.refusals),
            domains: summed(counted.domains),
            pages: summed(counted.pages),
            responses: summed(counted.responses),
            first_tokens: summed(counted.first_tokens),
        };
        for (period, status, count) in counted.series {
            tally.count(period, &status, count);
        }
        for (period, bucket, count) in counted.times {
            tally.time(period, bucket.parse().unwrap_or_default(), count);
        }
        for row in counted.rows {
            tally.row(row);
        }
        Ok(tally)
    }

    fn time(&mut self, at_ms: i64, bucket: i64, count: i64) {
        let begin = self.interval.begin(at_ms);
        if let Some(times) = &mut self.times {
            *times.entry(begin).or_default().entry(bucket).or_default() += count;
        }
    }

    fn series(
        periods: BTreeMap<i64, Period>,
        times: Option<BTreeMap<i64, Buckets>>,
    ) -> Vec<Period> {
        let mut times = times.unwrap_or_default();
        let timed = |(begin, period)| Period {
            response_time_ms: times.remove(&begin).and_then(percentiles),
            ..period
        };
        periods.into_iter().map(timed).collect()
    }

    fn count(&mut self, at_ms: i64, status: &str, count: i64) {
        let Some(period) = self.periods.get_mut(&self.interval.begin(at_ms)) else { return };
        match status {
            "ok" => period.ok += count,
            "stopped" => period.stopped += count,
            "refused" => period.refused += count,
            _ => period.failed += count,
        }
    }

    fn row(&mut self, row: NewRow) {
        self.count(row.created_at, &row.status, row.count);
        if row.status == "refused" {
            *self.refusals.entry(row.code.unwrap_or_default()).or_default() += row.count;
            return;
        }
        if let Some(bucket) = row.response_bucket {
            self.time(row.created_at, bucket, 1);
        }
        for (sums, name) in [(&mut self.domains, row.domain), (&mut self.pages, row.page)] {
            if !name.is_empty() {
                *sums.entry(name).or_default() += 1;
            }
        }
        for (sums, bucket) in [
            (&mut self.responses, row.response_bucket),
            (&mut self.first_tokens, row.first_token_bucket),
        ] {
            if let Some(bucket) = bucket {
                *sums.entry(bucket.to_string()).or_default() += 1;
            }
        }
    }
}

/// How often each bucket occurs.
type Buckets = BTreeMap<i64, i64>;

fn buckets(sums: &Sums) -> Buckets {
    sums.iter().filter_map(|(bucket, count)| Some((bucket.parse().ok()?, *count))).collect()
}

fn percentiles(buckets: Buckets) -> Option<Percentiles> {
    let counts: Vec<(i64, i64)> = buckets.into_iter().collect();
    (!counts.is_empty()).then(|| Percentiles {
        p50: percentile(&counts, 50),
        p95: percentile(&counts, 95),
        p99: percentile(&counts, 99),
    })
}

/// The most frequent, most frequent first.
fn most(sums: Sums) -> Vec<NamedCount> {
    let mut all: Vec<_> =
        sums.into_iter().map(|(name, count)| NamedCount { name, count }).collect();
    all.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
    all.truncate(TOP);
    all
}

/// What the usage comes to for an owner (empty = for all).
///
/// # Errors
/// 400 for a range of too many periods; when the database fails.
pub async fn analytics(
    store: &Store,
    owner: &str,
    range: Range,
    month: MonthCount,
    unknown_keys: Option<u64>,
) -> Result<Analytics, ApiError> {
    range.periods()?;
    let (series, spans, edges) = range.parts();
    let counted = store.counted(owner, &series, &spans, &edges, range.with_times).await?;
    let tally = Tally::new(range, counted)?;
    let mut feedback = FeedbackCount::default();
    for (rating, count) in store.ratings(owner, range.from_ms, range.to_ms).await? {
        if rating == "up" { feedback.up = count } else { feedback.down = count }
    }
    let series = Tally::series(tally.periods, tally.times);
    let mut totals = Totals::default();
    for period in &series {
        totals.ok += period.ok;
        totals.failed += period.failed;
        totals.stopped += period.stopped;
        totals.refused += period.refused;
    }
    totals.queries = totals.ok + totals.failed + totals.stopped;
    #[expect(clippy::cast_precision_loss, reason = "a rate needs no more than 52 bits")]
    let rate = || (totals.ok + totals.stopped) as f64 / totals.queries as f64;
    totals.success_rate = (totals.queries > 0).then(rate);
    let refusals = most(tally.refusals);
    Ok(Analytics {
        from: clock::rfc3339(range.from_ms),
        to: clock::rfc3339(range.to_ms),
        interval: range.interval.as_str().to_owned(),
        totals,
        month,
        series,
        response_time_ms: percentiles(buckets(&tally.responses)),
        first_token_ms: percentiles(buckets(&tally.first_tokens)),
        domains: most(tally.domains),
        pages: most(tally.pages),
        refusals: refusals
            .into_iter()
            .map(|NamedCount { name, count }| CodeCount { code: name, count })
            .collect(),
        feedback,
        unknown_keys,
    })
}
