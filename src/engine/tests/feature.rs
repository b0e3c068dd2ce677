//! Features: the test first, the seal on it, code until it passes, staging, validation; retries, refusals, and a crash
//! after every entry.

use super::*;
use crate::{
    domain::{
        candidate::{CheckKind, CheckOutcome, CheckResult, CheckRun},
        feature::Feature,
    },
    engine::effect::Effect,
    policy::settings::Policy,
};

const TEST: &str = "tests/e2e/cart.sh";

fn feature() -> Feature {
    Feature {
        target_url: "http://127.0.0.1:8080".into(),
        staging_url: "http://127.0.0.1:9090".into(),
        path: "tests/e2e".into(),
        test: vec!["./e2e.sh".into()],
        branch: None,
    }
}

fn wish(teams: u64, approve: Approval) -> Brief {
    Brief { feature: Some(feature()), ..brief(teams, approve, None) }
}

fn ran(outcome: CheckOutcome) -> CheckRun {
    CheckRun { outcome, ..evidence(true).checks[0].after.clone() }
}

fn seen(outcome: CheckOutcome) -> Evidence {
    let command = "./e2e.sh".to_owned();
    let check = CheckResult { kind: CheckKind::Acceptance, command, before: None, after: ran(outcome) };
    Evidence { checks: vec![check], ..evidence(true) }
}

fn seal() -> Option<Digest> {
    Some(Digest::of(b"the test"))
}

impl House {
    fn feature(teams: u64, approve: Approval) -> Self {
        let mut house = Self::new();
        house.open(wish(teams, approve)).unwrap();
        house.world("survey", Outcome::Surveyed(Box::new(survey()))).unwrap();
        house.world("plan", failed(FailureKind::Permanent)).unwrap();
        house
    }
    /// A team's candidate with these files and this seal, not checked yet.
    fn made(&mut self, team: TeamId, files: &[&str], sealed: Option<Digest>) {
        let outcome = self.candidate(team, files, sealed);
        self.world(&format!("draft/{team}/"), outcome).unwrap();
    }
    fn candidate(&self, team: TeamId, files: &[&str], sealed: Option<Digest>) -> Outcome {
        let mission = &self.state.missions[&M];
        let attempt = mission.teams.iter().find(|t| t.id == team).unwrap().attempt;
        let based_on = mission
            .effects
            .values()
            .find_map(|effect| match &effect.kind {
                EffectKind::Draft { team: t, based_on, .. } if *t == team => Some(*based_on),
                _ => None,
            })
            .unwrap();
        Outcome::Drafted(Box::new(Candidate {
            team,
            attempt,
            based_on,
            base: CommitId("base".into()),
            commit: CommitId(format!("c-{team}-{attempt}")),
            patch: Digest::of(format!("{team}/{attempt}").as_bytes()),
            stat: DiffStat {
                files: files.iter().map(|file| (*file).to_owned()).collect(),
                additions: 3,
                deletions: 0,
                manifests: vec![],
            },
            summary: String::new(),
            root_cause: String::new(),
            confidence: 99,
            author: String::new(),
            sealed,
        }))
    }
    fn tried(&mut self, team: TeamId, found: Evidence) {
        self.world(&format!("check/{team}/"), Outcome::Checked(Box::new(found))).unwrap();
    }
    /// With a test that stands.
    fn with_test(teams: u64, approve: Approval) -> Self {
        let mut house = Self::feature(teams, approve);
        house.made(ONE, &[TEST], seal());
        house.tried(ONE, seen(CheckOutcome::Failed));
        house
    }
    fn reviewed(approve: Approval) -> Self {
        let mut house = Self::with_test(1, approve);
        house.made(ONE, &[TEST, "src/cart.rs"], seal());
        house.tried(ONE, evidence(true));
        house.world("judge", Outcome::Judged(vec![], vec![])).unwrap();
        house
    }
    fn landed() -> Self {
        let mut house = Self::reviewed(Approval::Best);
        house.world("land", Outcome::Landed(CommitId("abc".into()), "main".into())).unwrap();
        house
    }
    fn phase(&self) -> &'static str {
        snapshot::phase(&self.state.missions[&M]).unwrap().word()
    }
    fn words(&self) -> String {
        snapshot::progress_words(&self.state.missions[&M]).unwrap()
    }
    fn ending(&self) -> String {
        format!("{:?}", self.state.missions[&M].result.ending.as_ref().map(|(ending, _)| ending))
    }
    fn told(&self, word: &str) -> String {
        match &self.state.missions[&M].effects[&self.id(word)].kind {
            EffectKind::Draft { feedback, .. } => feedback.join("\n"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn d2_a_feature_goes_through_seven_phases_and_says_how_far_it_is() {
    let mut house = House::new();
    house.open(wish(2, Approval::Ask)).unwrap();
    assert_eq!((house.phase(), house.words().as_str()), ("plan", "0/7 phases complete"));
    house.world("survey", Outcome::Surveyed(Box::new(survey()))).unwrap();
    house.world("plan", failed(FailureKind::Permanent)).unwrap();
    assert_eq!((house.phase(), house.words().as_str()), ("e2e_test", "1/7 phases complete"));
    let at_work = house.state.missions[&M].effects.len();
    assert_eq!(at_work, 1, "one team writes the test, the others wait for it");
    assert!(house.told("draft/T-1").contains("Write the end-to-end test"));
    house.made(ONE, &[TEST], seal());
    house.tried(ONE, seen(CheckOutcome::Failed));
    assert_eq!((house.phase(), house.words().as_str()), ("code_implementation", "2/7 phases complete"));
    assert!(house.told("draft/T-2/1").contains("is sealed"));
    house.made(ONE, &[TEST, "src/a.rs"], seal());
    house.made(TWO, &[TEST, "src/b.rs"], seal());
    house.tried(ONE, evidence(true));
    house.tried(TWO, evidence(true));
    assert_eq!((house.phase(), house.words().as_str()), ("review", "3/7 phases complete"));
    house.world("judge", Outcome::Judged(vec![], vec![])).unwrap();
    assert_eq!(house.word(), "waiting", "a person decides");
    house.answer(1, 1, approve(TWO)).unwrap();
    assert_eq!((house.phase(), house.words().as_str()), ("staging_deploy", "4/7 phases complete"));
    house.world("land", Outcome::Landed(CommitId("abc".into()), "main".into())).unwrap();
    assert_eq!((house.phase(), house.word()), ("staging_deploy", "running"), "a commit is not the end of it");
    house.world("stage", Outcome::Staged).unwrap();
    assert_eq!((house.phase(), house.words().as_str()), ("validate", "5/7 phases complete"));
    house.world("validate", Outcome::Validated(Box::new(ran(CheckOutcome::Passed)))).unwrap();
    assert_eq!((house.phase(), house.words().as_str()), ("complete", "7/7 phases complete"));
    assert_eq!(house.word(), "landed");
    let course = &house.state.missions[&M].course;
    assert_eq!(course.staged, Some(CommitId("abc".into())));
    assert_eq!(course.validation.as_ref().unwrap().outcome, CheckOutcome::Passed);
    house.world("release", Outcome::Released(vec![])).unwrap();
    assert!(resume(&house.state).is_empty());
}

#[test]
fn d2_a_test_that_passes_at_once_cannot_be_run_or_touches_more_is_asked_for_again() {
    for (files, outcome, why) in [
        (&[TEST][..], CheckOutcome::Passed, "passes on what is there"),
        (&[TEST], CheckOutcome::Broken, "could not be run"),
        (&[TEST], CheckOutcome::TimedOut, "did not come to an end"),
        (&[TEST, "src/cart.rs"], CheckOutcome::Failed, "touches src/cart.rs"),
    ] {
        let mut house = House::feature(1, Approval::Ask);
        house.made(ONE, files, seal());
        house.tried(ONE, seen(outcome));
        assert_eq!(house.phase(), "e2e_test", "{why}");
        assert!(house.told("draft/T-1/2").contains(why), "{}", house.told("draft/T-1/2"));
        assert!(house.state.missions[&M].course.test.is_none());
    }
}

#[test]
fn d5_a_test_is_asked_for_again_three_times_then_the_next_team_writes_and_then_it_fails() {
    let mut house = House::feature(2, Approval::Ask);
    for attempt in 1..=4 {
        house.made(ONE, &[TEST], seal());
        house.tried(ONE, seen(CheckOutcome::Passed));
        let retried = house.state.missions[&M].course.retries.get(&ONE).copied().unwrap_or_default();
        assert_eq!(retried, attempt.min(3));
    }
    assert!(house.told("draft/T-2/1").contains("Write the end-to-end test"));
    house.world("draft/T-2", failed(FailureKind::Permanent)).unwrap();
    assert!(
        house.ending().contains("Failed") && house.ending().contains("passes on what is there"),
        "{}",
        house.ending()
    );
    // Tried again by a person it begins with the test, by the first team.
    house.world("release", Outcome::Released(vec![])).unwrap();
    house.mission(MissionCommand::Retry(M, "look at the cart".into())).unwrap();
    let course = &house.state.missions[&M].course;
    assert_eq!(
        (course.again, course.retries.len()),
        (4, 0),
        "three were asked for again, and all of it once"
    );
    assert_eq!(house.state.records.total().stand_failed(), 0, "it is tried again: it has not failed");
    assert_eq!(house.phase(), "e2e_test");
    house.made(ONE, &[TEST], seal());
    house.tried(ONE, seen(CheckOutcome::Failed));
    assert_eq!(house.phase(), "code_implementation");
}

#[test]
fn d2_nobody_changes_the_test_once_it_stands() {
    let mut house = House::with_test(2, Approval::Best);
    house.made(ONE, &[TEST, "src/a.rs"], None);
    assert!(house.told("draft/T-1/3").contains("the end-to-end test was changed"), "it was not even checked");
    house.made(TWO, &[TEST, "src/b.rs"], Some(Digest::of(b"another test")));
    assert!(house.told("draft/T-2/2").contains("the end-to-end test was changed"));
    house.made(ONE, &[TEST, "src/a.rs"], seal());
    house.tried(ONE, evidence(true));
    assert_eq!(house.phase(), "code_implementation", "the other team still works");
    house.made(TWO, &[TEST, "src/b.rs"], seal());
    house.tried(TWO, evidence(true));
    assert_eq!(house.phase(), "review");
}

#[test]
fn d5_red_code_goes_back_to_its_team_as_often_as_the_policy_says() {
    let mut house = House::new();
    let policy = Policy { max_retries: 1, ..Policy::default() };
    house.person(Command::Control(ControlCommand::Load(Box::new(policy)))).unwrap();
    house.open(wish(1, Approval::Best)).unwrap();
    house.world("survey", Outcome::Surveyed(Box::new(survey()))).unwrap();
    house.world("plan", failed(FailureKind::Permanent)).unwrap();
    house.made(ONE, &[TEST], seal());
    house.tried(ONE, seen(CheckOutcome::Failed));
    house.made(ONE, &[TEST, "src/a.rs"], seal());
    house.tried(ONE, evidence(false));
    assert!(house.told("draft/T-1/3").contains("`cargo test` does not pass"));
    house.made(ONE, &[TEST, "src/a.rs"], seal());
    house.tried(ONE, evidence(false));
    assert!(house.ending().contains("asked again 1 times"), "{}", house.ending());
}

#[test]
fn d2_red_code_is_staged_by_nobody_s_word() {
    let mut house = House::reviewed(Approval::Ask);
    let red = Box::new(evidence(false));
    house.answer(1, 1, approve(ONE)).unwrap();
    house.world("land", Outcome::RecheckFailed(red)).unwrap();
    let request = house.state.desk.values().next().unwrap().clone();
    assert_eq!(request.subject, Subject::Choose { teams: vec![] }, "{:?}", request.reasons);
    let forced = house.answer(request.id.0, request.revision.0, approve(ONE));
    assert_eq!(forced, Err(RefusalKind::Forbidden));
}

#[test]
fn d2_only_what_landed_is_staged() {
    let mut house = House::landed();
    let stage = house.id("stage");
    let mission = std::sync::Arc::make_mut(house.state.missions.get_mut(&M).unwrap());
    mission.result.landed = Some((CommitId("another".into()), "main".into()));
    assert_eq!(house.order(Actor::Engine, Command::Begin(stage)), Err(RefusalKind::Forbidden));
}

#[test]
fn d5_staging_and_validation_are_tried_four_times_and_then_it_fails_with_its_reason() {
    let mut house = House::landed();
    for _ in 0..4 {
        assert_eq!(house.phase(), "staging_deploy");
        house.world("stage", failed(FailureKind::Transient)).unwrap();
    }
    assert!(house.ending().contains("staging at http://127.0.0.1:9090: broken"), "{}", house.ending());
    // What landed stays landed: tried again it goes on where it was.
    house.world("release", Outcome::Released(vec![])).unwrap();
    house.mission(MissionCommand::Retry(M, "the machine is there now".into())).unwrap();
    house.world("stage", Outcome::Staged).unwrap();
    for _ in 0..4 {
        assert_eq!(house.phase(), "validate");
        house.world("validate", Outcome::Validated(Box::new(ran(CheckOutcome::Failed)))).unwrap();
    }
    assert!(house.ending().contains("validation at http://127.0.0.1:9090: the end-to-end test fails there"));
    assert_eq!(house.state.missions[&M].course.validation.as_ref().unwrap().outcome, CheckOutcome::Failed);
    assert_eq!(house.word(), "failed");
}

#[test]
fn d2_features_that_make_no_sense_are_refused() {
    for bad in [
        Feature { target_url: "the shop".into(), ..feature() },
        Feature { staging_url: "http://ada:secret@shop".into(), ..feature() },
        Feature { path: "../tests".into(), ..feature() },
        Feature { test: vec![], ..feature() },
    ] {
        let brief = Brief { feature: Some(bad), ..wish(1, Approval::Ask) };
        assert_eq!(House::new().open(brief), Err(RefusalKind::Invalid));
    }
    let patch = Some(Digest::of(b"there already"));
    assert_eq!(House::new().open(Brief { patch, ..wish(1, Approval::Ask) }), Err(RefusalKind::Invalid));
}

#[test]
fn d2_teams_are_left_alone_while_the_test_is_written_and_after_landing() {
    let mut house = House::feature(1, Approval::Ask);
    assert_eq!(house.mission(MissionCommand::Refine(M, ONE, "shorter".into())), Err(RefusalKind::Stale));
    assert_eq!(house.mission(MissionCommand::TakeOver(M, ONE)), Err(RefusalKind::Stale));
    let mut house = House::landed();
    assert_eq!(house.mission(MissionCommand::Refine(M, ONE, "shorter".into())), Err(RefusalKind::Stale));
    house.mission(MissionCommand::Cancel(M, "not any more".into())).unwrap();
    assert_eq!(house.word(), "cancelled");
}

/// What the world answers to the only effect there is, on the way to the end.
fn next(house: &House, effect: &Effect) -> Outcome {
    match &effect.kind {
        EffectKind::Survey => Outcome::Surveyed(Box::new(survey())),
        EffectKind::Plan => failed(FailureKind::Permanent),
        EffectKind::Draft { team, .. } => match house.state.missions[&M].course.test {
            None => house.candidate(*team, &[TEST], seal()),
            Some(_) => house.candidate(*team, &[TEST, "src/a.rs"], seal()),
        },
        EffectKind::Check { .. } => match house.state.missions[&M].course.test {
            None => Outcome::Checked(Box::new(seen(CheckOutcome::Failed))),
            Some(_) => Outcome::Checked(Box::new(evidence(true))),
        },
        EffectKind::Judge { .. } => Outcome::Judged(vec![], vec![]),
        EffectKind::Land { .. } => Outcome::Landed(CommitId("abc".into()), "main".into()),
        EffectKind::Stage { .. } => Outcome::Staged,
        EffectKind::Validate { .. } => Outcome::Validated(Box::new(ran(CheckOutcome::Passed))),
        EffectKind::Release => Outcome::Released(vec![]),
        other => panic!("{other:?}"),
    }
}

/// Every entry of a feature that goes well, with the process killed before the n-th report, if so.
fn play(kill_at: Option<usize>) -> (Vec<String>, usize, String) {
    let mut house = House::new();
    house.open(wish(1, Approval::Best)).unwrap();
    let (mut done, mut reports, mut unsure) = (Vec::new(), 0, 0);
    while let Some(effect) = resume(&house.state).into_iter().next() {
        house.order(Actor::Engine, Command::Begin(effect.id.clone())).unwrap();
        if kill_at == Some(reports) {
            // Begun, and then nobody was there to hear what came of it.
            let text = serde_json::to_string(&house.state).unwrap();
            house.state = serde_json::from_str(&text).unwrap();
            house
                .order(Actor::Engine, Command::Control(ControlCommand::Start { version: "2".into() }))
                .unwrap();
            let again = resume(&house.state).into_iter().next().unwrap();
            assert_eq!(
                (&again.id, again.unsure),
                (&effect.id, true),
                "it goes on where it was, and asks first"
            );
            house.order(Actor::Engine, Command::Begin(again.id)).unwrap();
            unsure += 1;
        }
        let outcome = next(&house, &effect);
        let report = Report { effect: effect.id.clone(), outcome };
        house.order(Actor::Engine, Command::Report(report)).unwrap();
        // The last one is named by its place in the journal, which holds the starts too.
        let last = effect.kind == EffectKind::Release;
        done.push(if last { "M-1/release".into() } else { effect.id.0 });
        reports += 1;
    }
    assert_eq!(unsure, usize::from(kill_at.is_some()));
    (done, reports, house.word().to_owned())
}

#[test]
fn d2_a_feature_that_is_killed_anywhere_resumes_there_and_ends_the_same() {
    let (whole, reports, word) = play(None);
    assert_eq!(word, "landed");
    let words: Vec<&str> = whole.iter().map(|id| id.split('/').nth(1).unwrap()).collect();
    let way = [
        "survey", "plan", "draft", "check", "draft", "check", "judge", "land", "stage", "validate", "release",
    ];
    assert_eq!(words, way);
    for at in 0..reports {
        assert_eq!(play(Some(at)), (whole.clone(), reports, "landed".to_owned()), "killed at {at}");
    }
}

#[test]
fn d2_a_brief_of_an_old_journal_is_none_of_a_feature() {
    let text = serde_json::to_string(&brief(1, Approval::Ask, None)).unwrap();
    assert!(!text.contains("feature"), "what is not said costs nothing: {text}");
    let back: Brief = serde_json::from_str(&text).unwrap();
    assert_eq!(back.feature, None);
    let whole = serde_json::to_string(&wish(1, Approval::Ask)).unwrap();
    assert_eq!(serde_json::from_str::<Brief>(&whole).unwrap().feature, Some(feature()));
}
