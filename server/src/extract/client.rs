//! Where a request comes from: address, origin, host.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use ipnet::IpNet;

use crate::app::Shared;
use crate::config::Demo;
use crate::keys::restriction::{contains, proved_origin};

/// The peer of a request.
#[derive(Clone, Debug)]
pub struct Client {
    /// The socket's, or what trusted proxies say.
    pub ip: IpAddr,
    /// The website that the browser names, serialised; `None` when it names none or `null`.
    pub origin: Option<String>,
    /// Whether it is a browser on this machine that asks this machine by name.
    pub is_local: bool,
    /// Whether a trusted proxy says that it was asked over https.
    pub is_https: bool,
}

/// Any of these says that a proxy stands between the browser and this server.
const FORWARDING: [&str; 6] =
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

impl FromRequestParts<Shared> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Infallible> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip().to_canonical());
        let header = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok());
        Ok(Self {
            ip: client_ip(peer, &parts.headers, &app.config.trusted_proxies),
            origin: if parts.headers.get_all("origin").iter().count() > 1 {
                // No browser sends two: neither is believed.
                None
            } else if parts.headers.contains_key("origin") {
                proved_origin(Some(header("origin").unwrap_or("null")), None)
            } else {
                proved_origin(None, header("referer"))
            },
            is_local: peer.is_loopback()
                && header("host").is_some_and(is_local_host)
                && !FORWARDING.iter().any(|name| parts.headers.contains_key(*name)),
            is_https: contains(&app.config.trusted_proxies, peer)
                && header("x-forwarded-proto").is_some_and(|p| p.eq_ignore_ascii_case("https")),
        })
    }
}

impl Client {
    /// Whether the demo page and its key answer this client.
    #[must_use]
    pub fn may_see_demo(&self, demo: Demo) -> bool {
        match demo {
            Demo::Open => true,
            Demo::Auto => self.is_local,
            Demo::Off => false,
        }
    }
}

fn is_local_host(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(""),
        None => host.split(':').next().unwrap_or(""),
    };
    matches!(name, "localhost" | "127.0.0.1" | "::1")
}

/// The right-most address that is no trusted proxy. Headers are read only when the peer itself is
/// one: anybody else can write into them what they like.
fn client_ip(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    if !contains(trusted, peer) {
        return peer;
    }
    // What is no text stays a hop that cannot be read: left out, it would let the client's own words
    // take the place of the proxy's.
    let values = |name: &str| -> Vec<String> {
        let values = headers.get_all(name).into_iter();
        values.map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned()).collect()
    };
    let mut hops: Vec<String> = Vec::new();
    if headers.contains_key("x-forwarded-for") {
        for value in values("x-forwarded-for") {
            hops.extend(value.split(',').map(str::to_owned));
        }
    } else {
        for value in values("forwarded") {
            hops.extend(value.split(',').map(|hop| {
                let address = hop.split(';').find_map(|pair| {
                    let (name, value) = pair.trim().split_once('=')?;
                    name.eq_ignore_ascii_case("for").then_some(value)
                });
                address.unwrap_or_default().to_owned()
            }));
        }
    }
    let mut nearest = peer;
    for hop in hops.into_iter().rev() {
        // What cannot be read was not written by a proxy of ours: the one before it is the client.
        let Some(ip) = parse_hop(&hop) else { return nearest };
        nearest = ip;
        if !contains(trusted, ip) {
            return ip;
        }
    }
    nearest
}

fn parse_hop(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim().trim_matches('"');
    hop.parse::<IpAddr>()
        .ok()
        .or_else(|| hop.parse::<SocketAddr>().ok().map(|a| a.ip()))
        .or_else(|| hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok())
        .map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ip_of(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        client_ip(peer.parse().unwrap(), &map, &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed_and_only_up_to_the_first_stranger() {
        let forwarded = "x-forwarded-for";
        assert_eq!(ip_of("203.0.113.9", &[(forwarded, "1.2.3.4")]), "203.0.113.9");
        assert_eq!(ip_of("10.0.0.1", &[(forwarded, "1.2.3.4")]), "1.2.3.4");
        assert_eq!(ip_of("10.0.0.1", &[(forwarded, "6.6.6.6, 1.2.3.4, 10.0.0.2")]), "1.2.3.4");
        assert_eq!(ip_of("10.0.0.1", &[(forwarded, "6.6.6.6"), (forwarded, "1.2.3.4")]), "1.2.3.4");
        assert_eq!(ip_of("10.0.0.1", &[(forwarded, "1.2.3.4, junk")]), "10.0.0.1");
        assert_eq!(ip_of("10.0.0.1", &[("forwarded", "for=\"[2001:db8::7]:99\"")]), "2001:db8::7");
        assert_eq!(ip_of("::1", &[(forwarded, "::ffff:1.2.3.4")]), "1.2.3.4");
        assert_eq!(ip_of("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn bytes_that_are_no_text_cannot_hide_what_a_proxy_wrote() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let mut map = HeaderMap::new();
        let bytes = axum::http::HeaderValue::from_bytes(b"\xff, 203.0.113.5").unwrap();
        map.append("x-forwarded-for", bytes);
        map.append("forwarded", "for=10.1.2.3".parse().unwrap());
        let ip = client_ip("10.0.0.1".parse().unwrap(), &map, &trusted);
        assert_eq!(ip.to_string(), "203.0.113.5");
        assert_eq!(ip_of("10.0.0.1", &[("forwarded", "for=6.6.6.6, by=x")]), "10.0.0.1");
    }

    #[test]
    fn local_hosts_are_these_three_names_with_any_port() {
        for host in ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:8080", "[::1]"] {
            assert!(is_local_host(host), "{host}");
        }
        for host in ["evil.test", "localhost.evil.test", "127.0.0.1.evil.test:80", "[::2]", ""] {
            assert!(!is_local_host(host), "{host}");
        }
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(value in "[ -~]{0,60}") {
            ip_of("10.0.0.1", &[("x-forwarded-for", &value), ("forwarded", &value)]);
        }
    }
}
