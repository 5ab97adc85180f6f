//! Asks a model server over HTTP and reads its answer as it comes.
//!
//! In: a prompt with its instructions. Out: a [`Completion`], opened once the server has accepted.
//! What differs between protocols is in [`Dialect`]'s rooms, `openai` and `anthropic`; connecting,
//! trying again, bounds and deadlines are here, once.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::{Deserialize, Deserializer};
use shared::agent::ProviderKind;
use shared::{FinishReason, Source, Usage};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::halves::Halves;
use super::sse::{Broken, EventReader};
use super::tools::{Lookup, Round, Tool, ToolCall};
use super::{Delta, Prompt, UpstreamError, anthropic, openai};
use crate::clock;
use crate::config::{Secret, Timeouts};

/// How often a request is sent at most, while nothing of an answer has come.
const TRIES: u32 = 3;
/// First pause before a retry; it doubles, and up to half of it is random.
const BACKOFF: Duration = Duration::from_millis(300);
/// Longest body that is not an event stream, in bytes.
const BODY_BYTES: usize = 1024 * 1024;
/// Most bytes of one event stream: text, wrapping and all that is passed over.
const STREAM_BYTES: usize = 64 * 1024 * 1024;
/// Most calls of one answer.
const CALLS: usize = 8;
/// Longest call, in bytes.
const CALL_BYTES: usize = 64 * 1024;
/// Most tokens that a count may name: more is nonsense, and the sums over many answers must hold.
const MOST_TOKENS: u64 = u32::MAX as u64;

/// The protocol that a model server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    OpenAi,
    Anthropic,
}

/// What one event of a stream, or a whole answer, says.
#[derive(Debug, Default)]
pub(super) struct Piece {
    pub text: String,
    pub finish: Option<FinishReason>,
    pub input_tokens: Option<u64>,
    pub output_tokens: Option<u64>,
    /// The server says that it failed.
    pub failed: bool,
    /// Nothing follows.
    pub ended: bool,
    /// Nothing of an answer: the server only shows that it is there.
    pub silent: bool,
    /// What the model wants looked up, or parts of it.
    pub calls: Vec<CallPart>,
}

/// A part of a call: a stream brings its arguments in pieces.
#[derive(Debug, Default)]
pub(super) struct CallPart {
    /// Which call it belongs to.
    pub index: u64,
    pub id: Option<String>,
    pub name: Option<String>,
    pub arguments: String,
}

/// Tokens as a server counts them; none where it is no count at all, which is no reason to lose an
/// answer.
pub(super) fn count<'de, D: Deserializer<'de>>(given: D) -> Result<Option<u64>, D::Error> {
    let given = serde_json::Value::deserialize(given)?;
    Ok(given.as_u64().filter(|tokens| *tokens <= MOST_TOKENS))
}

/// What is asked, whatever the protocol.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub model: &'a str,
    pub system: &'a str,
    pub prompt: &'a Prompt,
    pub temperature: Option<f64>,
    pub max_output_tokens: Option<u32>,
    /// Whether the server is that of the protocol's makers.
    pub is_home: bool,
    pub tools: &'a [Tool],
    /// What was looked up so far.
    pub rounds: &'a [Round],
    /// Whether something may be looked up still.
    pub may_call: bool,
}

impl Dialect {
    /// Of a provider that asks a model server.
    #[must_use]
    pub fn of(provider: ProviderKind) -> Option<Self> {
        match provider {
            ProviderKind::Builtin => None,
            ProviderKind::Openai => Some(Self::OpenAi),
            ProviderKind::Anthropic => Some(Self::Anthropic),
        }
    }

    /// Where the makers of the protocol serve it.
    #[must_use]
    pub fn home(self) -> &'static str {
        match self {
            Self::OpenAi => "https://api.openai.com/v1",
            Self::Anthropic => "https://api.anthropic.com/v1",
        }
    }

    /// What stands before its paths at an address. Anthropic's own libraries leave the version out
    /// of it, people often do not.
    pub(super) fn base(self, address: &str) -> String {
        let address = address.trim_end_matches('/');
        match self {
            Self::OpenAi => address.to_owned(),
            Self::Anthropic => format!("{}/v1", address.strip_suffix("/v1").unwrap_or(address)),
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::OpenAi => "/chat/completions",
            Self::Anthropic => "/messages",
        }
    }

    fn body(self, asked: &Asked<'_>) -> serde_json::Result<Vec<u8>> {
        match self {
            Self::OpenAi => openai::body(asked),
            Self::Anthropic => anthropic::body(asked),
        }
    }

    fn authorized(self, request: RequestBuilder, key: Option<&Secret>) -> RequestBuilder {
        match self {
            Self::OpenAi => match key {
                Some(key) => request.bearer_auth(key.reveal()),
                None => request,
            },
            Self::Anthropic => {
                let request = request.header("anthropic-version", anthropic::VERSION);
                match key {
                    Some(key) => request.header("x-api-key", key.reveal()),
                    None => request,
                }
            }
        }
    }

    fn read(self, json: &str) -> serde_json::Result<Piece> {
        match self {
            Self::OpenAi => openai::read(json),
            Self::Anthropic => anthropic::read(json),
        }
    }
}

/// Where a setting is made: what an error tells the admin to look at.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    pub key: &'static str,
    pub address: &'static str,
    pub model: &'static str,
}

impl Names {
    /// The settings of an agent.
    pub const AGENT: Self =
        Self { key: "the agent's key", address: "its base_url", model: "its model" };

    /// The environment's settings.
    #[must_use]
    pub fn environment(dialect: Dialect) -> Self {
        match dialect {
            Dialect::OpenAi => {
                Self { key: "OPENAI_API_KEY", address: "OPENAI_BASE_URL", model: "OPENAI_MODEL" }
            }
            Dialect::Anthropic => Self {
                key: "ANTHROPIC_API_KEY",
                address: "ANTHROPIC_BASE_URL",
                model: "ANTHROPIC_MODEL",
            },
        }
    }
}

/// What a model server is asked for and with.
#[derive(Clone, Debug)]
pub struct Endpoint {
    pub dialect: Dialect,
    /// Without a slash at its end.
    pub base_url: String,
    pub key: Option<Secret>,
    /// None: the first that the server lists.
    pub model: Option<String>,
    pub temperature: Option<f64>,
    pub max_output_tokens: Option<u32>,
    pub names: Names,
}

/// A model server.
#[derive(Debug)]
pub struct ModelServer {
    client: Client,
    endpoint: Endpoint,
    model: OnceCell<String>,
    timeouts: Timeouts,
}

#[derive(Deserialize)]
struct Models {
    data: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    id: String,
}

/// The client that all model servers are asked with.
///
/// # Errors
/// When it cannot be made.
pub fn client(timeouts: Timeouts) -> Result<Client, String> {
    Client::builder()
        .connect_timeout(timeouts.connect)
        .redirect(reqwest::redirect::Policy::none())
        .tcp_nodelay(true)
        .pool_max_idle_per_host(512)
        .user_agent(concat!("natter/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|e| format!("the HTTP client cannot be made: {e}"))
}

impl ModelServer {
    pub(super) fn new(client: Client, endpoint: Endpoint, timeouts: Timeouts) -> Self {
        let model = OnceCell::new_with(endpoint.model.clone());
        Self { client, endpoint, model, timeouts }
    }

    /// Asks, retrying while that is safe; returns once the server has accepted.
    pub(super) async fn answer(
        &self,
        system: &str,
        prompt: &Prompt,
        sources: Vec<Source>,
    ) -> Result<Completion, UpstreamError> {
        self.answer_with(system, prompt, sources, &Lookup::default()).await
    }

    /// The same, with what the model may look up and has looked up.
    pub(super) async fn answer_with(
        &self,
        system: &str,
        prompt: &Prompt,
        sources: Vec<Source>,
        lookup: &Lookup,
    ) -> Result<Completion, UpstreamError> {
        let deadline = Instant::now() + self.timeouts.first_token;
        let opening = async {
            let model = self.model().await?;
            let Endpoint { temperature, max_output_tokens, .. } = self.endpoint;
            let Lookup { tools, rounds, may_call } = lookup;
            let may_call = *may_call;
            let asked = Asked {
                model,
                system,
                prompt,
                temperature,
                max_output_tokens,
                is_home: self.endpoint.base_url == self.endpoint.dialect.home(),
                tools,
                rounds,
                may_call,
            };
            let body = self.endpoint.dialect.body(&asked).map_err(|e| {
                UpstreamError::failed(format!("the request cannot be written: {e}"))
            })?;
            self.send(body, deadline).await
        };
        let response = tokio::time::timeout_at(deadline, opening)
            .await
            .map_err(|_| UpstreamError::timeout("The model server did not answer in time."))??;
        let (dialect, idle) = (self.endpoint.dialect, self.timeouts.idle);
        Completion::open(dialect, response, sources, deadline, idle).await
    }

    /// The model to ask for: as set, else the first that the server lists.
    async fn model(&self) -> Result<&str, UpstreamError> {
        let Names { model, .. } = self.endpoint.names;
        let first = async {
            self.models().await?.into_iter().next().ok_or_else(|| {
                UpstreamError::failed(format!("The model server lists no models. Set {model}."))
            })
        };
        self.model.get_or_try_init(|| first).await.map(String::as_str)
    }

    /// The models that the server lists, in its order.
    pub(super) async fn models(&self) -> Result<Vec<String>, UpstreamError> {
        let Names { model, .. } = self.endpoint.names;
        let request = self.client.get(format!("{}/models", self.endpoint.base_url));
        let response = self.authorized(request).send().await.map_err(|e| self.unreachable(&e))?;
        let status = response.status();
        if !status.is_success() {
            return Err(UpstreamError::failed(format!(
                "The model server lists no models (status {}). Set {model}.",
                status.as_u16()
            )));
        }
        let body = bounded_body(response).await?;
        let models: Option<Models> = serde_json::from_slice(&body).ok();
        let models = models.ok_or_else(|| {
            UpstreamError::failed(format!("The model server lists no models. Set {model}."))
        })?;
        Ok(models.data.into_iter().map(|model| model.id).collect())
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        self.endpoint.dialect.authorized(request, self.endpoint.key.as_ref())
    }

    async fn send(&self, body: Vec<u8>, deadline: Instant) -> Result<Response, UpstreamError> {
        let url = format!("{}{}", self.endpoint.base_url, self.endpoint.dialect.path());
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
                    let error = self.refused(status);
                    if !retryable(status) {
                        return Err(error);
                    }
                    (error, retry_after(&response))
                }
                Err(error) if error.is_connect() => (self.unreachable(&error), None),
                Err(error) => return Err(self.unreachable(&error)),
            };
            let wait = wait.unwrap_or_else(|| backoff(tries));
            // A server that asks to wait longer than a visitor would is as good as away.
            let again = Instant::now().checked_add(wait).filter(|again| *again < deadline);
            if tries == TRIES || again.is_none() {
                return Err(error);
            }
            tracing::warn!(error = %error, tries, "asking the model server again");
            tokio::time::sleep(wait).await;
        }
    }

    fn refused(&self, status: StatusCode) -> UpstreamError {
        let Names { key, address, model } = self.endpoint.names;
        let hint = match status.as_u16() {
            401 | 403 => format!(" Check {key}."),
            404 => format!(" Check {address} and {model}."),
            429 => String::from(" It wants fewer requests, or its account is used up."),
            503 | 529 => String::from(" It is overloaded."),
            _ => String::new(),
        };
        let detail = format!("The model server refused with status {}.{hint}", status.as_u16());
        match status.as_u16() {
            408 | 504 => UpstreamError::timeout(detail),
            _ => UpstreamError::failed(detail),
        }
    }

    /// Says what happened without the address, which may hold secrets.
    fn unreachable(&self, error: &reqwest::Error) -> UpstreamError {
        if error.is_connect() {
            let Names { address, model, .. } = self.endpoint.names;
            UpstreamError::failed(format!(
                "The model server cannot be reached. Check {address} and {model}."
            ))
        } else {
            broken(error)
        }
    }
}

/// A connection that had been there.
fn broken(error: &reqwest::Error) -> UpstreamError {
    if error.is_timeout() {
        UpstreamError::timeout("The model server did not answer in time.")
    } else {
        UpstreamError::failed("The connection to the model server broke.")
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

async fn bounded_body(response: Response) -> Result<Vec<u8>, UpstreamError> {
    let mut body = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(chunk) = stream.next().await {
        body.extend_from_slice(&chunk.map_err(|e| broken(&e))?);
        if body.len() > BODY_BYTES {
            return Err(UpstreamError::failed("The model server's answer is too long."));
        }
    }
    Ok(body)
}

/// An answer as the model server streams it.
pub struct Completion {
    dialect: Dialect,
    bytes: BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    events: EventReader,
    halves: Halves,
    /// Pieces read but not yet handed out.
    ready: std::collections::VecDeque<Delta>,
    sources: Vec<Source>,
    finish: Option<FinishReason>,
    input_tokens: u64,
    /// When the next piece must be there.
    deadline: Instant,
    idle: Duration,
    received: usize,
    any_text: bool,
    calls: Vec<(u64, ToolCall)>,
    ended: bool,
}

impl std::fmt::Debug for Completion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Completion").field("received", &self.received).finish_non_exhaustive()
    }
}

impl Completion {
    async fn open(
        dialect: Dialect,
        response: Response,
        sources: Vec<Source>,
        deadline: Instant,
        idle: Duration,
    ) -> Result<Self, UpstreamError> {
        let is_json =
            response.headers().get("content-type").and_then(|v| v.to_str().ok()).is_some_and(|v| {
                v.trim_start().to_ascii_lowercase().starts_with("application/json")
            });
        let mut completion = Self {
            dialect,
            bytes: futures_util::stream::empty().boxed(),
            events: EventReader::new(),
            halves: Halves::default(),
            ready: std::collections::VecDeque::new(),
            sources,
            finish: None,
            input_tokens: 0,
            deadline,
            idle,
            received: 0,
            any_text: false,
            calls: Vec::new(),
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
                        return Err(broken(&error));
                    }
                    self.end();
                }
                Ok(None) => {
                    if let Some(data) = self.events.finish() {
                        let read = self.event(&data);
                        // Half an event after the answer's end takes nothing from it.
                        if self.finish.is_none() {
                            read?;
                        }
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
        let json = self.halves.join(json);
        let piece = self.dialect.read(&json).map_err(|_| {
            UpstreamError::failed("The model server sent what is not its protocol.")
        })?;
        if piece.failed {
            return Err(UpstreamError::failed("The model server reported an error."));
        }
        if !piece.text.is_empty() {
            self.any_text = true;
            self.ready.push_back(Delta::Text(piece.text));
        }
        for part in piece.calls {
            self.any_text = true;
            self.call(part)?;
        }
        self.finish = piece.finish.or(self.finish);
        // One protocol tells both at the end, the other what went in at the start.
        self.input_tokens = piece.input_tokens.unwrap_or(self.input_tokens);
        if let Some(output_tokens) = piece.output_tokens {
            let usage = Usage { input_tokens: self.input_tokens, output_tokens };
            self.ready.push_back(Delta::Usage(usage));
        }
        if self.any_text && !piece.silent {
            self.deadline = Instant::now() + self.idle;
        }
        if piece.ended {
            self.end();
        }
        Ok(())
    }

    /// Puts a part of a call to what came of it before.
    fn call(&mut self, part: CallPart) -> Result<(), UpstreamError> {
        let at = match self.calls.iter().position(|(index, _)| *index == part.index) {
            Some(at) => at,
            None => {
                self.calls.push((part.index, ToolCall::default()));
                self.calls.len() - 1
            }
        };
        let too_many = self.calls.len() > CALLS;
        if let Some((_, call)) = self.calls.get_mut(at) {
            call.id = part.id.unwrap_or(std::mem::take(&mut call.id));
            call.name = part.name.unwrap_or(std::mem::take(&mut call.name));
            call.arguments.push_str(&part.arguments);
            if too_many || call.arguments.len() + call.name.len() + call.id.len() > CALL_BYTES {
                return Err(UpstreamError::failed("The model server's answer is too long."));
            }
        }
        Ok(())
    }

    fn end(&mut self) {
        if self.ended {
            return;
        }
        self.ended = true;
        if !self.calls.is_empty() {
            let calls = std::mem::take(&mut self.calls);
            self.ready.push_back(Delta::Calls(calls.into_iter().map(|(_, call)| call).collect()));
        }
        if !self.sources.is_empty() {
            self.ready.push_back(Delta::Sources(std::mem::take(&mut self.sources)));
        }
        self.ready.push_back(Delta::Finish(self.finish.unwrap_or(FinishReason::Stop)));
    }
}
