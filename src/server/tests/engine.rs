//! The real core in memory behind a handle: decides, folds, remembers entries. No disk, no effects.

use crate::{
    domain::{
        digest::Digest,
        ids::{MissionId, Revision, Seq, TeamId},
        request::Actor,
        time::Timestamp,
    },
    engine::{
        command::Order,
        decide,
        event::{Event, Fact, MissionEvent, TeamEvent},
        facts,
        state::State,
    },
    runtime::{
        beside,
        handle::{Ask, EngineEnd, HistoryEntry, Receipt, SendError},
    },
};
use std::sync::Arc;

/// Serves this end until nobody asks any more.
pub fn start(mut end: EngineEnd) {
    beside(async move {
        let mut state = State::default();
        let mut entries: Vec<HistoryEntry> = Vec::new();
        while let Some(ask) = end.asks.recv().await {
            match ask {
                Ask::Send(actor, command, reply) => {
                    let at = Timestamp(i64::try_from(state.seq.0).unwrap() + 1);
                    let order = Order { actor, at, command: *command };
                    let done = match decide(&state, &order) {
                        Ok(events) => {
                            let mut facts = facts(&order, events);
                            facts.extend(begun(&facts, at));
                            for fact in &facts {
                                state.apply(Seq(state.seq.0 + 1), fact);
                                entries.push(entry(state.seq, fact));
                            }
                            end.state.send_replace(Arc::new(state.clone()));
                            let events = facts.into_iter().map(|fact| fact.event).collect();
                            Ok(Receipt { seq: state.seq, events })
                        }
                        Err(refusal) => Err(SendError::Refused(refusal)),
                    };
                    let _ = reply.send(done);
                }
                Ask::Follow(after, most, reply) => {
                    let later = entries.iter().filter(|entry| entry.seq > after);
                    let _ = reply.send(Ok(later.take(most).cloned().collect()));
                }
                _ => {}
            }
        }
    });
}

/// Missions that were opened are worked on at once: their first team begins.
fn begun(facts: &[Fact], at: Timestamp) -> Vec<Fact> {
    let opened = facts.iter().filter_map(|fact| match &fact.event {
        Event::Mission(id, MissionEvent::Opened(_)) => Some(*id),
        _ => None,
    });
    let draft = || TeamEvent::DraftStarted { attempt: 1, based_on: Revision(1) };
    let event = |id: MissionId| Event::Team(id, TeamId(1), draft());
    opened.map(|id| Fact { actor: Actor::Engine, at, event: event(id) }).collect()
}

fn entry(seq: Seq, fact: &Fact) -> HistoryEntry {
    HistoryEntry {
        seq,
        at: fact.at,
        actor: fact.actor.to_string(),
        kind: String::new(),
        mission: None,
        payload: serde_json::to_string(&fact.event).unwrap(),
        prev: Digest::default(),
        hash: Digest::default(),
    }
}
