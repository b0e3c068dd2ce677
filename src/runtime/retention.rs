//! What may go: bodies of old transcripts. The journal names them for ever, and what a mission that has not ended
//! could go on from is never touched. Worktrees are not its business: a mission's own end releases them.

use crate::{
    domain::{
        digest::Digest,
        time::{Millis, Timestamp},
    },
    engine::{
        event::{Event, TeamEvent},
        state::State,
    },
    store::{
        Store,
        blobs::Swept,
        history::Query,
        transcripts::{Limits, retain},
    },
};
use std::{collections::HashSet, io};

/// Age at which a transcript's body goes.
const KEEP_FOR: Millis = Millis::hours(24 * 30);
/// Bytes of all transcripts together; the oldest go first.
const KEEP_BYTES: u64 = 2 << 30;
/// Turns looked at in one sweep, newest first.
const TURNS_MOST: usize = 50_000;

/// Sweeps once. Blocks; milliseconds to seconds.
///
/// # Errors
/// The history cannot answer, or a file cannot be removed.
pub(super) fn sweep(store: &Store, state: &State, now: Timestamp) -> io::Result<Swept> {
    let query = Query { kind: Some("team.turn_finished".into()), limit: TURNS_MOST, ..Query::default() };
    let turns = store.query(&query).map_err(io::Error::other)?;
    let transcripts: Vec<Digest> = turns
        .iter()
        .filter_map(|entry| match serde_json::from_str(&entry.payload) {
            Ok(Event::Team(_, _, TeamEvent::TurnFinished { transcript, .. })) => Some(transcript),
            _ => None,
        })
        .collect();
    let limits = Limits { now, most_age: KEEP_FOR, most_bytes: KEEP_BYTES };
    retain(store.blobs(), &transcripts, &needed(state), limits)
}

/// Transcripts that a team could go on from.
fn needed(state: &State) -> HashSet<Digest> {
    let open = state.missions.values().filter(|mission| mission.result.ending.is_none());
    let teams = open.flat_map(|mission| &mission.teams);
    teams.filter_map(|team| team.checkpoint.as_ref().map(|(transcript, _)| *transcript)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            ids::{MissionId, TeamId},
            request::Actor,
        },
        engine::event::Fact,
        runtime::records,
        store::Options,
    };

    #[tokio::test]
    async fn old_transcripts_go_and_nothing_else_does() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), Options::new(Timestamp(1), "test")).unwrap().store;
        let [old, patch] = [b"old".as_slice(), b"patch"].map(|bytes| store.blobs().put(bytes).unwrap());
        let turn = TeamEvent::TurnFinished { turn: 1, transcript: old, commit: None };
        let event = Event::Team(MissionId(1), TeamId(1), turn);
        let fact = Fact { actor: Actor::Engine, at: Timestamp(1), event };
        store.append(vec![records::entry_of(&fact).unwrap()]).await.unwrap();
        let written = store.blobs().stat(&old).unwrap().1;
        let young = sweep(&store, &State::default(), written + Millis::hours(1)).unwrap();
        assert_eq!(young, Swept::default());
        let swept = sweep(&store, &State::default(), written + KEEP_FOR + Millis::hours(1)).unwrap();
        assert_eq!(swept.removed, 1);
        assert!(!store.blobs().has(&old) && store.blobs().has(&patch));
    }
}
