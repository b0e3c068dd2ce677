//! Signals become incidents: one for each cause, confirmed before anybody is told, counted whatever happens to it.

use super::{
    opening,
    steps::{investigate, suppress, withdraw},
    ward::{Incident, Ward},
};
use crate::{
    domain::{
        ids::IncidentId,
        incident::{Phase, Severity, Suppression},
        signal::{Signal, SignalState, kind},
        time::Timestamp,
    },
    engine::{
        command::HealCommand,
        event::{Event, IncidentEvent, WardEvent},
        pen::Pen,
    },
    policy::{flap::Before, healing::Grouping},
};

/// Kinds that one look proves: a process is there or is not.
const PROVEN_AT_ONCE: [&str; 6] =
    [kind::PROCESS_DOWN, kind::PROCESS_OOM, kind::LOG_CRASH, kind::DISK_FULL, kind::TLS_EXPIRY, kind::ALARM];
/// Log lines of one cause that confirm it.
const LINES_CONFIRM: u64 = 3;

/// Takes what the monitor saw.
pub(super) fn observe(pen: &mut Pen<'_>, signals: &[Signal]) {
    for signal in signals.iter().take(HealCommand::SIGNALS_MOST) {
        one(pen, signal);
    }
    storm(pen);
}

fn one(pen: &mut Pen<'_>, signal: &Signal) {
    let firing = signal.state == SignalState::Firing;
    let found = pen.state.ward.of(&signal.fingerprint).cloned();
    let id = match found {
        Some(incident) if !incident.phase.over() => incident.id,
        Some(incident) if firing && comes_back(pen, &incident) => {
            see(pen, incident.id, signal);
            pen.incident_event(incident.id, IncidentEvent::Reopened);
            pen.incident_event(incident.id, IncidentEvent::PhaseEntered(Phase::Open));
            return opening::opened(pen, incident.id);
        }
        _ if !firing || pen.state.ward.live().count() >= Ward::LIVE_MOST => return,
        _ => IncidentId(pen.state.ward.counters.incident.saturating_add(1)),
    };
    see(pen, id, signal);
    progress(pen, id);
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
        Phase::Suspected if confirmed(&incident, now, &pen.state.policy.healing.grouping) => {
            pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::Open));
            opening::opened(pen, id);
        }
        Phase::Open | Phase::Investigating | Phase::Diagnosed
            if opening::flapping(pen, &incident, Before::Calm) =>
        {
            withdraw(pen, id, "it comes and goes");
            suppress(pen, id, Suppression::Flapping);
        }
        // It was thought to be healed, and is not.
        Phase::Verifying
            if incident.sightings.firing
                && incident.at_work().is_none()
                && incident.effects.is_empty()
                && incident.sightings.last > incident.entered =>
        {
            pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::Open));
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
    if incident.kind.starts_with("log.") {
        return seen.count >= LINES_CONFIRM;
    }
    let (least, of) = rules.confirm;
    let last = &seen.states[seen.states.len().saturating_sub(usize::from(of))..];
    let failed = last.iter().filter(|(_, firing)| *firing).count();
    failed >= usize::from(least) || (seen.firing && now.since(incident.first_seen) >= rules.confirm_after)
}

/// Too many new causes at once, or too much of the house ill, is one storm.
fn storm(pen: &mut Pen<'_>) {
    let rules = &pen.state.policy.healing.storm;
    let now = pen.order.at;
    let ward = &pen.state.ward;
    let new = ward.appeared.iter().filter(|at| now.since(**at) <= rules.within).count();
    let services = pen.state.policy.healing.services.len();
    let mut ill: Vec<&str> =
        ward.live().filter(|i| i.opened.is_some()).map(|incident| incident.service.as_str()).collect();
    ill.sort_unstable();
    ill.dedup();
    // A share says nothing of one or two services.
    let much =
        services >= 4 && ill.len() * 100 >= usize::from(rules.unhealthy_pct) * services && ill.len() > 1;
    if ward.storm.is_none() && (new > usize::try_from(rules.new_causes).unwrap_or(usize::MAX) || much) {
        pen.write(Event::Ward(WardEvent::StormBegan));
        opening::reconsider_open(pen);
    }
}
