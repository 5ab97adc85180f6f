//! A client as a site's own backend or a curious stranger would write one: plain HTTP and JSON,
//! knowing none of the server's types.

use std::collections::VecDeque;
use std::sync::OnceLock;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::{Map, Value};

use crate::gate::patience;

/// Sends requests to one server.
#[derive(Clone, Debug)]
pub struct Client {
    base: String,
    http: reqwest::Client,
}

impl Client {
    /// A client for `http://127.0.0.1:1234`.
    #[must_use]
    pub fn new(base: &str) -> Self {
        static TLS: OnceLock<()> = OnceLock::new();
        TLS.get_or_init(|| {
            // Refused only when a provider is there already, which is as good.
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("an HTTP client");
        Self { base: base.to_owned(), http }
    }

    /// What stands before every path.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// A request without a body or credential.
    pub fn request(&self, method: Method, path: &str) -> Call {
        let request = self.http.request(method, format!("{}{path}", self.base));
        Call { request, headers: HeaderMap::new(), fields: Map::new(), body: Body::None }
    }

    pub fn get(&self, path: &str) -> Call {
        self.request(Method::GET, path)
    }

    /// A JSON request without a credential.
    pub fn post(&self, path: &str) -> Call {
        let mut call = self.request(Method::POST, path);
        call.body = Body::Json;
        call.header("Content-Type", "application/json")
    }
}

/// A request that is being put together.
#[derive(Debug)]
#[must_use = "a call does nothing until it is sent"]
pub struct Call {
    request: reqwest::RequestBuilder,
    headers: HeaderMap,
    fields: Map<String, Value>,
    body: Body,
}

#[derive(Debug)]
enum Body {
    None,
    /// The fields.
    Json,
    Raw(Vec<u8>),
}

impl Call {
    /// Sets a header, instead of an earlier value.
    pub fn header(self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("a header's value");
        self.raw_header(name, value)
    }

    /// Sets a header to any bytes a header may hold.
    pub fn raw_header(mut self, name: &'static str, value: HeaderValue) -> Self {
        self.headers.insert(name.to_ascii_lowercase().parse::<Name>().expect("a name"), value);
        self
    }

    /// Takes a header away again.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    /// Sets `X-Api-Key`.
    pub fn key(self, key: &str) -> Self {
        self.header("X-Api-Key", key)
    }

    pub fn origin(self, origin: &str) -> Self {
        self.header("Origin", origin)
    }

    /// As the client at `ip`, where loopback is a trusted proxy.
    pub fn from_ip(self, ip: &str) -> Self {
        self.header("X-Forwarded-For", ip)
    }

    /// Sets a field of the JSON body.
    pub fn set(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(field.to_owned(), value.into());
        self
    }

    /// Leaves a field out of the JSON body.
    pub fn unset(mut self, field: &str) -> Self {
        self.fields.remove(field);
        self
    }

    /// A body that is not built from fields.
    pub fn raw_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Body::Raw(body.into());
        self
    }

    /// The fields so far as a body, for padding it.
    #[must_use]
    pub fn body_text(&self) -> String {
        Value::Object(self.fields.clone()).to_string()
    }

    /// Sends the request; comes back with the head of the answer.
    pub async fn send(self) -> Answer {
        let request = match self.body {
            Body::None => self.request,
            Body::Json => self.request.body(Value::Object(self.fields).to_string()),
            Body::Raw(body) => self.request.body(body),
        };
        let sent = patience("the head of an answer", request.headers(self.headers).send()).await;
        let response = sent.expect("an answer instead of a broken connection");
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes_stream().boxed(),
            lines: VecDeque::new(),
            rest: Vec::new(),
        }
    }

    /// Sends the request and reads the whole stream, which must be one.
    pub async fn events(self) -> Vec<Value> {
        self.send().await.events().await
    }
}

type Name = reqwest::header::HeaderName;

/// An answer whose body is still being read. Dropping it hangs up.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    body: BoxStream<'static, reqwest::Result<Bytes>>,
    lines: VecDeque<String>,
    rest: Vec<u8>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Answer {
    /// A header's value; empty when it is missing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a readable header"))
    }

    /// A header's value as a number.
    #[must_use]
    pub fn number(&self, name: &str) -> i64 {
        let text = self.header(name);
        text.parse().unwrap_or_else(|_| panic!("{name} must be a number, got {text:?}"))
    }

    /// Fails, with the body, unless the answer has this status.
    pub async fn expect(self, status: u16) -> Self {
        if self.status == status {
            return self;
        }
        let got = self.status;
        let body = self.text().await;
        panic!("expected status {status}, got {got}: {body}");
    }

    /// The next event of the stream; `None` at its end.
    pub async fn next(&mut self) -> Option<Value> {
        assert_eq!(self.status, 200, "only a success is a stream of events");
        let line = patience("the next event of a stream", self.next_line()).await?;
        Some(serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e} in the line {line:?}")))
    }

    /// The next event, which must come and be of this type; pings are passed over unless asked for.
    pub async fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let event = self.next().await;
            let event = event.unwrap_or_else(|| panic!("the stream ended before `{kind}`"));
            if event["type"] == kind {
                return event;
            }
            assert_eq!(event["type"], "ping", "expected `{kind}`, got {event}");
        }
    }

    /// The next line without its end. A line must be ended: what is left over fails the test.
    async fn next_line(&mut self) -> Option<String> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Some(line);
            }
            let Some(bytes) = self.body.next().await else {
                assert!(self.rest.is_empty(), "a line without its end: {:?}", self.rest);
                return None;
            };
            self.rest.extend_from_slice(&bytes.expect("an unbroken stream"));
            while let Some(end) = self.rest.iter().position(|&b| b == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                let line = String::from_utf8(line).expect("lines are UTF-8");
                self.lines.push_back(line.trim_end_matches('\n').to_owned());
            }
        }
    }

    /// All events until the stream ends.
    pub async fn events(mut self) -> Vec<Value> {
        if self.status != 200 {
            let status = self.status;
            panic!("a stream was expected, got {status}: {}", self.text().await);
        }
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }

    /// The rest of the body.
    pub async fn text(mut self) -> String {
        let mut all = self.lines.drain(..).fold(String::new(), |all, line| all + &line + "\n");
        let mut bytes = std::mem::take(&mut self.rest);
        patience("the end of a body", async {
            while let Some(chunk) = self.body.next().await {
                bytes.extend_from_slice(&chunk.expect("an unbroken body"));
            }
        })
        .await;
        all.push_str(&String::from_utf8_lossy(&bytes));
        all
    }

    /// The body as JSON.
    pub async fn json(self) -> Value {
        let status = self.status;
        let text = self.text().await;
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e} in the {status} body {text:?}"))
    }

    /// Fails unless this is an error with this status and code in the one shape of errors; gives
    /// its body.
    pub async fn error(self, status: u16, code: &str) -> Value {
        let got = self.status;
        let header_id = self.header("x-request-id").to_owned();
        let content_type = self.header("content-type").to_owned();
        let body = self.json().await;
        assert_eq!((got, body["code"].as_str()), (status, Some(code)), "in {body}");
        assert!(content_type.starts_with("application/json"), "an error is JSON: {content_type}");
        assert!(body["error"].as_str().is_some_and(|text| !text.is_empty()), "a text in {body}");
        assert_eq!(body["requestId"], header_id, "one request id in header and body");
        assert!(!header_id.is_empty(), "an error carries its request id");
        body
    }
}

/// The types of events, in order, without pings.
#[must_use]
pub fn types(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|e| e["type"].as_str()).filter(|kind| *kind != "ping").collect()
}
