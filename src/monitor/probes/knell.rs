//! Rings when a process has ended (pidfd). Only says that it is time to look; what it misses is seen when the look's turn
//! comes. Where the system has no such thing, one looks by the clock.

use crate::domain::time::Millis;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::{io, os::fd::OwnedFd};
use tokio::{io::unix::AsyncFd, time};

/// This part of a turn passes between an end and the look: whoever restarts his process by himself has it for that.
const PART: u64 = 4;

/// One life of a process: its number and when it began, in clock ticks since the machine did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Life {
    /// Its number.
    pub pid: u32,
    /// When it began.
    pub start: u64,
}

/// Hangs at one life of a process.
#[derive(Debug)]
pub(super) struct Knell {
    life: Life,
    end: AsyncFd<OwnedFd>,
}

impl Knell {
    /// Hangs one at this life; one that hangs there already stays.
    pub(super) fn hang(before: Option<Self>, life: Life) -> Option<Self> {
        before.filter(|knell| knell.life == life).or_else(|| {
            let hung = || -> io::Result<Self> {
                let pid = i32::try_from(life.pid).ok().and_then(Pid::from_raw);
                let end = pidfd_open(pid.ok_or(io::ErrorKind::InvalidInput)?, PidfdFlags::empty())?;
                #[expect(deprecated, reason = "it is unsound only for what does not own its descriptor")]
                let end = AsyncFd::new(end)?;
                Ok(Self { life, end })
            };
            hung().inspect_err(|error| tracing::debug!(%error, "a process is looked at by the clock")).ok()
        })
    }

    /// Returns when its process has ended, and a part of a turn later. May be dropped at any await.
    pub(super) async fn rings(&self, turn: Millis) {
        if self.end.readable().await.is_err() {
            // The runtime ends, and whoever waits with it.
            std::future::pending::<()>().await;
        }
        time::sleep(Millis(turn.0 / PART).to_std()).await;
    }
}
