//! Healing: from signals to incidents, to a diagnosis, to a remedy that the gate let, to the proof that it helped.
//! Owns every transition of an incident; never touches the world.
//!
//! - [`ward`]: what is known of incidents, silences and storms, and how events change it.
//! - `observe`: signals become incidents: confirmed, counted, silenced, inhibited, flapping, part of a storm.
//! - `course`: the way of an incident through its phases, and what time does to it.
//! - `leave`: what the gate says of a remedy, and what people answer.
//! - `outcomes`: what effects came to.
//!
//! Invariants: no remedy is wanted without a ruling `Auto` of the same plan; at most one remedy at work for a
//! fingerprint and for a target; a remedy that did not help is never tried again as it was; nothing resumes by itself
//! after a stop.

mod course;
mod leave;
mod observe;
mod outcomes;
#[cfg(test)]
mod tests;
pub mod ward;

pub(super) use course::{begin, mission_ended, next_deadline, reconsider_all, stopped, tick};
pub(super) use leave::{answer, approve_waited, rule_again, rule_candidate};
pub(super) use outcomes::report;

use super::{
    command::{HealCommand, Refusal, RefusalKind},
    event::{Event, IncidentEvent, WardEvent},
    pen::{Pen, refuse},
};
use crate::domain::{
    ids::{EffectId, IncidentId, SilenceId},
    incident::{Phase, Silence},
    request::Actor,
    text::clean_line,
    time::Millis,
};

/// Characters of a reason.
const WHY_MOST: usize = 200;

/// The incident whose effect this is.
#[must_use]
pub fn owner(id: &EffectId) -> Option<IncidentId> {
    id.0.split('/').next().filter(|part| part.starts_with("I-"))?.parse().ok()
}

/// A word on incidents.
pub(super) fn decide(pen: &mut Pen<'_>, command: &HealCommand) -> Result<(), Refusal> {
    match (&pen.order.actor, command) {
        (Actor::Engine, HealCommand::Observe(_)) | (Actor::Person(_), _) => {}
        _ => return Err(refuse(RefusalKind::Forbidden, "incidents are directed by people")),
    }
    match command {
        HealCommand::Observe(signals) => {
            observe::observe(pen, signals);
            Ok(())
        }
        HealCommand::Silence(silence) => put_silence(pen, silence),
        HealCommand::Unsilence(id) => {
            if !pen.state.ward.silences.contains_key(id) {
                return Err(refuse(RefusalKind::Unknown, format!("there is no silence {id}")));
            }
            pen.write(Event::Ward(WardEvent::SilenceEnded(*id)));
            course::reconsider_suppressed(pen);
            Ok(())
        }
        HealCommand::Investigate(id) => {
            let incident = known(pen, *id)?;
            if incident.attempts.iter().any(|attempt| attempt.outcome.is_none()) {
                return Err(refuse(RefusalKind::Already, format!("{id} is being healed right now")));
            }
            course::investigate(pen, *id);
            Ok(())
        }
        HealCommand::Resolve(id, why) => {
            let incident = known(pen, *id)?;
            if incident.phase.over() {
                return Err(refuse(
                    RefusalKind::Already,
                    format!("{id} is {} already", incident.phase.word()),
                ));
            }
            let why = clean_line(why.trim(), WHY_MOST);
            course::withdraw(pen, *id, "a person closed it");
            pen.incident_event(*id, IncidentEvent::Noted(format!("closed by {}: {why}", pen.order.actor)));
            pen.incident_event(*id, IncidentEvent::PhaseEntered(Phase::Closed));
            Ok(())
        }
    }
}

fn known(pen: &Pen<'_>, id: IncidentId) -> Result<std::sync::Arc<ward::Incident>, Refusal> {
    pen.incident(id).ok_or_else(|| refuse(RefusalKind::Unknown, format!("there is no incident {id}")))
}

fn put_silence(pen: &mut Pen<'_>, silence: &Silence) -> Result<(), Refusal> {
    let bad = |text: String| Err(refuse(RefusalKind::Invalid, text));
    if silence.why.trim().is_empty() {
        return bad("say why: whoever comes next wants to know".into());
    }
    let from = silence.from.max(pen.order.at);
    if silence.until <= from {
        return bad("a silence ends after it begins".into());
    }
    if silence.until.since(from) > Millis::hours(24 * Silence::SPAN_MOST_DAYS) {
        return bad(format!("a silence lasts {} days at most", Silence::SPAN_MOST_DAYS));
    }
    let matches = &silence.matches;
    if matches.fingerprint.is_none() && matches.service.is_none() && matches.kind.is_none() {
        return bad("a silence names a cause, a service or a kind".into());
    }
    if pen.state.ward.silences.len() >= Silence::MOST {
        return bad(format!("{} silences are in force: end one first", Silence::MOST));
    }
    let id = SilenceId(pen.state.ward.counters.silence.saturating_add(1));
    let why = clean_line(silence.why.trim(), WHY_MOST).into();
    pen.write(Event::Ward(WardEvent::Silenced(id, Box::new(Silence { from, why, ..silence.clone() }))));
    course::reconsider_open(pen);
    Ok(())
}
