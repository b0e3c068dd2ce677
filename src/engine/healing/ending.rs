//! How attempts end: the mission that was to heal, and whatever ends badly.

use super::{leave, steps::needs_human};
use crate::{
    domain::{
        ids::{IncidentId, MissionId},
        incident::{AttemptOutcome, Phase},
        mission::Ending,
    },
    engine::{effect::EffectKind, event::IncidentEvent, pen::Pen},
};

/// A mission ended that was to heal an incident.
pub(in crate::engine) fn mission_ended(pen: &mut Pen<'_>, mission: MissionId, ending: &Ending) {
    let Some(found) = pen.mission(mission) else { return };
    let Some(incident) = found.brief.heals.and_then(|id| pen.incident(id)) else { return };
    let Some(attempt) = incident.at_work().filter(|attempt| attempt.mission == Some(mission)) else { return };
    let (id, number) = (incident.id, attempt.number);
    match (ending, &found.result.landed) {
        (Ending::Landed, Some((commit, _))) => {
            let kind = EffectKind::Deploy { incident: id, attempt: number, commit: commit.clone() };
            pen.want_for(id, (kind, &number.to_string()));
        }
        (ending, _) => {
            let why = ending.why().unwrap_or("it landed nowhere");
            failed(pen, id, (number, AttemptOutcome::Failed(format!("{mission}: {why}"))));
        }
    }
}

/// A remedy ended badly: a person goes on.
pub(super) fn failed(pen: &mut Pen<'_>, id: IncidentId, (number, outcome): (u32, AttemptOutcome)) {
    let why = match &outcome {
        AttemptOutcome::Ineffective(why) => format!("what was done did not help: {why}"),
        AttemptOutcome::Failed(why) => format!("what was to be done could not be: {why}"),
        AttemptOutcome::RolledBack(why) => format!("what was done was taken back: {why}"),
        AttemptOutcome::Stopped(why) | AttemptOutcome::Unclear(why) | AttemptOutcome::NotDone(why) => {
            why.clone()
        }
        AttemptOutcome::Helped => String::new(),
    };
    pen.incident_event(id, IncidentEvent::AttemptEnded { number, outcome });
    needs_human(pen, id, &why);
    leave::reconsider_held(pen);
}

/// Nothing was done: how things stood when it was to begin was not as it has to be. What is not seen any more is left to
/// become quiet; anything else is looked into once more, after its probes have had time to see what was met, see `course`;
/// and then a person goes on.
pub(super) fn not_done(pen: &mut Pen<'_>, id: IncidentId, (number, why): (u32, String)) {
    let outcome = AttemptOutcome::NotDone(why.clone());
    pen.incident_event(id, IncidentEvent::AttemptEnded { number, outcome });
    let Some(incident) = pen.incident(id) else { return };
    if incident.is_gone(pen.order.at) {
        pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::Diagnosed));
    } else if incident.not_done_in_a_row() <= 1 {
        pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::Investigating));
    } else {
        let what = incident.attempts.last().map(|attempt| attempt.remedy.words());
        needs_human(pen, id, &format!("{}: {why}", what.unwrap_or_default()));
    }
    leave::reconsider_held(pen);
}
