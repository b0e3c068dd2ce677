//! The journal: append-only segment files, the truth about everything that happened.
//!
//! `segment` knows the files, `chain` the order, `writer` the one thread that writes, `recover` the opening
//! after a crash, `read` the reading. An append is acknowledged after its fdatasync, never before.

pub(in crate::store) mod chain;
mod read;
mod recover;
pub(in crate::store) mod segment;
mod writer;

use super::{
    disk::{Disk, sync_dir},
    entry::{Entry, NewEntry},
    error::StoreError,
};
use crate::domain::ids::Seq;
pub use read::Entries;
use read::Mark;
pub(in crate::store) use recover::never_acknowledged;
use std::{
    fs::DirBuilder,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
};
use tokio::sync::{mpsc, oneshot};

/// Bytes after which a new segment is begun.
pub const SEGMENT_BYTES: u64 = 64 << 20;

/// Entries of one append.
const MOST_APPEND_ENTRIES: usize = 4_096;
/// Readers along whose place is kept.
const ALONG_MOST: usize = 4;
/// Payload bytes of one append.
const MOST_APPEND_BYTES: usize = 16 << 20;

/// An open journal.
pub(super) struct Journal {
    dir: PathBuf,
    queue: Option<mpsc::Sender<writer::Append>>,
    last: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
    /// Where those who read along stopped, the last one last.
    along: Mutex<Vec<Mark>>,
}

/// How to open a journal.
pub(super) struct Opening {
    /// The directory of segments.
    pub(super) dir: PathBuf,
    /// See [`SEGMENT_BYTES`].
    pub(super) segment_bytes: u64,
    /// What is written to.
    pub(super) disk: Box<dyn Disk>,
}

impl Journal {
    /// Checks the tail and starts the writer. Also answers how many torn bytes were cut.
    pub(super) fn open(
        opening: Opening,
        durable: impl Fn(u64) + Send + 'static,
    ) -> Result<(Self, u64), StoreError> {
        let Opening { dir, segment_bytes, disk } = opening;
        let fail = |e: std::io::Error| StoreError::io("creating the journal's directory", &dir, &e);
        if !dir.exists() {
            DirBuilder::new().mode(0o700).create(&dir).map_err(fail)?;
            dir.parent().map_or(Ok(()), sync_dir).map_err(fail)?;
        }
        let found = recover::recover(&dir)?;
        let cut = found.cut;
        let writer = writer::Writer::new(disk, dir.clone(), segment_bytes, found);
        let last = writer.last();
        let (queue, waiting) = mpsc::channel(writer::WAITING_APPENDS);
        let thread = std::thread::Builder::new()
            .name("journal".into())
            .spawn(move || writer.run(waiting, durable))
            .map_err(|e| StoreError::io("starting the journal's thread", &dir, &e))?;
        Ok((Self { dir, queue: Some(queue), last, thread: Some(thread), along: Mutex::default() }, cut))
    }

    /// See `Store::append`.
    pub(super) fn append(
        &self,
        entries: Vec<NewEntry>,
    ) -> impl Future<Output = Result<Seq, StoreError>> + Send + use<> {
        // Weak, so that a future nobody polls cannot keep the writer from ending.
        let (queue, last) = (self.queue.as_ref().map(mpsc::Sender::downgrade), Arc::clone(&self.last));
        async move {
            let bytes: usize = entries.iter().map(|entry| entry.payload.len()).sum();
            if entries.len() > MOST_APPEND_ENTRIES || bytes > MOST_APPEND_BYTES {
                let reason = format!(
                    "{} entries with {bytes} bytes in one append; the most is {MOST_APPEND_ENTRIES} with {MOST_APPEND_BYTES}",
                    entries.len()
                );
                let kind = entries.first().map(|entry| entry.kind.clone()).unwrap_or_default();
                return Err(StoreError::Refused { kind, reason });
            }
            if let Some((entry, reason)) = entries.iter().find_map(|e| e.fault().map(|fault| (e, fault))) {
                return Err(StoreError::Refused { kind: entry.kind.clone(), reason });
            }
            if entries.is_empty() {
                return Ok(Seq(last.load(Ordering::Acquire)));
            }
            let (done, answer) = oneshot::channel();
            let queue = queue.and_then(|queue| queue.upgrade()).ok_or(StoreError::Closed)?;
            queue.send(writer::Append { entries, done }).await.map_err(|_| StoreError::Closed)?;
            answer.await.map_err(|_| StoreError::Closed)?
        }
    }

    /// The last durable entry.
    pub(super) fn last(&self) -> Seq {
        Seq(self.last.load(Ordering::Acquire))
    }

    /// Shared view of [`Self::last`].
    pub(super) fn last_shared(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.last)
    }

    /// Durable entries from `from` on.
    pub(super) fn read_from(&self, from: Seq) -> Result<Entries, StoreError> {
        Entries::new(&self.dir, from, self.last().0)
    }

    /// Some durable entries from `from` on. Whoever reads along, each time from where the last reading ended, reads only
    /// what is new.
    pub(super) fn read_along(&self, from: Seq, most: usize) -> Result<Vec<Entry>, StoreError> {
        let along = || self.along.lock().unwrap_or_else(PoisonError::into_inner);
        let last = self.last().0;
        if from.0 > last {
            return Ok(Vec::new());
        }
        let stood = |marks: &mut Vec<Mark>| {
            let at = marks.iter().rposition(|mark| mark.next() == from)?;
            Some(marks.remove(at))
        };
        let mark = stood(&mut along());
        let mut entries = match mark {
            Some(mark) => Entries::resume(&self.dir, mark, last)?,
            None => Entries::new(&self.dir, from, last)?,
        };
        let read: Vec<Entry> = entries.by_ref().take(most).collect::<Result<_, _>>()?;
        let mut marks = along();
        marks.extend(entries.mark());
        let surplus = marks.len().saturating_sub(ALONG_MOST);
        marks.drain(..surplus);
        Ok(read)
    }

    /// Lets the writer finish what waits, and ends it.
    pub(super) fn close(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.close();
    }
}

/// Whether there is not a byte of a journal.
pub(super) fn is_gone(dir: &Path) -> bool {
    match segment::list(dir) {
        Ok(segments) => {
            segments.iter().all(|segment| std::fs::metadata(&segment.path).is_ok_and(|file| file.len() == 0))
        }
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

/// The journal's directory inside a data directory.
pub(super) fn dir_of(data: &Path) -> PathBuf {
    data.join("journal")
}
