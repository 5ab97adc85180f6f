//! The provider for any server that speaks the OpenAI chat-completions streaming protocol.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::{Deserialize, Serialize};
use shared::{FinishReason, Role, Source, Usage};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::sse::{Broken, EventReader};
use super::{Delta, Prompt, UpstreamError};
use crate::clock;
use crate::config::{self, Secret, Timeouts};

/// How often a request is sent at most, while nothing of an answer has come.
const TRIES: u32 = 3;
/// First pause before a retry; it doubles, and up to half of it is random.
const BACKOFF: Duration = Duration::from_millis(300);
/// Longest body that is not an event stream, in bytes.
const BODY_BYTES: usize = 1024 * 1024;
/// Most bytes of one event stream: text, wrapping and all that is passed over.
const STREAM_BYTES: usize = 64 * 1024 * 1024;

/// The provider.
#[derive(Debug)]
pub(super) struct OpenAi {
    client: Client,
    base_url: String,
    key: Option<Secret>,
    model: OnceCell<String>,
    timeouts: Timeouts,
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    stream: bool,
    stream_options: StreamOptions,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<ChunkUsage>,
    error: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Choice {
    /// A stream has `delta`, a whole answer `message`.
    #[serde(alias = "message")]
    delta: Option<ChunkDelta>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct ChunkDelta {
    content: Option<String>,
}

#[derive(Deserialize)]
struct ChunkUsage {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
}

#[derive(Deserialize)]
struct Models {
    data: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    id: String,
}

impl OpenAi {
    pub(super) fn new(config: &config::OpenAi, timeouts: Timeouts) -> Result<Self, String> {
        let client = Client::builder()
            .connect_timeout(timeouts.connect)
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .pool_max_idle_per_host(512)
            .user_agent(concat!("natter/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| format!("the HTTP client cannot be made: {e}"))?;
        Ok(Self {
            client,
            base_url: config.base_url.clone(),
            key: config.key.clone(),
            model: OnceCell::new_with(config.model.clone()),
            timeouts,
        })
    }

    /// Asks, retrying while that is safe; returns once the server has accepted.
    pub(super) async fn answer(
        &self,
        system: &str,
        prompt: &Prompt,
        sources: Vec<Source>,
    ) -> Result<Completion, UpstreamError> {
        let deadline = Instant::now() + self.timeouts.first_token;
        let opening = async {
            let model = self.model().await?;
            let mut messages = vec![Message { role: "system", content: system }];
            messages.extend(prompt.history.iter().map(|(role, content)| Message {
                role: match role {
                    Role::User => "user",
                    Role::Assistant => "assistant",
                },
                content,
            }));
            messages.push(Message { role: "user", content: &prompt.question });
            let stream_options = StreamOptions { include_usage: true };
            let body = Body { model, messages, stream: true, stream_options };
            let body = serde_json::to_vec(&body).map_err(|e| {
                UpstreamError::failed(format!("the request cannot be written: {e}"))
            })?;
            self.send(body, deadline).await
        };
        let response = tokio::time::timeout_at(deadline, opening)
            .await
            .map_err(|_| UpstreamError::timeout("The model server did not answer in time."))??;
        Completion::open(response, sources, deadline, self.timeouts.idle).await
    }

    /// The model to ask for: as set, else the first that the server lists.
    async fn model(&self) -> Result<&str, UpstreamError> {
        let first = async {
            let response = self
                .authorized(self.client.get(format!("{}/models", self.base_url)))
                .send()
                .await
                .map_err(|e| unreachable_error(&e))?;
            let status = response.status();
            if !status.is_success() {
                return Err(UpstreamError::failed(format!(
                    "The model server lists no models (status {}). Set OPENAI_MODEL.",
                    status.as_u16()
                )));
            }
            let body = bounded_body(response).await?;
            let models: Option<Models> = serde_json::from_slice(&body).ok();
            models.and_then(|m| m.data.into_iter().next()).map(|m| m.id).ok_or_else(|| {
                UpstreamError::failed("The model server lists no models. Set OPENAI_MODEL.")
            })
        };
        self.model.get_or_try_init(|| first).await.map(String::as_str)
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.key {
            Some(key) => request.bearer_auth(key.reveal()),
            None => request,
        }
    }

    async fn send(&self, body: Vec<u8>, deadline: Instant) -> Result<Response, UpstreamError> {
        let url = format!("{}/chat/completions", self.base_url);
        let body = bytes::Bytes::from(body);
        let mut tries = 0;
        loop {
            tries += 1;
            let request = self
                .authorized(self.client.post(&url))
                .header("content-type", "application/json")
                .header("accept", "text/event-stream")
                .body(body.clone());
            let (error, wait) = match request.send().await {
                Ok(response) if response.status().is_success() => return Ok(response),
                Ok(response) => {
                    let status = response.status();
                    let error = refused(status);
                    if !retryable(status) {
                        return Err(error);
                    }
                    (error, retry_after(&response))
                }
                Err(error) if error.is_connect() => (unreachable_error(&error), None),
                Err(error) => return Err(unreachable_error(&error)),
            };
            let wait = wait.unwrap_or_else(|| backoff(tries));
            // A server that asks to wait longer than a visitor would is as good as away.
            if tries == TRIES || Instant::now() + wait >= deadline {
                return Err(error);
            }
            tracing::warn!(error = %error, tries, "asking the model server again");
            tokio::time::sleep(wait).await;
        }
    }
}

fn retryable(status: StatusCode) -> bool {
    status == StatusCode::REQUEST_TIMEOUT
        || status == StatusCode::TOO_MANY_REQUESTS
        || status.is_server_error()
}

fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get("retry-after")?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}

fn backoff(tries: u32) -> Duration {
    let base = BACKOFF * 2_u32.saturating_pow(tries.saturating_sub(1));
    base + base / 2 * u32::from(clock::random::<1>()[0]) / 255
}

fn refused(status: StatusCode) -> UpstreamError {
    let hint = match status.as_u16() {
        401 | 403 => " Check OPENAI_API_KEY.",
        404 => " Check OPENAI_BASE_URL and OPENAI_MODEL.",
        _ => "",
    };
    let detail = format!("The model server refused with status {}.{hint}", status.as_u16());
    match status.as_u16() {
        408 | 504 => UpstreamError::timeout(detail),
        _ => UpstreamError::failed(detail),
    }
}

/// Says what happened without the address, which may hold secrets.
fn unreachable_error(error: &reqwest::Error) -> UpstreamError {
    if error.is_connect() {
        let detail = "The model server cannot be reached. Check OPENAI_BASE_URL and OPENAI_MODEL.";
        UpstreamError::failed(detail)
    } else if error.is_timeout() {
        UpstreamError::timeout("The model server did not answer in time.")
    } else {
        UpstreamError::failed("The connection to the model server broke.")
    }
}

async fn bounded_body(response: Response) -> Result<Vec<u8>, UpstreamError> {
    let mut body = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(chunk) = stream.next().await {
        body.extend_from_slice(&chunk.map_err(|e| unreachable_error(&e))?);
        if body.len() > BODY_BYTES {
            return Err(UpstreamError::failed("The model server's answer is too long."));
        }
    }
    Ok(body)
}

/// An answer as the model server streams it.
pub struct Completion {
    bytes: BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    events: EventReader,
    /// Pieces read but not yet handed out.
    ready: std::collections::VecDeque<Delta>,
    sources: Vec<Source>,
    finish: Option<FinishReason>,
    /// When the next piece must be there.
    deadline: Instant,
    idle: Duration,
    received: usize,
    any_text: bool,
    ended: bool,
}

impl std::fmt::Debug for Completion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Completion").field("received", &self.received).finish_non_exhaustive()
    }
}

impl Completion {
    async fn open(
        response: Response,
        sources: Vec<Source>,
        deadline: Instant,
        idle: Duration,
    ) -> Result<Self, UpstreamError> {
        let is_json = response
            .headers()
            .get("content-type")
            .and_then(|v| v.to_str().ok())
            .is_some_and(|v| v.trim_start().starts_with("application/json"));
        let mut completion = Self {
            bytes: futures_util::stream::empty().boxed(),
            events: EventReader::new(),
            ready: std::collections::VecDeque::new(),
            sources,
            finish: None,
            deadline,
            idle,
            received: 0,
            any_text: false,
            ended: false,
        };
        if is_json {
            // Not a stream: a whole answer from a server that cannot stream, or an error with 200.
            let body = tokio::time::timeout_at(deadline, bounded_body(response)).await.map_err(
                |_| UpstreamError::timeout("The model server did not answer in time."),
            )??;
            let text = String::from_utf8(body)
                .map_err(|_| UpstreamError::failed("The model server's answer is not UTF-8."))?;
            completion.take(&text)?;
            if !completion.any_text && completion.finish.is_none() {
                return Err(UpstreamError::failed("The model server's answer holds no text."));
            }
            completion.end();
        } else {
            completion.bytes = response.bytes_stream().boxed();
        }
        Ok(completion)
    }

    pub(super) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    pub(super) async fn next(&mut self) -> Result<Option<Delta>, UpstreamError> {
        loop {
            if let Some(delta) = self.ready.pop_front() {
                return Ok(Some(delta));
            }
            if self.ended {
                return Ok(None);
            }
            let chunk = tokio::time::timeout_at(self.deadline, self.bytes.next()).await;
            match chunk {
                Err(_) => {
                    return Err(UpstreamError::timeout("The model server fell silent."));
                }
                Ok(Some(Ok(bytes))) => self.read(&bytes)?,
                Ok(Some(Err(error))) => {
                    if self.finish.is_none() {
                        return Err(unreachable_error(&error));
                    }
                    self.end();
                }
                Ok(None) => {
                    if let Some(data) = self.events.finish() {
                        self.event(&data)?;
                    }
                    // Some servers leave out `[DONE]`; an answer without its end is a broken one.
                    if self.finish.is_none() && !self.ended {
                        let detail = "The model server broke off in the middle of its answer.";
                        return Err(UpstreamError::failed(detail));
                    }
                    self.end();
                }
            }
        }
    }

    fn read(&mut self, bytes: &[u8]) -> Result<(), UpstreamError> {
        self.received = self.received.saturating_add(bytes.len());
        if self.received > STREAM_BYTES {
            return Err(UpstreamError::failed("The model server's answer is too long."));
        }
        self.events.push(bytes);
        while !self.ended {
            let next = self.events.next_event().map_err(|broken| {
                UpstreamError::failed(match broken {
                    Broken::LineTooLong => "The model server sent an endless line.",
                    Broken::NotUtf8 => "The model server's answer is not UTF-8.",
                })
            })?;
            let Some(data) = next else { break };
            self.event(&data)?;
        }
        Ok(())
    }

    fn event(&mut self, data: &str) -> Result<(), UpstreamError> {
        let data = data.trim();
        if data == "[DONE]" {
            self.end();
            return Ok(());
        }
        if data.is_empty() {
            return Ok(());
        }
        self.take(data)
    }

    /// Takes what one JSON text holds.
    fn take(&mut self, json: &str) -> Result<(), UpstreamError> {
        let chunk: Chunk = serde_json::from_str(json).map_err(|_| {
            UpstreamError::failed("The model server sent what is not its protocol.")
        })?;
        if chunk.error.is_some() {
            return Err(UpstreamError::failed("The model server reported an error."));
        }
        for choice in chunk.choices {
            let text = choice.delta.and_then(|d| d.content).filter(|text| !text.is_empty());
            if let Some(text) = text {
                self.any_text = true;
                self.ready.push_back(Delta::Text(text));
            }
            if let Some(reason) = choice.finish_reason {
                self.finish = Some(match reason.as_str() {
                    "length" => FinishReason::Length,
                    _ => FinishReason::Stop,
                });
            }
        }
        if let Some(usage) = chunk.usage {
            self.ready.push_back(Delta::Usage(Usage {
                input_tokens: usage.prompt_tokens,
                output_tokens: usage.completion_tokens,
            }));
        }
        if self.any_text {
            self.deadline = Instant::now() + self.idle;
        }
        Ok(())
    }

    fn end(&mut self) {
        if self.ended {
            return;
        }
        self.ended = true;
        if !self.sources.is_empty() {
            self.ready.push_back(Delta::Sources(std::mem::take(&mut self.sources)));
        }
        self.ready.push_back(Delta::Finish(self.finish.unwrap_or(FinishReason::Stop)));
    }
}
