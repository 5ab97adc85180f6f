//! Just enough HTTP/1.1 by hand: reads one request, writes one scripted reply.

use std::fmt::Write as _;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::End;
use super::reply::{Reply, Step};

pub(super) struct Request {
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// More than any request under test has.
const REQUEST_BYTES: usize = 4 * 1024 * 1024;

/// Reads a request with its body; `None` when the connection ends before it is whole.
pub(super) async fn read_request(stream: &mut TcpStream) -> Option<Request> {
    let mut buffer = Vec::new();
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
        more(stream, &mut buffer).await?;
    };
    let head = String::from_utf8_lossy(&buffer[..head_end]).into_owned();
    let mut lines = head.split("\r\n");
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let header = |name: &str| headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    let mut rest = buffer.split_off(head_end);
    let body = if header("transfer-encoding").is_some_and(|v| v.contains("chunked")) {
        while !rest.ends_with(b"0\r\n\r\n") {
            more(stream, &mut rest).await?;
        }
        dechunk(&rest)?
    } else {
        let length: usize = header("content-length").map_or(Some(0), |v| v.parse().ok())?;
        while rest.len() < length {
            more(stream, &mut rest).await?;
        }
        rest.truncate(length);
        rest
    };
    Some(Request { path, headers, body })
}

async fn more(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<()> {
    let read = stream.read_buf(buffer).await.ok()?;
    (read > 0 && buffer.len() < REQUEST_BYTES).then_some(())
}

fn dechunk(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line_end = bytes.windows(2).position(|w| w == b"\r\n")?;
        let size = std::str::from_utf8(&bytes[..line_end]).ok()?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        let start = line_end + 2;
        body.extend_from_slice(bytes.get(start..start + size)?);
        bytes = bytes.get(start + size + 2..)?;
    }
}

/// Sends the reply and watches whether the client hangs up meanwhile.
pub(super) async fn play(stream: TcpStream, reply: &Reply, sent: &AtomicU64) -> End {
    let (read, mut write) = stream.into_split();
    tokio::select! {
        biased;
        result = perform(&mut write, reply, sent) => match result {
            Ok(()) => End::Played,
            Err(_) => End::ClientGone,
        },
        () = gone(read) => End::ClientGone,
    }
}

/// Comes back when the client has hung up.
async fn gone(mut read: OwnedReadHalf) {
    let mut ignored = [0; 1024];
    while matches!(read.read(&mut ignored).await, Ok(read) if read > 0) {}
}

async fn perform(write: &mut OwnedWriteHalf, reply: &Reply, sent: &AtomicU64) -> io::Result<()> {
    for step in &reply.steps {
        match step {
            Step::Head { status, headers } => write.write_all(&head(*status, headers)).await?,
            Step::Bytes(bytes) => send(write, bytes, sent).await?,
            Step::Wait(gate) => gate.pass().await,
            Step::Hang => std::future::pending().await,
            Step::Cut => return Ok(()),
            Step::Flood(bytes) => loop {
                send(write, bytes, sent).await?;
            },
        }
    }
    write.write_all(b"0\r\n\r\n").await?;
    write.shutdown().await
}

async fn send(write: &mut OwnedWriteHalf, bytes: &[u8], sent: &AtomicU64) -> io::Result<()> {
    // An empty chunk would be the end of the body.
    if bytes.is_empty() {
        return Ok(());
    }
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    write.write_all(&chunk).await?;
    sent.fetch_add(bytes.len() as u64, Ordering::SeqCst);
    Ok(())
}

fn head(status: u16, headers: &[(String, String)]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Scripted\r\n");
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head.push_str("Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
    head.into_bytes()
}
