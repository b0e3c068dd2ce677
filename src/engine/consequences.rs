//! What follows from a decision that counts, for each kind of request. A refusal leaves everything as it was: nothing
//! is written before it is known that all of it may be.

use super::{
    command::{Refusal, RefusalKind},
    desk::{close, consent, given, rule_command, rule_money, wants_more},
    event::{Event, MoneyEvent},
    grants, healing,
    pen::{Pen, may_start, refuse},
    playbook::brief,
};
use crate::{
    domain::{
        mission::Ending,
        money::Money,
        request::{Actor, Decision, Modification, Request, Subject},
    },
    policy::ruling::RulingOutcome,
};

/// Carries a decision out, as the word of whoever gave it.
pub(super) fn carry_out(
    pen: &mut Pen<'_>,
    request: &Request,
    decision: &Decision,
    by: &Actor,
) -> Result<(), Refusal> {
    match &request.subject {
        Subject::Choose { .. } => brief::answer_choice(pen, request, decision, by),
        Subject::Conflict { .. } => brief::answer_conflict(pen, request, decision),
        Subject::Budget { wanted, .. } => answer_budget(pen, request, (decision, by), *wanted),
        Subject::Command { argv, .. } => {
            if let Decision::Grant { terms } = decision {
                return grants::give(pen, request, terms, by);
            }
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
                let given = given(pen, request, decision, by)?;
                let ruling = rule_command(pen, argv, (given, None));
                if let Some(wants) = wants_more(&ruling, given) {
                    return consent(pen, request, (decision.clone(), by), wants);
                }
                if ruling.outcome != RulingOutcome::Auto {
                    may_start(&pen.state)?;
                    let why = crate::policy::gate::explain(&ruling).join("; ");
                    return Err(refuse(RefusalKind::Forbidden, why));
                }
            }
            close(pen, request, decision.clone());
            Ok(())
        }
        Subject::Remedy { .. } => healing::answer(pen, request, decision, by),
        Subject::Release { .. } => healing::keep_or_not(pen, request, decision, by),
        Subject::Ask { .. } => match decision {
            Decision::Grant { .. } => Err(no_grant(request)),
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
    (decision, by): (&Decision, &Actor),
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
        Decision::Grant { .. } => return Err(no_grant(request)),
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
    let given = given(pen, request, decision, by)?;
    if let Some(wants) = wants_more(&rule_money(pen, cap, given), given) {
        return consent(pen, request, (decision.clone(), by), wants);
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

fn no_grant(request: &Request) -> Refusal {
    let text = format!("{} is a {}: only commands can be granted", request.id, request.subject.word());
    refuse(RefusalKind::Invalid, text)
}
