//! What may go: bodies of old transcripts. The journal names them for ever, and what a mission that has not ended
//! could go on from is never touched. Worktrees are not its business: a mission's own end releases them.

use crate::{
    config::settings::Transcripts,
    domain::{digest::Digest, ids::Seq, time::Timestamp},
    engine::{
        event::{Event, TeamEvent},
        state::State,
    },
    store::{
        Store,
        blobs::Swept,
        history::{MOST_ANSWERS, Query},
        transcripts::{Limits, retain},
    },
};
use std::{collections::HashSet, io};

/// Sweeps once. Blocks; milliseconds to seconds.
///
/// # Errors
/// The history cannot answer, or a file cannot be removed.
pub(super) fn sweep(store: &Store, state: &State, now: Timestamp, keep: Transcripts) -> io::Result<Swept> {
    let most_bytes = u64::from(keep.most_mib) << 20;
    let limits = Limits { now, most_age: keep.keep_for, most_bytes };
    retain(store.blobs(), &transcripts(store, MOST_ANSWERS)?, &needed(state), limits)
}

/// Every transcript that the journal names, newest first, asked for by pages.
fn transcripts(store: &Store, page: usize) -> io::Result<Vec<Digest>> {
    let mut found = Vec::new();
    let mut from = None;
    loop {
        let kind = Some("team.turn_finished".into());
        let turns =
            store.query(&Query { kind, from, limit: page, ..Query::default() }).map_err(io::Error::other)?;
        found.extend(turns.iter().filter_map(|entry| match serde_json::from_str(&entry.payload) {
            Ok(Event::Team(_, _, TeamEvent::TurnFinished { transcript, .. })) => Some(transcript),
            _ => None,
        }));
        match turns.last() {
            Some(oldest) if turns.len() == page && oldest.seq > Seq(1) => from = Some(Seq(oldest.seq.0 - 1)),
            _ => return Ok(found),
        }
    }
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
            time::Millis,
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
        let keep = Transcripts { keep_for: Millis::hours(48), most_mib: 1 };
        let sweep = |age| sweep(&store, &State::default(), written + age, keep).unwrap();
        assert_eq!(sweep(Millis::hours(47)), Swept::default());
        assert_eq!(sweep(Millis::hours(49)).removed, 1);
        assert!(!store.blobs().has(&old) && store.blobs().has(&patch));
    }

    #[tokio::test]
    async fn too_much_is_too_much_however_young_and_however_many_turns() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), Options::new(Timestamp(1), "test")).unwrap().store;
        let mut bodies = Vec::new();
        for turn in 1..=5_u32 {
            // Half a MiB each.
            let transcript = store.blobs().put(&vec![u8::try_from(turn).unwrap(); 1 << 19]).unwrap();
            let event = TeamEvent::TurnFinished { turn, transcript, commit: None };
            let event = Event::Team(MissionId(1), TeamId(1), event);
            let fact = Fact { actor: Actor::Engine, at: Timestamp(1), event };
            store.append(vec![records::entry_of(&fact).unwrap()]).await.unwrap();
            bodies.push(transcript);
        }
        let listed = transcripts(&store, 2).unwrap();
        assert_eq!(listed, bodies.iter().rev().copied().collect::<Vec<_>>());
        let now = store.blobs().stat(&bodies[4]).unwrap().1;
        let keep = Transcripts { most_mib: 1, ..Transcripts::default() };
        assert_eq!(sweep(&store, &State::default(), now, keep).unwrap().removed, 3);
        assert_eq!(bodies.iter().filter(|body| store.blobs().has(body)).count(), 2);
    }
}
