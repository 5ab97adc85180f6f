//! A model server on loopback that answers exactly as a test scripts it.
//!
//! In goes a queue of [`Reply`]s, one for each request to `/chat/completions` or `/messages`; out
//! come the requests it got ([`Seen`]), and how each connection ended. It speaks HTTP by hand, because a
//! library would refuse to misbehave. Every [`Reply::bytes`] is a chunk of the transfer encoding of
//! its own, so the server under test is handed the bytes cut where the test cut them.

mod http;
mod reply;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use reply::{Reply, delta, sse};

use crate::gate::patience;

/// The scripted model server. Stops when dropped.
#[derive(Debug)]
pub struct FakeUpstream {
    addr: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    script: Mutex<Script>,
    /// Requests for an answer, in the order they came.
    seen: watch::Sender<Vec<Arc<Seen>>>,
    models_asked: AtomicU64,
}

#[derive(Debug)]
struct Script {
    next: VecDeque<Reply>,
    otherwise: Reply,
    models: Reply,
}

/// A request that the model server got.
#[derive(Debug)]
pub struct Seen {
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Value,
    sent: AtomicU64,
    end: watch::Sender<End>,
}

/// How the connection of a request ended, seen from the model server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Still going.
    Open,
    /// The reply was sent as scripted.
    Played,
    /// The client hung up before the script was through.
    ClientGone,
}

impl FakeUpstream {
    /// Listens on a free port; answers "Hello from the model." until told otherwise.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free loopback port");
        let addr = listener.local_addr().expect("a bound socket has an address");
        let shared = Arc::new(Shared {
            script: Mutex::new(Script {
                next: VecDeque::new(),
                otherwise: Reply::tokens(&["Hello", " from", " the", " model."]),
                models: Reply::models(&["first-model", "second-model"]),
            }),
            seen: watch::Sender::new(Vec::new()),
            models_asked: AtomicU64::new(0),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { addr, shared, task }
    }

    /// What to set `OPENAI_BASE_URL` or `ANTHROPIC_BASE_URL` to.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.addr)
    }

    /// A base URL at which nobody listens.
    pub async fn nobody() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free loopback port");
        format!("http://{}/v1", listener.local_addr().expect("a bound socket has an address"))
    }

    /// Adds the reply to the next request that has none yet.
    pub fn then(&self, reply: Reply) -> &Self {
        self.script().next.push_back(reply);
        self
    }

    /// The reply to every request for which the queue holds none.
    pub fn otherwise(&self, reply: Reply) -> &Self {
        self.script().otherwise = reply;
        self
    }

    /// The reply to `GET /models`.
    pub fn models(&self, reply: Reply) -> &Self {
        self.script().models = reply;
        self
    }

    /// How many chat requests came so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.shared.seen.borrow().len()
    }

    /// How often `/models` was asked for.
    #[must_use]
    pub fn models_asked(&self) -> u64 {
        self.shared.models_asked.load(Ordering::SeqCst)
    }

    /// Request number `n` (from 0), waiting until it comes.
    pub async fn seen(&self, n: usize) -> Arc<Seen> {
        let mut seen = self.shared.seen.subscribe();
        let what = format!("request {n} to the model server");
        let all = patience(&what, seen.wait_for(|all| all.len() > n)).await;
        Arc::clone(&all.expect("the sender lives in self")[n])
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.shared.script.lock().expect("no holder panics")
    }
}

impl Drop for FakeUpstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Seen {
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The `messages` that were sent to the model, as (role, content).
    #[must_use]
    pub fn messages(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let messages = self.body["messages"].as_array().cloned().unwrap_or_default();
        messages.iter().map(|m| (text(&m["role"]), text(&m["content"]))).collect()
    }

    /// How many bytes of body were handed to the connection so far.
    #[must_use]
    pub fn bytes_sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }

    /// How the connection stands now.
    #[must_use]
    pub fn end(&self) -> End {
        *self.end.borrow()
    }

    /// Waits until the connection ends and says how.
    pub async fn ended(&self) -> End {
        let mut end = self.end.subscribe();
        let ended = end.wait_for(|end| *end != End::Open);
        *patience("the end of a connection to the model server", ended)
            .await
            .expect("the sender lives in self")
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // Dropping the set ends the connections together with this task.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        connections.spawn(serve(stream, Arc::clone(&shared)));
    }
}

/// Reads one request and plays its reply.
async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let Some(request) = http::read_request(&mut stream).await else { return };
    let seen = Arc::new(Seen {
        path: request.path,
        headers: request.headers,
        body: serde_json::from_slice(&request.body).unwrap_or(Value::Null),
        sent: AtomicU64::new(0),
        end: watch::Sender::new(End::Open),
    });
    let reply = {
        let mut script = shared.script.lock().expect("no holder panics");
        if seen.path.ends_with("/models") {
            shared.models_asked.fetch_add(1, Ordering::SeqCst);
            script.models.clone()
        } else if ["/chat/completions", "/messages"].iter().any(|end| seen.path.ends_with(end)) {
            // Under the script's lock, so that request n gets reply n.
            shared.seen.send_modify(|all| all.push(Arc::clone(&seen)));
            script.next.pop_front().unwrap_or_else(|| script.otherwise.clone())
        } else {
            Reply::status(404).json(&serde_json::json!({"error": {"message": "no such path"}}))
        }
    };
    let end = http::play(stream, &reply, &seen.sent).await;
    seen.end.send_replace(end);
}
