//! Services that are sick or well, and what probes see of them: gaps, numbers that are none, the same twice, late, wrong.

use crate::{
    domain::{
        candidate::CommitId,
        ids::{EffectId, IncidentId},
        incident::{Phase, Severity},
        request::Actor,
        signal::{Fingerprint, Signal, SignalState, kind},
    },
    engine::{
        command::{Command, HealCommand},
        simulation::{Dice, Run},
        state::State,
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// What the house watches: each stands on the one before it, the last two on nothing.
pub(in crate::engine::simulation) const SERVICES: [&str; 5] = ["db", "api", "web", "worker", "mail"];
/// What can be wrong, and how bad that is.
const KINDS: [(&str, Severity); 6] = [
    (kind::PROCESS_DOWN, Severity::P1),
    (kind::DISK_FULL, Severity::P2),
    (kind::HTTP_DOWN, Severity::P0),
    (kind::LOG_ERROR, Severity::P2),
    (kind::METRIC_BOUND, Severity::P3),
    (kind::SILENT, Severity::P2),
];
/// A number above this is too much, and below that well again.
const BOUND: (f64, f64) = (90.0, 81.0);

/// Where something can be wrong: a service and a kind, by their places.
pub(in crate::engine::simulation) type Place = (usize, usize);

/// What makes it well again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cure {
    Restart,
    Sweep,
    Fix,
    Time,
    Person,
    /// It comes and goes until somebody restarts it.
    Flaky,
}

#[derive(Default)]
pub(in crate::engine::simulation) struct Services {
    sick: BTreeMap<Place, Cure>,
    /// What was last told to fire.
    told: BTreeSet<Place>,
    /// Seen, but not told yet.
    late: Vec<Signal>,
    /// Runbooks and deployments that touched the world.
    pub(super) done: BTreeSet<EffectId>,
    /// What runs where, as far as the target does not lie.
    pub(super) running: BTreeMap<String, CommitId>,
}

impl Services {
    pub(super) fn cure(&self, place: Place) -> Option<Cure> {
        self.sick.get(&place).copied()
    }

    pub(super) fn mend(&mut self, place: Place) {
        self.sick.remove(&place);
    }

    pub(super) fn break_down(&mut self, dice: &mut Dice) {
        let place = place(dice);
        let cures = match KINDS[place.1].0 {
            kind::PROCESS_DOWN | kind::SILENT => [Cure::Restart, Cure::Restart, Cure::Restart, Cure::Fix],
            kind::DISK_FULL => [Cure::Sweep, Cure::Sweep, Cure::Sweep, Cure::Person],
            kind::LOG_ERROR => [Cure::Fix, Cure::Fix, Cure::Fix, Cure::Time],
            _ => [Cure::Restart, Cure::Fix, Cure::Time, Cure::Flaky],
        };
        let cure = dice.pick(&cures).copied().unwrap_or(Cure::Time);
        self.sick.entry(place).or_insert(cure);
    }

    /// Some fall ill, now and then many at once; some get well by themselves.
    pub(in crate::engine::simulation) fn live(&mut self, dice: &mut Dice) {
        let many = match dice.below(300) {
            0 => 6,
            1..=9 => 1,
            _ => 0,
        };
        (0..many).for_each(|_| self.break_down(dice));
        if dice.pct(4) {
            self.sick.retain(|_, cure| *cure != Cure::Time);
        }
    }

    /// Everything is well.
    pub(in crate::engine::simulation) fn heal_all(&mut self) {
        self.sick.clear();
    }

    /// What a probe says when it looks now; nothing where there is a gap.
    fn look(&mut self, (dice, faults): (&mut Dice, bool), place: Place) -> Option<Signal> {
        let (service, sort) = place;
        let silent = KINDS.len() - 1;
        if sort != silent && self.sick.contains_key(&(service, silent)) {
            return None;
        }
        let wrong = faults && dice.pct(3);
        let sick = self.sick.contains_key(&place) != wrong;
        let sick = if self.cure(place) == Some(Cure::Flaky) { !self.told.contains(&place) } else { sick };
        let ill = match KINDS[sort].0 {
            kind::METRIC_BOUND => self.number((dice, faults), sick)?,
            _ if faults && dice.pct(8) => return None,
            _ => sick,
        };
        let lines = kind::of_lines(KINDS[sort].0);
        if ill {
            self.told.insert(place);
            return Some(signal(dice, place, SignalState::Firing));
        }
        let news = self.told.remove(&place) || dice.pct(10);
        (news && !lines).then(|| signal(dice, place, SignalState::Clear))
    }

    /// Whether a number is too much; neither where it is missing, is none, or is between the bounds.
    fn number(&self, (dice, faults): (&mut Dice, bool), sick: bool) -> Option<bool> {
        let value = match dice.below(12) {
            0 if faults => return None,
            1 if faults => f64::NAN,
            2 if faults => 85.0,
            _ if sick => 97.0,
            _ => 40.0,
        };
        let (over, under) = (value > BOUND.0, value < BOUND.1);
        (over || under).then_some(over)
    }
}

fn place(dice: &mut Dice) -> Place {
    let of = |dice: &mut Dice, most: usize| usize::try_from(dice.below(most as u64)).unwrap();
    (of(dice, SERVICES.len()), of(dice, KINDS.len()))
}

/// Where an incident is.
pub(super) fn place_of(state: &State, id: IncidentId) -> Option<Place> {
    let incident = state.ward.incidents.get(&id)?;
    let service = SERVICES.iter().position(|name| *name == incident.service)?;
    Some((service, KINDS.iter().position(|(kind, _)| *kind == incident.kind)?))
}

pub(super) fn service(place: Place) -> &'static str {
    SERVICES[place.0]
}

pub(super) fn sort(place: Place) -> &'static str {
    KINDS[place.1].0
}

fn signal(dice: &mut Dice, place: Place, state: SignalState) -> Signal {
    let (kind, severity) = KINDS[place.1];
    let service = SERVICES[place.0];
    let worse = if severity == Severity::P3 && dice.pct(20) { Severity::P2 } else { severity };
    Signal {
        fingerprint: Fingerprint(format!("{service}-{kind}")),
        service: service.into(),
        env: "production".into(),
        kind: kind.into(),
        severity: worse,
        title: format!("{service}: {kind}"),
        probe: "probe".into(),
        state,
        count: 1 + dice.below(4),
        affected: if dice.pct(10) { 150 } else { 3 },
        sample: None,
        frames: vec![],
        labels: BTreeMap::new(),
    }
}

/// Probes look here and there.
pub(in crate::engine::simulation) fn probe(run: &mut Run) {
    let mut places: Vec<Place> = (0..1 + run.dice.below(3)).map(|_| place(&mut run.dice)).collect();
    // What is sick, or was, is looked at more often.
    let marked: Vec<Place> =
        run.world.services.sick.keys().chain(&run.world.services.told).copied().collect();
    places.extend(run.dice.pick(&marked));
    let again = run.dice.pick(&marked).copied();
    let often = again.is_some_and(|place| run.world.services.cure(place) == Some(Cure::Flaky));
    places.extend(again.into_iter().cycle().take(if often { 4 } else { 1 }));
    let mut signals = Vec::new();
    for place in places {
        let seen = run.world.services.look((&mut run.dice, run.faults), place);
        match seen {
            Some(signal) if run.faults && run.dice.pct(8) => run.world.services.late.push(signal),
            Some(signal) if run.faults && run.dice.pct(8) => signals.extend([signal.clone(), signal]),
            seen => signals.extend(seen),
        }
    }
    if run.dice.pct(20) {
        signals.append(&mut run.world.services.late);
    }
    tell(run, signals);
}

/// Every probe looks once, and nothing is late any more.
pub(in crate::engine::simulation) fn probe_all(run: &mut Run) {
    let mut signals = std::mem::take(&mut run.world.services.late);
    for service in 0..SERVICES.len() {
        for sort in 0..KINDS.len() {
            let seen = run.world.services.look((&mut run.dice, false), (service, sort));
            signals.extend(seen);
        }
    }
    // What the house believes to be so and is not is denied, as a check that holds does.
    let believed = run.state.ward.live().filter(|incident| incident.sightings.firing);
    let believed: Vec<_> = believed.filter_map(|incident| place_of(&run.state, incident.id)).collect();
    for place in believed {
        if !run.world.services.sick.contains_key(&place) && !kind::of_lines(sort(place)) {
            signals.push(signal(&mut run.dice, place, SignalState::Clear));
        }
    }
    tell(run, signals);
}

fn tell(run: &mut Run, signals: Vec<Signal>) {
    if !signals.is_empty() {
        let _ = run.send(Actor::Engine, Command::Heal(HealCommand::Observe(signals)));
    }
}

/// An incident that people could have a word on: mostly one that goes on.
pub(in crate::engine::simulation) fn some_incident(run: &mut Run) -> Option<IncidentId> {
    let live: Vec<IncidentId> = run.state.ward.live().map(|incident| incident.id).collect();
    let all: Vec<IncidentId> = run.state.ward.incidents.keys().copied().collect();
    let over = |id: &IncidentId| run.state.ward.incidents[id].phase == Phase::Closed;
    let closed: Vec<IncidentId> = all.iter().filter(|id| over(id)).copied().collect();
    match run.dice.below(10) {
        0..=6 => run.dice.pick(&live).copied(),
        7 => run.dice.pick(&closed).copied(),
        _ => run.dice.pick(&all).copied(),
    }
}
