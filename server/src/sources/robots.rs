//! What a website allows robots to fetch: `robots.txt` as RFC 9309 has it.

use std::time::Duration;

/// Larger files are cut there: what RFC 9309 asks for at least.
pub const LIMIT: usize = 500 * 1024;
/// As which robot the file is read.
const AGENT: &str = "natter";
/// Longest pause between two pages that a website may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The rules of one website for this robot.
#[derive(Clone, Debug, Default)]
pub struct Robots {
    /// Pattern, and whether what it matches is allowed.
    rules: Vec<(String, bool)>,
    /// Between two pages.
    pub pause: Duration,
}

#[derive(Default)]
struct Group {
    agents: Vec<String>,
    robots: Robots,
    /// A rule was read, so that a further agent's name begins the next group.
    closed: bool,
}

impl Robots {
    /// Reads the file: the group for this robot, else the one for all.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        for line in text.trim_start_matches('\u{feff}').lines() {
            let line = line.split('#').next().unwrap_or_default();
            let Some((name, value)) = line.split_once(':') else { continue };
            let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
            if name == "user-agent" {
                if groups.last().is_none_or(|group| group.closed) {
                    groups.push(Group::default());
                }
                if let Some(group) = groups.last_mut() {
                    group.agents.push(value.to_ascii_lowercase());
                }
            } else if let Some(group) = groups.last_mut() {
                group.take(&name, value);
            }
        }
        let of = |agent: &str| {
            let groups = groups.iter().filter(|group| group.agents.iter().any(|a| a == agent));
            groups.map(|group| &group.robots).fold(None, |all: Option<Self>, one| {
                let mut all = all.unwrap_or_default();
                all.rules.extend_from_slice(&one.rules);
                all.pause = all.pause.max(one.pause);
                Some(all)
            })
        };
        of(AGENT).or_else(|| of("*")).unwrap_or_default()
    }

    /// Whether a path with its query may be fetched: the longest rule that matches decides, and
    /// between equals the one that allows.
    #[must_use]
    pub fn allow(&self, path: &str) -> bool {
        let path = in_ascii(path);
        let matching = self.rules.iter().filter(|(pattern, _)| matches(pattern, &path));
        let longest = matching.max_by_key(|(pattern, allowed)| (pattern.len(), *allowed));
        longest.is_none_or(|(_, allowed)| *allowed)
    }
}

impl Group {
    fn take(&mut self, name: &str, value: &str) {
        match name {
            "allow" | "disallow" => {
                self.closed = true;
                // An empty rule matches nothing.
                if !value.is_empty() {
                    self.robots.rules.push((in_ascii(value), name == "allow"));
                }
            }
            "crawl-delay" => {
                self.closed = true;
                let seconds = value.parse::<f64>().ok().filter(|s| s.is_finite() && *s > 0.0);
                self.robots.pause = seconds.map_or(Duration::ZERO, |seconds| {
                    Duration::from_secs_f64(seconds.min(LONGEST_PAUSE.as_secs_f64()))
                });
            }
            _ => {}
        }
    }
}

/// One way to write a path: what is not ASCII by its bytes, and those in capitals.
fn in_ascii(path: &str) -> String {
    let mut written = String::with_capacity(path.len());
    let mut capitals = 0_u8;
    for byte in path.bytes() {
        match byte {
            b'%' => {
                capitals = 3;
                written.push('%');
            }
            byte if !byte.is_ascii() => written.push_str(&format!("%{byte:02X}")),
            byte if capitals > 0 => written.push(char::from(byte.to_ascii_uppercase())),
            byte => written.push(char::from(byte)),
        }
        capitals = capitals.saturating_sub(1);
    }
    written
}

/// Whether a path begins as the pattern says: `*` stands for anything, `$` at the end for the end.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, to_end) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut parts = pattern.split('*');
    let Some(mut rest) = path.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return !to_end || rest.is_empty() };
    // The earliest place leaves the most for what follows, so nothing has to be tried twice.
    for part in between {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    if to_end { rest.ends_with(last) } else { rest.contains(last) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_rule_decides_and_allowing_wins_between_equals() {
        let robots = Robots::read(
            "# all\nUser-agent: *\nDisallow: /\n\nUSER-AGENT: Natter\nUser-agent: other\n\
             Disallow: /private\nAllow: /private/open\nDisallow: /*.pdf$\nDisallow: /same\n\
             Allow: /same\nDisallow:\nCrawl-delay: 0.5\n",
        );
        for (path, allowed) in [
            ("/", true),
            ("/private", false),
            ("/privately", false),
            ("/private/open/a", true),
            ("/a.pdf", false),
            ("/a.pdf?x", true),
            ("/same/a", true),
        ] {
            assert_eq!(robots.allow(path), allowed, "{path}");
        }
        assert_eq!(robots.pause, Duration::from_millis(500));
    }

    #[test]
    fn a_path_may_be_written_in_two_ways() {
        let robots = Robots::read("User-agent: *\nDisallow: /geheim-ü\nDisallow: /a%2fb");
        assert!(!robots.allow("/geheim-%C3%BC") && !robots.allow("/geheim-%c3%bc/x"));
        assert!(!robots.allow("/a%2Fb") && robots.allow("/a/b"));
    }

    #[test]
    fn without_a_group_of_its_own_it_is_one_of_all() {
        let robots = Robots::read("User-agent: other\nDisallow: /\nUser-agent: *\nDisallow: /a*b");
        assert!(robots.allow("/x") && robots.allow("/a"));
        assert!(!robots.allow("/a/c/b"));
        assert!(Robots::read("").allow("/x"));
        assert!(Robots::read("<html>Not found: no</html>").allow("/x"));
    }

    #[test]
    fn a_pause_is_never_long_and_never_nonsense() {
        for (text, seconds) in
            [("1e300", 10.0), ("NaN", 0.0), ("-5", 0.0), ("inf", 0.0), ("2", 2.0)]
        {
            let robots = Robots::read(&format!("User-agent: *\nCrawl-delay: {text}"));
            assert_eq!(robots.pause, Duration::from_secs_f64(seconds), "{text}");
        }
    }

    #[test]
    fn a_hostile_pattern_costs_no_more_than_it_is_long() {
        let pattern = "*a".repeat(50_000);
        assert!(!matches(&format!("/{pattern}b"), &format!("/{}", "a".repeat(100_000))));
    }
}
