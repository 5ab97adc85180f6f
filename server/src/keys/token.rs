//! Session tokens and visitor ids: what the server signs so that it need not store them.
//!
//! Both are signed with keys derived from the master key. A token is bound to a license key and its
//! generation, a visitor and an origin, and lives 15 minutes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::clock::{hex, random};

/// How long a token lives, in milliseconds.
pub const TOKEN_MS: i64 = 15 * 60 * 1000;
/// How each token begins.
const PREFIX: &str = "nts_";
/// Longest token that is looked at, in bytes.
const TOKEN_BYTES: usize = 2048;

/// What a token proves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The key's owner name: its id, or `static`.
    #[serde(rename = "k")]
    pub owner: String,
    #[serde(rename = "g")]
    pub generation: i64,
    #[serde(rename = "v")]
    pub visitor_id: String,
    /// The user whose identity was proved when the session was opened.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Made for the dashboard's preview, where the key's restriction and limits do not count: the
    /// hash of the sign-in that it lives and dies with.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
    /// Serialised origin; `None` when the session was opened without one.
    #[serde(rename = "o")]
    pub origin: Option<String>,
    /// Milliseconds since 1970 UTC.
    #[serde(rename = "e")]
    pub expires_ms: i64,
}

/// Signs and reads tokens and visitor ids.
pub struct Signer {
    tokens: Hmac<Sha256>,
    visitors: Hmac<Sha256>,
    users: Hmac<Sha256>,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").finish_non_exhaustive()
    }
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    // HMAC pads a shorter key with zeros to its block of 64 bytes.
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    Hmac::new(&block.into())
}

/// A key for one purpose; whoever has it knows neither the master key nor the other keys.
pub(super) fn derived_key(master: &[u8; 32], purpose: &str) -> [u8; 32] {
    let mut mac = keyed(master);
    mac.update(purpose.as_bytes());
    mac.finalize().into_bytes().into()
}

fn derived(master: &[u8; 32], purpose: &str) -> Hmac<Sha256> {
    keyed(&derived_key(master, purpose))
}

/// What may stand in the database about the master key: enough to know it again, no more.
#[must_use]
pub fn fingerprint(master: &[u8; 32]) -> String {
    let mut mac = keyed(master);
    mac.update(b"natter fingerprint");
    hex(&mac.finalize().into_bytes()[..8])
}

/// Whether a text is a token by its form.
#[must_use]
pub fn is_token(text: &str) -> bool {
    text.starts_with(PREFIX)
}

impl Signer {
    #[must_use]
    pub fn new(master: &[u8; 32]) -> Self {
        Self {
            tokens: derived(master, "natter session tokens"),
            visitors: derived(master, "natter visitor ids"),
            users: derived(master, "natter users' sessions"),
        }
    }

    /// A token for these claims.
    #[must_use]
    pub fn sign(&self, claims: &Claims) -> String {
        let payload = serde_json::to_vec(claims).unwrap_or_default();
        let mut mac = self.tokens.clone();
        mac.update(&payload);
        let signature = mac.finalize().into_bytes();
        format!("{PREFIX}{}.{}", URL_SAFE_NO_PAD.encode(payload), URL_SAFE_NO_PAD.encode(signature))
    }

    /// The claims of a token that this server signed, expired or not.
    #[must_use]
    pub fn read(&self, token: &str) -> Option<Claims> {
        if token.len() > TOKEN_BYTES {
            return None;
        }
        let (payload, signature) = token.strip_prefix(PREFIX)?.split_once('.')?;
        let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let mut mac = self.tokens.clone();
        mac.update(&payload);
        mac.verify_slice(&signature).ok()?;
        serde_json::from_slice(&payload).ok()
    }

    /// A new visitor id for a key: 128 random bits, and 64 that prove that this server made them
    /// for this key.
    #[must_use]
    pub fn new_visitor(&self, owner: &str) -> String {
        let random = hex(&random::<16>());
        let proof = self.visitor_proof(owner, &random);
        format!("v_{random}{proof}")
    }

    /// Whether this server made this visitor id for this key.
    #[must_use]
    pub fn is_visitor(&self, owner: &str, visitor_id: &str) -> bool {
        let Some(digits) = visitor_id.strip_prefix("v_") else { return false };
        if digits.len() != 48 || !digits.is_ascii() {
            return false;
        }
        let (random, proof) = digits.split_at(32);
        bool::from(subtle::ConstantTimeEq::ct_eq(
            self.visitor_proof(owner, random).as_bytes(),
            proof.as_bytes(),
        ))
    }

    /// The session of a verified user, the same on every device. It holds a character that no
    /// session id of a client may have, so nobody can name it without proof.
    #[must_use]
    pub fn user_session(&self, owner: &str, user_id: &str) -> String {
        let mut mac = self.users.clone();
        mac.update(owner.as_bytes());
        mac.update(b"\n");
        mac.update(user_id.as_bytes());
        format!("user/{}", hex(&mac.finalize().into_bytes()[..16]))
    }

    /// The session that a token stands for.
    #[must_use]
    pub fn session_of(&self, claims: &Claims) -> String {
        match &claims.user_id {
            Some(user_id) => self.user_session(&claims.owner, user_id),
            None => claims.visitor_id.clone(),
        }
    }

    fn visitor_proof(&self, owner: &str, random: &str) -> String {
        let mut mac = self.visitors.clone();
        mac.update(owner.as_bytes());
        mac.update(b"\n");
        mac.update(random.as_bytes());
        hex(&mac.finalize().into_bytes()[..8])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        Claims {
            owner: "01J".into(),
            generation: 1,
            visitor_id: "v_1".into(),
            user_id: None,
            preview: None,
            origin: Some("https://example.com".into()),
            expires_ms: 5,
        }
    }

    #[test]
    fn a_token_cannot_be_changed_or_signed_by_another() {
        let signer = Signer::new(&[1; 32]);
        let token = signer.sign(&claims());
        assert_eq!(signer.read(&token), Some(claims()));
        assert_eq!(Signer::new(&[2; 32]).read(&token), None);
        for at in 4..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(bytes).unwrap();
            // The last character of base64 may carry unused bits; what it says must not change.
            assert!(signer.read(&forged).is_none_or(|read| read == claims()), "{at}");
        }
        for junk in ["", "nts_", "nts_.", "nts_a.b", &"x".repeat(5000)] {
            assert_eq!(signer.read(junk), None);
        }
    }

    #[test]
    fn a_visitor_id_is_good_for_its_key_only() {
        let signer = Signer::new(&[1; 32]);
        let id = signer.new_visitor("a");
        assert!(signer.is_visitor("a", &id));
        assert!(!signer.is_visitor("b", &id));
        assert!(!signer.is_visitor("a", "v_guess") && !signer.is_visitor("a", &"é".repeat(25)));
        assert_ne!(id, signer.new_visitor("a"));
    }
}
