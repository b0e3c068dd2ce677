//! `/api/journal`: what has happened, entry by entry, each with the hashes that prove it.

use crate::{
    domain::{
        ids::{MissionId, Seq},
        time::Timestamp,
    },
    runtime::{
        handle::{HistoryEntry, HistoryQuery},
        past::proof::{self, Proven, Unproven},
    },
    server::{
        api::{Api, Leaf},
        front::Front,
        input::{Asked, form},
        paging::{self, Told, ok},
        problem::{Problem, Sort},
    },
};
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// Longest beginning of a kind.
const KIND_MOST: usize = 100;
/// The form of a moment that any reader of times writes.
const MOMENT: &str =
    "^(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$";

/// Which entries.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    /// This entry and later ones, oldest first. Without it: newest first.
    from: Option<u64>,
    /// Older than this entry.
    before: Option<u64>,
    /// Kinds that begin so, such as `mission.` or `desk.request_decided`.
    #[schemars(regex(pattern = "^[a-z_.]{0,100}$"))]
    kind: Option<String>,
    /// Of this mission, such as M-12.
    #[schemars(regex(pattern = form::MISSION))]
    mission: Option<String>,
    /// From this time on, RFC 3339 in UTC.
    #[schemars(regex(pattern = MOMENT))]
    since: Option<String>,
    /// Up to this time.
    #[schemars(regex(pattern = MOMENT))]
    until: Option<String>,
    /// Entries of one answer.
    #[schemars(range(min = 1, max = 500))]
    most: Option<usize>,
}

/// One entry.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "JournalEntry")]
pub(super) struct Line {
    /// Where in the journal, from 1.
    seq: u64,
    /// When, RFC 3339 in UTC.
    at: String,
    /// Who: `person:ada`, `policy`, `engine`, `agent:M-1/T-2`, `investigator:I-7`.
    actor: String,
    /// What kind, such as `mission.opened`.
    kind: String,
    /// Of which mission.
    mission: Option<String>,
    /// What, in the engine's own form.
    event: Value,
    /// SHA-256 of the record before it.
    prev: String,
    /// SHA-256 of its own record.
    hash: String,
}

impl From<HistoryEntry> for Line {
    fn from(entry: HistoryEntry) -> Self {
        Self {
            seq: entry.seq.0,
            at: entry.at.to_string(),
            actor: entry.actor,
            kind: entry.kind,
            mission: entry.mission.map(|mission| mission.to_string()),
            event: serde_json::from_str(&entry.payload).unwrap_or(Value::Null),
            prev: entry.prev.to_string(),
            hash: entry.hash.to_string(),
        }
    }
}

/// Entries, and where the next ones begin.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "JournalRange")]
pub(super) struct Lines {
    /// In the order asked for.
    entries: Vec<Line>,
    /// What `from` (or `before`, where that was asked) is for the next ones; null: there were no more.
    next: Option<u64>,
    /// The last entry of the journal.
    last: u64,
}

/// Which entry.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct One {
    /// Its number.
    #[schemars(range(min = 1))]
    seq: u64,
}

/// That an entry stands in the journal, as `chimera audit prove` says it. Records are texts, exactly as they are hashed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "JournalProof")]
pub(super) struct Proof {
    /// `audit_proof`.
    kind: &'static str,
    /// The entry's number.
    seq: u64,
    /// SHA-256 of the journal's last record: to be compared with one that was seen elsewhere.
    head: String,
    /// The entry's record.
    entry: String,
    /// The checkpoint that covers it; null: none does yet.
    checkpoint: Option<String>,
    /// The checkpoints after that one: each names the one before it in `past`.
    later: Vec<String>,
    /// The records from there to the head: each names the one before it in `prev`.
    tail: Vec<String>,
    /// All of it as commands for a POSIX shell, each with what it must print.
    commands: String,
}

pub(super) fn routes(api: Api) -> Api {
    let leaf = Leaf::new("list_journal", "journal", "What has happened, by range, kind and mission")
        .query::<Range>()
        .answers::<Lines>(200);
    let proof_leaf = Leaf::new(
        "prove_entry",
        "journal",
        "The proof that an entry stands in the journal, checked with nothing but SHA-256; that of the first entry has every checkpoint",
    )
    .query::<One>()
    .answers::<Proof>(200);
    api.get("/api/journal", leaf, list).get("/api/journal/proof", proof_leaf, prove)
}

fn moment(text: Option<String>) -> Result<Option<Timestamp>, Problem> {
    let read = text.map(|text| text.parse::<Timestamp>()).transpose();
    read.map_err(|error| Problem::new(Sort::Malformed, error.to_string(), "write 2026-11-21T09:30:00Z"))
}

async fn list(State(front): State<Arc<Front>>, Asked(range): Asked<Range>) -> Result<Told<Lines>, Problem> {
    let most = paging::length(range.most)?;
    let kind = range.kind.unwrap_or_default();
    if kind.len() > KIND_MOST || !kind.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_' | b'.')) {
        let detail = format!("a kind is small letters, _ and ., and has {KIND_MOST} of them at most");
        return Err(Problem::new(Sort::Malformed, detail, "write mission. or desk.request_decided"));
    }
    let mission = range.mission.map(|id| {
        id.parse::<MissionId>()
            .map_err(|error| Problem::new(Sort::Malformed, error.to_string(), "write M-12"))
    });
    let forwards = range.from.is_some();
    let query = HistoryQuery {
        mission: mission.transpose()?,
        kind,
        before: range.before.filter(|_| !forwards).map(Seq),
        from: range.from.map(Seq),
        since: moment(range.since)?,
        until: moment(range.until)?,
        most: most + 1,
    };
    let mut found = front.handle.read(query).await?;
    if forwards {
        found.retain(|entry| range.before.is_none_or(|before| entry.seq.0 < before));
    }
    let more = found.len() > most;
    found.truncate(most);
    let edge = found.last().filter(|_| more).map(|entry| entry.seq.0);
    let next = edge.map(|seq| if forwards { seq + 1 } else { seq });
    let entries = found.into_iter().map(Line::from).collect();
    Ok(ok(Lines { entries, next, last: front.state().seq.0 }))
}

async fn prove(
    State(front): State<Arc<Front>>,
    Asked(One { seq }): Asked<One>,
) -> Result<Told<Proof>, Problem> {
    // The whole journal is read: once at a time is enough, also where nobody waits for it any more.
    let turn = front.proving.clone().lock_owned().await;
    let data = front.settings.places.data.clone();
    let work = move || {
        let _turn = turn;
        proof::of(&data, Seq(seq))
    };
    let proven = tokio::task::spawn_blocking(work).await;
    let proven = proven.map_err(|_| Problem::new(Sort::Internal, "the proof was lost", "see the log"))?;
    let Proven { head, entry, checkpoint, later, tail, commands } = proven.map_err(|why| match why {
        Unproven::Missing(words) => {
            Problem::new(Sort::NotFound, words, "GET /api/journal lists what there is")
        }
        // Where which file is wrong is for whoever has the files.
        Unproven::Damaged(words) => {
            tracing::error!(%words, seq, "an entry cannot be proven");
            let detail = "the journal cannot be read, or does not verify";
            Problem::new(Sort::Unavailable, detail, "`chimera audit verify` where it runs says more")
        }
    })?;
    let head = head.to_string();
    Ok(ok(Proof { kind: "audit_proof", seq, head, entry, checkpoint, later, tail, commands }))
}
