//! A model server that costs next to nothing: the same 20 tokens to whoever asks.

use std::net::SocketAddr;

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Tokens of each answer.
pub const TOKENS: usize = 20;

/// The text of each answer.
pub fn answer() -> String {
    (1..=TOKENS).map(|n| format!("word{n} ")).collect::<String>().trim_end().to_owned()
}

/// Starts the stub on a thread of its own; it lives as long as the process.
pub fn start() -> Result<SocketAddr> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let addr = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("stub".into()).spawn(move || {
        runtime.block_on(async move {
            let listener = TcpListener::from_std(listener)?;
            let reply: &'static [u8] = Vec::leak(reply());
            loop {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                tokio::spawn(serve(stream, reply));
            }
            #[allow(unreachable_code, reason = "gives the loop's errors a type")]
            std::io::Result::Ok(())
        })
    })?;
    Ok(addr)
}

async fn serve(mut stream: TcpStream, reply: &'static [u8]) -> std::io::Result<()> {
    let mut buffer = Vec::with_capacity(64 * 1024);
    loop {
        let head_end = loop {
            if let Some(at) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        let head = String::from_utf8_lossy(&buffer[..head_end]).to_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .and_then(|value| value.trim().parse::<usize>().ok())
            .unwrap_or(0);
        while buffer.len() < head_end + length {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        }
        buffer.drain(..head_end + length);
        stream.write_all(reply).await?;
    }
}

/// One event a chunk, as model servers send them, in one write.
fn reply() -> Vec<u8> {
    let mut reply = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
        Transfer-Encoding: chunked\r\n\r\n"
        .to_vec();
    let mut chunk = |data: &str| {
        let event = format!("data: {data}\n\n");
        reply.extend_from_slice(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes());
    };
    for n in 1..=TOKENS {
        chunk(&format!(
            r#"{{"id":"c","object":"chat.completion.chunk","choices":[{{"index":0,"delta":{{"content":"word{n} "}},"finish_reason":null}}]}}"#
        ));
    }
    chunk(r#"{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#);
    chunk(r#"{"id":"c","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":20}}"#);
    chunk("[DONE]");
    reply.extend_from_slice(b"0\r\n\r\n");
    reply
}
