//! What must now be done in the world? An effect is wanted by an event of its own, so the answer is read
//! straight from the journal: what was wanted and has no outcome is still to be done.

use super::{
    effect::{Effect, runs_again},
    event::{ControlEvent, EffectEvent, Event},
    state::State,
};
use crate::domain::{ids::MissionId, time::Timestamp};

/// Effects that an event sets off; `state` is the state with it folded in. After `Resumed` these are all
/// that were refused while the house was halted: a driver that kept some must look at the ids.
#[must_use]
pub fn react(state: &State, event: &Event) -> Vec<Effect> {
    match event {
        Event::Effect(EffectEvent::Wanted(id, mission, kind)) => {
            vec![Effect { id: id.clone(), mission: *mission, kind: (**kind).clone(), unsure: runs_again(id) }]
        }
        Event::Control(ControlEvent::Resumed) => {
            let unsure = &state.clockwork.unsure;
            pending(state)
                .filter(|(effect, started)| !started || unsure.contains(&effect.id))
                .map(|(e, _)| e)
                .collect()
        }
        _ => Vec::new(),
    }
}

/// After a restart: every effect whose outcome is missing. Those that had begun are unsure: the world is
/// asked before anything is done again. Call it on the state after `ControlCommand::Start`.
#[must_use]
pub fn resume(state: &State) -> Vec<Effect> {
    pending(state).map(|(effect, _)| effect).collect()
}

/// Wanted and begun effects, halts first, and whether each has begun.
fn pending(state: &State) -> impl Iterator<Item = (Effect, bool)> + '_ {
    let of = |halts: bool| {
        state.missions.values().flat_map(move |mission| {
            let these = mission.effects.iter();
            let these =
                these.filter(move |(_, e)| matches!(e.kind, super::effect::EffectKind::Halt { .. }) == halts);
            these.map(|(id, effect)| {
                let begun = effect.started.is_some();
                let unsure = begun || runs_again(id);
                (Effect { id: id.clone(), mission: mission.id, kind: effect.kind.clone(), unsure }, begun)
            })
        })
    };
    let healing = state.ward.incidents.values().flat_map(|incident| {
        incident.effects.iter().map(|(id, effect)| {
            let begun = effect.started.is_some();
            let kind = effect.kind.clone();
            (Effect { id: id.clone(), mission: MissionId::HOUSE, kind, unsure: begun }, begun)
        })
    });
    of(true).chain(of(false)).chain(healing)
}

/// When a `Tick` is next due; `None` while nothing waits for a time. While the clocks stand still people are told all the
/// same.
#[must_use]
pub fn next_deadline(state: &State) -> Option<Timestamp> {
    if state.clockwork.halted.is_some() {
        return super::healing::next_told(state);
    }
    let clockwork = &state.clockwork;
    // Whoever has decided in time is not overtaken by the expiry.
    let unanswered = state.desk.values().filter(|request| !clockwork.held.contains_key(&request.id));
    let requests = unanswered.map(|request| request.expires);
    let clocks = clockwork.vetoes.values().chain(clockwork.deadlines.values()).copied();
    let held = clockwork.held.values().map(|hold| hold.until);
    let grants = state.grants.values().map(|grant| grant.until);
    let healing = super::healing::next_deadline(state);
    requests.chain(clocks).chain(held).chain(grants).chain(healing).min()
}
