//! Sends one delivery to one webhook. Redirects are not followed.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::net::Reach;

/// Longest time for one attempt.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Sends webhooks.
#[derive(Debug)]
pub struct Sender {
    http: reqwest::Client,
    reach: Reach,
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
        let reach = Reach::new(allow_private, "NATTER_WEBHOOK_ALLOW_PRIVATE");
        Ok(Self { http: reach.client(TIMEOUT)?, reach })
    }

    /// Whether webhooks may be sent there, as far as can be told now.
    ///
    /// # Errors
    /// Why not, as the end of a sentence that begins with the field's name.
    pub async fn check(&self, url: &str) -> Result<(), String> {
        self.reach.check(url).await.map(drop)
    }

    /// Posts a signed body.
    pub async fn send(&self, url: &str, secret: &str, id: &str, at_ms: i64, body: String) -> Sent {
        let failed = |error: String| Sent { status: None, error: Some(error) };
        // An address that stands in the URL is not resolved, so it is looked at here.
        if let Err(why) = self.check(url).await {
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
    fn the_signature_is_the_one_of_the_published_example() {
        // standardwebhooks.com, the specification's own test vector.
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let signature =
            sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }
}
