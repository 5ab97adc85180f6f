//! A mail server on loopback that keeps what it is given, and can be away.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// The mail server. Stops when dropped.
#[derive(Debug)]
pub struct Mailbox {
    addr: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    mails: Mutex<Vec<Mail>>,
    is_away: AtomicBool,
    turned_away: AtomicUsize,
}

/// A mail as it was handed over.
#[derive(Clone, Debug, Default)]
pub struct Mail {
    /// The sender and the recipients of the envelope.
    pub from: String,
    pub to: Vec<String>,
    /// Headers and body as sent, and once more with quoted-printable undone.
    pub text: String,
    pub headers: Vec<String>,
}

impl Mailbox {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free loopback port");
        let addr = listener.local_addr().expect("a bound socket has an address");
        let shared = Arc::new(Shared::default());
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { addr, shared, task }
    }

    /// What to set `SMTP_URL` to.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.addr)
    }

    /// From now on whoever connects is hung up on, or served again.
    pub fn set_away(&self, is_away: bool) {
        self.shared.is_away.store(is_away, Ordering::SeqCst);
    }

    /// How many connections were hung up on.
    pub fn turned_away(&self) -> usize {
        self.shared.turned_away.load(Ordering::SeqCst)
    }

    /// What came so far.
    pub fn mails(&self) -> Vec<Mail> {
        self.shared.mails.lock().expect("no holder panics").clone()
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        if shared.is_away.load(Ordering::SeqCst) {
            shared.turned_away.fetch_add(1, Ordering::SeqCst);
            continue;
        }
        let shared = Arc::clone(&shared);
        // A client that breaks off has no mail to lose: it must send it again.
        connections.spawn(async move { serve(stream, &shared).await.unwrap_or_default() });
    }
}

/// Speaks as much SMTP as a client needs.
async fn serve(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 mail.test ESMTP\r\n").await?;
    let mut mail = Mail::default();
    while let Some(line) = read_line(&mut stream).await? {
        let command = line.to_ascii_uppercase();
        let reply = if command.starts_with("EHLO") {
            "250-mail.test\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
        } else if command.starts_with("MAIL FROM:") {
            mail = Mail { from: address(&line), ..Mail::default() };
            "250 ok\r\n"
        } else if command.starts_with("RCPT TO:") {
            mail.to.push(address(&line));
            "250 ok\r\n"
        } else if command == "DATA" {
            stream.write_all(b"354 go on\r\n").await?;
            read_data(&mut stream, &mut mail).await?;
            shared.mails.lock().expect("no holder panics").push(std::mem::take(&mut mail));
            "250 kept\r\n"
        } else if command == "QUIT" {
            stream.write_all(b"221 bye\r\n").await?;
            return Ok(());
        } else if ["HELO", "RSET", "NOOP"].iter().any(|known| command.starts_with(known)) {
            "250 ok\r\n"
        } else {
            "502 unknown\r\n"
        };
        stream.write_all(reply.as_bytes()).await?;
    }
    Ok(())
}

/// The next line without its end.
async fn read_line(stream: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if stream.read_until(b'\n', &mut line).await? == 0 {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned()))
}

async fn read_data(stream: &mut BufReader<TcpStream>, mail: &mut Mail) -> io::Result<()> {
    let mut lines: Vec<String> = Vec::new();
    loop {
        let line = read_line(stream).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        if line == "." {
            break;
        }
        lines.push(line.strip_prefix('.').map(str::to_owned).unwrap_or(line));
    }
    mail.headers = lines.iter().take_while(|line| !line.is_empty()).cloned().collect();
    let raw = lines.join("\n");
    mail.text = format!("{raw}\n{}", unquoted(&raw));
    Ok(())
}

/// What stands between the angle brackets.
fn address(line: &str) -> String {
    let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map_or_else(|| line.to_owned(), |(address, _)| address.to_owned())
}

/// Undoes quoted-printable.
fn unquoted(text: &str) -> String {
    let text = text.replace("=\n", "");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) if first == b'=' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
