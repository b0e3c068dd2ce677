//! An incident as it is handed to the investigator: what the engine knows of it and of the past, and what the probes read
//! last.

use super::super::site::Site;
use crate::{
    domain::{incident::Remedy, signal::Signal},
    engine::{healing::ward::Incident, state::State},
    monitor::investigate::{Earlier, Scene},
};

pub(super) fn of(site: &Site, incident: &Incident) -> Scene {
    let state = site.lines.state.borrow().clone();
    let service = super::ground::service_of(site, incident);
    let others = state.policy.healing.services.iter().filter(|other| other.name != service.name);
    Scene {
        signals: signals(&state, incident),
        others: others.cloned().collect(),
        releases: site.watch().map(|watch| watch.releases_of(&service.name)).unwrap_or_default(),
        service,
        readings: site.watch().map(|watch| watch.newest()).unwrap_or_default(),
        earlier: earlier(&state, incident),
        first_seen: incident.began(),
        last_seen: incident.sightings.last,
        now: site.now(),
    }
}

/// What opened it, and what else is seen of the same service.
fn signals(state: &State, incident: &Incident) -> Vec<Signal> {
    let same =
        |other: &&std::sync::Arc<Incident>| other.service == incident.service && other.id != incident.id;
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
        let attempt = other.attempts.last();
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
