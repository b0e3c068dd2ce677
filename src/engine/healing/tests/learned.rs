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
