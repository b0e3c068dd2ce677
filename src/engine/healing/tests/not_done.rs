//! What was let and then not done, since how things stood was not as it has to be: it counts for nothing.

use super::*;
use crate::engine::healing::figures;

const WHY: &str = "nothing was done: precheck down does not hold: it runs";

fn not_now() -> Outcome {
    Outcome::NotDone(WHY.into())
}

/// It was let, and not done, while its probes still saw it.
fn not_done(level: u8) -> House {
    let mut house = House::diagnosed(level, restart(Grade::A, 1));
    house.end("heal", not_now());
    assert_eq!(house.phase(), Phase::Investigating);
    house
}

/// The same, and its probes still see it: it is looked into once more.
fn looked_into_again(level: u8) -> House {
    let mut house = not_done(level);
    assert!(!house.incident(I).is_looked_into(), "its probes have the time to see what the precheck saw");
    house.pass(60_000);
    assert!(house.incident(I).is_looked_into());
    house
}

#[test]
fn c6_what_was_not_done_counts_for_nothing() {
    let mut house = looked_into_again(2);
    assert_eq!((house.state.ward.runs.len(), house.state.ward.lessons.len()), (0, 0));
    house.load(|policy| policy.healing.limits.attempts_per_incident = 1);
    house.end("investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 1))));
    assert_eq!(house.phase(), Phase::Mitigating, "neither tried, nor at rest after a run");
    house.end("heal", Outcome::Healed);
    assert_eq!(house.state.ward.runs.len(), 1);
    house.end("verify", Outcome::Verified(Verification::Helped));
    let attempts = &house.incident(I).attempts;
    assert_eq!(attempts[0].outcome, Some(AttemptOutcome::NotDone(WHY.into())));
    assert_eq!(attempts[1].outcome, Some(AttemptOutcome::Helped));
    let all = figures::healed(&house.state.ward);
    let success = all.iter().find(|metric| metric.id == "tier_1_success").unwrap();
    assert_eq!(success.basis, "1 of 1 remedy helped");
}

#[test]
fn c6_the_feed_says_what_an_attempt_came_to() {
    let last = |house: &House| {
        let recent = house.state.records.recent();
        let words = recent.newest(Timestamp(house.now)).map(|item| item.what.words());
        words.collect::<Vec<_>>()
    };
    let words = last(&not_done(2));
    assert_eq!(words[0], "I-1 nothing was done: precheck down does not hold: it runs");
    let mut house = House::diagnosed(2, restart(Grade::A, 1));
    house.person(Command::Heal(HealCommand::Resolve(I, "by hand".into()))).unwrap();
    let words = last(&house);
    assert!(words.iter().any(|words| words == "I-1 healing was stopped: a person closed it"), "{words:?}");
    assert!(!words.iter().any(|words| words.contains("did not help")), "{words:?}");
}

#[test]
fn c6_what_was_not_done_twice_is_a_persons_with_true_words() {
    let mut house = looked_into_again(2);
    house.end("investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 1))));
    house.end("heal", not_now());
    assert_eq!(house.phase(), Phase::NeedsHuman(format!("restart-process on service web: {WHY}")));
    // Whoever has it looked into again may try again, and it does not go round.
    house.person(Command::Heal(HealCommand::Investigate(I))).unwrap();
    house.end("investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 1))));
    house.end("heal", not_now());
    assert!(matches!(house.phase(), Phase::NeedsHuman(_)));
}

#[test]
fn c6_what_was_not_done_since_it_is_over_is_left_to_become_quiet() {
    for (level, resumes) in [(2, true), (1, false)] {
        let mut house = House::diagnosed(level, restart(Grade::A, 1));
        if level == 1 {
            house.answer(Decision::Approve { team: None }).unwrap();
        }
        house.see(vec![clear(&down("web"))]);
        house.end("heal", not_now());
        assert_eq!((house.phase(), house.incident(I).request), (Phase::Diagnosed, None), "nobody is asked");
        if resumes {
            house.load(|policy| policy.level = 3);
            assert_eq!(house.phase(), Phase::Diagnosed, "nor is it done for another policy");
        }
        let mut back = House { state: house.state.clone(), now: house.now };
        house.pass(301_000);
        assert_eq!(house.phase(), Phase::Resolved);
        back.pass(10_000);
        back.see(vec![down("web")]);
        assert_eq!(back.phase(), Phase::Investigating, "it is seen again");
    }
}

#[test]
fn c6_what_a_person_put_right_before_its_probe_looked_is_healthy_and_healed_the_next_time() {
    let mut house = not_done(2);
    house.pass(10_000);
    house.see(vec![clear(&down("web"))]);
    assert_eq!(house.phase(), Phase::Investigating);
    house.pass(50_000);
    let healthy = Diagnosis { healthy: true, ..diagnosis(Grade::A, Remedy::Nothing) };
    house.end("investigate", Outcome::Diagnosed(Box::new(healthy)));
    assert_eq!(house.phase(), Phase::NoActionRequired);
    house.pass(10_000);
    house.see(vec![down("web")]);
    house.end("investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 1))));
    assert_eq!(house.phase(), Phase::Mitigating);
}

#[test]
fn c6_a_later_incident_of_the_cause_does_not_hold_against_a_remedy_that_it_was_not_done() {
    let mut house = looked_into_again(2);
    house.person(Command::Heal(HealCommand::Resolve(I, "by hand".into()))).unwrap();
    house.pass(60_000);
    house.see(vec![down("web")]);
    house.end_of(IncidentId(2), "investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 1))));
    assert_eq!(house.incident(IncidentId(2)).phase, Phase::Mitigating);
}
