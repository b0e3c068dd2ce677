//! What makes the gate ask that is no rule of a runbook: how far it reaches, what it rests on, what keeps coming back; and what
//! people hear while something waits for them.

use super::*;
use crate::domain::incident::Instances;

fn services(house: &mut House, names: &[&str]) {
    let named =
        |name: &&str| Service { name: (*name).into(), approvers: 1, tier_floor: 1, ..Service::default() };
    house.load(|policy| policy.healing.services = names.iter().map(named).collect());
}

fn reasons(house: &House, id: IncidentId) -> String {
    let request = house.incident(id).request.expect("a person is asked");
    house.state.desk[&request].reasons.join("; ")
}

#[test]
fn c6_a_remedy_that_would_leave_too_few_instances_well_asks_and_what_is_not_known_does_not() {
    let of = |well| Diagnosis { instances: Some(Instances { all: 4, well }), ..restart(Grade::A, 1) };
    let house = House::diagnosed(2, of(2));
    let why = reasons(&house, I);
    assert!(why.contains("2 of 4 instances would stay healthy (50 %), 51 % at least"), "{why}");
    assert_eq!(House::diagnosed(2, of(3)).phase(), Phase::Mitigating);
    assert_eq!(House::diagnosed(2, restart(Grade::A, 1)).phase(), Phase::Mitigating);
    let looks = Diagnosis { remedy: Remedy::Code("fix it".into()), ..of(0) };
    assert_eq!(House::diagnosed(2, looks).phase(), Phase::Mitigating, "teams touch no instance");
}

#[test]
fn c6_more_than_a_tenth_of_all_services_at_once_asks_and_one_never_does() {
    let other = |house: &mut House| {
        house.see(vec![down("web"), down("api")]);
        house.end("investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 1))));
        let mut second = plan(1);
        second.target = "service api".into();
        let second = diagnosis(Grade::A, Remedy::Runbook(Box::new(second)));
        house.end_of(IncidentId(2), "investigate", Outcome::Diagnosed(Box::new(second)));
    };
    let mut house = House::at_level(2);
    services(&mut house, &["web", "api", "db", "mail", "worker", "cart", "shop"]);
    other(&mut house);
    assert_eq!(house.phase(), Phase::Mitigating);
    let why = reasons(&house, IncidentId(2));
    assert!(why.contains("2 of 7 services would be acted on at once, 1 at most (10 %)"), "{why}");
    house.end("heal", Outcome::Healed);
    let mut house = House::at_level(2);
    services(&mut house, &["web", "api", "db", "mail", "worker", "cart", "shop"]);
    house.load(|policy| policy.healing.limits.targets_most_pct = 30);
    other(&mut house);
    assert_eq!(house.incident(IncidentId(2)).phase, Phase::Mitigating);
}

#[test]
fn c7_what_only_text_speaks_for_sends_no_teams_by_itself() {
    let told = |tainted, grade| Diagnosis { tainted, ..diagnosis(grade, Remedy::Code("fix it".into())) };
    for level in [2, 3] {
        let house = House::diagnosed(level, told(true, Grade::B));
        let why = reasons(&house, I);
        assert!(why.contains("taint: only text from logs, web or tools speaks for it"), "{why}");
        assert!(house.wanted("commission").is_none());
        let revert =
            Diagnosis { tainted: true, ..diagnosis(Grade::B, Remedy::Revert(CommitId("bad".into()))) };
        assert!(House::diagnosed(level, revert).incident(I).request.is_some());
        assert_eq!(House::diagnosed(level, told(false, Grade::B)).phase(), Phase::Mitigating);
    }
    let mut house = House::diagnosed(1, told(false, Grade::A));
    assert_eq!(house.phase(), Phase::Diagnosed, "at level 1 a person is asked for everything");
    house.answer(Decision::Approve { team: None }).unwrap();
    assert!(house.wanted("commission").is_some());
}

/// It is over, and stays so for long enough not to flap.
fn goes(house: &mut House) {
    house.see(vec![clear(&down("web"))]);
    house.pass(4_000_000);
    assert_eq!(house.phase(), Phase::Resolved);
}

#[test]
fn c6_only_what_came_back_after_a_remedy_that_helped_says_that_the_cause_is_another() {
    let mut house = House::at_level(2);
    for _ in 0..3 {
        house.see(vec![down("web")]);
        house.end("investigate", Outcome::Diagnosed(Box::new(diagnosis(Grade::C, Remedy::Nothing))));
        goes(&mut house);
    }
    house.see(vec![down("web")]);
    assert_eq!((house.incident(I).reopened.len(), house.incident(I).returned.len()), (3, 0));
    house.end("investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 1))));
    house.end("heal", Outcome::Healed);
    house.end("verify", Outcome::Verified(Verification::Helped));
    goes(&mut house);
    house.see(vec![down("web")]);
    house.end("investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 1))));
    assert_eq!(house.phase(), Phase::Mitigating, "it came back once after what helped");
}

#[test]
fn c16_what_gets_worse_while_it_waits_is_told_at_once_and_once_for_each_rise() {
    let slow = |severity| signal("web", kind::HTTP_SLOW, severity);
    let mut house = House::at_level(1);
    house.see(vec![slow(Severity::P3), slow(Severity::P3)]);
    house.end("investigate", Outcome::Diagnosed(Box::new(diagnosis(Grade::C, Remedy::Nothing))));
    let told = |house: &House| -> Vec<String> {
        let words = house.incident(I).effects.values().filter_map(|effect| match &effect.kind {
            EffectKind::Announce { words, .. } => Some(words.clone()),
            _ => None,
        });
        words.filter(|words| words.starts_with("it was")).collect()
    };
    house.pass(31_000);
    house.see(vec![slow(Severity::P2), slow(Severity::P1)]);
    assert_eq!(told(&house), ["it was P3 and is P1 now: still needs a person: the process is gone"]);
    house.now += 1_000;
    house.see(vec![slow(Severity::P1), slow(Severity::P2)]);
    assert_eq!(told(&house).len(), 1, "the same again is no news");
    for _ in 0..6 {
        house.now += 5_000;
        house.see(vec![clear(&slow(Severity::P1))]);
        house.now += 5_000;
        house.see(vec![slow(Severity::P1)]);
    }
    house.now += 1_000;
    house.see(vec![slow(Severity::P0)]);
    let told = told(&house);
    assert_eq!(
        told[told.len() - 1],
        "it was P1 and is P0 now: it comes and goes, and still needs a person: the process is gone"
    );
    assert!(matches!(house.phase(), Phase::NeedsHuman(_)), "no second phase");
}
