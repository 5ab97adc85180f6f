//! The only reader of time and randomness.
//!
//! Wall time comes from a [`Clock`] that tests can hold and move; ids and secrets come from the
//! operating system.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Wall time in milliseconds since 1970 UTC.
#[derive(Clone, Debug)]
pub struct Clock {
    fixed: Option<Arc<AtomicI64>>,
    /// The last id that was made, as a number: the next one of the same millisecond is greater.
    last_id: Arc<Mutex<u128>>,
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self { fixed: None, last_id: Arc::default() }
    }

    /// A clock that stands at `unix_ms` until it is moved. Clones move together.
    #[must_use]
    pub fn fixed(unix_ms: i64) -> Self {
        Self { fixed: Some(Arc::new(AtomicI64::new(unix_ms))), last_id: Arc::default() }
    }

    /// Moves a fixed clock forward; the machine's clock stays as it is.
    pub fn advance(&self, by: Duration) {
        if let Some(fixed) = &self.fixed {
            let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            fixed.fetch_add(by, Ordering::SeqCst);
        }
    }

    /// Sets a fixed clock; the machine's clock stays as it is.
    pub fn set(&self, unix_ms: i64) {
        if let Some(fixed) = &self.fixed {
            fixed.store(unix_ms, Ordering::SeqCst);
        }
    }

    /// Milliseconds since 1970 UTC.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    pub fn now_ms(&self) -> i64 {
        match &self.fixed {
            Some(fixed) => fixed.load(Ordering::SeqCst),
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .ok()
                .and_then(|since| i64::try_from(since.as_millis()).ok())
                .unwrap_or(0),
        }
    }
}

/// Milliseconds as RFC 3339 in UTC, such as `2026-07-01T00:00:00.000Z`.
#[must_use]
pub fn rfc3339(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms)
        .map_or_else(|_| String::from("9999-12-31T23:59:59.999Z"), |t| format!("{t:.3}"))
}

/// The calendar month (UTC) of a time, as year * 100 + month.
#[must_use]
pub fn month_of(ms: i64) -> i64 {
    let date = utc_date(ms);
    i64::from(date.year()) * 100 + i64::from(date.month())
}

/// Whole seconds from `ms` to the first of the next month (UTC), at least 1.
#[must_use]
pub fn seconds_to_next_month(ms: i64) -> u64 {
    let date = utc_date(ms);
    let days_left = i64::from(date.days_in_month()) - i64::from(date.day()) + 1;
    let day_start = ms.div_euclid(86_400_000);
    let next = (day_start + days_left) * 86_400_000;
    u64::try_from((next - ms).div_euclid(1000)).unwrap_or(1).max(1)
}

/// The first millisecond of the month (UTC) that holds `ms`.
#[must_use]
pub fn month_begin(ms: i64) -> i64 {
    let day_start = ms.div_euclid(86_400_000);
    (day_start - i64::from(utc_date(ms).day()) + 1) * 86_400_000
}

fn utc_date(ms: i64) -> jiff::civil::Date {
    jiff::Timestamp::from_millisecond(ms)
        .map_or(jiff::civil::Date::MAX, |t| jiff::tz::Offset::UTC.to_datetime(t).date())
}

/// Random bytes from the operating system.
///
/// # Panics
/// Never returns when the operating system has no randomness: nothing safe can be done without.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if getrandom::fill(&mut bytes).is_err() {
        // A predictable secret would be worse than no server.
        std::process::abort();
    }
    bytes
}

/// Crockford's base32 alphabet: no I, L, O, U.
pub const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl Clock {
    /// A new ULID: 48 bits of milliseconds, 80 random bits, 26 characters of Crockford base32.
    /// Ids of one millisecond grow in the order they were made.
    #[must_use]
    pub fn ulid(&self) -> String {
        let time = u128::from(self.now_ms().cast_unsigned() & 0xffff_ffff_ffff) << 80;
        let random: [u8; 10] = random();
        let random = random.iter().fold(0_u128, |value, byte| value << 8 | u128::from(*byte));
        let mut last = self.last_id.lock().unwrap_or_else(PoisonError::into_inner);
        let same_ms = *last >> 80 == time >> 80;
        *last = if same_ms { *last + 1 } else { time | random };
        write_ulid(*last)
    }
}

fn write_ulid(value: u128) -> String {
    (0..26)
        .rev()
        .map(|i| {
            let digit = (value >> (5 * i)) & 31;
            char::from(CROCKFORD[usize::try_from(digit).unwrap_or(0)])
        })
        .collect()
}

/// Whether `id` has the form of a ULID.
#[must_use]
pub fn is_ulid(id: &str) -> bool {
    id.len() == 26 && id.bytes().all(|b| CROCKFORD.contains(&b))
}

/// Random bytes as lower-case hex.
#[must_use]
pub fn random_hex<const N: usize>() -> String {
    hex(&random::<N>())
}

/// Bytes as lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(*b)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_follow_the_calendar_in_utc() {
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        assert_eq!(month_of(at("2026-12-31T23:59:59.999Z")), 202_612);
        assert_eq!(month_of(at("2027-01-01T00:00:00Z")), 202_701);
        assert_eq!(month_begin(at("2028-02-29T23:59:59Z")), at("2028-02-01T00:00:00Z"));
        assert_eq!(seconds_to_next_month(at("2026-12-31T23:59:59Z")), 1);
        assert_eq!(seconds_to_next_month(at("2028-02-28T00:00:00Z")), 2 * 86_400);
        assert_eq!(rfc3339(at("2026-07-01T00:00:00Z")), "2026-07-01T00:00:00.000Z");
    }

    #[test]
    fn ulids_sort_by_time_and_never_repeat() {
        let clock = Clock::fixed(1_000_000);
        let mut ids: Vec<_> = (0..1000).map(|_| clock.ulid()).collect();
        clock.advance(Duration::from_millis(1));
        ids.push(clock.ulid());
        assert!(ids.iter().all(|id| is_ulid(id)));
        assert!(ids.is_sorted_by(|a, b| a < b));
        assert_ne!(Clock::fixed(5).ulid(), Clock::fixed(5).ulid());
        assert!(!is_ulid("0123") && !is_ulid(&"U".repeat(26)));
    }
}
