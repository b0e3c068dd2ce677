//! The feature: plan, end-to-end test, code, review, staging, validation. Plans, drafts, is judged and lands as a brief
//! does; owns what comes before and after: the test that must be seen to fail first, that nobody changes it afterwards,
//! the way into the staging environment, and the test's word on it. Never touches the world.
//!
//! A brief stops where a feature goes another way; `go_on` looks at where each one stands and does what follows, so a
//! crash at any entry goes on the same way.

mod code;
pub mod course;
pub(in crate::engine) mod fitness;
pub mod staging;
mod test;

pub(in crate::engine) use staging::{may_stage, owns, report};

use super::brief;
use crate::{
    domain::{
        ids::{MissionId, TeamId},
        mission::Step,
    },
    engine::{
        effect::{Failure, FailureKind},
        event::{MissionEvent, TeamEvent},
        pen::Pen,
    },
};

/// Whatever follows for features as they stand now. What has followed already follows no second time.
pub(in crate::engine) fn go_on(pen: &mut Pen<'_>) {
    let open = pen.state.missions.values().filter(|m| m.brief.feature.is_some() && m.result.ending.is_none());
    let ids: Vec<MissionId> = open.map(|mission| mission.id).collect();
    for id in ids {
        let Some(mission) = pen.mission(id) else { continue };
        match mission.step {
            Some(Step::Plan) if mission.preparation.plan.is_some() && mission.effects.is_empty() => {
                match (&mission.result.landed, &mission.course.test) {
                    (Some((commit, _)), _) => staging::begin(pen, id, commit.clone()),
                    (None, Some(_)) => code::begin(pen, id),
                    (None, None) => test::begin(pen, id),
                }
            }
            Some(Step::Test) => test::go_on(pen, &mission),
            Some(Step::Draft | Step::Check) => code::go_on(pen, &mission),
            Some(Step::Land) => {
                if let Some((commit, _)) = &mission.result.landed {
                    staging::begin(pen, id, commit.clone());
                }
            }
            _ => {}
        }
    }
}

/// Asks a team again, or takes it for failed once it was asked often enough.
fn again(pen: &mut Pen<'_>, (id, team): (MissionId, TeamId), why: &str) -> bool {
    let asked = pen.mission(id).and_then(|m| m.course.retries.get(&team).copied()).unwrap_or_default();
    if asked < pen.state.policy.max_retries {
        pen.mission_event(id, MissionEvent::Retried(team, why.to_owned()));
        return true;
    }
    brief::halt(pen, id, team);
    let reason = format!("asked again {asked} times, and still: {why}");
    pen.team_event(id, team, TeamEvent::Failed(Failure { kind: FailureKind::Permanent, reason }));
    false
}
