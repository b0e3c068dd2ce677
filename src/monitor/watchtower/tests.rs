//! Readings in, signals out.

use super::*;
use crate::domain::{signal::Check, time::Millis};

const CALM: Weather = Weather { ingest_factor: 10, storm: false };

fn spec(id: &str, source: Source) -> ProbeSpec {
    ProbeSpec {
        id: id.into(),
        service: "web".into(),
        env: "production".into(),
        every: Millis::secs(10),
        timeout: Millis::secs(5),
        heartbeat: Millis::secs(30),
        quiet_most: None,
        severity: Severity::P1,
        source,
    }
}

fn tcp() -> ProbeSpec {
    spec("port", Source::Tcp { address: "127.0.0.1:1".into() })
}

fn check(at: i64, ok: bool) -> Observation {
    let check = Check {
        name: "connect".into(),
        kind: kind::TCP_DOWN,
        ok,
        severity: Severity::P1,
        words: if ok { "takes connections".into() } else { "refused\u{1b}[2J".into() },
        labels: BTreeMap::new(),
    };
    Observation { probe: "port".into(), at: Timestamp(at), reading: Reading::Check(check) }
}

#[test]
fn c1_a_failing_check_is_told_at_once_then_seldom_and_its_end_at_once() {
    let mut tower = Watchtower::new(&[tcp()], Timestamp(0));
    assert!(tower.observe(check(0, true)).is_empty());
    let mut told = Vec::new();
    for second in 1..=20 {
        told.extend(tower.observe(check(second * 1_000, false)));
        told.extend(tower.tick(Timestamp(second * 1_000), CALM));
    }
    let counts: Vec<u64> = told.iter().map(|signal| signal.count).collect();
    assert_eq!(counts, [1, 1, 1, 10], "three at once, then what was held back together");
    assert!(told.iter().all(|signal| !signal.title.contains('\u{1b}')));
    let clear = tower.observe(check(21_000, true));
    assert_eq!((clear.len(), clear[0].state), (1, SignalState::Clear));
    assert_eq!(clear[0].fingerprint, told[0].fingerprint);
}

#[test]
fn c1_a_log_is_well_again_when_no_line_of_the_cause_has_come_for_a_while() {
    let mut tower = Watchtower::new(&[spec("log", Source::File { path: "/log".into() })], Timestamp(0));
    let says = |at: i64, line: &str| Observation {
        probe: "log".into(),
        at: Timestamp(at),
        reading: Reading::Lines(vec![line.into()]),
    };
    let mut states = Vec::new();
    for second in 0..120 {
        match second {
            0 | 40 => drop(tower.observe(says(second * 1_000, "ERROR the till is closed"))),
            20 | 60 | 80 | 100 => drop(tower.observe(says(second * 1_000, "INFO sold"))),
            _ => {}
        }
        tower.tick(Timestamp(second * 1_000), CALM);
        states.push(tower.health()[0].state);
    }
    assert_eq!([5, 45].map(|at| states[at]), [ProbeState::Failing; 2]);
    assert_eq!([39, 85, 119].map(|at| states[at]), [ProbeState::Well; 3]);
}

#[test]
fn c1_silence_is_an_incident_and_never_well() {
    let mut tower = Watchtower::new(&[tcp()], Timestamp(0));
    assert_eq!(tower.health()[0].state, ProbeState::Waiting);
    tower.observe(check(1_000, true));
    assert_eq!(tower.health()[0].state, ProbeState::Well);
    let blind = Reading::Blind("no route".into());
    tower.observe(Observation { probe: "port".into(), at: Timestamp(11_000), reading: blind });
    assert_eq!(tower.health()[0].state, ProbeState::Silent);
    for second in 12..=31 {
        assert!(tower.tick(Timestamp(second * 1_000), CALM).is_empty());
    }
    let told = tower.tick(Timestamp(31_001), CALM);
    assert_eq!((told[0].kind.as_str(), told[0].severity), (kind::SILENT, Severity::P2));
    assert!(told[0].title.contains("no route"), "{}", told[0].title);
    let again = tower.observe(check(40_000, true));
    assert_eq!((again[0].kind.as_str(), again[0].state), (kind::SILENT, SignalState::Clear));
}

/// Ticks each second of this span; what that came to.
fn ticked(tower: &mut Watchtower, seconds: std::ops::Range<i64>) -> Vec<Signal> {
    seconds.flat_map(|second| tower.tick(Timestamp(second * 1_000), CALM)).collect()
}

fn lines(at: i64, lines: &[&str]) -> Observation {
    let reading = Reading::Lines(lines.iter().map(|line| (*line).to_owned()).collect());
    Observation { probe: "log".into(), at: Timestamp(at), reading }
}

#[test]
fn c1_a_log_that_must_speak_is_an_incident_when_it_falls_silent_and_its_first_line_ends_it() {
    for source in [Source::File { path: "/log".into() }, Source::Command { argv: vec!["tail".into()] }] {
        let quiet_most = Some(Millis::secs(30));
        let mut tower = Watchtower::new(&[ProbeSpec { quiet_most, ..spec("log", source) }], Timestamp(0));
        tower.observe(lines(1_000, &["INFO sold"]));
        let mut told = Vec::new();
        for second in 2..60 {
            assert!(tower.observe(lines(second * 1_000, &[])).is_empty(), "that it can be read is no line");
            told.extend(tower.tick(Timestamp(second * 1_000), CALM));
        }
        assert_eq!((told[0].kind.as_str(), told[0].state), (kind::SILENT, SignalState::Firing));
        assert!(told[0].title.ends_with("no line of it for 30 s"), "{}", told[0].title);
        assert_eq!(tower.health()[0].state, ProbeState::Silent);
        let over = tower.observe(lines(60_000, &["INFO sold"]));
        assert_eq!((over[0].kind.as_str(), over[0].state), (kind::SILENT, SignalState::Clear));
        assert_eq!(tower.health()[0].state, ProbeState::Well);
    }
}

#[test]
fn c2_a_log_that_cannot_be_read_is_an_incident_after_three_looks_and_well_once_it_can() {
    let hour = Millis::hours(1);
    for quiet_most in [None, Some(hour)] {
        let source = Source::File { path: "/log".into() };
        let log = ProbeSpec { heartbeat: hour, quiet_most, ..spec("log", source) };
        let mut tower = Watchtower::new(&[log], Timestamp(0));
        let mut told = Vec::new();
        for second in 1..60 {
            if second % 10 == 0 {
                let blind = Reading::Blind("/log: No such file".into());
                tower.observe(Observation {
                    probe: "log".into(),
                    at: Timestamp(second * 1_000),
                    reading: blind,
                });
            }
            told.extend(
                tower.tick(Timestamp(second * 1_000), CALM).into_iter().map(|signal| (second, signal)),
            );
        }
        assert_eq!((told[0].0, told[0].1.kind.as_str()), (41, kind::SILENT), "three looks after the first");
        assert!(told[0].1.title.contains("No such file"), "{}", told[0].1.title);
        let over = tower.observe(lines(60_000, &[]));
        assert_eq!((over.len(), over[0].state), (1, SignalState::Clear));
        assert!(ticked(&mut tower, 61..80).is_empty());
    }
}

#[test]
fn a_quiet_log_is_well_where_nobody_said_how_often_it_speaks() {
    let mut tower = Watchtower::new(&[spec("log", Source::File { path: "/log".into() })], Timestamp(0));
    for second in 0..120 {
        tower.observe(lines(second * 1_000, &[]));
        assert!(tower.tick(Timestamp(second * 1_000), CALM).is_empty());
    }
    assert_eq!(tower.health()[0].state, ProbeState::Well);
}

#[test]
fn c1_whoever_listens_late_does_not_say_that_nobody_spoke() {
    let mut tower = Watchtower::new(&[tcp()], Timestamp(0));
    tower.observe(check(1_000, true));
    assert!(ticked(&mut tower, 1..21).is_empty());
    assert!(tower.tick(Timestamp(60_000), CALM).is_empty(), "forty seconds in which nobody listened");
    assert!(ticked(&mut tower, 61..70).is_empty());
    assert_eq!(ticked(&mut tower, 70..73).len(), 1, "what is missing after that is silence");
}

#[test]
fn c1_a_look_that_may_take_longer_than_its_turn_is_waited_for() {
    let hangs = ProbeSpec { every: Millis::secs(1), heartbeat: Millis::secs(3), ..tcp() };
    let mut tower = Watchtower::new(&[hangs], Timestamp(0));
    tower.observe(check(1_000, true));
    assert!(ticked(&mut tower, 1..8).is_empty());
    assert_eq!(ticked(&mut tower, 8..9).len(), 1);
}

#[test]
fn c3_what_could_not_be_asked_again_is_not_so_now() {
    let sample = |at: i64| Observation {
        probe: "port".into(),
        at: Timestamp(at),
        reading: Reading::Sample { metric: "redis_clients".into(), value: 1.0, labels: BTreeMap::new() },
    };
    let mut loading = check(1_001, true);
    if let Reading::Check(check) = &mut loading.reading {
        check.name = "loading".into();
    }
    let fresh = |tower: &Watchtower, now: i64| -> Vec<bool> {
        tower.newest().iter().map(|newest| newest.fresh(Timestamp(now))).collect()
    };
    let mut tower = Watchtower::new(&[tcp()], Timestamp(0));
    tower.observe(check(1_000, true));
    tower.observe(loading);
    tower.observe(sample(1_002));
    assert_eq!(fresh(&tower, 2_000), [true; 3]);
    tower.observe(check(11_000, false));
    assert_eq!(
        fresh(&tower, 12_000),
        [true, false, false],
        "that it is refused is, what it said of itself is not"
    );
    let blind = Reading::Blind("no route".into());
    tower.observe(Observation { probe: "port".into(), at: Timestamp(21_000), reading: blind });
    assert_eq!(fresh(&tower, 22_000), [false; 3]);
}

#[test]
fn payloads_that_do_not_come_are_no_silence() {
    let webhook =
        Source::Webhook { format: crate::domain::probe::WebhookFormat::Generic, secret: String::new() };
    let mut tower = Watchtower::new(&[spec("hook", webhook)], Timestamp(0));
    assert!(tower.tick(Timestamp(86_400_000), CALM).is_empty());
}

#[test]
fn what_is_held_back_is_bounded() {
    let mut tower = Watchtower::new(
        &[spec(
            "hook",
            Source::Webhook { format: crate::domain::probe::WebhookFormat::Generic, secret: String::new() },
        )],
        Timestamp(0),
    );
    let base = tower.posts["hook"].silence(SignalState::Firing, "x");
    for n in 0..10_000 {
        let signal = Signal { fingerprint: Fingerprint::of(&[&n.to_string()]), ..base.clone() };
        let reading = Reading::Alarm(Box::new(signal));
        tower.observe(Observation { probe: "hook".into(), at: Timestamp(n), reading });
    }
    assert!(tower.thinner.len() <= 4_096);
    assert_eq!(tower.newest().len(), 0);
}

#[test]
fn c1_a_flood_of_lines_is_told_as_a_storm_and_in_a_storm_the_same_is_told_less_often() {
    let mut tower = Watchtower::new(&[spec("log", Source::File { path: "/log".into() })], Timestamp(0));
    for second in 0..400 {
        tower.observe(lines(second * 1_000, &["INFO sold"]));
        assert!(tower.tick(Timestamp(second * 1_000), CALM).is_empty(), "{second}");
    }
    let flood = vec!["ERROR the till is closed"; 2_000];
    tower.observe(lines(400_000, &flood));
    let told: Vec<Signal> =
        (400..=410).flat_map(|second| tower.tick(Timestamp(second * 1_000), CALM)).collect();
    let storm = told.iter().find(|signal| signal.kind == kind::STORM).expect("a storm");
    let words = storm.sample.as_deref().unwrap();
    assert!(words.starts_with("2009 lines of logs within 00:10, "), "{words}");
    let weather = Weather { storm: true, ..CALM };
    let mut times = 0;
    for second in 411..=650 {
        let at = Timestamp(second * 1_000);
        let mut told = tower.observe(lines(second * 1_000, &["ERROR the till is closed"]));
        told.extend(tower.tick(at, weather));
        times += told.iter().filter(|signal| signal.kind == kind::LOG_ERROR).count();
    }
    assert!((3..=6).contains(&times), "once a minute in four minutes, not {times} times");
}

/// A watch that begins after one that told these.
fn after(spec: &ProbeSpec, told: &[Signal]) -> Watchtower {
    let mut tower = Watchtower::new(std::slice::from_ref(spec), Timestamp(100_000));
    tower.recall(told);
    tower
}

#[test]
fn c2_what_ended_while_nobody_watched_is_told_once() {
    let told = Watchtower::new(&[tcp()], Timestamp(0)).observe(check(1_000, false));
    let mut tower = after(&tcp(), &told);
    let over = tower.observe(check(101_000, true));
    assert_eq!((over.len(), over[0].state), (1, SignalState::Clear));
    assert_eq!(over[0].fingerprint, told[0].fingerprint);
    assert!(tower.observe(check(102_000, true)).is_empty(), "once");
    assert!(
        after(&tcp(), &[]).observe(check(101_000, true)).is_empty(),
        "of what nobody knows nothing is told"
    );
    let lasts = after(&tcp(), &told).observe(check(101_000, false));
    assert_eq!(lasts[0].state, SignalState::Firing);
}

#[test]
fn c2_a_probe_that_was_silent_before_speaks_again_and_is_not_well_until_then() {
    let told = ticked(&mut Watchtower::new(&[tcp()], Timestamp(0)), 0..40);
    assert_eq!(told[0].kind, kind::SILENT);
    let mut tower = after(&tcp(), &told);
    assert_eq!(tower.health()[0].state, ProbeState::Silent);
    let over = tower.observe(check(101_000, true));
    assert_eq!((over[0].kind.as_str(), over[0].state), (kind::SILENT, SignalState::Clear));
    assert_eq!((over.len(), tower.health()[0].state), (1, ProbeState::Well));
}

#[test]
fn c2_a_number_that_came_back_within_its_bound_while_nobody_watched_is_told() {
    let bound = crate::domain::probe::Bound { above: true, fire: "10".into(), clear: "9".into() };
    let source =
        Source::Prometheus { url: "http://localhost:9090".into(), query: "queue".into(), range: None, bound };
    let spec = spec("queue", source);
    let reads = |at: i64, value: f64| Observation {
        probe: "queue".into(),
        at: Timestamp(at),
        reading: Reading::Sample { metric: "queue".into(), value, labels: BTreeMap::new() },
    };
    let told = Watchtower::new(std::slice::from_ref(&spec), Timestamp(0)).observe(reads(1_000, 20.0));
    assert_eq!(told[0].kind, kind::METRIC_BOUND);
    let mut tower = after(&spec, &told);
    let over: Vec<Signal> = (101..110).flat_map(|at| tower.observe(reads(at * 1_000, 1.0))).collect();
    assert_eq!((over.len(), over[0].state), (1, SignalState::Clear));
    assert_eq!(over[0].fingerprint, told[0].fingerprint);
}

#[test]
fn c6_a_probe_says_whether_nothing_fails_but_the_count_of_restarts() {
    let mut tower = Watchtower::new(&[tcp()], Timestamp(0));
    let looked = |name: &str, kind: &'static str, ok: bool| {
        let mut seen = check(1_000, ok);
        if let Reading::Check(check) = &mut seen.reading {
            (check.name, check.kind) = (name.into(), kind);
        }
        seen
    };
    let mut sees = |name: &str, kind: &'static str, ok: bool| {
        tower.observe(looked(name, kind, ok));
        let health = tower.health().remove(0);
        (health.state, health.only_restarts)
    };
    assert_eq!(sees("running", kind::PROCESS_DOWN, true), (ProbeState::Well, false));
    assert_eq!(sees("restarts", kind::PROCESS_FLAPPING, false), (ProbeState::Failing, true));
    assert_eq!(sees("running", kind::PROCESS_DOWN, false), (ProbeState::Failing, false));
    assert_eq!(sees("running", kind::PROCESS_DOWN, true), (ProbeState::Failing, true));
    assert_eq!(sees("restarts", kind::PROCESS_FLAPPING, true), (ProbeState::Well, false));
}
