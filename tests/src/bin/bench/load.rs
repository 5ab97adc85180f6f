//! The load generator: prepared requests over kept connections, answers checked whole.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use crate::{natter, stub};

/// Whom to ask, how, and what must come back.
#[derive(Clone)]
pub struct Target {
    addr: SocketAddr,
    head: String,
    /// The body, around the number that makes each chat a session of its own.
    body: (String, String),
    /// Stands in the answer from the first token on.
    first: &'static str,
    /// Stands in every whole answer.
    whole: String,
}

impl Target {
    /// The stub itself.
    pub fn stub(addr: SocketAddr) -> Self {
        Self {
            addr,
            head: "POST /v1/chat/completions HTTP/1.1\r\nHost: stub\r\n".into(),
            body: (
                r#"{"model":"stub","stream":true,"messages":[{"role":"user","content":"Hi "#.into(),
                r#""}]}"#.into(),
            ),
            first: "\"content\":",
            whole: "[DONE]".into(),
        }
    }

    /// The server in front of the stub.
    pub fn natter(addr: SocketAddr, key: &str) -> Self {
        Self {
            addr,
            head: format!(
                "POST /v1/chat/stream HTTP/1.1\r\nHost: natter\r\nX-Api-Key: {key}\r\nOrigin: {}\r\n",
                natter::WEBSITE
            ),
            body: (r#"{"message":"How do I begin?","sessionId":"b"#.into(), r#""}"#.into()),
            first: "\"token\":",
            whole: format!("\"message\":\"{}\"", stub::answer()),
        }
    }

    /// The server's license API: whether this license may go on on this device.
    pub fn validate(addr: SocketAddr, key: &str, instance: &str) -> Self {
        Self {
            addr,
            head: "POST /license/validate HTTP/1.1\r\nHost: natter\r\n".into(),
            body: (
                format!(r#"{{"licenseKey":"{key}","instanceId":"{instance}","unused":"#),
                "}".into(),
            ),
            first: "",
            whole: r#""code":"VALID""#.into(),
        }
    }

    /// The same with a key that nobody knows.
    pub fn junk(&self, key: &str) -> Self {
        let (start, end) = self.head.split_once("X-Api-Key: ").unwrap_or((&self.head, ""));
        let rest = end.split_once("\r\n").map_or("", |(_, rest)| rest);
        Self { head: format!("{start}X-Api-Key: {key}\r\n{rest}"), ..self.clone() }
    }

    fn request(&self, number: u64) -> Vec<u8> {
        let body = format!("{}{number}{}", self.body.0, self.body.1);
        let length = body.len();
        format!(
            "{}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}",
            self.head
        )
        .into_bytes()
    }
}

/// What a closed loop came to.
pub struct Closed {
    pub chats: u64,
    pub elapsed: Duration,
}

thread_local! {
    /// Numbers of sessions: no chat continues another one.
    static NUMBER: Cell<u64> = const { Cell::new(0) };
}

fn next_number() -> u64 {
    NUMBER.with(|number| number.replace(number.get() + 1))
}

/// One connection, kept.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(target: &Target) -> Result<Self> {
        let stream = TcpStream::connect(target.addr).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 * 1024) })
    }

    /// One request whose answer is one JSON object, which is left in the buffer.
    async fn ask(&mut self, target: &Target, number: u64) -> Result<()> {
        self.stream.write_all(&target.request(number)).await?;
        self.buffer.clear();
        // Nothing follows the object.
        while !self.buffer.ends_with(b"}") {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server hung up");
            }
        }
        Ok(())
    }

    /// One chat; gives the time to the first token.
    async fn chat(&mut self, target: &Target) -> Result<Duration> {
        let request = target.request(next_number());
        let asked = Instant::now();
        self.stream.write_all(&request).await?;
        self.buffer.clear();
        let mut first = None;
        // The end of a chunked body; JSON holds no such bytes.
        while !self.buffer.ends_with(b"\r\n0\r\n\r\n") {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                break;
            }
            if first.is_none() && contains(&self.buffer, target.first) {
                first = Some(asked.elapsed());
            }
            if !self.buffer.starts_with(b"HTTP/1.1 200 ") {
                break;
            }
        }
        match first {
            Some(first) if contains(&self.buffer, &target.whole) => Ok(first),
            _ => bail!("a wrong answer: {}", String::from_utf8_lossy(&self.buffer)),
        }
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    memchr::memmem::find(bytes, text.as_bytes()).is_some()
}

/// How many requests one connection is refused in this time, each with an answer of its own.
pub async fn refused(target: &Target, time: Duration) -> Result<u64> {
    let mut connection = Connection::open(target).await?;
    let started = Instant::now();
    let mut refused = 0;
    while started.elapsed() < time {
        connection.ask(target, 0).await?;
        if !contains(&connection.buffer, "HTTP/1.1 4") {
            bail!("not refused: {}", String::from_utf8_lossy(&connection.buffer));
        }
        refused += 1;
    }
    Ok(refused)
}

/// `connections` that ask again as soon as they are answered.
pub async fn closed(target: &Target, connections: usize, time: Duration) -> Result<Closed> {
    let started = Instant::now();
    let tasks = (0..connections).map(|_| async {
        let mut connection = Connection::open(target).await?;
        let mut chats = 0;
        while started.elapsed() < time {
            connection.chat(target).await?;
            chats += 1;
        }
        Ok::<u64, anyhow::Error>(chats)
    });
    let counts = futures_util::future::try_join_all(tasks).await?;
    Ok(Closed { chats: counts.iter().sum(), elapsed: started.elapsed() })
}

/// The same for requests whose answer is one JSON object.
pub async fn closed_json(target: &Target, connections: usize, time: Duration) -> Result<Closed> {
    let started = Instant::now();
    let tasks = (0..connections).map(|_| async {
        let mut connection = Connection::open(target).await?;
        let mut answers = 0;
        while started.elapsed() < time {
            connection.ask(target, next_number()).await?;
            if !contains(&connection.buffer, &target.whole) {
                bail!("a wrong answer: {}", String::from_utf8_lossy(&connection.buffer));
            }
            answers += 1;
        }
        Ok::<u64, anyhow::Error>(answers)
    });
    let counts = futures_util::future::try_join_all(tasks).await?;
    Ok(Closed { chats: counts.iter().sum(), elapsed: started.elapsed() })
}

/// Chats that begin at a fixed rate, whether or not earlier ones have ended.
pub async fn open(target: &Target, rate: f64, time: Duration) -> Result<Latencies> {
    let local = LocalSet::new();
    let idle: Rc<RefCell<Vec<Connection>>> = Rc::default();
    let latencies: Rc<RefCell<Result<Latencies>>> = Rc::new(RefCell::new(Ok(Latencies::default())));
    for _ in 0..32 {
        let connection = Connection::open(target).await?;
        idle.borrow_mut().push(connection);
    }
    let arrivals = async {
        let started = Instant::now();
        let mut sent = 0_u64;
        let mut tick = tokio::time::interval(Duration::from_millis(1));
        while started.elapsed() < time {
            tick.tick().await;
            let due = (started.elapsed().as_secs_f64() * rate) as u64;
            while sent < due {
                sent += 1;
                let (idle, latencies, target) =
                    (Rc::clone(&idle), Rc::clone(&latencies), target.clone());
                tokio::task::spawn_local(async move {
                    let chat = async {
                        let kept = idle.borrow_mut().pop();
                        let mut connection = match kept {
                            Some(connection) => connection,
                            None => Connection::open(&target).await?,
                        };
                        let first = connection.chat(&target).await?;
                        idle.borrow_mut().push(connection);
                        Ok::<Duration, anyhow::Error>(first)
                    };
                    let chat = chat.await;
                    let mut latencies = latencies.borrow_mut();
                    match (chat, &mut *latencies) {
                        (Ok(first), Ok(all)) => all.0.push(first),
                        (Err(error), Ok(_)) => *latencies = Err(error),
                        (_, Err(_)) => {}
                    }
                });
            }
        }
    };
    local.run_until(arrivals).await;
    // The chats that are still being answered.
    local.await;
    latencies.replace(Ok(Latencies::default()))
}

/// Times to the first token.
#[derive(Default)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The median in milliseconds.
    pub fn p50(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The 99th percentile in milliseconds.
    pub fn p99(&self) -> f64 {
        self.quantile(0.99)
    }

    fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let at = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
        sorted.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
    }
}
