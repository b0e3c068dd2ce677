//! One GET over loopback, just enough HTTP/1.1 to read what a development server answers: status, media type, body,
//! whole or in chunks. Never follows anything, never asks another host.

use crate::domain::time::Millis;
use std::{io, net::SocketAddr, time::Instant};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time,
};

/// Bytes of head and body that are read; the rest is left.
const ANSWER_MOST: u64 = 512 * 1024;

/// What was answered.
#[derive(Debug)]
pub(super) struct Got {
    pub status: u16,
    pub media_type: String,
    pub body: Vec<u8>,
    pub took: Millis,
}

pub(super) async fn get(address: SocketAddr, target: &str, most: Millis) -> io::Result<Got> {
    let started = Instant::now();
    let whole = async {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!(
            "GET {target} HTTP/1.1\r\nhost: {address}\r\naccept: text/html, text/plain, */*\r\n\
             accept-encoding: identity\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut bytes = Vec::new();
        let mut chunk = [0; 16 * 1024];
        loop {
            let read = stream.read(&mut chunk).await?;
            bytes.extend_from_slice(&chunk[..read]);
            if read == 0 || bytes.len() as u64 >= ANSWER_MOST || complete(&bytes) {
                return Ok(bytes);
            }
        }
    };
    let bytes: io::Result<Vec<u8>> = time::timeout(most.to_std(), whole)
        .await
        .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, format!("no whole answer within {most}")))?;
    let took = Millis(u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX));
    parse(&bytes?, took).ok_or_else(|| io::Error::other("the answer is no HTTP"))
}

/// Where the head ends and the body begins.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some((bytes.get(..at)?, bytes.get(at + 4..)?))
}

fn header(head: &str, name: &str) -> Option<String> {
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    let mut named = lines.filter(|(key, _)| key.trim().eq_ignore_ascii_case(name));
    named.next().map(|(_, value)| value.trim().to_owned())
}

fn chunked(head: &str) -> bool {
    header(head, "transfer-encoding").is_some_and(|how| how.to_ascii_lowercase().contains("chunked"))
}

/// Whether a server that keeps the connection open has said everything.
fn complete(bytes: &[u8]) -> bool {
    let Some((head, body)) = split(bytes) else { return false };
    let head = String::from_utf8_lossy(head);
    if chunked(&head) {
        return body.ends_with(b"0\r\n\r\n");
    }
    let length = header(&head, "content-length").and_then(|length| length.parse::<usize>().ok());
    length.is_some_and(|length| body.len() >= length)
}

fn parse(bytes: &[u8], took: Millis) -> Option<Got> {
    let (head, body) = split(bytes)?;
    let head = String::from_utf8_lossy(head);
    let mut first = head.split_whitespace();
    first.next().filter(|version| version.starts_with("HTTP/1"))?;
    let status = first.next()?.parse().ok()?;
    let body = if chunked(&head) { joined(body) } else { body.to_vec() };
    Some(Got { status, media_type: header(&head, "content-type").unwrap_or_default(), body, took })
}

/// The chunks of a body as one.
fn joined(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = String::from_utf8_lossy(&rest[..end]);
        let size = size.split(';').next().and_then(|hex| usize::from_str_radix(hex.trim(), 16).ok());
        let Some(size) = size.filter(|size| *size > 0) else { break };
        let from = end + 2;
        let to = rest.len().min(from.saturating_add(size));
        body.extend_from_slice(rest.get(from..to).unwrap_or_default());
        rest = rest.get(to + 2..).unwrap_or_default();
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_come_whole_in_chunks_and_cut_off() {
        let plain = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";
        assert!(complete(plain) && !complete(&plain[..plain.len() - 1]));
        let got = parse(plain, Millis(3)).unwrap();
        assert_eq!(
            (got.status, got.media_type.as_str(), got.body.as_slice()),
            (200, "text/plain", b"ok".as_slice())
        );
        let chunks = b"HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n4;x=y\r\nwiki\r\n6\r\npedia!\r\n0\r\n\r\n";
        assert!(complete(chunks));
        let got = parse(chunks, Millis(0)).unwrap();
        assert_eq!((got.status, got.body.as_slice()), (404, b"wikipedia!".as_slice()));
        let torn = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\nonly this";
        assert_eq!(parse(torn, Millis(0)).unwrap().body, b"only this");
        assert!(parse(b"SSH-2.0-x\r\n\r\n", Millis(0)).is_none() && parse(b"", Millis(0)).is_none());
    }
}
