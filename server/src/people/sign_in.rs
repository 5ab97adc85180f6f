//! Signing in: a password for a cookie.

use std::net::IpAddr;
use std::time::Duration;

use sha2::{Digest, Sha256};
use shared::ErrorCode;
use shared::admin::SignIn;

use super::password;
use crate::app::App;
use crate::clock::{hex, random_hex};
use crate::error::ApiError;
use crate::keys::rate::Bucket;
use crate::store::fold;
use crate::store::people::UserRow;

/// The cookie's name.
pub const COOKIE: &str = "natter_session";
/// How long a browser stays signed in.
pub const SIGNED_IN_MS: i64 = 14 * 86_400_000;
/// Wrong passwords from one address for any account, and for one account: from one address, and from
/// all together, so that a stranger cannot keep somebody out with a few. Each in [`WINDOW`].
const PER_ADDRESS: u32 = 30;
const PER_ACCOUNT: u32 = 10;
const PER_ACCOUNT_IN_ALL: u32 = 100;
const WINDOW: Duration = Duration::from_secs(15 * 60);

/// What is stored of a cookie.
#[must_use]
pub fn hash(cookie: &str) -> String {
    hex(&Sha256::digest(cookie.as_bytes()))
}

/// Who has this e-mail address and password.
///
/// # Errors
/// 401, the same for a wrong password and an unknown address; 429 after too many.
pub async fn check(app: &App, ip: IpAddr, sign_in: SignIn) -> Result<UserRow, ApiError> {
    let now_ms = app.clock.now_ms();
    // By its hash, so that a made-up address takes no more room than another.
    let account = Bucket::SignIn(hash(&fold(&sign_in.email)));
    let nowhere = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);
    // The address first: what it is refused for counts against no account.
    let tries = [
        (Bucket::SignInAddress, ip, PER_ADDRESS),
        (account.clone(), ip, PER_ACCOUNT),
        (account, nowhere, PER_ACCOUNT_IN_ALL),
    ];
    // Counted before the password is checked, so that many at once do not pass; taken back after.
    for (bucket, ip, limit) in &tries {
        let rate = app.rates.count(bucket.clone(), *ip, *limit, WINDOW, now_ms);
        if !rate.allowed {
            return Err(
                ApiError::new(ErrorCode::RateLimitExceeded).with_retry_after(rate.retry_after)
            );
        }
    }
    let user = if sign_in.email.len() > 320 || sign_in.email.contains('\0') {
        None
    } else {
        app.store.user_by_email(&sign_in.email).await?
    };
    let stored = user.as_ref().map(|user| user.password_hash.clone());
    let password: String = sign_in.password.chars().take(1000).collect();
    if password::matches(password, stored).await?
        && let Some(user) = user
    {
        for (bucket, ip, _) in &tries {
            app.rates.take_back(bucket.clone(), *ip);
        }
        return Ok(user);
    }
    Err(ApiError::new(ErrorCode::Unauthorized)
        .with_message("No account has this e-mail address and password."))
}

/// Signs a browser in: the cookie's value.
///
/// # Errors
/// When the database fails.
pub async fn begin(app: &App, user: &UserRow) -> Result<String, ApiError> {
    let cookie = random_hex::<32>();
    let now_ms = app.clock.now_ms();
    app.store.begin_sign_in(hash(&cookie), &user.id, now_ms, now_ms + SIGNED_IN_MS).await?;
    Ok(cookie)
}
