//! Passwords: Argon2id with the parameters that OWASP asks for (19 MiB, two passes).
//!
//! Hashing takes long and much memory on purpose, so it runs beside the async tasks, two at a time.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use shared::ErrorCode;
use tokio::sync::Semaphore;

use crate::error::ApiError;

static AT_ONCE: Semaphore = Semaphore::const_new(2);
/// What a sign-in without an account is checked against, so that it takes as long as one with.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| hashed("nobody has this password").unwrap_or_default());

fn hashed(password: &str) -> Option<String> {
    Argon2::default().hash_password(password.as_bytes()).ok().map(|hash| hash.to_string())
}

async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    let _turn = AT_ONCE.acquire().await.map_err(|e| ApiError::internal(&e))?;
    tokio::task::spawn_blocking(work).await.map_err(|e| ApiError::internal(&e))
}

/// The hash to be stored, in PHC form.
///
/// # Errors
/// When hashing fails.
pub async fn hash(password: String) -> Result<String, ApiError> {
    beside(move || hashed(&password)).await?.ok_or_else(|| ErrorCode::Internal.into())
}

/// Whether the password is that of the stored hash. Without a hash it is not, after as long a time.
///
/// # Errors
/// When it cannot be told.
pub async fn matches(password: String, stored: Option<String>) -> Result<bool, ApiError> {
    beside(move || {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| NOBODY.clone());
        let matches = PasswordHash::new(&stored).is_ok_and(|hash| {
            Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
        });
        matches && known
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_opens_its_own_hash_alone() {
        let hash = hash("correct horse battery".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(matches("correct horse battery".into(), Some(hash.clone())).await.unwrap());
        assert!(!matches("correct horse batterY".into(), Some(hash)).await.unwrap());
        assert!(!matches("nobody has this password".into(), None).await.unwrap());
    }
}
