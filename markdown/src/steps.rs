//! Counts the parser's work in this crate's tests, so that they can hold it to linear time without
//! a clock. In every other build [`step`] is nothing.

#[cfg(not(test))]
#[inline(always)]
pub(crate) fn step(_: usize) {}

#[cfg(test)]
thread_local!(static TAKEN: std::cell::Cell<usize> = const { std::cell::Cell::new(0) });

/// `n` bytes or tokens were looked at.
#[cfg(test)]
pub(crate) fn step(n: usize) {
    TAKEN.with(|taken| taken.set(taken.get() + n));
}

/// Steps since the last call on this thread.
#[cfg(test)]
pub(crate) fn take() -> usize {
    TAKEN.with(|taken| taken.replace(0))
}
