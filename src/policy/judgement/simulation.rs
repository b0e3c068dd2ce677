//! The rules against drawn traffic: how often two versions that are the same are told apart all the same, and how often
//! a real regression is found. The figures are those of the design; the draws are seeded.

use super::{
    aim::{Aim, Better},
    normal::Share,
    reservoir::Reservoir,
    rules::Outcome,
    soaking::{Arm, Class, FreshError, Load, Process, Soaking, Tick, Use},
    verdict::{Judgement, Next, Verdict, cancelled, early, judge, next},
};
use crate::{
    domain::{signal::SignalState, time::Millis},
    policy::healing::Soak,
};
use proptest::prelude::*;

/// Chance, seeded.
struct Draw(u64);

impl Draw {
    fn unit(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A count of which so many are expected.
    fn poisson(&mut self, expected: f64) -> f64 {
        if expected > 30.0 {
            let normal =
                (-2.0 * self.unit().max(1e-300).ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos();
            return (expected + normal * expected.sqrt()).round().max(0.0);
        }
        let (limit, mut product, mut count) = ((-expected).exp(), self.unit(), 0.0);
        while product > limit {
            product *= self.unit();
            count += 1.0;
        }
        count
    }

    fn load(&mut self, requests: f64, errors: f64) -> Load {
        Load { requests, errors: self.poisson(requests * errors).min(requests), latencies_ms: Vec::new() }
    }
}

/// One release at so many requests a second; whether it went back. Looked at every ten seconds.
fn goes_back(draw: &mut Draw, soak: &Soak, (rps, base, worse): (f64, f64, f64)) -> bool {
    let mut seen = Soaking::default();
    let looks = (soak.warmup.0 + soak.duration.0) / soak.sample.0;
    for look in 1..=looks {
        // The tick that ends the warm-up still lies in it.
        let since = Millis(look * soak.sample.0 - 1);
        let settled = since >= soak.warmup;
        let each = rps * soak.sample.0 as f64 / 1_000.0;
        let tick = Tick {
            since,
            baseline: settled.then(|| draw.load(each, base)),
            candidate: Some(draw.load(each, base * worse)),
            ..Tick::default()
        };
        seen.take(&tick, soak);
        if early(&seen, soak).is_some() {
            return true;
        }
    }
    judge(&seen, soak, None).verdict == Verdict::Fail
}

fn share_of(runs: u32, mut run: impl FnMut() -> bool) -> f64 {
    f64::from((0..runs).map(|_| u32::from(run())).sum::<u32>()) / f64::from(runs)
}

/// Requests a second, errors, and the power at twice and five times the errors, as designed.
const DESIGN: [(f64, f64, f64, f64); 5] = [
    (1.0, 0.01, 0.17, 0.98),
    (10.0, 0.01, 0.99, 1.0),
    (10.0, 0.001, 0.16, 0.97),
    (50.0, 0.001, 0.81, 1.0),
    (200.0, 0.001, 1.0, 1.0),
];

#[test]
fn c7_two_versions_that_are_the_same_stay_and_real_regressions_go_back_as_designed() {
    let mut draw = Draw(0x5eed_1234_abcd_0001);
    // The powers are those of the ratio, the z and the count; what the least rise takes from them is the next test.
    let soak = Soak { rise_least_mpp: 0, ..Soak::default() };
    for (rps, base, twice, five) in DESIGN {
        let none = share_of(2_000, || goes_back(&mut draw, &soak, (rps, base, 1.0)));
        let two = share_of(300, || goes_back(&mut draw, &soak, (rps, base, 2.0)));
        let most = share_of(300, || goes_back(&mut draw, &soak, (rps, base, 5.0)));
        // 1 % and what chance adds to it in so many runs.
        assert!(none <= 0.016, "{rps} rps at {base}: {none} go back for nothing");
        assert!(
            (two - twice).abs() < 0.07,
            "{rps} rps at {base}: {two} of twice the errors, designed {twice}"
        );
        assert!((most - five).abs() < 0.04, "{rps} rps at {base}: {most} of five times, designed {five}");
    }
}

#[test]
fn c7_a_rise_of_exactly_the_least_is_found_half_the_time_however_much_traffic_there_is() {
    let mut draw = Draw(0x5eed_1234_abcd_0002);
    // One in a thousand and twice that differ by a tenth of a percent point, the least rise that counts.
    let soak = Soak::default();
    let two = share_of(300, || goes_back(&mut draw, &soak, (200.0, 0.001, 2.0)));
    assert!((two - 0.5).abs() < 0.1, "{two}");
    let three = share_of(300, || goes_back(&mut draw, &soak, (200.0, 0.001, 3.0)));
    assert!(three > 0.99, "{three}");
}

/// Traffic on which nothing is wrong.
fn well() -> Soaking {
    let soak = Soak::default();
    let mut seen = Soaking::default();
    for look in 0..60 {
        seen.take(&fine(look * 10), &soak);
    }
    seen
}

fn fine(seconds: u64) -> Tick {
    let load = Load {
        requests: 100.0,
        errors: 1.0,
        latencies_ms: (0..20).map(|n| 40.0 + f64::from(n) + (seconds % 7) as f64).collect(),
    };
    Tick {
        since: Millis::secs(seconds),
        baseline: Some(load.clone()),
        candidate: Some(load),
        health: vec![true],
        process: Process::Running,
        ..Tick::default()
    }
}

fn failed_by(found: &Judgement) -> Vec<&'static str> {
    found.findings.iter().filter(|f| f.outcome == Outcome::Fail).map(|f| f.rule).collect()
}

#[test]
fn c7_a_good_release_passes_and_says_what_it_could_have_missed() {
    let found = judge(&well(), &Soak::default(), None);
    assert_eq!(found.verdict, Verdict::Pass, "{found:?}");
    assert!(found.detectable.contains("four times out of five"), "{}", found.detectable);
    assert!(found.detectable.contains("exactly 20 %"), "{}", found.detectable);
    assert_eq!(next(found.verdict, &Soak::default(), Millis::mins(10), 0), Next::Promote);
}

#[test]
fn c7_missing_data_is_watched_once_more_and_then_given_to_a_person() {
    let soak = Soak::default();
    let nothing = judge(&Soaking::default(), &soak, None);
    assert_eq!(nothing.verdict, Verdict::Inconclusive);
    assert_eq!(next(nothing.verdict, &soak, soak.duration, 0), Next::Extend(soak.duration));
    assert_eq!(next(nothing.verdict, &soak, soak.duration, 1), Next::NeedsHuman);
    let mut seen = well();
    for look in 60..64 {
        seen.take(&Tick { candidate: None, ..fine(look * 10) }, &soak);
    }
    let blind = judge(&seen, &soak, None);
    assert_eq!(blind.verdict, Verdict::Inconclusive);
    assert!(blind.reasons().iter().any(|words| words.contains("last 4 times")), "{blind:?}");
    seen.take(&fine(640), &soak);
    assert_eq!(judge(&seen, &soak, None).verdict, Verdict::Pass);
    let ended = cancelled(&seen, &soak);
    assert_eq!(
        (ended.verdict, next(ended.verdict, &soak, soak.duration, 0)),
        (Verdict::Cancelled, Next::NeedsHuman)
    );
}

#[test]
fn c7_no_health_checks_never_promote() {
    let mut seen = well();
    seen.checks = Default::default();
    assert_eq!(judge(&seen, &Soak::default(), None).verdict, Verdict::Inconclusive);
}

#[test]
fn c7_what_is_catastrophic_fails_at_once_even_while_warming_up() {
    let soak = Soak::default();
    let crash =
        FreshError { name: "panic".into(), hits: 1, places: vec!["a".into()], class: Class::Catastrophic };
    let slow = Load { requests: 10.0, errors: 0.0, latencies_ms: vec![3_000.0; 10] };
    let bad: [(&str, Vec<Tick>); 5] = [
        ("new-errors", vec![Tick { fresh: vec![crash], ..fine(5) }]),
        ("saturation", vec![Tick { oom_kills: 1, ..fine(5) }]),
        ("health", (0..4).map(|n| Tick { process: Process::Down, ..fine(n * 10) }).collect()),
        (
            "errors",
            vec![Tick {
                candidate: Some(Load { requests: 40.0, errors: 10.0, ..Load::default() }),
                ..fine(5)
            }],
        ),
        ("latency", (0..7).map(|n| Tick { candidate: Some(slow.clone()), ..fine(n * 10) }).collect()),
    ];
    for (rule, ticks) in bad {
        let mut seen = Soaking::against(well().baseline);
        ticks.iter().for_each(|tick| seen.take(tick, &soak));
        let found = early(&seen, &soak).unwrap_or_else(|| panic!("{rule} was not seen"));
        assert_eq!(failed_by(&found), [rule]);
    }
}

#[test]
fn c7_a_new_error_counts_from_three_hits_in_two_places_after_the_warm_up() {
    let soak = Soak::default();
    let hit = |at: u64, place: &str| Tick {
        fresh: vec![FreshError {
            name: "pool timeout".into(),
            hits: 1,
            places: vec![place.into()],
            class: Class::Plain,
        }],
        ..fine(at)
    };
    let mut seen = well();
    [600, 610].iter().for_each(|at| seen.take(&hit(*at, "a"), &soak));
    let noted = judge(&seen, &soak, None);
    assert_eq!(noted.verdict, Verdict::Pass);
    assert!(noted.findings.iter().any(|f| f.outcome == Outcome::Note), "{noted:?}");
    seen.take(&hit(620, "b"), &soak);
    assert_eq!(early(&seen, &soak).map(|found| failed_by(&found)), Some(vec!["new-errors"]));
    let mut warm = Soaking::default();
    [0, 10, 20].iter().for_each(|at| warm.take(&hit(*at, "a"), &soak));
    warm.take(&hit(30, "b"), &soak);
    assert_eq!(early(&warm, &soak), None);
}

#[test]
fn c7_health_fails_by_three_in_a_row_or_by_a_fifth() {
    let soak = Soak::default();
    let mut row = well();
    (60..63).for_each(|look| row.take(&Tick { health: vec![false], ..fine(look * 10) }, &soak));
    assert_eq!(early(&row, &soak).map(|found| failed_by(&found)), Some(vec!["health"]));
    let mut often = Soaking::default();
    for look in 6..60 {
        often.take(&Tick { health: vec![look % 4 != 0], ..fine(look * 10) }, &soak);
    }
    assert_eq!(early(&often, &soak), None);
    assert_eq!(failed_by(&judge(&often, &soak, None)), ["health"]);
}

#[test]
fn c7_response_times_must_be_twice_as_long_by_fifty_milliseconds_and_not_by_chance() {
    let soak = Soak::default();
    let with = |factor: f64, plus: f64| {
        let mut seen = Soaking::default();
        for look in 6..66 {
            let mut tick = fine(look * 10);
            if let Some(load) = &mut tick.candidate {
                load.latencies_ms.iter_mut().for_each(|ms| *ms = *ms * factor + plus);
            }
            seen.take(&tick, &soak);
        }
        judge(&seen, &soak, None)
    };
    assert_eq!(with(1.0, 0.0).verdict, Verdict::Pass);
    assert_eq!(with(1.9, 0.0).verdict, Verdict::Pass);
    assert_eq!(failed_by(&with(2.5, 0.0)), ["latency"]);
    let mut few = Soaking::default();
    few.take(&fine(70), &soak);
    assert!(judge(&few, &soak, None).reasons().iter().any(|words| words.contains("response times")));
}

#[test]
fn c7_a_resource_near_its_limit_fails_only_while_it_grows() {
    let soak = Soak::default();
    let with = |slope: f64| {
        let mut seen = Soaking::default();
        for look in 6_u32..66 {
            let rss = Use {
                name: "rss".into(),
                candidate: 88.0 + slope * f64::from(look),
                baseline: 50.0,
                limit: 100.0,
            };
            seen.take(&Tick { uses: vec![rss], ..fine(u64::from(look) * 10) }, &soak);
        }
        judge(&seen, &soak, None)
    };
    assert_eq!(with(0.0).verdict, Verdict::Pass);
    assert_eq!(failed_by(&with(0.1)), ["saturation"]);
}

#[test]
fn c7_a_remedy_that_does_not_help_has_failed() {
    let soak = Soak::default();
    let values = |level: f64| (0..60).map(|n| level + f64::from(n % 9)).collect::<Reservoir>();
    let number =
        |since: f64| Aim::Number { broken: values(100.0), since: values(since), better: Better::Lower };
    let share =
        |bad: f64| Aim::Share { broken: Share { bad: 60.0, all: 300.0 }, since: Share { bad, all: 300.0 } };
    for (aim, verdict) in [
        (Aim::Signal(Some(SignalState::Firing)), Verdict::Fail),
        (Aim::Signal(Some(SignalState::Clear)), Verdict::Pass),
        (Aim::Signal(None), Verdict::Inconclusive),
        (number(100.0), Verdict::Fail),
        (number(20.0), Verdict::Pass),
        (share(58.0), Verdict::Fail),
        (share(3.0), Verdict::Pass),
        (Aim::Share { broken: Share::default(), since: Share::default() }, Verdict::Inconclusive),
    ] {
        let found = judge(&well(), &soak, Some(&aim));
        assert_eq!(found.verdict, verdict, "{aim:?}");
        assert_eq!(found.ineffective(), verdict == Verdict::Fail);
    }
}

#[test]
fn c7_what_was_not_counted_is_no_error_and_what_was_not_read_is_nothing() {
    let soak = Soak::default();
    let mut seen = well();
    let before = (seen.candidate.errors, seen.candidate.latency.seen());
    let holes = Load { requests: f64::NAN, errors: f64::NAN, latencies_ms: vec![f64::NAN, f64::INFINITY] };
    seen.take(&Tick { candidate: Some(holes), ..fine(600) }, &soak);
    assert_eq!((seen.candidate.errors, seen.candidate.latency.seen()), before);
    let arm = Arm::default();
    assert_eq!(arm.errors.rate(), 0.0);
}

proptest! {
    #[test]
    fn any_numbers_have_a_verdict_in_bounded_memory(
        loads in proptest::collection::vec((any::<f64>(), any::<f64>(), any::<f64>(), any::<u64>()), 0..80),
    ) {
        let soak = Soak::default();
        let mut seen = Soaking::default();
        for (at, (requests, errors, ms, since)) in loads.iter().enumerate() {
            let load = Load { requests: *requests, errors: *errors, latencies_ms: vec![*ms; 8] };
            let used = Use { name: format!("r{at}"), candidate: *ms, baseline: *errors, limit: *requests };
            let fresh = FreshError { name: format!("f{at}"), hits: u32::MAX, places: vec![at.to_string()], class: Class::Plain };
            let tick = Tick {
                since: Millis(*since), baseline: Some(load.clone()), candidate: Some(load), health: vec![at % 2 == 0],
                process: Process::Down, fresh: vec![fresh], uses: vec![used], oom_kills: 0,
            };
            seen.take(&tick, &soak);
            let _ = early(&seen, &soak);
        }
        let found = judge(&seen, &soak, None);
        prop_assert!(!found.detectable.is_empty());
        prop_assert!(seen.resources.len() <= super::soaking::RESOURCES_MOST);
    }
}
