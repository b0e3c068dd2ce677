//! The Decision Desk: one list of everything that waits for a person, at any depth. Here requests are laid
//! down, changed and taken away; who may ask and what an answer brings about is in `answers`.

use super::{event::DeskEvent, pen::Pen, state::State};
use crate::{
    domain::{
        digest::Digest,
        ids::{MissionId, RequestId, Revision},
        money::Money,
        request::{Decision, Request, Subject},
    },
    policy::{
        gate::gate,
        proposal::{Action, Approver, Given, Grounds, Proposal, Standing, Surroundings, Tests},
        ruling::Ruling,
    },
};

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
    mut reasons: Vec<String>,
) -> RequestId {
    let id = RequestId(pen.state.counters.request.saturating_add(1));
    reasons.truncate(REASONS_MOST);
    let (opened, expires) = (pen.order.at, pen.order.at + pen.state.policy.approval_expiry);
    let if_denied = if_denied(&subject).to_owned();
    let request =
        Request { id, mission, subject, revision: Revision(1), opened, expires, reasons, if_denied };
    pen.desk_event(DeskEvent::RequestOpened(Box::new(request)));
    id
}

/// What a person must see changed: earlier answers do not fit any more, and the waiting starts again.
pub(super) fn revise(
    pen: &mut Pen<'_>,
    before: &Request,
    subject: Subject,
    mut reasons: Vec<String>,
) -> RequestId {
    reasons.truncate(REASONS_MOST);
    let revised = Request {
        subject,
        reasons,
        revision: before.revision.next(),
        expires: pen.order.at + pen.state.policy.approval_expiry,
        ..before.clone()
    };
    pen.desk_event(DeskEvent::RequestRevised(Box::new(revised)));
    before.id
}

pub(super) fn close(pen: &mut Pen<'_>, request: &Request, decision: Decision) {
    pen.desk_event(DeskEvent::RequestDecided(request.id, request.revision, Box::new(decision)));
}

fn if_denied(subject: &Subject) -> &'static str {
    match subject {
        Subject::Choose { .. } => "nothing lands and the mission ends; every candidate is kept",
        Subject::Command { .. } => "the command does not run; the agent is told and goes on",
        Subject::Budget { .. } => "the cap stays; a team that reached it does not go on",
        Subject::Ask { .. } => "the agent is told that there is no answer and goes on",
        Subject::Conflict { .. } => "nothing lands and the mission ends; the candidate is kept",
    }
}

pub(super) fn rule_command(pen: &Pen<'_>, argv: &[String], given: Given) -> Ruling {
    let parts: Vec<&[u8]> = argv.iter().map(String::as_bytes).collect();
    rule(pen, Action::Command { argv }, (Digest::of_parts(&parts), given))
}

fn rule(pen: &Pen<'_>, action: Action<'_>, (plan, given): (Digest, Given)) -> Ruling {
    let grounds = Grounds { tests: Tests::Missing, grade: None, confidence: None, tainted: false };
    let halted = pen.state.halted();
    let standing = Standing {
        at: pen.order.at,
        policy: &pen.state.policy,
        halted: halted.as_deref(),
        approver: Approver::Person,
        given,
        surroundings: Surroundings::default(),
    };
    gate(&Proposal { action, plan, grounds }, &standing)
}

/// Why more money is asked of a person.
pub(super) fn money_reasons(pen: &Pen<'_>, amount: Money) -> Vec<String> {
    let ruling = rule(pen, Action::Money { amount }, (Digest::of(&amount.0.to_be_bytes()), Given::Nothing));
    ruling.reasons.into_iter().map(|r| format!("{}: {}", r.rule, r.text)).collect()
}

/// One word for a decision.
#[must_use]
pub fn word(decision: &Decision) -> &'static str {
    match decision {
        Decision::Approve { .. } => "approved",
        Decision::Modify { .. } => "modified",
        Decision::Reject { .. } => "rejected",
        Decision::Retry { .. } => "retried",
        Decision::Expired => "expired",
        Decision::Withdrawn => "withdrawn",
    }
}
