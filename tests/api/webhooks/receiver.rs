//! Somebody's own server on loopback that takes webhooks and answers as the test says.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::wait::{eventually, stays};

/// The receiver. Stops when dropped.
#[derive(Debug)]
pub struct Receiver {
    addr: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    next: VecDeque<Say>,
    otherwise: Say,
    got: Vec<Delivery>,
}

/// What the receiver does with a request that it has read.
#[derive(Clone, Debug)]
pub enum Say {
    Status(u16),
    /// 302 to this address.
    Redirect(String),
    /// Nothing, the connection stays open.
    Hang,
    /// Nothing, the connection ends.
    HangUp,
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub path: String,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub body: String,
    /// The status it was answered with.
    pub answered: Option<u16>,
}

impl Receiver {
    /// Answers 200 until told otherwise.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free loopback port");
        let addr = listener.local_addr().expect("a bound socket has an address");
        let shared = Shared { next: VecDeque::new(), otherwise: Say::Status(200), got: Vec::new() };
        let shared = Arc::new(Mutex::new(shared));
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { addr, shared, task }
    }

    /// Where it takes webhooks.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.addr)
    }

    /// Adds the answer to the next request that has none yet.
    pub fn then(&self, say: Say) -> &Self {
        lock(&self.shared).next.push_back(say);
        self
    }

    /// The answer to every request for which the queue holds none.
    pub fn otherwise(&self, say: Say) {
        lock(&self.shared).otherwise = say;
    }

    /// What came so far.
    pub fn got(&self) -> Vec<Delivery> {
        lock(&self.shared).got.clone()
    }

    /// What came so far of one type.
    pub fn got_of(&self, kind: &str) -> Vec<Delivery> {
        self.got().into_iter().filter(|delivery| delivery.event()["type"] == kind).collect()
    }

    /// Waits until at least `count` of one type came.
    pub async fn wait_for(&self, kind: &str, count: usize) -> Vec<Delivery> {
        let promise = format!("{count} × {kind} come");
        eventually(&promise, async || self.got_of(kind), |got| got.len() >= count).await
    }

    /// Expects that exactly `count` of one type came, and no more come.
    pub async fn exactly(&self, kind: &str, count: usize) -> Vec<Delivery> {
        let got = self.wait_for(kind, count).await;
        let promise = format!("no more than {count} × {kind} come");
        stays(&promise, async || self.got_of(kind), |got| got.len() == count).await;
        got
    }

    /// Expects that exactly `count` requests of any type came, and no more come.
    pub async fn total(&self, promise: &str, count: usize) -> Vec<Delivery> {
        let got = eventually(promise, async || self.got(), |got| got.len() >= count).await;
        stays(promise, async || self.got(), |got| got.len() == count).await;
        got
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Delivery {
    /// A header's value, which must be there.
    pub fn header(&self, name: &str) -> &str {
        let header = self.headers.iter().find(|(n, _)| n == name);
        header.map_or_else(|| panic!("{name} in {self:?}"), |(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub fn event(&self) -> Value {
        let body = &self.body;
        serde_json::from_str(body).unwrap_or_else(|e| panic!("{e} in the webhook {body:?}"))
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().expect("no holder panics")
}

async fn accept(listener: TcpListener, shared: Arc<Mutex<Shared>>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        connections.spawn(serve(stream, Arc::clone(&shared)));
    }
}

/// Takes one request and ends the connection.
async fn serve(mut stream: TcpStream, shared: Arc<Mutex<Shared>>) {
    let Some(mut delivery) = read_request(&mut stream).await else { return };
    let say = {
        let mut shared = lock(&shared);
        let say = shared.next.pop_front().unwrap_or_else(|| shared.otherwise.clone());
        delivery.answered = match say {
            Say::Status(status) => Some(status),
            Say::Redirect(_) => Some(302),
            Say::Hang | Say::HangUp => None,
        };
        shared.got.push(delivery);
        say
    };
    let head = match say {
        Say::Status(status) => format!("HTTP/1.1 {status} Scripted\r\n"),
        Say::Redirect(to) => format!("HTTP/1.1 302 Scripted\r\nLocation: {to}\r\n"),
        Say::Hang => return std::future::pending().await,
        Say::HangUp => return,
    };
    // A 204 has no body and names no length of one.
    let length = if head.contains(" 204 ") { "" } else { "Content-Length: 0\r\n" };
    let answer = format!("{head}{length}Connection: close\r\n\r\n");
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// Reads a request with its body; `None` when the connection ends before it is whole.
async fn read_request(stream: &mut TcpStream) -> Option<Delivery> {
    let mut buffer = Vec::new();
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
        more(stream, &mut buffer).await?;
    };
    let head = String::from_utf8_lossy(&buffer[..head_end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut request = lines.next()?.split(' ');
    assert_eq!(request.next(), Some("POST"), "webhooks are POSTed");
    let path = request.next()?.to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(Some(0), |(_, value)| value.parse().ok())?;
    let mut body = buffer.split_off(head_end);
    while body.len() < length {
        more(stream, &mut body).await?;
    }
    let body = String::from_utf8(body).ok()?;
    Some(Delivery { path, headers, body, answered: None })
}

async fn more(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<()> {
    let read = stream.read_buf(buffer).await.ok()?;
    (read > 0).then_some(())
}
