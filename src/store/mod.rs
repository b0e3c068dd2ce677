//! Memory: the journal (the truth), the history index over it, blobs, state snapshots, transcripts.
//!
//! Owns everything under the data directory but worktrees and configuration. Knows nothing of missions but
//! their ids, and nothing of what payloads mean. Never reads a clock: times come with the entries.
//!
//! ```text
//! <data>/owner.lock owner.json            who has the directory
//! <data>/journal/<first seq>.log .idx     append-only, chained, synced before acknowledged
//! <data>/history/                         sled; positions by mission, kind, time; rebuilt when in doubt
//! <data>/blobs/ab/cdef...                 big things by SHA-256
//! <data>/state/<seq>.json.snap            folded state, the last two
//! <data>/tokens.json                      hashes of tokens, which need no owner
//! <data>/senders/<probe>                  digests of signed payloads that came, so that none counts twice
//! ```
//! Tests run on a real store in a temporary directory; there is no second implementation to keep in step.
//!
//! Invariants: an acknowledged entry survives kill -9 and power loss; the journal only grows; one owner at a
//! time; losing anything but the journal costs time, never facts. Held by `tests.rs`, `fault_tests.rs`,
//! `history_tests.rs` and `crash_tests.rs`.

pub mod audit;
pub mod blobs;
mod disk;
pub mod entry;
pub mod error;
mod frame;
pub mod history;
pub mod journal;
pub mod known;
pub mod look;
pub mod merkle;
mod owner;
pub mod proof;
mod sled;
mod snapshots;
pub mod tokens;
pub mod transcripts;

#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod history_tests;
#[cfg(test)]
mod tests;

use self::{blobs::Blobs, entry::NewEntry, error::StoreError, history::Query, journal::Entries};
use crate::domain::{ids::Seq, time::Timestamp};
use std::path::{Path, PathBuf};

/// How a store is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The present, for `owner.json`.
    pub now: Timestamp,
    /// What the program works on, usually the repository's path, for `owner.json`.
    pub what: String,
    /// Bytes after which a new journal segment begins.
    pub segment_bytes: u64,
}

impl Options {
    /// The usual ones.
    #[must_use]
    pub fn new(now: Timestamp, what: impl Into<String>) -> Self {
        Self { now, what: what.into(), segment_bytes: journal::SEGMENT_BYTES }
    }
}

/// A store and what opening it found.
pub struct Opened {
    /// The store.
    pub store: Store,
    /// What was repaired, one line each. The history index reports later, see [`Store::take_notes`].
    pub notes: Vec<String>,
    /// The newest state snapshot that verifies.
    pub state: Option<(Seq, Vec<u8>)>,
    /// Bytes of a torn tail that were cut; the caller journals that.
    pub torn: Option<u64>,
}

/// The open store of one data directory.
pub struct Store {
    // Dropped in this order: no index without a journal, no journal without the lock.
    history: history::History,
    journal: journal::Journal,
    blobs: Blobs,
    data: PathBuf,
    _owner: owner::OwnerLock,
}

impl Store {
    /// Takes the data directory (creating it when absent), checks the journal's tail and starts the writer.
    /// Reads a bounded part of the history, however long that is.
    pub fn open(data: &Path, options: Options) -> Result<Opened, StoreError> {
        Self::open_on(data, options, Box::new(disk::RealDisk))
    }

    fn open_on(data: &Path, options: Options, disk: Box<dyn disk::Disk>) -> Result<Opened, StoreError> {
        let owner = owner::take(data, options.now, &options.what)?;
        let waiting = history::Waiting::new();
        let poke = waiting.poke();
        let opening =
            journal::Opening { dir: journal::dir_of(data), segment_bytes: options.segment_bytes, disk };
        let dir = opening.dir.clone();
        if journal::is_gone(&dir)
            && let Some(seq) = snapshots::reach(&data.join("state"))
        {
            return Err(StoreError::Lost { dir, seq });
        }
        let (journal, cut) = journal::Journal::open(opening, move |_| poke.poke())?;
        let blobs =
            Blobs::open(data).map_err(|e| StoreError::io("opening the blobs", &data.join("blobs"), &e))?;
        let mut notes = Vec::new();
        if cut > 0 {
            notes.push(format!(
                "the journal ended in {cut} bytes of an unfinished write: cut, it continues after {}",
                journal.last()
            ));
        }
        let state = snapshots::newest(&data.join("state"), journal.last(), &mut notes);
        snapshots::set_aside(&data.join("state"), journal.last())?;
        let history = waiting.start(data, journal.last_shared())?;
        let store = Self { history, journal, blobs, data: data.to_owned(), _owner: owner };
        Ok(Opened { store, notes, state, torn: (cut > 0).then_some(cut) })
    }

    /// Appends entries that become durable together or not at all; resolves to the seq of the last one when
    /// they are on the disk. Nothing happens before the future is polled; dropped later, they are still written.
    pub fn append(
        &self,
        entries: Vec<NewEntry>,
    ) -> impl Future<Output = Result<Seq, StoreError>> + Send + use<> {
        self.journal.append(entries)
    }

    /// The durable entries from `from` on, as of now.
    pub fn read_from(&self, from: Seq) -> Result<Entries, StoreError> {
        self.journal.read_from(from)
    }

    /// Some of them: whoever reads along reads only what is new.
    pub fn read_along(&self, from: Seq, most: usize) -> Result<Vec<entry::Entry>, StoreError> {
        self.journal.read_along(from, most)
    }

    /// Keeps the folded state as of `seq`.
    pub fn save_state(&self, seq: Seq, bytes: &[u8]) -> Result<(), StoreError> {
        if seq > self.last() {
            let reason = format!("the state is as of {seq}, the journal ends at {}", self.last());
            return Err(StoreError::Refused { kind: "state snapshot".into(), reason });
        }
        snapshots::save(&self.data.join("state"), seq, bytes)
    }

    /// Answers a question about the past. Blocks: milliseconds usually, seconds when the index must be rebuilt.
    pub fn query(&self, query: &Query) -> Result<Vec<entry::Entry>, StoreError> {
        self.history.query(query)
    }

    /// Lines about the history index that came up since the last call (rebuilt, behind, ...).
    #[must_use]
    pub fn take_notes(&self) -> Vec<String> {
        self.history.take_notes()
    }

    /// The data directory.
    #[must_use]
    pub fn place(&self) -> &Path {
        &self.data
    }

    /// Big things by digest.
    #[must_use]
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    /// The last durable entry, 0 in an empty journal.
    #[must_use]
    pub fn last(&self) -> Seq {
        self.journal.last()
    }

    /// Finishes what waits and gives the directory back. What came up about the history index since
    /// [`Store::take_notes`] comes back: it may have been opened only now.
    pub fn close(mut self) -> Vec<String> {
        self.journal.close();
        self.history.close();
        self.history.take_notes()
    }
}
