//! The other end of the line: a small HTTP/1.1 server on loopback that speaks the three wire formats from a script.
//! `chimera demo` runs against it, and so do tests. Words are recorded; the protocol, the tool calls and the
//! waiting are real. It listens where it is told to, knows no key, and every read of it is bounded.
//!
//! It starts no task: [`Rehearsal::serve`] is one future that drives all connections, and ends when dropped.

pub mod ask;
pub mod script;
pub mod speak;
mod wireline;

use ask::Asked;
use futures::{StreamExt, stream::FuturesUnordered};
use script::{Fault, Script, Turn};
use speak::Frame;
use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    time::{Instant, sleep, sleep_until},
};
use wireline::{Received, chunk, plain, receive};

/// Connections served at the same time; further ones wait to be accepted.
const CONNECTIONS_MOST: usize = 1_024;
/// Requests remembered for [`Rehearsal::heard`].
const HEARD_MOST: usize = 1_024;
/// After a failed accept (no file descriptors left) so long nothing is accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Headers of a stream.
const STREAM_HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n\
                           transfer-encoding: chunked\r\nconnection: close\r\n\r\n";

/// A server with a script.
#[derive(Debug)]
pub struct Rehearsal {
    script: Script,
    /// How often each turn was spoken.
    spoken: Mutex<Vec<u32>>,
    heard: Mutex<VecDeque<Asked>>,
}

impl Rehearsal {
    /// With this script, nothing of it spoken yet.
    #[must_use]
    pub fn new(script: Script) -> Arc<Self> {
        let spoken = Mutex::new(vec![0; script.turn.len()]);
        Arc::new(Self { script, spoken, heard: Mutex::new(VecDeque::new()) })
    }

    /// What was asked so far, oldest first; at most the last 1,024.
    #[must_use]
    pub fn heard(&self) -> Vec<Asked> {
        lock(&self.heard).iter().cloned().collect()
    }

    /// Answers whoever connects to `listener`, until dropped.
    pub async fn serve(self: Arc<Self>, listener: TcpListener) {
        let mut open = FuturesUnordered::new();
        loop {
            tokio::select! {
                accepted = listener.accept(), if open.len() < CONNECTIONS_MOST => match accepted {
                    Ok((stream, _)) => open.push(self.answer(stream)),
                    Err(_) => sleep(ACCEPT_PAUSE).await,
                },
                Some(_) = open.next(), if !open.is_empty() => {}
            }
        }
    }

    /// One connection, one exchange. Whatever goes wrong on it is the client's to notice.
    async fn answer(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let Some(received) = receive(&mut stream).await? else { return Ok(()) };
        if received.method == "GET" {
            let models: Vec<&str> =
                self.script.turn.iter().filter_map(|turn| turn.model.as_deref()).collect();
            return stream.write_all(&plain(200, &[], &speak::models(&received.path, &models))).await;
        }
        let Some(asked) = Asked::read(&received.path, &received.body) else {
            return stream.write_all(&plain(404, &[], &speak::no_such_path(&received.path))).await;
        };
        let turn = self.next_turn(&asked);
        self.remember(asked.clone());
        match turn {
            None => stream.write_all(&plain(400, &[], &speak::no_line(&asked))).await,
            Some(turn) => perform(&mut stream, turn, &asked, &received).await,
        }
    }

    fn remember(&self, asked: Asked) {
        let mut heard = lock(&self.heard);
        if heard.len() >= HEARD_MOST {
            heard.pop_front();
        }
        heard.push_back(asked);
    }

    /// The first turn that fits and is not used up.
    fn next_turn(&self, asked: &Asked) -> Option<&Turn> {
        let mut spoken = lock(&self.spoken);
        let fits = |(at, turn): &(usize, &Turn)| {
            turn.times.is_none_or(|most| spoken[*at] < most) && turn.fits(asked)
        };
        let (at, turn) = self.script.turn.iter().enumerate().find(fits)?;
        spoken[at] = spoken[at].saturating_add(1);
        Some(turn)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn perform(stream: &mut TcpStream, turn: &Turn, asked: &Asked, received: &Received) -> io::Result<()> {
    match &turn.fault {
        Some(Fault::Status { status, retry_after, body }) => {
            let headers: Vec<(&str, &str)> =
                retry_after.iter().map(|wait| ("retry-after", wait.as_str())).collect();
            let body = body.clone().unwrap_or_else(|| speak::error_body(asked, *status));
            stream.write_all(&plain(*status, &headers, &body)).await
        }
        Some(Fault::Hang) => std::future::pending().await,
        fault => {
            let frames = speak::frames(turn, asked, received.body.len());
            play(stream, &frames, turn.pace, fault.as_ref(), asked).await
        }
    }
}

/// Writes the frames at the script's pace, with at most one fault among them.
async fn play(
    stream: &mut TcpStream,
    frames: &[Frame],
    pace: u32,
    fault: Option<&Fault>,
    asked: &Asked,
) -> io::Result<()> {
    stream.write_all(STREAM_HEAD.as_bytes()).await?;
    let (start, mut tokens) = (Instant::now(), 0);
    for (at, frame) in frames.iter().enumerate() {
        match fault {
            Some(Fault::Cut { after }) if at == *after => return Ok(()),
            Some(Fault::Stall { after }) if at == *after => std::future::pending().await,
            Some(Fault::Garbage { after }) if at == *after => {
                stream.write_all(&chunk(b"data: {\"this is\": no JSON\n\n")).await?;
            }
            Some(Fault::ErrorEvent { after }) if at == *after => {
                stream.write_all(&chunk(speak::error_event(asked).as_bytes())).await?;
                return stream.write_all(&chunk(b"")).await;
            }
            _ => {}
        }
        tokens += frame.tokens;
        if pace > 0 {
            sleep_until(start + Duration::from_micros(u64::from(tokens) * 1_000_000 / u64::from(pace))).await;
        }
        if matches!(fault, Some(Fault::Bytewise)) {
            for byte in frame.text.as_bytes() {
                stream.write_all(&chunk(std::slice::from_ref(byte))).await?;
            }
        } else {
            stream.write_all(&chunk(frame.text.as_bytes())).await?;
        }
    }
    stream.write_all(&chunk(b"")).await
}

#[cfg(test)]
mod tests;
