//! Asking and answering at the desk. A decision counts only for the revision it was made on; nobody's silence is
//! ever a yes, save a veto window that the gate opened.

use super::{
    command::{DeskCommand, Refusal, RefusalKind},
    consequences::carry_out,
    desk::{fresh, open, open_of, reasons, rule_command},
    event::DeskEvent,
    grants, healing, holds,
    pen::{Pen, refuse},
    playbook::brief,
};
use crate::{
    domain::{
        ids::{MissionId, RequestId, Revision},
        request::{Actor, Decision, Request, Subject},
    },
    policy::{proposal::Given, ruling::RulingOutcome},
};
use std::sync::Arc;

/// Open requests of one mission.
pub const OPEN_MOST: usize = 32;
/// Longest question or command of an agent, in bytes.
pub const ASKED_MOST: usize = 64 * 1024;

pub(super) fn decide(pen: &mut Pen<'_>, command: &DeskCommand) -> Result<(), Refusal> {
    match command {
        DeskCommand::Ask(id, subject) => ask(pen, *id, subject),
        DeskCommand::Decide(id, revision, decision) => answer(pen, *id, *revision, decision),
        DeskCommand::Hold(id, revision, decision) => {
            may_answer(&pen.order.actor, decision)?;
            holds::give(pen, *id, *revision, decision)
        }
        DeskCommand::Undo(id) => holds::undo(pen, *id),
        DeskCommand::Revoke(id) => grants::revoke(pen, *id),
    }
}

fn ask(pen: &mut Pen<'_>, id: MissionId, subject: &Subject) -> Result<(), Refusal> {
    let mission = pen.live(id)?;
    if matches!(&pen.order.actor, Actor::Agent(of, _) if *of != id)
        || matches!(pen.order.actor, Actor::Investigator(_))
    {
        return Err(refuse(RefusalKind::Forbidden, "an agent asks for its own mission only"));
    }
    let (team, length) = match subject {
        Subject::Command { team, argv, reason } => {
            if argv.first().is_none_or(String::is_empty) {
                return Err(refuse(RefusalKind::Invalid, "a command needs a program"));
            }
            (*team, argv.iter().map(String::len).sum::<usize>() + reason.len())
        }
        Subject::Ask { team, question } => (*team, question.len()),
        Subject::Choose { .. }
        | Subject::Budget { .. }
        | Subject::Conflict { .. }
        | Subject::Remedy { .. }
        | Subject::Release { .. } => {
            return Err(refuse(RefusalKind::Invalid, format!("{} is not asked by agents", subject.word())));
        }
    };
    if length > ASKED_MOST {
        return Err(refuse(RefusalKind::Invalid, format!("{length} bytes are asked, {ASKED_MOST} at most")));
    }
    if !mission.teams.iter().any(|t| t.id == team && brief::on_air(&t.phase)) {
        return Err(refuse(
            RefusalKind::Stale,
            format!("{} of {id} is not at work", mission.team_name(team)),
        ));
    }
    let before = open_of(&pen.state, id);
    if let Some(same) = before.iter().find(|r| r.subject == *subject) {
        // Asked again after a restart: the request that is open answers both.
        pen.desk_event(DeskEvent::RequestRevised(Box::new(same.clone())));
        return Ok(());
    }
    if before.len() >= OPEN_MOST {
        return Err(refuse(
            RefusalKind::Invalid,
            format!("{OPEN_MOST} requests of {id} are open: wait for an answer"),
        ));
    }
    put(pen, id, subject)
}

/// What the gate says decides whether a person sees it at all.
fn put(pen: &mut Pen<'_>, id: MissionId, subject: &Subject) -> Result<(), Refusal> {
    let Subject::Command { argv, .. } = subject else {
        open(pen, id, subject.clone(), Vec::new());
        return Ok(());
    };
    let grant = grants::covering(pen, id, argv);
    let ruling = rule_command(pen, argv, (Given::Nothing, grant.as_deref()));
    let (outcome, reasons) = (ruling.outcome.clone(), reasons(ruling));
    if outcome == RulingOutcome::Deny {
        return Err(refuse(RefusalKind::Forbidden, reasons.join("; ")));
    }
    let request = open(pen, id, subject.clone(), reasons);
    if let Some(grant) = grant.filter(|_| outcome == RulingOutcome::Auto) {
        grants::apply(pen, &grant, request);
    }
    Ok(())
}

/// Who may answer, and with what.
fn may_answer(actor: &Actor, decision: &Decision) -> Result<(), Refusal> {
    match (actor, decision) {
        (Actor::Agent(..) | Actor::Investigator(_), _) => {
            Err(refuse(RefusalKind::Forbidden, "agents do not decide"))
        }
        (Actor::Engine, Decision::Withdrawn) => Ok(()),
        (Actor::Engine, _) => Err(refuse(RefusalKind::Forbidden, "the program itself does not decide")),
        (_, Decision::Expired | Decision::Withdrawn) => {
            Err(refuse(RefusalKind::Invalid, "that is not an answer: approve, modify, reject or retry"))
        }
        (Actor::Policy | Actor::Person(_), _) => Ok(()),
    }
}

/// An answer that takes effect at once. One that was held for the same request ends: it was meant, or is replaced.
fn answer(pen: &mut Pen<'_>, id: RequestId, seen: Revision, decision: &Decision) -> Result<(), Refusal> {
    let by = pen.order.actor.clone();
    may_answer(&by, decision)?;
    let request = fresh(pen, id, seen)?;
    holds::settle(pen, id, decision);
    carry_out(pen, &request, decision, &by)
}

/// Time has passed: decisions that were held take effect, veto windows that ended approve, requests that nobody answered are denied, missions
/// whose time is up go to the decision with what they have.
pub(super) fn tick(pen: &mut Pen<'_>) {
    if pen.state.clockwork.halted.is_some() {
        return;
    }
    let now = pen.order.at;
    holds::due(pen);
    grants::expire(pen);
    let due: Vec<RequestId> =
        pen.state.clockwork.vetoes.iter().filter(|(_, until)| **until <= now).map(|(id, _)| *id).collect();
    for id in due {
        if let Some(request) = pen.state.desk.get(&id).cloned() {
            match &request.subject {
                Subject::Remedy { incident, .. } => healing::approve_waited(pen, *incident),
                _ => brief::approve_waited(pen, &request, pen.state.policy.healing.hours.veto_window),
            }
        }
    }
    let overdue: Vec<Arc<Request>> = pen.state.desk.values().filter(|r| r.expires <= now).cloned().collect();
    for request in overdue {
        // Whoever has decided in time is not overtaken by the expiry.
        let answered = pen.state.clockwork.held.contains_key(&request.id);
        if pen.state.desk.contains_key(&request.id) && !answered {
            // Expiry is an answer to every kind of request, so it cannot be refused.
            let _ = carry_out(pen, &request, &Decision::Expired, &Actor::Engine);
        }
    }
    let late: Vec<MissionId> =
        pen.state.clockwork.deadlines.iter().filter(|(_, until)| **until <= now).map(|(id, _)| *id).collect();
    for id in late {
        brief::time_out(pen, id);
    }
    healing::tick(pen);
}
