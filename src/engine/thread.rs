//! One mission's thread through all facts: which of them concern it, although only some of them name it. Pure.
//!
//! Invariant (held by `simulation`): the facts of its thread, folded alone, make the same mission as all facts do.

use super::{
    effect::mission_of,
    event::{DeskEvent, EffectEvent, Event, IdeaEvent, IncidentEvent, MoneyEvent},
};
use crate::domain::ids::{CallId, EffectId, GrantId, IncidentId, MissionId, RequestId};
use std::collections::BTreeSet;

/// See the module's text. Facts must come in their order.
#[derive(Debug, Clone)]
pub struct Thread {
    mission: MissionId,
    requests: BTreeSet<RequestId>,
    calls: BTreeSet<CallId>,
    effects: BTreeSet<EffectId>,
    grants: BTreeSet<GrantId>,
    /// The attempt to heal an incident that it is, until that has ended.
    attempt: Option<(IncidentId, u32)>,
}

impl Thread {
    /// Of this mission, before its first fact.
    #[must_use]
    pub fn of(mission: MissionId) -> Self {
        Self {
            mission,
            requests: BTreeSet::new(),
            calls: BTreeSet::new(),
            effects: BTreeSet::new(),
            grants: BTreeSet::new(),
            attempt: None,
        }
    }

    /// Whether nothing can follow that does not name the mission itself, but the end of a grant.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.requests.is_empty() && self.calls.is_empty() && self.effects.is_empty() && self.attempt.is_none()
    }

    /// Whether this fact concerns the mission. What concerns the whole house does.
    pub fn takes(&mut self, event: &Event) -> bool {
        match event {
            Event::Mission(mission, _) | Event::Team(mission, ..) => *mission == self.mission,
            Event::Desk(event) => self.takes_desk(event),
            Event::Effect(event) => self.takes_effect(event),
            Event::Money(event) => self.takes_money(event),
            Event::Control(_) => true,
            Event::Incident(incident, event) => self.takes_incident(*incident, event),
            Event::Ward(_) => false,
            Event::Idea(event) => {
                matches!(event, IdeaEvent::Taken { mission, .. } if *mission == self.mission)
            }
        }
    }

    fn takes_desk(&mut self, event: &DeskEvent) -> bool {
        match event {
            DeskEvent::RequestOpened(request) | DeskEvent::RequestRevised(request) => {
                let own = request.mission == self.mission;
                if own {
                    self.requests.insert(request.id);
                }
                own
            }
            DeskEvent::RequestDecided(request, ..) => self.requests.remove(request),
            DeskEvent::VetoOpened(request, _)
            | DeskEvent::DecisionUndone(request)
            | DeskEvent::DecisionDropped(request, _)
            | DeskEvent::HoldEnded(request, _)
            | DeskEvent::GrantUsed(_, request) => self.requests.contains(request),
            DeskEvent::DecisionHeld(hold) => self.requests.contains(&hold.request),
            DeskEvent::Granted(grant) => {
                let own = grant.mission == self.mission;
                if own {
                    self.grants.insert(grant.id);
                }
                own
            }
            DeskEvent::GrantEnded(grant, _) => self.grants.remove(grant),
        }
    }

    /// What becomes of its release is told of the attempt.
    fn takes_incident(&mut self, incident: IncidentId, event: &IncidentEvent) -> bool {
        match event {
            IncidentEvent::MissionOpened(number, mission) if *mission == self.mission => {
                self.attempt = Some((incident, *number));
                true
            }
            IncidentEvent::Marked(number, _) => self.attempt == Some((incident, *number)),
            IncidentEvent::AttemptEnded { number, .. } => {
                let own = self.attempt == Some((incident, *number));
                if own {
                    self.attempt = None;
                }
                own
            }
            _ => false,
        }
    }

    fn takes_effect(&mut self, event: &EffectEvent) -> bool {
        let (EffectEvent::Wanted(id, ..)
        | EffectEvent::Started(id)
        | EffectEvent::Done(id)
        | EffectEvent::Failed(id, _)
        | EffectEvent::Dropped(id)) = event;
        let own = mission_of(id) == Some(self.mission);
        if own {
            match event {
                EffectEvent::Wanted(..) | EffectEvent::Started(_) => self.effects.insert(id.clone()),
                _ => self.effects.remove(id),
            };
        }
        own
    }

    fn takes_money(&mut self, event: &MoneyEvent) -> bool {
        match event {
            MoneyEvent::Reserved { call, mission, .. } => {
                let own = *mission == self.mission;
                if own {
                    self.calls.insert(*call);
                }
                own
            }
            MoneyEvent::Settled { call, .. } | MoneyEvent::Forfeited(call) => self.calls.remove(call),
            MoneyEvent::CapRaised(mission, _) => *mission == self.mission,
        }
    }
}
