//! The stream of events over WebSocket, frame by frame, with a client that knows RFC 6455 and nothing of the program.

use super::client::{Daemon, daemon};
use crate::house::stage::{PATIENCE, Stage};
use serde_json::{Value, json};
use std::{
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
};

/// The example key of the RFC, and what must be answered to it.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

struct Socket(UnixStream);

/// Asks for one; what was answered up to the end of its head.
fn ask(daemon: &Daemon, path: &str, fields: &str) -> (UnixStream, String) {
    let mut stream = UnixStream::connect(&daemon.socket).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{fields}\r\n"
    )
    .unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    (stream, String::from_utf8(head).unwrap())
}

impl Socket {
    fn open(daemon: &Daemon, path: &str) -> Self {
        let fields = format!("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n");
        let (stream, head) = ask(daemon, path, &fields);
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        assert!(
            head.to_lowercase().contains(&format!("sec-websocket-accept: {ACCEPT}").to_lowercase()),
            "{head}"
        );
        Self(stream)
    }

    fn say(&mut self, code: u8, words: &[u8]) {
        let mask = [1, 2, 3, 4];
        let length = u8::try_from(words.len()).unwrap();
        let mut frame = vec![0x80 | code, 0x80 | length];
        frame.extend(mask);
        frame.extend(words.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        self.0.write_all(&frame).unwrap();
    }

    /// The next frame: its code and what is in it.
    fn frame(&mut self) -> (u8, Vec<u8>) {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).unwrap();
        assert_eq!((head[0] & 0x80, head[1] & 0x80), (0x80, 0), "whole, and not masked");
        let mut length = u64::from(head[1]);
        if length >= 126 {
            let mut long = [0; 8];
            let from = if length == 126 { 6 } else { 0 };
            self.0.read_exact(&mut long[from..]).unwrap();
            length = u64::from_be_bytes(long);
        }
        let mut words = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut words).unwrap();
        (head[0] & 15, words)
    }

    /// The next entry of the journal.
    fn entry(&mut self) -> Value {
        loop {
            let (code, words) = self.frame();
            assert_eq!(code, TEXT, "{words:?}");
            let value: Value = serde_json::from_slice(&words).unwrap();
            if value["probes"].is_null() {
                return value;
            }
        }
    }
}

#[test]
fn d11_a_websocket_tells_each_entry_once_and_goes_on_where_it_was() {
    let stage = Stage::default();
    let daemon = daemon(&stage);
    let mut socket = Socket::open(&daemon, "/api/events?after=0");
    let first = socket.entry();
    assert_eq!((first["seq"].as_u64(), first["version"].as_u64()), (Some(1), Some(1)));
    daemon.post("/api/control/pause", &json!({"reason": "a look"})).is(200);
    let mut last = 1;
    loop {
        let entry = socket.entry();
        assert_eq!(entry["seq"], last + 1);
        last += 1;
        if entry["kind"] == "control.paused" {
            break;
        }
    }
    socket.say(PING, b"here");
    let mut code = socket.frame();
    while code.0 == TEXT {
        code = socket.frame();
    }
    assert_eq!(code, (PONG, b"here".to_vec()));
    drop(socket);
    daemon.post("/api/control/resume", &json!({})).is(200);
    let mut again = Socket::open(&daemon, &format!("/api/events?after={last}"));
    assert_eq!(again.entry()["seq"], last + 1, "no gap and no double");
    daemon.ends();
    let (mut code, mut words) = again.frame();
    while code == TEXT {
        (code, words) = again.frame();
    }
    assert_eq!((code, words), (CLOSE, 1001_u16.to_be_bytes().to_vec()), "it says that it goes");
}

#[test]
fn d11_a_websocket_is_only_for_listening_and_a_wrong_one_is_told() {
    let stage = Stage::default();
    let daemon = daemon(&stage);
    let (_, head) = ask(&daemon, "/api/events", "Sec-WebSocket-Version: 7\r\nSec-WebSocket-Key: x\r\n");
    assert!(head.starts_with("HTTP/1.1 400 ") && head.contains("application/problem+json"), "{head}");
    let (_, head) = ask(
        &daemon,
        "/api/events",
        &format!("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\nOrigin: https://evil.example\r\n"),
    );
    assert!(head.starts_with("HTTP/1.1 403 ") || head.starts_with("HTTP/1.1 421 "), "{head}");
    let mut socket = Socket::open(&daemon, "/api/events");
    socket.say(TEXT, b"stop everything");
    let (mut code, mut words) = socket.frame();
    while code == TEXT {
        (code, words) = socket.frame();
    }
    assert_eq!((code, words), (CLOSE, 1003_u16.to_be_bytes().to_vec()));
    daemon.get("/readyz").is(200);
    daemon.ends();
}
