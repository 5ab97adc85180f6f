//! How often one key may ask from one address: a fixed window per (key, address).
//!
//! Counters live in a bounded map. When it is full, windows that have ended are dropped first, then
//! those that have counted once only: a flood of new names cannot wash away what stands against
//! somebody. IPv6 addresses count by their /64, which is one customer's.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Counters that are kept at most.
const COUNTERS: usize = 50_000;

/// What a request is counted as.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// A chat request with this key (the owner's name).
    Chat(String),
    /// What goes with a chat: resume, stop, feedback, the current conversation.
    Session(String),
    /// Look and session of the widget.
    Widget,
    /// A key that nobody knows.
    UnknownKey,
    /// An admin credential that nobody knows.
    UnknownAdmin,
    /// A request about the license of this key.
    License(String),
    /// A request about any license.
    Licenses,
    /// A wrong password for this account.
    SignIn(String),
    /// A wrong password for any account.
    SignInAddress,
}

/// Where a caller stands in its window; the `X-RateLimit-*` headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateStatus {
    pub limit: u32,
    pub remaining: u32,
    /// Unix seconds at which the window ends.
    pub reset: i64,
    pub allowed: bool,
    /// Whole seconds until then, at least 1.
    pub retry_after: u64,
}

#[derive(Debug)]
struct Window {
    used: u32,
    ends_ms: i64,
}

/// Who counts as one: an IPv4 address, or an IPv6 /64.
fn one(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::V6(std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// The counters.
#[derive(Debug, Default)]
pub struct Rates {
    windows: Mutex<HashMap<(Bucket, IpAddr), Window>>,
}

impl Rates {
    /// Whether this caller has used up its window; counts nothing.
    pub fn is_exhausted(&self, bucket: Bucket, ip: IpAddr, limit: u32, now_ms: i64) -> bool {
        let windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        windows
            .get(&(bucket, one(ip)))
            .is_some_and(|window| window.ends_ms > now_ms && window.used >= limit)
    }

    /// Takes back what was counted last: it was none of what is limited.
    pub fn take_back(&self, bucket: Bucket, ip: IpAddr) {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(window) = windows.get_mut(&(bucket, one(ip))) {
            window.used = window.used.saturating_sub(1);
        }
    }

    /// Counts one request, if it is allowed.
    pub fn count(
        &self,
        bucket: Bucket,
        ip: IpAddr,
        limit: u32,
        window: Duration,
        now_ms: i64,
    ) -> RateStatus {
        let length = i64::try_from(window.as_millis()).unwrap_or(i64::MAX).max(1);
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= COUNTERS {
            windows.retain(|_, window| window.ends_ms > now_ms);
            if windows.len() >= COUNTERS {
                windows.retain(|_, window| window.used > 1);
            }
            if windows.len() >= COUNTERS {
                windows.clear();
            }
        }
        let entry = windows
            .entry((bucket, one(ip)))
            .or_insert(Window { used: 0, ends_ms: now_ms.saturating_add(length) });
        // A clock that was set back must not lock a caller out for longer than a window.
        if entry.ends_ms <= now_ms || entry.ends_ms - now_ms > length {
            *entry = Window { used: 0, ends_ms: now_ms.saturating_add(length) };
        }
        let allowed = entry.used < limit;
        if allowed {
            entry.used += 1;
        }
        let left_ms = entry.ends_ms - now_ms;
        RateStatus {
            limit,
            remaining: limit.saturating_sub(entry.used),
            reset: entry.ends_ms.saturating_add(999).div_euclid(1000),
            allowed,
            retry_after: u64::try_from(left_ms.saturating_add(999) / 1000).unwrap_or(1).max(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn the_limit_is_exact_and_ends_with_its_window() {
        let rates = Rates::default();
        let ask = |at| rates.count(Bucket::Widget, IP, 3, MINUTE, at);
        assert_eq!([ask(0), ask(1), ask(2)].map(|s| s.remaining), [2, 1, 0]);
        let refused = ask(59_999);
        assert!(!refused.allowed);
        assert_eq!((refused.reset, refused.retry_after), (60, 1));
        assert!(ask(60_000).allowed);
    }

    #[test]
    fn keys_and_addresses_do_not_share_a_counter() {
        let rates = Rates::default();
        let ask = |key: &str, ip: &str| {
            rates.count(Bucket::Chat(key.into()), ip.parse().unwrap(), 1, MINUTE, 0).allowed
        };
        assert!(ask("a", "10.0.0.1") && ask("b", "10.0.0.1") && ask("a", "10.0.0.2"));
        assert!(!ask("a", "::ffff:10.0.0.1"), "a mapped address is the same address");
        assert!(ask("a", "2001:db8::1") && ask("a", "2001:db8:0:1::1"));
        assert!(!ask("a", "2001:db8::2"), "a /64 is one customer's");
    }

    #[test]
    fn a_flood_of_new_names_washes_nothing_away() {
        let rates = Rates::default();
        let ask = |key: &str| rates.count(Bucket::SignIn(key.into()), IP, 3, MINUTE, 0).allowed;
        assert!(ask("victim") && ask("victim") && ask("victim") && !ask("victim"));
        for n in 0..2 * COUNTERS {
            ask(&n.to_string());
        }
        assert!(!ask("victim"));
    }

    #[test]
    fn a_flood_of_addresses_cannot_grow_the_map_without_end() {
        let rates = Rates::default();
        for n in 0..(2 * u32::try_from(COUNTERS).unwrap()) {
            rates.count(Bucket::Widget, IpAddr::V4(n.into()), 1, MINUTE, 0);
        }
        assert!(rates.windows.lock().unwrap().len() <= COUNTERS);
    }
}
