//! Finds processes that left their group: every child carries a mark in its environment, `/proc` shows it.
//!
//! The mark names chimera's process by pid and start time, so that a sweep after a crash never touches a child of a
//! chimera that lives. A process that wipes its own environment escapes this search; it stays in its sandbox.

use rustix::process::{Pid, Signal, kill_process};
use std::{
    fmt, fs,
    io::Read as _,
    sync::atomic::{AtomicU64, Ordering},
};

/// The variable that carries the mark.
pub(super) const VARIABLE: &str = "CHIMERA_RUN";
/// Processes looked at in one sweep.
const MOST_PROCESSES: usize = 100_000;
/// Room for the environment of one process, which most fit in.
const USUAL_BYTES: usize = 16 * 1024;

/// `pid.start.n`: whose child, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    owner: u32,
    start: u64,
    number: u64,
}

impl Mark {
    /// A mark nobody has had.
    pub(super) fn next() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let owner = std::process::id();
        let start = start_time(owner).unwrap_or(0);
        Self { owner, start, number: NUMBER.fetch_add(1, Ordering::Relaxed) }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let owner = parts.next()?.parse().ok()?;
        let start = parts.next()?.parse().ok()?;
        Some(Self { owner, start, number: parts.next()?.parse().ok()? })
    }

    /// Kills every process that carries this mark.
    pub(super) fn kill_all(&self) {
        kill_where(|mark| mark == self);
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.owner, self.start, self.number)
    }
}

/// Kills children of chimera processes that no longer live, and says how many. For the start of the program.
pub fn sweep() -> usize {
    kill_where(|mark| start_time(mark.owner) != Some(mark.start))
}

fn kill_where(wanted: impl Fn(&Mark) -> bool) -> usize {
    let Ok(entries) = fs::read_dir("/proc") else { return 0 };
    let own = std::process::id();
    let mut killed = 0;
    for entry in entries.flatten().take(MOST_PROCESSES) {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        if id == own || !mark_of(id).is_some_and(|mark| wanted(&mark)) {
            continue;
        }
        let pid = i32::try_from(id).ok().and_then(Pid::from_raw);
        killed += usize::from(pid.is_some_and(|pid| kill_process(pid, Signal::KILL).is_ok()));
    }
    killed
}

fn mark_of(id: u32) -> Option<Mark> {
    // Read in a few pieces: the file does not say how long it is.
    let mut environ = Vec::with_capacity(USUAL_BYTES);
    fs::File::open(format!("/proc/{id}/environ")).ok()?.read_to_end(&mut environ).ok()?;
    let value = environ
        .split(|byte| *byte == 0)
        .find_map(|pair| pair.strip_prefix(VARIABLE.as_bytes())?.strip_prefix(b"="))?;
    Mark::parse(std::str::from_utf8(value).ok()?)
}

/// Field 22 of `/proc/<pid>/stat`: start in clock ticks since boot. The name in field 2 may hold anything, so the
/// fields are counted from its closing bracket.
fn start_time(id: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_survive_the_round_trip_and_differ() {
        let (a, b) = (Mark::next(), Mark::next());
        assert_ne!(a, b);
        assert_eq!(Mark::parse(&a.to_string()), Some(a));
        assert_eq!(Mark::parse("1.2"), None);
    }

    #[test]
    fn knows_its_own_start() {
        assert!(start_time(std::process::id()).is_some_and(|t| t > 0));
    }
}
