//! From what went wrong inside to what the client is told.
//!
//! A handler returns an [`ApiError`]; it travels to the outermost layer in the response's
//! extensions and becomes the shared [`ErrorBody`] there, where the request id is known. What is
//! internal is logged once, with that id, and never sent.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use shared::error::ErrorDetails;
use shared::order::ImportReport;
use shared::{ErrorBody, ErrorCode, FieldErrors};

use crate::store::StoreError;

/// A refusal or failure, before it has a request id.
#[derive(Clone, Debug)]
pub struct ApiError {
    pub code: ErrorCode,
    /// Replaces the code's own text.
    pub text: Option<&'static str>,
    /// Detail for a person.
    pub message: Option<String>,
    pub fields: Option<FieldErrors>,
    /// Seconds.
    pub retry_after: Option<u64>,
    /// What a stale change was made to, as it is now.
    pub current: Option<Box<serde_json::Value>>,
    /// What is wrong with a file of orders.
    pub import: Option<Box<ImportReport>>,
}

impl ApiError {
    #[must_use]
    pub fn new(code: ErrorCode) -> Self {
        Self {
            code,
            text: None,
            message: None,
            fields: None,
            retry_after: None,
            current: None,
            import: None,
        }
    }

    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    #[must_use]
    pub fn with_text(mut self, text: &'static str) -> Self {
        self.text = Some(text);
        self
    }

    #[must_use]
    pub fn with_retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// 409 with the newer state.
    #[must_use]
    pub fn with_current(mut self, current: serde_json::Value) -> Self {
        self.current = Some(Box::new(current));
        self
    }

    /// 409: somebody else was faster; with the thing as it is now.
    #[must_use]
    pub fn conflict(current: &impl serde::Serialize) -> Self {
        let error = Self::new(ErrorCode::VersionConflict);
        match serde_json::to_value(current) {
            Ok(current) => error.with_current(current),
            Err(_) => error,
        }
    }

    /// 400 that names one field.
    #[must_use]
    pub fn field(field: &str, why: &str) -> Self {
        FieldErrors::one(field, why).into()
    }

    /// Logs what must not be sent, and says only that something broke.
    #[must_use]
    pub fn internal(what: &dyn std::fmt::Display) -> Self {
        tracing::error!(error = %what, "internal error");
        Self::new(ErrorCode::Internal)
    }

    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What went wrong, for a person: the detail, else the code's own text.
    #[must_use]
    pub fn told(&self) -> &str {
        self.message.as_deref().unwrap_or(self.text.unwrap_or_else(|| self.code.text()))
    }

    /// The body the client gets.
    #[must_use]
    pub fn body(self, request_id: &str) -> ErrorBody {
        let import = self.import.and_then(|report| serde_json::to_value(report).ok());
        let details = self.fields.map(|field_errors| ErrorDetails { field_errors, import });
        ErrorBody {
            error: self.text.unwrap_or_else(|| self.code.text()).to_owned(),
            code: self.code,
            message: self.message,
            details,
            retry_after: self.retry_after,
            request_id: request_id.to_owned(),
            current: self.current.map(|current| *current),
        }
    }
}

impl From<ErrorCode> for ApiError {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

impl From<FieldErrors> for ApiError {
    fn from(fields: FieldErrors) -> Self {
        let message = fields
            .0
            .iter()
            .flat_map(|(field, whys)| whys.iter().map(move |why| format!("{field} {why}")))
            .collect::<Vec<_>>()
            .join("; ");
        let mut error = Self::new(ErrorCode::InvalidRequest).with_message(message);
        error.fields = Some(fields);
        error
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if error.is_unavailable() {
            tracing::error!(error = %error, "the database is not available");
            return Self::new(ErrorCode::StorageUnavailable).with_retry_after(1);
        }
        Self::internal(&error)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
