//! Says what a website pattern means before it is saved.

use axum::Json;
use axum::extract::State;
use shared::ErrorBody;
use shared::license_key::{WebsiteCheck, WebsiteMeaning};

use crate::app::Shared;
use crate::error::ApiError;
use crate::extract::{Fields, Reader};
use crate::keys::restriction::{Pattern, proved_origin};

/// The normalised form of a pattern, what it matches, and whether it matches an address.
#[utoipa::path(post, path = "/api/check/website", tag = "license keys", request_body = WebsiteCheck,
    responses((status = 200, body = WebsiteMeaning),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn website(
    State(_): State<Shared>,
    _: Reader,
    Fields(check): Fields<WebsiteCheck>,
) -> Result<Json<WebsiteMeaning>, ApiError> {
    let pattern = Pattern::parse(&check.pattern);
    let pattern =
        pattern.map_err(|why| ApiError::field("pattern", &format!("{:?} {why}", check.pattern)))?;
    let matches = match &check.url {
        None => None,
        Some(url) => {
            url::Url::parse(url.trim()).map_err(|_| {
                ApiError::field("url", "must be an address such as https://example.com/page")
            })?;
            let origin = proved_origin(None, Some(url.trim()));
            Some(origin.is_some_and(|origin| pattern.matches(&origin)))
        }
    };
    let warnings = if pattern.path_ignored { vec!["path_ignored".into()] } else { Vec::new() };
    Ok(Json(WebsiteMeaning {
        normalized: pattern.to_string(),
        explanation: pattern.explanation(),
        matches,
        warnings,
    }))
}
