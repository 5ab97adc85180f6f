//! Keys from the environment, compared length first and then in constant time.

use subtle::ConstantTimeEq;

use crate::config::Secret;

/// `WIDGET_API_KEY`, or `ADMIN_API_KEY`: several of them while one is replaced by another.
#[derive(Debug)]
pub(super) struct StaticKeys(Vec<Secret>);

impl StaticKeys {
    pub(super) fn new(keys: &[Secret]) -> Self {
        Self(keys.to_vec())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Another number when the keys are others, so that tokens die with the key they came from.
    pub(super) fn generation(&self) -> i64 {
        use sha2::{Digest, Sha256};
        let mut hash = Sha256::new();
        for key in &self.0 {
            hash.update(Sha256::digest(key.reveal().as_bytes()));
        }
        let bytes: [u8; 32] = hash.finalize().into();
        let mut first = [0; 8];
        first.copy_from_slice(&bytes[..8]);
        i64::from_be_bytes(first)
    }

    pub(super) fn holds(&self, typed: &str) -> bool {
        // Every key is compared, so that the time does not tell which one matched.
        self.0.iter().fold(false, |held, key| {
            let (key, typed) = (key.reveal().as_bytes(), typed.as_bytes());
            held | (key.len() == typed.len() && bool::from(key.ct_eq(typed)))
        })
    }
}
