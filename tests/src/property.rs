//! Promises that hold for any input, checked through the running server.

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

/// Runs `check` on 150 values of `strategy`; on failure, finds and names the smallest that fails.
pub async fn for_all<S: Strategy>(strategy: S, check: impl AsyncFn(S::Value)) {
    let config = Config { cases: 150, failure_persistence: None, ..Config::default() };
    let checked = block_in_place(|| {
        TestRunner::new(config).run(&strategy, |value| {
            // A failed assertion is caught by the runner, which then looks for a smaller value.
            Handle::current().block_on(check(value));
            Ok(())
        })
    });
    if let Err(failure) = checked {
        panic!("{failure}");
    }
}
