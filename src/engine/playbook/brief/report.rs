//! What the world answers: outcomes of a brief's effects. A report for an effect that is not running, or
//! was answered before, is refused and changes nothing.

use super::{advance, choice, draft, end, land, prepare};
use crate::{
    domain::{
        candidate::{CheckOutcome, CommitId, Evidence},
        digest::Digest,
        ids::{EffectId, MissionId, Revision, TeamId},
        mission::Ending,
    },
    engine::{
        command::{Outcome, Refusal, RefusalKind, Report},
        effect::EffectKind,
        effect::mission_of,
        effect::{Failure, FailureKind},
        event::{EffectEvent, Event, MissionEvent, TeamEvent},
        pen::{Pen, refuse},
        state::TeamPhase,
    },
};

/// Which mission's effect a report is of, and what it does.
///
/// # Errors
/// It does not run: it was not begun, was answered before, or is not wanted any more.
pub(in crate::engine) fn running(pen: &Pen<'_>, report: &Report) -> Result<(MissionId, EffectKind), Refusal> {
    let effect = &report.effect;
    let unknown = || refuse(RefusalKind::Unknown, format!("there is no effect {effect}"));
    let id = mission_of(effect).ok_or_else(unknown)?;
    let mission = pen.known(id)?;
    let late = || {
        refuse(RefusalKind::Stale, format!("effect {effect} was answered before or is not wanted any more"))
    };
    let running = mission.effects.get(effect).ok_or_else(late)?;
    if running.started.is_none() || pen.state.clockwork.unsure.contains(effect) {
        return Err(refuse(RefusalKind::Stale, format!("effect {effect} was not begun")));
    }
    Ok((id, running.kind.clone()))
}

/// Takes one report.
pub(in crate::engine) fn report(pen: &mut Pen<'_>, report: &Report) -> Result<(), Refusal> {
    let effect = &report.effect;
    let (id, kind) = running(pen, report)?;
    match &report.outcome {
        Outcome::Failed(failure) => {
            fault(pen, (id, effect), &kind, failure);
            Ok(())
        }
        Outcome::Turn { turn, transcript, commit } => {
            turned(pen, (id, effect), &kind, (*turn, *transcript, commit.clone()))
        }
        Outcome::Drafted(candidate) => draft::drafted(pen, (id, effect), &kind, candidate),
        outcome => ended(pen, (id, effect), &kind, outcome),
    }
}

fn turned(
    pen: &mut Pen<'_>,
    (id, effect): (MissionId, &EffectId),
    kind: &EffectKind,
    (turn, transcript, commit): (u32, Digest, Option<CommitId>),
) -> Result<(), Refusal> {
    let EffectKind::Draft { team, .. } = kind else {
        return Err(refuse(RefusalKind::Invalid, format!("{effect} has no turns")));
    };
    let mission = pen.known(id)?;
    let before = mission.teams.iter().find(|t| t.id == *team).map_or(0, |t| t.turns);
    if turn <= before {
        return Err(refuse(RefusalKind::Already, format!("turn {turn} of {effect} was reported before")));
    }
    pen.team_event(id, *team, TeamEvent::TurnFinished { turn, transcript, commit });
    Ok(())
}

fn ended(
    pen: &mut Pen<'_>,
    (id, effect): (MissionId, &EffectId),
    kind: &EffectKind,
    outcome: &Outcome,
) -> Result<(), Refusal> {
    let done = |pen: &mut Pen<'_>| pen.write(Event::Effect(EffectEvent::Done(effect.clone())));
    match (kind, outcome) {
        (EffectKind::Survey, Outcome::Surveyed(survey)) => {
            done(pen);
            prepare::surveyed(pen, id, survey);
        }
        (EffectKind::Resurvey { .. }, Outcome::Surveyed(survey)) => {
            done(pen);
            draft::rebased(pen, id, kind, survey);
        }
        (EffectKind::Lend { team }, Outcome::Lent(place)) => {
            done(pen);
            pen.team_event(id, *team, TeamEvent::Lent(place.clone()));
        }
        (EffectKind::Clarify, Outcome::Asked(questions)) => {
            done(pen);
            prepare::asked(pen, id, questions);
        }
        (EffectKind::Plan, Outcome::Planned(plan)) => {
            done(pen);
            prepare::planned(pen, id, (**plan).clone());
        }
        (EffectKind::Check { team, attempt }, Outcome::Checked(evidence)) => {
            done(pen);
            gathered(pen, id, (*team, *attempt), evidence);
            draft::fall_back(pen, id, *team);
            advance(pen, id);
        }
        (EffectKind::Judge { .. }, Outcome::Judged(verdicts, missing)) => {
            done(pen);
            choice::judged(pen, id, verdicts, missing);
        }
        (EffectKind::Land { team, attempt, .. }, _) => {
            return land::landing(pen, (id, effect), (*team, *attempt), outcome);
        }
        (EffectKind::Restore { .. }, Outcome::Landed(commit, branch)) => {
            done(pen);
            pen.mission_event(id, MissionEvent::Restored(commit.clone(), branch.clone()));
            end::release(pen, id);
        }
        (EffectKind::Halt { .. }, Outcome::Halted | Outcome::Released(_)) => {
            done(pen);
            end::release(pen, id);
        }
        (EffectKind::Release, Outcome::Released(kept)) => {
            done(pen);
            pen.mission_event(id, MissionEvent::Released(kept.clone()));
        }
        (kind, _) => {
            let text = format!("that is no outcome of {effect} ({})", kind.word());
            return Err(refuse(RefusalKind::Invalid, text));
        }
    }
    Ok(())
}

/// Evidence is numbered here, so that a decision can name exactly what it saw.
pub(super) fn gathered(
    pen: &mut Pen<'_>,
    id: MissionId,
    (team, attempt): (TeamId, u32),
    evidence: &Evidence,
) {
    let Some(mission) = pen.mission(id) else { return };
    let before = mission
        .teams
        .iter()
        .filter(|t| t.id == team)
        .find_map(|t| t.entry(attempt))
        .and_then(|(_, evidence)| evidence.as_ref().map(|e| e.revision));
    let revision = before.map_or(Revision(1), Revision::next);
    let evidence = Evidence { revision, ..evidence.clone() };
    pen.team_event(id, team, TeamEvent::EvidenceGathered(attempt, Box::new(evidence)));
}

/// Checks that count and are not green, in words; empty if all are.
pub(super) fn red_checks(evidence: &Evidence) -> String {
    let red = evidence.checks.iter().filter(|c| c.after.outcome != CheckOutcome::Passed);
    let counted = red.filter(|c| c.kind != crate::domain::candidate::CheckKind::Lint);
    counted.map(|c| c.command.as_str()).collect::<Vec<_>>().join(", ")
}

/// An effect did not work: it is wanted again, or dropped. True: again.
pub(in crate::engine) fn tried_again(
    pen: &mut Pen<'_>,
    (id, effect): (MissionId, &EffectId),
    kind: &EffectKind,
    failure: &Failure,
) -> bool {
    pen.write(Event::Effect(EffectEvent::Failed(effect.clone(), failure.clone())));
    let tries = pen.mission(id).and_then(|m| m.effects.get(effect).map(|e| e.tries)).unwrap_or_default();
    let again = match failure.kind {
        FailureKind::Cancelled => true,
        FailureKind::Transient => tries <= pen.state.policy.max_retries,
        FailureKind::Permanent | FailureKind::OverBudget | FailureKind::NeedsBudget(_) => false,
    };
    if again {
        pen.want_again(id, effect, kind.clone());
    } else {
        pen.write(Event::Effect(EffectEvent::Dropped(effect.clone())));
    }
    again
}

/// An effect did not work: again, or what follows without it.
pub(super) fn fault(
    pen: &mut Pen<'_>,
    (id, effect): (MissionId, &EffectId),
    kind: &EffectKind,
    failure: &Failure,
) {
    if tried_again(pen, (id, effect), kind, failure) {
        return choice::reconsider(pen, id);
    }
    let why = &failure.reason;
    match kind {
        EffectKind::Survey => {
            end::end(pen, id, Ending::Failed(format!("the repository cannot be used: {why}")))
        }
        EffectKind::Clarify => prepare::asked(pen, id, &[]),
        EffectKind::Plan => prepare::unplanned(pen, id, why),
        EffectKind::Adopt { team, attempt, based_on, .. } => {
            draft::not_adopted(pen, id, (*team, *attempt, *based_on), failure);
        }
        EffectKind::Draft { team, .. }
        | EffectKind::Collect { team, .. }
        | EffectKind::Resurvey { team, .. }
        | EffectKind::Lend { team }
        | EffectKind::Check { team, .. } => draft::failed(pen, id, *team, failure),
        EffectKind::Judge { .. } => choice::judged(pen, id, &[], &[format!("no judge: {why}")]),
        EffectKind::Land { .. } => land::back_to_desk(pen, id, format!("landing failed: {why}")),
        EffectKind::Halt { .. } | EffectKind::Restore { .. } => end::release(pen, id),
        // The ideas agent works for no mission.
        // Those of ideas, incidents and staging are reported elsewhere.
        EffectKind::Release
        | EffectKind::Stage { .. }
        | EffectKind::Validate { .. }
        | EffectKind::Suggest { .. }
        | EffectKind::Investigate { .. }
        | EffectKind::Heal { .. }
        | EffectKind::Commission { .. }
        | EffectKind::Deploy { .. }
        | EffectKind::TakeBack { .. }
        | EffectKind::Verify { .. }
        | EffectKind::Announce { .. } => {}
    }
}

/// True while a team may ask and spend.
pub(in crate::engine) fn on_air(phase: &TeamPhase) -> bool {
    *phase == TeamPhase::Drafting
}
