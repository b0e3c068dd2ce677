//! One entry of the journal in full: its place, its hashes and what stands in it.

use crate::{
    domain::{
        digest::Digest,
        ids::{MissionId, Seq},
        text::{clean, clean_line},
        time::Timestamp,
    },
    runtime::{handle::HistoryEntry, past::dossier::Paper},
    tui::past::who,
};

/// Rows of a payload that are shown.
const ROWS_MOST: usize = 5_000;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// Where.
    pub seq: Seq,
    /// Its kind.
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// Of which mission.
    pub mission: Option<MissionId>,
    /// SHA-256 of its record as it was read.
    pub hash: Digest,
    /// The same of the record before, as this one states it.
    pub prev: Option<Digest>,
    /// Whether its record, made again from what was read, has that hash.
    pub holds: bool,
    /// What stands in it, indented, clean.
    pub rows: Vec<String>,
    /// Scrolled so far.
    pub scroll: usize,
}

impl Detail {
    /// Of an entry.
    #[must_use]
    pub fn of(entry: &HistoryEntry) -> Self {
        Self {
            seq: entry.seq,
            kind: clean_line(&entry.kind, 64).into(),
            at: entry.at,
            actor: who(&entry.actor),
            mission: entry.mission,
            hash: entry.hash,
            prev: Some(entry.prev),
            holds: entry.record().is_ok(),
            rows: pretty(&entry.payload),
            scroll: 0,
        }
    }

    /// Of a mission's fact.
    #[must_use]
    pub fn of_paper(paper: &Paper, mission: MissionId) -> Self {
        let payload = serde_json::to_string(&paper.fact.event).unwrap_or_default();
        Self {
            seq: paper.seq,
            kind: clean_line(&paper.kind, 64).into(),
            at: paper.fact.at,
            actor: paper.fact.actor.to_string(),
            mission: Some(mission),
            hash: paper.hash,
            prev: None,
            holds: Digest::of(paper.record.as_bytes()) == paper.hash,
            rows: pretty(&payload),
            scroll: 0,
        }
    }
}

fn pretty(payload: &str) -> Vec<String> {
    let value: Option<serde_json::Value> = serde_json::from_str(payload).ok();
    let text = value.and_then(|value| serde_json::to_string_pretty(&value).ok());
    let text = clean(text.as_deref().unwrap_or(payload));
    let mut rows: Vec<String> = text.lines().take(ROWS_MOST).map(|line| line.replace('\t', "    ")).collect();
    let more = text.lines().count().saturating_sub(ROWS_MOST);
    if more > 0 {
        rows.push(format!("… {more} more rows"));
    }
    rows
}
