//! Code until the test and the project's checks pass. The test is nobody's to change any more.

use super::{again, brief, fitness::unfit};
use crate::{
    domain::ids::{MissionId, TeamId},
    engine::{event::TeamEvent, pen::Pen, state::Mission},
};

/// All teams begin from the test that stands.
pub(super) fn begin(pen: &mut Pen<'_>, id: MissionId) {
    let Some(mission) = pen.mission(id) else { return };
    let (Some(feature), Some(standing)) = (&mission.brief.feature, &mission.course.test) else { return };
    let words = format!(
        "The end-to-end test stands in your worktree and fails on what is there: {}. Build the feature until it and the \
         project's checks pass. What is under {}/ and what runs it ({}) is sealed: a candidate that changes any of it \
         is not taken.",
        standing.candidate.stat.files.join(", "),
        feature.path,
        feature.test.join(" ")
    );
    let teams: Vec<TeamId> = mission.teams.iter().map(|team| team.id).collect();
    for team in teams {
        pen.team_event(id, team, TeamEvent::FeedbackGiven(words.clone()));
    }
    brief::draft_all(pen, id);
}

/// Whoever is not fit goes on; the others wait for them.
pub(super) fn go_on(pen: &mut Pen<'_>, mission: &Mission) {
    let wrong: Vec<(TeamId, String)> =
        mission.teams.iter().filter_map(|team| Some((team.id, unfit(mission, team)?))).collect();
    for (team, why) in &wrong {
        if again(pen, (mission.id, *team), why) {
            brief::redraft(pen, mission.id, &[*team], why);
        }
    }
    if !wrong.is_empty() {
        brief::advance(pen, mission.id);
    }
}
