//! Files inside the binary, compressed before it was built.

use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use shared::ErrorCode;

use crate::error::ApiError;

/// A file, three times.
pub struct EmbeddedFile {
    pub name: &'static str,
    pub content_type: &'static str,
    pub sha256: &'static str,
    /// Whether its name holds its hash.
    pub immutable: bool,
    pub raw: &'static [u8],
    pub br: &'static [u8],
    pub gz: &'static [u8],
}

impl std::fmt::Debug for EmbeddedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// No such file; a proxy must not remember that across an update.
#[must_use]
pub fn missing() -> Response {
    let mut missing = ApiError::new(ErrorCode::NotFound).into_response();
    missing.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    missing
}

/// The file in the encoding that the browser takes, or that it has it already.
pub fn serve(file: &'static EmbeddedFile, headers: &HeaderMap) -> Response {
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
