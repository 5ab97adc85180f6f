//! The widget's files, inside the binary and compressed before it was built; among them the
//! catalogues of its languages.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, HeaderName};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use shared::ErrorCode;
use shared::widget::LoaderWords;

use super::embedded::{self, EmbeddedFile};
use crate::error::ApiError;
use crate::locale;

/// The files that the build named; see `build.rs`.
pub const FILES: &[EmbeddedFile] = include!(concat!(env!("OUT_DIR"), "/widget_files.rs"));

/// What the widget says in one language.
#[derive(Debug)]
pub struct Catalogue {
    pub tag: &'static str,
    /// Its file under `/widget/`.
    pub file: &'static str,
    pub words: LoaderWords,
}

/// Every language of the widget; none when the widget was not built.
static CATALOGUES: LazyLock<Vec<Catalogue>> = LazyLock::new(|| {
    let read = |file: &EmbeddedFile| {
        let (tag, _hash) =
            file.name.strip_prefix("text-")?.strip_suffix(".json")?.rsplit_once('-')?;
        let words = serde_json::from_slice(file.raw).ok()?;
        Some(Catalogue { tag, file: file.name, words })
    };
    FILES.iter().filter_map(read).collect()
});

/// The language for somebody with these wishes, the first before the others; English if there is
/// none of them.
#[must_use]
pub fn catalogue(wishes: &[&str]) -> Option<&'static Catalogue> {
    let tags: Vec<&str> = CATALOGUES.iter().map(|one| one.tag).collect();
    let tag = locale::negotiate(wishes, &tags).unwrap_or("en");
    CATALOGUES.iter().find(|one| one.tag == tag)
}

/// A file of the widget: the loader `chat-widget.js`, or one whose name holds its hash.
#[utoipa::path(get, path = "/widget/{file}", tag = "widget", params(("file" = String, Path)),
    responses((status = 200, description = "The file"),
        (status = 404, body = shared::ErrorBody), (status = 503, body = shared::ErrorBody)))]
pub async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    if FILES.is_empty() {
        return ApiError::new(ErrorCode::NotReady)
            .with_message("widget not built: cargo xtask run")
            .into_response();
    }
    let mut response = match FILES.iter().find(|file| file.name == name) {
        Some(file) => embedded::serve(file, &headers),
        None => embedded::missing(),
    };
    let out = response.headers_mut();
    out.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    out.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("cross-origin"),
    );
    response
}
