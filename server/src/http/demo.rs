//! The demo page: the widget on a page of its own, for the first look.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName};
use axum::response::{IntoResponse, Response};
use shared::ErrorCode;

use crate::app::Shared;
use crate::error::ApiError;
use crate::extract::Client;

const PAGE: &str = include_str!("../../../assets/demo.html");
const STYLE: &str = include_str!("../../../assets/demo.css");

/// Nothing but the page's own files; WebAssembly is the widget.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
    style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// Headers of every page that this server itself shows.
pub fn page_headers(policy: &'static str) -> [(HeaderName, &'static str); 5] {
    [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, policy),
        (CACHE_CONTROL, "no-cache"),
        (HeaderName::from_static("referrer-policy"), "strict-origin-when-cross-origin"),
        (HeaderName::from_static("x-frame-options"), "DENY"),
    ]
}

/// A style sheet as a response.
pub fn style(text: &'static str) -> Response {
    let headers =
        [(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "public, max-age=300")];
    (headers, text).into_response()
}

/// The demo page; 404 to everybody but this machine, unless `NATTER_DEMO` opens it.
#[utoipa::path(get, path = "/", tag = "pages", responses(
    (status = 200, description = "The demo page", content_type = "text/html"),
    (status = 404, body = shared::ErrorBody)))]
pub async fn page(State(app): State<Shared>, client: Client) -> Result<Response, ApiError> {
    let demo = app
        .demo
        .as_ref()
        .filter(|_| client.may_see_demo(app.config.demo))
        .ok_or(ErrorCode::NotFound)?;
    let page = PAGE.replace("{{chatbot_id}}", &demo.chatbot_id);
    Ok((page_headers(POLICY), page).into_response())
}

/// The demo page's style sheet.
#[utoipa::path(get, path = "/demo.css", tag = "pages", responses(
    (status = 200, description = "The style sheet", content_type = "text/css")))]
pub async fn css() -> Response {
    style(STYLE)
}
