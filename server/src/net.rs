//! Calls that the server makes to addresses which somebody else chose: webhooks, pages to import.
//!
//! What enters: an address. What leaves: a client that reaches public addresses only. The address is
//! checked where the connection is made, after the name was resolved, so that a name cannot lead
//! elsewhere than it did when it was checked.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, ClientBuilder};
use url::{Host, Url};

/// Whether an address may be reached from outside only: neither this machine nor a private network.
fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            !(ip.is_loopback()
                || ip.is_private()
                || ip.is_link_local()
                || ip.is_unspecified()
                || ip.is_broadcast()
                || ip.is_multicast()
                || ip.is_documentation()
                || a == 0
                || a >= 240
                // Shared address space, protocol assignments, benchmarking, 6to4 relays.
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && c == 0)
                || (a == 198 && (18..20).contains(&b))
                || (a == 192 && b == 88 && c == 99))
        }
        IpAddr::V6(ip) => {
            let [first, second, ..] = ip.segments();
            // Global unicast, less what carries an IPv4 address inside or is for documentation.
            (first & 0xe000) == 0x2000
                && first != 0x2002
                && !(first == 0x2001 && (second < 0x200 || second == 0xdb8))
        }
    }
}

/// Where calls may go.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    allow_private: bool,
    /// The setting that allows private addresses.
    setting: &'static str,
}

impl Reach {
    #[must_use]
    pub fn new(allow_private: bool, setting: &'static str) -> Self {
        Self { allow_private, setting }
    }

    /// A client that goes nowhere else. It follows no redirects, as each is an address of its own,
    /// and `timeout` is for a whole call. An address that stands in the URL is not resolved:
    /// [`Reach::check`] comes before each call.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn client(self, timeout: Duration) -> Result<Client, String> {
        let builder = ClientBuilder::new()
            .timeout(timeout)
            .connect_timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("Natter/", env!("CARGO_PKG_VERSION")));
        let builder =
            if self.allow_private { builder } else { builder.dns_resolver(Arc::new(PublicOnly)) };
        builder.build().map_err(|e| format!("the HTTP client cannot be made: {e}"))
    }

    /// Whether a call may go there, as far as can be told now.
    ///
    /// # Errors
    /// Why not, as the end of a sentence that begins with what the address is.
    pub async fn check(self, url: &str) -> Result<Url, String> {
        if url.len() > 2048 {
            return Err("must be at most 2048 bytes long".into());
        }
        let parsed = Url::parse(url).map_err(|_| "must be an http or https address")?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err("must be an http or https address".into());
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err("must not hold a user name or password".into());
        }
        if self.allow_private {
            return Ok(parsed);
        }
        let private = || {
            let setting = self.setting;
            format!("leads to a private or local address ({setting}=true allows that)")
        };
        let ips: Vec<IpAddr> = match parsed.host() {
            Some(Host::Ipv4(ip)) => vec![ip.into()],
            Some(Host::Ipv6(ip)) => vec![ip.into()],
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                if name == "localhost" || name.ends_with(".localhost") {
                    return Err(private());
                }
                // A name that cannot be resolved now is looked at again with every call.
                match tokio::net::lookup_host((name, 80)).await {
                    Ok(addresses) => addresses.map(|address| address.ip()).collect(),
                    Err(_) => Vec::new(),
                }
            }
            None => return Err("has no host".into()),
        };
        if ips.into_iter().all(is_public) { Ok(parsed) } else { Err(private()) }
    }
}

/// Resolves names to public addresses only.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|at| is_public(at.ip())).collect();
            if public.is_empty() {
                return Err("the name leads to no public address".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for public in ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "172.32.0.1", "100.63.0.1"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "ff02::1",
            "240.0.0.1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    #[tokio::test]
    async fn an_address_is_refused_however_it_is_written() {
        for bad in [
            "http://127.0.0.1/",
            "http://localhost:80/",
            "http://a.localhost",
            "http://[::1]/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://[::ffff:127.0.0.1]/",
            "http://0.0.0.0/",
            "http://169.254.169.254/latest",
            "http://localhost./",
            "ftp://example.com",
            "http://u:p@example.com",
            "not a url",
            "",
            "http://u@1.1.1.1",
        ] {
            assert!(Reach::new(false, "S").check(bad).await.is_err(), "{bad}");
        }
        assert!(Reach::new(false, "S").check("https://1.1.1.1/hook").await.is_ok());
        assert!(Reach::new(true, "S").check("http://127.0.0.1:9/").await.is_ok());
    }
}
