//! The one thread that writes the journal. It takes whatever appends wait, writes them in one go, syncs
//! once, and only then acknowledges them.
//!
//! Invariants: an acknowledged entry is on the disk; a failed write leaves the file as it was before; after a
//! failed sync, or a failed clean-up, nothing more is written until the journal is opened again (a failed
//! fsync may have dropped the pages it could not write, so its second success would prove nothing).

use super::{
    super::{
        disk::{Disk, Tape},
        entry::{self, NewEntry},
        error::StoreError,
        frame::{self, Mark},
    },
    chain::Chain,
    recover::Recovered,
    segment::{Place, Segment},
};
use crate::domain::{digest::Digest, ids::Seq};
use std::{
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::{mpsc, oneshot};

/// Appends that may wait; the next one waits for room.
pub(super) const WAITING_APPENDS: usize = 1_024;
/// Bytes after which a group is written even though more appends wait.
const MOST_GROUP_BYTES: usize = 4 << 20;

/// Entries that become durable together or not at all, and whom to tell.
pub(super) struct Append {
    pub(super) entries: Vec<NewEntry>,
    pub(super) done: oneshot::Sender<Result<Seq, StoreError>>,
}

/// An append that is encoded but not yet acknowledged.
struct Pending {
    last: Seq,
    done: oneshot::Sender<Result<Seq, StoreError>>,
}

/// The open segment.
struct Open {
    segment: Segment,
    tape: Box<dyn Tape>,
    len: u64,
}

/// State of the writing thread.
pub(super) struct Writer {
    disk: Box<dyn Disk>,
    dir: PathBuf,
    segment_bytes: u64,
    chain: Chain,
    open: Option<Open>,
    resume: Option<(Segment, u64)>,
    poisoned: Option<String>,
    last: Arc<AtomicU64>,
    buffer: Vec<u8>,
    json: String,
    places: Vec<Place>,
}

impl Writer {
    /// Continues a recovered journal.
    pub(super) fn new(disk: Box<dyn Disk>, dir: PathBuf, segment_bytes: u64, found: Recovered) -> Self {
        let last = Arc::new(AtomicU64::new(found.chain.next - 1));
        Self {
            disk,
            dir,
            segment_bytes,
            chain: found.chain,
            open: None,
            resume: found.segment.map(|segment| (segment, found.len)),
            poisoned: None,
            last,
            buffer: Vec::new(),
            json: String::new(),
            places: Vec::new(),
        }
    }

    /// The seq of the last durable entry, for readers.
    pub(super) fn last(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.last)
    }

    /// Serves appends until every sender is gone. `durable` is told the last seq after each group.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Append>, durable: impl Fn(u64)) {
        while let Some(first) = queue.blocking_recv() {
            let before = self.chain.clone();
            let mut group = Vec::new();
            self.buffer.clear();
            self.places.clear();
            self.encode(first, &mut group);
            while self.buffer.len() < MOST_GROUP_BYTES {
                let Ok(next) = queue.try_recv() else { break };
                self.encode(next, &mut group);
            }
            let result = self.commit();
            match &result {
                Ok(()) => self.last.store(self.chain.next - 1, Ordering::Release),
                Err(_) => self.chain = before,
            }
            for Pending { last, done } in group {
                // Whoever asked may have gone; the entries stay.
                let _ = done.send(result.clone().map(|()| last));
            }
            if result.is_ok() {
                durable(self.chain.next - 1);
            }
        }
    }

    /// Adds an append to the group's buffer.
    fn encode(&mut self, append: Append, group: &mut Vec<Pending>) {
        let count = append.entries.len();
        for (index, new) in append.entries.iter().enumerate() {
            if let Some(point) = self.chain.due() {
                self.places.push(Place { upto: point.upto, offset: self.buffer.len() as u64 });
                entry::encode_checkpoint(&mut self.json, &point);
                let mark = Mark { starts_write: self.buffer.is_empty(), ends_append: false };
                frame::encode_frame(&mut self.buffer, mark, &self.json);
                self.chain.pass_checkpoint(Digest::of(self.json.as_bytes()));
            }
            entry::encode_entry(&mut self.json, self.chain.next, new, &self.chain.prev);
            let mark = Mark { starts_write: self.buffer.is_empty(), ends_append: index + 1 == count };
            frame::encode_frame(&mut self.buffer, mark, &self.json);
            self.chain.pass_entry(Digest::of(self.json.as_bytes()));
        }
        group.push(Pending { last: Seq(self.chain.next - 1), done: append.done });
    }

    /// Makes the buffer durable, or leaves the journal as it was.
    fn commit(&mut self) -> Result<(), StoreError> {
        if let Some(reason) = &self.poisoned {
            return Err(StoreError::Poisoned(reason.clone()));
        }
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.ready_segment()?;
        let Some(open) = &mut self.open else { return Err(StoreError::Closed) };
        let fail = |what, e: &io::Error| StoreError::io(what, &open.segment.path, e);
        if let Err(e) = open.tape.append(&self.buffer) {
            let error = fail("writing to the journal", &e);
            if let Err(e) = open.tape.cut(open.len) {
                self.poisoned = Some(fail("cutting off a failed write", &e).to_string());
            }
            return Err(error);
        }
        if let Err(e) = open.tape.sync() {
            let error = fail("syncing the journal", &e);
            // Not acknowledged, so it should not come back after a restart either. Best effort.
            let _ = open.tape.cut(open.len);
            self.poisoned = Some(error.to_string());
            return Err(error);
        }
        let start = open.len;
        open.len += self.buffer.len() as u64;
        self.note_places(start);
        Ok(())
    }

    /// Opens the segment that the buffer goes to: the last one, or a new one when that is full.
    fn ready_segment(&mut self) -> Result<(), StoreError> {
        if self.open.as_ref().is_some_and(|open| open.len >= self.segment_bytes) {
            self.open = None;
            self.resume = None;
        }
        if self.open.is_some() {
            return Ok(());
        }
        let (segment, len) = match self.resume.take() {
            Some((segment, len)) if len < self.segment_bytes => (segment, len),
            _ => (Segment::named(&self.dir, self.last.load(Ordering::Acquire) + 1), 0),
        };
        let opened = self.disk.open(&segment.path).and_then(|tape| {
            if len == 0 {
                self.disk.sync_dir(&self.dir)?;
            }
            Ok(tape)
        });
        match opened {
            Ok(tape) => {
                self.open = Some(Open { segment, tape, len });
                Ok(())
            }
            Err(e) => {
                let error = StoreError::io("opening a journal segment", &segment.path, &e);
                self.resume = Some((segment, len));
                Err(error)
            }
        }
    }

    /// Adds the group's checkpoints to the index file. A shortcut only: errors just mean a slower start.
    fn note_places(&self, start: u64) {
        let Some(open) = &self.open else { return };
        if self.places.is_empty() {
            return;
        }
        let bytes: Vec<u8> = self
            .places
            .iter()
            .flat_map(|place| Place { upto: place.upto, offset: start + place.offset }.bytes())
            .collect();
        let file = std::fs::OpenOptions::new().append(true).create(true).open(open.segment.index());
        let _ = file.and_then(|mut file| io::Write::write_all(&mut file, &bytes));
    }
}
