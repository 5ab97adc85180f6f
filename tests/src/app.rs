//! The real server on a random port, as one test needs it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use server::clock::Clock;
use server::config::Config;
use shared::license_key::{LicenseKeySettings, RestrictionKind};

use crate::client::{Answer, Call, Client};
use crate::gate::patience;
use crate::{Backend, FakeUpstream};

/// The static key of the chat routes.
pub const WIDGET_KEY: &str = "widget-key-of-the-tests-0123456789abcdef";
/// The static key of the admin routes.
pub const ADMIN_KEY: &str = "admin-key-of-the-tests-0123456789abcdef";
/// 2026-06-15T12:00:00Z: when every test begins, in milliseconds.
pub const START_MS: i64 = 1_781_524_800_000;
/// 2026-07-01T00:00:00Z: the first moment of the next month, in milliseconds.
pub const JULY_MS: i64 = 1_782_864_000_000;

/// A running server in front of a scripted model server. Its clock stands at [`START_MS`] and moves
/// when a test moves it. Dropping it ends everything as `kill -9` would.
#[derive(Debug)]
pub struct TestApp {
    running: Option<server::Running>,
    client: Client,
    settings: BTreeMap<String, String>,
    pub upstream: FakeUpstream,
    pub clock: Clock,
    // Last: the database goes after the server that uses it.
    backend: Backend,
}

/// Settings of a server that is about to start.
#[derive(Debug)]
pub struct Builder {
    backend: Backend,
    settings: BTreeMap<String, String>,
    /// Names to leave out of the usual settings.
    unset: Vec<String>,
    /// Whose settings name the model server: `OPENAI` or `ANTHROPIC`.
    protocol: &'static str,
}

impl TestApp {
    /// Starts a server with the tests' usual settings.
    pub async fn start(backend: Backend) -> Self {
        Self::with(backend).start().await
    }

    /// A server whose settings differ from the usual ones.
    #[must_use]
    pub fn with(backend: Backend) -> Builder {
        Builder { backend, settings: BTreeMap::new(), unset: Vec::new(), protocol: "OPENAI" }
    }

    /// Ends the server at once, as `kill -9` would; nothing is put in order.
    pub fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            running.abort();
        }
    }

    /// Stops the server as SIGTERM would; comes back when it has stopped.
    pub async fn stop(&mut self) {
        let running = self.running.take().expect("the server runs");
        patience("the server's orderly stop", running.stop()).await;
    }

    /// The running server, to stop it while the test goes on.
    pub fn take_running(&mut self) -> server::Running {
        self.running.take().expect("the server runs")
    }

    /// Starts the server again on the same database, with the same settings and clock.
    pub async fn start_again(&mut self) {
        assert!(self.running.is_none(), "kill or stop the server first");
        let running = run(&self.settings, self.clock.clone()).await;
        self.client = Client::new(&format!("http://{}", running.addr()));
        self.running = Some(running);
    }

    /// Changes a setting of the server's next start.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.insert(name.to_owned(), value.to_owned());
    }

    /// Tries to start the stopped server with one setting changed, and keeps it stopped.
    ///
    /// # Errors
    /// Why it does not start.
    pub async fn try_start_with(&self, name: &str, value: &str) -> Result<(), String> {
        assert!(self.running.is_none(), "kill or stop the server first");
        let mut settings = self.settings.clone();
        settings.insert(name.to_owned(), value.to_owned());
        let started = patience("the server's start", try_run(&settings, self.clock.clone())).await;
        started.map(server::Running::abort)
    }

    /// Makes a license key.
    pub async fn issue_key(&self, settings: LicenseKeySettings) -> Issued {
        let running = self.running.as_ref().expect("the server runs");
        let made = running.issue_key(settings).await;
        let made = made.unwrap_or_else(|why| panic!("the license key: {why:?}"));
        let key = made.key.expect("a new key is shown");
        Issued { id: made.id, chatbot_id: made.chatbot_id, key }
    }

    /// The token of the set-up link; none once there is an admin.
    pub async fn setup_token(&self) -> Option<String> {
        let running = self.running.as_ref().expect("the server runs");
        running.setup_token().await.expect("the set-up token")
    }

    /// The database and data folder under this server.
    #[must_use]
    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    /// The client of this server.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The server's own origin, such as `http://127.0.0.1:1234`.
    #[must_use]
    pub fn base(&self) -> &str {
        self.client.base()
    }

    pub fn get(&self, path: &str) -> Call {
        self.client.get(path)
    }

    /// A JSON request without a credential.
    pub fn post(&self, path: &str) -> Call {
        self.client.post(path)
    }

    /// A GET with the admin's key.
    pub fn admin(&self, path: &str) -> Call {
        self.get(path).header("X-Admin-Api-Key", ADMIN_KEY)
    }

    /// A chat whose answer streams, with the static key.
    pub fn ask(&self, session: &str, message: &str) -> Call {
        self.with_session("/v1/chat/stream", session).set("message", message)
    }

    /// A chat with its answer in one piece, with the static key.
    pub fn chat(&self, session: &str, message: &str) -> Call {
        self.with_session("/v1/chat", session).set("message", message)
    }

    pub fn resume(&self, session: &str, turn: &str, after: u64) -> Call {
        self.with_session("/v1/chat/resume", session).set("turnId", turn).set("after", after)
    }

    pub fn stop_turn(&self, session: &str, turn: &str) -> Call {
        self.with_session("/v1/chat/stop", session).set("turnId", turn)
    }

    pub fn rate(&self, session: &str, message_id: &str, rating: impl Into<Value>) -> Call {
        let call = self.with_session("/v1/messages/feedback", session);
        call.set("messageId", message_id).set("rating", rating)
    }

    /// The open conversation of a session, `null` when there is none.
    pub async fn current(&self, session: &str) -> Value {
        let call = self.with_session("/v1/conversations/current", session);
        let answer = call.send().await.expect(200).await.json().await;
        answer["conversation"].clone()
    }

    /// A POST with the static key and the session in the body.
    pub fn with_session(&self, path: &str, session: &str) -> Call {
        self.post(path).key(WIDGET_KEY).set("sessionId", session)
    }

    /// A widget call, as the widget makes it: a "simple" request from a page.
    pub fn from_page(&self, path: &str, origin: &str) -> Call {
        self.post(path).header("Content-Type", "text/plain").origin(origin)
    }

    /// Opens a widget session with a license key or the static key.
    pub async fn open_session(&self, origin: &str, key: &str) -> Value {
        let call = self.from_page("/v1/widget/session", origin).set("licenseKey", key);
        call.send().await.expect(200).await.json().await
    }

    /// Sends the same call `count` times at once.
    pub async fn at_once(&self, count: usize, call: impl Fn(usize) -> Call) -> Vec<Answer> {
        let tasks: Vec<_> = (0..count).map(|n| tokio::spawn(call(n).send())).collect();
        let mut answers = Vec::with_capacity(count);
        for task in tasks {
            answers.push(task.await.expect("no call panics"));
        }
        answers
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Builder {
    /// Sets an environment variable of the server.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.settings.insert(name.to_owned(), value.to_string());
        self
    }

    /// Leaves out one of the tests' usual settings.
    #[must_use]
    pub fn unset(mut self, name: &str) -> Self {
        self.unset.push(name.to_owned());
        self
    }

    /// The agent's built-in provider instead of a model server.
    #[must_use]
    pub fn builtin(self) -> Self {
        self.unset("OPENAI_BASE_URL").unset("OPENAI_API_KEY").unset("OPENAI_MODEL")
    }

    /// The model server is asked in Anthropic's protocol.
    #[must_use]
    pub fn anthropic(mut self) -> Self {
        self.protocol = "ANTHROPIC";
        self
    }

    /// Lifts the limits that a test of something else would meet.
    #[must_use]
    pub fn unhurried(self) -> Self {
        self.set("RATE_LIMIT_MAX_REQUESTS", 1_000_000)
    }

    pub async fn start(self) -> TestApp {
        let upstream = FakeUpstream::start().await;
        let mut settings: BTreeMap<String, String> = [
            ("NATTER_LISTEN", "127.0.0.1:0".to_owned()),
            ("NATTER_DATA_DIR", self.backend.data_dir().display().to_string()),
            ("DATABASE_URL", self.backend.url()),
            ("WIDGET_API_KEY", WIDGET_KEY.to_owned()),
            ("ADMIN_API_KEY", ADMIN_KEY.to_owned()),
            ("OPENAI_BASE_URL", upstream.base_url()),
            ("OPENAI_API_KEY", "the-model-servers-key".to_owned()),
            ("OPENAI_MODEL", "test-model".to_owned()),
            ("NATTER_BUILTIN_WORD_DELAY_MS", "0".to_owned()),
            // Nothing ends by itself unless the test says so.
            ("NATTER_FIRST_TOKEN_TIMEOUT_MS", "600000".to_owned()),
            ("NATTER_IDLE_TIMEOUT_MS", "600000".to_owned()),
            ("NATTER_DISCONNECT_GRACE_SECONDS", "600".to_owned()),
        ]
        .map(|(name, value)| (name.replace("OPENAI", self.protocol), value))
        .into();
        settings.extend(self.settings);
        settings.retain(|name, _| !self.unset.contains(name));
        let clock = Clock::fixed(START_MS);
        let running = run(&settings, clock.clone()).await;
        let client = Client::new(&format!("http://{}", running.addr()));
        let backend = self.backend;
        TestApp { running: Some(running), client, settings, upstream, clock, backend }
    }
}

async fn run(settings: &BTreeMap<String, String>, clock: Clock) -> server::Running {
    let started = patience("the server's start", try_run(settings, clock)).await;
    started.unwrap_or_else(|why| panic!("the server does not start: {why}"))
}

async fn try_run(
    settings: &BTreeMap<String, String>,
    clock: Clock,
) -> Result<server::Running, String> {
    let vars: Vec<(&str, &str)> =
        settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let config = Config::from_vars(&vars)?;
    server::start(config, clock).await.map_err(|why| why.to_string())
}

/// A license key that was just made.
#[derive(Clone, Debug)]
pub struct Issued {
    pub id: String,
    pub chatbot_id: String,
    pub key: String,
}

/// What a test usually wants of a license key: usable, without restriction or limit.
#[must_use]
pub fn usable_key() -> LicenseKeySettings {
    LicenseKeySettings { name: "A test's key".to_owned(), ..LicenseKeySettings::default() }
}

/// The same for these websites.
#[must_use]
pub fn website_key(websites: &[&str]) -> LicenseKeySettings {
    LicenseKeySettings {
        restriction: RestrictionKind::Websites,
        websites: websites.iter().map(|&website| website.to_owned()).collect(),
        ..usable_key()
    }
}

/// The only event of a type.
///
/// # Panics
/// When there is none or more than one.
pub fn only<'a>(events: &'a [Value], kind: &str) -> &'a Value {
    let mut of_kind = events.iter().filter(|event| event["type"] == kind);
    let event = of_kind.next().unwrap_or_else(|| panic!("no `{kind}` in {events:?}"));
    assert!(of_kind.next().is_none(), "more than one `{kind}` in {events:?}");
    event
}

/// The tokens of a stream put together.
#[must_use]
pub fn tokens(events: &[Value]) -> String {
    let tokens = events.iter().filter(|event| event["type"] == "token");
    tokens.map(|event| event["token"].as_str().expect("a token is text")).collect()
}

/// A text field, which must be there.
#[must_use]
pub fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("`{field}` in {value}")).to_owned()
}

/// The names of the fields that an error body complains about.
#[must_use]
pub fn complaints(body: &Value) -> Vec<String> {
    let fields = body["details"]["fieldErrors"].as_object().cloned().unwrap_or_default();
    for (field, whys) in &fields {
        assert!(whys.as_array().is_some_and(|w| !w.is_empty()), "reasons for {field} in {body}");
    }
    fields.keys().cloned().collect()
}

/// The events that a client of the first hour knows, stripped to the fields that it knows.
#[must_use]
pub fn first_contract(events: &[Value]) -> Vec<Value> {
    let pick = |event: &Value, fields: &[&str]| {
        let mut known = json!({"type": event["type"]});
        for field in fields {
            known[*field] = event[*field].clone();
        }
        Some(known)
    };
    let known = events.iter().filter_map(|event| match event["type"].as_str()? {
        "start" => pick(event, &["conversationId"]),
        "token" => pick(event, &["token"]),
        "done" => pick(event, &["message", "conversationId", "messageId"]),
        "error" => pick(event, &["error"]),
        _ => None,
    });
    known.collect()
}
