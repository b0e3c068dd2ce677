//! Landing: from the chosen candidate to a commit, and back to the desk when the target moved.

use super::{
    choice, contender,
    draft::{self, Anew},
    end, open, plan_digest, report,
};
use crate::{
    domain::{
        ids::{EffectId, MissionId, TeamId},
        mission::{Ending, Step},
        request::{Decision, Modification, Request, Subject},
    },
    engine::{
        command::{Outcome, Refusal, RefusalKind},
        desk,
        effect::{EffectKind, runs_again},
        event::{EffectEvent, Event, MissionEvent},
        pen::{Pen, refuse},
        state::{Mission, State},
    },
    policy::{gate::version, ruling::RulingOutcome},
};

/// Conflicting paths named to a team.
const NAMED_MOST: usize = 20;

/// Leave to land: the chosen candidate, as it is now, under an `Auto` for this plan, of the policy in force.
/// A landing that had begun before a crash or a stop is completed under the policy of its time: half done is worse.
pub(in crate::engine) fn may_land(
    state: &State,
    mission: &Mission,
    (effect, kind): (&EffectId, &EffectKind),
) -> Result<(), Refusal> {
    let EffectKind::Land { team, attempt, plan } = kind else { return Ok(()) };
    let (team, attempt, plan) = (*team, *attempt, *plan);
    let begun = state.clockwork.unsure.contains(effect) || runs_again(effect);
    let candidate = mission.teams.iter().find(|t| t.id == team).and_then(contender).map(|(c, _)| c);
    let same_plan = candidate.is_some_and(|c| c.attempt == attempt && plan_digest(mission, c) == plan);
    let ruled = mission.rulings.get(&team).is_some_and(|(ruled, ruling)| {
        *ruled == attempt
            && ruling.plan == plan
            && ruling.outcome == RulingOutcome::Auto
            && (begun || ruling.policy == version(&state.policy))
    });
    if same_plan && ruled && mission.result.chosen == Some((team, attempt)) {
        return Ok(());
    }
    let text = format!(
        "landing attempt {attempt} of {} of {} was not ruled on: nothing lands",
        mission.team_name(team),
        mission.id
    );
    Err(refuse(RefusalKind::Forbidden, text))
}

/// Outcomes of a landing.
pub(super) fn landing(
    pen: &mut Pen<'_>,
    (id, effect): (MissionId, &EffectId),
    (team, attempt): (TeamId, u32),
    outcome: &Outcome,
) -> Result<(), Refusal> {
    let done = |pen: &mut Pen<'_>| pen.write(Event::Effect(EffectEvent::Done(effect.clone())));
    match outcome {
        Outcome::Landed(commit, branch) => {
            done(pen);
            pen.mission_event(id, MissionEvent::Landed(commit.clone(), branch.clone()));
            // A feature goes on to the staging environment.
            if pen.known(id)?.brief.feature.is_none() {
                end::end(pen, id, Ending::Landed);
            }
        }
        Outcome::Conflicted(files, detail) => {
            done(pen);
            let Some(mission) = pen.mission(id) else { return Ok(()) };
            pen.mission_event(id, MissionEvent::StepEntered(Step::Decide, mission.revision.next()));
            let subject = Subject::Conflict { team, files: files.clone(), detail: *detail };
            let reasons = vec!["the target moved and both sides changed the same lines".to_owned()];
            desk::open(pen, id, subject, reasons);
        }
        Outcome::RecheckFailed(evidence) => {
            done(pen);
            report::gathered(pen, id, (team, attempt), evidence);
            let red = report::red_checks(evidence);
            back_to_desk(pen, id, format!("merged onto the moved target, but checks fail there: {red}"));
        }
        _ => return Err(refuse(RefusalKind::Invalid, format!("that is no outcome of {effect}"))),
    }
    Ok(())
}

/// The winner did not land: the choice is open again, and only a person decides now.
pub(super) fn back_to_desk(pen: &mut Pen<'_>, id: MissionId, why: String) {
    pen.drop_effects(id, |effect| matches!(effect.kind, EffectKind::Land { .. }));
    let Some(mission) = pen.mission(id) else { return };
    pen.mission_event(id, MissionEvent::StepEntered(Step::Decide, mission.revision.next()));
    choice::ask_again(pen, id, why);
}

/// A person's answer to a conflict: the team tries again from where the target is now, or the mission ends.
pub(in crate::engine) fn answer_conflict(
    pen: &mut Pen<'_>,
    request: &Request,
    decision: &Decision,
) -> Result<(), Refusal> {
    let Subject::Conflict { team, files, detail } = &request.subject else {
        return Err(refuse(RefusalKind::Invalid, format!("{} is no conflict", request.id)));
    };
    let id = request.mission;
    let conflict = || {
        let named: Vec<&str> = files.iter().take(NAMED_MOST).map(String::as_str).collect();
        format!("the target moved; resolve the conflict in {} (both sides: blob {detail})", named.join(", "))
    };
    let said = match decision {
        Decision::Approve { .. } => conflict(),
        Decision::Retry { reason } | Decision::Modify { change: Modification::Prompt(reason), .. } => {
            format!("{}\n{}", open::remark(reason)?, conflict())
        }
        Decision::Modify { change: Modification::Patch(patch), .. } => {
            desk::close(pen, request, decision.clone());
            draft::rebase(pen, id, *team, &Anew::Adopted(*patch));
            return Ok(());
        }
        Decision::Reject { reason } => {
            desk::close(pen, request, decision.clone());
            end::end(pen, id, Ending::Cancelled(format!("rejected: {reason}")));
            return Ok(());
        }
        Decision::Expired => {
            desk::close(pen, request, Decision::Expired);
            end::end(pen, id, Ending::Cancelled("nobody decided on the conflict in time: denied".to_owned()));
            return Ok(());
        }
        Decision::Modify { .. } | Decision::Grant { .. } | Decision::Withdrawn => {
            return Err(refuse(RefusalKind::Invalid, format!("{} is a conflict of a patch", request.id)));
        }
    };
    desk::close(pen, request, decision.clone());
    draft::rebase(pen, id, *team, &Anew::Drafted(&said));
    Ok(())
}

/// The open conflict of a mission.
pub(super) fn conflict_of(pen: &Pen<'_>, id: MissionId) -> Option<Request> {
    desk::open_of(&pen.state, id).into_iter().find(|r| matches!(r.subject, Subject::Conflict { .. }))
}
