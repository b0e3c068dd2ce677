//! Single steps of an incident, each with everything that goes with it: told, quiet, looked into, given to a person.

use super::ward::Incident;
use crate::{
    domain::{
        ids::IncidentId,
        incident::{AttemptOutcome, Phase, Remedy, Severity, Suppression},
        request::{Decision, Subject},
        signal::kind,
        text::{clean, head_tail},
    },
    engine::{
        desk,
        effect::EffectKind,
        event::{EffectEvent, Event, IncidentEvent},
        pen::Pen,
    },
};
use std::sync::Arc;

/// Bytes of what teams are told.
const TOLD_MOST: usize = 16 * 1024;

/// What teams are told, clean and bounded.
pub(super) fn told(words: &str) -> String {
    head_tail(&clean(words.trim()), TOLD_MOST)
}

/// Nobody is woken and nothing is done, for this reason.
pub(super) fn suppress(pen: &mut Pen<'_>, id: IncidentId, why: Suppression) {
    let part_of = match &why {
        Suppression::Inhibited(cause) => Some((*cause, "follows from it")),
        Suppression::Storm => pen.state.ward.umbrella().map(|storm| (storm.id, "is part of it")),
        Suppression::Silenced | Suppression::Maintenance | Suppression::Flapping => None,
    };
    pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::Suppressed(why)));
    let (Some((whole, how)), Some(part)) = (part_of, pen.incident(id)) else { return };
    let words = format!("{id} {how}: {}, {}", part.service, part.title);
    let known = |whole: &Arc<Incident>| whole.timeline.iter().any(|(_, before)| *before == words);
    if pen.incident(whole).is_some_and(|whole| !known(&whole)) {
        pen.incident_event(whole, IncidentEvent::Noted(words));
    }
}

/// Evidence is gathered; whoever is at that already goes on.
pub(super) fn investigate(pen: &mut Pen<'_>, id: IncidentId) {
    let Some(incident) = pen.incident(id) else { return };
    if incident.is_looked_into() {
        return;
    }
    withdraw(pen, id, "it is looked into again");
    pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::Investigating));
    let part = pen.state.seq.0.to_string();
    pen.want_for(id, (EffectKind::Investigate { incident: id }, &part));
}

/// Only a person can go on.
pub(super) fn needs_human(pen: &mut Pen<'_>, id: IncidentId, why: &str) {
    withdraw(pen, id, why);
    pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::NeedsHuman(why.to_owned())));
    let words = format!("needs a person: {why}");
    let urgent = |incident: &Incident| incident.severity <= Severity::P1 || incident.kind == kind::STORM;
    let urgent = pen.state.ward.incidents.get(&id).is_some_and(|incident| urgent(incident));
    news(pen, id, (&words, urgent));
}

/// It was done: whether it helped is looked at.
pub(super) fn verify(pen: &mut Pen<'_>, id: IncidentId, attempt: u32) {
    pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::Verifying));
    pen.want_for(id, (EffectKind::Verify { incident: id, attempt }, &attempt.to_string()));
}

/// People are told with what else there is to tell of its group, unless one of them wants quiet about it.
pub(super) fn announce(pen: &mut Pen<'_>, id: IncidentId, words: &str) {
    news(pen, id, (words, false));
}

/// The same at once: somebody has to decide, or counts on hearing it now.
pub(super) fn call(pen: &mut Pen<'_>, id: IncidentId, words: &str) {
    news(pen, id, (words, true));
}

fn news(pen: &mut Pen<'_>, id: IncidentId, (words, urgent): (&str, bool)) {
    let quiet = |incident: &Incident| pen.state.ward.silence(incident, pen.order.at).is_some();
    if pen.state.ward.incidents.get(&id).is_some_and(|incident| !quiet(incident)) {
        pen.incident_event(id, IncidentEvent::News { words: words.to_owned(), urgent });
    }
}

/// What waits at the desk for it does not matter any more; nor does what is wanted or at work. A mission goes on, but
/// what it lands is not brought to the service.
pub(super) fn withdraw(pen: &mut Pen<'_>, id: IncidentId, why: &str) {
    let Some(incident) = pen.incident(id) else { return };
    if let Some(request) = incident.request.and_then(|request| pen.state.desk.get(&request).cloned()) {
        desk::close(pen, &request, Decision::Withdrawn);
    }
    if incident.request.is_some() {
        pen.incident_event(id, IncidentEvent::Answered);
    }
    drop_effects(pen, &incident, |kind| !matches!(kind, EffectKind::Announce { .. }));
    if let Some(attempt) = incident.at_work() {
        let outcome = AttemptOutcome::Stopped(why.to_owned());
        pen.incident_event(id, IncidentEvent::AttemptEnded { number: attempt.number, outcome });
    }
}

/// Effects of these kinds are not wanted any more.
pub(super) fn drop_effects(pen: &mut Pen<'_>, incident: &Incident, which: impl Fn(&EffectKind) -> bool) {
    for (effect, state) in &incident.effects {
        if which(&state.kind) {
            pen.write(Event::Effect(EffectEvent::Dropped(effect.clone())));
        }
    }
}

/// What a remedy acts on, so that no two act on it together.
pub(super) fn target_of(incident: &Incident, remedy: &Remedy) -> String {
    match remedy {
        Remedy::Runbook(plan) => plan.target.clone(),
        _ => format!("service {}", incident.service),
    }
}

/// The request that waits for an incident, if it is of it.
pub(super) fn incident_of(subject: &Subject) -> Option<IncidentId> {
    subject.incident()
}
