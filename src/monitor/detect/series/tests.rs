//! Whole series through the door: what is said, when, and how often.

use super::detector::{SERIES_MOST, SeriesDetector};
use crate::domain::{
    incident::Severity,
    probe::{Bound, ProbeSpec, Source},
    signal::{Fingerprint, Signal, SignalState, kind},
    time::{Millis, Timestamp},
};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn spec(every: Millis, bound: Option<(bool, &str, &str)>) -> ProbeSpec {
    let source = match bound {
        Some((above, fire, clear)) => Source::Prometheus {
            url: "http://localhost:9090".into(),
            query: "x".into(),
            range: None,
            bound: Bound { above, fire: fire.into(), clear: clear.into() },
        },
        None => Source::Tcp { address: "localhost:80".into() },
    };
    ProbeSpec {
        id: "shop".into(),
        service: "shop".into(),
        env: "production".into(),
        every,
        timeout: Millis::secs(1),
        heartbeat: Millis::mins(5),
        quiet_most: None,
        severity: Severity::P2,
        source,
    }
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Noise between -1 and 1, always the same.
fn noise(n: i64) -> f64 {
    let mut mixed = (n as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ mixed >> 31) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

/// Feeds a value each minute; what was said, with its minute.
fn run(spec: &ProbeSpec, minutes: i64, value: impl Fn(i64) -> f64) -> Vec<(i64, Signal)> {
    run_of("m", spec, minutes, value)
}

/// The same of a metric with this name.
fn run_of(metric: &str, spec: &ProbeSpec, minutes: i64, value: impl Fn(i64) -> f64) -> Vec<(i64, Signal)> {
    let mut detector = SeriesDetector::new(spec);
    (0..minutes)
        .flat_map(|minute| {
            let said = detector.feed(metric, value(minute), &BTreeMap::new(), Timestamp(minute * 60_000));
            said.into_iter().map(move |signal| (minute, signal))
        })
        .collect()
}

fn of<'a>(said: &'a [(i64, Signal)], kind: &str, state: SignalState) -> Vec<&'a (i64, Signal)> {
    said.iter().filter(|(_, signal)| signal.kind == kind && signal.state == state).collect()
}

fn each_minute() -> ProbeSpec {
    spec(Millis::mins(1), None)
}

#[test]
fn c1_noise_alone_says_hardly_anything() {
    let said = run(&each_minute(), 10_000, |n| 100.0 + 5.0 * noise(n));
    let begun = of(&said, kind::METRIC_ANOMALY, SignalState::Clear).len();
    assert!(begun <= 2, "{begun} of 10 000 minutes");
    assert_eq!(of(&said, kind::METRIC_SHIFT, SignalState::Firing), Vec::<&(i64, Signal)>::new());
}

#[test]
fn c1_a_spike_is_told_at_once_and_is_over_when_it_is_calm() {
    let said = run(&each_minute(), 1_200, |n| 100.0 + 5.0 * noise(n) + if n == 1_000 { 400.0 } else { 0.0 });
    let late: Vec<_> = said.into_iter().filter(|(at, _)| *at >= 990).collect();
    let first = &late.first().expect("it was told").1;
    assert_eq!(
        (late[0].0, first.kind.as_str(), first.state),
        (1_000, kind::METRIC_ANOMALY, SignalState::Firing)
    );
    assert_eq!(first.labels.get("direction").map(String::as_str), Some("higher"));
    let over = of(&late, kind::METRIC_ANOMALY, SignalState::Clear);
    assert!(over.len() == 1 && over[0].0 < 1_100, "{over:?}");
}

#[test]
fn c1_what_is_new_and_next_to_nothing_is_not_told() {
    // A disk whose share hardly ever moves, and then by a thousandth.
    let disk = |step: f64| run(&each_minute(), 1_200, move |n| if n < 1_000 { 24.0 } else { 24.0 + step });
    assert_eq!(of(&disk(0.02), kind::METRIC_ANOMALY, SignalState::Firing), Vec::<&(i64, Signal)>::new());
    assert!(!of(&disk(2.0), kind::METRIC_ANOMALY, SignalState::Firing).is_empty());
}

#[test]
fn c1_what_nobody_would_notice_in_its_unit_is_not_told() {
    // A busy machine answers in five milliseconds instead of one, and now and then in thirty.
    let busy = |n: i64| {
        let spike = if n % 97 == 0 { 25.0 } else { 0.0 };
        noise(n).mul_add(0.2, if n < 1_000 { 1.0 } else { 5.0 + spike })
    };
    let told = |metric: &str| {
        let said = run_of(metric, &each_minute(), 2_000, busy);
        said.iter().filter(|(_, signal)| signal.state == SignalState::Firing).count()
    };
    assert_eq!(told("http_latency_ms"), 0);
    assert!(told("queue_length") > 0, "of a number without a unit it is told");
    let slow =
        run_of("http_latency_ms", &each_minute(), 2_000, |n| busy(n) + if n < 1_500 { 0.0 } else { 200.0 });
    assert!(!of(&slow, kind::METRIC_SHIFT, SignalState::Firing).is_empty());
}

#[test]
fn c1_what_is_usual_at_this_hour_is_no_anomaly_and_what_is_usual_at_another_is() {
    // By day 100, by night 20; in the last night it is day.
    let day = |n: i64| (8..20).contains(&(n / 60 % 24));
    let strange = |n: i64| n >= 14 * 1_440 + 120;
    let said =
        run(&each_minute(), 14 * 1_440 + 240, |n| if day(n) || strange(n) { 100.0 } else { 20.0 } + noise(n));
    let told: Vec<i64> =
        of(&said, kind::METRIC_ANOMALY, SignalState::Clear).iter().map(|(at, _)| *at / 1_440).collect();
    let usual = told.iter().filter(|day| (5..14).contains(*day)).count();
    assert!(usual <= 1, "told {told:?} in nine usual days");
    let first = of(&said, kind::METRIC_ANOMALY, SignalState::Firing).into_iter().find(|(at, _)| strange(*at));
    assert!(first.is_some_and(|(at, _)| *at <= 14 * 1_440 + 125), "{:?}", first.map(|(at, _)| at));
}

#[test]
fn c1_a_new_level_is_told_once_with_both_levels() {
    let said = run(&each_minute(), 2_000, |n| noise(n) * 2.0 + if n < 1_000 { 50.0 } else { 80.0 });
    let begun: Vec<_> = of(&said, kind::METRIC_SHIFT, SignalState::Firing)
        .into_iter()
        .filter(|(_, s)| s.count == 1)
        .collect();
    let jumped: Vec<_> = begun.iter().filter(|(_, s)| s.labels.contains_key("from")).collect();
    assert_eq!(jumped.len(), 1, "{begun:?}");
    let (at, signal) = jumped[0];
    assert!((1_000..1_040).contains(at), "{at}");
    let number =
        |name: &str| signal.labels.get(name).and_then(|text| text.parse::<f64>().ok()).unwrap_or_default();
    assert!((number("from") - 50.0).abs() < 1.0 && (number("to") - 80.0).abs() < 1.0, "{signal:?}");
    assert_eq!(of(&said, kind::METRIC_SHIFT, SignalState::Clear).len(), 1);
}

#[test]
fn c1_that_errors_become_fewer_is_no_trouble_and_that_they_become_more_is() {
    let told = |before: f64, after: f64| {
        let said = run_of("error_rate", &each_minute(), 2_000, |n| {
            noise(n).mul_add(0.001, if n < 1_000 { before } else { after })
        });
        let new = |(at, signal): &&(i64, Signal)| *at >= 1_000 && signal.state == SignalState::Firing;
        said.iter().filter(new).count()
    };
    assert_eq!(told(0.4, 0.02), 0);
    assert!(told(0.02, 0.4) > 0);
}

#[test]
fn c1_a_slow_drift_is_no_new_level() {
    let said = run(&each_minute(), 6_000, |n| 100.0 + noise(n) * 5.0 + n as f64 * 0.02);
    assert_eq!(of(&said, kind::METRIC_SHIFT, SignalState::Firing), Vec::<&(i64, Signal)>::new());
    let told = of(&said, kind::METRIC_ANOMALY, SignalState::Clear).len();
    assert!(told <= 4, "{told}");
}

#[test]
fn c1_gaps_and_what_is_no_number_say_nothing() {
    let said = run(&each_minute(), 3_000, |n| if n % 7 == 0 { f64::NAN } else { 100.0 + 5.0 * noise(n) });
    assert!(of(&said, kind::METRIC_ANOMALY, SignalState::Clear).len() <= 2);
    let mut detector = SeriesDetector::new(&each_minute());
    let none = BTreeMap::new();
    let mut told = 0;
    for n in 0..2_000 {
        // A night without data in between, and a clock that goes back by an hour.
        let at =
            n * 60_000 + if n >= 1_000 { 8 * 3_600_000 } else { 0 } - if n >= 1_500 { 3_600_000 } else { 0 };
        told += detector
            .feed("m", 100.0 + 5.0 * noise(n), &none, Timestamp(at))
            .iter()
            .filter(|s| s.state == SignalState::Clear)
            .count();
    }
    assert!(told <= 3, "{told} in gaps");
}

#[test]
fn c1_a_value_that_flaps_around_its_bound_is_told_once_and_once_a_minute() {
    let mut detector = SeriesDetector::new(&spec(Millis::secs(10), Some((true, "100", "90"))));
    let none = BTreeMap::new();
    let mut said = Vec::new();
    for n in 0..60 {
        let value = if n >= 54 {
            50.0
        } else if n % 2 == 0 {
            101.0
        } else {
            95.0
        };
        said.extend(detector.feed("m", value, &none, Timestamp(n * 10_000)));
    }
    let bound: Vec<_> = said.iter().filter(|s| s.kind == kind::METRIC_BOUND).collect();
    assert_eq!(bound.iter().filter(|s| s.state == SignalState::Clear).count(), 1);
    assert_eq!(bound.iter().filter(|s| s.state == SignalState::Firing).count(), 9);
    assert_eq!(bound.first().map(|s| (s.severity, s.count)), Some((Severity::P2, 1)));
    assert_eq!(bound.get(1).map(|s| s.count), Some(6));
    assert!(bound.iter().all(|s| s.fingerprint == bound[0].fingerprint && s.title == "m is above its bound"));
}

#[test]
fn c1_hosts_share_a_cause_and_a_host_that_is_gone_does_not_keep_it() {
    let mut detector = SeriesDetector::new(&spec(Millis::secs(10), Some((true, "100", "90"))));
    let (a, b) = (labels(&[("host", "a"), ("queue", "mail")]), labels(&[("host", "b"), ("queue", "mail")]));
    let at = |seconds: i64| Timestamp(seconds * 1_000);
    let first = detector.feed("m", 200.0, &a, at(0));
    assert_eq!(first.len(), 1);
    assert_eq!(detector.feed("m", 200.0, &b, at(1)), []);
    assert_eq!(detector.feed("m", 10.0, &a, at(2)), []);
    let other = detector.feed("m", 200.0, &labels(&[("host", "a"), ("queue", "fax")]), at(3));
    assert!(other.first().is_some_and(|signal| signal.fingerprint != first[0].fingerprint));
    // b is taken away; a goes on.
    let mut said = Vec::new();
    (1..200).for_each(|n| said.extend(detector.feed("m", 10.0, &a, at(n * 10))));
    let over: Vec<_> = said.iter().filter(|s| s.fingerprint == first[0].fingerprint).collect();
    assert_eq!(over.iter().map(|s| s.state).collect::<Vec<_>>(), [SignalState::Clear], "{said:?}");
}

#[test]
fn c1_no_data_is_never_over() {
    let mut detector = SeriesDetector::new(&spec(Millis::secs(10), Some((true, "100", "90"))));
    assert_eq!(detector.feed("m", 200.0, &BTreeMap::new(), Timestamp(0)).len(), 1);
    (1..100)
        .for_each(|n| assert_eq!(detector.feed("other", 1.0, &BTreeMap::new(), Timestamp(n * 60_000)), []));
    assert_eq!(detector.lasting(), 1);
}

#[test]
fn c1_a_counter_is_bounded_by_its_rate_over_resets() {
    let mut detector = SeriesDetector::new(&spec(Millis::secs(10), Some((true, "10", "9"))));
    let mut total = 0.0;
    let mut said = Vec::new();
    for n in 0..300 {
        // Five a second, restarted at 100; from 200 on fifty a second.
        total = if n == 100 { 0.0 } else { total + if n < 200 { 50.0 } else { 500.0 } };
        said.extend(detector.feed("errors_total", total, &BTreeMap::new(), Timestamp(n * 10_000)));
    }
    let bound: Vec<_> = said.iter().filter(|s| s.kind == kind::METRIC_BOUND).collect();
    assert_eq!(bound.first().and_then(|s| s.labels.get("value")).map(String::as_str), Some("50"));
}

#[test]
fn c1_a_share_with_an_objective_burns_its_budget() {
    let mut detector = SeriesDetector::new(&each_minute());
    let objective = labels(&[("objective", "0.999")]);
    let mut said = Vec::new();
    for n in 0..800 {
        let share = if (300..330).contains(&n) { 0.2 } else { 0.0 };
        said.extend(detector.feed("failed", share, &objective, Timestamp(n * 60_000)));
    }
    let first = said.iter().find(|s| s.severity == Severity::P1).expect("P1");
    assert_eq!(
        (first.kind.as_str(), first.labels.get("window").map(String::as_str)),
        (kind::SLO_BURN, Some("1h"))
    );
    assert_eq!(said.last().map(|s| s.state), Some(SignalState::Clear));
}

#[test]
fn c1_labels_from_outside_are_cleaned_and_bounded() {
    let mut detector = SeriesDetector::new(&spec(Millis::secs(10), Some((true, "1", "1"))));
    let mut raw: BTreeMap<String, String> =
        (0..40).map(|n| (format!("l{n:02}"), "x".repeat(5_000))).collect();
    raw.insert("a".into(), "\u{1b}]52;c;AAAA\u{7}red\n".into());
    let said = detector.feed("m\u{1b}[31m", 2.0, &raw, Timestamp(0));
    let signal = said.first().expect("it is out of bounds");
    assert!(signal.labels.len() <= Signal::LABELS_MOST && signal.title.len() <= Signal::TITLE_MOST);
    assert!(signal.labels.values().all(|value| value.chars().count() <= 128 && !value.contains('\u{1b}')));
    assert!(!signal.title.contains('\u{1b}'));
}

#[test]
fn c1_there_is_an_end_to_the_series_of_a_probe() {
    let mut detector = SeriesDetector::new(&each_minute());
    for n in 0..SERIES_MOST as i64 + 50 {
        let of = labels(&[("user", &n.to_string())]);
        let _ = detector.feed("m", 1.0, &of, Timestamp(n));
    }
    assert_eq!((detector.series(), detector.ignored()), (SERIES_MOST, 50));
    // Those that have not been seen for long make room.
    let _ = detector.feed("new", 1.0, &BTreeMap::new(), Timestamp(86_400_000));
    assert_eq!((detector.series(), detector.ignored()), (SERIES_MOST, 50));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_values_at_any_times_are_borne_in_bounded_memory(
        values in proptest::collection::vec((any::<f64>(), any::<i64>(), 0_u8..4), 0..400),
        above in any::<bool>(),
        fire in any::<f64>(),
    ) {
        let fire = fire.to_string();
        let mut detector = SeriesDetector::new(&spec(Millis(u64::MAX), Some((above, &fire, ""))));
        for (value, at, which) in values {
            let (metric, of) = match which {
                0 => ("m", BTreeMap::new()),
                1 => ("m_total", BTreeMap::new()),
                2 => ("share", labels(&[("objective", "99.9")])),
                _ => ("m", labels(&[("host", &at.to_string())])),
            };
            for signal in detector.feed(metric, value, &of, Timestamp(at)) {
                prop_assert!(signal.labels.len() <= Signal::LABELS_MOST);
            }
        }
        prop_assert!(detector.series() <= SERIES_MOST);
        prop_assert!(detector.lasting() <= 4 * SERIES_MOST);
    }

    #[test]
    fn any_series_is_told_of_in_turns(values in proptest::collection::vec(-1e3_f64..1e3, 300..700)) {
        // Between two beginnings of a cause there is an end.
        let said = run(&spec(Millis::mins(1), Some((true, "900", "800"))), values.len() as i64, |n| values[n as usize]);
        let mut on: BTreeMap<String, SignalState> = BTreeMap::new();
        for (_, signal) in said {
            let was = on.insert(signal.kind.clone(), signal.state);
            prop_assert!(signal.state == SignalState::Firing || was == Some(SignalState::Firing));
        }
    }
}

#[test]
fn c1_idleness_ages_and_shares_of_little_are_no_change_of_level() {
    let fired = |metric: &str, series: &dyn Fn(i64) -> f64| -> Vec<String> {
        let said = run_of(metric, &each_minute(), 1_500, series);
        let late = said.into_iter().filter(|(at, signal)| *at >= 990 && signal.state == SignalState::Firing);
        late.map(|(_, signal)| signal.title).collect()
    };
    let load_ends = |n: i64| if n < 1_000 { 5.0f64.mul_add(noise(n), 100.0) } else { 0.0 };
    let falls = |n: i64| 5.0f64.mul_add(noise(n), if n < 1_000 { 100.0 } else { 40.0 });
    for metric in ["redis_ops", "pg_transactions"] {
        assert_eq!(fired(metric, &load_ends), Vec::<String>::new(), "{metric}: the load has ended");
        assert!(!fired(metric, &falls).is_empty(), "{metric}: less than half of it is done");
    }
    assert!(!fired("m", &load_ends).is_empty(), "where nothing says that it may be idle");
    let age = |n: i64| n as f64 * 3.0 + if n < 1_000 { 0.0 } else { 90_000.0 };
    assert_eq!(fired("pg_xid_age", &age), Vec::<String>::new());
    let little = |n: i64| noise(n).mul_add(0.1, if n < 1_000 { 1.2 } else { 8.0 });
    assert_eq!(fired("redis_fragmentation", &little), Vec::<String>::new());
    let said = run_of("pg_xid_age", &spec(Millis::mins(1), Some((true, "90000", "80000"))), 1_500, age);
    assert!(!of(&said, kind::METRIC_BOUND, SignalState::Firing).is_empty(), "a bound holds for it");
}

#[test]
fn c2_what_lasted_before_is_over_only_once_it_is_known_to_be() {
    let of_kind = |which: &str| Fingerprint::of(&["shop", "production", which, "shop", "m"]);
    let mut detector = SeriesDetector::new(&each_minute());
    for which in [kind::METRIC_ANOMALY, kind::METRIC_SHIFT] {
        detector.recall(of_kind(which), Severity::P4);
    }
    let said: Vec<(i64, Signal)> = (0..300)
        .flat_map(|minute| {
            let said =
                detector.feed("m", 100.0 + 5.0 * noise(minute), &BTreeMap::new(), Timestamp(minute * 60_000));
            said.into_iter().map(move |signal| (minute, signal))
        })
        .collect();
    for which in [kind::METRIC_ANOMALY, kind::METRIC_SHIFT] {
        let over = of(&said, which, SignalState::Clear);
        assert_eq!(over.len(), 1, "{which}: {said:#?}");
        assert!((60..80).contains(&over[0].0) && over[0].1.fingerprint == of_kind(which), "{over:?}");
    }
}
