//! What a face asks, answered over the line. A word of a person goes under a word of ours, so that giving it once more
//! after the line broke does it once; its receipt comes when the state that this side shows has it.

use super::wire::{Trouble, Wire};
use crate::{
    domain::{
        digest::Digest,
        ids::{MissionId, Seq},
        text::json_escaped,
        time::{Millis, Timestamp},
    },
    engine::{
        command::{Command, Refusal, RefusalKind},
        event::Event,
        state::State,
    },
    runtime::{
        handle::{Ask, HistoryEntry, HistoryQuery, Receipt, SendError},
        past::{dossier, elsewhere::Elsewhere, export, search, shelf::Shelf},
    },
    server::{paging::MOST, tail::VERSION},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::{
    sync::{oneshot, watch},
    time,
};

/// How long the state may take to show what a command brought about.
const SHOWN_MOST: Millis = Millis::secs(15);
/// Between two tries to give a command whose answer was lost, and how many there are.
const AGAIN_AFTER: Millis = Millis(500);
const TRIES_MOST: u32 = 4;
/// Numbers the commands of this process.
static GIVEN: AtomicU64 = AtomicU64::new(0);

/// A command as it goes over the line.
#[derive(Serialize)]
struct Given<'a> {
    version: u32,
    command: &'a Command,
}

/// What comes back.
#[derive(Deserialize)]
struct Done {
    seq: Seq,
    events: Vec<Event>,
}

/// An entry of the journal as it comes over the line.
#[derive(Deserialize)]
struct Line {
    seq: Seq,
    at: String,
    actor: String,
    kind: String,
    mission: Option<String>,
    event: Value,
    prev: Digest,
    hash: Digest,
}

impl Line {
    fn entry(self) -> Option<HistoryEntry> {
        Some(HistoryEntry {
            seq: self.seq,
            at: self.at.parse().ok()?,
            actor: self.actor,
            kind: self.kind,
            mission: self.mission.map(|mission| mission.parse::<MissionId>()).transpose().ok()?,
            // Fields keep their order, so that it is the record's own text again.
            payload: json_escaped(self.event.to_string()),
            prev: self.prev,
            hash: self.hash,
        })
    }
}

/// Entries of the journal, in pieces.
#[derive(Deserialize)]
struct Lines {
    entries: Vec<Line>,
    next: Option<u64>,
}

/// What is kept at the other end.
#[derive(Deserialize)]
struct Kept {
    digest: Digest,
}

/// A word of this process's that nobody else gives.
pub(super) fn word(born: Timestamp) -> String {
    let number = GIVEN.fetch_add(1, Ordering::Relaxed);
    format!("attach-{}-{}-{number}", std::process::id(), born.0)
}

/// Answers one. The asker may have gone away meanwhile; then nobody needs the answer.
pub(super) async fn answer(ask: Ask, wire: Wire, states: watch::Receiver<Arc<State>>, word: String) {
    match ask {
        Ask::Send(_, command, reply) => {
            let _ = reply.send(give(&wire, &command, states, &word).await);
        }
        Ask::Read(query, reply) => {
            let _ = reply.send(read(&wire, query).await.map_err(SendError::Store));
        }
        Ask::Follow(after, most, reply) => {
            let query = HistoryQuery { from: Some(Seq(after.0 + 1)), most, ..HistoryQuery::default() };
            let _ = reply.send(read(&wire, query).await.map_err(SendError::Store));
        }
        Ask::Search(wanted, reply) => past(wire, reply, move |shelf| search::run(shelf, &wanted)),
        Ask::Gather(mission, reply) => past(wire, reply, move |shelf| dossier::gather(shelf, mission)),
        Ask::Export(wanted, reply) => past(wire, reply, move |shelf| export::to_file(shelf, &wanted)),
        Ask::Fetch(content, reply) => {
            let _ = reply.send(fetch(&wire, content).await.map_err(SendError::Store));
        }
        Ask::Keep(bytes, reply) => {
            let kept = wire.post::<Kept>("/api/blobs", ("application/octet-stream", bytes), None).await;
            let _ =
                reply.send(kept.map(|kept| kept.digest).map_err(|trouble| SendError::Store(trouble.words())));
        }
    }
}

/// Says that there is no line.
pub(super) fn refuse(ask: Ask, why: &str) {
    let words = format!("the line is lost ({why}); nothing was done");
    match ask {
        Ask::Send(_, _, reply) => drop(reply.send(Err(SendError::Unanswered(words)))),
        Ask::Read(_, reply) | Ask::Follow(_, _, reply) => drop(reply.send(Err(SendError::Store(words)))),
        Ask::Search(_, reply) => drop(reply.send(Err(SendError::Store(words)))),
        Ask::Gather(_, reply) => drop(reply.send(Err(SendError::Store(words)))),
        Ask::Export(_, reply) => drop(reply.send(Err(SendError::Store(words)))),
        Ask::Fetch(_, reply) => drop(reply.send(Err(SendError::Store(words)))),
        Ask::Keep(_, reply) => drop(reply.send(Err(SendError::Store(words)))),
    }
}

async fn give(
    wire: &Wire,
    command: &Command,
    mut states: watch::Receiver<Arc<State>>,
    word: &str,
) -> Result<Receipt, SendError> {
    let given = serde_json::to_vec(&Given { version: VERSION, command });
    let given = given.map_err(|error| SendError::Store(error.to_string()))?;
    let mut tries = 0;
    let done: Done = loop {
        tries += 1;
        match wire.post("/api/commands", ("application/json", given.clone()), Some(word)).await {
            Ok(done) => break done,
            Err(Trouble::Refused { sort, detail }) => return Err(refused(&sort, detail)),
            Err(Trouble::Lost(why)) if tries == TRIES_MOST => {
                let words =
                    format!("the line was lost ({why}); whether it was done shows when it is there again");
                return Err(SendError::Unanswered(words));
            }
            Err(Trouble::Lost(_)) => time::sleep(AGAIN_AFTER.to_std()).await,
        }
    };
    // However long the line takes to bring it, it is done.
    let shown = states.wait_for(|state| state.seq >= done.seq);
    let _ = time::timeout(SHOWN_MOST.to_std(), shown).await;
    Ok(Receipt { seq: done.seq, events: done.events })
}

fn refused(sort: &str, reason: String) -> SendError {
    let kind = match sort {
        "not_found" => RefusalKind::Unknown,
        "already" => RefusalKind::Already,
        "stale" => RefusalKind::Stale,
        "over_budget" => RefusalKind::OverBudget,
        "halted" => RefusalKind::Halted,
        "forbidden" | "role" | "unauthorized" => RefusalKind::Forbidden,
        "unavailable" | "busy" | "too_many" => return SendError::Store(reason),
        "too_slow" | "under_way" => return SendError::Unanswered(reason),
        _ => RefusalKind::Invalid,
    };
    SendError::Refused(Refusal { kind, reason, enough: None })
}

/// Entries as they are asked for, however many pages that is.
async fn read(wire: &Wire, query: HistoryQuery) -> Result<Vec<HistoryEntry>, String> {
    let mut found = Vec::new();
    let mut at = query.from.or(query.before).map(|seq| seq.0);
    let way = if query.from.is_some() { "from" } else { "before" };
    while found.len() < query.most {
        let most = (query.most - found.len()).min(MOST);
        let mut path = format!("/api/journal?most={most}");
        let mut add = |key: &str, value: Option<String>| {
            value.iter().for_each(|value| path.push_str(&format!("&{key}={}", escaped(value))));
        };
        add(way, at.map(|seq| seq.to_string()));
        add("kind", (!query.kind.is_empty()).then(|| query.kind.clone()));
        add("mission", query.mission.map(|mission| mission.to_string()));
        add("since", query.since.map(|at| at.to_string()));
        add("until", query.until.map(|at| at.to_string()));
        let lines: Lines = wire.get(&path).await.map_err(|trouble| trouble.words())?;
        let entries: Option<Vec<HistoryEntry>> = lines.entries.into_iter().map(Line::entry).collect();
        found.extend(entries.ok_or("an entry cannot be read by this version")?);
        at = lines.next;
        if at.is_none() {
            break;
        }
    }
    Ok(found)
}

/// As a value of a query: what is more than letters, digits and a few signs goes by its bytes.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

async fn fetch(wire: &Wire, content: Digest) -> Result<Vec<u8>, String> {
    let bytes = wire.bytes(&format!("/api/blobs/{content}")).await.map_err(|trouble| trouble.words())?;
    if Digest::of(&bytes) == content { Ok(bytes) } else { Err(format!("what came is not {content}")) }
}

/// Looks into the past from a thread that may wait for it.
fn past<T: Send + 'static>(
    wire: Wire,
    reply: oneshot::Sender<Result<T, SendError>>,
    work: impl FnOnce(&dyn Shelf) -> Result<T, String> + Send + 'static,
) {
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        let shelf = Elsewhere {
            entries: |query| runtime.block_on(read(&wire, query)),
            blob: |content| runtime.block_on(fetch(&wire, content)),
        };
        let _ = reply.send(work(&shelf).map_err(SendError::Store));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d11_a_refusal_comes_over_the_line_as_it_was() {
        let stale = refused("stale", "it has changed".into());
        let refusal = Refusal { kind: RefusalKind::Stale, reason: "it has changed".into(), enough: None };
        assert_eq!(stale, SendError::Refused(refusal));
        assert!(matches!(refused("unavailable", String::new()), SendError::Store(_)));
        assert_eq!(escaped("a b&c=é"), "a%20b%26c%3D%C3%A9");
    }
}
