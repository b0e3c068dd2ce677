//! As much HTTP/1.1 as a rehearsal needs: one request per connection with a `content-length`, answers whole or
//! chunked. Everything read is bounded.

use std::io;
use tokio::{io::AsyncReadExt, net::TcpStream};

/// Longest request head, in bytes.
const HEAD_MOST: usize = 64 * 1024;
/// Longest request body, in bytes.
const BODY_MOST: usize = 64 * 1024 * 1024;

/// A request.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) body: Vec<u8>,
}

/// Reads one request; `None` when the other side closes or sends something else.
pub(super) async fn receive(stream: &mut TcpStream) -> io::Result<Option<Received>> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if bytes.len() > HEAD_MOST || stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(path)) = (first.next(), first.next()) else { return Ok(None) };
    let length = lines.filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok()).flatten()
    });
    let length = length.unwrap_or(0);
    if length > BODY_MOST {
        return Ok(None);
    }
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(Received { method: method.to_owned(), path: path.to_owned(), body }))
}

/// A whole answer with a JSON body (or whatever the script gives).
pub(super) fn plain(status: u16, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let kind = if body.trim_start().starts_with('<') { "text/html" } else { "application/json" };
    let mut head = format!("HTTP/1.1 {status} Rehearsed\r\ncontent-type: {kind}\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    head.into_bytes()
}

/// One chunk; an empty one ends the body.
pub(super) fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk
}
