//! History: answers questions about the past (by mission, kind, time) from the index and the journal.
//!
//! One thread, `history`, owns the index. It follows the journal at a distance, so it never delays an
//! acknowledgement, and closes the index when nobody asks, so that being idle costs nothing. A question
//! first brings the index up to the journal's end; without one the index is opened only when it has fallen
//! behind by `LAG_MOST`, because sled's threads, once started, wake up every second for ever. Anything wrong with the index: it is set aside
//! (`history.corrupt-<n>`, the newest two are kept), rebuilt from the journal, and one note says so.

use super::{
    entry::Entry,
    error::StoreError,
    journal::Entries,
    merkle::BLOCK,
    sled::{Applied, Bits, Index, Posting},
};
use crate::domain::{
    ids::{MissionId, Seq},
    text,
    time::Timestamp,
};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// Name of the thread: a panic hook may keep quiet about it, its panics are caught and answered.
pub const THREAD: &str = "history";
/// Questions that may wait.
const WAITING_QUESTIONS: usize = 64;
/// Entries indexed at once.
const CHUNK_ENTRIES: usize = 4_096;
/// Entries by which an index may be behind while nobody asks: a question catches up with so many in a moment.
const LAG_MOST: u64 = 512;
/// How long after a write the index is brought up to date if it is further behind.
const APPLY_DELAY: Duration = Duration::from_millis(1_000);
/// How long after the last question, or after it was brought up to date, the index is closed.
const CLOSE_DELAY: Duration = Duration::from_millis(2_000);
/// Set-aside indexes that are kept.
const KEPT_CORRUPT: usize = 2;
/// Notes that are kept until somebody takes them.
const MOST_NOTES: usize = 32;
/// Entries by which an index may be behind at the first look before a note says so.
const QUIET_LAG: u64 = 1_024;
/// Exists once an index has been made, and says how far it reached when it was closed. Only a hint: it decides
/// when the index is opened, never what it says.
const MADE: &str = "history.made";
/// Entries one question may return.
pub const MOST_ANSWERS: usize = 10_000;

/// A question about the past. The default asks for the newest 100 of everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Only of this mission.
    pub mission: Option<MissionId>,
    /// Only kinds that begin so, as `mission.`.
    pub kind: Option<String>,
    /// Only from this time on.
    pub since: Option<Timestamp>,
    /// Only up to this time, inclusive.
    pub until: Option<Timestamp>,
    /// Only from this position: upwards when oldest first, downwards when newest first, inclusive.
    pub from: Option<Seq>,
    /// At most so many, never more than [`MOST_ANSWERS`].
    pub limit: usize,
    /// Which end comes first.
    pub order: Order,
}

/// Which end of the past comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By falling seq.
    NewestFirst,
    /// By rising seq.
    OldestFirst,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            mission: None,
            kind: None,
            since: None,
            until: None,
            from: None,
            limit: 100,
            order: Order::NewestFirst,
        }
    }
}

impl Query {
    pub(super) fn matches(&self, entry: &Entry) -> bool {
        self.mission.is_none_or(|mission| entry.mission == Some(mission))
            && self.kind.as_ref().is_none_or(|kind| entry.kind.starts_with(kind.as_str()))
            && self.since.is_none_or(|since| entry.at >= since)
            && self.until.is_none_or(|until| entry.at <= until)
    }
}

enum Ask {
    Written,
    Question(Query, SyncSender<Result<Vec<Entry>, StoreError>>),
    Stop,
}

/// Tells the history thread that the journal has grown. Never waits.
pub(super) struct Poke(SyncSender<Ask>);

impl Poke {
    /// See [`Poke`]. A full queue means that it is about to look anyway.
    pub(super) fn poke(&self) {
        match self.0.try_send(Ask::Written) {
            Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
        }
    }
}

/// The asking side.
pub(super) struct History {
    asks: SyncSender<Ask>,
    notes: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// A history whose thread waits for [`Waiting::start`], because the journal must exist first.
pub(super) struct Waiting {
    asks: SyncSender<Ask>,
    inbox: Receiver<Ask>,
}

impl Waiting {
    /// Makes the queue.
    pub(super) fn new() -> Self {
        let (asks, inbox) = sync_channel(WAITING_QUESTIONS);
        Self { asks, inbox }
    }
    /// For the journal's writer.
    pub(super) fn poke(&self) -> Poke {
        Poke(self.asks.clone())
    }
    /// Starts the thread over the journal in `data`.
    pub(super) fn start(self, data: &Path, last: Arc<AtomicU64>) -> Result<History, StoreError> {
        let (notes, stop) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let follower = Follower {
            data: data.to_owned(),
            at_open: last.load(Ordering::Acquire),
            last,
            index: None,
            indexed: hint(data),
            notes: Arc::clone(&notes),
            stop: Arc::clone(&stop),
            looked: false,
        };
        let inbox = self.inbox;
        let thread = std::thread::Builder::new()
            .name(THREAD.into())
            .spawn(move || follower.run(&inbox))
            .map_err(|e| StoreError::io("starting the history thread", data, &e))?;
        Ok(History { asks: self.asks, notes, stop, thread: Some(thread) })
    }
}

impl History {
    /// Answers a question; blocks until the index has caught up with the journal.
    pub(super) fn query(&self, query: &Query) -> Result<Vec<Entry>, StoreError> {
        let (answer, wait) = sync_channel(1);
        self.asks.send(Ask::Question(query.clone(), answer)).map_err(|_| StoreError::Closed)?;
        wait.recv().map_err(|_| StoreError::Closed)?
    }
    /// Notes since the last call, one line each.
    pub(super) fn take_notes(&self) -> Vec<String> {
        std::mem::take(&mut *self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }
    /// Ends the thread; what is not indexed yet will be at the next start.
    pub(super) fn close(&mut self) {
        self.stop.store(true, Ordering::Release);
        let _ = self.asks.send(Ask::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for History {
    fn drop(&mut self) {
        self.close();
    }
}

/// The thread that follows the journal.
struct Follower {
    data: PathBuf,
    /// Last entry when the store was opened.
    at_open: u64,
    last: Arc<AtomicU64>,
    index: Option<Index>,
    /// How far the index is thought to reach.
    indexed: u64,
    notes: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    /// Whether the index has been opened before in this process.
    looked: bool,
}

impl Follower {
    fn run(mut self, inbox: &Receiver<Ask>) {
        // When the index is to be brought up to date, and when it is to be closed.
        let (mut apply_at, mut close_at): (Option<Instant>, Option<Instant>) = (None, None);
        loop {
            let ask = match apply_at.into_iter().chain(close_at).min() {
                Some(at) => inbox.recv_timeout(at.saturating_duration_since(Instant::now())),
                None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match ask {
                Ok(Ask::Written) => {
                    if self.last.load(Ordering::Acquire).saturating_sub(self.indexed) >= LAG_MOST {
                        apply_at.get_or_insert_with(|| Instant::now() + APPLY_DELAY);
                    }
                    continue;
                }
                Ok(Ask::Question(query, answer)) => {
                    let _ = answer.send(self.answer(&query));
                    apply_at = None;
                }
                Err(RecvTimeoutError::Timeout) if apply_at.is_some_and(|at| at <= Instant::now()) => {
                    apply_at = None;
                    if let Err(error) = self.caught_up() {
                        self.note(format!("history: {error}"));
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    if close_at.is_some_and(|at| at <= Instant::now()) {
                        close_at = None;
                        self.close_index();
                    }
                    continue;
                }
                Ok(Ask::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            }
            close_at = self.index.is_some().then(|| Instant::now() + CLOSE_DELAY);
        }
        self.close_index();
    }

    fn note(&self, note: String) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if notes.len() < MOST_NOTES {
            notes.push(note);
        }
    }

    fn dir(&self) -> PathBuf {
        self.data.join("history")
    }

    fn close_index(&mut self) {
        match self.index.take().map(Index::close) {
            None => {}
            // Losing it costs an opening that was not needed.
            Some(Ok(())) => drop(std::fs::write(self.data.join(MADE), self.indexed.to_string())),
            Some(Err(reason)) => self.note(format!(
                "history index did not close cleanly ({reason}); it is checked at the next use"
            )),
        }
    }

    /// The index, open and level with the journal. Tries a rebuild once.
    fn caught_up(&mut self) -> Result<(), StoreError> {
        let reason = match self.catch_up() {
            Ok(()) => return Ok(()),
            Err(Trouble::Journal(error)) => return Err(error),
            Err(Trouble::Index(reason)) => reason,
        };
        self.index = None;
        self.looked = true;
        if self.dir().exists() {
            self.set_aside()?;
        }
        match self.catch_up() {
            Ok(()) => {
                let count = self.last.load(Ordering::Acquire);
                self.note(format!(
                    "history index rebuilt from the journal ({}): {reason}",
                    text::count(count, "entry")
                ));
                Ok(())
            }
            Err(Trouble::Journal(error)) => Err(error),
            Err(Trouble::Index(reason)) => Err(StoreError::History(reason)),
        }
    }

    fn catch_up(&mut self) -> Result<(), Trouble> {
        let journal = self.data.join("journal");
        if self.index.is_none() {
            let index = self.open_index(&journal)?;
            self.looked = true;
            self.index = Some(index);
        }
        let Some(index) = &mut self.index else { return Ok(()) };
        let last = self.last.load(Ordering::Acquire);
        let mut entries =
            Entries::new(&journal, Seq(index.applied.seq + 1), last).map_err(Trouble::Journal)?;
        while index.applied.seq < last && !self.stop.load(Ordering::Acquire) {
            let chunk: Vec<Entry> =
                entries.by_ref().take(CHUNK_ENTRIES).collect::<Result<_, _>>().map_err(Trouble::Journal)?;
            index.apply(&chunk).map_err(Trouble::Index)?;
        }
        self.indexed = index.applied.seq;
        // Tells "never made" from "lost"; losing this file costs one note.
        let made = self.data.join(MADE);
        if !made.exists() {
            let _ = std::fs::write(made, b"");
        }
        Ok(())
    }

    fn open_index(&self, journal: &Path) -> Result<Index, Trouble> {
        let first_look = !self.looked && self.at_open > 0 && self.data.join(MADE).exists();
        if first_look && !self.dir().exists() {
            return Err(Trouble::Index("it was missing".into()));
        }
        let index = Index::open(&self.dir()).map_err(Trouble::Index)?;
        if first_look && index.applied.seq == 0 {
            return Err(Trouble::Index("it was empty".into()));
        }
        fits(journal, index.applied, self.last.load(Ordering::Acquire))?;
        let behind = self.at_open.saturating_sub(index.applied.seq);
        if first_look && behind > QUIET_LAG {
            self.note(format!(
                "history index was {} behind: brought up to date",
                text::count(behind, "entry")
            ));
        }
        Ok(index)
    }

    /// Moves a broken index out of the way, for whoever wants to look at it.
    fn set_aside(&self) -> Result<(), StoreError> {
        let dir = self.dir();
        let fail = |e: std::io::Error| StoreError::io("setting a broken history index aside", &dir, &e);
        let mut numbers: Vec<u64> = std::fs::read_dir(&self.data)
            .map_err(fail)?
            .flatten()
            .filter_map(|file| file.file_name().to_str()?.strip_prefix("history.corrupt-")?.parse().ok())
            .collect();
        numbers.sort_unstable();
        let next = numbers.last().map_or(1, |newest| newest + 1);
        std::fs::rename(&dir, self.data.join(format!("history.corrupt-{next}"))).map_err(fail)?;
        let surplus = (numbers.len() + 1).saturating_sub(KEPT_CORRUPT);
        for number in numbers.into_iter().take(surplus) {
            let _ = std::fs::remove_dir_all(self.data.join(format!("history.corrupt-{number}")));
        }
        Ok(())
    }

    fn answer(&mut self, query: &Query) -> Result<Vec<Entry>, StoreError> {
        self.caught_up()?;
        if let Ok(blocks) = self.blocks(query) {
            return self.collect(query, blocks);
        }
        // The index broke while it was read: once more from a fresh one.
        self.index = None;
        self.looked = true;
        if self.dir().exists() {
            self.set_aside()?;
        }
        self.caught_up()?;
        self.note("history index rebuilt from the journal: it broke while it was read".into());
        let blocks = self.blocks(query).map_err(StoreError::History)?;
        self.collect(query, blocks)
    }

    /// Candidate entries by block, everything that was asked for combined.
    fn blocks(&self, query: &Query) -> Result<Posting, String> {
        let Some(index) = &self.index else { return Err("it is not open".into()) };
        let mut lists = Vec::new();
        if let Some(mission) = query.mission {
            lists.push(index.of_mission(mission.0)?);
        }
        if let Some(kind) = &query.kind {
            lists.push(index.of_kind(kind)?);
        }
        if query.since.is_some() || query.until.is_some() {
            let (low, high) = (query.since.map_or(i64::MIN, |t| t.0), query.until.map_or(i64::MAX, |t| t.0));
            lists.push(index.of_time(low, high)?);
        }
        let blocks = self.last.load(Ordering::Acquire).div_ceil(BLOCK);
        let everything = || (0..blocks).map(|block| (block, [0xff; 32])).collect();
        Ok(lists.into_iter().reduce(both).unwrap_or_else(everything))
    }

    fn collect(&self, query: &Query, blocks: Posting) -> Result<Vec<Entry>, StoreError> {
        let (journal, last) = (self.data.join("journal"), self.last.load(Ordering::Acquire));
        let limit = query.limit.min(MOST_ANSWERS);
        let newest_first = query.order == Order::NewestFirst;
        let (low, high) = match (query.from, newest_first) {
            (Some(from), true) => (1, from.0.min(last)),
            (Some(from), false) => (from.0.max(1), last),
            (None, _) => (1, last),
        };
        let mut found = Vec::new();
        let mut order: Vec<_> = blocks.into_iter().collect();
        if newest_first {
            order.reverse();
        }
        for (block, bits) in order {
            if found.len() >= limit {
                break;
            }
            let mut seqs = (0..BLOCK)
                .filter(|slot| bits[*slot as usize / 8] & 1 << (slot % 8) != 0)
                .map(|slot| block * BLOCK + slot + 1)
                .filter(|seq| (low..=high).contains(seq));
            let Some(first) = seqs.next() else { continue };
            let upto = seqs.next_back().unwrap_or(first);
            let mut hits = Vec::new();
            for entry in Entries::new(&journal, Seq(first), upto)? {
                let entry = entry?;
                if query.matches(&entry) {
                    hits.push(entry);
                }
            }
            if newest_first {
                hits.reverse();
            }
            found.extend(hits);
        }
        found.truncate(limit);
        Ok(found)
    }
}

/// How far the index reached when it was closed last; 0 where nothing is known.
fn hint(data: &Path) -> u64 {
    std::fs::read_to_string(data.join(MADE)).ok().and_then(|words| words.trim().parse().ok()).unwrap_or(0)
}

/// Which of the two layers made trouble.
enum Trouble {
    Index(String),
    Journal(StoreError),
}

/// Whether the index was made from this journal.
fn fits(journal: &Path, applied: Applied, last: u64) -> Result<(), Trouble> {
    if applied.seq == 0 {
        return Ok(());
    }
    if applied.seq > last {
        let reason = format!("it reaches to #{}, the journal to #{last}", applied.seq);
        return Err(Trouble::Index(reason));
    }
    let mut entries = Entries::new(journal, Seq(applied.seq), applied.seq).map_err(Trouble::Journal)?;
    match entries.next() {
        Some(Ok(entry)) if entry.hash == applied.hash => Ok(()),
        Some(Err(error)) => Err(Trouble::Journal(error)),
        _ => Err(Trouble::Index("it was made from another journal".into())),
    }
}

fn both(a: Posting, b: Posting) -> Posting {
    let and = |x: &Bits, y: &Bits| std::array::from_fn(|i| x[i] & y[i]);
    a.iter().filter_map(|(block, bits)| b.get(block).map(|other| (*block, and(bits, other)))).collect()
}
