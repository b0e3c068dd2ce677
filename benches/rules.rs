//! The investigator's verdict: all packs asked about three hundred frozen scenes. Floor: the same scenes' facts read once
//! each, which any verdict has to do. The slowest of all verdicts stands beside the median, since a person waits for it.

use crate::harness::{RUNS, pair, row, span, timed, times};
use chimera::{
    domain::{
        incident::{ClueSort, Severity},
        service::Service,
        signal::{Fingerprint, Signal, SignalState},
        time::Timestamp,
    },
    monitor::investigate::{
        Findings, Rules, Scene,
        findings::{Found, Piece},
        judge,
    },
};
use std::{collections::BTreeMap, hint::black_box, time::Duration};

/// Frozen scenes.
const SCENES: usize = 300;
/// What may be so, by turns: sort of evidence, fact, number; 1 is yes where the fact is a yes or no.
const STATES: &[(ClueSort, &str, f64)] = &[
    (ClueSort::Host, "disk.used_pct", 97.0),
    (ClueSort::Host, "memory.available_pct", 3.0),
    (ClueSort::Host, "memory.pressure", 40.0),
    (ClueSort::Host, "cpu.pressure", 80.0),
    (ClueSort::Process, "unit.restarts", 7.0),
    (ClueSort::Process, "process.fd_used_pct", 99.0),
    (ClueSort::Process, "k8s.pods", 3.0),
    (ClueSort::Store, "pg.longest_s", 900.0),
    (ClueSort::Store, "pg.pid", 4_711.0),
    (ClueSort::Store, "redis.memory_pct", 99.0),
    (ClueSort::Check, "check.status", 502.0),
    (ClueSort::Check, "check.failing", 1.0),
];
const TRUTHS: &[(ClueSort, &str)] = &[
    (ClueSort::Process, "unit.failed"),
    (ClueSort::Process, "unit.loaded"),
    (ClueSort::Process, "container.running"),
    (ClueSort::Process, "k8s.crash_loop"),
    (ClueSort::Process, "port.taken_by_other"),
    (ClueSort::Host, "oom.recent"),
    (ClueSort::Check, "check.http_down"),
    (ClueSort::Check, "check.db_slow"),
    (ClueSort::Check, "dependency.down"),
    (ClueSort::Release, "release.near"),
    (ClueSort::Metric, "metric.out_of_bounds"),
    (ClueSort::Log, "log.says_disk_full"),
    (ClueSort::Log, "log.says_refused"),
];
const KINDS: [&str; 8] = [
    "http.down",
    "process.down",
    "log.exception",
    "db.slow",
    "cache.memory",
    "disk.full",
    "metric.shift",
    "http.slow",
];

fn scene(nth: usize) -> (Scene, Findings) {
    let signal = Signal {
        fingerprint: Fingerprint::of(&["bench"]),
        service: "web".into(),
        env: "production".into(),
        kind: KINDS[nth % KINDS.len()].into(),
        severity: Severity::P2,
        title: "pool timeout after <num> attempts".into(),
        probe: "log".into(),
        state: SignalState::Firing,
        count: 3,
        affected: 4,
        sample: None,
        frames: Vec::new(),
        labels: BTreeMap::new(),
    };
    let service = Service { name: "web".into(), env: "production".into(), ..Service::default() };
    let now = Timestamp(1_790_000_000_000);
    let scene =
        Scene { signals: vec![signal], service, first_seen: now, last_seen: now, now, ..Scene::default() };
    let mut findings = Findings::default();
    for (at, (sort, name, value)) in STATES.iter().enumerate() {
        let value = if (nth * 7 + at * 3) % 5 < 2 { *value } else { 0.5 };
        findings.add(Found::one(Piece::now(*sort, *name).number(name, value)), now);
    }
    for (at, (sort, name)) in TRUTHS.iter().enumerate() {
        findings.add(Found::one(Piece::now(*sort, *name).truth(name, (nth * 11 + at * 5) % 7 < 2)), now);
    }
    (scene, findings)
}

pub fn measure() {
    let rules = Rules::built_in().expect("the packs are tested");
    let scenes: Vec<(Scene, Findings)> = (0..SCENES).map(scene).collect();
    let verdicts = || {
        timed(|| {
            for (scene, findings) in &scenes {
                black_box(judge(scene, findings, &rules, &[]));
            }
        })
    };
    let floor = || {
        timed(|| {
            for (_, findings) in &scenes {
                black_box(findings.facts.iter().count());
            }
        })
    };
    times(&format!("{} rules asked about {SCENES} scenes", rules.all().len()), &pair(verdicts, floor), "");
    let mut spans: Vec<Duration> = Vec::new();
    for _ in 0..RUNS {
        spans.extend(scenes.iter().map(|(scene, findings)| timed(|| judge(scene, findings, &rules, &[]))));
    }
    spans.sort_unstable();
    let p99 = spans[spans.len() * 99 / 100];
    let ratio = p99.as_secs_f64() / spans[spans.len() / 2].as_secs_f64().max(1e-9);
    row(
        "one verdict, p99 beside the median",
        &span(p99),
        &span(spans[spans.len() / 2]),
        ratio,
        "p99 <= 50 ms",
    );
    let read = || timed(|| black_box(Rules::built_in().is_ok()));
    times("reading all packs", &pair(read, floor), "once a start");
}
