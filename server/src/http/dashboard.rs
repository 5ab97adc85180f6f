//! The dashboard: one page for every address under `/admin`, and the files that it is made of.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use shared::ErrorCode;

use super::demo::page_headers;
use super::embedded::{self, EmbeddedFile};
use crate::error::ApiError;

/// The files that the build named; see `build.rs`.
const FILES: &[EmbeddedFile] = include!(concat!(env!("OUT_DIR"), "/admin_files.rs"));
const PAGE: &str = include_str!("../../../assets/admin.html");
/// The dashboard's own files and the server's own API; the frame is the widget's preview.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    connect-src 'self'; img-src 'self' data:; media-src 'self'; frame-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";
/// Which of the two looks an admin chose; the browser's own wish without it.
const THEME_COOKIE: &str = "natter_theme";

/// The page with the names of this build's files; `None` when the dashboard was not built.
static SHELL: LazyLock<Option<String>> = LazyLock::new(|| {
    // Other parts have other names: only the start of the program is called as the whole.
    let named = |kind: &str| {
        let is_start = |name: &str| name.starts_with("admin-") && name.ends_with(kind);
        Some(FILES.iter().find(|file| is_start(file.name))?.name)
    };
    let page = PAGE.replace("STYLE", named(".css")?).replace("SCRIPT", named(".js")?);
    Some(page.replace("WASM", named(".wasm")?))
});

/// The dashboard; also at every address under `/admin/`: which part of it is shown is decided in the
/// browser.
#[utoipa::path(get, path = "/admin", tag = "pages", responses(
    (status = 200, description = "The dashboard", content_type = "text/html"),
    (status = 503, body = shared::ErrorBody)))]
pub async fn page(headers: HeaderMap) -> Response {
    let Some(shell) = SHELL.as_deref() else {
        return ApiError::new(ErrorCode::NotReady)
            .with_message("dashboard not built: cargo xtask run")
            .into_response();
    };
    let theme = match theme(&headers) {
        Some("dark") => " data-theme=\"dark\"",
        Some("light") => " data-theme=\"light\"",
        _ => "",
    };
    let mut response = (page_headers(POLICY), shell.replacen(" THEME", theme, 1)).into_response();
    // Its addresses name customers' orders and keys: no other site needs to know them.
    response.headers_mut().insert("referrer-policy", HeaderValue::from_static("same-origin"));
    response
}

/// A file of the dashboard.
#[utoipa::path(get, path = "/admin/assets/{file}", tag = "pages", params(("file" = String, Path)),
    responses((status = 200, description = "The file"), (status = 404, body = shared::ErrorBody)))]
pub async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    match FILES.iter().find(|file| file.name == name) {
        Some(file) => embedded::serve(file, &headers),
        None => embedded::missing(),
    }
}

fn theme(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|value| value.split(';'))
        .find_map(|cookie| cookie.trim().strip_prefix(THEME_COOKIE)?.strip_prefix('='))
}
