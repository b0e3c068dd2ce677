//! A release that watching did not decide: it waits for a person's word, and never goes on or ends by itself.

use super::*;
use crate::domain::{incident::Mark, service::Release};

const DAY: i64 = 24 * 3_600_000;

fn why() -> Vec<String> {
    vec![
        "too few requests to compare errors: 12 before and 9 since".into(),
        "With 9 requests nothing is told.".into(),
    ]
}

/// A fix has landed, is in place of v41, and watching it did not tell.
fn undecided() -> House {
    let mut house = House::at_level(2);
    house.load(|policy| {
        let release = Release {
            deploy: vec!["deploy".into()],
            rollback: vec!["deploy".into(), "${previous}".into()],
            ..Release::default()
        };
        policy.healing.services =
            vec![Service { name: "web".into(), release: Some(release), approvers: 1, ..Service::default() }];
    });
    house.see(vec![down("web")]);
    let code = diagnosis(Grade::B, Remedy::Code("fix it".into()));
    house.end("investigate", Outcome::Diagnosed(Box::new(code)));
    let effect = house.lands();
    for mark in [Mark::Replaces(Some("v41".into())), Mark::InPlace, Mark::Undecided(why())] {
        house.report(effect.clone(), Outcome::Marked(mark)).unwrap();
    }
    house
}

fn request(house: &House) -> RequestId {
    house.incident(I).request.expect("a person is asked")
}

#[test]
fn c5_what_watching_did_not_decide_needs_a_person_who_is_asked_with_what_was_not_decided() {
    let mut house = undecided();
    let Phase::NeedsHuman(words) = house.phase() else { panic!("{:?}", house.phase()) };
    assert!(words.contains("c0ffee was released") && words.contains("12 before and 9 since"), "{words}");
    let asked = house.state.desk[&request(&house)].clone();
    let Subject::Release { incident: I, commit, back } = &asked.subject else { panic!("{asked:?}") };
    assert_eq!((commit.0.as_str(), back.as_deref()), ("c0ffee", Some("v41")));
    assert_eq!(asked.reasons, why());
    assert_eq!(house.state.ward.deployed.len(), 1, "it is there, and counts");
    // The signal is gone for hours, and nothing ends or passes by itself; whoever watches cannot say that it is good.
    house.see(vec![clear(&down("web"))]);
    house.pass(1_700_000);
    let deploy = house.wanted("deploy").expect("it is watched on");
    assert_eq!(house.report(deploy.clone(), Outcome::Deployed), Err(RefusalKind::Invalid));
    let kept = Outcome::Marked(Mark::Kept("engine".into()));
    assert_eq!(house.report(deploy, kept), Err(RefusalKind::Invalid), "only a person keeps it");
    assert!(matches!(house.phase(), Phase::NeedsHuman(_)) && house.incident(I).at_work().is_some());
    let look = Command::Heal(HealCommand::Investigate(I));
    assert_eq!(house.person(look), Err(RefusalKind::Already));
}

#[test]
fn c5_kept_by_a_person_it_goes_on_to_its_proof_and_a_second_answer_does_not_count() {
    let mut house = undecided();
    let id = request(&house);
    let stale = DeskCommand::Decide(id, Revision(0), Box::new(Decision::Approve { team: None }));
    assert_eq!(house.person(Command::Desk(stale)), Err(RefusalKind::Stale));
    for decision in [
        Decision::Retry { reason: "longer".into() },
        Decision::Modify { team: None, change: Modification::Prompt("x".into()) },
    ] {
        assert_eq!(house.answer(decision), Err(RefusalKind::Invalid));
    }
    let yes = || DeskCommand::Decide(id, Revision(1), Box::new(Decision::Approve { team: None }));
    assert_eq!(house.order(Actor::Policy, Command::Desk(yes())), Err(RefusalKind::Forbidden));
    house.person(Command::Desk(yes())).unwrap();
    assert_eq!(house.phase(), Phase::Verifying);
    assert!(house.wanted("deploy").is_none(), "nobody watches it any more");
    assert!(house.incident(I).attempts[0].marks.contains(&Mark::Kept("ada".into())));
    let no = DeskCommand::Decide(id, Revision(1), Box::new(reject()));
    assert_eq!(house.person(Command::Desk(no)), Err(RefusalKind::Already));
    house.end("verify", Outcome::Verified(Verification::Helped));
    house.see(vec![clear(&down("web"))]);
    house.pass(301_000);
    assert_eq!(house.phase(), Phase::Resolved);
    assert_eq!(house.state.ward.deployed.len(), 1, "and counts once");
}

#[test]
fn c5_not_kept_by_a_person_it_is_taken_back_to_what_was_there() {
    let mut house = undecided();
    house.see(vec![clear(&down("web"))]);
    house.pass(600_000);
    house.answer(Decision::Reject { reason: "it smells".into() }).unwrap();
    assert_eq!(house.phase(), Phase::Mitigating);
    let effect = house.wanted("take-back").unwrap();
    let EffectKind::TakeBack { why, commit, .. } = &house.incident(I).effects[&effect].kind else { panic!() };
    assert_eq!((why.as_str(), commit.0.as_str()), ("ada does not keep it: it smells", "c0ffee"));
    house.end("take-back", Outcome::TakenBack("ada does not keep it: it smells".into()));
    assert!(matches!(&house.incident(I).attempts[0].outcome, Some(AttemptOutcome::RolledBack(_))));
    assert!(matches!(house.phase(), Phase::NeedsHuman(why) if why.contains("it smells")));
    let mission = house.incident(I).attempts[0].mission.unwrap();
    let why = crate::engine::snapshot::rolled_back(&house.state, &house.state.missions[&mission]);
    assert!(why.is_some_and(|why| why.contains("it smells")), "{why:?}");
    house.pass(299_000);
    assert!(matches!(house.phase(), Phase::NeedsHuman(_)), "that it was quiet before says nothing of now");
    house.pass(2_000);
    assert_eq!(house.phase(), Phase::Resolved);
}

#[test]
fn c5_nobody_answers_so_it_is_neither_kept_nor_taken_back_and_is_told_again() {
    let mut house = undecided();
    house.see(vec![clear(&down("web"))]);
    house.pass(1_801_000);
    assert!(matches!(house.phase(), Phase::NeedsHuman(why) if why.contains("nobody decided in time")));
    assert!(matches!(&house.incident(I).attempts[0].outcome, Some(AttemptOutcome::Stopped(_))));
    assert_eq!(
        (house.wanted("deploy"), house.wanted("verify"), house.wanted("take-back")),
        (None, None, None)
    );
    let told = house.incident(I).told;
    house.pass(DAY);
    assert!(matches!(house.phase(), Phase::NeedsHuman(_)), "{:?}", house.phase());
    assert!(house.incident(I).told > told, "told again");
    house.person(Command::Heal(HealCommand::Resolve(I, "I looked: it is good".into()))).unwrap();
    assert!(house.phase().over());
}

#[test]
fn c5_the_question_outlives_a_restart_and_the_kill_switch_and_nothing_resumes_by_itself() {
    let mut house = undecided();
    let start = ControlCommand::Start { version: "1".into() };
    house.order(Actor::Engine, Command::Control(start)).unwrap();
    let again = crate::engine::resume(&house.state);
    assert!(again.iter().any(|effect| effect.unsure && matches!(effect.kind, EffectKind::Deploy { .. })));
    house.begin("deploy").unwrap();
    house.person(Command::Control(ControlCommand::Stop("enough".into()))).unwrap();
    assert!(house.wanted("deploy").is_none(), "the watching has ended");
    assert_eq!(house.answer(Decision::Approve { team: None }), Err(RefusalKind::Halted));
    assert_eq!(house.answer(reject()), Err(RefusalKind::Halted));
    house.person(Command::Control(ControlCommand::Resume)).unwrap();
    assert!(house.wanted("deploy").is_none() && house.wanted("verify").is_none());
    assert!(matches!(house.phase(), Phase::NeedsHuman(_)));
    house.answer(reject()).unwrap();
    house.begin("take-back").unwrap();
    house.person(Command::Control(ControlCommand::Stop("enough".into()))).unwrap();
    assert!(matches!(house.phase(), Phase::NeedsHuman(why) if why.contains("what is in place is not known")));
}

#[test]
fn c5_what_gets_worse_while_it_waits_is_taken_back_and_nobody_is_asked_any_more() {
    let mut house = undecided();
    let id = request(&house);
    let deploy = house.wanted("deploy").unwrap();
    house.report(deploy.clone(), Outcome::Marked(Mark::TakingBack)).unwrap();
    assert_eq!((house.phase(), house.incident(I).request), (Phase::Mitigating, None));
    let late = DeskCommand::Decide(id, Revision(1), Box::new(Decision::Approve { team: None }));
    assert_eq!(house.person(Command::Desk(late)), Err(RefusalKind::Already));
    house.report(deploy, Outcome::TakenBack("3 health checks in a row failed".into())).unwrap();
    assert!(matches!(&house.incident(I).attempts[0].outcome, Some(AttemptOutcome::RolledBack(_))));
}

#[test]
fn c5_quiet_about_the_service_neither_hides_nor_ends_what_waits_for_a_word() {
    let mut house = undecided();
    let silence = Silence {
        matches: Matcher { service: Some("web".into()), ..Matcher::default() },
        from: Timestamp(house.now),
        until: Timestamp(house.now + 900_000),
        why: "a move".into(),
        maintenance: false,
    };
    house.load(|policy| policy.healing.hours.urgent_expiry = Millis::hours(4));
    house.person(Command::Heal(HealCommand::Silence(silence.clone()))).unwrap();
    assert!(matches!(house.phase(), Phase::NeedsHuman(_)) && house.incident(I).request.is_some());
    house.pass(1_000_000);
    // Another one, in force when people would be told again.
    let (from, until) = (Timestamp(house.now), Timestamp(house.now + 3_600_000));
    house.person(Command::Heal(HealCommand::Silence(Silence { from, until, ..silence }))).unwrap();
    house.pass(3_500_000);
    assert!(matches!(house.phase(), Phase::NeedsHuman(_)));
    let told = house.incident(I).told;
    house.pass(200_000);
    assert!(house.incident(I).told > told, "told when the quiet has ended");
}

#[test]
fn c5_while_it_waits_nothing_else_is_done_to_the_service_and_what_else_is_wrong_there_is_told() {
    let mut house = undecided();
    house.see(vec![signal("web", kind::DISK_FULL, Severity::P1)]);
    let other = IncidentId(2);
    assert_eq!(house.incident(other).phase, Phase::Investigating);
    let mut sweep = plan(1);
    sweep.target = "disk".into();
    let found = diagnosis(Grade::A, Remedy::Runbook(Box::new(sweep)));
    house.end_of(other, "investigate", Outcome::Diagnosed(Box::new(found)));
    assert_eq!(
        (house.incident(other).phase.clone(), house.incident(other).request),
        (Phase::Diagnosed, None)
    );
}
