//! What goes into the usage log: facts of a request, refusals within bounds.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::HeaderMap;
use shared::ErrorCode;

use crate::app::App;
use crate::keys::hosts::host_of;
use crate::keys::is_preview;
use crate::store::usage::{Refusal, RequestFacts};

/// Refused requests of one key and reason that get a row of their own in a minute.
const ROWS: i64 = 60;
const MINUTE_MS: i64 = 60_000;
/// Longest text of a header that is kept, in bytes.
const TEXT: usize = 2048;

fn cut(text: &str, most: usize) -> String {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].replace('\0', "")
}

/// The address as it may be kept: whole, or its /24 or /48.
#[must_use]
pub fn kept_address(ip: IpAddr, anonymize: bool) -> String {
    let ip = ip.to_canonical();
    if !anonymize {
        return ip.to_string();
    }
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            std::net::Ipv4Addr::new(a, b, c, 0).to_string()
        }
        IpAddr::V6(ip) => {
            let [a, b, c, ..] = ip.segments();
            std::net::Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).to_string()
        }
    }
}

/// What is kept of a request. The page is what the browser's `Referer` says, unless the body says
/// it better: a referrer of another origin is cut to that origin.
#[must_use]
pub fn facts(
    app: &App,
    headers: &HeaderMap,
    ip: IpAddr,
    origin: Option<&str>,
    page_url: Option<&str>,
) -> RequestFacts {
    let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("");
    let mut facts = RequestFacts {
        ip_address: kept_address(ip, app.settings.now().anonymize_ip),
        domain: origin.and_then(host_of).unwrap_or_default(),
        user_agent: cut(header("user-agent"), 512),
        ..RequestFacts::default()
    };
    note_page(&mut facts, Some(header("referer")));
    note_page(&mut facts, page_url);
    facts
}

/// Notes the page that a request comes from, where it is known.
pub fn note_page(facts: &mut RequestFacts, url: Option<&str>) {
    let Some(url) = url.filter(|url| !url.is_empty()) else { return };
    facts.referrer = cut(url, TEXT);
    facts.page = facts.referrer.split(['?', '#']).next().unwrap_or_default().to_owned();
}

/// Refusals of the present minute, by owner and reason.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<HashMap<(String, &'static str), Counted>>);

#[derive(Clone, Debug)]
struct Counted {
    minute: i64,
    rows: i64,
    /// Refusals past the rows, and the facts of the last.
    further: i64,
    facts: RequestFacts,
}

/// Whether a refusal belongs into the log of its key.
#[must_use]
pub fn is_logged(code: ErrorCode) -> bool {
    use ErrorCode as E;
    matches!(
        code,
        E::KeyDeactivated
            | E::KeyInactive
            | E::KeyExpired
            | E::OriginNotAllowed
            | E::IpNotAllowed
            | E::ActivationLimitReached
            | E::ActivationRequired
            | E::IdentityInvalid
            | E::IdentityRequired
            | E::AgentNotAllowed
            | E::AgentInactive
            | E::DataSourceNotAllowed
            | E::DataSourceInactive
            | E::RateLimitExceeded
            | E::MonthlyLimitReached
            | E::ConversationMessageLimit
    )
}

/// Logs that a request with this key was refused. Past 60 a minute they are only counted; nothing
/// waits for the row.
pub fn refused(app: &Arc<App>, owner: &str, code: ErrorCode, facts: &RequestFacts) {
    if !is_logged(code) || is_preview(owner) {
        return;
    }
    let now_ms = app.clock.now_ms();
    let minute = now_ms.div_euclid(MINUTE_MS);
    let (ended, own_row) = {
        let mut refusals = app.refusals.0.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Counted { minute, rows: 0, further: 0, facts: facts.clone() };
        let counted = refusals.entry((owner.to_owned(), code.as_str())).or_insert_with(new);
        let ended = if counted.minute == minute {
            None
        } else {
            Some(std::mem::replace(counted, new())).filter(|ended| ended.further > 0)
        };
        if counted.rows < ROWS {
            counted.rows += 1;
        } else {
            counted.further += 1;
            counted.facts = facts.clone();
        }
        (ended, counted.further == 0)
    };
    if let Some(ended) = ended {
        write(app, owner, code.as_str(), ended.further, ended.minute * MINUTE_MS, ended.facts);
    }
    if own_row {
        write(app, owner, code.as_str(), 1, now_ms, facts.clone());
    }
}

/// Writes the counts of minutes that are over; of all, when the server stops.
pub fn flush(app: &Arc<App>, all: bool) {
    let minute = app.clock.now_ms().div_euclid(MINUTE_MS);
    let mut over = Vec::new();
    {
        let mut refusals = app.refusals.0.lock().unwrap_or_else(PoisonError::into_inner);
        refusals.retain(|(owner, code), counted| {
            let ended = all || counted.minute != minute;
            if ended && counted.further > 0 {
                over.push((owner.clone(), *code, counted.clone()));
            }
            !ended
        });
    }
    for (owner, code, counted) in over {
        let at_ms = counted.minute * MINUTE_MS;
        write(app, &owner, code, counted.further, at_ms, counted.facts);
    }
}

fn write(
    app: &Arc<App>,
    owner: &str,
    code: &'static str,
    count: i64,
    created_at: i64,
    facts: RequestFacts,
) {
    let refusal = Refusal {
        id: app.clock.ulid(),
        created_at,
        logged_at: app.clock.now_ms(),
        owner: owner.to_owned(),
        code,
        count,
        facts,
    };
    let shared = Arc::clone(app);
    app.tasks.spawn(async move {
        let killed = shared.killed.clone();
        let written = killed.run_until_cancelled(shared.store.log_refusal(refusal)).await;
        if let Some(Err(error)) = written {
            tracing::warn!(%error, "a refused request was not logged");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anonymous_address_is_its_network() {
        let kept = |ip: &str| kept_address(ip.parse().unwrap(), true);
        assert_eq!(kept("203.0.113.77"), "203.0.113.0");
        assert_eq!(kept("::ffff:203.0.113.77"), "203.0.113.0");
        assert_eq!(kept("2001:db8:1:2:3::4"), "2001:db8:1::");
        assert_eq!(kept_address("::ffff:203.0.113.77".parse().unwrap(), false), "203.0.113.77");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("a\0b", 9), "ab");
    }
}
