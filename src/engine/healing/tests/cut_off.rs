//! What is not known after a crash, and what ends before its time.

use super::*;

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
    house.pass(400_000);
    house.end("investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 1))));
    let request = house.incident(I).request.expect("a person is asked");
    let reasons = house.state.desk[&request].reasons.join("; ");
    assert!(reasons.contains("attempt 1 was cut off"), "{reasons}");
    assert!(house.wanted("heal").is_none());
    house.answer(Decision::Approve { team: None }).unwrap();
    house.end("heal", Outcome::Healed);
    assert_eq!(house.incident(I).attempts.len(), 2);
}
