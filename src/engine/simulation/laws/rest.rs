//! Laws of rest: once the world is quiet every mission and every incident has ended, or waits for somebody. Nothing is in
//! limbo.

use super::{Laws, told};
use crate::{
    domain::{
        incident::Phase,
        request::Subject,
        time::{Millis, Timestamp},
    },
    engine::{
        healing::ward::Incident,
        next_deadline,
        snapshot::{Waiting, waits_for},
        state::State,
    },
};

impl Laws {
    /// Everything that runs has ended, and nothing is broken any more but what people must mend.
    pub(in crate::engine::simulation) fn rest(&self, state: &State) {
        missions(state);
        for incident in state.ward.live() {
            assert!(
                waits(state, incident),
                "{} is in limbo: {:?}, at work: {:?}, effects: {:?}",
                incident.id,
                incident.phase,
                incident.at_work().map(|attempt| (attempt.number, attempt.mission)),
                incident.effects
            );
            assert_eq!(
                self.healing.cases[&incident.id].phase, incident.phase,
                "{} is not where the journal left it",
                incident.id
            );
        }
    }

    /// All is well for a long time: nothing is left but what teams and people are at.
    pub(in crate::engine::simulation) fn peace(&self, state: &State) {
        told::nothing_is_left(state);
        for incident in state.ward.live() {
            assert!(
                with_mission(state, incident) || self.healing.cases[&incident.id].is_a_persons(),
                "all is well, but {} is {:?}",
                incident.id,
                incident.phase
            );
        }
        let asked = state.desk.values().find(|request| request.subject.incident().is_some());
        assert!(
            asked.is_none_or(|request| of_mission(state, &request.subject)),
            "{asked:?} is asked for nothing"
        );
    }
}

impl Laws {
    /// Nothing was heard for a long time: whatever is not over is a person's, or people want quiet about it.
    pub(in crate::engine::simulation) fn dark(&self, state: &State, now: Timestamp) {
        told::nothing_is_left(state);
        for incident in state.ward.live() {
            let asked = incident.request.is_some_and(|request| state.desk.contains_key(&request));
            let known = matches!(incident.phase, Phase::NeedsHuman(_) | Phase::Suppressed(_));
            let held = incident.phase == Phase::Diagnosed && incident.ruling.is_some();
            let new = now.since(incident.entered) <= Millis::mins(10);
            assert!(
                asked || known || held || new || with_mission(state, incident),
                "{} is {:?}, and nobody hears of it",
                incident.id,
                incident.phase
            );
        }
    }
}

fn of_mission(state: &State, subject: &Subject) -> bool {
    let Some(incident) = subject.incident() else { return false };
    state.ward.incidents.get(&incident).is_some_and(|incident| with_mission(state, incident))
}

/// Somebody has it, or a time will come at which it goes on.
fn waits(state: &State, incident: &Incident) -> bool {
    match &incident.phase {
        Phase::NeedsHuman(_) => true,
        Phase::Diagnosed => incident
            .request
            .map_or(next_deadline(state).is_some(), |request| state.desk.contains_key(&request)),
        Phase::Mitigating => with_mission(state, incident),
        Phase::Suspected | Phase::Suppressed(_) => {
            next_deadline(state).is_some() || incident.request.is_none()
        }
        Phase::Investigating | Phase::Verifying | Phase::Open => next_deadline(state).is_some(),
        _ => false,
    }
}

fn with_mission(state: &State, incident: &Incident) -> bool {
    let mission = incident.at_work().and_then(|attempt| state.missions.get(&attempt.mission?));
    mission.is_some_and(|mission| mission.result.ending.is_none())
}

fn missions(state: &State) {
    for mission in state.missions.values() {
        if mission.result.ending.is_some() {
            assert!(mission.effects.is_empty(), "{} ended with work left: {:?}", mission.id, mission.effects);
            continue;
        }
        let waits = waits_for(state, mission);
        assert!(
            !matches!(waits, Waiting::Nothing | Waiting::Pool | Waiting::House(_)),
            "{} is stuck at {:?} ({waits:?}): {:?}",
            mission.id,
            mission.step,
            mission.teams.iter().map(|t| &t.phase).collect::<Vec<_>>()
        );
        if waits == Waiting::Desk {
            let asked = state.desk.values().any(|r| r.mission == mission.id);
            assert!(asked, "{} waits at the desk, but nothing is asked", mission.id);
        }
    }
}
