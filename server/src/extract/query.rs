//! Query strings.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use shared::ErrorCode;

use crate::app::Shared;
use crate::error::ApiError;

/// The query string's parameters.
#[derive(Debug)]
pub struct Query<T>(pub T);

/// 400 that names a query parameter.
#[must_use]
pub fn invalid(field: &str, why: &str) -> ApiError {
    ApiError::field(field, why).with_text("Invalid query parameters")
}

impl<T: DeserializeOwned> FromRequestParts<Shared> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        axum::extract::Query::<T>::from_request_parts(parts, app)
            .await
            .map(|axum::extract::Query(query)| Self(query))
            .map_err(|rejection| {
                ApiError::new(ErrorCode::InvalidRequest)
                    .with_text("Invalid query parameters")
                    .with_message(rejection.body_text())
            })
    }
}
