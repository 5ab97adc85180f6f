//! The HTTP and NDJSON contract, promise by promise, against the real server on both databases.
//!
//! Each module is one part of the contract; each test is named after the promise that it guards.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod admin;
mod admin_conversations;
mod admission;
mod agents;
mod alerts;
mod analytics;
mod api_keys;
mod builtin;
mod completions;
mod conversation;
mod cors;
mod credentials;
mod data_sources;
mod databases;
mod demo;
mod disconnect;
mod errors;
mod history;
mod idempotency;
mod identity;
mod kit;
mod lease;
mod license_key_fields;
mod license_keys;
mod license_workflows;
mod licensing;
mod limits;
mod operations;
mod overview;
mod patterns;
mod preview;
mod properties;
mod quota;
mod quota_model;
mod rate;
mod restriction;
mod resume;
mod revocation;
mod rotation;
mod sessions;
mod sign_in;
mod start;
mod statements;
mod stop;
mod stream;
mod two_admins;
mod usage;
mod validation;
mod wait;
mod webhooks;
mod widget;
