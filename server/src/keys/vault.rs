//! Seals secrets that must be shown or used again: ChaCha20-Poly1305 under a key derived from the
//! master key. What is sealed is bound to its place, so that a row cannot lend another its secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::token::derived_key;
use crate::clock::random;

/// Seals and opens.
pub struct Vault(Option<LessSafeKey>);

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(…)")
    }
}

impl Vault {
    #[must_use]
    pub fn new(master: &[u8; 32]) -> Self {
        let key = derived_key(master, "natter sealed secrets");
        // 32 bytes are what the algorithm wants, so this cannot fail.
        Self(UnboundKey::new(&CHACHA20_POLY1305, &key).ok().map(LessSafeKey::new))
    }

    /// Seals `secret` for `place`, such as `license_key:<id>`; `None` only when the cipher fails.
    #[must_use]
    pub fn seal(&self, place: &str, secret: &str) -> Option<String> {
        let nonce: [u8; NONCE_LEN] = random();
        let mut sealed = secret.as_bytes().to_vec();
        let aad = Aad::from(place.as_bytes());
        let key = self.0.as_ref()?;
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed).ok()?;
        Some(STANDARD_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// What was sealed for `place`; `None` when it was sealed elsewhere, or with another key.
    #[must_use]
    pub fn open(&self, place: &str, sealed: &str) -> Option<String> {
        let mut bytes = STANDARD_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = self.0.as_ref()?.open_in_place(nonce, Aad::from(place.as_bytes()), sealed);
        String::from_utf8(opened.ok()?.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_in_its_place_and_with_its_key_alone() {
        let vault = Vault::new(&[1; 32]);
        let sealed = vault.seal("license_key:a", "secret ü").unwrap();
        assert!(!sealed.contains("secret"));
        assert_ne!(Some(&sealed), vault.seal("license_key:a", "secret ü").as_ref());
        assert_eq!(vault.open("license_key:a", &sealed).as_deref(), Some("secret ü"));
        assert_eq!(vault.open("license_key:b", &sealed), None);
        assert_eq!(Vault::new(&[2; 32]).open("license_key:a", &sealed), None);
        for junk in ["", "AAAA", "é", &sealed[..sealed.len() - 1], &"A".repeat(100)] {
            assert_eq!(vault.open("license_key:a", junk), None);
        }
    }
}
