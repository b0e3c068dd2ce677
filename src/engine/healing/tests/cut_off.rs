//! What is not known after a crash, and what ends before its time.

use super::*;
use crate::{
    domain::incident::Mark,
    engine::effect::{Failure, FailureKind},
};

#[test]
fn c12_a_remedy_that_a_crash_cut_off_is_looked_at_anew_and_begins_again_only_with_a_persons_leave() {
    let mut house = House::diagnosed(2, restart(Grade::A, 1));
    let heal = house.begin("heal").unwrap();
    let start = ControlCommand::Start { version: "1".into() };
    house.order(Actor::Engine, Command::Control(start)).unwrap();
    house.order(Actor::Engine, Command::Begin(heal.clone())).unwrap();
    house.report(heal, Outcome::CutOff("step start had begun".into())).unwrap();
    assert_eq!(house.phase(), Phase::Investigating);
    assert!(matches!(house.incident(I).attempts[0].outcome, Some(AttemptOutcome::Unclear(_))));
    house.pass(1_000);
    house.end("investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 1))));
    let request = house.incident(I).request.expect("a person is asked, and not after its rest");
    let reasons = house.state.desk[&request].reasons.join("; ");
    assert!(reasons.contains("attempt 1 was cut off"), "{reasons}");
    assert!(house.wanted("heal").is_none());
    house.answer(Decision::Approve { team: None }).unwrap();
    house.end("heal", Outcome::Healed);
    assert_eq!(house.incident(I).attempts.len(), 2);
}

/// A fix of another brief has landed, and its release ended so after this mark.
fn released(mark: Mark, reason: &str) -> House {
    let mut house = House::diagnosed(2, diagnosis(Grade::B, Remedy::Code("fix it".into())));
    let effect = house.lands();
    house.report(effect.clone(), Outcome::Marked(mark)).unwrap();
    let failure = Failure { kind: FailureKind::Permanent, reason: reason.into() };
    house.report(effect, Outcome::Failed(failure)).unwrap();
    house
}

#[test]
fn c5_what_could_not_be_taken_back_is_over_only_when_a_person_says_so() {
    let mut house = released(Mark::TakingBack, "AND IT COULD NOT BE TAKEN BACK");
    assert_eq!(house.incident(I).severity, Severity::P0);
    house.see(vec![clear(&down("web"))]);
    house.pass(3_600_000);
    assert!(matches!(house.phase(), Phase::NeedsHuman(_)), "{:?}", house.phase());
    // Nothing else acts by itself meanwhile, whatever it is.
    house.see(vec![signal("db", kind::PROCESS_DOWN, Severity::P1)]);
    let other = IncidentId(2);
    house.end_of(other, "investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 1))));
    assert!(house.incident(other).request.is_some(), "{:?}", house.incident(other).phase);
    let over = HealCommand::Resolve(I, "the old version runs again".into());
    house.person(Command::Heal(over)).unwrap();
    assert!(house.phase().over());
}

#[test]
fn c4_a_release_that_never_came_is_no_reason_against_another_try() {
    let mut house = released(Mark::Replaces(None), "step build failed");
    house.person(Command::Heal(HealCommand::Investigate(I))).unwrap();
    let again = diagnosis(Grade::B, Remedy::Code("fix it".into()));
    house.end("investigate", Outcome::Diagnosed(Box::new(again)));
    assert_eq!(house.phase(), Phase::Mitigating);
    assert_eq!(house.incident(I).attempts.len(), 2);
}

#[test]
fn c10_the_kill_switch_ends_veto_windows_too() {
    let mut house = House::at_level(2);
    house.see(vec![signal("web", kind::DISK_FULL, Severity::P2)]);
    house.end("investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 2))));
    assert_eq!(house.state.clockwork.vetoes.len(), 1);
    house.person(Command::Control(ControlCommand::Stop("enough".into()))).unwrap();
    assert!(matches!(house.phase(), Phase::NeedsHuman(why) if why.contains("veto window")));
    house.person(Command::Control(ControlCommand::Resume)).unwrap();
    house.pass(3_600_000);
    assert!(house.incident(I).attempts.is_empty(), "nothing resumes by itself");
}

#[test]
fn c6_what_is_held_when_its_window_ends_is_asked_for_anew_when_nothing_holds_it() {
    let mut house = House::at_level(3);
    house.see(vec![signal("web", kind::DISK_FULL, Severity::P2)]);
    house.end("investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 2))));
    let first = house.incident(I).request.unwrap();
    house.see(vec![down("web")]);
    let other = IncidentId(2);
    let plan = Diagnosis { remedy: Remedy::Code("another".into()), ..restart(Grade::A, 1) };
    house.end_of(other, "investigate", Outcome::Diagnosed(Box::new(plan)));
    assert!(house.incident(other).at_work().is_some(), "{:?}", house.incident(other).phase);
    house.pass(301_000);
    assert_eq!((house.phase(), house.incident(I).request), (Phase::Diagnosed, None), "busy");
    house.person(Command::Heal(HealCommand::Resolve(other, "over".into()))).unwrap();
    house.pass(61_000);
    let second = house.incident(I).request.expect("asked for anew");
    assert!(second != first && house.state.clockwork.vetoes.contains_key(&second));
}
