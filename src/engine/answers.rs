//! Asking and answering at the desk. A decision counts only for the revision it was made on; nobody's silence is
//! ever a yes, save a veto window that the gate opened.

use super::{
    command::{DeskCommand, Refusal, RefusalKind},
    desk::{close, open, open_of, rule_command, word},
    event::{DeskEvent, Event, MoneyEvent},
    pen::{Pen, may_start, refuse},
    playbook::brief,
    state::State,
};
use crate::{
    domain::{
        ids::{MissionId, RequestId, Revision},
        mission::Ending,
        money::Money,
        request::{Actor, Decision, Modification, Request, Subject},
    },
    policy::{
        proposal::{Approver, Given},
        ruling::RulingOutcome,
    },
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
    }
}

fn ask(pen: &mut Pen<'_>, id: MissionId, subject: &Subject) -> Result<(), Refusal> {
    let mission = pen.live(id)?;
    if matches!(&pen.order.actor, Actor::Agent(of, _) if *of != id) {
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
        Subject::Choose { .. } | Subject::Budget { .. } | Subject::Conflict { .. } => {
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
    let ruling = rule_command(pen, argv, Given::Nothing);
    let reasons: Vec<String> = ruling.reasons.iter().map(|r| format!("{}: {}", r.rule, r.text)).collect();
    if ruling.outcome == RulingOutcome::Deny {
        return Err(refuse(RefusalKind::Forbidden, reasons.join("; ")));
    }
    open(pen, id, subject.clone(), reasons);
    Ok(())
}

/// Who may answer, and for whom the gate then rules.
fn approver(actor: &Actor, decision: &Decision) -> Result<Approver, Refusal> {
    match (actor, decision) {
        (Actor::Agent(..), _) => Err(refuse(RefusalKind::Forbidden, "agents do not decide")),
        (Actor::Engine, Decision::Withdrawn) => Ok(Approver::Policy),
        (Actor::Engine, _) => Err(refuse(RefusalKind::Forbidden, "the program itself does not decide")),
        (_, Decision::Expired | Decision::Withdrawn) => {
            Err(refuse(RefusalKind::Invalid, "that is not an answer: approve, modify, reject or retry"))
        }
        (Actor::Policy, _) => Ok(Approver::Policy),
        (Actor::Person(_), _) => Ok(Approver::Person),
    }
}

fn answer(pen: &mut Pen<'_>, id: RequestId, seen: Revision, decision: &Decision) -> Result<(), Refusal> {
    let Some(request) = pen.state.desk.get(&id).cloned() else {
        return Err(missing(&pen.state, id));
    };
    let approver = approver(&pen.order.actor, decision)?;
    if seen != request.revision {
        let text = format!(
            "{id} has changed since: {seen} was seen, {} is on the desk. Look again",
            request.revision
        );
        return Err(refuse(RefusalKind::Stale, text));
    }
    carry_out(pen, &request, decision, approver)
}

fn missing(state: &State, id: RequestId) -> Refusal {
    if let Some((_, decision, at)) = state.decided.iter().rev().find(|(r, ..)| r.id == id) {
        return refuse(RefusalKind::Already, format!("{id} was answered before ({}, {at})", word(decision)));
    }
    if id.0 >= 1 && id.0 <= state.counters.request {
        return refuse(RefusalKind::Already, format!("{id} was answered long ago"));
    }
    refuse(RefusalKind::Unknown, format!("there is no request {id}"))
}

/// What follows from a decision that counts.
pub(super) fn carry_out(
    pen: &mut Pen<'_>,
    request: &Request,
    decision: &Decision,
    approver: Approver,
) -> Result<(), Refusal> {
    match &request.subject {
        Subject::Choose { .. } => brief::answer_choice(pen, request, decision, approver),
        Subject::Conflict { .. } => brief::answer_conflict(pen, request, decision),
        Subject::Budget { wanted, .. } => answer_budget(pen, request, decision, *wanted),
        Subject::Command { argv, .. } => {
            let argv = match decision {
                Decision::Modify { change: Modification::Argv(argv), .. }
                    if argv.first().is_some_and(|a| !a.is_empty()) =>
                {
                    Some(argv)
                }
                Decision::Modify { change: Modification::Prompt(_), .. } => None,
                Decision::Modify { .. } => {
                    return Err(refuse(
                        RefusalKind::Invalid,
                        format!("{} is a command: give another one", request.id),
                    ));
                }
                Decision::Approve { .. } => Some(argv),
                _ => None,
            };
            if let Some(argv) = argv {
                let ruling = rule_command(pen, argv, Given::Approved(1));
                if ruling.outcome != RulingOutcome::Auto {
                    may_start(&pen.state)?;
                    let why = crate::policy::gate::explain(&ruling).join("; ");
                    return Err(refuse(RefusalKind::Forbidden, why));
                }
            }
            close(pen, request, decision.clone());
            Ok(())
        }
        Subject::Ask { .. } => match decision {
            Decision::Modify { change: Modification::Prompt(_), .. } => {
                close(pen, request, decision.clone());
                Ok(())
            }
            Decision::Modify { .. } => {
                Err(refuse(RefusalKind::Invalid, format!("{} is a question: answer in words", request.id)))
            }
            _ => {
                close(pen, request, decision.clone());
                Ok(())
            }
        },
    }
}

fn answer_budget(
    pen: &mut Pen<'_>,
    request: &Request,
    decision: &Decision,
    wanted: Money,
) -> Result<(), Refusal> {
    let cap = match decision {
        Decision::Approve { .. } => wanted,
        Decision::Modify { change: Modification::Amount(amount), .. } => *amount,
        Decision::Modify { .. } => {
            return Err(refuse(
                RefusalKind::Invalid,
                format!("{} asks for money: give an amount", request.id),
            ));
        }
        Decision::Reject { .. } | Decision::Retry { .. } | Decision::Expired | Decision::Withdrawn => {
            close(pen, request, decision.clone());
            return Ok(());
        }
    };
    let id = request.mission;
    let mission = pen.known(id)?;
    if cap <= mission.brief.budget {
        let text = format!("{cap} is not more than the cap of {}", mission.brief.budget);
        return Err(refuse(RefusalKind::Invalid, text));
    }
    let ended = matches!(mission.result.ending, Some((Ending::OverBudget(_), _)));
    if ended {
        brief::may_reopen(pen, id)?;
    }
    close(pen, request, decision.clone());
    pen.write(Event::Money(MoneyEvent::CapRaised(id, cap)));
    if ended {
        brief::reopen_with(pen, id, &format!("the budget is {cap} now: go on where you stopped"));
    } else {
        brief::resume_over_budget(pen, id, cap);
    }
    Ok(())
}

/// Time has passed: veto windows that ended approve, requests that nobody answered are denied, missions
/// whose time is up go to the decision with what they have.
pub(super) fn tick(pen: &mut Pen<'_>) {
    if pen.state.clockwork.halted.is_some() {
        return;
    }
    let now = pen.order.at;
    let due: Vec<RequestId> =
        pen.state.clockwork.vetoes.iter().filter(|(_, until)| **until <= now).map(|(id, _)| *id).collect();
    for id in due {
        if let Some(request) = pen.state.desk.get(&id).cloned() {
            brief::approve_waited(pen, &request, crate::policy::proposal::VETO_WINDOW);
        }
    }
    let overdue: Vec<Arc<Request>> = pen.state.desk.values().filter(|r| r.expires <= now).cloned().collect();
    for request in overdue {
        if pen.state.desk.contains_key(&request.id) {
            // Expiry is an answer to every kind of request, so it cannot be refused.
            let _ = carry_out(pen, &request, &Decision::Expired, Approver::Policy);
        }
    }
    let late: Vec<MissionId> =
        pen.state.clockwork.deadlines.iter().filter(|(_, until)| **until <= now).map(|(id, _)| *id).collect();
    for id in late {
        brief::time_out(pen, id);
    }
}
