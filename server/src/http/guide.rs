//! The user guide.

use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use shared::ErrorCode;

use super::demo::{page_headers, style};
use crate::app::Shared;
use crate::error::ApiError;

const TEMPLATE: &str = include_str!("../../../assets/guide.html");
const STYLE: &str = include_str!("../../../assets/guide.css");

/// What the pages show, by the names that they use.
const PICTURES: &[(&str, &[u8])] = &[
    ("arabic.png", include_bytes!("../../../docs/images/arabic.png")),
    ("chat.png", include_bytes!("../../../docs/images/chat.png")),
    ("dashboard.png", include_bytes!("../../../docs/images/dashboard.png")),
    ("form.png", include_bytes!("../../../docs/images/form.png")),
    ("prompt.png", include_bytes!("../../../docs/images/prompt.png")),
];

/// Nothing runs on these pages.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn show(app: &Shared, slug: &str) -> Result<Response, ApiError> {
    let page = app.guide.page_html(slug, TEMPLATE).ok_or(ErrorCode::NotFound)?;
    Ok((page_headers(POLICY), page).into_response())
}

/// The guide's first page.
#[utoipa::path(get, path = "/docs", tag = "pages", responses(
    (status = 200, description = "The guide", content_type = "text/html")))]
pub async fn first(State(app): State<Shared>) -> Result<Response, ApiError> {
    let slug =
        app.guide.pages().first().map(|page| page.slug.clone()).ok_or(ErrorCode::NotFound)?;
    show(&app, &slug)
}

/// A page of the guide.
#[utoipa::path(get, path = "/docs/{page}", tag = "pages", params(("page" = String, Path)),
    responses((status = 200, description = "The page", content_type = "text/html"),
        (status = 404, body = shared::ErrorBody)))]
pub async fn page(
    State(app): State<Shared>,
    Path(slug): Path<String>,
) -> Result<Response, ApiError> {
    show(&app, &slug)
}

/// The guide's style sheet.
#[utoipa::path(get, path = "/guide.css", tag = "pages", responses(
    (status = 200, description = "The style sheet", content_type = "text/css")))]
pub async fn css() -> Response {
    style(STYLE)
}

/// A picture in the guide.
#[utoipa::path(get, path = "/docs/images/{picture}", tag = "pages",
    params(("picture" = String, Path)),
    responses((status = 200, description = "The picture", content_type = "image/png"),
        (status = 404, body = shared::ErrorBody)))]
pub async fn picture(Path(name): Path<String>) -> Result<Response, ApiError> {
    let found = PICTURES.iter().find(|(known, _)| *known == name);
    let (_, bytes) = found.ok_or(ErrorCode::NotFound)?;
    let headers = [(CONTENT_TYPE, "image/png"), (CACHE_CONTROL, "public, max-age=300")];
    Ok((headers, *bytes).into_response())
}
