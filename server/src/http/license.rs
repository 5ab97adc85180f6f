//! The license API: what a customer's software asks about its license.
//!
//! Answers that bear a nonce are signed over their exact bytes, so they are written here and not by
//! a layer further out.

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Serialize;
use shared::license::{Activated, Deactivated, LicenseRefusal, SigningKeys, Validated};
use shared::{ErrorBody, ErrorCode};

use crate::app::{App, Shared};
use crate::error::ApiError;
use crate::extract::{Client, LicenseCaller, admit, body};
use crate::keys::license_key;
use crate::keys::rate::Bucket;
use crate::licensing::desk::{self, Refusal};
use crate::licensing::request::{self, Asked, Notation};

const MINUTE: std::time::Duration = std::time::Duration::from_secs(60);
/// How many times as much as about one license one address may ask about all.
const LICENSES: u32 = 10;

/// The same routes with a slash at their end, and below `/api/v1`: there are client libraries that
/// ask so.
pub fn also_at(mut router: Router<Shared>) -> Router<Shared> {
    for (base, end) in [("", "/"), ("/api/v1", ""), ("/api/v1", "/")] {
        let at = |name: &str| format!("{base}/license/{name}{end}");
        router = router
            .route(&at("activate"), post(activate))
            .route(&at("validate"), post(validate))
            .route(&at("deactivate"), post(deactivate))
            .route(&at("keys"), get(keys));
    }
    router
}

/// A request whose caller was checked.
#[derive(Debug)]
pub struct Call {
    caller: LicenseCaller,
    client: Client,
    parts: axum::http::request::Parts,
    body: Bytes,
}

impl FromRequest<Shared> for Call {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        // Who may not ask is refused before the body is read.
        let caller = LicenseCaller::from_request_parts(&mut parts, app).await?;
        let Ok(client) = Client::from_request_parts(&mut parts, app).await;
        // The parts know how long a body may be.
        let request = Request::from_parts(parts.clone(), body);
        let body = body::whole(request, app).await?;
        Ok(Self { caller, client, parts, body })
    }
}

impl Call {
    /// What was asked, once the caller's rate is counted.
    fn read(&self, app: &App, needs_instance: bool) -> Result<Asked, Refusal> {
        let notation = notation(&self.parts.headers)?;
        let asked = request::read(&self.body, notation, needs_instance).map_err(Refusal::Fields)?;
        self.count(app, &asked)?;
        Ok(asked)
    }

    /// A vendor's own server asks for many customers: it has an API key, and is not counted.
    fn count(&self, app: &App, asked: &Asked) -> Result<(), ApiError> {
        if self.caller.is_trusted {
            return Ok(());
        }
        let (limit, now_ms) = (app.config.license_rate_limit, app.clock.now_ms());
        let ip = self.client.ip;
        let all = limit.saturating_mul(LICENSES);
        let rate = app.rates.count(Bucket::Licenses, ip, all, MINUTE, now_ms);
        if !rate.allowed {
            return admit(&self.parts.extensions, rate);
        }
        let key = license_key::parse(&asked.license_key);
        let key = key.map(|key| license_key::hash(&key)).unwrap_or_default();
        let rate = app.rates.count(Bucket::License(key), ip, limit, MINUTE, now_ms);
        admit(&self.parts.extensions, rate)
    }
}

fn notation(headers: &HeaderMap) -> Result<Notation, ApiError> {
    match body::essence(headers).as_deref() {
        None | Some("application/json" | "text/plain" | "") => Ok(Notation::Json),
        Some("application/x-www-form-urlencoded") => Ok(Notation::Form),
        Some(_) => Err(ApiError::new(ErrorCode::UnsupportedMediaType)
            .with_message("Send application/json or application/x-www-form-urlencoded.")),
    }
}

/// The answer, signed when it was asked with a nonce.
fn answer(app: &App, status: u16, asked: &Asked, body: &impl Serialize) -> Response {
    let bytes = match serde_json::to_vec(body) {
        Ok(bytes) => bytes,
        Err(error) => return ApiError::internal(&error).into_response(),
    };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("cache-control", HeaderValue::from_static("no-store"));
    if asked.nonce.is_some() {
        let Some(signed) = app.signing.sign(&bytes) else {
            return ApiError::internal(&"there is no key that signs").into_response();
        };
        for (name, value) in
            [("x-natter-signature", &signed.signature), ("x-natter-key-id", &signed.key_id)]
        {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, headers, bytes).into_response()
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Failed(error) => error.into_response(),
            Self::Fields(complaints) => (StatusCode::BAD_REQUEST, Json(complaints)).into_response(),
            Self::Told(status, code, error) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
                let refusal = LicenseRefusal { error, code: code.to_owned(), lease: None };
                (status, Json(refusal)).into_response()
            }
        }
    }
}

/// Activates a license on a device. Body, as JSON or as a form, in camelCase or snake_case:
/// `licenseKey` (required), `customerId`, `instanceName`, `metadata`, `fingerprint`, `nonce`. With a
/// fingerprint that is activated already, that activation is the answer.
#[utoipa::path(post, path = "/license/activate", tag = "licenses", request_body = Object,
    responses((status = 201, body = Activated), (status = 200, body = Activated),
        (status = 400, description = "Complaints by field"),
        (status = 403, body = LicenseRefusal), (status = 404, body = LicenseRefusal),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn activate(State(app): State<Shared>, call: Call) -> Result<Response, Refusal> {
    let asked = call.read(&app, false)?;
    match desk::activate(&app, &asked, call.caller.is_trusted).await {
        Ok((activated, is_new)) => {
            Ok(answer(&app, if is_new { 201 } else { 200 }, &asked, &activated))
        }
        // Signed as well: whoever stands between can make neither a yes nor a no.
        Err(Refusal::Told(status, code, error)) => {
            let lease = desk::no_lease(&app, &asked);
            let refusal = LicenseRefusal { error, code: code.to_owned(), lease };
            Ok(answer(&app, status, &asked, &refusal))
        }
        Err(refusal) => Err(refusal),
    }
}

/// Whether a license may go on. Body: `licenseKey` (required), `instanceId`, `nonce`. Consumes
/// nothing.
#[utoipa::path(post, path = "/license/validate", tag = "licenses", request_body = Object,
    responses((status = 200, body = Validated), (status = 404, body = Validated),
        (status = 400, description = "Complaints by field"),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn validate(State(app): State<Shared>, call: Call) -> Result<Response, Refusal> {
    let asked = call.read(&app, false)?;
    let (status, validated) = desk::validate(&app, &asked, call.caller.is_trusted).await?;
    Ok(answer(&app, status, &asked, &validated))
}

/// Ends an activation and frees its place. Body: `licenseKey`, `instanceId` (both required).
#[utoipa::path(post, path = "/license/deactivate", tag = "licenses", request_body = Object,
    responses((status = 200, body = Deactivated), (status = 404, body = LicenseRefusal),
        (status = 400, description = "Complaints by field"),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn deactivate(
    State(app): State<Shared>,
    call: Call,
) -> Result<Json<Deactivated>, Refusal> {
    let asked = call.read(&app, true)?;
    desk::let_go(&app, &asked).await.map(Json)
}

/// The keys with which signed answers are checked.
#[utoipa::path(get, path = "/license/keys", tag = "licenses",
    responses((status = 200, body = SigningKeys), (status = "5XX", body = ErrorBody)))]
pub async fn keys(State(app): State<Shared>) -> Result<Json<SigningKeys>, ApiError> {
    Ok(Json(SigningKeys { keys: app.signing.published(app.clock.now_ms())? }))
}
