//! One owner for each data directory: an flock on `owner.lock`, and `owner.json` that says who.
//!
//! The lock ends with the process, however it ends; a stale `owner.json` is then simply replaced. Readers
//! (`audit`) need no lock.

use super::error::{Holder, StoreError};
use crate::domain::time::{Millis, Timestamp};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
};

/// Most bytes of `owner.json` that are read.
const MOST_OWNER_BYTES: u64 = 64 << 10;

/// How often, and with which pause, the lock is tried again: [`present`] holds it for a moment.
const LOOKERS_MOST: usize = 3;
const LOOK_TAKES: Millis = Millis(2);
/// The same where the owner that is named does not live: on a loaded machine a looker, or a child that an owner which
/// was killed had just begun to start, can hold the lock for longer than a moment.
const LEFTOVERS_MOST: usize = 1_500;

#[derive(Serialize, Deserialize)]
struct Owner {
    pid: u32,
    since: Timestamp,
    host: String,
    program: String,
    what: String,
}

/// Held while the data directory is ours.
#[derive(Debug)]
pub(super) struct OwnerLock(File);

impl Drop for OwnerLock {
    fn drop(&mut self) {
        // Closing is not enough: a child process that is just being started shares the lock until it execs.
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

/// Creates the directory (mode 0700) when absent, and takes it.
pub(super) fn take(dir: &Path, since: Timestamp, what: &str) -> Result<OwnerLock, StoreError> {
    if !dir.exists() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(|e| StoreError::io("creating the data directory", dir, &e))?;
    }
    let path = dir.join("owner.lock");
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(|e| StoreError::io("opening the owner lock", &path, &e))?;
    let mut locked = flock(&file, FlockOperation::NonBlockingLockExclusive);
    for tried in 0..LEFTOVERS_MOST {
        if locked != Err(rustix::io::Errno::WOULDBLOCK) || (tried >= LOOKERS_MOST && lives(dir)) {
            break;
        }
        std::thread::sleep(LOOK_TAKES.to_std());
        locked = flock(&file, FlockOperation::NonBlockingLockExclusive);
    }
    match locked {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => return Err(StoreError::Owned(Box::new(holder(dir)))),
        Err(errno) => return Err(StoreError::io("taking the owner lock", &path, &io::Error::from(errno))),
    }
    let lock = OwnerLock(file);
    let owner = Owner {
        pid: std::process::id(),
        since,
        host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        program: concat!("chimera ", env!("CARGO_PKG_VERSION")).into(),
        what: what.to_owned(),
    };
    let path = dir.join("owner.json");
    let json = serde_json::to_vec(&owner).unwrap_or_default();
    // Not synced: it only matters while this process lives, and an fsync would cost every start milliseconds.
    let tmp = dir.join("owner.json.tmp");
    std::fs::write(&tmp, &json)
        .and_then(|()| std::fs::rename(&tmp, &path))
        .map_err(|e| StoreError::io("writing the owner's name", &path, &e))?;
    Ok(lock)
}

/// Whether the owner that is named runs, as far as this machine can tell.
fn lives(dir: &Path) -> bool {
    let Holder { pid, host, .. } = holder(dir);
    let here = host == *rustix::system::uname().nodename().to_string_lossy();
    let process = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    let dead = |pid| rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH);
    !(here && process.is_none_or(dead))
}

/// Who has the directory now; `None`: nobody. Changes nothing. A lock that outlives the owner it names is nobody's: a
/// child that the owner had just begun to start lets go of it in a moment.
pub(super) fn present(dir: &Path) -> Option<Holder> {
    let file = File::open(dir.join("owner.lock")).ok()?;
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => {
            let _ = flock(&file, FlockOperation::Unlock);
            None
        }
        Err(_) => lives(dir).then(|| holder(dir)),
    }
}

/// What the present owner says about itself.
pub(super) fn holder(dir: &Path) -> Holder {
    let mut json = Vec::new();
    let read = File::open(dir.join("owner.json"))
        .and_then(|file| file.take(MOST_OWNER_BYTES).read_to_end(&mut json));
    let owner = read.ok().and_then(|_| serde_json::from_slice::<Owner>(&json).ok());
    let nobody = || Owner {
        pid: 0,
        since: Timestamp(0),
        host: String::new(),
        program: String::new(),
        what: String::new(),
    };
    let Owner { pid, since, host, program, what } = owner.unwrap_or_else(nobody);
    Holder { dir: dir.to_owned(), pid, since, host, program, what }
}
