//! The unit manager, where there is one: it is told when the house is open, reads its settings again, ends, and that it is
//! alive, by systemd's protocol of datagrams (`NOTIFY_SOCKET`, `WATCHDOG_USEC`). Without a manager nothing is said.

use crate::domain::{text::clean_line, time::Millis};
use rustix::time::{ClockId, clock_gettime};
use std::{
    ffi::OsStr,
    io,
    os::{
        linux::net::SocketAddrExt as _,
        unix::{
            ffi::OsStrExt as _,
            net::{SocketAddr, UnixDatagram},
        },
    },
};

/// Characters of what is shown as the unit's status.
const STATUS_MOST: usize = 120;
/// The manager waits this many beats before it takes the process for hung.
const BEATS: u64 = 3;

/// Where the manager listens, if there is one.
pub struct Unit {
    socket: Option<(UnixDatagram, SocketAddr)>,
    /// Between two signs of life, if they are wanted.
    pub beat: Option<Millis>,
}

impl Unit {
    /// As the environment says.
    #[must_use]
    pub fn of_environment() -> Self {
        let socket = std::env::var_os("NOTIFY_SOCKET").and_then(|at| match open(&at) {
            Ok(socket) => Some(socket),
            Err(error) => {
                tracing::warn!(%error, "the unit manager cannot be told anything");
                None
            }
        });
        let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
        // The variables are inherited; they mean the process that they name.
        let ours = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let beat = number("WATCHDOG_USEC").filter(|_| ours && socket.is_some());
        Self { beat: beat.map(|most| Millis((most / 1_000 / BEATS).max(1))), socket }
    }

    /// The house is open, with this to be shown of it.
    pub fn ready(&self, status: &str) {
        self.say(&format!("READY=1\nSTATUS={}", clean_line(status, STATUS_MOST)));
    }

    /// The settings are read again; [`Unit::ready`] follows.
    pub fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let micros = now.tv_sec.saturating_mul(1_000_000).saturating_add(now.tv_nsec / 1_000);
        self.say(&format!("RELOADING=1\nMONOTONIC_USEC={micros}"));
    }

    /// The end has begun.
    pub fn stopping(&self) {
        self.say("STOPPING=1");
    }

    /// A sign of life.
    pub fn alive(&self) {
        self.say("WATCHDOG=1");
    }

    fn say(&self, words: &str) {
        let Some((socket, manager)) = &self.socket else { return };
        if let Err(error) = socket.send_to_addr(words.as_bytes(), manager) {
            tracing::warn!(%error, "the unit manager was not told");
        }
    }
}

fn open(at: &OsStr) -> io::Result<(UnixDatagram, SocketAddr)> {
    let manager = match at.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(at)?,
    };
    let socket = UnixDatagram::unbound()?;
    // A manager that does not read holds nothing up.
    socket.set_nonblocking(true)?;
    Ok((socket, manager))
}
