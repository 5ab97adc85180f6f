//! Sends one delivery to one webhook, and keeps it away from private networks.
//!
//! The address is checked where the connection is made, after the name was resolved, so that a name
//! cannot lead elsewhere than it did when it was checked. Redirects are not followed.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use sha2::Sha256;
use url::{Host, Url};

/// Longest time for one attempt.
const TIMEOUT: Duration = Duration::from_secs(10);

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

/// Whether a webhook may be sent there, as far as can be told now.
///
/// # Errors
/// Why not, as the end of a sentence that begins with the field's name.
pub async fn check_target(url: &str, allow_private: bool) -> Result<(), String> {
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
    if allow_private {
        return Ok(());
    }
    let private = || {
        String::from(
            "leads to a private or local address (NATTER_WEBHOOK_ALLOW_PRIVATE=true allows that)",
        )
    };
    let ips: Vec<IpAddr> = match parsed.host() {
        Some(Host::Ipv4(ip)) => vec![ip.into()],
        Some(Host::Ipv6(ip)) => vec![ip.into()],
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            if name == "localhost" || name.ends_with(".localhost") {
                return Err(private());
            }
            // A name that cannot be resolved now is looked at again with every delivery.
            match tokio::net::lookup_host((name, 80)).await {
                Ok(addresses) => addresses.map(|address| address.ip()).collect(),
                Err(_) => Vec::new(),
            }
        }
        None => return Err("has no host".into()),
    };
    if ips.into_iter().all(is_public) { Ok(()) } else { Err(private()) }
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

/// Sends webhooks.
#[derive(Debug)]
pub struct Sender {
    http: reqwest::Client,
    allow_private: bool,
}

/// How an attempt ended.
#[derive(Debug)]
pub struct Sent {
    pub status: Option<u16>,
    /// Why it counts as failed.
    pub error: Option<String>,
}

impl Sender {
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(allow_private: bool) -> Result<Self, String> {
        let builder = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("Natter/", env!("CARGO_PKG_VERSION")));
        let builder =
            if allow_private { builder } else { builder.dns_resolver(Arc::new(PublicOnly)) };
        let http = builder.build().map_err(|e| format!("the HTTP client cannot be made: {e}"))?;
        Ok(Self { http, allow_private })
    }

    /// Posts a signed body.
    pub async fn send(&self, url: &str, secret: &str, id: &str, at_ms: i64, body: String) -> Sent {
        let failed = |error: String| Sent { status: None, error: Some(error) };
        // An address that stands in the URL is not resolved, so it is looked at here.
        if let Err(why) = check_target(url, self.allow_private).await {
            return failed(format!("the address {why}"));
        }
        let timestamp = at_ms.div_euclid(1000);
        let Some(signature) = sign(secret, id, timestamp, &body) else {
            return failed("the secret cannot be used".into());
        };
        let request = self
            .http
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp.to_string())
            .header("webhook-signature", signature)
            .body(body);
        match request.send().await {
            Ok(answer) => {
                let status = answer.status();
                let error = (!status.is_success()).then(|| format!("answered {}", status.as_u16()));
                Sent { status: Some(status.as_u16()), error }
            }
            Err(error) if error.is_timeout() => failed("no answer within 10 seconds".into()),
            Err(error) if error.is_connect() => failed("cannot be reached".into()),
            Err(_) => failed("the connection broke".into()),
        }
    }
}

/// `v1,…` as standardwebhooks.com has it: HMAC-SHA256 over `id.timestamp.body`.
fn sign(secret: &str, id: &str, timestamp: i64, body: &str) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_")?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
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
            assert!(check_target(bad, false).await.is_err(), "{bad}");
        }
        assert!(check_target("https://1.1.1.1/hook", false).await.is_ok());
        assert!(check_target("http://127.0.0.1:9/", true).await.is_ok());
    }

    #[test]
    fn the_signature_is_the_one_of_the_published_example() {
        // standardwebhooks.com, the specification's own test vector.
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let signature =
            sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }
}
