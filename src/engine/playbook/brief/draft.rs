//! Teams at work: starting, revising, halting, and taking their candidates. A candidate that was not made
//! for exactly the attempt and revision that was asked for is stale and never used.

use super::{advance, choice, contender, report};
use crate::{
    domain::{
        candidate::{Candidate, CommitId, Evidence},
        digest::Digest,
        ids::{EffectId, MissionId, Revision, TeamId},
        mission::Step,
        money::Money,
        plan::Survey,
        request::{Decision, Subject},
    },
    engine::{
        command::{Refusal, RefusalKind},
        desk,
        effect::{EffectKind, Failure, FailureKind},
        event::{EffectEvent, Event, MissionEvent, TeamEvent},
        pen::{Pen, refuse},
        state::{Mission, Team, TeamPhase},
    },
};

/// The team that an effect works for.
pub(super) fn team_of(kind: &EffectKind) -> Option<TeamId> {
    match kind {
        EffectKind::Draft { team, .. }
        | EffectKind::Collect { team, .. }
        | EffectKind::Adopt { team, .. }
        | EffectKind::Resurvey { team, .. }
        | EffectKind::Lend { team }
        | EffectKind::Check { team, .. } => Some(*team),
        _ => None,
    }
}

/// Starts all teams that are not in the director's hands.
pub(in crate::engine) fn all(pen: &mut Pen<'_>, id: MissionId) {
    let Some(mission) = pen.mission(id) else { return };
    pen.mission_event(id, MissionEvent::StepEntered(Step::Draft, mission.revision.next()));
    for team in mission.teams.iter().filter(|team| team.phase != TeamPhase::TakenOver) {
        draft(pen, id, team.id);
    }
}

/// One team drafts.
pub(in crate::engine) fn draft(pen: &mut Pen<'_>, id: MissionId, team: TeamId) {
    attempt(pen, id, team, |attempt, based_on, feedback| EffectKind::Draft {
        team,
        attempt,
        based_on,
        feedback,
    });
}

/// The team's next attempt, however it comes about.
pub(super) fn attempt(
    pen: &mut Pen<'_>,
    id: MissionId,
    team: TeamId,
    kind: impl FnOnce(u32, Revision, Vec<String>) -> EffectKind,
) {
    let Some(mission) = pen.mission(id) else { return };
    let Some(found) = mission.teams.iter().find(|t| t.id == team) else { return };
    let (attempt, based_on) = (found.attempt.saturating_add(1), mission.revision);
    if let Some(base) = base_of(&mission, found).filter(|_| found.base.is_none()) {
        pen.team_event(id, team, TeamEvent::Rebased(base));
    }
    pen.team_event(id, team, TeamEvent::DraftStarted { attempt, based_on });
    pen.want(id, kind(attempt, based_on, found.feedback.clone()));
}

/// New attempts of these teams with something said to each.
pub(in crate::engine) fn redraft(pen: &mut Pen<'_>, id: MissionId, teams: &[TeamId], said: &str) {
    back_to_draft(pen, id, teams);
    for team in teams {
        pen.team_event(id, *team, TeamEvent::FeedbackGiven(said.to_owned()));
        draft(pen, id, *team);
    }
    choice::shrink(pen, id);
}

/// A patch that was there before the mission is the first team's candidate.
pub(super) fn given(pen: &mut Pen<'_>, id: MissionId, patch: Digest) {
    let Some(mission) = pen.mission(id) else { return };
    let Some(team) = mission.teams.first().map(|team| team.id) else { return };
    pen.mission_event(id, MissionEvent::StepEntered(Step::Draft, mission.revision.next()));
    attempt(pen, id, team, |attempt, based_on, _| EffectKind::Adopt { team, attempt, based_on, patch });
}

/// A person's patch becomes the team's next candidate.
pub(super) fn adopt(pen: &mut Pen<'_>, id: MissionId, team: TeamId, patch: Digest) {
    back_to_draft(pen, id, &[team]);
    attempt(pen, id, team, |attempt, based_on, _| EffectKind::Adopt { team, attempt, based_on, patch });
    choice::shrink(pen, id);
}

/// How a team begins again on a target that moved.
pub(super) enum Anew<'a> {
    /// It drafts, with this in mind.
    Drafted(&'a str),
    /// With this patch of a person.
    Adopted(Digest),
}

/// The target moved under a team's candidate: the repository is looked at again before its next attempt.
pub(super) fn rebase(pen: &mut Pen<'_>, id: MissionId, team: TeamId, how: &Anew<'_>) {
    back_to_draft(pen, id, &[team]);
    let patch = match how {
        Anew::Drafted(said) => {
            pen.team_event(id, team, TeamEvent::FeedbackGiven((*said).to_owned()));
            None
        }
        Anew::Adopted(patch) => Some(*patch),
    };
    attempt(pen, id, team, |attempt, based_on, feedback| EffectKind::Resurvey {
        team,
        attempt,
        based_on,
        feedback,
        patch,
    });
    choice::shrink(pen, id);
}

/// The repository was looked at again: the team's attempt goes on from what is there now.
pub(super) fn rebased(pen: &mut Pen<'_>, id: MissionId, kind: &EffectKind, survey: &Survey) {
    let EffectKind::Resurvey { team, attempt, based_on, feedback, patch } = kind else { return };
    let (team, attempt, based_on, feedback) = (*team, *attempt, *based_on, feedback.clone());
    pen.mission_event(id, MissionEvent::Surveyed(Box::new(survey.clone())));
    pen.team_event(id, team, TeamEvent::Rebased(survey.base.clone()));
    let next = match *patch {
        Some(patch) => EffectKind::Adopt { team, attempt, based_on, patch },
        None => EffectKind::Draft { team, attempt, based_on, feedback },
    };
    pen.want(id, next);
}

/// Commit that a team's work starts from: its own, or what the repository was at.
#[must_use]
pub fn base_of(mission: &Mission, team: &Team) -> Option<CommitId> {
    let last = team.candidates.last().map(|(candidate, _)| &candidate.base);
    let surveyed = mission.preparation.survey.as_ref().map(|survey| &survey.base);
    team.base.as_ref().or(last).or(surveyed).cloned()
}

/// A person's patch could not be used: the candidate that it was made from stands again, with its evidence.
pub(super) fn not_adopted(
    pen: &mut Pen<'_>,
    id: MissionId,
    (team, attempt, based_on): (TeamId, u32, Revision),
    failure: &Failure,
) {
    let known =
        pen.mission(id).and_then(|m| m.teams.iter().find(|t| t.id == team)?.candidates.last().cloned());
    let Some((former, evidence)) = known else { return failed(pen, id, team, failure) };
    let base = pen.mission(id).and_then(|m| base_of(&m, m.teams.iter().find(|t| t.id == team)?));
    if base.as_ref() != Some(&former.base) {
        // The patch was meant for a target that had moved: with its candidate the team is back on the old one.
        pen.team_event(id, team, TeamEvent::Rebased(former.base.clone()));
    }
    stand_again(pen, id, (team, attempt, based_on), (&former, evidence.as_deref()));
    advance(pen, id);
}

/// An earlier candidate of a team is up again as this attempt, with the evidence that it has.
fn stand_again(
    pen: &mut Pen<'_>,
    id: MissionId,
    (team, attempt, based_on): (TeamId, u32, Revision),
    (former, evidence): (&Candidate, Option<&Evidence>),
) {
    let again = Candidate { attempt, based_on, ..former.clone() };
    pen.team_event(id, team, TeamEvent::CandidateProposed(Box::new(again)));
    match evidence {
        Some(evidence) => report::gathered(pen, id, (team, attempt), evidence),
        None => pen.want(id, EffectKind::Check { team, attempt }),
    }
}

/// What a person made or put together does not pass the checks: the candidate it took the place of stands again, if
/// that one passed. What failed stays among the team's attempts with its evidence.
pub(super) fn fall_back(pen: &mut Pen<'_>, id: MissionId, team: TeamId) {
    let Some(mission) = pen.mission(id) else { return };
    let Some(found) = mission.teams.iter().find(|t| t.id == team) else { return };
    let Some((made, evidence)) = contender(found) else { return };
    if made.author.is_empty() || evidence.passed() {
        return;
    }
    let mut earlier = found.candidates.iter().rev().filter(|(former, _)| former.base == made.base);
    let passed = earlier.find_map(|(former, evidence)| {
        let evidence = evidence.as_deref().filter(|evidence| evidence.passed())?;
        Some((former.as_ref(), evidence))
    });
    let Some((former, evidence)) = passed else { return };
    let (attempt, based_on) = (found.attempt.saturating_add(1), mission.revision);
    pen.team_event(id, team, TeamEvent::DraftStarted { attempt, based_on });
    stand_again(pen, id, (team, attempt, based_on), (former, Some(evidence)));
}

/// What a person made last, with its evidence, where a former candidate stands again in its place; and the attempt
/// that this one was.
#[must_use]
pub fn fallen(team: &Team) -> Option<(&Candidate, &Evidence, u32)> {
    let (now, _) = contender(team)?;
    let [.., (made, evidence), _] = team.candidates.as_slice() else { return None };
    let evidence = evidence.as_deref().filter(|evidence| !evidence.passed() && !made.author.is_empty())?;
    let former = team.candidates.iter().find(|(candidate, _)| candidate.commit == now.commit)?;
    (former.0.attempt < made.attempt).then_some((made, evidence, former.0.attempt))
}

/// Ends what these teams do and makes every older judgement stale.
pub(super) fn back_to_draft(pen: &mut Pen<'_>, id: MissionId, teams: &[TeamId]) {
    for team in teams {
        halt(pen, id, *team);
    }
    pen.drop_effects(id, |effect| matches!(effect.kind, EffectKind::Judge { .. } | EffectKind::Land { .. }));
    let Some(mission) = pen.mission(id) else { return };
    pen.mission_event(id, MissionEvent::StepEntered(Step::Draft, mission.revision.next()));
}

/// Ends what one team does; what it asked does not matter any more.
pub(in crate::engine) fn halt(pen: &mut Pen<'_>, id: MissionId, team: TeamId) {
    withdraw(pen, id, |subject| asked_by(subject) == Some(team));
    if pen.drop_effects(id, |effect| team_of(&effect.kind) == Some(team)) {
        pen.want(id, EffectKind::Halt { team: Some(team) });
    }
}

fn asked_by(subject: &Subject) -> Option<TeamId> {
    match subject {
        Subject::Command { team, .. } | Subject::Ask { team, .. } => Some(*team),
        _ => None,
    }
}

/// Takes back requests of a mission that no longer matter.
pub(super) fn withdraw(pen: &mut Pen<'_>, id: MissionId, matches: impl Fn(&Subject) -> bool) {
    for request in desk::open_of(&pen.state, id) {
        if matches(&request.subject) {
            desk::close(pen, &request, Decision::Withdrawn);
        }
    }
}

/// A team says it is done.
pub(super) fn drafted(
    pen: &mut Pen<'_>,
    (id, effect): (MissionId, &EffectId),
    kind: &EffectKind,
    candidate: &Candidate,
) -> Result<(), Refusal> {
    let (EffectKind::Draft { team, attempt, based_on, .. }
    | EffectKind::Collect { team, attempt, based_on }
    | EffectKind::Adopt { team, attempt, based_on, .. }) = kind
    else {
        return Err(refuse(RefusalKind::Invalid, format!("{effect} makes no candidate")));
    };
    if candidate.team != *team {
        let text = format!("{effect} is of {team}, the candidate of {}", candidate.team);
        return Err(refuse(RefusalKind::Invalid, text));
    }
    let mission = pen.known(id)?;
    let base = mission.teams.iter().find(|t| t.id == *team).and_then(|found| base_of(&mission, found));
    let moved = base.is_some_and(|base| base != candidate.base);
    if candidate.attempt != *attempt || candidate.based_on != *based_on || moved {
        pen.team_event(id, *team, TeamEvent::ResultStale(candidate.attempt));
        let reason = format!(
            "attempt {} on {} from {} came, attempt {attempt} on {based_on} was asked for",
            candidate.attempt, candidate.based_on, candidate.base
        );
        report::fault(pen, (id, effect), kind, &Failure { kind: FailureKind::Transient, reason });
        return Ok(());
    }
    pen.write(Event::Effect(EffectEvent::Done(effect.clone())));
    withdraw(pen, id, |subject| asked_by(subject) == Some(*team));
    pen.team_event(id, *team, TeamEvent::CandidateProposed(Box::new(candidate.clone())));
    pen.want(id, EffectKind::Check { team: *team, attempt: *attempt });
    advance(pen, id);
    Ok(())
}

/// A team has nothing to show. Where the budget stopped it, a person is asked to raise it; no answer lifts another cap.
pub(super) fn failed(pen: &mut Pen<'_>, id: MissionId, team: TeamId, failure: &Failure) {
    withdraw(pen, id, |subject| asked_by(subject) == Some(team));
    pen.team_event(id, team, TeamEvent::Failed(failure.clone()));
    if failure.kind.over_budget() {
        pen.mission_event(id, MissionEvent::BudgetReached(failure.reason.clone()));
    }
    if let FailureKind::NeedsBudget(enough) = failure.kind {
        ask_for_budget(pen, id, team, (enough, &failure.reason));
    }
    advance(pen, id);
}

fn ask_for_budget(pen: &mut Pen<'_>, id: MissionId, team: TeamId, (enough, why): (Money, &str)) {
    let asked = desk::open_of(&pen.state, id).iter().any(|r| matches!(r.subject, Subject::Budget { .. }));
    let Some(mission) = pen.mission(id).filter(|_| !asked) else { return };
    let cap = mission.brief.budget;
    // A quarter more: the team is told of its budget, so its next call is a little larger than the one that was refused.
    let wanted = (enough + Money(enough.0 / 4)).max(cap + cap);
    let subject = Subject::Budget { team: Some(team), cap, wanted };
    let mut reasons = vec![why.to_owned()];
    reasons.extend(desk::money_reasons(pen, cap));
    desk::open(pen, id, subject, reasons);
}

/// The cap was raised: teams that it stopped go on where they were.
pub(in crate::engine) fn resume_over_budget(pen: &mut Pen<'_>, id: MissionId, cap: Money) {
    let Ok(mission) = pen.live(id) else { return };
    let at_work = matches!(mission.step, Some(Step::Draft | Step::Check | Step::Judge | Step::Decide));
    let stopped: Vec<TeamId> = mission
        .teams
        .iter()
        .filter(|t| matches!(&t.phase, TeamPhase::Failed(f) if f.kind.over_budget()))
        .map(|t| t.id)
        .collect();
    if at_work && !stopped.is_empty() {
        redraft(pen, id, &stopped, &format!("the budget is {cap} now: go on where you stopped"));
    }
}
