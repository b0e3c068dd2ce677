//! The pen: how `decide` writes events. Each event is folded into a copy of the state as it is written, so
//! what follows is decided on what has already happened, by the same fold that replays the journal.

use super::{
    command::{Order, Refusal, RefusalKind},
    effect::{EffectKind, intent, run_of},
    event::{DeskEvent, EffectEvent, Event, Fact, IncidentEvent, MissionEvent, TeamEvent},
    healing::ward::Incident,
    state::{EffectState, Mission, State},
};
use crate::domain::{
    ids::{EffectId, IncidentId, MissionId, Revision, Seq, TeamId},
    request::Actor,
};
use std::sync::Arc;

/// Writes the events that one order leads to.
pub(super) struct Pen<'a> {
    /// What is so, with everything written so far.
    pub(super) state: State,
    /// The order being decided.
    pub(super) order: &'a Order,
    written: Vec<Event>,
}

/// A refusal in one line.
pub(super) fn refuse(kind: RefusalKind, reason: impl Into<String>) -> Refusal {
    Refusal { kind, reason: reason.into(), enough: None }
}

/// Refuses while the house is paused or stopped.
pub(super) fn may_start(state: &State) -> Result<(), Refusal> {
    match state.halted() {
        None => Ok(()),
        Some(why) => Err(refuse(RefusalKind::Halted, format!("{why}; resume first"))),
    }
}

impl<'a> Pen<'a> {
    pub(super) fn new(state: &State, order: &'a Order) -> Self {
        Self { state: state.clone(), order, written: Vec::new() }
    }

    /// A pen whose writing is thrown away: to know what would be refused.
    pub(super) fn trial(&self) -> Self {
        Self { state: self.state.clone(), order: self.order, written: Vec::new() }
    }

    pub(super) fn finish(self) -> Vec<Event> {
        self.written
    }

    pub(super) fn write(&mut self, event: Event) {
        let fact = Fact { actor: Actor::Engine, at: self.order.at, event };
        self.state.change(Seq(self.state.seq.0.saturating_add(1)), &fact);
        self.written.push(fact.event);
    }

    pub(super) fn mission_event(&mut self, id: MissionId, event: MissionEvent) {
        self.write(Event::Mission(id, event));
    }

    pub(super) fn team_event(&mut self, id: MissionId, team: TeamId, event: TeamEvent) {
        self.write(Event::Team(id, team, event));
    }

    pub(super) fn desk_event(&mut self, event: DeskEvent) {
        self.write(Event::Desk(event));
    }

    pub(super) fn incident_event(&mut self, id: IncidentId, event: IncidentEvent) {
        self.write(Event::Incident(id, event));
    }

    /// The incident as it stands with everything written.
    pub(super) fn incident(&self, id: IncidentId) -> Option<Arc<Incident>> {
        self.state.ward.incidents.get(&id).cloned()
    }

    /// Wants an effect of an incident, named by what makes it one intent.
    pub(super) fn want_for(&mut self, id: IncidentId, (kind, part): (EffectKind, &str)) {
        let effect = EffectId(format!("{id}/{}/{part}", kind.word()));
        self.write(Event::Effect(EffectEvent::Wanted(effect, MissionId::HOUSE, Box::new(kind))));
    }

    /// The mission as it stands with everything written.
    pub(super) fn mission(&self, id: MissionId) -> Option<Arc<Mission>> {
        self.state.missions.get(&id).cloned()
    }

    /// The mission, if it goes on.
    pub(super) fn live(&self, id: MissionId) -> Result<Arc<Mission>, Refusal> {
        let mission = self.known(id)?;
        match &mission.result.ending {
            None => Ok(mission),
            Some((ending, _)) => {
                Err(refuse(RefusalKind::Already, format!("{id} has ended before ({})", ending.word())))
            }
        }
    }

    /// The mission, ended or not.
    pub(super) fn known(&self, id: MissionId) -> Result<Arc<Mission>, Refusal> {
        self.mission(id).ok_or_else(|| {
            if id.0 >= 1 && id.0 <= self.state.counters.mission {
                refuse(RefusalKind::Already, format!("{id} ended long ago and is only in the history"))
            } else {
                refuse(RefusalKind::Unknown, format!("there is no mission {id}"))
            }
        })
    }

    /// Wants an effect, once per intent: a second run gets its own number, so that a late report of the
    /// first is never taken for the second's.
    pub(super) fn want(&mut self, id: MissionId, kind: EffectKind) {
        let Some(mission) = self.state.missions.get(&id) else { return };
        let effect = EffectId(name(id, mission.revision, self.state.seq, &kind));
        self.write(Event::Effect(EffectEvent::Wanted(effect, id, Box::new(kind))));
    }

    /// Wants the next run of an effect whose last run failed.
    pub(super) fn want_again(&mut self, id: MissionId, last: &EffectId, kind: EffectKind) {
        let next = EffectId(format!("{}~{}", intent(last), run_of(last).saturating_add(1)));
        self.write(Event::Effect(EffectEvent::Wanted(next, id, Box::new(kind))));
    }

    /// Drops the effects that match. True if one of them was running.
    pub(super) fn drop_effects(&mut self, id: MissionId, matches: impl Fn(&EffectState) -> bool) -> bool {
        let Some(mission) = self.state.missions.get(&id) else { return false };
        let gone: Vec<(EffectId, bool)> = mission
            .effects
            .iter()
            .filter(|(_, effect)| matches(effect))
            .map(|(id, effect)| (id.clone(), effect.started.is_some()))
            .collect();
        let running = gone.iter().any(|(_, running)| *running);
        for (effect, _) in gone {
            self.write(Event::Effect(EffectEvent::Dropped(effect)));
        }
        running
    }
}

/// The id of an intent. What can be wanted twice for good carries the revision or the journal position.
fn name(id: MissionId, revision: Revision, seq: Seq, kind: &EffectKind) -> String {
    let word = kind.word();
    match kind {
        EffectKind::Draft { team, attempt, .. }
        | EffectKind::Collect { team, attempt, .. }
        | EffectKind::Adopt { team, attempt, .. }
        | EffectKind::Resurvey { team, attempt, .. }
        | EffectKind::Check { team, attempt } => format!("{id}/{word}/{team}/{attempt}"),
        EffectKind::Land { team, attempt, .. } => format!("{id}/{word}/{team}/{attempt}/{revision}"),
        // Those of incidents are named by `want_for`.
        EffectKind::Investigate { .. }
        | EffectKind::Heal { .. }
        | EffectKind::Commission { .. }
        | EffectKind::Deploy { .. }
        | EffectKind::TakeBack { .. }
        | EffectKind::Verify { .. }
        | EffectKind::Announce { .. }
        | EffectKind::Suggest { .. }
        | EffectKind::Survey
        | EffectKind::Clarify
        | EffectKind::Plan
        | EffectKind::Judge { .. }
        | EffectKind::Stage { .. }
        | EffectKind::Validate { .. } => {
            format!("{id}/{word}/{revision}")
        }
        EffectKind::Restore { .. } | EffectKind::Release => format!("{id}/{word}/{}", seq.0),
        EffectKind::Lend { team } | EffectKind::Halt { team: Some(team) } => {
            format!("{id}/{word}/{team}/{}", seq.0)
        }
        EffectKind::Halt { team: None } => format!("{id}/{word}/all/{}", seq.0),
    }
}
