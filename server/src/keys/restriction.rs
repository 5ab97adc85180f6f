//! Where a key may be used from: any place, listed websites, or listed addresses.
//!
//! Patterns and origins are normalised alike (case, punycode, a dot at the end, default ports) and
//! then compared as texts. What the page says of itself in a body plays no part.

use std::net::IpAddr;

use ipnet::IpNet;
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

/// What is wrong with a restriction.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RestrictionError {
    #[error(
        "{0:?} is not a website: write https://example.com, https://*.example.com or example.com"
    )]
    Website(String),
    #[error("{0:?} is not an IP address or CIDR network")]
    Address(String),
    #[error("a key is restricted to websites or to IP addresses, not to both")]
    Both,
}

/// A website pattern, normalised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// `None` = http or https on their default ports.
    scheme: Option<String>,
    /// Any subdomain of the host, at any depth, and not the host itself.
    subdomains: bool,
    host: String,
    port: Option<u16>,
}

struct Site {
    scheme: String,
    host: String,
    /// `None` = the scheme's default.
    port: Option<u16>,
}

fn site(text: &str) -> Option<Site> {
    let url = Url::parse(text).ok()?;
    if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() {
        return None;
    }
    let host = match url.host()? {
        Host::Domain(name) => name.trim_end_matches('.').to_owned(),
        Host::Ipv4(ip) => ip.to_string(),
        Host::Ipv6(ip) => format!("[{ip}]"),
    };
    (!host.is_empty()).then(|| Site { scheme: url.scheme().to_owned(), host, port: url.port() })
}

impl Pattern {
    /// Reads a pattern; `None` when it is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, text),
        };
        let (subdomains, rest) = match rest.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        if rest.contains('*') {
            return None;
        }
        let site = site(&format!("{}://{rest}", scheme.unwrap_or("https")))?;
        // `*.com` would be half of the web.
        if subdomains && !site.host.contains('.') && site.host != "localhost" {
            return None;
        }
        let scheme = scheme.map(|_| site.scheme);
        Some(Self { scheme, subdomains, host: site.host, port: site.port })
    }

    /// Whether a serialised origin, such as `https://example.com:8443`, is one of those meant.
    #[must_use]
    pub fn matches(&self, origin: &str) -> bool {
        let Some(site) = site(origin) else { return false };
        let scheme = self.scheme.as_ref().is_none_or(|scheme| *scheme == site.scheme);
        let host = if self.subdomains {
            site.host
                .strip_suffix(&self.host)
                .is_some_and(|sub| sub.len() > 1 && sub.ends_with('.'))
        } else {
            site.host == self.host
        };
        scheme && host && self.port == site.port
    }
}

impl Restriction {
    /// Reads what an admin wrote.
    ///
    /// # Errors
    /// The first entry that is not one.
    pub fn parse(
        websites: Option<&[String]>,
        addresses: Option<&[String]>,
    ) -> Result<Self, RestrictionError> {
        match (websites, addresses) {
            (Some(_), Some(_)) => Err(RestrictionError::Both),
            (None, None) => Ok(Self::None),
            (Some(list), None) => list
                .iter()
                .map(|p| Pattern::parse(p).ok_or_else(|| RestrictionError::Website(p.clone())))
                .collect::<Result<_, _>>()
                .map(Self::Websites),
            (None, Some(list)) => list
                .iter()
                .map(|a| network(a).ok_or_else(|| RestrictionError::Address(a.clone())))
                .collect::<Result<_, _>>()
                .map(Self::IpAddresses),
        }
    }

    /// Reads what is stored: the kind, and both lists as JSON.
    ///
    /// # Errors
    /// When the row was not written by [`Restriction::parse`].
    pub fn stored(kind: &str, websites: &str, addresses: &str) -> Result<Self, RestrictionError> {
        let list = |json: &str| serde_json::from_str::<Vec<String>>(json).unwrap_or_default();
        match kind {
            "websites" => Self::parse(Some(&list(websites)), None),
            "ip_addresses" => Self::parse(None, Some(&list(addresses))),
            _ => Ok(Self::None),
        }
    }

    /// As it is stored.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Websites(_) => "websites",
            Self::IpAddresses(_) => "ip_addresses",
        }
    }
}

fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
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
            ("https://bücher.example", "https://xn--bcher-kva.example", true),
        ] {
            let parsed = Pattern::parse(pattern).unwrap();
            assert_eq!(parsed.matches(origin), meant, "{pattern} and {origin}");
        }
    }

    #[test]
    fn what_is_no_website_is_refused() {
        for bad in ["", "*", "https://", "*.com", "ex*mple.com", "ftp://example.com", "a b"] {
            assert_eq!(Pattern::parse(bad), None, "{bad:?}");
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
        let networks = [network("10.0.0.0/8").unwrap(), network("2001:db8::1").unwrap()];
        for (ip, inside) in [
            ("10.255.0.1", true),
            ("::ffff:10.1.2.3", true),
            ("11.0.0.1", false),
            ("2001:db8::1", true),
            ("2001:db8::2", false),
        ] {
            assert_eq!(contains(&networks, ip.parse().unwrap()), inside, "{ip}");
        }
        assert!(!contains(&[], "10.0.0.1".parse().unwrap()));
    }
}
