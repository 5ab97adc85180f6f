//! JSON bodies.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use axum::http::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use shared::{ErrorCode, FieldErrors};

use crate::app::Shared;
use crate::error::ApiError;
use crate::mistake;

/// The longest body that a route takes, in bytes: beside axum's own limit, which tells it to nobody.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimit(usize);

impl BodyLimit {
    /// Holds a route to so many bytes.
    pub fn layer(bytes: usize) -> (DefaultBodyLimit, Extension<Self>) {
        (DefaultBodyLimit::max(bytes), Extension(Self(bytes)))
    }
}

impl std::fmt::Display for BodyLimit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            bytes if bytes >= 1 << 20 => write!(f, "{} MiB", bytes >> 20),
            bytes => write!(f, "{bytes} bytes"),
        }
    }
}

/// A JSON body, sent as `application/json` or, to spare browsers the preflight, as `text/plain`.
#[derive(Debug)]
pub struct Json<T>(pub T);

/// The bytes of a body of JSON, at most as many as the route allows.
///
/// # Errors
/// 413 and 415, and 400 when the connection broke.
pub async fn bytes(request: Request, app: &Shared) -> Result<Bytes, ApiError> {
    match essence(request.headers()).as_deref() {
        None | Some("application/json" | "text/plain") => whole(request, app).await,
        Some(_) => Err(ApiError::new(ErrorCode::UnsupportedMediaType)
            .with_message("Send JSON as application/json or text/plain.")),
    }
}

/// What a body says that it is, in lower case and without parameters.
#[must_use]
pub fn essence(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("content-type")?.to_str().unwrap_or("");
    Some(value.split(';').next().unwrap_or("").trim().to_ascii_lowercase())
}

/// The bytes of a body of any kind, at most as many as the route allows.
///
/// # Errors
/// 413, and 400 when the connection broke.
pub async fn whole(request: Request, app: &Shared) -> Result<Bytes, ApiError> {
    let limit = request.extensions().get::<BodyLimit>().copied();
    Bytes::from_request(request, app).await.map_err(|rejection| {
        if rejection.status().as_u16() == 413 {
            ApiError::new(ErrorCode::PayloadTooLarge).with_message(match limit {
                Some(limit) => format!("The request's body is too long: it may have {limit}."),
                None => String::from("The request's body is too long."),
            })
        } else {
            ApiError::new(ErrorCode::InvalidRequest).with_message("The body did not arrive whole.")
        }
    })
}

/// Reads JSON; a mistake is named by its place.
///
/// # Errors
/// 400.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(bytes).map_err(|error| {
        let message = if error.is_data() {
            // Names the field's problem, such as a number where a text belongs.
            error.to_string()
        } else {
            format!("The body is not JSON: line {} column {}.", error.line(), error.column())
        };
        ApiError::new(ErrorCode::InvalidRequest).with_message(message)
    })
}

impl<T: DeserializeOwned> FromRequest<Shared> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, ApiError> {
        parse(&bytes(request, app).await?).map(Self)
    }
}

/// A JSON object whose fields are read one by one, so that a wrong one is named. Fields that are
/// left out are as in `T::default()`; an empty body leaves out all.
#[derive(Debug)]
pub struct Fields<T>(pub T);

/// A JSON object as it was sent.
///
/// # Errors
/// 400 when it is none.
pub fn object(bytes: &[u8]) -> Result<Map<String, Value>, ApiError> {
    if bytes.trim_ascii().is_empty() {
        return Ok(Map::new());
    }
    match parse(bytes)? {
        Value::Object(object) => Ok(object),
        _ => Err(ApiError::new(ErrorCode::InvalidRequest)
            .with_message("The body must be a JSON object.")),
    }
}

impl<T: DeserializeOwned + Default> FromRequest<Shared> for Fields<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, ApiError> {
        let object = object(&bytes(request, app).await?)?;
        let mut errors = FieldErrors::default();
        for (name, value) in &object {
            let alone = Value::Object(Map::from_iter([(name.clone(), value.clone())]));
            if let Err(wrong) = mistake::read::<T>(alone) {
                errors.add(&wrong.field, &wrong.words);
            }
        }
        errors.into_result()?;
        serde_json::from_value(Value::Object(object))
            .map(Self)
            .map_err(|why| ApiError::new(ErrorCode::InvalidRequest).with_message(why.to_string()))
    }
}

/// A JSON object whose fields the logic itself reads.
#[derive(Debug)]
pub struct Object(pub Map<String, Value>);

impl FromRequest<Shared> for Object {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, ApiError> {
        object(&bytes(request, app).await?).map(Self)
    }
}
