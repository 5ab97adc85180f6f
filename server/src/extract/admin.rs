//! Admins.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use shared::ErrorCode;

use crate::app::Shared;
use crate::error::ApiError;

/// Somebody with a valid admin credential: `X-Admin-Api-Key`, or the same as a Bearer.
#[derive(Clone, Copy, Debug)]
pub struct Admin;

impl FromRequestParts<Shared> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        if !app.keys.has_admin() {
            return Err(ErrorCode::AdminNotConfigured.into());
        }
        let header = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok());
        let key = header("x-admin-api-key")
            .or_else(|| header("authorization").and_then(|v| v.strip_prefix("Bearer ")));
        if key.is_some_and(|key| app.keys.is_admin(key)) {
            return Ok(Self);
        }
        Err(ErrorCode::Unauthorized.into())
    }
}
