//! Endings: what is dropped, halted and cleaned up; reopening; running out of time.

use super::{advance, choice, draft};
use crate::{
    domain::{
        ids::{MissionId, TeamId},
        mission::{Ending, Rating, Step},
        request::Subject,
    },
    engine::{
        command::{Refusal, RefusalKind},
        effect::{EffectKind, Failure, FailureKind},
        event::{MissionEvent, TeamEvent},
        grants,
        healing::ending,
        pen::{Pen, refuse},
        state::{Mission, TeamPhase},
    },
};

/// Ends a mission. What runs is halted first; worktrees are released only when nothing runs in them.
/// After a cap ended it, the request to raise that cap stays.
pub(in crate::engine) fn end(pen: &mut Pen<'_>, id: MissionId, ending: Ending) {
    let over_budget = matches!(ending, Ending::OverBudget(_));
    draft::withdraw(pen, id, |subject| !(over_budget && matches!(subject, Subject::Budget { .. })));
    grants::end_of(pen, id);
    let admitted = pen.mission(id).is_some_and(|m| m.step.is_some());
    let running = pen.drop_effects(id, |effect| !lasting(&effect.kind));
    pen.mission_event(id, MissionEvent::Ended(ending.clone()));
    if running {
        pen.want(id, EffectKind::Halt { team: None });
    } else if admitted {
        release(pen, id);
    }
    ending::mission_ended(pen, id, &ending);
}

/// Effects that outlive a mission's end.
fn lasting(kind: &EffectKind) -> bool {
    matches!(kind, EffectKind::Halt { .. } | EffectKind::Release | EffectKind::Restore { .. })
}

/// Cleans up once nothing runs for an ended mission any more.
pub(super) fn release(pen: &mut Pen<'_>, id: MissionId) {
    let Some(mission) = pen.mission(id) else { return };
    if mission.result.ending.is_some() && mission.effects.is_empty() {
        pen.want(id, EffectKind::Release);
    }
}

/// All teams ended and none has a candidate with evidence.
pub(in crate::engine) fn without_candidate(pen: &mut Pen<'_>, id: MissionId) {
    let Some(mission) = pen.mission(id) else { return };
    let (mut over_budget, mut stopped) = (false, false);
    let mut words = Vec::new();
    for team in &mission.teams {
        if let TeamPhase::Failed(failure) = &team.phase {
            over_budget |= failure.kind.over_budget();
            stopped |= failure.kind == FailureKind::Cancelled;
            words.push(format!("{}: {}", team.spec.name, failure.reason));
        }
    }
    let text = format!("no team has a candidate ({})", words.join("; "));
    let ending = match (over_budget, stopped) {
        (true, _) => Ending::OverBudget(text),
        // Its time was up before it could be told whether it would have failed.
        (false, true) => Ending::Cancelled(text),
        (false, false) => Ending::Failed(text),
    };
    end(pen, id, ending);
}

/// Refuses while the last run is still being cleaned up; else ends the waiting for that.
pub(in crate::engine) fn may_reopen(pen: &mut Pen<'_>, id: MissionId) -> Result<(), Refusal> {
    let mission = pen.known(id)?;
    let busy = mission.effects.values().any(|e| match e.kind {
        EffectKind::Halt { .. } => true,
        _ => e.started.is_some(),
    });
    if busy {
        return Err(refuse(
            RefusalKind::Stale,
            format!("{id} is still being cleaned up: try again in a moment"),
        ));
    }
    Ok(())
}

/// An ended mission waits for a place in the pool again, with this in mind for every team.
pub(super) fn reopen(pen: &mut Pen<'_>, id: MissionId, why: &str) -> Result<(), Refusal> {
    may_reopen(pen, id)?;
    reopen_with(pen, id, why);
    Ok(())
}

pub(in crate::engine) fn reopen_with(pen: &mut Pen<'_>, id: MissionId, why: &str) {
    draft::withdraw(pen, id, |_| true);
    pen.drop_effects(id, |_| true);
    pen.mission_event(id, MissionEvent::Reopened(why.to_owned()));
    let Some(mission) = pen.mission(id) else { return };
    for team in &mission.teams {
        pen.team_event(id, team.id, TeamEvent::FeedbackGiven(why.to_owned()));
    }
}

/// What the director thinks of it; while it goes on there is nothing to think of yet.
pub(super) fn rate(pen: &mut Pen<'_>, id: MissionId, rating: &Rating) -> Result<(), Refusal> {
    let mission = pen.known(id)?;
    if mission.result.ending.is_none() {
        return Err(refuse(RefusalKind::Invalid, format!("{id} has not ended: rate what it comes to")));
    }
    if !(1..=5).contains(&rating.stars) || rating.words.len() > Rating::WORDS_MOST {
        let most = Rating::WORDS_MOST;
        let text = format!("a rating is 1 to 5 with at most {most} bytes of words");
        return Err(refuse(RefusalKind::Invalid, text));
    }
    pen.mission_event(id, MissionEvent::Rated(rating.clone()));
    Ok(())
}

/// The time of a mission is up: whoever is ready goes to the decision, the rest ends.
pub(in crate::engine) fn time_out(pen: &mut Pen<'_>, id: MissionId) {
    let Some(mission) = pen.mission(id) else { return };
    let limit = mission.brief.timeout.unwrap_or_default();
    let reason = format!("the time limit of {limit} is over");
    match mission.step {
        Some(Step::Draft | Step::Check) => stop_teams(pen, &mission, &reason),
        Some(Step::Judge) => {
            pen.drop_effects(id, |effect| matches!(effect.kind, EffectKind::Judge { .. }));
            choice::judged(pen, id, &[], &[format!("no judge: {reason}")]);
        }
        Some(Step::Decide | Step::Land | Step::Stage | Step::Validate) => {}
        None | Some(Step::Clarify | Step::Plan | Step::Test) => end(pen, id, Ending::Cancelled(reason)),
    }
}

fn stop_teams(pen: &mut Pen<'_>, mission: &Mission, reason: &str) {
    let unfinished: Vec<TeamId> = mission
        .teams
        .iter()
        .filter(|t| !matches!(t.phase, TeamPhase::Ready | TeamPhase::Failed(_)))
        .map(|t| t.id)
        .collect();
    let failure = Failure { kind: FailureKind::Cancelled, reason: reason.to_owned() };
    for team in unfinished {
        draft::halt(pen, mission.id, team);
        pen.team_event(mission.id, team, TeamEvent::Failed(failure.clone()));
    }
    advance(pen, mission.id);
}
