//! The page in the dashboard's preview frame: the real widget on a page in outline.

use axum::http::HeaderName;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::response::{IntoResponse, Response};

use super::demo::style;

const PAGE: &str = include_str!("../../../assets/preview.html");
const SCRIPT: &str = include_str!("../../../assets/preview.js");
const STYLE: &str = include_str!("../../../assets/preview.css");
/// What the widget needs, pictures from wherever the options say, and no frame but the dashboard's.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    connect-src 'self'; img-src https: http: data:; media-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'self'";

/// The page. It knows nothing: the dashboard around it sends what it shows.
#[utoipa::path(get, path = "/admin/preview", tag = "pages", responses(
    (status = 200, description = "The page", content_type = "text/html")))]
pub async fn page() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-cache"),
        (REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("x-frame-options"), "SAMEORIGIN"),
    ];
    (headers, PAGE).into_response()
}

/// The page's script.
#[utoipa::path(get, path = "/preview.js", tag = "pages", responses(
    (status = 200, description = "The script", content_type = "text/javascript")))]
pub async fn script() -> Response {
    let headers = [(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CACHE_CONTROL, "no-cache")];
    (headers, SCRIPT).into_response()
}

/// The page's style sheet.
#[utoipa::path(get, path = "/preview.css", tag = "pages", responses(
    (status = 200, description = "The style sheet", content_type = "text/css")))]
pub async fn css() -> Response {
    style(STYLE)
}
