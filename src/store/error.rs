//! What can go wrong in the store, in words for the person who must act: what happened, where, what to do.
//! Cloneable, because one failed write answers every append of its group.

use crate::domain::{ids::Seq, time::Timestamp};
use std::{
    io,
    path::{Path, PathBuf},
};

/// Who holds a data directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The data directory.
    pub dir: PathBuf,
    /// Process id, 0 when `owner.json` could not be read.
    pub pid: u32,
    /// When it took the directory.
    pub since: Timestamp,
    /// Host name.
    pub host: String,
    /// Program and version.
    pub program: String,
    /// What it works on, usually a repository.
    pub what: String,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is in use by ", self.dir.display())?;
        if self.pid == 0 {
            write!(f, "another process (owner.json is not readable)")?;
        } else {
            write!(f, "process {} on {} ({}", self.pid, self.host, self.program)?;
            if !self.what.is_empty() {
                write!(f, ", working on {}", self.what)?;
            }
            write!(f, ", since {})", self.since)?;
        }
        write!(
            f,
            "; `chimera` in the same repository attaches to it; or end it, or choose another directory with --data"
        )
    }
}

/// The first entry of the journal that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Sequence number the entry should have.
    pub seq: Seq,
    /// Segment file.
    pub file: PathBuf,
    /// Byte offset of the entry's frame in that file.
    pub offset: u64,
    /// What is wrong with it.
    pub reason: String,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "entry {} in {} at byte {}: {}", self.seq, self.file.display(), self.offset, self.reason)
    }
}

/// Why the store did not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Another process has the data directory.
    #[error("{0}")]
    Owned(Box<Holder>),
    /// The journal is damaged before its tail. Nothing was changed on disk.
    #[error(
        "the journal is damaged: {0}. Nothing was changed. Restore that file from a backup, or keep a copy of the data directory and start with an empty one (--data); `chimera audit verify` shows what still verifies"
    )]
    Damaged(Box<Damage>),
    /// The journal is gone, though a state was saved of it. Nothing was changed on disk.
    #[error(
        "the journal in {} is gone or empty, though it had entries up to {seq}. Nothing was changed. Restore that directory from a backup, or start with an empty data directory (--data)", dir.display()
    )]
    Lost {
        /// Where it should be.
        dir: PathBuf,
        /// The last entry that is known to have been.
        seq: Seq,
    },
    /// The operating system refused.
    #[error("{what} failed: {} ({detail}). {}", path.display(), advice(*kind))]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which path.
        path: PathBuf,
        /// Kind of the failure.
        kind: io::ErrorKind,
        /// The system's words.
        detail: String,
    },
    /// After a failed fsync nobody knows what the disk holds, so nothing more is written.
    #[error(
        "the journal takes no more entries since {0}. Everything acknowledged before is readable; restart when the disk is healthy"
    )]
    Poisoned(String),
    /// The entry is not one the journal can hold.
    #[error("the entry {kind:?} was refused: {reason}")]
    Refused {
        /// Kind of the entry.
        kind: String,
        /// Which bound or form it broke.
        reason: String,
    },
    /// The history index could not answer, even after a rebuild.
    #[error("the history index cannot answer: {0}. The journal is whole; restart to rebuild the index")]
    History(String),
    /// The store's thread has ended.
    #[error("the store is closed")]
    Closed,
}

fn advice(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "Nothing was half written. Make room on that disk and try again"
        }
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            "Nothing was half written. Make the directory writable or choose another with --data"
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory | io::ErrorKind::AlreadyExists => {
            "Something else is in that place: move it away or choose another directory with --data"
        }
        io::ErrorKind::NotFound => {
            "Was it moved or deleted while in use? Otherwise choose another with --data"
        }
        _ => "Look at the disk's health (dmesg) and try again",
    }
}

impl StoreError {
    /// From a failed system call.
    pub(super) fn io(what: &'static str, path: &Path, error: &io::Error) -> Self {
        Self::Io { what, path: path.to_owned(), kind: error.kind(), detail: error.to_string() }
    }
    /// From a damaged entry.
    pub(super) fn damaged(seq: u64, file: &Path, offset: u64, reason: impl Into<String>) -> Self {
        Self::Damaged(Box::new(Damage {
            seq: Seq(seq),
            file: file.to_owned(),
            offset,
            reason: reason.into(),
        }))
    }
}
