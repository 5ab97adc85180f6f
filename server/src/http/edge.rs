//! The outermost layer: request ids, CORS, error bodies, common headers, the request log.

use std::sync::{Arc, OnceLock};

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, CACHE_CONTROL, CONTENT_TYPE, HeaderName,
    ORIGIN, RETRY_AFTER, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use shared::ErrorCode;
use tracing::Instrument as _;

use crate::app::{App, Shared};
use crate::error::ApiError;
use crate::extract::RequestContext;
use crate::http::completions;
use crate::keys::rate::RateStatus;
use crate::keys::restriction::proved_origin;

const ALLOWED_HEADERS: &str =
    "Content-Type, Authorization, X-Api-Key, X-Widget-Api-Key, Api-Key, Idempotency-Key";
const EXPOSED_HEADERS: &str = "Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, \
    X-RateLimit-Reset, X-Request-Id, X-Natter-Signature, X-Natter-Key-Id";

/// Wraps every request.
pub async fn edge(State(app): State<Shared>, mut request: Request, next: Next) -> Response {
    let context = Arc::new(RequestContext { id: app.clock.ulid(), rate: OnceLock::new() });
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let span = tracing::info_span!("request", id = %context.id, %method, path = %path);
    let origin = request.headers().get(ORIGIN).cloned();
    request.extensions_mut().insert(Arc::clone(&context));
    let outsider = is_outsider(&app, request.headers());
    let mut response = if outsider {
        let error = ApiError::new(ErrorCode::OriginNotAllowed)
            .with_text("This website may not use this server")
            .with_message("This website may not use this server. Add it to CORS_ORIGIN.");
        error.into_response()
    } else if is_open(&path) && is_preflight(&method, request.headers()) {
        preflight()
    } else {
        next.run(request).instrument(span.clone()).await
    };
    let error = response.extensions_mut().remove::<ApiError>();
    if let Some(error) = error.or_else(|| plain_error(&response)) {
        response = with_body(&response, &path, error, &context.id);
    }
    add_headers(response.headers_mut(), &context);
    if path.starts_with("/api/") && !response.headers().contains_key(CACHE_CONTROL) {
        // Secrets and people's data: nothing of it belongs into a cache.
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    // The widget on a page that is left out has to read why, to say so and be gone.
    if is_open(&path)
        && (!outsider || path == "/v1/widget/config")
        && let Some(origin) = origin
    {
        allow_origin(response.headers_mut(), origin);
    }
    let status = response.status().as_u16();
    span.in_scope(|| {
        if status >= 500 {
            tracing::warn!(status, "answered");
        } else {
            tracing::debug!(status, "answered");
        }
    });
    response
}

/// Routes that pages of other origins may call and read.
fn is_open(path: &str) -> bool {
    let below = |prefix: &str| {
        path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    (below("/v1") && !below("/v1/admin"))
        || path == "/chat"
        || below("/license")
        || below("/api/v1/license")
}

/// Whether `CORS_ORIGIN` leaves out the website that asks.
fn is_outsider(app: &App, headers: &HeaderMap) -> bool {
    let (Some(allowed), Some(origin)) = (&app.config.cors_origins, headers.get(ORIGIN)) else {
        return false;
    };
    let origin = proved_origin(Some(origin.to_str().unwrap_or("null")), None);
    !origin.is_some_and(|origin| allowed.contains(&origin))
}

fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key("access-control-request-method")
}

fn preflight() -> Response {
    let headers = [
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS"),
        (ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS),
        (ACCESS_CONTROL_MAX_AGE, "7200"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// What the router itself refused, in a body of its own making.
fn plain_error(response: &Response) -> Option<ApiError> {
    let is_json = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|v| v.as_bytes().starts_with(b"application/json"));
    if is_json {
        return None;
    }
    let code = match response.status().as_u16() {
        404 => ErrorCode::NotFound,
        405 => ErrorCode::MethodNotAllowed,
        413 => ErrorCode::PayloadTooLarge,
        415 => ErrorCode::UnsupportedMediaType,
        400..=499 => ErrorCode::InvalidRequest,
        500..=599 => ErrorCode::Internal,
        _ => return None,
    };
    Some(code.into())
}

fn with_body(response: &Response, path: &str, error: ApiError, request_id: &str) -> Response {
    let retry_after = error.retry_after;
    let status = error.status();
    let mut with_body = if completions::is_dialect(path) {
        (status, Json(completions::error_body(error))).into_response()
    } else {
        (status, Json(error.body(request_id))).into_response()
    };
    let out = with_body.headers_mut();
    for (name, value) in response.headers() {
        if name != CONTENT_TYPE && name != "content-length" {
            out.insert(name.clone(), value.clone());
        }
    }
    if let Some(seconds) = retry_after {
        out.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    with_body
}

fn add_headers(headers: &mut HeaderMap, context: &RequestContext) {
    headers.insert(
        HeaderName::from_static("x-content-type-options"),
        HeaderValue::from_static("nosniff"),
    );
    if let Ok(id) = HeaderValue::from_str(&context.id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    if let Some(RateStatus { limit, remaining, reset, .. }) = context.rate.get() {
        for (name, value) in [
            ("x-ratelimit-limit", i64::from(*limit)),
            ("x-ratelimit-remaining", i64::from(*remaining)),
            ("x-ratelimit-reset", *reset),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }
}

/// Lets the page read the answer, also a refusal; never with credentials.
fn allow_origin(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.append(VARY, HeaderValue::from_static("Origin"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED_HEADERS));
}

#[cfg(test)]
mod tests {
    use super::is_open;

    #[test]
    fn pages_may_read_chat_and_license_routes_and_no_admin_route() {
        for open in [
            "/v1/chat",
            "/v1/widget/config",
            "/chat",
            "/license/validate",
            "/v1/openapi.json",
            "/api/v1/license/validate/",
        ] {
            assert!(is_open(open), "{open}");
        }
        for closed in
            ["/v1/admin", "/v1/admin/conversations", "/api/license-keys", "/", "/docs", "/v1x"]
        {
            assert!(!is_open(closed), "{closed}");
        }
    }
}
