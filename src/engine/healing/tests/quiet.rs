//! What keeps incidents quiet: silences, maintenance, what they follow from, flapping, storms.

use super::*;

fn quiet(from: i64, until: i64) -> Command {
    Command::Heal(HealCommand::Silence(Silence {
        matches: Matcher { service: Some("web".into()), ..Matcher::default() },
        from: Timestamp(from),
        until: Timestamp(until),
        why: "a move".into(),
        maintenance: true,
    }))
}

#[test]
fn c1_a_silence_laid_down_for_later_keeps_quiet_what_was_there_before() {
    let mut house = House::diagnosed(2, diagnosis(Grade::C, Remedy::Nothing));
    assert!(matches!(house.phase(), Phase::NeedsHuman(_)));
    while house.wanted("announce").is_some() {
        house.end("announce", Outcome::Announced(None));
    }
    house.person(quiet(NOON + 60_000, NOON + 7_200_000)).unwrap();
    house.pass(3_600_000);
    assert_eq!(house.phase(), Phase::Suppressed(Suppression::Maintenance));
    assert!(house.wanted("announce").is_none(), "nobody is woken");
}

#[test]
fn c1_in_a_silence_nothing_acts_by_itself_and_a_person_still_may() {
    let mut house = House::at_level(3);
    house.see(vec![signal("web", kind::DISK_FULL, Severity::P2)]);
    house.end("investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 2))));
    assert!(!house.state.clockwork.vetoes.is_empty());
    house.person(quiet(NOON + 60_000, NOON + 3_600_000)).unwrap();
    house.pass(600_000);
    assert!(house.incident(I).attempts.is_empty(), "the window ended in the silence");
    house.answer(Decision::Approve { team: None }).unwrap();
    assert_eq!(house.phase(), Phase::Mitigating);
}

#[test]
fn c1_the_end_of_what_nobody_was_told_of_is_no_news() {
    let mut house = House::at_level(2);
    house.person(quiet(NOON, NOON + 60_000)).unwrap();
    house.see(vec![down("web")]);
    house.see(vec![clear(&down("web"))]);
    house.pass(400_000);
    assert_eq!(house.phase(), Phase::Resolved);
    assert!(house.wanted("announce").is_none());
}

#[test]
fn c1_silences_maintenance_and_dependencies_keep_quiet_until_they_end() {
    let mut house = House::at_level(2);
    let silence = Silence {
        matches: Matcher { service: Some("we*".into()), ..Matcher::default() },
        from: Timestamp(0),
        until: Timestamp(NOON + 60_000),
        why: "move".into(),
        maintenance: true,
    };
    house.person(Command::Heal(HealCommand::Silence(silence.clone()))).unwrap();
    house.see(vec![down("web")]);
    assert_eq!(house.phase(), Phase::Suppressed(Suppression::Maintenance));
    house.pass(61_000);
    assert_eq!(house.phase(), Phase::Investigating);
    let long = Silence { until: Timestamp(NOON + 8 * 86_400_000), ..silence };
    assert_eq!(house.person(Command::Heal(HealCommand::Silence(long))), Err(RefusalKind::Invalid));

    let mut house = House::at_level(2);
    let service = |name: &str, on: &[&str]| Service {
        name: name.into(),
        depends_on: on.iter().map(|on| (*on).to_owned()).collect(),
        ..Service::default()
    };
    house.load(|policy| {
        policy.healing.services = vec![service("db", &[]), service("api", &["db"]), service("web", &["api"])]
    });
    house.see(vec![down("db"), down("web")]);
    assert_eq!(house.incident(IncidentId(2)).phase, Phase::Suppressed(Suppression::Inhibited(I)));
    house.end("investigate", Outcome::Diagnosed(Box::new(diagnosis(Grade::C, Remedy::Nothing))));
    house.see(vec![clear(&down("db"))]);
    house.pass(301_000);
    assert_eq!(house.incident(IncidentId(2)).phase, Phase::Investigating, "{:?}", house.incident(I).phase);
}

#[test]
fn c1_what_comes_and_goes_does_nothing_by_itself() {
    let mut house = House::at_level(2);
    let slow = signal("web", kind::HTTP_SLOW, Severity::P3);
    house.see(vec![slow.clone()]);
    for _ in 0..6 {
        house.now += 10_000;
        house.see(vec![slow.clone()]);
        house.now += 10_000;
        house.see(vec![clear(&slow)]);
    }
    house.see(vec![slow.clone()]);
    assert_eq!(house.phase(), Phase::Suppressed(Suppression::Flapping));
    assert!(house.wanted("investigate").is_none());
}

#[test]
fn c1_a_storm_is_one_thing_and_nothing_acts_in_it() {
    let mut house = House::at_level(3);
    for n in 0..25 {
        house.now += 1_000;
        house.see(vec![signal(&format!("s{n}"), kind::DISK_FULL, Severity::P2)]);
    }
    assert!(house.state.ward.storm.is_some());
    let quiet = house.state.ward.live().filter(|i| i.phase == Phase::Suppressed(Suppression::Storm)).count();
    assert!(quiet >= 3, "{quiet}");
    house.end("investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 1))));
    assert_eq!(house.phase(), Phase::Diagnosed, "a person is asked");
    house.pass(601_000);
    assert!(house.state.ward.storm.is_none());
    assert!(house.state.ward.live().all(|i| i.phase != Phase::Suppressed(Suppression::Storm)));
}

#[test]
fn c1_what_a_service_says_while_a_runbook_mends_it_waits_and_is_looked_into_if_it_lasts() {
    let refused = || signal("web", kind::HTTP_DOWN, Severity::P1);
    let worse = || signal("web", kind::HTTP_SLOW, Severity::P0);
    let mut house = House::at_level(2);
    house.see(vec![refused(), refused(), down("web")]);
    assert_eq!(house.phase(), Phase::Investigating, "seen before anybody knew why");
    let process = IncidentId(2);
    house.end_of(process, "investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 1))));
    assert_eq!(house.incident(process).phase, Phase::Mitigating);
    assert_eq!(house.phase(), Phase::Suppressed(Suppression::Inhibited(process)));
    house.see(vec![worse(), worse()]);
    let third = IncidentId(3);
    assert_eq!(house.incident(third).phase, Phase::Investigating, "what is worse is not kept quiet");
    house.end_of(process, "heal", Outcome::Healed);
    house.end_of(process, "verify", Outcome::Verified(Verification::Helped));
    house.see(vec![clear(&down("web")), clear(&worse())]);
    house.pass(301_000);
    assert_eq!(house.incident(process).phase, Phase::Resolved);
    assert_eq!(house.phase(), Phase::Investigating, "it goes on, so it was something else");
}

#[test]
fn c1_a_number_that_is_merely_unusual_goes_with_what_is_known_to_be_wrong() {
    let unusual = || signal("web", kind::METRIC_ANOMALY, Severity::P4);
    let elsewhere = || signal("db", kind::METRIC_ANOMALY, Severity::P4);
    let mut house = House::at_level(1);
    house.see(vec![down("web"), unusual(), unusual(), elsewhere(), elsewhere()]);
    assert_eq!(house.incident(IncidentId(2)).phase, Phase::Suppressed(Suppression::Inhibited(I)));
    assert_eq!(house.incident(IncidentId(3)).phase, Phase::Investigating, "of another service it is news");
    house.end("investigate", Outcome::Diagnosed(Box::new(diagnosis(Grade::C, Remedy::Nothing))));
    house.see(vec![clear(&down("web"))]);
    house.pass(301_000);
    assert_eq!(house.incident(IncidentId(2)).phase, Phase::Investigating);
}
