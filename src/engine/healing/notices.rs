//! When people are told, and what together. News of incidents are gathered by group, so that what goes together is one
//! notice: the first is told once it has waited for more of the same, what comes after it when the group has rested. What a
//! person has to decide takes everything with it that waits, at once.

use super::{
    news::News,
    ward::{Incident, Ward},
};
use crate::{
    domain::{
        ids::IncidentId,
        incident::{Phase, Severity, Suppression},
        time::Timestamp,
    },
    engine::{effect::EffectKind, event::IncidentEvent, pen::Pen, state::State},
    policy::healing::Grouping,
};
use std::{collections::BTreeMap, sync::Arc};

/// Causes of causes that are followed.
const CHAIN_MOST: usize = 16;

/// What is told together: a service in an environment, with what is quiet because of something there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group<'a> {
    service: &'a str,
    env: &'a str,
}

impl<'a> Group<'a> {
    /// The group of an incident: that of what it follows from, or is part of, while it is quiet because of it.
    #[must_use]
    pub fn of(ward: &'a Ward, incident: &'a Incident) -> Self {
        let mut root = incident;
        for _ in 0..CHAIN_MOST {
            let whole = match &root.phase {
                Phase::Suppressed(Suppression::Inhibited(cause)) => ward.incidents.get(cause),
                Phase::Suppressed(Suppression::Storm) => ward.umbrella(),
                _ => None,
            };
            let Some(whole) = whole else { break };
            root = whole;
        }
        Self { service: &root.service, env: &root.env }
    }

    /// What is quiet because of something in the group, and why.
    pub fn quiet(self, ward: &'a Ward) -> impl Iterator<Item = (&'a Arc<Incident>, &'a Suppression)> {
        ward.live().filter_map(move |incident| match &incident.phase {
            Phase::Suppressed(why @ (Suppression::Inhibited(_) | Suppression::Storm)) => {
                (Self::of(ward, incident) == self).then_some((incident, why))
            }
            _ => None,
        })
    }
}

/// What a group has to tell.
#[derive(Default)]
struct Standing {
    /// Whose news, the gravest first once sorted; of equal ones what a person has to decide.
    members: Vec<(Severity, bool, IncidentId)>,
    /// Since when the oldest of them waits.
    since: Timestamp,
    /// Whether nothing is waited for.
    at_once: bool,
    /// When people were told of anything in the group.
    told: Option<Timestamp>,
}

impl Standing {
    fn add(&mut self, incident: &Incident) {
        let urgent = incident.news.iter().any(|news| news.urgent);
        let full = incident.news.len() >= News::MOST;
        let first = incident.news.first().map_or(self.since, |news| news.at);
        self.since = if self.members.is_empty() { first } else { self.since.min(first) };
        self.at_once |= urgent || full || incident.severity == Severity::P0;
        self.members.push((incident.severity, !urgent, incident.id));
    }

    /// A clock that went back does not make a group rest for longer.
    fn due(&self, rules: &Grouping) -> Timestamp {
        if self.at_once {
            return self.since;
        }
        let told = self.told.filter(|told| *told <= self.since);
        let rested = told.map(|told| told + rules.interval).filter(|rested| *rested > self.since);
        rested.unwrap_or(self.since + rules.wait)
    }
}

/// Groups that have something to tell.
fn standings(state: &State) -> BTreeMap<Group<'_>, Standing> {
    let ward = &state.ward;
    let mut all: BTreeMap<Group<'_>, Standing> = BTreeMap::new();
    for incident in ward.incidents.values().filter(|incident| !incident.news.is_empty()) {
        all.entry(Group::of(ward, incident)).or_default().add(incident);
    }
    if all.is_empty() {
        return all;
    }
    for incident in ward.incidents.values().filter(|incident| incident.told.is_some()) {
        if let Some(standing) = all.get_mut(&Group::of(ward, incident)) {
            standing.told = standing.told.max(incident.told);
        }
    }
    all
}

/// When somebody is told next, whether the house goes on or not.
pub(in crate::engine) fn next_told(state: &State) -> Option<Timestamp> {
    let rules = &state.policy.healing.grouping;
    standings(state).values().map(|standing| standing.due(rules)).min()
}

/// Tells what is due, each group in one notice. Of what a person wants quiet about nobody hears any more.
pub(in crate::engine) fn tell(pen: &mut Pen<'_>) {
    let (rules, now) = (&pen.state.policy.healing.grouping, pen.order.at);
    let due = |standing: &Standing| standing.at_once || standing.due(rules) <= now;
    let groups: Vec<Standing> = standings(&pen.state).into_values().filter(due).collect();
    for mut group in groups {
        group.members.sort_unstable();
        let mut told: Vec<(IncidentId, String)> = Vec::with_capacity(group.members.len());
        for (.., id) in group.members {
            let Some(incident) = pen.incident(id) else { continue };
            if pen.state.ward.silence(&incident, now).is_some() {
                pen.incident_event(id, IncidentEvent::Hushed);
                continue;
            }
            let words: Vec<&str> = incident.news.iter().map(|news| news.words.as_str()).collect();
            told.push((id, words.join("; ")));
        }
        let mut told = told.into_iter();
        let Some((incident, words)) = told.next() else { continue };
        let part = pen.state.seq.0.to_string();
        pen.want_for(incident, (EffectKind::Announce { incident, words, others: told.collect() }, &part));
    }
}

/// When those are told who hear only of what nobody answers.
pub(super) fn escalates(state: &State, incident: &Incident) -> Option<Timestamp> {
    let since = incident.waits_since?;
    let open = |request| state.desk.contains_key(&request) && !state.clockwork.held.contains_key(&request);
    if !incident.needs_person() && !incident.request.is_some_and(open) {
        return None;
    }
    let still = |at: &Timestamp| incident.told.is_none_or(|told| *at > told);
    let steps = state.policy.healing.grouping.escalate.iter();
    steps.map(|after| since + *after).filter(still).min()
}
