//! Two incidents of one service, or of two where one stands on the other: what is one thing is treated as one, and what is
//! not does not stand in the other's way.

use super::*;

const SECOND: IncidentId = IncidentId(2);

fn full() -> Signal {
    signal("web", kind::DISK_FULL, Severity::P2)
}

fn clears(target: &str) -> Diagnosis {
    let plan = RunPlan { runbook: "clear-cache".into(), target: target.into(), ..plan(1) };
    diagnosis(Grade::A, Remedy::Runbook(Box::new(plan)))
}

#[test]
fn c6_what_another_runbook_did_there_does_not_count_against_this_one() {
    let mut house = House::diagnosed(2, restart(Grade::A, 1));
    house.end("heal", Outcome::Healed);
    house.end("verify", Outcome::Verified(Verification::Helped));
    house.see(vec![clear(&down("web")), full()]);
    house.end_of(SECOND, "investigate", Outcome::Diagnosed(Box::new(clears("service web"))));
    assert_eq!(house.incident(SECOND).phase, Phase::Mitigating, "on the same target, by another runbook");
}

#[test]
fn c6_a_remedy_whose_own_cause_is_gone_is_not_blamed_for_what_else_fails_by_then() {
    let mut house = House::diagnosed(2, restart(Grade::A, 1));
    house.end("heal", Outcome::Healed);
    house.see(vec![clear(&down("web")), full()]);
    let verify = house.begin("verify").unwrap();
    house.end_of(SECOND, "investigate", Outcome::Diagnosed(Box::new(clears("dir /x"))));
    // As soon as the other one's cause is known, and not only when the window is over.
    let outcome = &house.incident(I).attempts[0].outcome;
    assert!(matches!(outcome, Some(AttemptOutcome::Stopped(_))), "neither helped nor not: {outcome:?}");
    let late = Outcome::Verified(Verification::NotHelped("health is not ok".into()));
    assert_eq!(house.report(verify, late), Err(RefusalKind::Stale));
    assert_eq!(house.incident(SECOND).phase, Phase::Mitigating, "and the other goes on");
    house.end_of(SECOND, "heal", Outcome::Healed);
    house.end_of(SECOND, "verify", Outcome::Verified(Verification::Helped));
    house.see(vec![down("web")]);
    house.pass(1_000);
    assert!(house.incident(I).attempts.len() < 3 && house.incident(I).at_work().is_none());

    // Nobody knows the other's cause yet: the window ends, and proves nothing.
    let mut house = House::diagnosed(2, restart(Grade::A, 1));
    house.end("heal", Outcome::Healed);
    house.see(vec![clear(&down("web")), full()]);
    house.end("verify", Outcome::Verified(Verification::NotHelped("health is not ok".into())));
    assert!(matches!(house.incident(I).attempts[0].outcome, Some(AttemptOutcome::Stopped(_))));

    let mut house = House::diagnosed(2, restart(Grade::A, 1));
    house.end("heal", Outcome::Healed);
    house.see(vec![full()]);
    house.end("verify", Outcome::Verified(Verification::NotHelped("it does not run".into())));
    assert!(
        matches!(house.incident(I).attempts[0].outcome, Some(AttemptOutcome::Ineffective(_))),
        "it still fires"
    );
}

#[test]
fn c6_a_no_to_one_is_a_no_to_the_other_for_which_the_same_would_be_done() {
    let mut house = House::at_level(2);
    house.see(vec![down("web")]);
    house.see(vec![full()]);
    house.end_of(I, "investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 2))));
    house.end_of(SECOND, "investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 2))));
    assert_eq!(house.incident(SECOND).phase, Phase::Suppressed(Suppression::Inhibited(I)));
    assert_eq!(house.state.desk.len(), 1, "one request for one thing");
    house.answer(reject()).unwrap();
    house.pass(3_600_000);
    assert!(
        house.state.ward.incidents.values().all(|incident| incident.attempts.is_empty()),
        "nobody ran it"
    );
    house.see(vec![clear(&down("web"))]);
    house.pass(600_000);
    assert_eq!(house.incident(SECOND).phase, Phase::Investigating, "alone, it is looked into again");
}

#[test]
fn c1_a_service_that_does_not_run_follows_only_from_something_that_is_not_there() {
    let service = |name: &str, on: &[&str]| Service {
        name: name.into(),
        depends_on: on.iter().map(|on| (*on).to_owned()).collect(),
        ..Service::default()
    };
    let phase_beside = |upstream: Signal, web: Signal| {
        let mut house = House::at_level(2);
        house.load(|policy| policy.healing.services = vec![service("db", &[]), service("web", &["db"])]);
        house.see(vec![upstream]);
        house.see(vec![web]);
        house.incident(SECOND).phase.clone()
    };
    let unwell = || signal("db", kind::DISK_FULL, Severity::P1);
    assert_eq!(phase_beside(unwell(), down("web")), Phase::Investigating);
    assert_eq!(phase_beside(down("db"), down("web")), Phase::Suppressed(Suppression::Inhibited(I)));
    let full = signal("web", kind::DISK_FULL, Severity::P2);
    assert_eq!(phase_beside(unwell(), full), Phase::Suppressed(Suppression::Inhibited(I)));
}

#[test]
fn c2_an_incident_is_called_as_it_was_seen_last_and_stays_the_same() {
    let mut house = House::at_level(1);
    let says = |words: &str| Signal { title: words.into(), ..down("web") };
    house.see(vec![says("the certificate is good for 2 more days")]);
    house.see(vec![says("the certificate expired")]);
    assert_eq!(
        (house.incident(I).title.as_str(), house.incident(I).sightings.count),
        ("the certificate expired", 2)
    );
    house.see(vec![Signal { title: "it answers".into(), ..clear(&down("web")) }]);
    assert_eq!(house.incident(I).title, "the certificate expired", "what is over is called as it was");
}
