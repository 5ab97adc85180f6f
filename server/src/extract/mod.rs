//! What a handler may assume once it runs: a checked body, a proved key, an admin.

pub mod admin;
pub mod body;
pub mod client;
pub mod id;
pub mod licensed;
pub mod paging;
pub mod query;

pub use admin::{Admin, KeyReader, LicenseCaller, LicenseWriter, Reader, Writer};
pub use body::{BodyLimit, Fields, Json, Object};
pub use client::Client;
pub use id::{Id, Ids, OrderId};
pub use licensed::{Keyed, Licensed, admit};
pub use query::Query;

use std::sync::OnceLock;

use axum::http::HeaderMap;

use crate::keys::rate::RateStatus;

/// The credential of `Authorization: Bearer`. The scheme's name counts in any case (RFC 9110, 11.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, credential) = headers.get("authorization")?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| credential.trim_start())
}

/// What is known of a request from its first moment; shared between the outermost layer and the
/// handlers through the request's extensions.
#[derive(Debug)]
pub struct RequestContext {
    pub id: String,
    /// Set by whoever counts the request; sent as `X-RateLimit-*`.
    pub rate: OnceLock<RateStatus>,
}
