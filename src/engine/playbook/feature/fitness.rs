//! Whether what a team made goes on to the judges: the test as it stood, and everything green. What is not fit is asked
//! for again, as often as the policy lets.

use crate::{
    domain::{
        candidate::{Candidate, CheckKind, CheckOutcome, Evidence},
        text::clean_line,
    },
    engine::state::{Mission, Team, TeamPhase},
};

/// Characters of a check's last words that a team is told.
const TAIL_MOST: usize = 1_000;

/// Why a team's newest candidate of a feature does not go on; `None` where it does, or is not there yet.
pub(in crate::engine) fn unfit(mission: &Mission, team: &Team) -> Option<String> {
    let standing = mission.course.test.as_ref().filter(|_| mission.brief.feature.is_some())?;
    let at_hand = matches!(team.phase, TeamPhase::Checking | TeamPhase::Ready);
    let (candidate, evidence) = team.candidates.last().filter(|_| at_hand)?;
    if candidate.attempt != team.attempt {
        return None;
    }
    if candidate.sealed != standing.candidate.sealed {
        return Some(format!(
            "the end-to-end test was changed: leave {} and what runs or stages it as they stand",
            standing.path()
        ));
    }
    let evidence = evidence.as_ref().filter(|_| team.phase == TeamPhase::Ready)?;
    red(candidate, evidence)
}

/// What a person made may be red: it is for people to look at.
fn red(candidate: &Candidate, evidence: &Evidence) -> Option<String> {
    if evidence.passed() || !candidate.author.is_empty() {
        return None;
    }
    let counted = evidence.checks.iter().filter(|check| check.kind != CheckKind::Lint);
    let failed = counted.filter(|check| check.after.outcome != CheckOutcome::Passed);
    let words: Vec<String> = failed
        .map(|check| {
            format!(
                "`{}` does not pass; it says: {}",
                check.command,
                clean_line(&check.after.tail, TAIL_MOST)
            )
        })
        .collect();
    Some(if words.is_empty() { "no check was run".to_owned() } else { words.join("\n") })
}

/// Whether any team's candidate has to be made again first.
pub(in crate::engine) fn any_unfit(mission: &Mission) -> bool {
    mission.teams.iter().any(|team| unfit(mission, team).is_some())
}
