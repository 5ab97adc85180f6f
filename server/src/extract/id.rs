//! Ids in paths.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use shared::ErrorCode;

use crate::app::Shared;
use crate::clock;
use crate::error::ApiError;

/// The id of a thing: what cannot be one is 404, without asking the database.
#[derive(Debug)]
pub struct Id(pub String);

/// The ids of a thing and of a thing of it.
#[derive(Debug)]
pub struct Ids(pub String, pub String);

fn whole(id: String) -> Result<String, ApiError> {
    // What the server makes itself has a word for a name, such as `demo`.
    let is_word = id.len() <= 20 && id.bytes().all(|b| b.is_ascii_lowercase());
    if clock::is_ulid(&id) || is_word { Ok(id) } else { Err(ErrorCode::NotFound.into()) }
}

impl FromRequestParts<Shared> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        let path = Path::<String>::from_request_parts(parts, app).await;
        let Path(id) = path.map_err(|_| ErrorCode::NotFound)?;
        whole(id).map(Self)
    }
}

impl FromRequestParts<Shared> for Ids {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        let path = Path::<(String, String)>::from_request_parts(parts, app).await;
        let Path((id, part)) = path.map_err(|_| ErrorCode::NotFound)?;
        Ok(Self(whole(id)?, whole(part)?))
    }
}

/// The id of an order: `ORD-` and a ULID.
#[derive(Debug)]
pub struct OrderId(pub String);

impl FromRequestParts<Shared> for OrderId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        let path = Path::<String>::from_request_parts(parts, app).await;
        let Path(id) = path.map_err(|_| ErrorCode::NotFound)?;
        let is_one = id.strip_prefix("ORD-").is_some_and(clock::is_ulid);
        if is_one { Ok(Self(id)) } else { Err(ErrorCode::NotFound.into()) }
    }
}
