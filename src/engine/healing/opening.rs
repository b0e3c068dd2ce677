//! Whether an incident is told and looked into, or kept quiet: silences, maintenance, what it follows from, flapping, storms.

use super::{
    steps::{announce, investigate, needs_human, suppress, withdraw},
    ward::Incident,
};
use crate::{
    domain::{
        ids::IncidentId,
        incident::{Phase, Remedy, Severity, Suppression},
        signal::kind,
        time::{Millis, Timestamp},
    },
    engine::{event::IncidentEvent, pen::Pen, state::State},
    policy::flap::{Before, flaps},
};
use std::sync::Arc;

/// Kinds, by their beginning, in which a service says that it does not answer or does not run.
const ANSWERS: [&str; 5] = ["http.", "tcp.", "process.", "log.", "slo."];
/// Kinds in which something that others stand on says that they cannot have it.
const DOWN: [&str; 3] = [kind::HTTP_DOWN, kind::TCP_DOWN, kind::PROCESS_DOWN];

/// What a service stands on explains what the service says if it began this much after it at most.
const UPSTREAM_WITHIN: Millis = Millis::mins(2);

/// It is confirmed: quiet if something says so, else people are told and it is looked into.
pub(super) fn opened(pen: &mut Pen<'_>, id: IncidentId) {
    let Some(incident) = pen.incident(id) else { return };
    match suppression(&pen.state, &incident, pen.order.at) {
        Some(why) => suppress(pen, id, why),
        // What too much at once is needs no looking into.
        None if incident.kind == kind::STORM => {
            let what = incident.sightings.samples.last().map_or(incident.title.as_str(), String::as_str);
            let calm = pen.state.policy.healing.storm.calm;
            let words = format!("{what}: nothing acts by itself until it has been calm for {calm}");
            pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::Investigating));
            needs_human(pen, id, &words);
        }
        None => {
            announce(pen, id, "opened");
            investigate(pen, id);
        }
    }
}

/// Whether nobody is told yet, since something that its service stands on is about to be confirmed or not. What is most
/// urgent does not wait.
pub(super) fn waits(state: &State, incident: &Incident, now: Timestamp) -> bool {
    if incident.severity == Severity::P0 || now >= waits_until(state, incident) {
        return false;
    }
    let below = below(state, &incident.service);
    let suspect = |other: &Arc<Incident>| {
        other.phase == Phase::Suspected && other.sightings.firing && explains(&below, other, incident)
    };
    state.ward.live().any(suspect)
}

/// How long an incident waits at most for what may explain it.
pub(super) fn waits_until(state: &State, incident: &Incident) -> Timestamp {
    incident.first_seen + state.policy.healing.grouping.wait
}

/// Whether it comes and goes.
pub(super) fn flapping(pen: &Pen<'_>, incident: &Incident, before: Before) -> bool {
    flaps(&incident.sightings.states, pen.order.at, (&pen.state.policy.healing.flap, before))
}

/// What keeps an incident quiet now.
pub(super) fn suppression(state: &State, incident: &Incident, now: Timestamp) -> Option<Suppression> {
    let ward = &state.ward;
    if let Some(silence) = ward.silence(incident, now) {
        return Some(if silence.maintenance { Suppression::Maintenance } else { Suppression::Silenced });
    }
    let cause =
        upstream(state, incident).or_else(|| beside(state, incident)).or_else(|| twin(state, incident));
    if let Some(cause) = cause {
        return Some(Suppression::Inhibited(cause));
    }
    // What is urgent is told even in a storm, and so is the storm itself.
    let late = ward.storm.is_some_and(|since| incident.opened.is_some_and(|opened| opened > since));
    (late && incident.kind != kind::STORM && incident.severity > Severity::P1).then_some(Suppression::Storm)
}

/// An incident that came before this one and for which exactly the same would be done: they are one, and what a person says
/// to that one is said to both.
fn twin(state: &State, incident: &Incident) -> Option<IncidentId> {
    let plan = |of: &Incident| {
        let remedy = &of.diagnosis.as_ref()?.remedy;
        (*remedy != Remedy::Nothing).then(|| remedy.plan())
    };
    let wanted = plan(incident)?;
    let same = |other: &&Arc<Incident>| {
        other.id < incident.id
            && other.is_of_service_of(incident)
            && other.is_told()
            && plan(other) == Some(wanted)
    };
    state.ward.live().find(same).map(|other| other.id)
}

/// An incident, as bad or worse, of something that this one's service stands on, that did not begin long after it, and was not
/// clear long before this one was seen last.
fn upstream(state: &State, incident: &Incident) -> Option<IncidentId> {
    let below = below(state, &incident.service);
    let recovers = state.policy.healing.grouping.confirm_after;
    let lasted = |other: &Incident| {
        other.sightings.clear_since.is_none_or(|clear| incident.sightings.last <= clear + recovers)
    };
    // What was found in the code does not come from what was not there yet.
    let blamed = incident.diagnosis.as_ref().is_some_and(|found| found.remedy.blames_what_runs());
    let first = |other: &Incident| !blamed || other.began() <= incident.began();
    let cause = |other: &&Arc<Incident>| {
        other.is_told() && lasted(other) && first(other) && explains(&below, other, incident)
    };
    state.ward.live().find(cause).map(|other| other.id)
}

/// Whether one of what is below a service explains what is wrong with it. That a service does not run at all follows only
/// from something that is not there, not from something that is merely unwell.
fn explains(below: &[&str], other: &Incident, incident: &Incident) -> bool {
    other.severity <= incident.severity
        && below.contains(&other.service.as_str())
        && other.began() <= incident.began() + UPSTREAM_WITHIN
        && (incident.kind != kind::PROCESS_DOWN || DOWN.contains(&other.kind.as_str()))
}

/// Everything a service stands on, itself not among it.
pub(super) fn below<'a>(state: &'a State, service: &'a str) -> Vec<&'a str> {
    let services = &state.policy.healing.services;
    let mut below: Vec<&str> = Vec::new();
    let mut next = vec![service];
    while let Some(name) = next.pop() {
        let found = services.iter().find(|service| service.name == name);
        for dependency in found.into_iter().flat_map(|service| &service.depends_on) {
            if dependency != service && !below.contains(&dependency.as_str()) {
                below.push(dependency);
                next.push(dependency);
            }
        }
    }
    below
}

/// An incident of the same service that this one goes with: being put right by a runbook or a release right now, since a service
/// that is being restarted answers badly in every way, and as bad or worse, unless this one began with a release; and to a number that
/// is merely unusual, whatever is known to be wrong.
fn beside(state: &State, incident: &Incident) -> Option<IncidentId> {
    let answers = ANSWERS.iter().any(|begins| incident.kind.starts_with(begins));
    let mended = |other: &Incident| {
        let since = other.at_work().is_some_and(|attempt| incident.began() >= attempt.began);
        // What a log told of before that is not explained by it. A release is judged by what it does, whatever that looks like.
        let explained = since || !kind::of_lines(&incident.kind);
        let lesser = other.severity <= incident.severity
            || since && other.deploys() && incident.severity > Severity::P0;
        let acted = restarts(other) && !other.needs_person();
        answers && explained && lesser && (acted || other.phase == Phase::Verifying)
    };
    let known = |other: &Incident| trend(incident) && !trend(other) && other.is_told();
    let cause = |other: &&Arc<Incident>| {
        other.id != incident.id
            && other.is_of_service_of(incident)
            && incident.at_work().is_none()
            && (mended(other) || known(other))
    };
    state.ward.live().find(cause).map(|other| other.id)
}

/// Whether its service is acted on right now: teams that write a fix do not touch it yet.
pub(super) fn restarts(incident: &Incident) -> bool {
    let runbook = incident.at_work().is_some_and(|attempt| matches!(attempt.remedy, Remedy::Runbook(_)));
    runbook || incident.deploys() || incident.awaits_word()
}

/// Whether a number is merely unlike before: nothing says that it is wrong.
fn trend(incident: &Incident) -> bool {
    [kind::METRIC_ANOMALY, kind::METRIC_SHIFT].contains(&incident.kind.as_str())
}

/// Something new may keep open incidents quiet: those that nothing is done about are looked at again.
pub(super) fn reconsider_open(pen: &mut Pen<'_>) {
    let open: Vec<Arc<Incident>> = pen.state.ward.live().cloned().collect();
    for incident in open {
        // What was released and not judged stays a person's.
        let idle = matches!(
            incident.phase,
            Phase::Open | Phase::Investigating | Phase::Diagnosed | Phase::NeedsHuman(_)
        ) && !(incident.needs_person() && incident.is_undecided());
        if let Some(why) = suppression(&pen.state, &incident, pen.order.at).filter(|_| idle) {
            withdraw(pen, incident.id, "it is quiet now");
            suppress(pen, incident.id, why);
        }
    }
}

/// Something that kept incidents quiet may be over.
pub(super) fn reconsider_suppressed(pen: &mut Pen<'_>) {
    let quiet: Vec<Arc<Incident>> =
        pen.state.ward.live().filter(|i| matches!(i.phase, Phase::Suppressed(_))).cloned().collect();
    for incident in quiet {
        let flaps = incident.phase == Phase::Suppressed(Suppression::Flapping)
            && flapping(pen, &incident, Before::Flapping);
        if flaps || !incident.sightings.firing {
            continue;
        }
        match suppression(&pen.state, &incident, pen.order.at) {
            Some(why) if incident.phase == Phase::Suppressed(why.clone()) => {}
            Some(why) => suppress(pen, incident.id, why),
            None if unseen(&pen.state, &incident).is_some_and(|until| pen.order.at < until) => {}
            None => {
                pen.incident_event(incident.id, IncidentEvent::PhaseEntered(Phase::Open));
                opened(pen, incident.id);
            }
        }
    }
}

/// When what followed from something else opens although it was not seen since that ended.
pub(super) fn opens_unseen(state: &State, incident: &Incident) -> Option<Timestamp> {
    unseen(state, incident).filter(|until| suppression(state, incident, *until).is_none())
}

/// How long the next look is waited for at what was last seen before its cause came to where it is: a service that was being
/// restarted may be well now. What is most urgent does not wait.
fn unseen(state: &State, incident: &Incident) -> Option<Timestamp> {
    let Phase::Suppressed(Suppression::Inhibited(cause)) = &incident.phase else { return None };
    let over = state.ward.incidents.get(cause)?.entered;
    let seen = &incident.sightings;
    let waits = seen.firing && seen.last <= over && incident.severity > Severity::P0;
    waits.then(|| over + state.policy.healing.grouping.confirm_after)
}
