//! The end-to-end test comes first. One team writes it, and nothing else; it stands once it was seen to fail on what is
//! there. A test that passes at once shows nothing and is asked for again.

use super::{again, brief, code};
use crate::{
    domain::{
        candidate::{Candidate, CheckOutcome, CheckRun, Evidence},
        feature::Feature,
        ids::{MissionId, TeamId},
        mission::Step,
        text::clean_line,
    },
    engine::{
        event::{MissionEvent, TeamEvent},
        pen::Pen,
        state::{Mission, TeamPhase},
    },
};

/// Characters of the test's last words that a team is told, and files that it is told of.
const TAIL_MOST: usize = 1_000;
const FILES_MOST: usize = 5;

pub(super) fn begin(pen: &mut Pen<'_>, id: MissionId) {
    let Some(mission) = pen.mission(id) else { return };
    pen.mission_event(id, MissionEvent::StepEntered(Step::Test, mission.revision.next()));
    // Whoever was at work before it was opened again begins anew.
    let Some(team) = mission.teams.first().map(|team| team.id) else { return };
    ask(pen, &mission, team);
}

fn ask(pen: &mut Pen<'_>, mission: &Mission, team: TeamId) {
    let Some(feature) = &mission.brief.feature else { return };
    let words = format!(
        "Write the end-to-end test of this first, and nothing else: one file or more under {}/. {} runs it, with the \
         address of the service in TARGET_URL and its first file in TEST_PATH. It asks that address from outside, as a \
         user would, says what is wrong, and exits with another status than 0 as long as the feature is not there. It \
         is run against the service as it is now and must fail there. Do not build the feature yet.",
        feature.path,
        feature.test.join(" ")
    );
    tell(pen, mission.id, team, words);
}

fn tell(pen: &mut Pen<'_>, id: MissionId, team: TeamId, words: String) {
    pen.team_event(id, team, TeamEvent::FeedbackGiven(words));
    brief::draft_one(pen, id, team);
}

/// The writer is ready, or has nothing to show: then the next one writes.
pub(super) fn go_on(pen: &mut Pen<'_>, mission: &Mission) {
    let is = |wanted: fn(&TeamPhase) -> bool| mission.teams.iter().find(|team| wanted(&team.phase));
    if is(|phase| matches!(phase, TeamPhase::Drafting | TeamPhase::Checking)).is_some() {
        return;
    }
    let ready = is(|phase| *phase == TeamPhase::Ready).and_then(|team| brief::contender(team));
    if let Some((candidate, evidence)) = ready {
        return tried(pen, mission, (candidate, evidence));
    }
    match is(|phase| *phase == TeamPhase::Waiting) {
        Some(next) => ask(pen, mission, next.id),
        None => brief::without_candidate(pen, mission.id),
    }
}

fn tried(pen: &mut Pen<'_>, mission: &Mission, (candidate, evidence): (&Candidate, &Evidence)) {
    let Some(feature) = &mission.brief.feature else { return };
    let (id, team) = (mission.id, candidate.team);
    let Some(why) = refused(feature, candidate, evidence) else {
        pen.mission_event(id, MissionEvent::TestSeen(team, candidate.attempt));
        return code::begin(pen, id);
    };
    if again(pen, (id, team), &why) {
        pen.mission_event(id, MissionEvent::StepEntered(Step::Test, mission.revision.next()));
        return tell(pen, id, team, format!("This test does not stand: {why}"));
    }
    if let Some(mission) = pen.mission(id) {
        go_on(pen, &mission);
    }
}

/// Why a test does not stand; `None`: it does.
fn refused(feature: &Feature, candidate: &Candidate, evidence: &Evidence) -> Option<String> {
    let astray: Vec<&str> =
        candidate.stat.files.iter().map(String::as_str).filter(|file| !feature.is_test(file)).collect();
    if !astray.is_empty() {
        let named = astray.iter().take(FILES_MOST).copied().collect::<Vec<_>>().join(", ");
        return Some(format!(
            "it touches {named}; until it stands nothing but files under {}/ is",
            feature.path
        ));
    }
    if candidate.sealed.is_none() {
        return Some("its files could not be told apart".to_owned());
    }
    let Some(check) = evidence.checks.first() else { return Some("it was not run".to_owned()) };
    outcome(&check.after)
}

fn outcome(run: &CheckRun) -> Option<String> {
    let tail = || clean_line(&run.tail, TAIL_MOST);
    match run.outcome {
        CheckOutcome::Failed => None,
        CheckOutcome::Passed => {
            Some("it passes on what is there, before anything was built: so it shows nothing".to_owned())
        }
        CheckOutcome::TimedOut => Some(format!("it did not come to an end; it says: {}", tail())),
        CheckOutcome::Broken => Some(format!("it could not be run: {}", tail())),
    }
}
