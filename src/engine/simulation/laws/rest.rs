//! What must be so between two orders: every incident that goes on has a way forward, what ended has nothing left, what
//! is asked rests on the rules in force, and a deadline lies ahead.

use super::healing::Healing;
use crate::{
    domain::{
        incident::{Phase, Suppression},
        request::{Request, Subject},
        time::Timestamp,
    },
    engine::{
        command::{Command, Order},
        effect::EffectKind,
        healing::{
            self,
            ward::{Incident, Ward},
        },
        state::{Control, EffectState, State},
    },
    policy::ruling::RulingOutcome,
};
use std::sync::Arc;

impl Healing {
    /// After an order, with everything that followed from it.
    pub(super) fn rest(&self, state: &State, order: &Order) {
        for (id, incident) in &state.ward.incidents {
            let known = &self.incidents[id];
            assert_eq!(known.phase, incident.phase, "{id} is not where the journal left it");
            assert_eq!(known.request, incident.request, "{id} asks something else than was journaled");
            if let Some(request) = incident.request {
                self.asked((incident, state.desk.get(&request)));
            }
            if incident.phase.over() {
                over(incident);
            } else {
                self.goes_on(state, incident);
            }
            if self.stopped {
                let begun = |effect: &EffectState| effect.started.is_some() && does(effect);
                assert!(incident.at_work().is_none(), "an attempt of {id} outlives the kill switch");
                assert!(!incident.effects.values().any(begun), "work on {id} outlives the kill switch");
            }
        }
        for request in state.desk.values() {
            let Subject::Remedy { incident, .. } = &request.subject else { continue };
            let asks = state.ward.incidents.get(incident).and_then(|incident| incident.request);
            assert_eq!(asks, Some(request.id), "{} is asked for {incident}, which does not wait", request.id);
        }
        assert!(self.silences.keys().eq(state.ward.silences.keys()), "silences are not what was journaled");
        if matches!(order.command, Command::Tick) && state.control == Control::Running {
            let next = healing::next_deadline(state);
            assert!(
                next.is_none_or(|at| at > order.at),
                "a tick leaves something due at {next:?}: {:?}",
                state.ward.live().find(|incident| alone(state, incident) == next)
            );
            let held = &state.clockwork.held;
            let open = state.desk.values().filter(|request| !held.contains_key(&request.id));
            let mut clocks = open.map(|request| request.expires).chain(state.clockwork.vetoes.values().copied());
            assert!(clocks.all(|until| until > order.at), "a tick leaves an answer due");
            let late = self.silences.values().find(|until| **until <= order.at);
            assert!(late.is_none(), "a silence outlives its end");
        }
    }

    fn asked(&self, (incident, request): (&Incident, Option<&Arc<Request>>)) {
        let id = incident.id;
        assert!(incident.phase == Phase::Diagnosed, "{id} asks while it is {}", incident.phase.word());
        let request = request.unwrap_or_else(|| panic!("{id} waits for an answer that was given"));
        let Subject::Remedy { incident: of, remedy, .. } = &request.subject else {
            panic!("{id} waits for {}, which is of something else", request.id)
        };
        let plan = incident.diagnosis.as_ref().map(|diagnosis| diagnosis.remedy.plan());
        assert!(*of == id && Some(remedy.plan()) == plan, "{} is not what would be done", request.id);
        let ruling = incident.ruling.as_ref().expect("asked, but never ruled on");
        assert_eq!(Some(ruling.policy), self.version, "{id} waits on a ruling of another policy");
    }

    fn goes_on(&self, state: &State, incident: &Incident) {
        let id = incident.id;
        let works =
            |wanted: fn(&EffectKind) -> bool| incident.effects.values().find(|effect| wanted(&effect.kind));
        let stuck = |why: &str| -> ! {
            panic!("{id} is stuck at {:?}, {why}: {:?}", incident.phase, incident.effects.keys())
        };
        let looking = works(|kind| matches!(kind, EffectKind::Investigate { .. }));
        assert!(
            looking.is_none() || incident.phase == Phase::Investigating,
            "{id} is looked into while it is {}",
            incident.phase.word()
        );
        match &incident.phase {
            Phase::Investigating if looking.is_none() => stuck("nobody looks"),
            // What is open is looked into or suppressed with the same stroke.
            Phase::Open => stuck("nobody takes it up"),
            Phase::Suppressed(why) if incident.sightings.firing => {
                if !holds(state, incident, why) {
                    stuck("which is over");
                }
            }
            Phase::Diagnosed if incident.request.is_none() => {
                let held = |outcome: &RulingOutcome| matches!(outcome, RulingOutcome::Hold { .. });
                if !incident.ruling.as_ref().is_some_and(|ruling| held(&ruling.outcome)) {
                    stuck("nobody is asked");
                }
            }
            Phase::Mitigating => self.mitigating(state, incident),
            Phase::Verifying => {
                let proof = works(|kind| matches!(kind, EffectKind::Verify { .. }));
                if proof.is_none() && incident.at_work().is_some() {
                    stuck("nobody proves anything");
                }
            }
            _ => {}
        }
        if !matches!(incident.phase, Phase::Mitigating | Phase::Verifying) {
            assert!(incident.at_work().is_none(), "{id} is {} and healed", incident.phase.word());
            let doing =
                works(|kind| !matches!(kind, EffectKind::Announce { .. } | EffectKind::Investigate { .. }));
            assert!(doing.is_none(), "{id} is {} and something is done", incident.phase.word());
        }
    }

    fn mitigating(&self, state: &State, incident: &Incident) {
        let id = incident.id;
        let attempt = incident.at_work().unwrap_or_else(|| panic!("{id} is stuck: nothing is at work"));
        let effect = incident.effects.values().find(|effect| does(effect));
        let mission = attempt.mission.and_then(|mission| state.missions.get(&mission));
        let goes_on = mission.is_some_and(|mission| mission.result.ending.is_none());
        assert!(effect.is_some() || goes_on, "{id} is stuck: nobody does what is at work");
        let Some(EffectState { kind, started: None, .. }) = effect else { return };
        if let EffectKind::Heal { plan, .. } | EffectKind::Commission { plan, .. } = kind {
            let ruled = incident.ruling.as_ref().is_some_and(|ruling| {
                ruling.outcome == RulingOutcome::Auto
                    && ruling.plan == *plan
                    && Some(ruling.policy) == self.version
            });
            assert!(ruled, "{id} is stuck: what is wanted may never begin");
        }
    }
}

/// When something is due for this incident alone.
fn alone(state: &State, incident: &Arc<Incident>) -> Option<Timestamp> {
    let incidents = [(incident.id, incident.clone())].into();
    let ward = Ward { incidents, ..Ward::default() };
    healing::next_deadline(&State { ward, policy: state.policy.clone(), ..State::default() })
}

/// More than telling people.
fn does(effect: &EffectState) -> bool {
    !matches!(effect.kind, EffectKind::Announce { .. })
}

fn over(incident: &Incident) {
    let id = incident.id;
    assert!(incident.request.is_none(), "{id} is over and asks");
    assert!(incident.at_work().is_none(), "{id} is over and healed");
    assert!(!incident.effects.values().any(does), "{id} is over and something is done");
}

/// Whether what keeps an incident quiet is still so, or has an end in sight.
fn holds(state: &State, incident: &Incident, why: &Suppression) -> bool {
    match why {
        Suppression::Silenced | Suppression::Maintenance => {
            state.ward.silences.values().any(|silence| {
                silence.matches.matches(&incident.fingerprint, &incident.service, &incident.kind)
            })
        }
        Suppression::Inhibited(by) => state.ward.incidents.get(by).is_some_and(|other| !other.phase.over()),
        Suppression::Storm => state.ward.storm.is_some(),
        // Its states grow old.
        Suppression::Flapping => !incident.sightings.states.is_empty(),
    }
}
