//! Where a key may be used from: any place, listed websites, or listed addresses.
//!
//! Patterns and origins are normalised alike (case, punycode, a dot at the end, default ports) and
//! then compared as texts. What the page says of itself in a body plays no part.

use std::net::IpAddr;

use ipnet::IpNet;
use shared::license_key::RestrictionKind;
use url::{Host, Url};

/// Exactly one of three.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restriction {
    None,
    /// Empty = any website, and requests without one.
    Websites(Vec<Pattern>),
    /// Empty = no address.
    IpAddresses(Vec<IpNet>),
}

/// What is wrong with a pattern or an address, as the end of a sentence that begins with it.
pub type Why = &'static str;

/// A website pattern, normalised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// `None` = http or https.
    scheme: Option<String>,
    /// Any subdomain of the host, at any depth, and not the host itself.
    subdomains: bool,
    host: String,
    /// `None` = the default of the request's scheme.
    port: Option<u16>,
    /// Whether a path, query or fragment was dropped.
    pub path_ignored: bool,
}

#[derive(Debug)]
struct Site {
    scheme: String,
    host: String,
    /// `None` = the scheme's default.
    port: Option<u16>,
    is_ip: bool,
    has_path: bool,
}

impl Site {
    fn effective_port(&self) -> u16 {
        self.port.unwrap_or(if self.scheme == "https" { 443 } else { 80 })
    }
}

fn site(text: &str) -> Option<Site> {
    let url = Url::parse(text).ok()?;
    if !matches!(url.scheme(), "http" | "https")
        || !url.username().is_empty()
        || url.password().is_some()
    {
        return None;
    }
    let (host, is_ip) = match url.host()? {
        Host::Domain(name) => (name.trim_end_matches('.').to_owned(), false),
        Host::Ipv4(ip) => (ip.to_string(), true),
        Host::Ipv6(ip) => (format!("[{ip}]"), true),
    };
    (!host.is_empty()).then(|| Site {
        scheme: url.scheme().to_owned(),
        host,
        port: url.port(),
        is_ip,
        has_path: url.path() != "/" || url.query().is_some() || url.fragment().is_some(),
    })
}

/// Whether a host is all public suffix, such as `com` or `co.uk` (publicsuffix.org).
fn is_public_suffix(host: &str) -> bool {
    psl::suffix(host.as_bytes()).is_some_and(|suffix| suffix.as_bytes() == host.as_bytes())
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Why it is not one.
    pub fn parse(text: &str) -> Result<Self, Why> {
        const FORM: Why = "is not a website: write https://example.com, https://*.example.com or \
                           example.com";
        let text = text.trim();
        if text.len() > 300 {
            return Err("is longer than 300 bytes");
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
            return Err("holds a space, a backslash or a control character");
        }
        if text == "*" {
            return Err("would be every website: choose no restriction instead");
        }
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, text),
        };
        if scheme
            .is_some_and(|s| !s.eq_ignore_ascii_case("https") && !s.eq_ignore_ascii_case("http"))
        {
            return Err("begins with something else than http:// or https://");
        }
        if rest.is_empty() || rest.starts_with('/') {
            return Err("has no host");
        }
        let (subdomains, rest) = match rest.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        if authority.contains('*') {
            return Err("may have one * only, as *. before the host");
        }
        if authority.contains('@') {
            return Err("holds a user name");
        }
        let site = site(&format!("{}://{rest}", scheme.unwrap_or("https"))).ok_or(FORM)?;
        if subdomains && (site.is_ip || (site.host != "localhost" && is_public_suffix(&site.host)))
        {
            return Err(
                "would be the websites of strangers: what follows *. is an IP address or a \
                        public suffix, under which anybody can have a name",
            );
        }
        let typed_port = authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        // Without a scheme, a port that was written out is meant as it stands.
        let port = if scheme.is_none() { site.port.or(typed_port) } else { site.port };
        Ok(Self {
            scheme: scheme.map(|_| site.scheme),
            subdomains,
            host: site.host,
            port,
            path_ignored: site.has_path,
        })
    }

    /// Stands for a stored pattern that is none any more (the list of public suffixes grows), so
    /// that a list never becomes empty, which would let any website pass.
    fn nothing() -> Self {
        let host = String::new();
        Self { scheme: None, subdomains: false, host, port: None, path_ignored: false }
    }

    /// Whether a serialised origin, such as `https://example.com:8443`, is one of those meant.
    #[must_use]
    pub fn matches(&self, origin: &str) -> bool {
        site(origin).is_some_and(|site| self.matches_site(&site))
    }

    fn matches_site(&self, site: &Site) -> bool {
        let scheme = self.scheme.as_ref().is_none_or(|scheme| *scheme == site.scheme);
        let host = if self.subdomains {
            site.host
                .strip_suffix(&self.host)
                .is_some_and(|sub| sub.len() > 1 && sub.ends_with('.'))
        } else {
            site.host == self.host
        };
        let port = match self.port {
            None => site.port.is_none(),
            Some(port) => port == site.effective_port(),
        };
        scheme && host && port
    }

    /// What it matches, in words.
    #[must_use]
    pub fn explanation(&self) -> String {
        let host = if self.subdomains {
            format!("every subdomain of {}, but not {} itself", self.host, self.host)
        } else {
            format!("{} and no subdomain", self.host)
        };
        let scheme = match self.scheme.as_deref() {
            Some(scheme) => format!("over {scheme}"),
            None => "over http and https".into(),
        };
        let port = match self.port {
            Some(port) => format!("on port {port}"),
            None => "on the usual port".into(),
        };
        format!("Any page of {host}, {scheme}, {port}.")
    }
}

impl std::fmt::Display for Pattern {
    /// The normalised pattern, which reads back as the same.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(scheme) = &self.scheme {
            write!(f, "{scheme}://")?;
        }
        f.write_str(if self.subdomains { "*." } else { "" })?;
        f.write_str(&self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl Restriction {
    /// What the settings of a key, once checked, come to.
    #[must_use]
    pub fn of(kind: RestrictionKind, websites: &[String], addresses: &[String]) -> Self {
        match kind {
            RestrictionKind::None => Self::None,
            RestrictionKind::Websites => {
                let read = |p: &String| Pattern::parse(p).unwrap_or_else(|_| Pattern::nothing());
                Self::Websites(websites.iter().map(read).collect())
            }
            RestrictionKind::IpAddresses => {
                Self::IpAddresses(addresses.iter().filter_map(|a| network(a)).collect())
            }
        }
    }

    /// Whether a list of websites lets this serialised origin pass.
    #[must_use]
    pub fn lets_pass(patterns: &[Pattern], origin: Option<&str>) -> bool {
        if patterns.is_empty() {
            return true;
        }
        let Some(site) = origin.and_then(site) else { return false };
        patterns.iter().any(|pattern| pattern.matches_site(&site))
    }
}

/// An address or a CIDR network; an IPv4-mapped IPv6 one is taken as IPv4.
#[must_use]
pub fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    let net = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))?;
    if let IpNet::V6(v6) = net
        && let Some(v4) = v6.addr().to_ipv4_mapped()
        && let Some(prefix) = v6.prefix_len().checked_sub(96)
    {
        return ipnet::Ipv4Net::new(v4, prefix).ok().map(|v4| IpNet::V4(v4.trunc()));
    }
    Some(net.trunc())
}

/// Whether one of the networks holds the address; an IPv4-mapped IPv6 address is unwrapped.
#[must_use]
pub fn contains(networks: &[IpNet], ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    networks.iter().any(|network| network.contains(&ip))
}

/// The origin that a request proves: `Origin`, else that of `Referer`. `null` proves none.
#[must_use]
pub fn proved_origin(origin: Option<&str>, referer: Option<&str>) -> Option<String> {
    let text = origin.or(referer)?;
    let site = site(text)?;
    let port = site.port.map(|p| format!(":{p}")).unwrap_or_default();
    Some(format!("{}://{}{port}", site.scheme, site.host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_the_websites_that_its_author_meant() {
        for (pattern, origin, meant) in [
            ("https://example.com", "https://example.com", true),
            ("https://example.com", "https://EXAMPLE.com.", true),
            ("https://example.com", "https://example.com:443", true),
            ("https://example.com", "http://example.com", false),
            ("https://example.com", "https://www.example.com", false),
            ("https://example.com", "https://example.com:8443", false),
            ("https://example.com", "https://example.com.evil.net", false),
            ("https://example.com", "https://notexample.com", false),
            ("https://example.com/path?x", "https://example.com", true),
            ("https://*.example.com", "https://a.b.example.com", true),
            ("https://*.example.com", "https://example.com", false),
            ("https://*.example.com", "https://evilexample.com", false),
            ("example.com", "http://example.com", true),
            ("example.com", "https://example.com", true),
            ("example.com", "https://example.com:8443", false),
            ("http://localhost:3000", "http://localhost:3000", true),
            ("localhost:3000", "http://localhost:3000", true),
            ("http://[::1]:8080", "http://[::1]:8080", true),
            ("example.com:80", "http://example.com", true),
            ("example.com:80", "https://example.com", false),
            ("example.com:443", "https://example.com", true),
            ("https://example.com:443", "https://example.com", true),
            ("*.example.com", "http://shop.example.com", true),
            ("*.example.co.uk", "https://shop.example.co.uk", true),
            ("*.localhost", "http://app.localhost", true),
            ("EXAMPLE.com.", "https://example.com", true),
            ("https://bücher.example", "https://xn--bcher-kva.example", true),
        ] {
            let parsed = Pattern::parse(pattern).unwrap();
            assert_eq!(parsed.matches(origin), meant, "{pattern} and {origin}");
            let again = Pattern::parse(&parsed.to_string()).unwrap();
            assert_eq!(again.to_string(), parsed.to_string(), "{pattern} reads back");
            assert_eq!(again.matches(origin), meant, "{parsed} and {origin}");
        }
    }

    #[test]
    fn what_is_no_website_is_refused() {
        for bad in [
            "",
            "*",
            "https://",
            "https:///x",
            "*.com",
            "*.co.uk",
            "*.github.io",
            "*.1.2.3.4",
            "ex*mple.com",
            "*.*.example.com",
            "https://*",
            "ftp://example.com",
            "a b",
            "https://u:p@example.com",
            "https://u@example.com",
            "a\tb.com",
            "https://a\\b.com",
            "https://exa mple.com",
            "javascript:alert(1)",
            &"a".repeat(301),
        ] {
            assert!(Pattern::parse(bad).is_err(), "{bad:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_pattern_that_reads_back_or_is_refused(text in "[ -~äß。*./:@]{0,40}") {
            if let Ok(pattern) = Pattern::parse(&text) {
                let again = Pattern::parse(&pattern.to_string());
                proptest::prop_assert_eq!(again.map(|p| p.to_string()), Ok(pattern.to_string()));
            }
            let _ = network(&text);
        }
    }

    #[test]
    fn an_origin_of_null_proves_nothing_even_with_a_referer() {
        assert_eq!(proved_origin(Some("null"), Some("https://example.com/a")), None);
        assert_eq!(
            proved_origin(None, Some("https://Example.com/a?b")).as_deref(),
            Some("https://example.com")
        );
        assert_eq!(proved_origin(None, None), None);
    }

    #[test]
    fn addresses_match_their_network_and_mapped_ones_are_unwrapped() {
        let networks =
            ["10.0.0.0/8", "2001:db8::1", "::ffff:192.0.2.0/120"].map(|net| network(net).unwrap());
        for (ip, inside) in [
            ("10.255.0.1", true),
            ("::ffff:10.1.2.3", true),
            ("192.0.2.77", true),
            ("192.0.3.1", false),
            ("11.0.0.1", false),
            ("2001:db8::1", true),
            ("2001:db8::2", false),
        ] {
            assert_eq!(contains(&networks, ip.parse().unwrap()), inside, "{ip}");
        }
        assert!(!contains(&[], "10.0.0.1".parse().unwrap()));
    }
}
