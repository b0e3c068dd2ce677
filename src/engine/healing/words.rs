//! What people, and the monitor, say of incidents.

use super::{
    observe, opening,
    steps::{investigate, withdraw},
    storm,
    ward::Incident,
};
use crate::{
    domain::{
        ids::{IncidentId, SilenceId},
        incident::{Phase, Silence},
        request::Actor,
        text::clean_line,
        time::Millis,
    },
    engine::{
        command::{HealCommand, Refusal, RefusalKind},
        event::{Event, IncidentEvent, WardEvent},
        pen::{Pen, refuse},
    },
};
use std::sync::Arc;

/// Characters of a reason.
const WHY_MOST: usize = 200;

/// A word on incidents.
pub(in crate::engine) fn decide(pen: &mut Pen<'_>, command: &HealCommand) -> Result<(), Refusal> {
    match (&pen.order.actor, command) {
        (Actor::Engine, HealCommand::Observe(_)) | (Actor::Person(_), _) => {}
        _ => return Err(refuse(RefusalKind::Forbidden, "incidents are directed by people")),
    }
    carry_out(pen, command)?;
    // Whatever was said may have ended what kept others quiet.
    opening::reconsider_suppressed(pen);
    Ok(())
}

fn carry_out(pen: &mut Pen<'_>, command: &HealCommand) -> Result<(), Refusal> {
    match command {
        HealCommand::Observe(signals) => {
            storm::told(pen, signals);
            observe::observe(pen, signals);
            storm::weigh(pen);
            Ok(())
        }
        HealCommand::Silence(silence) => put_silence(pen, silence),
        HealCommand::Unsilence(id) => {
            if !pen.state.ward.silences.contains_key(id) {
                return Err(refuse(RefusalKind::Unknown, format!("there is no silence {id}")));
            }
            pen.write(Event::Ward(WardEvent::SilenceEnded(*id)));
            Ok(())
        }
        HealCommand::Investigate(id) => {
            let incident = known(pen, *id)?;
            if let Some(request) = incident.request.filter(|_| incident.awaits_word()) {
                let text =
                    format!("{request} asks whether what was released for {id} is kept: answer that first");
                return Err(refuse(RefusalKind::Already, text));
            }
            if incident.attempts.iter().any(|attempt| attempt.outcome.is_none()) {
                return Err(refuse(RefusalKind::Already, format!("{id} is being healed right now")));
            }
            let newest = pen.state.ward.of(&incident.fingerprint).is_some_and(|newest| newest.id == *id);
            if matches!(incident.phase, Phase::Closed | Phase::Discarded) || !newest {
                let text = format!("{id} is over for good: if it comes back it is another incident");
                return Err(refuse(RefusalKind::Already, text));
            }
            if incident.phase == Phase::Suspected {
                // Whoever wants it looked into believes it.
                pen.incident_event(*id, IncidentEvent::PhaseEntered(Phase::Open));
            }
            investigate(pen, *id);
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
            withdraw(pen, *id, "a person closed it");
            pen.incident_event(*id, IncidentEvent::Noted(format!("closed by {}: {why}", pen.order.actor)));
            pen.incident_event(*id, IncidentEvent::PhaseEntered(Phase::Closed));
            Ok(())
        }
    }
}

fn known(pen: &Pen<'_>, id: IncidentId) -> Result<Arc<Incident>, Refusal> {
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
    opening::reconsider_open(pen);
    Ok(())
}
