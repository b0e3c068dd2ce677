//! Looking into a data directory that somebody else may own: no lock is taken and nothing is written.
//!
//! What is seen is everything up to the last whole entry. The owner may not have synced that one yet, so a
//! looker can be a few milliseconds ahead of what is acknowledged; never behind by more than its last look.

use super::{
    blobs::Blobs,
    entry::Entry,
    error::{Holder, StoreError},
    history::{MOST_ANSWERS, Order, Query},
    journal::{self, Entries, segment},
    owner, snapshots,
};
use crate::domain::ids::Seq;
use std::{
    io,
    path::{Path, PathBuf},
};

/// Entries handed out at once.
const MOST_AT_ONCE: usize = 4_096;

/// Who owns the directory now; `None`: nobody.
#[must_use]
pub fn owner_of(data: &Path) -> Option<Holder> {
    owner::present(data)
}

/// The newest state snapshot that verifies.
///
/// # Errors
/// There is one, and the journal that it was made of is gone.
pub fn saved_state(data: &Path) -> Result<Option<(Seq, Vec<u8>)>, StoreError> {
    // Whatever is not usable is passed over; the owner says so at its next start.
    let saved = snapshots::newest(&data.join("state"), Seq(u64::MAX), &mut Vec::new());
    let dir = journal::dir_of(data);
    match saved {
        Some((seq, _)) if journal::is_gone(&dir) => Err(StoreError::Lost { dir, seq }),
        saved => Ok(saved),
    }
}

/// The blobs, for reading and for adding: a blob is named by its content, so no owner is needed.
///
/// # Errors
/// The directory cannot be made.
pub fn blobs(data: &Path) -> io::Result<Blobs> {
    Blobs::beside(data)
}

/// Entries read back at once for a question.
const BLOCK: u64 = 1_024;

/// Answers a question about the past from the journal itself: slower than the index by whatever lies between the
/// hits, and without an owner.
///
/// # Errors
/// The journal cannot be read, or is damaged before its tail.
pub fn query(data: &Path, query: &Query) -> Result<Vec<Entry>, StoreError> {
    let dir = journal::dir_of(data);
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let end = Entries::end(&dir)?.0;
    let newest_first = query.order == Order::NewestFirst;
    let (low, high) = match (query.from, newest_first) {
        (Some(from), true) => (1, from.0.min(end)),
        (Some(from), false) => (from.0.max(1), end),
        (None, _) => (1, end),
    };
    let limit = query.limit.min(MOST_ANSWERS);
    let mut found = Vec::new();
    let (mut low, mut high) = (low, high);
    while low <= high && found.len() < limit {
        let (from, upto) = if newest_first {
            (high.saturating_sub(BLOCK - 1).max(low), high)
        } else {
            (low, low.saturating_add(BLOCK - 1).min(high))
        };
        let mut hits = Vec::new();
        for entry in Entries::new(&dir, Seq(from), upto)? {
            let entry = entry?;
            if query.matches(&entry) {
                hits.push(entry);
            }
        }
        if newest_first {
            hits.reverse();
            high = from - 1;
        } else {
            low = upto + 1;
        }
        found.extend(hits);
    }
    found.truncate(limit);
    Ok(found)
}

/// Reads a journal while it grows.
#[derive(Debug)]
pub struct Reader {
    dir: PathBuf,
    next: Seq,
    /// Segments and bytes of the last one at the last look: nothing new while they are the same.
    seen: Option<(usize, u64)>,
}

impl Reader {
    /// From the entry after this one.
    #[must_use]
    pub fn after(data: &Path, seq: Seq) -> Self {
        Self { dir: journal::dir_of(data), next: Seq(seq.0 + 1), seen: None }
    }

    /// What came since the last look, at most `MOST_AT_ONCE`; empty: nothing, for now.
    ///
    /// # Errors
    /// The journal cannot be read, or is damaged before its tail.
    pub fn more(&mut self) -> Result<Vec<Entry>, StoreError> {
        let size = self.size()?;
        if size.is_none() || size == self.seen {
            return Ok(Vec::new());
        }
        let found: Vec<Entry> =
            Entries::live(&self.dir, self.next)?.take(MOST_AT_ONCE).collect::<Result<_, _>>()?;
        if let Some(last) = found.last() {
            self.next = Seq(last.seq.0 + 1);
        }
        if found.len() < MOST_AT_ONCE {
            self.seen = size;
        }
        Ok(found)
    }

    /// `None`: there is no journal yet.
    fn size(&self) -> Result<Option<(usize, u64)>, StoreError> {
        let found = segment::list(&self.dir).and_then(|segments| match segments.last() {
            Some(last) => Ok(Some((segments.len(), std::fs::metadata(&last.path)?.len()))),
            None => Ok(None),
        });
        match found {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            other => other.map_err(|error| StoreError::io("listing the journal", &self.dir, &error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::time::Timestamp,
        store::{Opened, Options, Store, entry::NewEntry},
    };
    use std::io::Write as _;

    fn entry(n: u64) -> NewEntry {
        let payload = format!("{{\"n\":{n}}}");
        let at = Timestamp(i64::try_from(n).unwrap());
        NewEntry { at, actor: "engine".into(), kind: "a.b".into(), mission: None, payload }
    }

    #[tokio::test]
    async fn d12_a_growing_journal_is_read_without_the_lock_up_to_the_last_whole_entry() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(owner_of(dir.path()), None);
        let mut reader = Reader::after(dir.path(), Seq(0));
        assert!(reader.more().unwrap().is_empty(), "no journal yet");
        let options = Options { segment_bytes: 2_000, ..Options::new(Timestamp(1), "repo") };
        let Opened { store, .. } = Store::open(dir.path(), options).unwrap();
        assert_eq!(owner_of(dir.path()).map(|holder| holder.pid), Some(std::process::id()));
        let mut read = Vec::new();
        for n in 1..=40 {
            store.append(vec![entry(n)]).await.unwrap();
            read.extend(reader.more().unwrap().into_iter().map(|entry| entry.seq.0));
        }
        assert_eq!(read, (1..=40).collect::<Vec<_>>());
        assert!(reader.more().unwrap().is_empty());
        // Without the index the same questions have the same answers.
        let newest = Query { limit: 3, ..Query::default() };
        let oldest = Query { from: Some(Seq(7)), order: Order::OldestFirst, ..newest.clone() };
        for question in [newest, oldest, Query { until: Some(Timestamp(9)), ..Query::default() }] {
            assert_eq!(query(dir.path(), &question).unwrap(), store.query(&question).unwrap());
        }
        let segments = segment::list(&journal::dir_of(dir.path())).unwrap();
        assert!(segments.len() > 1, "more than one segment was walked");
        store.close();
        let last = &segments.last().unwrap().path;
        let mut file = std::fs::OpenOptions::new().append(true).open(last).unwrap();
        file.write_all(b"unfinished").unwrap();
        let seen = Reader::after(dir.path(), Seq(38)).more().unwrap();
        assert_eq!(seen.iter().map(|entry| entry.seq.0).collect::<Vec<_>>(), [39, 40]);
    }
}
