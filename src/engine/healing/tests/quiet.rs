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
        house.end("announce", Outcome::Announced(None, String::new()));
    }
    house.person(quiet(NOON + 60_000, NOON + 7_200_000)).unwrap();
    house.pass(3_600_000);
    assert_eq!(house.phase(), Phase::Suppressed(Suppression::Maintenance));
    assert!(house.wanted("announce").is_none(), "nobody is woken");
}

#[test]
fn c16_a_way_that_failed_is_noted_beside_those_that_told_and_the_thread_stays() {
    let mut house = House::diagnosed(2, diagnosis(Grade::C, Remedy::Nothing));
    let partly = "told by slack; the webhook answered 404".to_owned();
    house.end("announce", Outcome::Announced(Some("17.5".into()), partly.clone()));
    let incident = house.incident(I);
    assert_eq!(incident.thread.as_deref(), Some("17.5"));
    assert!(incident.timeline.iter().any(|(_, words)| *words == partly), "{:?}", incident.timeline);
    assert!(!incident.timeline.iter().any(|(_, words)| words.contains("nobody")), "{:?}", incident.timeline);
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

    let mut house = chain();
    house.see(vec![down("db"), down("web")]);
    assert_eq!(house.incident(IncidentId(2)).phase, Phase::Suppressed(Suppression::Inhibited(I)));
    house.end("investigate", Outcome::Diagnosed(Box::new(diagnosis(Grade::C, Remedy::Nothing))));
    house.see(vec![clear(&down("db"))]);
    house.pass(301_000);
    assert_eq!(house.incident(I).phase, Phase::Resolved);
    assert_eq!(
        house.incident(IncidentId(2)).phase,
        Phase::Suppressed(Suppression::Inhibited(I)),
        "it may be well by now: the next look says"
    );
    house.pass(30_000);
    assert_eq!(house.incident(IncidentId(2)).phase, Phase::Investigating, "nobody looked again");
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
    let umbrella = house.state.ward.umbrella().cloned().expect("the storm is an incident");
    let Phase::NeedsHuman(why) = &umbrella.phase else { panic!("{:?}", umbrella.phase) };
    assert_eq!(why, "21 new causes within 01:00: nothing acts by itself until it has been calm for 10:00");
    let part = umbrella.timeline.iter().filter(|(_, words)| words.contains("is part of it")).count();
    assert_eq!(part, 4, "each that came after it: {:?}", umbrella.timeline);
    let told = umbrella.effects.values().filter(|effect| effect.kind.word() == "announce").count();
    assert_eq!(told, 1, "people are told once");
    let quiet = house.state.ward.live().filter(|i| i.phase == Phase::Suppressed(Suppression::Storm)).count();
    assert!(quiet >= 3, "{quiet}");
    house.end("investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 1))));
    assert_eq!(house.phase(), Phase::Diagnosed, "a person is asked");
    house.pass(601_000);
    assert!(house.state.ward.storm.is_none());
    assert!(house.state.ward.live().all(|i| i.phase != Phase::Suppressed(Suppression::Storm)));
    house.pass(301_000);
    assert_eq!(house.incident(umbrella.id).phase, Phase::Resolved);
}

#[test]
fn c1_much_of_the_house_ill_is_a_storm_of_its_own() {
    let mut house = House::at_level(2);
    let services = ["a", "b", "c", "d"].map(|name| Service { name: name.into(), ..Service::default() });
    house.load(|policy| policy.healing.services = services.to_vec());
    house.see(vec![down("a")]);
    assert!(house.state.ward.storm.is_none());
    house.see(vec![down("b")]);
    let umbrella = house.state.ward.umbrella().expect("half of the services are ill");
    assert!(matches!(&umbrella.phase, Phase::NeedsHuman(why) if why.starts_with("2 of 4 services are ill")));
    assert_eq!(umbrella.severity, Severity::P1, "as bad as the worst of it");
    // While they stay ill it goes on.
    let id = umbrella.id;
    house.pass(3_600_000);
    assert!(house.state.ward.storm.is_some() && house.incident(id).reopened.is_empty());
    house.see(vec![clear(&down("b"))]);
    // The incident of a storm is not one more ill service, and it is not quiet because of itself.
    house.pass(599_000);
    assert!(house.state.ward.storm.is_some(), "it was not calm for long enough");
    house.pass(2_000);
    assert!(house.state.ward.storm.is_none());
    house.see(vec![down("a")]);
    assert!(house.state.ward.storm.is_none(), "one that is still ill is none");
}

/// Four services, of which half are a storm.
fn four(level: u8) -> House {
    let mut house = House::at_level(level);
    let services = ["a", "b", "c", "web"].map(|name| Service { name: name.into(), ..Service::default() });
    house.load(|policy| policy.healing.services = services.to_vec());
    house
}

#[test]
fn c1_what_people_want_quiet_about_and_what_is_clear_makes_no_storm() {
    let mut house = four(3);
    house.person(quiet(NOON, NOON + 3_600_000)).unwrap();
    house.see(vec![down("web")]);
    house.see(vec![down("a")]);
    assert!(house.state.ward.storm.is_none(), "one is in maintenance");
    house.see(vec![clear(&down("a"))]);
    house.see(vec![down("b")]);
    assert!(house.state.ward.storm.is_none(), "one is clear");
    house.see(vec![down("c")]);
    assert!(house.state.ward.storm.is_some(), "two are ill");
    // New causes of what is in maintenance neither make a storm nor keep one up.
    let mut house = four(3);
    house.person(quiet(NOON, NOON + 3_600_000)).unwrap();
    let news = |n: usize| Signal { fingerprint: Fingerprint::of(&[&n.to_string()]), ..down("web") };
    for n in 0..25 {
        house.see(vec![news(n)]);
    }
    assert!(house.state.ward.storm.is_none(), "{:?}", house.state.ward.umbrella());
    house.see(vec![Signal::storm(SignalState::Firing)]);
    house.pass(500_000);
    house.see(vec![news(99)]);
    house.pass(101_000);
    assert!(house.state.ward.storm.is_none());
}

#[test]
fn c1_what_was_asked_only_because_of_a_storm_goes_on_when_it_is_over() {
    let mut house = four(3);
    house.see(vec![Signal::storm(SignalState::Firing)]);
    house.see(vec![down("web")]);
    let id = of(&house, "web").id;
    house.end_of(id, "investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 1))));
    assert!(house.incident(id).request.is_some(), "nothing acts by itself in a storm");
    house.pass(601_000);
    assert!(house.state.ward.storm.is_none());
    assert_eq!(house.incident(id).phase, Phase::Mitigating);
    assert!(house.state.desk.is_empty(), "{:?}", house.state.desk);
    // What is to be asked anyway still is, and is not asked anew.
    let mut house = four(1);
    house.see(vec![Signal::storm(SignalState::Firing)]);
    house.see(vec![down("web")]);
    house.end_of(id, "investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 1))));
    let asked = house.incident(id).request;
    house.pass(601_000);
    assert!(house.state.ward.storm.is_none());
    assert_eq!(house.incident(id).request, asked);
}

#[test]
fn c1_a_flood_of_lines_is_a_storm_for_as_long_as_it_is_told() {
    let mut house = House::at_level(3);
    let flood = |words: &str| Signal { sample: Some(words.into()), ..Signal::storm(SignalState::Firing) };
    house.see(vec![flood("20,000 lines of logs within 00:10, 40 times the usual")]);
    assert!(house.state.ward.storm.is_some());
    let umbrella = house.state.ward.umbrella().expect("the storm is an incident");
    let Phase::NeedsHuman(why) = &umbrella.phase else { panic!("{:?}", umbrella.phase) };
    assert!(
        why.ends_with("40 times the usual: nothing acts by itself until it has been calm for 10:00"),
        "{why}"
    );
    let id = umbrella.id;
    house.pass(500_000);
    house.see(vec![flood("30,000 lines of logs within 00:10, 20 times the usual")]);
    house.pass(500_000);
    assert!(house.state.ward.storm.is_some(), "it was told again since");
    house.pass(101_000);
    assert!(house.state.ward.storm.is_none());
    house.pass(301_000);
    assert_eq!(house.incident(id).phase, Phase::Resolved);
}

/// `web` stands on `api`, and that on `db`.
fn chain() -> House {
    let mut house = House::at_level(2);
    let service = |name: &str, on: &[&str]| Service {
        name: name.into(),
        depends_on: on.iter().map(|on| (*on).to_owned()).collect(),
        ..Service::default()
    };
    house.load(|policy| {
        policy.healing.services = vec![service("db", &[]), service("api", &["db"]), service("web", &["api"])]
    });
    house
}

fn of<'a>(house: &'a House, service: &str) -> &'a ward::Incident {
    house.state.ward.live().find(|incident| incident.service == service).unwrap()
}

#[test]
fn c1_of_what_comes_together_the_cause_is_told_whatever_was_seen_first() {
    let mut house = chain();
    house.see(vec![down("web"), down("api"), down("db")]);
    let cause = of(&house, "db").id;
    assert_eq!(of(&house, "db").phase, Phase::Investigating);
    for service in ["api", "web"] {
        let follows = of(&house, service);
        assert_eq!(follows.phase, Phase::Suppressed(Suppression::Inhibited(cause)), "{service}");
        assert!(follows.told.is_none() && follows.news.is_empty(), "{service}: nobody was told");
    }
    let noted = |words: &str| of(&house, "db").timeline.iter().any(|(_, said)| said.contains(words));
    assert!(noted("I-1 follows from it: web") && noted("I-2 follows from it: api"));
}

#[test]
fn c1_what_is_clear_explains_nothing_that_is_seen_long_after() {
    let mut house = chain();
    house.see(vec![down("db"), down("api")]);
    let cause = of(&house, "db").id;
    house.pass(60_000);
    house.see(vec![clear(&down("db")), down("api")]);
    assert_eq!(of(&house, "api").phase, Phase::Suppressed(Suppression::Inhibited(cause)), "it may recover");
    house.pass(31_000);
    house.see(vec![down("api")]);
    assert_eq!(of(&house, "api").phase, Phase::Investigating);
    assert_eq!(of(&house, "db").phase, Phase::Investigating, "nobody has said yet that it is over");
}

#[test]
fn c1_what_was_found_in_the_code_does_not_follow_from_what_began_later() {
    for (remedy, stays) in [(Remedy::Code("mend it".into()), true), (restart(Grade::B, 1).remedy, false)] {
        let mut house = chain();
        house.load(|policy| policy.level = 1);
        house.see((0..3).map(|_| signal("api", kind::LOG_EXCEPTION, Severity::P2)).collect());
        house.end("investigate", Outcome::Diagnosed(Box::new(diagnosis(Grade::B, remedy))));
        let request = of(&house, "api").request.expect("a person is asked");
        house.pass(10_000);
        house.see(vec![down("db")]);
        assert_eq!(of(&house, "api").phase == Phase::Diagnosed, stays);
        assert_eq!(house.state.desk.contains_key(&request), stays);
    }
}

#[test]
fn c6_what_waits_in_a_storm_is_not_asked_anew_after_a_pause() {
    let mut house = House::at_level(1);
    let names = ["a", "b", "c", "d", "e"];
    let services = names.map(|name| Service { name: name.into(), ..Service::default() });
    house.load(|policy| policy.healing.services = services.to_vec());
    for (n, name) in (1..).zip(&names[..2]) {
        house.see(vec![down(name)]);
        let plan = RunPlan { target: format!("service {name}"), ..plan(1) };
        let found = diagnosis(Grade::A, Remedy::Runbook(Box::new(plan)));
        let of = house.state.ward.live().find(|incident| incident.service == *name).unwrap().id;
        assert_eq!(of, IncidentId(n));
        house.end_of(of, "investigate", Outcome::Diagnosed(Box::new(found)));
    }
    assert!(house.state.ward.storm.is_some());
    let asked: Vec<_> = house.state.desk.keys().copied().collect();
    house.person(Command::Control(ControlCommand::Pause("a look".into()))).unwrap();
    house.pass(60_000);
    house.person(Command::Control(ControlCommand::Resume)).unwrap();
    assert_eq!(house.state.desk.keys().copied().collect::<Vec<_>>(), asked);
    assert_eq!(asked.len(), 2);
}

#[test]
fn c1_what_follows_waits_a_moment_for_a_cause_that_is_about_to_be_confirmed() {
    let refused = || signal("db", kind::TCP_DOWN, Severity::P1);
    let mut house = chain();
    // One look proves that a process is gone, a port takes two.
    house.see(vec![signal("web", kind::HTTP_DOWN, Severity::P1), refused()]);
    house.now += 10_000;
    house.see(vec![signal("web", kind::HTTP_DOWN, Severity::P1)]);
    assert_eq!((of(&house, "web").phase.clone(), of(&house, "web").told), (Phase::Suspected, None));
    house.see(vec![refused()]);
    let cause = of(&house, "db").id;
    assert_eq!(of(&house, "web").phase, Phase::Suppressed(Suppression::Inhibited(cause)));
    assert!(of(&house, "web").news.is_empty() && of(&house, "db").news.len() == 1);

    // It was nothing: told as soon as that is known, or after a while.
    let mut house = chain();
    house.see(vec![refused(), down("web")]);
    house.see(vec![clear(&refused())]);
    assert_eq!(of(&house, "web").phase, Phase::Investigating);
    let mut house = chain();
    house.load(|policy| policy.healing.grouping.confirm = (3, 3));
    house.load(|policy| policy.healing.grouping.confirm_after = Millis::mins(2));
    house.see(vec![refused(), down("web")]);
    house.pass(29_000);
    assert_eq!(of(&house, "web").phase, Phase::Suspected);
    house.pass(2_000);
    assert_eq!(of(&house, "web").phase, Phase::Investigating);
    // What is most urgent does not wait.
    let mut house = chain();
    house.see(vec![refused(), signal("web", kind::HTTP_DOWN, Severity::P0)]);
    assert_eq!(of(&house, "web").phase, Phase::Investigating);
}

#[test]
fn c1_a_cause_that_is_seen_a_little_later_still_explains_what_follows_and_a_late_one_does_not() {
    let mut house = chain();
    house.see(vec![down("web")]);
    house.now += 60_000;
    house.see(vec![down("db")]);
    let cause = of(&house, "db").id;
    assert_eq!(of(&house, "web").phase, Phase::Suppressed(Suppression::Inhibited(cause)));
    let mut house = chain();
    house.see(vec![down("web")]);
    house.now += 121_000;
    house.see(vec![down("db")]);
    assert_eq!(of(&house, "web").phase, Phase::Investigating);
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
    house.now += 1;
    house.see(vec![refused()]);
    assert_eq!(house.phase(), Phase::Investigating, "it goes on, so it was something else");
}

#[test]
fn c3_what_passes_by_itself_is_looked_at_again_before_a_person_is_called() {
    let mut house = House::at_level(2);
    house.see(vec![down("web")]);
    let passing = || Diagnosis { passing: true, ..diagnosis(Grade::A, Remedy::Nothing) };
    for _ in 0..9 {
        house.end("investigate", Outcome::Diagnosed(Box::new(passing())));
        assert_eq!(house.phase(), Phase::Investigating);
        assert!(house.wanted("investigate").is_none());
        house.pass(61_000);
    }
    let look = house.begin("investigate").expect("it is looked at again");
    house.now += 60_000;
    house.report(look, Outcome::Diagnosed(Box::new(passing()))).unwrap();
    assert!(matches!(house.phase(), Phase::NeedsHuman(_)), "not for ever: {:?}", house.phase());
}

#[test]
fn c1_what_was_over_before_it_was_believed_counts_for_nothing() {
    let slow = || signal("web", kind::HTTP_SLOW, Severity::P2);
    let mut house = House::at_level(1);
    house.see(vec![slow()]);
    house.now += 5_000;
    house.see(vec![clear(&slow())]);
    house.now += 120_000;
    house.see(vec![slow()]);
    assert_eq!(house.incident(I).began(), Timestamp(house.now));
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
    house.pass(30_000);
    assert_eq!(house.incident(IncidentId(2)).phase, Phase::Investigating);
}
