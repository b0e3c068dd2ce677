//! A release that watching did not decide: it stays watched, and a person says whether it is kept or taken back. It is never
//! kept for good, and never proven, without that word.

use super::{
    around::released,
    leave::end_request,
    steps::{call, drop_effects, incident_of, needs_human, verify},
    ward::Incident,
};
use crate::{
    domain::{
        candidate::CommitId,
        ids::IncidentId,
        incident::{Mark, Phase},
        request::{Actor, Decision, Request, Subject},
        text::clean_line,
    },
    engine::{
        command::{Refusal, RefusalKind},
        desk,
        effect::EffectKind,
        event::{Event, IncidentEvent, WardEvent},
        pen::{Pen, may_start, refuse},
        state::State,
    },
};
use std::sync::Arc;

/// Watching has ended and did not tell: the lines say what was not decided.
pub(super) fn ask(pen: &mut Pen<'_>, incident: &Incident, (commit, why): (&CommitId, &[String])) {
    let id = incident.id;
    let back = way_back(&pen.state, incident);
    let subject = Subject::Release { incident: id, commit: commit.clone(), back };
    let lasts = desk::lasts_for(&pen.state.policy, Some(incident.severity));
    let request = desk::open_for(pen, subject, (why.to_vec(), lasts));
    if released(&pen.state, &incident.service) {
        pen.write(Event::Ward(WardEvent::Deployed));
    }
    pen.incident_event(id, IncidentEvent::Asked(request));
    let words =
        format!("{} was released, and nothing tells whether it is good: {}", commit.short(), why.join("; "));
    pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::NeedsHuman(words.clone())));
    call(pen, id, &format!("needs a person: {words}"));
}

/// What it would be taken back to, in words; `None` where nobody laid down how.
fn way_back(state: &State, incident: &Incident) -> Option<String> {
    let services = &state.policy.healing.services;
    let service = services.iter().find(|service| service.name == incident.service)?;
    service.release.as_ref().filter(|release| !release.rollback.is_empty())?;
    Some(incident.at_work()?.replaced().unwrap_or("what was there before it").to_owned())
}

/// It got worse before anybody answered, and is being taken back: nothing is asked any more.
pub(super) fn overtaken(pen: &mut Pen<'_>, incident: &Incident) {
    let Some(request) = incident.request.and_then(|request| pen.state.desk.get(&request).cloned()) else {
        return;
    };
    end_request(pen, &request, &Decision::Withdrawn);
    pen.incident_event(incident.id, IncidentEvent::PhaseEntered(Phase::Mitigating));
    call(pen, incident.id, "it got worse while it waited for a person: it is taken back");
}

/// The kill switch ends the watching. The question stays, and so does what was released.
pub(super) fn unwatched(pen: &mut Pen<'_>, incident: &Incident, why: &str) {
    drop_effects(pen, incident, |kind| matches!(kind, EffectKind::Deploy { .. }));
    let words =
        format!("the kill switch ended the watching: nobody watches it until somebody answers: {why}");
    pen.incident_event(incident.id, IncidentEvent::Noted(words));
}

/// A person's answer.
pub(in crate::engine) fn keep_or_not(
    pen: &mut Pen<'_>,
    request: &Request,
    decision: &Decision,
    by: &Actor,
) -> Result<(), Refusal> {
    let incident = incident_of(&request.subject).and_then(|id| pen.incident(id));
    let asked = |incident: &Arc<Incident>| incident.request == Some(request.id) && incident.awaits_word();
    let Some(incident) = incident.filter(asked) else {
        desk::close(pen, request, Decision::Withdrawn);
        return Ok(());
    };
    let id = incident.id;
    match decision {
        Decision::Approve { .. } => {
            may_say(pen, request, by)?;
            end_request(pen, request, decision);
            keep(pen, &incident, by);
        }
        Decision::Reject { reason } => {
            may_say(pen, request, by)?;
            end_request(pen, request, decision);
            let why = format!("{by} does not keep it: {}", clean_line(reason, 200));
            take_back(pen, (&incident, request), why);
        }
        Decision::Expired => {
            end_request(pen, request, decision);
            needs_human(pen, id, &left(id, "nobody decided in time"));
        }
        Decision::Withdrawn => {
            end_request(pen, request, decision);
            needs_human(pen, id, &left(id, "the question was taken back"));
        }
        Decision::Retry { .. } | Decision::Modify { .. } | Decision::Grant { .. } => {
            let text = format!(
                "{} is kept or taken back: approve it to keep it, or reject it to take it back",
                request.id
            );
            return Err(refuse(RefusalKind::Invalid, text));
        }
    }
    Ok(())
}

/// How it stands when nobody said anything.
fn left(id: IncidentId, why: &str) -> String {
    format!(
        "{why}: what was released is in place and not watched any more, and nobody judged it; say how it stands with \
         `chimera resolve {id} --why ...`"
    )
}

fn may_say(pen: &Pen<'_>, request: &Request, by: &Actor) -> Result<(), Refusal> {
    if !matches!(by, Actor::Person(_)) {
        let text = format!("{} is kept or taken back by people only", request.id);
        return Err(refuse(RefusalKind::Forbidden, text));
    }
    may_start(&pen.state)
}

/// It stays, and whether it healed the incident is proven next.
fn keep(pen: &mut Pen<'_>, incident: &Incident, by: &Actor) {
    let Some(attempt) = incident.at_work() else { return };
    drop_effects(pen, incident, |kind| matches!(kind, EffectKind::Deploy { .. }));
    pen.incident_event(incident.id, IncidentEvent::Marked(attempt.number, Mark::Kept(by.to_string())));
    verify(pen, incident.id, attempt.number);
}

fn take_back(pen: &mut Pen<'_>, (incident, request): (&Incident, &Request), why: String) {
    let id = incident.id;
    let (Some(attempt), Subject::Release { commit, .. }) = (incident.at_work(), &request.subject) else {
        return;
    };
    drop_effects(pen, incident, |kind| matches!(kind, EffectKind::Deploy { .. }));
    pen.incident_event(id, IncidentEvent::Noted(why.clone()));
    pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::Mitigating));
    let number = attempt.number;
    let kind = EffectKind::TakeBack { incident: id, attempt: number, commit: commit.clone(), why };
    pen.want_for(id, (kind, &number.to_string()));
}
