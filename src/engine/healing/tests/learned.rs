//! What incidents teach: what did not help is not done again by itself, and what people did is remembered.

use super::*;

#[test]
fn what_did_not_help_an_earlier_incident_of_the_same_cause_asks_a_person() {
    let mut house = House::diagnosed(2, restart(Grade::A, 1));
    house.end("heal", Outcome::Healed);
    house.end("verify", Outcome::Verified(Verification::NotHelped("still down".into())));
    house.person(Command::Heal(HealCommand::Resolve(I, "by hand".into()))).unwrap();
    house.pass(3_600_000);
    house.see(vec![down("web")]);
    let second = IncidentId(2);
    house.end_of(second, "investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 1))));
    let request = house.incident(second).request.unwrap();
    let why = house.state.desk[&request].reasons.join(" ");
    assert!(why.contains("the same was done in I-1 and did not help"), "{why}");
}

#[test]
fn b21_what_people_put_right_is_learned_with_their_words() {
    let mut house = House::diagnosed(1, diagnosis(Grade::C, Remedy::Nothing));
    house.person(Command::Heal(HealCommand::Resolve(I, "flushed the queue".into()))).unwrap();
    let lesson = house.state.ward.lessons.last().unwrap();
    assert!(lesson.by_hand && lesson.remedy.contains("flushed the queue"), "{lesson:?}");
    // One that nothing was needed for teaches nothing.
    let mut house = House::at_level(1);
    house.see(vec![down("web")]);
    house.end(
        "investigate",
        Outcome::Diagnosed(Box::new(Diagnosis { healthy: true, ..diagnosis(Grade::C, Remedy::Nothing) })),
    );
    assert_eq!(house.state.ward.lessons, []);
}

#[test]
fn what_comes_back_began_when_it_came_back() {
    let mut house = House::diagnosed(1, restart(Grade::A, 1));
    let first = house.incident(I).began();
    assert_eq!(first, house.incident(I).first_seen);
    house.see(vec![clear(&down("web"))]);
    house.pass(301_000);
    assert_eq!(house.phase(), Phase::Resolved);
    house.see(vec![down("web")]);
    assert_eq!((house.incident(I).began(), house.incident(I).first_seen), (Timestamp(house.now), first));
}

#[test]
fn what_is_seen_again_after_something_helped_began_then() {
    let mut house = House::diagnosed(2, restart(Grade::A, 1));
    let first = house.incident(I).began();
    house.now += 1_000;
    house.end("heal", Outcome::Healed);
    house.see(vec![clear(&down("web"))]);
    house.end("verify", Outcome::Verified(Verification::Helped));
    assert_eq!((house.phase(), house.incident(I).began()), (Phase::Verifying, first));
    house.now += 20_000;
    house.see(vec![down("web")]);
    assert_eq!((house.phase(), house.incident(I).began()), (Phase::Investigating, Timestamp(house.now)));
    let told = house.state.ward.incidents[&I].effects.values().any(
        |effect| matches!(&effect.kind, EffectKind::Announce { words, .. } if words.contains("there again")),
    );
    assert!(told, "people are told at once that it is back");
}

#[test]
fn what_waits_for_a_word_is_looked_into_again_when_it_is_seen_again_after_a_while() {
    let mut house = House::diagnosed(1, restart(Grade::A, 1));
    let asked = house.incident(I).request;
    assert!(asked.is_some());
    for (clear_for, phase) in [(5_000, Phase::Diagnosed), (31_000, Phase::Investigating)] {
        house.see(vec![clear(&down("web"))]);
        house.now += clear_for;
        house.see(vec![down("web")]);
        let still = house.incident(I).request == asked;
        assert_eq!(
            (house.phase(), still),
            (phase.clone(), phase == Phase::Diagnosed),
            "clear for {clear_for} ms"
        );
    }
}
