//! Signals become incidents: one for each cause, confirmed before anybody is told, counted whatever happens to it.

use super::{
    opening,
    steps::{announce, call, investigate, suppress, withdraw},
    ward::{Incident, Ward},
};
use crate::{
    domain::{
        ids::IncidentId,
        incident::{Phase, Severity, Suppression},
        signal::{Signal, SignalState, kind},
        time::{Millis, Timestamp},
    },
    engine::{command::HealCommand, event::IncidentEvent, pen::Pen},
    policy::{flap::Before, healing::Grouping},
};
use std::{collections::BTreeMap, sync::Arc};

/// Kinds that one look proves: a process is there or is not.
const PROVEN_AT_ONCE: [&str; 7] = [
    kind::PROCESS_DOWN,
    kind::PROCESS_OOM,
    kind::LOG_CRASH,
    kind::DISK_FULL,
    kind::TLS_EXPIRY,
    kind::ALARM,
    kind::STORM,
];
/// Clear for this long, and what is seen then is another time: what was to be done for the one before is asked anew.
const CLEAR_LEAST: Millis = Millis::secs(30);
/// Log lines of one cause that confirm it.
const LINES_CONFIRM: u64 = 3;

/// Takes what the monitor saw. All of it is written down before anything is made of it, and of what came together that
/// comes first which others stand on: a cause is told, and what follows from it is not.
pub(super) fn observe(pen: &mut Pen<'_>, signals: &[Signal]) {
    let mut seen: Vec<(IncidentId, Sighting)> = Vec::new();
    let before: BTreeMap<IncidentId, Severity> =
        pen.state.ward.live().map(|incident| (incident.id, incident.severity)).collect();
    for signal in signals.iter().take(HealCommand::SIGNALS_MOST) {
        if let Some((id, how)) = one(pen, signal)
            && !seen.iter().any(|(other, before)| *other == id && *before >= how)
        {
            seen.push((id, how));
        }
    }
    seen.sort_by_cached_key(|(id, _)| rank(pen, *id));
    for (id, how) in seen {
        match how {
            Sighting::Back if comes_and_goes(pen, id) => suppress(pen, id, Suppression::Flapping),
            Sighting::Back => opening::opened(pen, id),
            // What was seen together with it may have made it quiet.
            Sighting::Again if waits_for_word(pen, id) => investigate(pen, id),
            Sighting::Again | Sighting::Usual => progress(pen, id),
        }
        if let Some(before) = before.get(&id) {
            worse(pen, id, *before);
        }
    }
    settle(pen);
}

fn waits_for_word(pen: &Pen<'_>, id: IncidentId) -> bool {
    pen.incident(id).is_some_and(|incident| incident.phase == Phase::Diagnosed && incident.request.is_some())
}

fn comes_and_goes(pen: &Pen<'_>, id: IncidentId) -> bool {
    pen.incident(id).is_some_and(|incident| opening::flapping(pen, &incident, Before::Calm))
}

/// Whoever it waits for is told at once that it has become worse.
fn worse(pen: &mut Pen<'_>, id: IncidentId, before: Severity) {
    let Some(incident) = pen.incident(id).filter(|incident| incident.severity < before) else { return };
    if let Phase::NeedsHuman(why) = &incident.phase {
        let now = incident.severity;
        let words = waiting_words(pen, &incident, why);
        call(pen, id, &format!("it was {before} and is {now} now: {words}"));
    }
}

/// What people are told again of what waits for one of them.
pub(super) fn waiting_words(pen: &Pen<'_>, incident: &Incident, why: &str) -> String {
    let comes = if opening::flapping(pen, incident, Before::Calm) { "it comes and goes, and " } else { "" };
    format!("{comes}still needs a person: {why}")
}

/// What a sighting is to its incident.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Sighting {
    /// One more.
    Usual,
    /// It was clear for a while, and what waits for a word rests on what was seen before that.
    Again,
    /// It was over, and is back.
    Back,
}

/// On how much an incident's service stands: a cause has less below it than what follows from it.
pub(super) fn rank(pen: &Pen<'_>, id: IncidentId) -> (usize, IncidentId) {
    let incident = pen.state.ward.incidents.get(&id);
    (incident.map_or(0, |incident| opening::below(&pen.state, &incident.service).len()), id)
}

/// What is new may be what others follow from: those that wait for it, and those that were there a moment before it.
pub(super) fn settle(pen: &mut Pen<'_>) {
    let now = pen.order.at;
    let rules = &pen.state.policy.healing.grouping;
    let waits = |incident: &&Arc<Incident>| {
        incident.phase == Phase::Suspected && incident.sightings.firing && confirmed(incident, now, rules)
    };
    let waiting: Vec<IncidentId> = pen.state.ward.live().filter(waits).map(|incident| incident.id).collect();
    for id in waiting {
        progress(pen, id);
    }
    if pen.state.ward.live().any(|incident| incident.phase != Phase::Suspected && incident.entered == now) {
        opening::reconsider_open(pen);
    }
}

/// Writes one signal down: of which incident, if it is of one.
fn one(pen: &mut Pen<'_>, signal: &Signal) -> Option<(IncidentId, Sighting)> {
    let firing = signal.state == SignalState::Firing;
    let found = pen.state.ward.of(&signal.fingerprint).cloned();
    let id = match found {
        Some(incident) if !incident.phase.over() => incident.id,
        Some(incident) if firing && comes_back(pen, &incident) => {
            see(pen, incident.id, signal);
            pen.incident_event(incident.id, IncidentEvent::Reopened);
            pen.incident_event(incident.id, IncidentEvent::PhaseEntered(Phase::Open));
            return Some((incident.id, Sighting::Back));
        }
        _ if !firing || pen.state.ward.live().count() >= Ward::LIVE_MOST => return None,
        _ => IncidentId(pen.state.ward.counters.incident.saturating_add(1)),
    };
    let waits = pen.incident(id).filter(|incident| firing && incident.phase == Phase::Diagnosed);
    let waits = waits.filter(|incident| incident.request.is_some()).and_then(|it| it.sightings.clear_since);
    see(pen, id, signal);
    let again = waits.is_some_and(|since| pen.order.at.since(since) >= CLEAR_LEAST);
    Some((id, if again { Sighting::Again } else { Sighting::Usual }))
}

fn see(pen: &mut Pen<'_>, id: IncidentId, signal: &Signal) {
    pen.incident_event(id, IncidentEvent::Seen(Box::new(signal.clone())));
}

/// Whether a signal is of this incident again although it was over.
fn comes_back(pen: &Pen<'_>, incident: &Incident) -> bool {
    let since = pen.order.at.since(incident.entered);
    matches!(incident.phase, Phase::Resolved | Phase::NoActionRequired)
        && since <= pen.state.policy.healing.grouping.reopen_within
}

/// What a sighting changes.
pub(super) fn progress(pen: &mut Pen<'_>, id: IncidentId) {
    let Some(incident) = pen.incident(id) else { return };
    let now = pen.order.at;
    match &incident.phase {
        Phase::Suspected
            if confirmed(&incident, now, &pen.state.policy.healing.grouping)
                && !opening::waits(&pen.state, &incident, now) =>
        {
            pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::Open));
            opening::opened(pen, id);
        }
        Phase::Open | Phase::Investigating | Phase::Diagnosed
            if opening::flapping(pen, &incident, Before::Calm) =>
        {
            withdraw(pen, id, "it comes and goes");
            suppress(pen, id, Suppression::Flapping);
        }
        // What was let for it was not done, since it was not seen any more. It is again.
        Phase::Diagnosed if incident.is_left() && incident.sightings.firing => investigate(pen, id),
        // What kept it quiet may be over: it was there before, and is seen again.
        Phase::Suppressed(Suppression::Inhibited(_)) if incident.sightings.firing => {
            opening::reconsider_suppressed(pen);
        }
        // It was thought to be healed, and is not.
        Phase::Verifying
            if incident.sightings.firing
                && incident.at_work().is_none()
                && incident.effects.is_empty()
                && incident.sightings.last > incident.entered =>
        {
            pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::Open));
            let words = "it is there again after what was done";
            if incident.severity <= Severity::P1 {
                call(pen, id, words)
            } else {
                announce(pen, id, words)
            }
            investigate(pen, id);
        }
        _ => {}
    }
}

/// Whether enough was seen to believe it.
pub(super) fn confirmed(incident: &Incident, now: Timestamp, rules: &Grouping) -> bool {
    let seen = &incident.sightings;
    if incident.severity == Severity::P0 || PROVEN_AT_ONCE.contains(&incident.kind.as_str()) {
        return true;
    }
    if kind::of_lines(&incident.kind) {
        return seen.count >= LINES_CONFIRM;
    }
    let (least, of) = rules.confirm;
    let last = &seen.states[seen.states.len().saturating_sub(usize::from(of))..];
    let failed = last.iter().filter(|(_, firing)| *firing).count();
    failed >= usize::from(least) || (seen.firing && now.since(incident.first_seen) >= rules.confirm_after)
}
