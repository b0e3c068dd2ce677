//! Laws of missions and their teams: places in the pool, one landing, results on what was asked.

use super::{Before, Laws};
use crate::{
    domain::{
        candidate::CheckOutcome,
        ids::{MissionId, TeamId},
        mission::{Ending, Step},
    },
    engine::{
        effect::EffectKind,
        event::{MissionEvent, TeamEvent},
        state::{Mission, State},
    },
    policy::ruling::RulingOutcome,
};

impl Laws {
    pub(super) fn mission(&mut self, after: &State, id: MissionId, event: &MissionEvent) {
        match event {
            MissionEvent::Ruled(_, _, ruling) => match ruling.outcome {
                RulingOutcome::Auto => {
                    self.auto.insert(ruling.plan);
                }
                RulingOutcome::Deny => self.count("denied"),
                _ => {}
            },
            MissionEvent::Surveyed(survey) => {
                self.surveyed.insert(id, survey.base.clone());
            }
            MissionEvent::StepEntered(Step::Draft | Step::Decide, _) => {
                self.approved.remove(&id);
            }
            MissionEvent::Admitted => {
                let busy = |m: &Mission| {
                    m.id != id && m.step.is_some() && m.result.ending.is_none() && !m.effects.is_empty()
                };
                let at_work = 1 + after.missions.values().filter(|m| busy(m)).count();
                assert!(
                    at_work <= usize::from(after.policy.pool),
                    "{at_work} at work in a pool of {}",
                    after.policy.pool
                );
            }
            MissionEvent::Landed(commit, _) => {
                assert!(self.landed.insert(id, commit.clone()).is_none(), "{id} landed twice");
                self.count("landed");
            }
            MissionEvent::TestSeen(..) => {
                let mission = &after.missions[&id];
                let standing = mission.course.test.as_ref().expect("a test that nobody has");
                let failed = standing.seen().is_some_and(|run| run.outcome == CheckOutcome::Failed);
                assert!(failed, "{id}: a test stands that was not seen to fail");
                let feature = mission.brief.feature.as_ref().expect("a test of no feature");
                let only = standing.candidate.stat.files.iter().all(|file| feature.is_test(file));
                assert!(only, "{id}: a test stands that touches more than tests");
                self.count("test seen");
            }
            MissionEvent::Retried(team, _) => {
                let asked = after.missions[&id].course.retries[team];
                assert!(asked <= after.policy.max_retries, "{id}: {team} is asked again without end");
                self.count("asked again");
            }
            MissionEvent::Staged(commit) => {
                assert_eq!(self.landed.get(&id), Some(commit), "{id}: what is staged did not land");
                self.staged.insert(id);
                self.count("staged");
            }
            MissionEvent::Validated(run) => {
                assert!(self.staged.contains(&id), "{id} is validated where it is not");
                self.count(if run.outcome == CheckOutcome::Passed { "valid" } else { "not valid" });
            }
            MissionEvent::Restored(..) => self.count("restored"),
            MissionEvent::Reopened(_) => self.count("reopened"),
            MissionEvent::Rated(rating) => {
                assert!((1..=5).contains(&rating.stars) && after.missions[&id].result.ending.is_some());
                self.count("rated");
            }
            MissionEvent::Ended(ending) => {
                self.behind.retain(|(mission, _)| *mission != id);
                let mission = &after.missions[&id];
                if *ending == Ending::Landed && mission.brief.feature.is_some() {
                    let said = mission.course.validation.as_ref().map(|run| run.outcome);
                    assert_eq!(said, Some(CheckOutcome::Passed), "{id} is complete and nobody saw it work");
                    self.count("feature complete");
                }
                self.count(match ending {
                    Ending::Landed => "ended landed",
                    Ending::Failed(_) => "failed",
                    Ending::Cancelled(_) => "cancelled",
                    Ending::OverBudget(_) => "over budget",
                });
                let left = &after.missions[&id].effects;
                assert!(left.values().all(|e| matches!(
                    e.kind,
                    EffectKind::Halt { .. } | EffectKind::Release | EffectKind::Restore { .. }
                )));
            }
            _ => {}
        }
    }

    pub(super) fn team(&mut self, before: &Before, (id, team): (MissionId, TeamId), event: &TeamEvent) {
        match event {
            TeamEvent::CandidateProposed(candidate) => {
                let now = before.missions[&id].teams.iter().find(|t| t.id == team).unwrap();
                assert_eq!(
                    (candidate.team, candidate.attempt),
                    (team, now.attempt),
                    "a stale candidate was used"
                );
                let asked = self.kinds.iter().any(|(effect, kind)| {
                    let (EffectKind::Draft { team: t, attempt, based_on, .. }
                    | EffectKind::Collect { team: t, attempt, based_on }
                    | EffectKind::Adopt { team: t, attempt, based_on, .. }) = kind
                    else {
                        return false;
                    };
                    let of = effect.0.starts_with(&format!("{id}/"));
                    of && (*t, *attempt, *based_on) == (team, candidate.attempt, candidate.based_on)
                });
                assert!(asked, "a candidate on {} that nobody asked for", candidate.based_on);
                assert_eq!(self.bases.get(&(id, team)), Some(&candidate.base), "a candidate of another base");
            }
            TeamEvent::Rebased(base) => {
                self.behind.remove(&(id, team));
                let now = before.missions[&id].teams.iter().find(|t| t.id == team).unwrap();
                // Back to a candidate of its own, where a person's patch for the moved target did not apply.
                let own = now.candidates.last().is_some_and(|(candidate, _)| candidate.base == *base);
                assert!(own || self.surveyed.get(&id) == Some(base), "{team} starts where nobody looked");
                if self.bases.insert((id, team), base.clone()).is_some_and(|before| before != *base) {
                    self.count("rebased");
                }
            }
            TeamEvent::Lent(_) => self.count("lent"),
            // Nobody could look at the repository: whatever is asked of the team next is on its old base.
            TeamEvent::Failed(_) => {
                self.behind.remove(&(id, team));
            }
            TeamEvent::ResultStale(_) => self.count("stale result"),
            TeamEvent::TakenOver => {
                self.behind.remove(&(id, team));
                self.count("taken over");
            }
            _ => {}
        }
    }
}
