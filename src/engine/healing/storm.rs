//! Too much at once: many new causes in a short time, much of the house ill, or what the watchtower calls so. It is one
//! incident of its own, which people are told of in place of all that comes after it; nothing acts by itself until it has
//! been calm for a while.

use super::observe;
use crate::{
    domain::{
        incident::Severity,
        signal::{Signal, SignalState, kind},
        text::count,
        time::Timestamp,
    },
    engine::{
        event::{Event, WardEvent},
        pen::Pen,
        state::State,
    },
};

/// Below this many services a share of them says nothing.
const SERVICES_LEAST: usize = 4;

/// The watchtower says that it is too much: a storm begins before what comes with it is looked at.
pub(super) fn told(pen: &mut Pen<'_>, signals: &[Signal]) {
    let says = |signal: &Signal| signal.kind == kind::STORM && signal.state == SignalState::Firing;
    if pen.state.ward.storm.is_none() && signals.iter().any(says) {
        pen.write(Event::Ward(WardEvent::StormBegan));
    }
}

/// Looks whether it has become too much.
pub(super) fn weigh(pen: &mut Pen<'_>) {
    if pen.state.ward.storm.is_some() {
        return;
    }
    let Some(words) = too_much(&pen.state, pen.order.at) else { return };
    pen.write(Event::Ward(WardEvent::StormBegan));
    let severity = worst(&pen.state);
    let signal = Signal { sample: Some(words), severity, ..Signal::storm(SignalState::Firing) };
    observe::observe(pen, &[signal]);
}

/// It has been calm for long enough.
pub(super) fn end(pen: &mut Pen<'_>) {
    if calm_at(&pen.state).is_some_and(|at| at <= pen.order.at) {
        pen.write(Event::Ward(WardEvent::StormEnded));
        observe::observe(pen, &[Signal::storm(SignalState::Clear)]);
    }
}

/// When a storm is over, if nothing new comes and nobody says again that it is one.
pub(super) fn calm_at(state: &State) -> Option<Timestamp> {
    let since = state.ward.storm?;
    let appeared = state.ward.appeared.last().copied();
    let told = state.ward.umbrella().map(|umbrella| umbrella.sightings.last);
    let last = [appeared, told].into_iter().flatten().fold(since, Timestamp::max);
    Some(last + state.policy.healing.storm.calm)
}

/// What is too much, in words.
fn too_much(state: &State, now: Timestamp) -> Option<String> {
    let rules = &state.policy.healing.storm;
    let new = state.ward.appeared.iter().filter(|at| now.since(**at) <= rules.within).count();
    if new > usize::try_from(rules.new_causes).unwrap_or(usize::MAX) {
        let new = u64::try_from(new).unwrap_or(u64::MAX);
        return Some(format!("{} within {}", count(new, "new cause"), rules.within));
    }
    let services = state.policy.healing.services.len();
    let told = state.ward.live().filter(|incident| incident.opened.is_some() && incident.kind != kind::STORM);
    let mut ill: Vec<&str> = told.map(|incident| incident.service.as_str()).collect();
    ill.sort_unstable();
    ill.dedup();
    let much = services >= SERVICES_LEAST
        && ill.len() > 1
        && ill.len() * 100 >= usize::from(rules.unhealthy_pct) * services;
    much.then(|| format!("{} of {services} services are ill", ill.len()))
}

/// As bad as the worst of it, and a P2 at least.
fn worst(state: &State) -> Severity {
    let told = state.ward.live().filter(|incident| incident.opened.is_some());
    told.map(|incident| incident.severity).min().unwrap_or(Severity::P2).min(Severity::P2)
}
