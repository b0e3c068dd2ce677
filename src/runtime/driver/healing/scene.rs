//! An incident as it is handed to the investigator: what the engine knows of it and of the past, and what the probes read
//! last.

use super::super::site::Site;
use crate::{
    domain::{
        incident::{Attempt, Remedy},
        signal::{Signal, kind},
        time::Timestamp,
    },
    engine::{healing::ward::Incident, state::State},
    monitor::investigate::{Earlier, Released, Scene},
};

pub(super) fn of(site: &Site, incident: &Incident) -> Scene {
    let state = site.lines.state.borrow().clone();
    let service = super::ground::service_of(site, incident);
    let others = state.policy.healing.services.iter().filter(|other| other.name != service.name);
    let releases = releases(site, &state, &service.name);
    let placed = releases.first().map_or(Timestamp(0), |release| release.at);
    Scene {
        signals: signals(&state, incident, (placed, site.now())),
        others: others.cloned().collect(),
        tried: incident
            .attempts
            .iter()
            .filter(|attempt| attempt.was_vain())
            .map(|a| a.remedy.clone())
            .collect(),
        releases,
        service,
        readings: site.watch().map(|watch| watch.newest()).unwrap_or_default(),
        earlier: earlier(&state, incident),
        first_seen: incident.began(),
        last_seen: incident.sightings.last,
        now: site.now(),
    }
}

/// What was in place of a service, the newest first; of what the house took back it is known that it is nothing new.
fn releases(site: &Site, state: &State, service: &str) -> Vec<Released> {
    let mut releases = site.watch().map(|watch| watch.releases_of(service)).unwrap_or_default();
    let incidents = state.ward.incidents.values().filter(|incident| incident.service == service);
    for attempt in incidents.flat_map(|incident| &incident.attempts) {
        let again =
            |release: &&mut Released| release.seen >= attempt.began && puts_back(attempt, &release.said);
        releases.iter_mut().filter(again).for_each(|release| release.put_back = true);
    }
    releases
}

/// Whether an attempt put this version back, or may have.
fn puts_back(attempt: &Attempt, version: &str) -> bool {
    match &attempt.remedy {
        Remedy::Runbook(plan) if attempt.remedy.blames_what_runs() => {
            let words = plan.steps.iter().flat_map(|step| step.run.iter().chain(step.undo.iter().flatten()));
            words.into_iter().any(|word| word.contains(version))
        }
        _ => attempt.was_taken_back() && attempt.replaced() == Some(version),
    }
}

/// What opened it, and what else is seen of the same service.
fn signals(state: &State, incident: &Incident, (placed, now): (Timestamp, Timestamp)) -> Vec<Signal> {
    let same = |other: &&std::sync::Arc<Incident>| {
        // What a log told of before what runs now was in place is not seen of it.
        let told = kind::of_lines(&other.kind) && (other.is_gone(now) || placed > other.sightings.last);
        other.service == incident.service && other.id != incident.id && !told
    };
    let rest = state.ward.live().filter(same).map(|other| other.signal());
    std::iter::once(incident.signal()).chain(rest).take(Scene::SIGNALS_MOST).collect()
}

/// Incidents of the same cause, or of the same kind of the same service, that were healed or tried to be.
fn earlier(state: &State, incident: &Incident) -> Vec<Earlier> {
    let similar = |other: &&std::sync::Arc<Incident>| {
        other.id != incident.id
            && (other.fingerprint == incident.fingerprint
                || (other.service == incident.service && other.kind == incident.kind))
    };
    let told = |other: &std::sync::Arc<Incident>| {
        let attempt = other.attempts.iter().rev().find(|attempt| !attempt.was_not_done());
        Earlier {
            fingerprint: other.fingerprint.clone(),
            cause: other.diagnosis.as_ref().map_or_else(|| other.title.clone(), |known| known.cause.clone()),
            remedy: attempt.map_or(Remedy::Nothing, |attempt| attempt.remedy.clone()),
            outcome: attempt.and_then(|attempt| attempt.outcome.clone()),
            at: other.opened.unwrap_or(other.first_seen),
        }
    };
    state.ward.incidents.values().rev().filter(similar).map(told).take(Scene::EARLIER_MOST).collect()
}
