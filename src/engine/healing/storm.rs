//! Too much at once: many new causes in a short time, much of the house ill, or what the watchtower calls so. It is one
//! incident of its own, which people are told of in place of all that comes after it; nothing acts by itself until it has
//! been calm for a while.

use super::{leave, observe, ward::Incident};
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
        playbook::brief,
        state::State,
    },
};
use std::{cmp::Reverse, sync::Arc};

/// Below this many services a share of them says nothing.
const SERVICES_LEAST: usize = 4;
/// Services that are named.
const NAMED: usize = 8;

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
    let severity = worst(&pen.state, pen.order.at);
    let signal = Signal { sample: Some(words), severity, ..Signal::storm(SignalState::Firing) };
    observe::observe(pen, &[signal]);
}

/// It has been calm for long enough: what waits for people because of it may happen by itself after all.
pub(super) fn end(pen: &mut Pen<'_>) {
    if calm_at(&pen.state).is_some_and(|at| at <= pen.order.at) {
        pen.write(Event::Ward(WardEvent::StormEnded));
        observe::observe(pen, &[Signal::storm(SignalState::Clear)]);
        leave::reconsider_asked(pen, "the storm is over");
        brief::reconsider_healing(pen);
    }
}

/// When a storm is over, if nothing new comes and nobody says again that it is one. Not while so many services are ill that it
/// would begin anew.
pub(super) fn calm_at(state: &State) -> Option<Timestamp> {
    let since = state.ward.storm?;
    let appeared = counted(state, state.at).map(|incident| incident.first_seen).max();
    let told = state.ward.umbrella().map(|umbrella| umbrella.sightings.last);
    let much = match share(state).and_then(|share| ill(state, state.at).get(share - 1).copied()) {
        Some(Ill { until: None, .. }) => return None,
        Some(ill) => ill.until,
        None => None,
    };
    let last = [appeared, told, much].into_iter().flatten().fold(since, Timestamp::max);
    Some(last + state.policy.healing.storm.calm)
}

/// What is too much, in words.
fn too_much(state: &State, now: Timestamp) -> Option<String> {
    let rules = &state.policy.healing.storm;
    let new = counted(state, now).filter(|it| !it.is_gone(now) && now.since(it.first_seen) <= rules.within);
    let new = new.count();
    if new > usize::try_from(rules.new_causes).unwrap_or(usize::MAX) {
        return Some(format!("{} within {}", count(new, "new cause"), rules.within));
    }
    let all = ill(state, now);
    let ill: Vec<&str> =
        all.iter().filter(|ill| ill.until.is_none_or(|until| until > now)).map(|ill| ill.service).collect();
    let services = state.policy.healing.services.len();
    let more = if ill.len() > NAMED { ", ..." } else { "" };
    let named = ill[..ill.len().min(NAMED)].join(", ");
    share(state)
        .filter(|share| ill.len() >= *share)
        .map(|_| format!("{} of {services} services are ill ({named}{more})", ill.len()))
}

/// What counts: nobody wants quiet about it, and it is not the storm itself.
fn counted(state: &State, now: Timestamp) -> impl Iterator<Item = &Arc<Incident>> {
    let counts = move |incident: &&Arc<Incident>| {
        incident.kind != kind::STORM && state.ward.silence(incident, now).is_none()
    };
    state.ward.incidents.values().filter(counts)
}

/// A service that is ill, or was.
#[derive(Clone, Copy)]
struct Ill<'a> {
    service: &'a str,
    /// Until when; `None`: it still is.
    until: Option<Timestamp>,
}

/// Every service that something was told of, those that are ill the longest first.
fn ill(state: &State, now: Timestamp) -> Vec<Ill<'_>> {
    let told = counted(state, now).filter(|incident| incident.opened.is_some());
    let mut all: Vec<Ill<'_>> =
        told.map(|incident| Ill { service: &incident.service, until: over_at(incident) }).collect();
    let longest = |ill: &Ill<'_>| (ill.until.is_some(), Reverse(ill.until));
    all.sort_by_key(|ill| (ill.service, longest(ill)));
    all.dedup_by_key(|ill| ill.service);
    all.sort_by_key(longest);
    all
}

/// When an incident stopped, or what lines told of stops unless there are more; `None`: it goes on.
fn over_at(incident: &Incident) -> Option<Timestamp> {
    let seen = &incident.sightings;
    if incident.phase.over() {
        return Some(seen.clear_since.unwrap_or(incident.entered));
    }
    let silent = kind::of_lines(&incident.kind).then(|| seen.last + Signal::LINES_QUIET);
    if seen.firing { silent } else { Some(seen.clear_since.unwrap_or(seen.last)) }
}

/// From how many ill services on it is too much; `None`: too few are known for a share of them to say anything.
fn share(state: &State) -> Option<usize> {
    let services = state.policy.healing.services.len();
    let pct = usize::from(state.policy.healing.storm.unhealthy_pct);
    (services >= SERVICES_LEAST).then(|| (services * pct).div_ceil(100).max(2))
}

/// As bad as the worst of it, and a P2 at least.
fn worst(state: &State, now: Timestamp) -> Severity {
    let told = counted(state, now).filter(|incident| incident.opened.is_some() && !incident.phase.over());
    told.map(|incident| incident.severity).min().unwrap_or(Severity::P2).min(Severity::P2)
}
