//! Keys: one thread that sleeps until the terminal has something, decodes it and hands it on in order.
//!
//! It polls the terminal and an eventfd without a time limit, so an idle program costs nothing; only while half of a key
//! or of a report is there it looks up after a while, since Escape alone is the beginning of many. It ends when the
//! terminal is gone, and it can be parked while another program has the terminal.

use super::decode::{Decoder, Heard, Waits};
use rustix::{
    event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll},
    io::Errno,
};
use std::{
    io,
    os::fd::OwnedFd,
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::mpsc;

/// Events that may wait; more are held back in the terminal.
const EVENTS_MOST: usize = 1_024;

/// Bytes read at once.
const READ_MOST: usize = 64 * 1024;

/// How long the rest of a key may take on its way; then Escape is Escape.
const KEY_WITHIN: Duration = Duration::from_millis(50);
/// The same of a report: a slow line may cut one in two.
const REPORT_WITHIN: Duration = Duration::from_millis(1_000);
/// The same of a paste.
const PASTE_WITHIN: Duration = Duration::from_millis(5_000);

/// How long the end of the screen waits for the thread to let go of the terminal: far more than it ever needs.
const LETS_GO: Duration = Duration::from_millis(50);

/// What the thread tells.
#[derive(Debug)]
pub enum Input {
    /// A key, a paste, focus, the mouse, an answer.
    Heard(Heard),
    /// The terminal is gone.
    Gone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Read,
    Park,
    End,
}

struct Gate {
    wanted: Mutex<(Wanted, bool)>,
    changed: Condvar,
    wake: OwnedFd,
}

/// The thread's other end; ends it when dropped.
pub struct Keys {
    gate: Arc<Gate>,
    events: mpsc::Receiver<Input>,
}

impl Keys {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system has no thread or file descriptor left.
    pub fn start() -> io::Result<Self> {
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let gate =
            Arc::new(Gate { wanted: Mutex::new((Wanted::Read, false)), changed: Condvar::new(), wake });
        let (send, events) = mpsc::channel(EVENTS_MOST);
        let theirs = gate.clone();
        std::thread::Builder::new().name("chimera-keys".into()).spawn(move || read(&theirs, &send))?;
        Ok(Self { gate, events })
    }

    /// The next event; `None` when the thread has ended.
    pub async fn next(&mut self) -> Option<Input> {
        self.events.recv().await
    }

    /// What is waiting already.
    pub fn ready(&mut self) -> Option<Input> {
        self.events.try_recv().ok()
    }

    /// The thread lets go of the terminal; returns once it has.
    pub fn park(&self) {
        self.gate.ask(Wanted::Park);
        self.gate.let_go();
    }

    /// The thread reads again.
    pub fn unpark(&self) {
        self.gate.ask(Wanted::Read);
    }
}

impl Drop for Keys {
    /// The thread has let go of the terminal when this returns: what is typed from then on is the next reader's. Where the
    /// terminal went away in the middle of a read, the decoder can spin there for ever; it is not waited for.
    fn drop(&mut self) {
        self.events.close();
        self.gate.ask(Wanted::End);
        let held = self.gate.lock();
        let _ = self.gate.changed.wait_timeout_while(held, LETS_GO, |held| !held.1);
    }
}

impl Gate {
    fn lock(&self) -> std::sync::MutexGuard<'_, (Wanted, bool)> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, wanted: Wanted) {
        let mut held = self.lock();
        // A thread that has ended stays parked for ever: nobody waits for it in vain.
        held.0 = wanted;
        drop(held);
        let _ = rustix::io::write(&self.wake, &1u64.to_ne_bytes());
        self.changed.notify_all();
    }

    /// Waits until the thread neither reads nor polls.
    fn let_go(&self) {
        let mut held = self.lock();
        while !held.1 {
            held = self.changed.wait(held).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits while parked; false when the thread shall end.
    fn pass(&self) -> bool {
        let mut held = self.lock();
        while held.0 == Wanted::Park {
            held.1 = true;
            self.changed.notify_all();
            held = self.changed.wait(held).unwrap_or_else(PoisonError::into_inner);
        }
        held.1 = false;
        held.0 == Wanted::Read
    }
}

/// Tells, however the thread ends, that it reads no more.
struct Ended<'a>(&'a Gate);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.lock().1 = true;
        self.0.changed.notify_all();
    }
}

fn read(gate: &Gate, send: &mpsc::Sender<Input>) {
    let _told = Ended(gate);
    let mut decoder = Decoder::default();
    let mut bytes = vec![0; READ_MOST];
    let mut heard = Vec::new();
    while gate.pass() {
        match wait(gate, within(decoder.waits())) {
            Ok(Ready::Terminal) => match rustix::io::read(rustix::stdio::stdin(), &mut bytes) {
                Err(Errno::INTR | Errno::AGAIN) => {}
                Ok(0) | Err(_) => {
                    let _ = send.blocking_send(Input::Gone);
                    break;
                }
                Ok(count) => decoder.feed(bytes.get(..count).unwrap_or_default(), &mut heard),
            },
            Ok(Ready::Nothing) => decoder.give_up(&mut heard),
            Ok(Ready::Gate) => {}
            Ok(Ready::Gone) | Err(_) => {
                let _ = send.blocking_send(Input::Gone);
                break;
            }
        }
        if heard.drain(..).any(|heard| send.blocking_send(Input::Heard(heard)).is_err()) {
            break;
        }
    }
}

fn within(waits: Waits) -> Option<Duration> {
    match waits {
        Waits::No => None,
        Waits::Key => Some(KEY_WITHIN),
        Waits::Report => Some(REPORT_WITHIN),
        Waits::Paste => Some(PASTE_WITHIN),
    }
}

enum Ready {
    Terminal,
    Nothing,
    Gate,
    Gone,
}

fn wait(gate: &Gate, within: Option<Duration>) -> io::Result<Ready> {
    let stdin = rustix::stdio::stdin();
    let mut fds = [PollFd::new(&stdin, PollFlags::IN), PollFd::new(&gate.wake, PollFlags::IN)];
    let limit = within.map(Timespec::try_from).transpose().map_err(io::Error::other)?;
    loop {
        match poll(&mut fds, limit.as_ref()) {
            Err(Errno::INTR) => {}
            Err(other) => return Err(other.into()),
            Ok(0) => return Ok(Ready::Nothing),
            Ok(_) => break,
        }
    }
    if fds[1].revents().contains(PollFlags::IN) {
        let _ = rustix::io::read(&gate.wake, &mut [0u8; 8]);
        return Ok(Ready::Gate);
    }
    let terminal = fds[0].revents();
    if terminal.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
        return Ok(Ready::Gone);
    }
    Ok(Ready::Terminal)
}
