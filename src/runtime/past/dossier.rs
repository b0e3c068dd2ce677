//! Everything that concerns one mission: its facts in order, each with its record in the journal.

use super::shelf::Shelf;
use crate::{
    domain::{
        digest::Digest,
        ids::{MissionId, Seq},
        incident::AttemptOutcome,
    },
    engine::{
        event::{Event, Fact, IncidentEvent},
        state::State,
        thread::Thread,
    },
    runtime::records::fact_of,
    store::{
        entry::Entry,
        history::{Order, Query},
    },
};
use std::collections::VecDeque;

/// Facts of one dossier.
pub const PAPERS_MOST: usize = 50_000;
/// Bytes of their records together.
pub const BYTES_MOST: usize = 64 << 20;
/// Entries looked at after the last that names the mission, for what ends later.
const TAIL_MOST: u64 = 8_192;
/// Entries read at once.
const CHUNK: usize = 1_024;

/// One fact with its record.
#[derive(Debug, Clone, PartialEq)]
pub struct Paper {
    /// Where in the journal.
    pub seq: Seq,
    /// SHA-256 of the record.
    pub hash: Digest,
    /// Its kind, such as `mission.opened`.
    pub kind: String,
    /// The record as it stands in the journal: canonical JSON on one line.
    pub record: String,
    /// What happened.
    pub fact: Fact,
}

/// Everything that concerns one mission.
#[derive(Debug, Clone, PartialEq)]
pub struct Dossier {
    /// Which.
    pub mission: MissionId,
    /// In order; first the policy that was in force when it was opened.
    pub papers: Vec<Paper>,
    /// True when there is more than fits.
    pub cut: bool,
}

impl Dossier {
    /// The state that the first so many facts add up to.
    #[must_use]
    pub fn fold(&self, facts: usize) -> State {
        let mut state = State::default();
        for paper in self.papers.iter().take(facts) {
            state.apply(paper.seq, &paper.fact);
        }
        state
    }

    /// Why the service does not run what the mission landed, if its release was taken back.
    #[must_use]
    pub fn rolled_back(&self) -> Option<&str> {
        self.papers.iter().rev().find_map(|paper| match &paper.fact.event {
            Event::Incident(
                _,
                IncidentEvent::AttemptEnded { outcome: AttemptOutcome::RolledBack(why), .. },
            ) => Some(why.as_str()),
            _ => None,
        })
    }
}

/// Gathers it. Blocks: reads what lies between the mission's first and last entry.
///
/// # Errors
/// In words: there is no such mission, or the journal cannot be read.
pub fn gather(shelf: &dyn Shelf, mission: MissionId) -> Result<Dossier, String> {
    let mut named = named(shelf, mission)?;
    let (Some(first), Some(last)) = (named.front().copied(), named.back().copied()) else {
        return Err(format!("the journal has no mission {mission}"));
    };
    let mut gathering = Gathering {
        dossier: Dossier { mission, papers: Vec::new(), cut: false },
        thread: Thread::of(mission),
        bytes: 0,
    };
    let policy =
        Query { kind: Some("control.policy_loaded".into()), from: Some(first), limit: 1, ..Query::default() };
    for entry in shelf.entries(&policy)? {
        gathering.take(&entry)?;
    }
    let end = Seq(last.0.saturating_add(TAIL_MOST));
    let mut next = first;
    while !gathering.dossier.cut && next <= end {
        let query = Query { from: Some(next), limit: CHUNK, order: Order::OldestFirst, ..Query::default() };
        let entries = shelf.entries(&query)?;
        let Some(upto) = entries.last().map(|entry| entry.seq) else { break };
        for entry in entries {
            gathering.take(&entry)?;
        }
        next = Seq(upto.0 + 1);
        while named.front().is_some_and(|seq| *seq < next) {
            named.pop_front();
        }
        if gathering.thread.is_quiet() {
            match named.front() {
                // Nothing of it lies between.
                Some(seq) => next = *seq,
                None => break,
            }
        }
    }
    Ok(gathering.dossier)
}

/// Entries that name the mission, in order.
fn named(shelf: &dyn Shelf, mission: MissionId) -> Result<VecDeque<Seq>, String> {
    let mut found = VecDeque::new();
    let mut from = None;
    while found.len() < PAPERS_MOST {
        let order = Order::OldestFirst;
        let query = Query { mission: Some(mission), from, limit: CHUNK, order, ..Query::default() };
        let entries = shelf.entries(&query)?;
        found.extend(entries.iter().map(|entry| entry.seq));
        match entries.last() {
            Some(entry) if entries.len() == CHUNK => from = Some(Seq(entry.seq.0 + 1)),
            _ => break,
        }
    }
    Ok(found)
}

struct Gathering {
    dossier: Dossier,
    thread: Thread,
    bytes: usize,
}

impl Gathering {
    fn take(&mut self, entry: &Entry) -> Result<(), String> {
        let fact = fact_of(entry).map_err(|error| error.to_string())?;
        if !self.thread.takes(&fact.event) {
            return Ok(());
        }
        self.bytes = self.bytes.saturating_add(entry.payload.len());
        if self.dossier.papers.len() >= PAPERS_MOST || self.bytes > BYTES_MOST {
            self.dossier.cut = true;
            return Ok(());
        }
        let (seq, hash, kind) = (entry.seq, entry.hash, entry.kind.clone());
        self.dossier.papers.push(Paper { seq, hash, kind, record: entry.record(), fact });
        Ok(())
    }
}
