//! Waiting for what the server does in the background, and watching that it does no more.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// How long something in the background may take before a test calls its promise broken.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);
/// How often a test looks that something does not happen.
const LOOKS: usize = 25;

/// Looks until what is seen is good, and gives it; names the promise when it never is.
pub async fn eventually<T: Debug>(
    promise: &str,
    mut look: impl AsyncFnMut() -> T,
    good: impl Fn(&T) -> bool,
) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let seen = look().await;
        if good(&seen) {
            return seen;
        }
        assert!(
            Instant::now() < deadline,
            "waited {PATIENCE:?} in vain: {promise}; seen at last: {seen:?}"
        );
        tokio::time::sleep(PAUSE).await;
    }
}

/// Looks for a while, and fails as soon as what is seen is not good. It can only catch what comes
/// soon; a server that keeps the promise never fails it.
pub async fn stays<T: Debug>(
    promise: &str,
    mut look: impl AsyncFnMut() -> T,
    good: impl Fn(&T) -> bool,
) {
    for _ in 0..LOOKS {
        let seen = look().await;
        assert!(good(&seen), "{promise}; seen: {seen:?}");
        tokio::time::sleep(PAUSE).await;
    }
}
