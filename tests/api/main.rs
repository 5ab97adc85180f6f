//! The HTTP and NDJSON contract, promise by promise, against the real server on both databases.
//!
//! Each module is one part of the contract; each test is named after the promise that it guards.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod admin;
mod admission;
mod builtin;
mod conversation;
mod cors;
mod credentials;
mod demo;
mod disconnect;
mod errors;
mod history;
mod idempotency;
mod lease;
mod limits;
mod operations;
mod properties;
mod quota;
mod rate;
mod restriction;
mod resume;
mod start;
mod statements;
mod stop;
mod stream;
mod validation;
mod widget;
