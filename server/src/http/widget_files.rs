//! The widget's files, inside the binary and compressed before it was built; among them the
//! catalogues of its languages.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::HeaderMap;
use axum::http::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE,
    ETAG, HeaderName, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use shared::ErrorCode;
use shared::widget::LoaderWords;

use crate::error::ApiError;
use crate::locale;

/// A file of the widget, three times.
pub struct WidgetFile {
    name: &'static str,
    content_type: &'static str,
    sha256: &'static str,
    /// Whether its name holds its hash.
    immutable: bool,
    raw: &'static [u8],
    br: &'static [u8],
    gz: &'static [u8],
}

impl std::fmt::Debug for WidgetFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The files that the build named; see `build.rs`.
pub const FILES: &[WidgetFile] = include!(concat!(env!("OUT_DIR"), "/widget_files.rs"));

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
    let read = |file: &WidgetFile| {
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
        Some(file) => serve(file, &headers),
        None => {
            let mut missing = ApiError::new(ErrorCode::NotFound).into_response();
            missing.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            missing
        }
    };
    let out = response.headers_mut();
    out.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    out.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("cross-origin"),
    );
    response
}

fn serve(file: &'static WidgetFile, headers: &HeaderMap) -> Response {
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or("");
    let (bytes, encoding) = if accepts(accepted, "br") {
        (file.br, Some("br"))
    } else if accepts(accepted, "gzip") {
        (file.gz, Some("gzip"))
    } else {
        (file.raw, None)
    };
    let cache = if file.immutable {
        "public, max-age=31536000, immutable"
    } else {
        "public, max-age=300, stale-while-revalidate=86400"
    };
    // Each encoding is a representation of its own, so it has its own tag.
    let etag = format!("\"{}-{}\"", file.sha256.get(..16).unwrap_or(""), encoding.unwrap_or("raw"));
    let known = headers
        .get(IF_NONE_MATCH)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|tags| tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag));
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, file.content_type)], bytes).into_response()
    };
    let out = response.headers_mut();
    out.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    out.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        out.insert(ETAG, etag);
    }
    if let (Some(encoding), false) = (encoding, known) {
        out.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// Whether an `Accept-Encoding` names this encoding without `q=0`.
fn accepts(header: &str, encoding: &str) -> bool {
    header.split(',').any(|part| {
        let mut words = part.split(';').map(str::trim);
        let named = words.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let refused = words.any(|q| {
            q.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()).is_some_and(|q| q <= 0.0)
        });
        named && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::accepts;

    #[test]
    fn an_encoding_is_used_only_when_the_browser_takes_it() {
        assert!(accepts("gzip, deflate, br", "br"));
        assert!(accepts("GZIP;q=0.5", "gzip"));
        assert!(!accepts("br;q=0, gzip", "br"));
        assert!(!accepts("brotli", "br"));
        assert!(!accepts("", "br"));
    }
}
