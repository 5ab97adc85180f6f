//! The page behind the set-up link: makes the first admin.

use axum::response::{IntoResponse, Response};

use super::demo::page_headers;

const PAGE: &str = include_str!("../../../assets/setup.html");
const SCRIPT: &str = include_str!("../../../assets/setup.js");
/// The page's own files, and the server's API.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// The set-up page. The token stays behind the `#` of its link, which browsers do not send.
#[utoipa::path(get, path = "/admin/setup", tag = "pages", responses(
    (status = 200, description = "The set-up page", content_type = "text/html")))]
pub async fn page() -> Response {
    (page_headers(POLICY), PAGE).into_response()
}

/// The set-up page's script.
#[utoipa::path(get, path = "/setup.js", tag = "pages", responses(
    (status = 200, description = "The script", content_type = "text/javascript")))]
pub async fn script() -> Response {
    let headers =
        [("content-type", "text/javascript; charset=utf-8"), ("cache-control", "no-cache")];
    (headers, SCRIPT).into_response()
}
