//! The only room that talks to the server.
//!
//! In: requests of `shared`. Out: its answers, or why there is none. Calls are "simple" in the
//! sense of CORS (POST, plain text, no own header), so that no preflight is paid.

use shared::browser::Opening;
use shared::chat::{ResumeRequest, StopRequest};
use shared::conversation::{Conversation, CurrentRequest, Feedback, Rating};
use shared::widget::{Refusal, SessionAnswer};
use shared::{Event, LineSplitter, Page, browser, limits};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, ReadableStream, ReadableStreamDefaultReader, Response};

use crate::dom::{flag, get};
use crate::handle::Handle;
use crate::model::Ask;

/// Why a call has no answer.
#[derive(Debug)]
pub enum Failure {
    /// No connection, or nothing readable at its end: the same call may succeed later.
    Lost,
    /// The server refused. Boxed: it is rare, and large for what is passed on everywhere.
    Refused(Box<Refusal>),
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
    if flag(&response, "ok") {
        return Ok(response);
    }
    let body = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    // A proxy's page instead of a body of ours means that the server is away.
    Err(browser::read_error(&body).map_or(Failure::Lost, |body| Failure::Refused(Box::new(body))))
}

/// A call with a short answer: its text.
async fn ask(handle: &Handle, path: &str, body: &str) -> Result<String, Failure> {
    let response = call(handle, path, body, None).await?;
    JsFuture::from(response.text()?).await?.as_string().ok_or(Failure::Lost)
}

/// `POST /v1/widget/session`.
pub async fn session(handle: &Handle, opening: &Opening) -> Result<SessionAnswer, Failure> {
    let answer = ask(handle, "/v1/widget/session", &browser::write_session(opening)).await?;
    browser::read_session(&answer).ok_or(Failure::Lost)
}

/// `POST /v1/conversations/current`.
pub async fn current(handle: &Handle, token: String) -> Result<Option<Conversation>, Failure> {
    let body = browser::write_current(&CurrentRequest { token: Some(token), session_id: None });
    let answer = ask(handle, "/v1/conversations/current", &body).await?;
    Ok(browser::read_current(&answer).ok_or(Failure::Lost)?.conversation)
}

/// A call whose answer says no more than that it was done.
#[derive(Clone, Debug)]
pub enum Small {
    /// `POST /v1/chat/stop`: the turn.
    Stop(String),
    /// `POST /v1/messages/feedback`: the message, its rating, and why.
    Rate(String, Option<Rating>, Option<String>),
}

/// Makes a small call.
pub async fn small(handle: &Handle, token: String, what: Small) -> Result<(), Failure> {
    let (token, session_id) = (Some(token), None);
    let (path, body) = match what {
        Small::Stop(turn_id) => {
            let request = StopRequest { token, session_id, turn_id };
            ("/v1/chat/stop", browser::write_stop(&request))
        }
        Small::Rate(message_id, rating, comment) => {
            let feedback = Feedback { token, session_id, message_id, rating, comment };
            ("/v1/messages/feedback", browser::write_feedback(&feedback))
        }
    };
    ask(handle, path, &body).await.map(drop)
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
    let (path, body) = match ask {
        Ask::Chat { message, client_id } => {
            ("/v1/chat/stream", browser::write_chat(&token, &message, &client_id, &page))
        }
        Ask::Resume { turn_id, after } => {
            let request = ResumeRequest { token: Some(token), session_id: None, turn_id, after };
            ("/v1/chat/resume", browser::write_resume(&request))
        }
    };
    let response = call(handle, path, &body, Some(signal)).await?;
    let body: ReadableStream = get(&response, "body").unchecked_into();
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let mut lines = LineSplitter::new(limits::LINE_BYTES);
    loop {
        let chunk = JsFuture::from(reader.read()).await?;
        if flag(&chunk, "done") {
            return Ok(());
        }
        lines.push(&js_sys::Uint8Array::from(get(&chunk, "value")).to_vec());
        while let Some(line) = lines.next_line().map_err(|_| Failure::Lost)? {
            // A line that cannot be read is a sign of life, no more: a gap shows in `seq`.
            let event = std::str::from_utf8(line).ok().and_then(browser::read_event);
            if !take(event) {
                // What is still to come is asked for again; the connection may close behind us.
                let _ = reader.cancel();
                return Ok(());
            }
        }
    }
}
