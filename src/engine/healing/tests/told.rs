//! What people are told, when, and what together.

use super::*;
use crate::engine::event::Event;

const WEB: [&str; 3] = [kind::DISK_FULL, kind::PROCESS_DOWN, kind::TLS_EXPIRY];

fn of_web(nth: usize, severity: Severity) -> Signal {
    signal("web", WEB[nth], severity)
}

fn id(nth: u64) -> IncidentId {
    IncidentId(nth)
}

/// Under which incident, in which words, with what beside it.
type Told = (IncidentId, String, Vec<(IncidentId, String)>);

/// Every notice so far.
fn notices(house: &House) -> Vec<Told> {
    let effects = house.state.ward.incidents.values().flat_map(|incident| incident.effects.values());
    let told = effects.filter_map(|effect| match &effect.kind {
        EffectKind::Announce { incident, words, others } => Some((*incident, words.clone(), others.clone())),
        _ => None,
    });
    told.collect()
}

fn opened(nth: u64) -> (IncidentId, String) {
    (id(nth), "opened".into())
}

#[test]
fn c16_what_comes_up_at_a_service_within_the_wait_is_one_notice_under_the_gravest() {
    let mut house = House::at_level(2);
    house.see(vec![of_web(0, Severity::P2)]);
    house.pass(10_000);
    house.see(vec![of_web(1, Severity::P1), signal("db", kind::DISK_FULL, Severity::P3)]);
    assert!(notices(&house).is_empty() && house.incident(I).told.is_none());
    house.pass(19_000);
    assert!(notices(&house).is_empty());
    house.pass(1_000);
    assert_eq!(notices(&house), [(id(2), "opened".into(), vec![opened(1)])], "30 s after the first");
    house.pass(10_000);
    assert_eq!(notices(&house)[1], (id(3), "opened".into(), vec![]), "another service is another group");
    assert!((1..=3).all(|nth| house.incident(id(nth)).told.is_some()));
    house.load(|policy| policy.healing.grouping.wait = Millis::secs(90));
    house.see(vec![signal("api", kind::DISK_FULL, Severity::P3)]);
    house.pass(89_000);
    assert_eq!(notices(&house).len(), 2);
    house.pass(1_000);
    assert_eq!(notices(&house).len(), 3);
}

#[test]
fn c16_what_comes_up_after_a_notice_is_told_together_when_the_service_has_rested() {
    let mut house = House::at_level(2);
    house.see(vec![of_web(0, Severity::P2)]);
    house.pass(60_000);
    house.see(vec![of_web(1, Severity::P2)]);
    house.pass(120_000);
    house.see(vec![of_web(2, Severity::P2)]);
    house.pass(149_000);
    assert_eq!(notices(&house).len(), 1, "told 30 s after it came, and not again for 5 minutes");
    house.pass(1_000);
    assert_eq!(notices(&house)[1], (id(2), "opened".into(), vec![opened(3)]));
}

#[test]
fn c16_the_gravest_and_what_a_person_has_to_decide_wait_for_nothing_and_take_the_rest_along() {
    let mut house = House::at_level(2);
    house.see(vec![of_web(0, Severity::P2)]);
    house.see(vec![of_web(1, Severity::P0)]);
    assert_eq!(notices(&house), [(id(2), "opened".into(), vec![opened(1)])]);

    let mut house = House::at_level(2);
    house.see(vec![of_web(0, Severity::P2), of_web(1, Severity::P3)]);
    house.end_of(id(2), "investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 2))));
    let [(head, words, others)] = &notices(&house)[..] else { panic!("{:?}", notices(&house)) };
    assert_eq!((*head, words.as_str()), (I, "opened"), "the gravest comes first");
    let window = "opened; in 05:00, unless you say no: ";
    assert!(others[0].0 == id(2) && others[0].1.starts_with(window), "{others:?}");
}

#[test]
fn c16_while_the_house_is_paused_people_are_told_all_the_same() {
    let mut house = House::at_level(2);
    house.see(vec![of_web(0, Severity::P2)]);
    house.person(Command::Control(ControlCommand::Pause("wait".into()))).unwrap();
    house.pass(30_000);
    assert_eq!(notices(&house), [(I, "opened".into(), vec![])]);
    assert_eq!(next_deadline(&house.state), None);
}

#[test]
fn c16_what_waits_to_be_told_outlives_the_process_and_what_people_want_quiet_about_is_not_told() {
    let mut house = House::at_level(2);
    house.see(vec![of_web(0, Severity::P2)]);
    house.end("investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 1))));
    let kept = serde_json::to_string(&house.state).unwrap();
    house.state = serde_json::from_str(&kept).unwrap();
    house.person(Command::Control(ControlCommand::Start { version: "2".into() })).unwrap_or_default();
    assert_eq!(house.phase(), Phase::Mitigating);
    let state = house.state.clone();
    house.pass(30_000);
    assert_eq!(notices(&house), [(I, "opened".into(), vec![])]);

    // It is being mended, so a silence leaves it where it is; and nobody hears of it.
    house.state = state;
    let silence = Silence {
        matches: Matcher { service: Some("web".into()), ..Matcher::default() },
        from: Timestamp(0),
        until: Timestamp(house.now + 3_600_000),
        why: "known".into(),
        maintenance: false,
    };
    house.person(Command::Heal(HealCommand::Silence(silence))).unwrap();
    house.pass(30_000);
    assert!(notices(&house).is_empty() && house.incident(I).news.is_empty());
}

#[test]
fn c16_what_follows_is_of_the_group_of_its_cause_and_is_not_told_for_itself() {
    let mut house = House::at_level(2);
    let service = |name: &str, on: &[&str]| Service {
        name: name.into(),
        depends_on: on.iter().map(|on| (*on).to_owned()).collect(),
        ..Service::default()
    };
    house.load(|policy| policy.healing.services = vec![service("db", &[]), service("web", &["db"])]);
    house.see(vec![down("web")]);
    house.pass(10_000);
    house.see(vec![down("db")]);
    house.pass(60_000);
    assert_eq!(notices(&house), [(id(2), "opened".into(), vec![])], "the cause came before it was told");
    let ward = &house.state.ward;
    let group = Group::of(ward, house.incident(id(2)));
    assert_eq!(Group::of(ward, house.incident(I)), group);
    assert_eq!(group.quiet(ward).map(|(quiet, _)| quiet.id).collect::<Vec<_>>(), [I]);
}

#[test]
fn c16_what_comes_and_goes_is_told_every_half_hour_with_the_count() {
    let mut house = House::at_level(2);
    let slow = signal("web", kind::HTTP_SLOW, Severity::P3);
    let mut told = Vec::new();
    for round in 0..500 {
        house.now += 10_000;
        house.see(vec![if round % 2 == 0 { slow.clone() } else { clear(&slow) }]);
        house.pass(0);
        for (_, words, _) in notices(&house) {
            told.push((round, words));
            house.end("announce", Outcome::Announced(None, String::new()));
        }
    }
    assert_eq!(house.phase(), Phase::Suppressed(Suppression::Flapping));
    let [(first, _), (second, words), (third, _)] = &told[..] else { panic!("{told:?}") };
    assert_eq!((second - first, third - second), (180, 180), "{told:?}");
    assert!(words.starts_with("comes and goes: 20 changes within 1:00:00, seen "), "{words}");
}

#[test]
fn c16_what_nobody_answers_is_told_to_others_after_a_while_and_what_somebody_decided_is_not() {
    let escalating = |mut house: House| {
        house.load(|policy| {
            policy.healing.grouping.escalate = vec![Millis::mins(40), Millis::hours(2)];
        });
        house
    };
    let mut house = escalating(House::at_level(2));
    house.see(vec![signal("web", kind::DISK_FULL, Severity::P3)]);
    house.end("investigate", Outcome::Diagnosed(Box::new(diagnosis(Grade::C, Remedy::Nothing))));
    assert_eq!(
        (notices(&house).len(), house.incident(I).waited()),
        (0, Millis(0)),
        "no more than P3: it waits"
    );
    house.pass(30_000);
    assert_eq!(notices(&house).len(), 1);
    house.pass(2_370_000 - 1);
    assert_eq!(notices(&house).len(), 1);
    house.pass(1);
    let last = notices(&house).pop().unwrap().1;
    assert_eq!(last, "nobody has answered for 40:00: needs a person: the process is gone");
    assert_eq!(house.incident(I).waited(), Millis::mins(40));
    house.pass(80 * 60_000);
    assert_eq!((notices(&house).len(), house.incident(I).waited()), (3, Millis::hours(2)));
    house.pass(3 * 3_600_000);
    assert_eq!(notices(&house).len(), 3, "then it is repeated like any other");

    // A request that expires is one that nobody answered, for as long as it waited.
    let mut house = escalating(House::diagnosed(1, restart(Grade::A, 1)));
    assert_eq!(house.incident(I).severity, Severity::P1);
    house.pass(30 * 60_000);
    assert!(matches!(house.phase(), Phase::NeedsHuman(_)));
    house.pass(10 * 60_000);
    assert_eq!(house.incident(I).waited(), Millis::mins(40));
    // A person who says no has answered.
    let mut house = escalating(House::diagnosed(1, restart(Grade::A, 1)));
    house.pass(20 * 60_000);
    house.answer(reject()).unwrap();
    assert_eq!(house.incident(I).waits_since, Some(Timestamp(house.now)));
    let mut house = escalating(House::diagnosed(1, restart(Grade::A, 1)));
    house.answer(Decision::Approve { team: None }).unwrap();
    assert_eq!((house.phase(), house.incident(I).waits_since), (Phase::Mitigating, None));
}

#[test]
fn c16_what_older_versions_wrote_of_notices_can_be_read() {
    let announced =
        r#"{"effect":{"wanted":["I-1/announce/7",0,{"Announce":{"incident":1,"words":"opened"}}]}}"#;
    let event: Event = serde_json::from_str(announced).unwrap();
    assert_eq!(serde_json::to_string(&event).unwrap(), announced);
    let house = House::diagnosed(1, restart(Grade::A, 1));
    let mut kept = serde_json::to_value(house.incident(I)).unwrap();
    for new in ["news", "waits_since"] {
        assert!(kept.as_object_mut().unwrap().remove(new).is_some(), "{new}");
    }
    let incident: ward::Incident = serde_json::from_value(kept).unwrap();
    assert!(incident.news.is_empty() && incident.waits_since.is_none());
    let old: crate::policy::healing::Grouping = serde_json::from_str(r#"{"wait":30000}"#).unwrap();
    assert_eq!((old.interval, old.escalate.len()), (Millis::mins(5), 0));
}
