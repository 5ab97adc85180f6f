//! The gate for every address that a model wrote: what leaves here may stand in an `href`.

use crate::scan::cut;

/// The URL as it may be linked to, or `None` when it is not an absolute `http`, `https`, `mailto`
/// or `tel` URL.
///
/// Browsers drop tabs and line ends inside a URL and control characters and spaces around it before
/// they look at the scheme, so these go first; a space inside becomes `%20`. What is judged is what
/// is returned. `http:x` and `https:/x` are relative in some browsers and are refused.
///
/// ```
/// assert_eq!(markdown::safe_url(" https://example.com").as_deref(), Some("https://example.com"));
/// assert_eq!(markdown::safe_url("java\nscript:alert(1)"), None);
/// ```
#[must_use]
pub fn safe_url(url: &str) -> Option<String> {
    let mut clean = String::new();
    let mut spaces = 0;
    for c in url.chars() {
        if c == ' ' {
            spaces += 1;
        } else if !c.is_control() && !c.is_whitespace() {
            // Those before the URL are dropped; those after it never come here.
            while spaces > 0 && !clean.is_empty() {
                clean.push_str("%20");
                spaces -= 1;
            }
            spaces = 0;
            clean.push(c);
        }
    }
    let allowed = ["http://", "https://", "mailto:", "tel:"].iter().any(|start| {
        clean.len() > start.len() && cut(&clean, 0, start.len()).eq_ignore_ascii_case(start)
    });
    allowed.then_some(clean)
}

#[cfg(test)]
mod tests {
    use super::safe_url;

    #[test]
    fn the_four_schemes_pass_in_any_case() {
        for url in [
            "http://a.b",
            "https://a.b/c?d=e&f#g",
            "HTTPS://A.B",
            "hTTp://localhost:8080/",
            "mailto:me@example.com?subject=a%20b",
            "tel:+49-30-123",
            "https://example.com/ünïcode/中文",
            "https://user@[::1]/",
        ] {
            assert_eq!(safe_url(url).as_deref(), Some(url));
        }
    }

    #[test]
    fn every_other_scheme_is_refused() {
        for url in [
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "javascript://https://a.b/%0aalert(1)",
            "data:text/html,<script>alert(1)</script>",
            "vbscript:msgbox",
            "file:///etc/passwd",
            "blob:https://a.b/c",
            "ftp://a.b",
            "about:blank",
            "view-source:https://a.b",
            "httpss://a.b",
            "&#106;avascript:alert(1)",
            "&#104;ttps://a.b",
            "javascript&colon;alert(1)",
            "%6aavascript:alert(1)",
            "\u{ff4a}avascript:alert(1)",
        ] {
            assert_eq!(safe_url(url), None, "{url}");
        }
    }

    #[test]
    fn what_browsers_drop_hides_no_scheme() {
        for url in [
            "java\nscript:alert(1)",
            "java\tscript:alert(1)",
            "java\r\nscript:alert(1)",
            " javascript:alert(1)",
            "\u{1}javascript:alert(1)",
            "\u{a0}javascript:alert(1)",
            "\u{feff}javascript:alert(1)",
            "java script:alert(1)",
            "javascript\t:alert(1)",
        ] {
            assert_eq!(safe_url(url), None, "{url:?}");
        }
    }

    #[test]
    fn what_is_judged_is_what_is_returned() {
        assert_eq!(safe_url("  https://a.b \n").as_deref(), Some("https://a.b"));
        assert_eq!(safe_url("ht\ntps://a.b").as_deref(), Some("https://a.b"));
        assert_eq!(safe_url("\u{0}https://a.b/\u{7}c").as_deref(), Some("https://a.b/c"));
        assert_eq!(safe_url("https://a.b/c d").as_deref(), Some("https://a.b/c%20d"));
        assert_eq!(safe_url("ht tps://a.b"), None);
    }

    #[test]
    fn relative_and_empty_addresses_are_refused() {
        for url in [
            "",
            " ",
            ":",
            "//evil.example",
            "/path",
            "path",
            "./path",
            "#fragment",
            "?query",
            "\\\\evil.example",
            "www.example.com",
            "http:",
            "http:x",
            "https:/x",
            "https://",
            "https:\\\\evil.example",
            "mailto:",
            "tel:",
            "http",
        ] {
            assert_eq!(safe_url(url), None, "{url:?}");
        }
    }
}
