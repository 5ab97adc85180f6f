//! The only fetch: every request of the dashboard to the server's own `/api`.
//!
//! A request that finds its session ended waits for the next sign-in and is then sent again, so
//! nothing that somebody was doing is lost.

use std::rc::Rc;

use gloo_net::http::{Method, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use shared::order::ImportReport;
use shared::{ErrorBody, ErrorCode, FieldErrors, LineSplitter};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, AbortSignal, FormData};

use crate::{form_data, session};

/// The longest line of a stream, in bytes.
const LINE_BYTES: usize = 1 << 20;

/// Why a request did not succeed.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// HTTP status; 0 = the server could not be reached.
    pub status: u16,
    pub code: Option<ErrorCode>,
    /// For a person.
    pub text: String,
    pub fields: FieldErrors,
    /// With a stale change: the thing as it is now.
    pub current: Option<Value>,
    /// With a file of orders: what is wrong, line by line.
    pub import: Option<ImportReport>,
    /// For the server's logs.
    pub request_id: String,
}

impl Failure {
    fn new(status: u16, text: &str) -> Self {
        Self {
            status,
            code: None,
            text: text.to_owned(),
            fields: FieldErrors::default(),
            current: None,
            import: None,
            request_id: String::new(),
        }
    }

    fn unreachable() -> Self {
        Self::new(0, "The server cannot be reached. Check the connection and try again.")
    }

    fn unreadable() -> Self {
        Self::new(0, "The server's answer could not be read. Reload the page: it may be newer.")
    }

    /// A part of the dashboard itself did not come.
    #[must_use]
    pub fn part_missing() -> Self {
        Self::new(
            0,
            "This part of the dashboard did not arrive. Try again; after an update of the server, reload the page.",
        )
    }

    /// Whether somebody else has changed the thing meanwhile.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.code == Some(ErrorCode::VersionConflict)
    }

    /// What is wrong, with the fields that have no place of their own on the page.
    #[must_use]
    pub fn sentence(&self) -> String {
        // Most messages name the fields themselves.
        let is_said = |why: &String| self.text.contains(why.as_str());
        if self.fields.0.is_empty() || self.fields.0.values().flatten().all(is_said) {
            return self.text.clone();
        }
        let complaint =
            |(field, whys): (&String, &Vec<String>)| format!("{field} {}", whys.join(", "));
        let complaints: Vec<String> = self.fields.0.iter().map(complaint).collect();
        format!("{}: {}.", self.text.trim_end_matches('.'), complaints.join("; "))
    }
}

/// What a request carries.
enum Body {
    None,
    Json(String),
    /// JSON that the server acts on once, however often it arrives under this name.
    Once(String, String),
    /// Anything that fetch takes, such as a file.
    Raw(JsValue),
    /// Files, with whom to tell which share of them is sent.
    Form(FormData, Rc<dyn Fn(f64)>),
}

async fn send_once(
    method: &Method,
    path: &str,
    body: &Body,
    end: Option<&AbortSignal>,
) -> Result<Response, Failure> {
    let request =
        RequestBuilder::new(path).method(method.clone()).header("accept", "application/json");
    let request = request.abort_signal(end);
    let request = match body {
        Body::None => request.build(),
        Body::Once(text, name) => request
            .header("content-type", "application/json")
            .header("idempotency-key", name)
            .body(text.as_str()),
        Body::Json(text) => request.header("content-type", "application/json").body(text.as_str()),
        Body::Raw(value) => request.body(value.clone()),
        Body::Form(form, sent) => {
            return form_data::post(path, form, Rc::clone(sent))
                .await
                .map_err(|_| Failure::unreachable());
        }
    };
    let request = request.map_err(|_| Failure::unreachable())?;
    request.send().await.map_err(|_| Failure::unreachable())
}

async fn failure(response: &Response) -> Failure {
    let text = response.text().await.unwrap_or_default();
    let Ok(body) = serde_json::from_str::<ErrorBody>(&text) else {
        // A proxy's own page, say.
        let why = format!("The server answered with status {}.", response.status());
        return Failure::new(response.status(), &why);
    };
    let details = body.details.unwrap_or_default();
    Failure {
        status: response.status(),
        code: Some(body.code),
        text: body.message.unwrap_or(body.error),
        fields: details.field_errors,
        import: details.import.and_then(|report| serde_json::from_value(report).ok()),
        current: body.current,
        request_id: body.request_id,
    }
}

async fn request(method: Method, path: &str, body: Body) -> Result<Response, Failure> {
    ended_by(method, path, body, None).await
}

async fn ended_by(
    method: Method,
    path: &str,
    body: Body,
    end: Option<&AbortSignal>,
) -> Result<Response, Failure> {
    loop {
        let response = send_once(&method, path, &body, end).await?;
        if response.ok() {
            return Ok(response);
        }
        let failure = failure(&response).await;
        // Of the routes of signing in, a 401 is the answer.
        if failure.status != 401 || path.starts_with("/api/auth/") {
            return Err(failure);
        }
        session::signed_in_again().await;
    }
}

async fn json<T: DeserializeOwned>(response: Response) -> Result<T, Failure> {
    let text = response.text().await.map_err(|_| Failure::unreachable())?;
    // What has no body answers 204; it is read into `()` or an `Option`.
    let text = if text.is_empty() { "null" } else { &text };
    serde_json::from_str(text).map_err(|_| Failure::unreadable())
}

/// Reads what is at a path.
///
/// # Errors
/// What the server said, or that it could not be reached.
pub async fn get<T: DeserializeOwned>(path: &str) -> Result<T, Failure> {
    json(request(Method::GET, path, Body::None).await?).await
}

/// Sends a body as JSON; `T` is `()` where the answer has none.
///
/// # Errors
/// As [`get`].
pub async fn send<T: DeserializeOwned>(
    method: Method,
    path: &str,
    body: &impl Serialize,
) -> Result<T, Failure> {
    let text = serde_json::to_string(body).map_err(|_| Failure::unreadable())?;
    json(request(method, path, Body::Json(text)).await?).await
}

/// `POST` with a body of JSON.
///
/// # Errors
/// As [`get`].
pub async fn post<T: DeserializeOwned>(path: &str, body: &impl Serialize) -> Result<T, Failure> {
    send(Method::POST, path, body).await
}

/// `POST` with a body of JSON that makes one thing, however often it is sent under the same `name`:
/// an answer that was lost on its way is asked for again without a second order.
///
/// # Errors
/// As [`get`].
pub async fn post_once<T: DeserializeOwned>(
    path: &str,
    body: &impl Serialize,
    name: &str,
) -> Result<T, Failure> {
    let text = serde_json::to_string(body).map_err(|_| Failure::unreadable())?;
    json(request(Method::POST, path, Body::Once(text, name.to_owned())).await?).await
}

/// `PATCH` with a body of JSON.
///
/// # Errors
/// As [`get`].
pub async fn patch<T: DeserializeOwned>(path: &str, body: &impl Serialize) -> Result<T, Failure> {
    send(Method::PATCH, path, body).await
}

/// `POST` without a body.
///
/// # Errors
/// As [`get`].
pub async fn act<T: DeserializeOwned>(path: &str) -> Result<T, Failure> {
    json(request(Method::POST, path, Body::None).await?).await
}

/// `DELETE`.
///
/// # Errors
/// As [`get`].
pub async fn delete(path: &str) -> Result<(), Failure> {
    request(Method::DELETE, path, Body::None).await.map(drop)
}

/// `POST` of a file as it is.
///
/// # Errors
/// As [`get`].
pub async fn post_file<T: DeserializeOwned>(path: &str, file: JsValue) -> Result<T, Failure> {
    json(request(Method::POST, path, Body::Raw(file)).await?).await
}

/// `POST` of a form with files; `sent` hears which share of it, 0 to 1, is sent.
///
/// # Errors
/// As [`get`].
pub async fn upload<T: DeserializeOwned>(
    path: &str,
    form: FormData,
    sent: impl Fn(f64) + 'static,
) -> Result<T, Failure> {
    json(request(Method::POST, path, Body::Form(form, Rc::new(sent))).await?).await
}

/// Ends the request when it is dropped: the server stops writing what nobody reads.
struct Ending(Option<AbortController>);

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}

/// Sends a body and gives each line of the answer to `line` as it arrives, until that says `false`.
/// Dropped before its end, it ends the request.
///
/// # Errors
/// As [`get`]; also when the stream breaks off.
pub async fn stream(
    path: &str,
    body: &impl Serialize,
    line: impl FnMut(&str) -> bool,
) -> Result<(), Failure> {
    let text = serde_json::to_string(body).map_err(|_| Failure::unreadable())?;
    let ending = Ending(AbortController::new().ok());
    let signal = ending.0.as_ref().map(AbortController::signal);
    let response = ended_by(Method::POST, path, Body::Json(text), signal.as_ref()).await?;
    lines(response, line).await
}

/// As [`stream`], with `GET`.
///
/// # Errors
/// As [`stream`].
pub async fn follow(path: &str, line: impl FnMut(&str) -> bool) -> Result<(), Failure> {
    let ending = Ending(AbortController::new().ok());
    let signal = ending.0.as_ref().map(AbortController::signal);
    let response = ended_by(Method::GET, path, Body::None, signal.as_ref()).await?;
    lines(response, line).await
}

async fn lines(response: Response, mut line: impl FnMut(&str) -> bool) -> Result<(), Failure> {
    let body = response.body().ok_or_else(Failure::unreadable)?;
    let reader: web_sys::ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let mut splitter = LineSplitter::new(LINE_BYTES);
    loop {
        let chunk = JsFuture::from(reader.read()).await.map_err(|_| Failure::unreachable())?;
        let get =
            |name: &str| js_sys::Reflect::get(&chunk, &name.into()).unwrap_or(JsValue::UNDEFINED);
        if get("done").is_truthy() {
            return Ok(());
        }
        let bytes = js_sys::Uint8Array::new(&get("value")).to_vec();
        splitter.push(&bytes);
        while let Some(bytes) = splitter.next_line().map_err(|_| Failure::unreadable())? {
            if !line(&String::from_utf8_lossy(bytes)) {
                let _ = reader.cancel();
                return Ok(());
            }
        }
    }
}

/// A value for a path or a query, escaped.
#[must_use]
pub fn escape(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

/// `?a=b&c=d` of those that are not empty; nothing when all are.
#[must_use]
pub fn query(pairs: &[(&str, &str)]) -> String {
    let there = pairs.iter().filter(|(_, value)| !value.is_empty());
    let parts: Vec<String> =
        there.map(|(name, value)| format!("{name}={}", escape(value))).collect();
    if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
}
