//! What is known of queries afterwards: the usage log, its sums, analytics.

pub mod analytics;
pub mod buckets;
pub mod log;
pub mod overview;
