//! When engagement prompts appear, and which one: plain Rust, no browser, no clock.
//!
//! In: the rules, where the visitor is and what they have done there. Out: whether a prompt is due.

use shared::PromptMode;
use shared::look::EngagementRules;

/// Whether prompts may appear at an address: without patterns everywhere. Its fragment does not
/// count. A pattern that begins with a slash is about the path alone.
#[must_use]
pub fn is_page_of(patterns: &[String], address: &str, path: &str) -> bool {
    let end = address.bytes().position(|byte| byte == b'#').unwrap_or(address.len());
    let address = &address.as_bytes()[..end];
    patterns.is_empty()
        || patterns.iter().any(|pattern| {
            let pattern = pattern.trim().as_bytes();
            matches(pattern, if pattern.first() == Some(&b'/') { path.as_bytes() } else { address })
        })
}

/// Whether the whole of `text` is as `pattern` says; `*` stands for any run of characters.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    // Behind the last star, and how much of the text it stands for the end of.
    let mut star = None;
    while seen < text.len() {
        if pattern.get(at) == Some(&b'*') {
            at += 1;
            star = Some((at, seen));
        } else if pattern.get(at) == text.get(seen) {
            (at, seen) = (at + 1, seen + 1);
        } else if let Some((behind, until)) = star {
            // One more for the star, and again from behind it.
            star = Some((behind, until + 1));
            (at, seen) = (behind, until + 1);
        } else {
            return false;
        }
    }
    pattern.iter().skip(at).all(|byte| *byte == b'*')
}

/// How far the page is scrolled, in percent; all the way where there is nothing to scroll.
#[must_use]
pub fn scrolled(top: i32, height: i32, window: i32) -> u32 {
    let hidden = height - window;
    if hidden <= 0 {
        return 100;
    }
    // The last pixels are often out of reach, for fractions of one or a zoomed page.
    u32::try_from((top.max(0) + 1) * 100 / hidden).unwrap_or(0).min(100)
}

/// When the next prompt is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    Now,
    /// In so many milliseconds.
    In(i32),
    /// Not before something happens.
    Later,
}

/// What has come true of the rules, on this page or this run of pages.
#[derive(Debug, Default)]
pub struct Gate {
    /// When the visitor came, in milliseconds; none on a page where nothing appears.
    since: Option<f64>,
    percent: u32,
    left: bool,
}

impl Gate {
    /// The visitor is on a page now. From one page of the rules to the next, what has come true
    /// stays true; on any other page everything begins anew.
    pub fn visit(&mut self, is_page_of_rules: bool, now: f64) {
        if !is_page_of_rules {
            *self = Self::default();
        } else if self.since.is_none() {
            self.since = Some(now);
        }
    }

    /// The page is scrolled as far as this.
    pub fn scroll(&mut self, percent: u32) {
        self.percent = self.percent.max(percent);
    }

    /// The pointer leaves the page upwards. It counts once the other rules have come true.
    pub fn leave(&mut self, rules: &EngagementRules, now: f64) {
        self.left |= self.wait(rules, now) == Some(0);
    }

    #[must_use]
    pub fn due(&self, rules: &EngagementRules, now: f64) -> Due {
        match self.wait(rules, now) {
            Some(0) if self.left || !rules.exit_intent => Due::Now,
            Some(0) | None => Due::Later,
            Some(milliseconds) => Due::In(milliseconds),
        }
    }

    /// How long until the page and the time are right; none where something else is missing.
    fn wait(&self, rules: &EngagementRules, now: f64) -> Option<i32> {
        let until = self.since? + f64::from(rules.delay_seconds) * 1000.0;
        (self.percent >= rules.scroll_percent).then_some((until - now).max(0.0).ceil() as i32)
    }
}

/// Which of `count` prompts is shown first; `chance` is from 0 up to, but not, 1.
#[must_use]
pub fn first(mode: PromptMode, count: usize, chance: f64) -> usize {
    match mode {
        PromptMode::Rotate => 0,
        PromptMode::Random => (chance * count as f64) as usize,
    }
}

#[cfg(test)]
#[path = "prompts_tests.rs"]
mod tests;
