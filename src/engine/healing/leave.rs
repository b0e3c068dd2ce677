//! Leave to act: what the gate says of a remedy, and what people answer.
//!
//! Invariant: an attempt begins only together with a ruling `Auto` of exactly its plan.

use super::{
    around::{acting, closed_to_releases, released, surroundings},
    opening,
    steps::{call, drop_effects, incident_of, investigate, needs_human, target_of, told, withdraw},
    ward::Incident,
};
use crate::{
    domain::{
        candidate::DiffStat,
        digest::Digest,
        ids::{IncidentId, RequestId},
        incident::{Attempt, AttemptOutcome, Diagnosis, Phase, Remedy},
        request::{Actor, Decision, Modification, Request, Subject},
        text::{clean_line, count},
        time::{Millis, Timestamp},
    },
    engine::{
        command::{Refusal, RefusalKind},
        desk,
        effect::EffectKind,
        event::{DeskEvent, IncidentEvent},
        pen::{Pen, refuse},
        state::{Mission, State},
    },
    policy::{
        gate::{explain, gate},
        proposal::{Action, Approver, Given, Grounds, Proposal, Standing, Target, Tests},
        ruling::{Ruling, RulingOutcome},
    },
};
use std::sync::Arc;

/// Within this a remedy that keeps being needed is not the cure.
const CHAIN: Millis = Millis::hours(24);
/// Times an incident may come back after a remedy that helped.
const CHAIN_MOST: usize = 2;
/// A veto window counts as that long once it is over, however long it was: the timer was it.
const WAITED: Millis = Millis(u64::MAX);

/// The remedy of a diagnosis is put to the gate, and what it says is done.
pub(super) fn propose(pen: &mut Pen<'_>, id: IncidentId) {
    let Some(incident) = pen.incident(id) else { return };
    let Some(diagnosis) = incident.diagnosis.clone() else { return };
    if let Some(why) = exhausted(pen, &incident, &diagnosis.remedy) {
        return needs_human(pen, id, &why);
    }
    let ruling = rule(pen, (&incident, &diagnosis), (Approver::Policy, Given::Nothing));
    let outcome = ruling.outcome.clone();
    let reasons = desk::reasons(ruling.clone());
    pen.incident_event(id, IncidentEvent::Ruled(Box::new(ruling)));
    match outcome {
        RulingOutcome::Auto => start(pen, id),
        RulingOutcome::Hold { .. } => make_way(pen, &incident),
        RulingOutcome::Deny => needs_human(pen, id, &format!("the gate denies it: {}", reasons.join("; "))),
        RulingOutcome::Ask { .. } => {
            let request = ask(pen, &incident, (&diagnosis.remedy, reasons));
            pen.incident_event(id, IncidentEvent::Asked(request));
            call(pen, id, &format!("waits for a decision: {}", diagnosis.remedy.words()));
        }
        RulingOutcome::After(delay) => {
            let request = ask(pen, &incident, (&diagnosis.remedy, reasons));
            pen.incident_event(id, IncidentEvent::Asked(request));
            let until = pen.order.at + delay;
            pen.desk_event(DeskEvent::VetoOpened(request, until));
            call(pen, id, &format!("in {delay}, unless you say no: {}", diagnosis.remedy.words()));
        }
    }
}

/// The same once more, because something it rested on may have changed.
pub(super) fn propose_again(pen: &mut Pen<'_>, id: IncidentId) {
    // One that began meanwhile may keep this one quiet.
    let waits = |incident: &Arc<Incident>| incident.phase == Phase::Diagnosed && !incident.is_left();
    let Some(incident) = pen.incident(id).filter(waits) else { return };
    let Some(diagnosis) = incident.diagnosis.clone() else { return };
    let now = rule(pen, (&incident, &diagnosis), (Approver::Policy, Given::Nothing));
    let held = matches!(now.outcome, RulingOutcome::Hold { .. });
    let before = incident
        .ruling
        .as_ref()
        .filter(|before| (&before.outcome, before.policy) == (&now.outcome, now.policy));
    let same = before.is_some_and(|before| before.reasons == now.reasons);
    // Whoever is asked, or has answered, is not asked anew because the same answer of the gate has other words.
    let asked = before.is_some() && incident.request.is_some();
    if held && same {
        pen.incident_event(id, IncidentEvent::Ruled(Box::new(now)));
        make_way(pen, &incident);
    } else if !same && !asked {
        withdraw(pen, id, "the rules changed while this waited");
        propose(pen, id);
    }
}

/// Of the same service something else has a cause that is known, and waits only for a proof that cannot be had any more: what
/// was proven is over for now, and health will not come back before the other is mended.
fn make_way(pen: &mut Pen<'_>, waiting: &Incident) {
    let now = pen.order.at;
    let in_the_way = |other: &&Arc<Incident>| {
        other.id != waiting.id
            && other.is_of_service_of(waiting)
            && other.wants(|kind| matches!(kind, EffectKind::Verify { .. }))
            && other.is_gone(now)
    };
    let found = pen.state.ward.live().find(in_the_way).cloned();
    if let Some(other) = found.filter(|_| waiting.sightings.firing) {
        unproven(pen, &other, waiting.id);
    }
}

/// What was done for an incident is neither proven nor refuted: what it was done for is gone, and what still fails is
/// another's.
pub(super) fn unproven(pen: &mut Pen<'_>, incident: &Incident, other: IncidentId) {
    let Some(attempt) = incident.at_work() else { return };
    drop_effects(pen, incident, |kind| matches!(kind, EffectKind::Verify { .. }));
    let outcome = AttemptOutcome::Stopped(format!("what still fails is {other}'s: nothing is proven"));
    pen.incident_event(incident.id, IncidentEvent::AttemptEnded { number: attempt.number, outcome });
    pen.incident_event(incident.id, IncidentEvent::PhaseEntered(Phase::Verifying));
    reconsider_held(pen);
}

/// Remedies on hold are asked for again: what they waited for may be over.
pub(super) fn reconsider_held(pen: &mut Pen<'_>) {
    let held: Vec<IncidentId> = pen
        .state
        .ward
        .live()
        .filter(|incident| incident.phase == Phase::Diagnosed && incident.request.is_none())
        .map(|incident| incident.id)
        .collect();
    for id in held {
        if outdated(pen, id) {
            investigate(pen, id);
        } else {
            propose_again(pen, id);
        }
    }
}

/// Remedies that people are asked about are put to the gate again: what made it ask is over. Where it lets more than before, it
/// is asked for anew; what is not seen any more is left to them.
pub(super) fn reconsider_asked(pen: &mut Pen<'_>, why: &str) {
    let now = pen.order.at;
    let asked = |incident: &&Arc<Incident>| {
        incident.phase == Phase::Diagnosed && incident.request.is_some() && !incident.is_gone(now)
    };
    let asked: Vec<IncidentId> = pen.state.ward.live().filter(asked).map(|incident| incident.id).collect();
    for id in asked {
        let before = pen.incident(id).filter(|incident| incident.phase == Phase::Diagnosed);
        let before = before.and_then(|incident| incident.ruling.clone());
        let looser =
            before.zip(rule_again(pen, id)).is_some_and(|(before, now)| now.outcome < before.outcome);
        if looser {
            withdraw(pen, id, why);
            propose(pen, id);
        }
    }
}

/// Whether code or its release is blamed for what was seen before something that was done to the service has ended just now.
/// Any other runbook looks for itself.
fn outdated(pen: &Pen<'_>, id: IncidentId) -> bool {
    let Some(incident) = pen.incident(id).filter(|incident| incident.phase == Phase::Diagnosed) else {
        return false;
    };
    let remedy = incident.diagnosis.as_ref().map(|diagnosis| &diagnosis.remedy);
    let ended = |other: &Arc<Incident>| {
        other.id != id && other.is_of_service_of(&incident) && other.entered == pen.order.at
    };
    remedy.is_some_and(Remedy::blames_what_runs) && pen.state.ward.live().any(ended)
}

/// Why nothing more is tried.
fn exhausted(pen: &Pen<'_>, incident: &Incident, remedy: &Remedy) -> Option<String> {
    let most = pen.state.policy.healing.limits.attempts_per_incident;
    let counts = |attempt: &&Attempt| attempt.outcome.as_ref().is_none_or(AttemptOutcome::counts);
    let done = incident.attempts.iter().filter(counts);
    if done.count() >= usize::try_from(most).unwrap_or(usize::MAX) {
        return Some(format!("{} were made", count(most, "attempt")));
    }
    let plan = remedy.plan();
    let vain = |attempt: &&Attempt| attempt.was_vain() && attempt.remedy.plan() == plan;
    if let Some(attempt) = incident.attempts.iter().find(vain) {
        return Some(format!("{} was tried and did not help", attempt.remedy.words()));
    }
    let now = pen.order.at;
    let back = incident.returned.iter().filter(|at| now.since(**at) <= CHAIN).count();
    (back >= CHAIN_MOST)
        .then(|| format!("it came back {} after what helped: the cause is another", count(back, "time")))
}

fn ask(pen: &mut Pen<'_>, incident: &Incident, (remedy, reasons): (&Remedy, Vec<String>)) -> RequestId {
    let subject =
        Subject::Remedy { incident: incident.id, remedy: Box::new(remedy.clone()), approved: Vec::new() };
    let lasts = desk::lasts_for(&pen.state.policy, Some(incident.severity));
    desk::open_for(pen, subject, (reasons, lasts))
}

/// The attempt that was let begins.
fn start(pen: &mut Pen<'_>, id: IncidentId) {
    let Some(incident) = pen.incident(id) else { return };
    let Some(diagnosis) = incident.diagnosis.clone() else { return };
    let number = incident.attempts.last().map_or(0, |attempt| attempt.number).saturating_add(1);
    let remedy = diagnosis.remedy.clone();
    let plan = remedy.plan();
    let kind = match &remedy {
        Remedy::Runbook(_) => EffectKind::Heal { incident: id, attempt: number, plan },
        Remedy::Revert(_) | Remedy::Code(_) => EffectKind::Commission { incident: id, attempt: number, plan },
        Remedy::Nothing => return,
    };
    let target = target_of(&incident, &remedy);
    pen.incident_event(id, IncidentEvent::AttemptBegan { number, remedy: Box::new(remedy), target });
    pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::Mitigating));
    pen.want_for(id, (kind, &number.to_string()));
    // What else the service says while it is put right is looked into when that is done.
    opening::reconsider_open(pen);
}

/// What the gate says of an incident's remedy as it stands, with nothing given for it.
pub(in crate::engine) fn rule_again(pen: &Pen<'_>, id: IncidentId) -> Option<Ruling> {
    let incident = pen.incident(id)?;
    let diagnosis = incident.diagnosis.clone()?;
    Some(rule(pen, (&incident, &diagnosis), (Approver::Policy, Given::Nothing)))
}

/// The gate's ruling on the remedy of a diagnosis.
fn rule(
    pen: &Pen<'_>,
    (incident, diagnosis): (&Incident, &Diagnosis),
    (approver, given): (Approver, Given),
) -> Ruling {
    let action = match &diagnosis.remedy {
        Remedy::Runbook(plan) => Action::Runbook(plan),
        Remedy::Revert(_) | Remedy::Code(_) | Remedy::Nothing => Action::Inquiry,
    };
    // What teams come to is graded when it is to land; looking for it changes nothing. What only text speaks for sends them
    // nowhere by itself all the same.
    let graded = matches!(action, Action::Runbook(_));
    let grounds = Grounds {
        tests: Tests::Missing,
        grade: graded.then_some(diagnosis.grade),
        confidence: diagnosis.confidence.filter(|_| graded),
        tainted: diagnosis.tainted,
        composed: false,
    };
    let halted = pen.state.halted();
    let surroundings = surroundings(&pen.state, incident, &diagnosis.remedy, pen.order.at);
    let standing = Standing {
        at: pen.order.at,
        policy: &pen.state.policy,
        halted: halted.as_deref(),
        approver,
        given,
        grant: None,
        surroundings: match action {
            Action::Runbook(_) => acting(&pen.state, incident, surroundings),
            _ => surroundings,
        },
    };
    gate(&Proposal { action, plan: diagnosis.remedy.plan(), grounds }, &standing)
}

/// What landing does beside landing, where it heals an incident of a service that is released.
pub(in crate::engine) fn brings_to(state: &State, mission: &Mission) -> Option<String> {
    let incident = state.ward.incidents.get(&mission.brief.heals?)?;
    let service = clean_line(&incident.service, 64).to_string();
    let soak = state.policy.healing.soak.duration;
    released(state, &incident.service).then(|| {
        format!("landing brings it to {service} at once: its release commands run, it is watched for {soak}, and taken back if worse")
    })
}

/// What a candidate that shall heal an incident must stand before the gate with: where it goes, what it rests on and
/// the world around it. `None`: the mission heals nothing.
pub(in crate::engine) fn rule_candidate(
    state: &State,
    mission: &Mission,
    (stat, plan, mut grounds): (&DiffStat, Digest, Grounds),
    (at, approver, given): (Timestamp, Approver, Given),
) -> Option<Ruling> {
    let incident = state.ward.incidents.get(&mission.brief.heals?)?;
    let diagnosis = incident.diagnosis.as_ref()?;
    // Landing and bringing it to the service are one decision.
    let target = if released(state, &incident.service) { Target::Production } else { Target::Branch };
    grounds.grade = Some(diagnosis.grade);
    grounds.tainted = diagnosis.tainted;
    let mut surroundings = surroundings(state, incident, &diagnosis.remedy, at);
    if target == Target::Production {
        surroundings = acting(state, incident, surroundings);
    }
    surroundings.busy = closed_to_releases(state, incident).filter(|_| target == Target::Production);
    let halted = state.halted();
    let standing = Standing {
        at,
        policy: &state.policy,
        halted: halted.as_deref(),
        approver,
        given,
        grant: None,
        surroundings,
    };
    Some(gate(&Proposal { action: Action::Patch { stat, target }, plan, grounds }, &standing))
}

/// A person's answer.
pub(in crate::engine) fn answer(
    pen: &mut Pen<'_>,
    request: &Request,
    decision: &Decision,
    by: &Actor,
) -> Result<(), Refusal> {
    let Some(id) = incident_of(&request.subject) else {
        return Err(refuse(RefusalKind::Invalid, format!("{} is of no incident", request.id)));
    };
    let Some(incident) = pen.incident(id).filter(|incident| incident.request == Some(request.id)) else {
        desk::close(pen, request, Decision::Withdrawn);
        return Ok(());
    };
    match decision {
        Decision::Approve { .. } => return approve(pen, (request, &incident), by),
        Decision::Reject { reason } => {
            end_request(pen, request, decision);
            let why = clean_line(reason, 200);
            needs_human(pen, id, &format!("{by} said no: {why}"));
        }
        Decision::Retry { reason } => {
            end_request(pen, request, decision);
            let why = clean_line(reason, 200);
            pen.incident_event(id, IncidentEvent::Noted(format!("{by} wants another look: {why}")));
            investigate(pen, id);
        }
        Decision::Expired => {
            end_request(pen, request, decision);
            needs_human(pen, id, "nobody decided in time: denied");
        }
        Decision::Modify { change: Modification::Prompt(words), .. } => {
            return reword(pen, (request, &incident), (decision, words));
        }
        Decision::Modify { .. } => {
            let text = format!(
                "{} is approved as it is or not at all: what a runbook does stands in its file",
                request.id
            );
            return Err(refuse(RefusalKind::Invalid, text));
        }
        Decision::Grant { .. } => {
            let text = format!("{} is a remedy: only commands can be granted", request.id);
            return Err(refuse(RefusalKind::Invalid, text));
        }
        Decision::Withdrawn => {
            end_request(pen, request, decision);
            needs_human(pen, id, "the question was taken back");
        }
    }
    Ok(())
}

pub(super) fn end_request(pen: &mut Pen<'_>, request: &Request, decision: &Decision) {
    desk::close(pen, request, decision.clone());
    if let Some(id) = incident_of(&request.subject) {
        pen.incident_event(id, IncidentEvent::Answered);
    }
}

fn approve(
    pen: &mut Pen<'_>,
    (request, incident): (&Request, &Arc<Incident>),
    by: &Actor,
) -> Result<(), Refusal> {
    let Subject::Remedy { remedy, approved, .. } = &request.subject else { return Ok(()) };
    let Some(diagnosis) = incident.diagnosis.clone().filter(|d| d.remedy.plan() == remedy.plan()) else {
        let text = format!("{} is not what would be done any more: look again", request.id);
        return Err(refuse(RefusalKind::Stale, text));
    };
    if approved.iter().any(|one| one.is_same_person(by)) {
        return Err(desk::twice(request, by));
    }
    let given = u8::try_from(approved.len() + 1).unwrap_or(u8::MAX);
    let ruling = rule(pen, (incident, &diagnosis), (Approver::Person, Given::Approved(given)));
    match &ruling.outcome {
        RulingOutcome::Auto => {}
        RulingOutcome::Ask { approvals } if given < *approvals => {
            let mut all = approved.clone();
            all.push(by.clone());
            let mut reasons = request.reasons.clone();
            reasons.insert(0, format!("approved by {by}: {given} of {}", count(*approvals, "approval")));
            let subject = Subject::Remedy { incident: incident.id, remedy: remedy.clone(), approved: all };
            desk::revise(pen, request, subject, reasons);
            return Ok(());
        }
        _ => {
            let kind =
                if pen.state.halted().is_some() { RefusalKind::Halted } else { RefusalKind::Forbidden };
            return Err(refuse(kind, explain(&ruling).join("; ")));
        }
    }
    end_request(pen, request, &Decision::Approve { team: None });
    pen.incident_event(incident.id, IncidentEvent::Ruled(Box::new(ruling)));
    start(pen, incident.id);
    Ok(())
}

/// Other words for the teams: a changed plan, which is asked for anew.
fn reword(
    pen: &mut Pen<'_>,
    (request, incident): (&Request, &Arc<Incident>),
    (decision, words): (&Decision, &str),
) -> Result<(), Refusal> {
    let Some(diagnosis) = incident.diagnosis.as_deref().filter(|d| matches!(d.remedy, Remedy::Code(_)))
    else {
        let text = format!("{} takes no other words: only what teams are told can be changed", request.id);
        return Err(refuse(RefusalKind::Invalid, text));
    };
    if words.trim().is_empty() {
        return Err(refuse(RefusalKind::Invalid, "say what the teams shall be told"));
    }
    end_request(pen, request, decision);
    let changed = Diagnosis { remedy: Remedy::Code(told(words)), ..diagnosis.clone() };
    pen.incident_event(incident.id, IncidentEvent::Diagnosed(Box::new(changed)));
    propose(pen, incident.id);
    Ok(())
}

/// A veto window ended without a no.
pub(in crate::engine) fn approve_waited(pen: &mut Pen<'_>, id: IncidentId) {
    let Some(incident) = pen.incident(id) else { return };
    let request = incident.request.and_then(|request| pen.state.desk.get(&request).cloned());
    let (Some(request), Some(diagnosis)) = (request, incident.diagnosis.clone()) else { return };
    let ruling = rule(pen, (&incident, &diagnosis), (Approver::Policy, Given::Waited(WAITED)));
    if ruling.outcome == RulingOutcome::Auto {
        end_request(pen, &request, &Decision::Approve { team: None });
        pen.incident_event(id, IncidentEvent::Ruled(Box::new(ruling)));
        return start(pen, id);
    }
    if matches!(ruling.outcome, RulingOutcome::Hold { .. }) {
        // What holds it may end: then it is asked for anew, with a window of its own.
        end_request(pen, &request, &Decision::Withdrawn);
        pen.incident_event(id, IncidentEvent::Ruled(Box::new(ruling)));
        return;
    }
    let mut reasons = desk::reasons(ruling);
    reasons.insert(
        0,
        "the veto window ended, but the gate does not let it happen by itself any more".to_owned(),
    );
    desk::revise(pen, &request, request.subject.clone(), reasons);
}
