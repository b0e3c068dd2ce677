//! The history index on disk: which entries belong to a mission, a kind, a stretch of time.
//!
//! The only file that says `sled`. It holds positions, never facts: whatever happens to it, it is rebuilt
//! from the journal. Posting lists are bitmaps over blocks of 256 entries, because a row for each entry and
//! question would take sled twelve seconds a million instead of one.
//!
//! Traps of sled 0.34.7 that shape this file, each with a test:
//! - `flush` is not an fsync: we fdatasync `db` ourselves.
//! - a leftover `snap.*.generating` makes every later open fail: swept before opening.
//! - opening a damaged file can panic: every call is made inside `catch_unwind`.
//! - values over 64 KiB become files that are never synced: our values are 32 bytes.
//! - its flusher syncs every second for ever: the caller closes the index when nothing happens.
//! - a prefix subscriber that is not drained blocks every writer: that call is not used.

use super::{entry::Entry, merkle::BLOCK};
use crate::domain::digest::Digest;
use std::{
    collections::BTreeMap,
    fs::File,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::Duration,
};

/// Memory sled may use for pages; its default is 1 GiB.
const CACHE_BYTES: u64 = 32 << 20;
/// How often sled's own thread flushes and collects garbage while the index is open.
const FLUSH_EVERY_MS: u64 = 1_000;
/// We own the directory, so sled's own lock can only be held by the tail of our last use of it: a thread of
/// sled that is ending, or a child process that has not reached its exec yet.
const LOCK_TRIES: u32 = 100;
const LOCK_WAIT: Duration = Duration::from_millis(10);
/// Version of the keys below; another one means rebuild.
const LAYOUT: u8 = 1;
const APPLIED: &[u8] = b"a";

/// One bit for each entry of a block.
pub(super) type Bits = [u8; 32];

/// Positions by block.
pub(super) type Posting = BTreeMap<u64, Bits>;

/// Up to where the journal is indexed: seq and hash of that entry, and what the bits must add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Applied {
    pub(super) seq: u64,
    pub(super) hash: Digest,
    /// Entries up to there that belong to a mission.
    with_mission: u64,
}

/// An open index.
pub(super) struct Index {
    db: ::sled::Db,
    file: PathBuf,
    pub(super) applied: Applied,
}

fn guarded<T>(work: impl FnOnce() -> ::sled::Result<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(error.to_string()),
        Err(panic) => {
            let said = panic.downcast_ref::<String>().map(String::as_str);
            let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(format!("sled panicked: {}", said.unwrap_or("without words")))
        }
    }
}

/// Deletes half-written sled snapshots; sled would take one for its newest and refuse to open for ever.
fn sweep_half_snapshots(dir: &Path) {
    let Ok(files) = std::fs::read_dir(dir) else { return };
    for file in files.flatten() {
        let name = file.file_name();
        if name.to_str().is_some_and(|name| name.starts_with("snap.") && name.ends_with(".generating")) {
            let _ = std::fs::remove_file(file.path());
        }
    }
}

fn key(kind: u8, name: &[u8], block: u64) -> Vec<u8> {
    let mut key = Vec::with_capacity(name.len() + 10);
    key.push(kind);
    key.extend_from_slice(name);
    if kind == b'k' {
        key.push(0);
    }
    key.extend_from_slice(&block.to_be_bytes());
    key
}

fn number(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_be_bytes)
}

/// Times as keys that sort: the sign bit flipped.
fn time_bytes(at: i64) -> [u8; 8] {
    (at ^ i64::MIN).to_be_bytes()
}

fn times(value: &[u8]) -> Option<(i64, i64)> {
    let (low, high) = value.split_at_checked(8)?;
    let time = |bytes: &[u8]| Some(i64::from_be_bytes(bytes.try_into().ok()?) ^ i64::MIN);
    Some((time(low)?, time(high)?))
}

impl Index {
    /// Opens or creates the index in `dir`. `Err` says in words why it is not usable.
    pub(super) fn open(dir: &Path) -> Result<Self, String> {
        sweep_half_snapshots(dir);
        let config =
            ::sled::Config::new().path(dir).cache_capacity(CACHE_BYTES).flush_every_ms(Some(FLUSH_EVERY_MS));
        let mut tries = 0;
        let (db, applied) = loop {
            let opened = guarded(|| {
                let db = config.open()?;
                let applied = db.get(APPLIED)?;
                Ok((db, applied))
            });
            match opened {
                Err(error) if error.contains("could not acquire lock") && tries < LOCK_TRIES => {
                    tries += 1;
                    std::thread::sleep(LOCK_WAIT);
                }
                opened => break opened?,
            }
        };
        let applied = match applied {
            None if guarded(|| Ok(db.is_empty()))? => Applied::default(),
            None => return Err("it does not say how far it reaches".into()),
            Some(value) => read_applied(&value).ok_or("it has another layout")?,
        };
        let index = Self { db, file: dir.join("db"), applied };
        if index.count(b"k")? != applied.seq || index.count(b"m")? != applied.with_mission {
            return Err("rows are missing from it".into());
        }
        Ok(index)
    }

    /// Set bits up to what is applied. Each entry has one kind, so that rows sled has lost show here.
    fn count(&self, prefix: &[u8]) -> Result<u64, String> {
        let applied = self.applied.seq;
        guarded(|| {
            let mut count = 0;
            for row in self.db.scan_prefix(prefix) {
                let (key, bits) = row?;
                let block = key.len().checked_sub(8).and_then(|at| number(&key[at..])).unwrap_or(u64::MAX);
                let room = usize::try_from(applied.saturating_sub(block.saturating_mul(BLOCK))).unwrap_or(0);
                count += bits
                    .iter()
                    .enumerate()
                    .map(|(index, byte)| match room.saturating_sub(index * 8) {
                        0 => 0,
                        most @ 1..8 => (byte & ((1 << most) - 1)).count_ones(),
                        _ => byte.count_ones(),
                    })
                    .map(u64::from)
                    .sum::<u64>();
            }
            Ok(count)
        })
    }

    /// Adds entries, which must follow what is applied. Adding one twice changes nothing.
    pub(super) fn apply(&mut self, entries: &[Entry]) -> Result<(), String> {
        let Some(last) = entries.last() else { return Ok(()) };
        let mut bits: BTreeMap<Vec<u8>, Bits> = BTreeMap::new();
        let mut spans: BTreeMap<u64, (i64, i64)> = BTreeMap::new();
        for entry in entries {
            let (block, slot) = ((entry.seq.0 - 1) / BLOCK, (entry.seq.0 - 1) % BLOCK);
            let mut set = |key: Vec<u8>| bits.entry(key).or_default()[slot as usize / 8] |= 1 << (slot % 8);
            set(key(b'k', entry.kind.as_bytes(), block));
            if let Some(mission) = entry.mission {
                set(key(b'm', &mission.0.to_be_bytes(), block));
            }
            let span = spans.entry(block).or_insert((entry.at.0, entry.at.0));
            *span = (span.0.min(entry.at.0), span.1.max(entry.at.0));
        }
        let with_mission =
            self.applied.with_mission + entries.iter().filter(|e| e.mission.is_some()).count() as u64;
        let applied = Applied { seq: last.seq.0, hash: last.hash, with_mission };
        guarded(|| self.merge(bits, spans, applied))?;
        self.applied = applied;
        Ok(())
    }

    fn merge(
        &self,
        bits: BTreeMap<Vec<u8>, Bits>,
        spans: BTreeMap<u64, (i64, i64)>,
        applied: Applied,
    ) -> ::sled::Result<()> {
        for (key, mut new) in bits {
            if let Some(old) = self.db.get(&key)? {
                new.iter_mut().zip(old.iter()).for_each(|(new, old)| *new |= old);
            }
            self.db.insert(key, &new)?;
        }
        for (block, (mut low, mut high)) in spans {
            let key = key(b't', &[], block);
            if let Some((old_low, old_high)) = self.db.get(&key)?.as_deref().and_then(times) {
                (low, high) = (low.min(old_low), high.max(old_high));
            }
            self.db.insert(key, [time_bytes(low), time_bytes(high)].concat())?;
        }
        // Last, so that a crash between the two leaves bits that are set again, never bits that are missing.
        self.db.insert(APPLIED, applied_bytes(applied))?;
        Ok(())
    }

    /// Entries of a mission.
    pub(super) fn of_mission(&self, mission: u64) -> Result<Posting, String> {
        self.scan([b"m".as_slice(), &mission.to_be_bytes()].concat())
    }

    /// Entries whose kind begins so.
    pub(super) fn of_kind(&self, prefix: &str) -> Result<Posting, String> {
        self.scan([b"k", prefix.as_bytes()].concat())
    }

    fn scan(&self, prefix: Vec<u8>) -> Result<Posting, String> {
        guarded(|| {
            let mut posting = Posting::new();
            for row in self.db.scan_prefix(prefix) {
                let (key, value) = row?;
                let block = key.len().checked_sub(8).and_then(|at| number(&key[at..]));
                let Some(block) = block else { continue };
                let bits = posting.entry(block).or_default();
                bits.iter_mut().zip(value.iter()).for_each(|(bits, new)| *bits |= new);
            }
            Ok(posting)
        })
    }

    /// Blocks that hold entries of the time from `low` to `high`.
    pub(super) fn of_time(&self, low: i64, high: i64) -> Result<Posting, String> {
        guarded(|| {
            let mut posting = Posting::new();
            for row in self.db.scan_prefix(b"t") {
                let (key, value) = row?;
                let Some((first, last)) = times(&value) else { continue };
                if let (Some(block), true) = (number(&key[1..]), first <= high && last >= low) {
                    posting.insert(block, [0xff; 32]);
                }
            }
            Ok(posting)
        })
    }

    /// Makes everything applied durable.
    pub(super) fn sync(&self) -> Result<(), String> {
        guarded(|| {
            self.db.flush()?;
            Ok(File::open(&self.file)?.sync_data()?)
        })
    }

    /// Syncs and closes.
    pub(super) fn close(self) -> Result<(), String> {
        let synced = self.sync();
        guarded(|| {
            drop(self.db);
            Ok(())
        })?;
        synced
    }
}

fn applied_bytes(applied: Applied) -> Vec<u8> {
    [&[LAYOUT][..], &applied.seq.to_be_bytes(), &applied.with_mission.to_be_bytes(), &applied.hash.0].concat()
}

fn read_applied(value: &[u8]) -> Option<Applied> {
    let (layout, rest) = value.split_first()?;
    let (seq, rest) = rest.split_at_checked(8)?;
    let (with_mission, hash) = rest.split_at_checked(8)?;
    (*layout == LAYOUT).then_some(())?;
    Some(Applied {
        seq: number(seq)?,
        with_mission: number(with_mission)?,
        hash: Digest(hash.try_into().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        ids::{MissionId, Seq},
        time::Timestamp,
    };

    fn entry(n: u64) -> Entry {
        Entry {
            seq: Seq(n),
            at: Timestamp(0),
            actor: String::new(),
            kind: if n.is_multiple_of(2) { "a.b" } else { "c" }.into(),
            mission: (n.is_multiple_of(3)).then_some(MissionId(1)),
            payload: String::new(),
            prev: Digest::default(),
            hash: Digest::of(&n.to_be_bytes()),
            version: 1,
        }
    }

    #[test]
    fn rows_that_sled_lost_are_noticed_and_bits_beyond_the_mark_are_not_counted() {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path().join("history");
        let mut index = Index::open(&at).unwrap();
        index.apply(&(1..=300).map(entry).collect::<Vec<_>>()).unwrap();
        let applied = index.applied;
        // A crash after the bits, before the mark.
        index.apply(&(301..=333).map(entry).collect::<Vec<_>>()).unwrap();
        index.db.insert(APPLIED, applied_bytes(applied)).unwrap();
        index.close().unwrap();
        let mut index = Index::open(&at).unwrap();
        assert_eq!(index.applied, applied);
        index.apply(&(301..=333).map(entry).collect::<Vec<_>>()).unwrap();
        index.close().unwrap();

        for lost in [key(b'k', b"c", 1), key(b'm', &1_u64.to_be_bytes(), 0)] {
            let index = Index::open(&at).unwrap();
            let row = index.db.remove(&lost).unwrap().unwrap();
            index.close().unwrap();
            assert_eq!(Index::open(&at).err().as_deref(), Some("rows are missing from it"));
            let db = ::sled::open(&at).unwrap();
            db.insert(&lost, row).unwrap();
        }
        assert!(Index::open(&at).is_ok());
    }

    #[test]
    fn a_big_index_cut_by_a_megabyte_claims_no_more_than_it_has() {
        let dir = tempfile::tempdir().unwrap();
        let mut index = Index::open(dir.path()).unwrap();
        for chunk in (1..=40_000).collect::<Vec<u64>>().chunks(4_000) {
            let entries: Vec<Entry> =
                chunk.iter().map(|n| Entry { mission: Some(MissionId(*n)), ..entry(*n) }).collect();
            index.apply(&entries).unwrap();
        }
        index.close().unwrap();
        let db = File::options().write(true).open(dir.path().join("db")).unwrap();
        let len = db.metadata().unwrap().len();
        assert!(len > 2 << 20, "{len}");
        db.set_len(len - (1 << 20)).unwrap();
        for file in std::fs::read_dir(dir.path()).unwrap().flatten() {
            if file.file_name().to_string_lossy().starts_with("snap.") {
                std::fs::remove_file(file.path()).unwrap();
            }
        }
        // Where sled had put what decides: an error, a panic (caught), or an earlier state, but never one that
        // claims more than it has.
        match Index::open(dir.path()) {
            Err(error) => eprintln!("sled said: {error}"),
            Ok(index) => {
                for mission in 1..=index.applied.seq {
                    assert_eq!(index.of_mission(mission).unwrap().len(), 1, "mission {mission}");
                }
            }
        }
    }

    #[test]
    fn a_panic_of_sled_becomes_words() {
        let said = guarded::<()>(|| panic!("tried to serialize Uninitialized"));
        assert_eq!(said, Err("sled panicked: tried to serialize Uninitialized".into()));
    }

    #[test]
    fn another_layout_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let index = Index::open(dir.path()).unwrap();
        index.db.insert(APPLIED, vec![LAYOUT + 1; 49]).unwrap();
        index.close().unwrap();
        assert_eq!(Index::open(dir.path()).err().as_deref(), Some("it has another layout"));
    }
}
