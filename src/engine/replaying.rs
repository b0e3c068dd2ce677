//! Decisions of the past under another policy: the journal is folded once more, and wherever the gate ruled it is asked
//! again, by the policy of that time and by the other one. Nothing is done and nothing is written.

use super::{
    command::{Command, Order},
    event::{Event, Fact, IncidentEvent, MissionEvent},
    healing,
    pen::Pen,
    playbook::brief,
    state::State,
};
use crate::{
    domain::{ids::Seq, request::Actor, time::Timestamp},
    policy::{
        gate::explain,
        ruling::{Ruling, RulingOutcome},
        settings::Policy,
    },
};
use std::sync::Arc;

/// One decision, as it would have been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// Where in the journal.
    pub seq: Seq,
    /// When.
    pub at: Timestamp,
    /// Of what: a mission's team, or an incident.
    pub of: String,
    /// By the policy of that time.
    pub before: RulingOutcome,
    /// By the other one.
    pub after: RulingOutcome,
    /// Why, by the other one.
    pub reasons: Vec<String>,
}

/// Compares the rulings of the journal from a time on.
#[derive(Debug, Default)]
pub struct Replay {
    state: State,
    policy: Arc<Policy>,
    since: Timestamp,
    /// What was compared, oldest first, at most [`Replay::MOST`].
    pub compared: Vec<Compared>,
    /// Rulings beyond that.
    pub more: u64,
}

impl Replay {
    /// Rulings kept.
    pub const MOST: usize = 10_000;

    /// Under this policy.
    #[must_use]
    pub fn under(policy: Policy, since: Timestamp) -> Self {
        Self { policy: Arc::new(policy), since, ..Self::default() }
    }

    /// Takes the next fact of the journal.
    pub fn take(&mut self, seq: Seq, fact: &Fact) {
        if fact.at >= self.since {
            self.compare(seq, fact);
        }
        self.state.apply(seq, fact);
    }

    fn compare(&mut self, seq: Seq, fact: &Fact) {
        let of = match &fact.event {
            Event::Incident(id, IncidentEvent::Ruled(_)) => id.to_string(),
            Event::Mission(id, MissionEvent::Ruled(team, ..)) => {
                let mission = self.state.missions.get(id);
                mission.map_or_else(|| id.to_string(), |mission| format!("{id} {}", mission.team_name(*team)))
            }
            _ => return,
        };
        let (Some(before), Some(after)) = (
            rule(&self.state, fact),
            rule(&State { policy: self.policy.clone(), ..self.state.clone() }, fact),
        ) else {
            return;
        };
        if self.compared.len() >= Self::MOST {
            self.more += 1;
            return;
        }
        let reasons = explain(&after);
        self.compared.push(Compared {
            seq,
            at: fact.at,
            of,
            before: before.outcome,
            after: after.outcome,
            reasons,
        });
    }
}

/// What the gate says in this state of what a fact ruled on, with nothing given for it.
fn rule(state: &State, fact: &Fact) -> Option<Ruling> {
    let order = Order { actor: Actor::Engine, at: fact.at, command: Command::Tick };
    let pen = Pen::new(state, &order);
    match &fact.event {
        Event::Incident(id, IncidentEvent::Ruled(_)) => healing::rule_again(&pen, *id),
        Event::Mission(id, MissionEvent::Ruled(team, ..)) => brief::rule_again(&pen, *id, *team),
        _ => None,
    }
}
