//! The network face over TCP, byte by byte: what is sent is written out, and what comes back is read to its end.

use super::client::{Answer, Daemon, answer, daemon};
use crate::house::stage::{PATIENCE, Stage};
use serde_json::Value;
use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
};

/// A daemon that also answers over TCP.
pub struct Outside {
    pub daemon: Daemon,
    /// As it says itself.
    pub url: String,
    pub address: SocketAddr,
}

/// Starts it with these keys of `[server]`, and what follows them.
pub fn outside(stage: &Stage, server: &str) -> Outside {
    stage.settings(&format!("[server]\nlisten = \"127.0.0.1:0\"\n{server}\n"));
    let mut daemon = daemon(stage);
    let serving = daemon.running.until("\"url\"");
    let url = serving["url"].as_str().unwrap().to_owned();
    let address = url.split_once("://").unwrap().1.parse().unwrap();
    Outside { daemon, url, address }
}

/// Makes a token: the whole of it.
pub fn token(stage: &Stage, name: &str, role: &str, more: &[&str]) -> String {
    let done = stage.run(&[&["token", "create", "--name", name, "--role", role], more].concat()).exits(0);
    let text = done.stdout.trim().to_owned();
    assert!(text.starts_with("chm_") && !text.contains(char::is_whitespace), "{done:?}");
    text
}

/// The header that brings a token.
pub fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

impl Outside {
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends these bytes and reads to the end.
    pub fn raw(&self, bytes: &str) -> String {
        let mut stream = self.connect();
        // It may hang up before all of it is written.
        let _ = stream.write_all(bytes.as_bytes());
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        String::from_utf8_lossy(&all).into_owned()
    }

    /// A request with these header lines, each with its end.
    pub fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let length = if method == "POST" {
            format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len())
        } else {
            String::new()
        };
        let host = if headers.contains("Host:") { "" } else { "Host: localhost\r\n" };
        answer(&self.raw(&format!(
            "{method} {path} HTTP/1.1\r\n{host}Connection: close\r\n{length}{headers}\r\n{body}"
        )))
    }

    pub fn get(&self, path: &str, token: &str) -> Answer {
        self.ask("GET", path, &bearer(token), "")
    }

    pub fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        self.ask("POST", path, &bearer(token), &body.to_string())
    }
}

/// The word of a problem.
pub fn sort(answer: &Answer) -> String {
    let problem = answer.json();
    problem["type"].as_str().unwrap().rsplit(':').next().unwrap().to_owned()
}
