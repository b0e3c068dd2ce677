//! A client of the socket that knows HTTP/1.1 and nothing of the program.

use crate::house::stage::{PATIENCE, Running, Stage, processes};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    time::Instant,
};

/// A daemon, and where it answers.
pub struct Daemon {
    pub running: Running,
    pub socket: PathBuf,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
    /// Asserts the status; shows everything if it is another.
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}

/// Starts the daemon on a stage and waits until it serves.
pub fn daemon(stage: &Stage) -> Daemon {
    let mut running = stage.start(&["--monitor", "--json"]);
    let serving = running.until("\"serving\"");
    Daemon { running, socket: serving["socket"].as_str().unwrap().into() }
}

impl Daemon {
    pub fn get(&self, path: &str) -> Answer {
        send(&self.socket, "GET", path, &[], "")
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        send(&self.socket, "POST", path, &[], &body.to_string())
    }

    pub fn post_once(&self, path: &str, key: &str, body: &Value) -> Answer {
        send(&self.socket, "POST", path, &[("Idempotency-Key", key)], &body.to_string())
    }

    /// As another system delivers: exactly these bytes, with these headers.
    pub fn deliver(&self, name: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        send(&self.socket, "POST", &format!("/api/hooks/{name}"), headers, body)
    }

    /// Reads along from after an entry; by the header where `again`.
    pub fn events(&self, after: u64, again: bool) -> Events {
        let (path, header) = match again {
            true => ("/api/events".to_owned(), format!("Last-Event-ID: {after}\r\n")),
            false => (format!("/api/events?after={after}"), String::new()),
        };
        let mut stream = connect(&self.socket);
        // Of HTTP/1.0 no pieces are counted: the body is what comes until the end.
        write!(stream, "GET {path} HTTP/1.0\r\nHost: chimera\r\n{header}\r\n").unwrap();
        let mut lines = BufReader::new(stream);
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        assert!(line.contains(" 200 "), "{line}");
        while !line.trim().is_empty() {
            line.clear();
            lines.read_line(&mut line).unwrap();
        }
        Events { lines, patient: None }
    }

    /// Reads a stream of events along, whatever it tells.
    pub fn follows(&self, path: &str) -> Told {
        let mut stream = connect(&self.socket);
        write!(stream, "GET {path} HTTP/1.0\r\nHost: chimera\r\n\r\n").unwrap();
        Told(BufReader::new(stream))
    }

    /// Waits until no process holds this in its command line; false: some still does when patience is over. What the daemon
    /// answers is the clock.
    pub fn gone(&self, mark: &str) -> bool {
        let until = Instant::now() + PATIENCE;
        while !processes(mark).is_empty() {
            if Instant::now() >= until {
                return false;
            }
            self.get("/livez").is(200);
        }
        true
    }

    /// Asks it to end; it does so well and leaves no socket.
    pub fn ends(self) {
        self.running.signal(rustix::process::Signal::TERM);
        self.running.end().exits(0);
        assert!(!self.socket.exists(), "the socket is still there");
    }
}

fn connect(socket: &Path) -> UnixStream {
    let stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn send(socket: &Path, method: &str, path: &str, more: &[(&str, &str)], body: &str) -> Answer {
    let mut stream = connect(socket);
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: chimera\r\nConnection: close\r\n");
    if method == "POST" {
        head.push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()));
    }
    more.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    write!(stream, "{head}\r\n{body}").unwrap();
    let mut all = String::new();
    stream.read_to_string(&mut all).unwrap();
    answer(&all)
}

/// Reads an answer that has come whole.
pub fn answer(all: &str) -> Answer {
    let (head, text) = all.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {all:?}"));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).unwrap();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    assert!(!headers.contains_key("transfer-encoding"), "an answer in pieces: {headers:?}");
    Answer { status, headers, text: text.to_owned() }
}

/// A stream of events as its lines come.
pub struct Told(BufReader<UnixStream>);

impl Told {
    /// Waits for a line that holds this.
    pub fn says(&mut self, part: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let mut line = String::new();
            let read = self.0.read_line(&mut line).unwrap_or(0);
            assert!(read > 0 && Instant::now() < until, "the stream tells nothing with {part:?}");
            if line.contains(part) {
                return line;
            }
        }
    }
}

/// A stream of events.
pub struct Events {
    lines: BufReader<UnixStream>,
    /// Until when something is waited for.
    patient: Option<Instant>,
}

impl Iterator for Events {
    type Item = (u64, Value);

    /// The next event; none when the other side is gone.
    fn next(&mut self) -> Option<(u64, Value)> {
        let (mut id, mut data) = (None, None);
        loop {
            let mut line = String::new();
            if self.patient.is_some_and(|until| Instant::now() >= until) {
                return None;
            }
            // A connection that was cut ends like one that was closed; half a line is no event.
            if self.lines.read_line(&mut line).unwrap_or(0) == 0 || !line.ends_with('\n') {
                return None;
            }
            match line.trim_end().split_once(": ") {
                Some(("id", value)) => id = value.parse().ok(),
                Some(("data", value)) => data = serde_json::from_str(value).ok(),
                _ if line.trim().is_empty() => {
                    if let (Some(id), Some(data)) = (id.take(), data.take()) {
                        return Some((id, data));
                    }
                }
                _ => {}
            }
        }
    }
}

impl Events {
    /// Reads on until an event of this kind. A sign of life is none: with nothing else the wait has an end.
    pub fn until(&mut self, kind: &str) -> (u64, Value) {
        self.patient = Some(Instant::now() + PATIENCE);
        let found = self.find(|(_, event)| event["kind"] == kind);
        let late = self.patient.take().is_some_and(|until| Instant::now() >= until);
        found.unwrap_or_else(|| {
            panic!("{} {kind}", if late { "in time there was no" } else { "the stream ended before" })
        })
    }
}
