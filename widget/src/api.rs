//! The only room that talks to the server.
//!
//! In: requests of `shared`. Out: its answers, or why there is none. Calls are "simple" in the
//! sense of CORS (POST, plain text, no own header), so that no preflight is paid.

use shared::chat::{ChatRequest, ResumeRequest, StopRequest};
use shared::conversation::{Conversation, CurrentRequest, Feedback, Rating};
use shared::widget::{SessionAnswer, SessionRequest};
use shared::{ErrorBody, Event, LineSplitter, Page, browser, limits};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, ReadableStreamDefaultReader, Response};

use crate::handle::Handle;
use crate::model::Ask;

/// Why a call has no answer.
#[derive(Debug)]
pub enum Failure {
    /// No connection, or nothing readable at its end: the same call may succeed later.
    Lost,
    /// The server refused. Boxed: it is rare, and large for what is passed on everywhere.
    Refused(Box<ErrorBody>),
}

impl From<JsValue> for Failure {
    fn from(_: JsValue) -> Self {
        Self::Lost
    }
}

async fn call(
    handle: &Handle,
    path: &str,
    body: &str,
    signal: Option<&AbortSignal>,
) -> Result<Response, Failure> {
    let response: Response =
        JsFuture::from(handle.post(path, body, signal)).await?.unchecked_into();
    if response.ok() {
        return Ok(response);
    }
    let body = text(&response).await?;
    // A proxy's page instead of a body of ours means that the server is away.
    Err(browser::read_error(&body).map_or(Failure::Lost, |body| Failure::Refused(Box::new(body))))
}

async fn text(response: &Response) -> Result<String, Failure> {
    JsFuture::from(response.text()?).await?.as_string().ok_or(Failure::Lost)
}

/// `POST /v1/widget/session`.
pub async fn session(handle: &Handle, request: &SessionRequest) -> Result<SessionAnswer, Failure> {
    let response =
        call(handle, "/v1/widget/session", &browser::write_session(request), None).await?;
    browser::read_session(&text(&response).await?).ok_or(Failure::Lost)
}

/// `POST /v1/conversations/current`.
pub async fn current(handle: &Handle, token: String) -> Result<Option<Conversation>, Failure> {
    let body = browser::write_current(&CurrentRequest { token: Some(token), session_id: None });
    let response = call(handle, "/v1/conversations/current", &body, None).await?;
    let answer = browser::read_current(&text(&response).await?).ok_or(Failure::Lost)?;
    Ok(answer.conversation)
}

/// `POST /v1/chat/stop`.
pub async fn stop(handle: &Handle, token: String, turn_id: String) -> Result<(), Failure> {
    let request = StopRequest { token: Some(token), session_id: None, turn_id };
    call(handle, "/v1/chat/stop", &browser::write_stop(&request), None).await.map(drop)
}

/// `POST /v1/messages/feedback`.
pub async fn feedback(
    handle: &Handle,
    token: String,
    message_id: String,
    rating: Option<Rating>,
) -> Result<(), Failure> {
    let feedback =
        Feedback { token: Some(token), session_id: None, message_id, rating, comment: None };
    let body = browser::write_feedback(&feedback);
    call(handle, "/v1/messages/feedback", &body, None).await.map(drop)
}

/// Asks for the running turn and hands over its events as they come, until the stream ends, the
/// signal fires, or `take` has enough and says false.
pub async fn stream(
    handle: &Handle,
    token: String,
    ask: Ask,
    page: Page,
    signal: &AbortSignal,
    take: &mut dyn FnMut(Option<Event>) -> bool,
) -> Result<(), Failure> {
    let token = Some(token);
    let (path, body) = match ask {
        Ask::Chat { message, client_id } => {
            let request = ChatRequest {
                token,
                message,
                client_message_id: Some(client_id),
                page: Some(page),
                ..ChatRequest::default()
            };
            ("/v1/chat/stream", browser::write_chat(&request))
        }
        Ask::Resume { turn_id, after } => {
            let request = ResumeRequest { token, session_id: None, turn_id, after };
            ("/v1/chat/resume", browser::write_resume(&request))
        }
    };
    let response = call(handle, path, &body, Some(signal)).await?;
    let body = response.body().ok_or(Failure::Lost)?;
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let mut lines = LineSplitter::new(limits::LINE_BYTES);
    loop {
        let chunk = JsFuture::from(reader.read()).await?;
        let get = |name: &str| js_sys::Reflect::get(&chunk, &name.into());
        if get("done")?.is_truthy() {
            return Ok(());
        }
        lines.push(&js_sys::Uint8Array::from(get("value")?).to_vec());
        while let Some(line) = lines.next_line().map_err(|_| Failure::Lost)? {
            // A line of an unknown kind is a sign of life, no more.
            if !take(browser::read_event(&String::from_utf8_lossy(line))) {
                // What is still to come is asked for again; the connection may close behind us.
                let _ = reader.cancel();
                return Ok(());
            }
        }
    }
}
