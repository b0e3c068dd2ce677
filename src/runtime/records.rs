//! Facts as journal entries and back. The form is the disk's: what is written here today must be readable for
//! ever, so names are only added. `tests` hold an entry of every version.

use crate::{
    domain::{
        ids::{MissionId, TeamId},
        request::Actor,
        text,
    },
    engine::event::{DeskEvent, EffectEvent, Event, Fact, IdeaEvent, IncidentEvent, MoneyEvent},
    store::entry::{Entry, NewEntry},
};

/// An entry that cannot be understood.
#[derive(Debug, thiserror::Error)]
#[error("journal entry {seq} ({kind}) cannot be read by this version: {why}; use the version that wrote it")]
pub struct BadRecord {
    /// Which.
    pub seq: u64,
    /// Its kind.
    pub kind: String,
    /// What is wrong.
    pub why: String,
}

/// The entry to append for a fact.
///
/// # Errors
/// Only if the fact cannot be written as JSON, which no value of the type does.
pub fn entry_of(fact: &Fact) -> Result<NewEntry, serde_json::Error> {
    let value = serde_json::to_value(&fact.event)?;
    Ok(NewEntry {
        at: fact.at,
        actor: actor_text(&fact.actor),
        kind: kind_of(&value),
        mission: mission_of(&fact.event),
        payload: text::json_escaped(value.to_string()),
    })
}

/// The fact an entry holds.
///
/// # Errors
/// [`BadRecord`] when it was written by a newer version, or by hand.
pub fn fact_of(entry: &Entry) -> Result<Fact, BadRecord> {
    let bad = |why: String| BadRecord { seq: entry.seq.0, kind: entry.kind.clone(), why };
    Ok(Fact {
        actor: actor_from(&entry.actor).ok_or_else(|| bad(format!("no actor in {:?}", entry.actor)))?,
        at: entry.at,
        event: serde_json::from_str(&entry.payload).map_err(|error| bad(error.to_string()))?,
    })
}

/// `mission.opened`: the room's tag and the tag within.
fn kind_of(event: &serde_json::Value) -> String {
    let tag = |value: &serde_json::Value| match value {
        serde_json::Value::String(tag) => Some(tag.clone()),
        serde_json::Value::Object(map) => map.keys().next().cloned(),
        _ => None,
    };
    let room = tag(event).unwrap_or_default();
    let inner = event.get(&room).map(|inner| inner.as_array().and_then(|list| list.last()).unwrap_or(inner));
    format!("{room}.{}", inner.and_then(tag).unwrap_or_default())
}

fn mission_of(event: &Event) -> Option<MissionId> {
    match event {
        Event::Mission(mission, _) | Event::Team(mission, ..) => Some(*mission),
        Event::Desk(DeskEvent::RequestOpened(request) | DeskEvent::RequestRevised(request)) => {
            Some(request.mission)
        }
        Event::Desk(DeskEvent::Granted(grant)) => Some(grant.mission),
        Event::Effect(EffectEvent::Wanted(_, mission, _)) => Some(*mission),
        Event::Money(MoneyEvent::Reserved { mission, .. } | MoneyEvent::CapRaised(mission, _)) => {
            Some(*mission)
        }
        Event::Idea(IdeaEvent::Taken { mission, .. }) => Some(*mission),
        Event::Incident(_, IncidentEvent::MissionOpened(_, mission)) => Some(*mission),
        Event::Desk(_)
        | Event::Effect(_)
        | Event::Money(_)
        | Event::Control(_)
        | Event::Idea(_)
        | Event::Incident(..)
        | Event::Ward(_) => None,
    }
}

/// `person:ada`, `policy`, `engine`, `agent:M-1`, `agent:M-1/T-2`, `investigator:I-7`.
fn actor_text(actor: &Actor) -> String {
    match actor {
        Actor::Person(name) => format!("person:{name}"),
        Actor::Policy => "policy".into(),
        Actor::Engine => "engine".into(),
        Actor::Agent(mission, None) => format!("agent:{mission}"),
        Actor::Agent(mission, Some(team)) => format!("agent:{mission}/{team}"),
        Actor::Investigator(incident) => format!("investigator:{incident}"),
    }
}

fn actor_from(text: &str) -> Option<Actor> {
    match text.split_once(':') {
        None if text == "policy" => Some(Actor::Policy),
        None if text == "engine" => Some(Actor::Engine),
        Some(("person", name)) => Some(Actor::Person(name.to_owned())),
        Some(("investigator", of)) => Some(Actor::Investigator(of.parse().ok()?)),
        Some(("agent", who)) => match who.split_once('/') {
            None => Some(Actor::Agent(who.parse().ok()?, None)),
            Some((mission, team)) => {
                let team = team.strip_prefix("T-")?.parse().ok()?;
                Some(Actor::Agent(mission.parse().ok()?, Some(TeamId(team))))
            }
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            digest::Digest,
            ids::{IncidentId, Seq, TeamId},
            time::Timestamp,
        },
        engine::event::{ControlEvent, MissionEvent, TeamEvent},
    };

    fn through_the_disk(fact: &Fact) -> (NewEntry, Fact) {
        let new = entry_of(fact).unwrap();
        let entry = Entry {
            seq: Seq(1),
            at: new.at,
            actor: new.actor.clone(),
            kind: new.kind.clone(),
            mission: new.mission,
            payload: new.payload.clone(),
            prev: Digest::default(),
            hash: Digest::default(),
            version: 1,
        };
        (new, fact_of(&entry).unwrap())
    }

    #[test]
    fn facts_come_back_as_they_were_and_kinds_are_words() {
        let failure = crate::engine::effect::Failure {
            kind: crate::engine::effect::FailureKind::Transient,
            reason: "x".into(),
        };
        for (actor, event, kind) in [
            (Actor::Engine, Event::Mission(MissionId(1), MissionEvent::Admitted), "mission.admitted"),
            (Actor::Person("a:b".into()), Event::Control(ControlEvent::Resumed), "control.resumed"),
            (
                Actor::Agent(MissionId(1), Some(TeamId(2))),
                Event::Team(MissionId(1), TeamId(2), TeamEvent::Failed(failure)),
                "team.failed",
            ),
            (
                Actor::Investigator(IncidentId(7)),
                Event::Incident(IncidentId(7), IncidentEvent::Noted("x".into())),
                "incident.noted",
            ),
            (Actor::Policy, Event::Control(ControlEvent::Recovered { bytes: 3 }), "control.recovered"),
        ] {
            let fact = Fact { actor, at: Timestamp(7), event };
            let (new, back) = through_the_disk(&fact);
            assert_eq!(back, fact);
            assert_eq!(new.kind, kind);
        }
    }

    #[test]
    fn nothing_in_an_entry_can_move_a_terminal_and_all_of_it_comes_back() {
        let why = "a\u{9b}31m\u{7f}\u{202e}\u{e0041}\u{1b}[2J é".to_owned();
        let fact =
            Fact { actor: Actor::Engine, at: Timestamp(7), event: Event::Control(ControlEvent::Paused(why)) };
        let (new, back) = through_the_disk(&fact);
        assert_eq!(back, fact);
        assert_eq!(&*text::clean(&new.payload), new.payload);
    }

    /// Written by the first versions that had them; must be readable by every later one.
    #[test]
    fn entries_of_version_1_can_be_read() {
        let features = include_str!("fixtures/v1-features.jsonl").lines();
        for payload in include_str!("fixtures/v1.jsonl").lines().chain(features) {
            let event: Event = serde_json::from_str(payload).unwrap();
            assert_eq!(
                serde_json::from_str::<Event>(&serde_json::to_string(&event).unwrap()).unwrap(),
                event
            );
        }
    }
}
