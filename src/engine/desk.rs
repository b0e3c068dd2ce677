//! The Decision Desk: one list of everything that waits for a person, at any depth. Here requests are laid
//! down, changed and taken away; who may ask and what an answer brings about is in `answers`.

use super::{
    command::{Refusal, RefusalKind},
    consents::to_what,
    event::DeskEvent,
    pen::{Pen, refuse},
    state::State,
};
use crate::{
    domain::{
        digest::Digest,
        grant::Grant,
        ids::{MissionId, RequestId, Revision},
        incident::Severity,
        money::Money,
        request::{Actor, Consent, Decision, Request, Subject},
        text::count,
        time::Millis,
    },
    policy::{
        gate::gate,
        proposal::{Action, Approver, Given, Grounds, Proposal, Standing, Surroundings, Tests},
        ruling::{Ruling, RulingOutcome},
        settings::Policy,
    },
};
use std::sync::Arc;

/// Reasons kept with a request.
pub const REASONS_MOST: usize = 64;

/// Requests of a mission, oldest first.
pub(super) fn open_of(state: &State, id: MissionId) -> Vec<Request> {
    state.desk.values().filter(|r| r.mission == id).map(|r| (**r).clone()).collect()
}

pub(super) fn open(
    pen: &mut Pen<'_>,
    mission: MissionId,
    subject: Subject,
    reasons: Vec<String>,
) -> RequestId {
    let lasts = lasts(pen, mission);
    put(pen, mission, subject, (reasons, lasts))
}

/// How long what a mission asks waits.
fn lasts(pen: &Pen<'_>, mission: MissionId) -> Millis {
    let heals = pen.state.missions.get(&mission).and_then(|mission| mission.brief.heals);
    let incident = heals.and_then(|id| pen.state.ward.incidents.get(&id));
    lasts_for(&pen.state.policy, incident.map(|incident| incident.severity))
}

/// How long a request waits: what heals something urgent is answered soon, or not at all.
pub(super) fn lasts_for(policy: &Policy, heals: Option<Severity>) -> Millis {
    match heals {
        Some(severity) if severity <= Severity::P1 => policy.healing.hours.urgent_expiry,
        _ => policy.approval_expiry,
    }
}

/// A request of the house itself, for an incident; it waits as long as is said.
pub(super) fn open_for(pen: &mut Pen<'_>, subject: Subject, waits: (Vec<String>, Millis)) -> RequestId {
    put(pen, MissionId::HOUSE, subject, waits)
}

fn put(
    pen: &mut Pen<'_>,
    mission: MissionId,
    subject: Subject,
    (mut reasons, lasts): (Vec<String>, Millis),
) -> RequestId {
    let id = RequestId(pen.state.counters.request.saturating_add(1));
    reasons.truncate(REASONS_MOST);
    let (opened, expires) = (pen.order.at, pen.order.at + lasts);
    let if_denied = if_denied(&subject).to_owned();
    let request = Request {
        id,
        mission,
        subject,
        revision: Revision(1),
        opened,
        expires,
        reasons,
        if_denied,
        approved: Vec::new(),
    };
    pen.desk_event(DeskEvent::RequestOpened(Box::new(request)));
    id
}

/// What a person must see changed: earlier answers do not fit any more, and the waiting starts again.
pub(super) fn revise(
    pen: &mut Pen<'_>,
    before: &Request,
    subject: Subject,
    reasons: Vec<String>,
) -> RequestId {
    // What somebody said yes to is not what is on the desk any more.
    let changed = Request { subject, reasons, approved: Vec::new(), ..before.clone() };
    renew(pen, changed, "what it was made on has changed");
    before.id
}

/// A request that is another one now is looked at anew: its next revision, with all its time.
fn renew(pen: &mut Pen<'_>, mut changed: Request, why: &str) {
    drop_hold(pen, changed.id, why);
    changed.reasons.truncate(REASONS_MOST);
    changed.revision = changed.revision.next();
    changed.expires = pen.order.at + lasts(pen, changed.mission);
    pen.desk_event(DeskEvent::RequestRevised(Box::new(changed)));
}

/// How many said yes, with this one. Nobody counts twice, and all say yes to the same.
pub(super) fn given(
    pen: &Pen<'_>,
    request: &Request,
    decision: &Decision,
    by: &Actor,
) -> Result<Given, Refusal> {
    if !matches!(by, Actor::Person(_)) {
        // A standing word is one yes, and never the second one.
        return Ok(Given::Approved(1));
    }
    if request.approved.iter().any(|yes| yes.by.is_same_person(by)) {
        return Err(twice(request, by));
    }
    if let Some(yes) = request.approved.iter().find(|yes| yes.decision != *decision) {
        let mission = pen.state.missions.get(&request.mission).map(AsRef::as_ref);
        let what = |decision| to_what(mission, decision).unwrap_or_else(|| "what is asked".to_owned());
        let text = format!(
            "{} said yes to something else in {}, to {}, and not to {}: say yes to the same, or reject it and let it be \
             asked anew",
            yes.by,
            request.id,
            what(&yes.decision),
            what(decision)
        );
        return Err(refuse(RefusalKind::Invalid, text));
    }
    Ok(Given::Approved(u8::try_from(request.approved.len() + 1).unwrap_or(u8::MAX)))
}

/// The same person again, where several must say yes.
pub(super) fn twice(request: &Request, by: &Actor) -> Refusal {
    let text = format!("{by} said yes to {} before: it waits for another person", request.id);
    refuse(RefusalKind::Already, text)
}

/// How many must say yes, where that is more than did.
pub(super) fn wants_more(ruling: &Ruling, given: Given) -> Option<u8> {
    match (&ruling.outcome, given) {
        (RulingOutcome::Ask { approvals }, Given::Approved(so_far)) if so_far < *approvals => {
            Some(*approvals)
        }
        _ => None,
    }
}

/// One of several said yes: it waits for the others.
pub(super) fn consent(
    pen: &mut Pen<'_>,
    before: &Request,
    (decision, by): (Decision, &Actor),
    wants: u8,
) -> Result<(), Refusal> {
    if !matches!(by, Actor::Person(_)) {
        let text = format!("{} wants {}: only people give them", before.id, count(wants, "approval"));
        return Err(refuse(RefusalKind::Forbidden, text));
    }
    let mut approved = before.approved.clone();
    approved.push(Consent { by: by.clone(), decision });
    let mut reasons = before.reasons.clone();
    let so_far = approved.len();
    reasons.insert(0, format!("approved by {by}: {so_far} of {}", count(wants, "approval")));
    renew(pen, Request { approved, reasons, ..before.clone() }, "one of several said yes");
    Ok(())
}

pub(super) fn close(pen: &mut Pen<'_>, request: &Request, decision: Decision) {
    drop_hold(pen, request.id, word(&decision));
    pen.desk_event(DeskEvent::RequestDecided(request.id, request.revision, Box::new(decision)));
}

/// The request, if what was seen of it is what is on the desk.
pub(super) fn fresh(pen: &Pen<'_>, id: RequestId, seen: Revision) -> Result<Arc<Request>, Refusal> {
    let Some(request) = pen.state.desk.get(&id) else { return Err(missing(&pen.state, id)) };
    if seen == request.revision {
        return Ok(request.clone());
    }
    let now = request.revision;
    let text = format!("{id} has changed since: {seen} was seen, {now} is on the desk. Look again");
    Err(refuse(RefusalKind::Stale, text))
}

/// Why there is no such request to answer.
pub(super) fn missing(state: &State, id: RequestId) -> Refusal {
    if let Some((_, decision, at)) = state.decided.iter().rev().find(|(r, ..)| r.id == id) {
        return refuse(RefusalKind::Already, format!("{id} was answered before ({}, {at})", word(decision)));
    }
    if id.0 >= 1 && id.0 <= state.counters.request {
        return refuse(RefusalKind::Already, format!("{id} was answered long ago"));
    }
    refuse(RefusalKind::Unknown, format!("there is no request {id}"))
}

/// A decision that is held does not count any more, if there is one.
pub(super) fn drop_hold(pen: &mut Pen<'_>, id: RequestId, why: &str) {
    if pen.state.clockwork.held.contains_key(&id) {
        pen.desk_event(DeskEvent::DecisionDropped(id, why.to_owned()));
    }
}

fn if_denied(subject: &Subject) -> &'static str {
    match subject {
        Subject::Choose { .. } => "nothing lands and the mission ends; every candidate is kept",
        Subject::Command { .. } => "the command does not run; the agent is told and goes on",
        Subject::Budget { .. } => "the cap stays; a team that reached it does not go on",
        Subject::Ask { .. } => "the agent is told that there is no answer and goes on",
        Subject::Conflict { .. } => "nothing lands and the mission ends; the candidate is kept",
        Subject::Remedy { .. } => "nothing is done; the incident stays open and waits for a person",
        Subject::Release { back: Some(_), .. } => {
            "it is taken back; if nobody answers in time it stays as it is, and the incident waits for a person"
        }
        Subject::Release { back: None, .. } => {
            "nothing takes it back (release.rollback is not set): it stays, and the incident is a P0 that only a person ends"
        }
    }
}

/// What the gate says of a command, with what was given for it and a grant that may cover it.
pub(super) fn rule_command(
    pen: &Pen<'_>,
    argv: &[String],
    (given, grant): (Given, Option<&Grant>),
) -> Ruling {
    let parts: Vec<&[u8]> = argv.iter().map(String::as_bytes).collect();
    let halted = pen.state.halted();
    let plan = Digest::of_parts(&parts);
    rule(pen, (Action::Command { argv }, plan), (given, grant), halted.as_deref())
}

fn rule(
    pen: &Pen<'_>,
    (action, plan): (Action<'_>, Digest),
    (given, grant): (Given, Option<&Grant>),
    halted: Option<&str>,
) -> Ruling {
    let grounds =
        Grounds { tests: Tests::Missing, grade: None, confidence: None, tainted: false, composed: false };
    let standing = Standing {
        at: pen.order.at,
        policy: &pen.state.policy,
        halted,
        approver: if grant.is_some() { Approver::Policy } else { Approver::Person },
        given,
        grant,
        surroundings: Surroundings::default(),
    };
    gate(&Proposal { action, plan, grounds }, &standing)
}

/// The reasons of a ruling as they stand with a request.
pub(super) fn reasons(ruling: Ruling) -> Vec<String> {
    ruling.reasons.into_iter().map(|r| format!("{}: {}", r.rule, r.text)).collect()
}

/// What the gate says of more money. A higher cap starts nothing, so it can be raised while the house is halted; who must
/// say yes is the same then.
pub(super) fn rule_money(pen: &Pen<'_>, amount: Money, given: Given) -> Ruling {
    rule(pen, (Action::Money { amount }, money_plan(amount)), (given, None), None)
}

fn money_plan(amount: Money) -> Digest {
    Digest::of(&amount.0.to_be_bytes())
}

/// Why more money is asked of a person.
pub(super) fn money_reasons(pen: &Pen<'_>, amount: Money) -> Vec<String> {
    let halted = pen.state.halted();
    let action = (Action::Money { amount }, money_plan(amount));
    reasons(rule(pen, action, (Given::Nothing, None), halted.as_deref()))
}

/// One word for a decision.
#[must_use]
pub fn word(decision: &Decision) -> &'static str {
    match decision {
        Decision::Approve { .. } => "approved",
        Decision::Modify { .. } => "modified",
        Decision::Reject { .. } => "rejected",
        Decision::Retry { .. } => "retried",
        Decision::Grant { .. } => "granted",
        Decision::Expired => "expired",
        Decision::Withdrawn => "withdrawn",
    }
}
