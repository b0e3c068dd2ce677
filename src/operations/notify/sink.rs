//! Two servers for tests: one that takes HTTP requests and answers what it was told to, and a mail server that takes
//! letters. Each serves as many connections as it has answers, byte by byte, on loopback.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

/// A request as it came.
pub(super) struct Got {
    /// `POST /path`.
    pub line: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Got {
    pub(super) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Answers a request each; its address, and what came.
pub(super) fn http(answers: &[&str]) -> (String, Receiver<Got>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (tell, got) = sync_channel(16);
    let answers: Vec<String> = answers.iter().map(|answer| (*answer).to_owned()).collect();
    thread::spawn(move || {
        for answer in answers {
            let (stream, _) = listener.accept().unwrap();
            let _ = tell.send(request(&stream));
            let (head, body) = answer.split_once("\n\n").unwrap_or((&answer, ""));
            let head = head.replace('\n', "\r\n");
            write!(
                &stream,
                "HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )
            .unwrap();
        }
    });
    (address, got)
}

fn request(stream: &TcpStream) -> Got {
    let mut lines = BufReader::new(stream);
    let mut line = || {
        let mut text = String::new();
        lines.read_line(&mut text).unwrap();
        text.trim_end().to_owned()
    };
    let first = line();
    let headers: Vec<(String, String)> = std::iter::repeat_with(&mut line)
        .take_while(|text| !text.is_empty())
        .map(|text| {
            text.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned())).unwrap()
        })
        .collect();
    let mut got = Got { line: first.trim_end_matches(" HTTP/1.1").to_owned(), headers, body: String::new() };
    let size: usize = got.header("content-length").parse().unwrap_or(0);
    let mut body = vec![0; size];
    lines.read_exact(&mut body).unwrap();
    got.body = String::from_utf8(body).unwrap();
    got
}

/// A mail server that takes letters, or answers the letter itself with this; its address, and the letters.
pub(super) fn mail(letters: usize, verdict: &'static str) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("smtp://{}", listener.local_addr().unwrap());
    let (tell, got) = sync_channel(16);
    thread::spawn(move || {
        for _ in 0..letters {
            let (stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(&stream);
            let mut out = &stream;
            out.write_all(b"220 sink ESMTP\r\n").unwrap();
            let mut whole = String::new();
            loop {
                let mut line = String::new();
                if lines.read_line(&mut line).unwrap_or(0) == 0 {
                    break;
                }
                let word = line.split_whitespace().next().unwrap_or_default().to_uppercase();
                whole.push_str(&line);
                let answer = match word.as_str() {
                    "EHLO" => "250-sink\r\n250 8BITMIME\r\n",
                    "DATA" => {
                        out.write_all(b"354 go on\r\n").unwrap();
                        loop {
                            let mut line = String::new();
                            lines.read_line(&mut line).unwrap();
                            if line == ".\r\n" {
                                break;
                            }
                            whole.push_str(&line);
                        }
                        verdict
                    }
                    "QUIT" => "221 bye\r\n",
                    _ => "250 ok\r\n",
                };
                out.write_all(answer.as_bytes()).unwrap();
                if word == "QUIT" {
                    break;
                }
            }
            let _ = tell.send(whole);
        }
    });
    (address, got)
}
