//! From the commit to the staging environment, and what the test says there.
//!
//! Nothing is put there that did not land under a ruling, and a mission that lands under one names the address in what was
//! ruled on. A failing try is made again as often as the policy lets; then the mission fails, and what landed stays.

use super::brief;
use crate::{
    domain::{
        candidate::{CheckOutcome, CheckRun, CommitId},
        ids::{EffectId, MissionId},
        mission::{Ending, Step},
        text::clean_line,
        time::Millis,
    },
    engine::{
        command::{Outcome, Refusal, RefusalKind, Report},
        effect::{Effect, EffectKind, Failure, FailureKind, run_of},
        event::{EffectEvent, Event, MissionEvent},
        pen::{Pen, refuse},
        state::Mission,
    },
};

/// Before a try after one that failed: what was not there a moment ago may be there later.
const PAUSES: [Millis; 3] = [Millis::secs(1), Millis::secs(5), Millis::secs(30)];
/// Characters of the test's last words that a reason has.
const TAIL_MOST: usize = 400;

/// Whether this playbook answers for an effect.
pub(in crate::engine) fn owns(effect: &EffectId) -> bool {
    matches!(effect.0.split('/').nth(1), Some("stage" | "validate"))
}

/// How long whoever carries an effect out waits before it begins it: longer after each try that failed.
#[must_use]
pub fn pause(effect: &Effect) -> Option<Millis> {
    if !matches!(effect.kind, EffectKind::Stage { .. } | EffectKind::Validate { .. }) {
        return None;
    }
    let failed = run_of(&effect.id).saturating_sub(1);
    let last = PAUSES.len() - 1;
    (failed > 0).then(|| PAUSES[usize::try_from(failed - 1).map_or(last, |nth| nth.min(last))])
}

pub(super) fn begin(pen: &mut Pen<'_>, id: MissionId, commit: CommitId) {
    let Some(mission) = pen.mission(id) else { return };
    pen.mission_event(id, MissionEvent::StepEntered(Step::Stage, mission.revision.next()));
    pen.want(id, EffectKind::Stage { commit });
}

/// Leave to stage: exactly what landed.
pub(in crate::engine) fn may_stage(mission: &Mission, kind: &EffectKind) -> Result<(), Refusal> {
    let EffectKind::Stage { commit } = kind else { return Ok(()) };
    if mission.result.landed.as_ref().is_some_and(|(landed, _)| landed == commit) {
        return Ok(());
    }
    Err(refuse(RefusalKind::Forbidden, format!("{commit} of {} did not land: it is not staged", mission.id)))
}

/// Takes one report.
pub(in crate::engine) fn report(pen: &mut Pen<'_>, report: &Report) -> Result<(), Refusal> {
    let (id, kind) = brief::running(pen, report)?;
    let effect = &report.effect;
    match (&kind, &report.outcome) {
        (_, Outcome::Failed(failure)) => failed(pen, (id, effect), &kind, failure),
        (EffectKind::Stage { commit }, Outcome::Staged) => {
            pen.write(Event::Effect(EffectEvent::Done(effect.clone())));
            pen.mission_event(id, MissionEvent::Staged(commit.clone()));
            validate(pen, id, commit);
        }
        (EffectKind::Validate { .. }, Outcome::Validated(run)) => validated(pen, (id, effect), &kind, run),
        _ => {
            return Err(refuse(
                RefusalKind::Invalid,
                format!("that is no outcome of {effect} ({})", kind.word()),
            ));
        }
    }
    Ok(())
}

fn validate(pen: &mut Pen<'_>, id: MissionId, commit: &CommitId) {
    let Some(mission) = pen.mission(id) else { return };
    pen.mission_event(id, MissionEvent::StepEntered(Step::Validate, mission.revision));
    pen.want(id, EffectKind::Validate { commit: commit.clone() });
}

fn validated(pen: &mut Pen<'_>, (id, effect): (MissionId, &EffectId), kind: &EffectKind, run: &CheckRun) {
    pen.mission_event(id, MissionEvent::Validated(Box::new(run.clone())));
    if run.outcome == CheckOutcome::Passed {
        pen.write(Event::Effect(EffectEvent::Done(effect.clone())));
        return brief::end(pen, id, Ending::Landed);
    }
    let word = match run.outcome {
        CheckOutcome::Passed | CheckOutcome::Failed => "fails",
        CheckOutcome::TimedOut => "does not come to an end",
        CheckOutcome::Broken => "cannot be run",
    };
    let reason = format!("the end-to-end test {word} there: {}", clean_line(&run.tail, TAIL_MOST));
    failed(pen, (id, effect), kind, &Failure { kind: FailureKind::Transient, reason });
}

/// Once more, or it is over.
fn failed(pen: &mut Pen<'_>, (id, effect): (MissionId, &EffectId), kind: &EffectKind, failure: &Failure) {
    if brief::tried_again(pen, (id, effect), kind, failure) {
        return;
    }
    let Some(mission) = pen.mission(id) else { return };
    let place = mission.brief.feature.as_ref().map_or("", |feature| feature.staging_url.as_str());
    let what = if matches!(kind, EffectKind::Stage { .. }) { "staging at" } else { "validation at" };
    brief::end(pen, id, Ending::Failed(format!("{what} {place}: {}", failure.reason)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d5_tries_of_staging_and_validation_pause_longer_each_time_and_nothing_else_does() {
        let commit = CommitId("a".repeat(40));
        let of = |id: &str, kind: EffectKind| {
            pause(&Effect { id: EffectId(id.into()), mission: MissionId(1), kind, unsure: false })
        };
        let stage = |id| of(id, EffectKind::Stage { commit: commit.clone() });
        let paused =
            ["M-1/stage/7", "M-1/stage/7~2", "M-1/stage/7~3", "M-1/stage/7~4", "M-1/stage/7~9"].map(stage);
        let secs = |secs| Some(Millis::secs(secs));
        assert_eq!(paused, [None, secs(1), secs(5), secs(30), secs(30)]);
        assert_eq!(of("M-1/validate/9~2", EffectKind::Validate { commit: commit.clone() }), secs(1));
        assert_eq!(of("M-1/plan/3~2", EffectKind::Plan), None);
    }
}
