//! Detection on numbers: points a second through the whole detector against the least that a detector could do, a mean
//! and a spread; and, where `CHIMERA_NAB` names a directory with the Numenta Anomaly Benchmark (its `data` and
//! `labels`), the score of its standard profile. The scoring is written here after the published rules; where the
//! directory holds `results` as well, it is tried on the published scores of other detectors first.

use super::harness::{self, timed};
use chimera::{
    domain::{
        incident::Severity,
        probe::{ProbeSpec, Source},
        signal::{SignalState, kind},
        time::{Millis, Timestamp},
    },
    monitor::detect::series::SeriesDetector,
};
use std::{collections::BTreeMap, fs, path::Path};

/// Points of one run.
const POINTS: i64 = 200_000;

/// Prints the rows of this room.
pub fn measure() {
    speed();
    if let Ok(dir) = std::env::var("CHIMERA_NAB") {
        benchmark(Path::new(&dir));
    }
}

fn spec(every: Millis) -> ProbeSpec {
    ProbeSpec {
        id: "bench".into(),
        service: "bench".into(),
        env: "bench".into(),
        every,
        timeout: every,
        heartbeat: every,
        quiet_most: None,
        severity: Severity::P3,
        source: Source::Tcp { address: "localhost:1".into() },
    }
}

fn wave(n: i64) -> f64 {
    100.0 + 30.0 * (n as f64 / 1_440.0 * std::f64::consts::TAU).sin() + ((n * 7_919) % 101) as f64 / 20.0
}

fn speed() {
    let none = BTreeMap::new();
    let pair = harness::pair(
        || {
            let mut detector = SeriesDetector::new(&spec(Millis::mins(1)));
            timed(|| {
                (0..POINTS)
                    .map(|n| detector.feed("m", wave(n), &none, Timestamp(n * 60_000)).len())
                    .sum::<usize>()
            })
        },
        || {
            timed(|| {
                let (mut mean, mut spread, mut odd) = (0.0, 0.0, 0_u32);
                for n in 0..POINTS {
                    let step = wave(n) - mean;
                    mean += step / 500.0;
                    spread += (step * step - spread) / 500.0;
                    odd += u32::from(step * step > 16.0 * spread);
                }
                odd
            })
        },
    );
    let rate =
        |time: std::time::Duration| format!("{:.2} M/s", POINTS as f64 / time.as_secs_f64().max(1e-9) / 1e6);
    let ratio = pair.value.as_secs_f64() / pair.floor.as_secs_f64().max(1e-9);
    harness::row("points through a detector", &rate(pair.value), &rate(pair.floor), ratio, ">= 0.1 M/s");
}

/// A file of the benchmark: times in seconds, values, and the windows in which something was wrong.
struct File {
    name: String,
    at: Vec<i64>,
    values: Vec<f64>,
    windows: Vec<(i64, i64)>,
}

/// Raw points and the windows they are out of.
#[derive(Default, Clone, Copy)]
struct Points {
    raw: f64,
    windows: f64,
}

impl Points {
    fn add(&mut self, other: Self) {
        self.raw += other.raw;
        self.windows += other.windows;
    }

    /// 0: what silence gets. 100: what seeing all at once and nothing else gets.
    fn normal(self) -> f64 {
        100.0 * (self.raw + self.windows) / (2.0 * self.windows).max(1.0)
    }
}

fn benchmark(dir: &Path) {
    let files = files(dir);
    for (other, threshold, published) in [
        ("null", 0.625, 0.0),
        ("windowedGaussian", 1.0, 39.65),
        ("numenta", 0.542_187_690_734_863_4, 70.10),
        ("htmjava", 0.512_695_312_5, 65.55),
    ] {
        let mut all = Points::default();
        let mut found = 0;
        for file in &files {
            if let Some(scores) = theirs(dir, other, file) {
                let hits: Vec<bool> = scores.iter().map(|score| *score >= threshold).collect();
                all.add(points(file, &hits));
                found += 1;
            }
        }
        if found == files.len() {
            println!(
                "{:<58} {:>14.2}",
                format!("NAB scoring of {other}, published {published}"),
                all.normal()
            );
        }
    }
    let mut halves = [Points::default(); 2];
    for (n, file) in files.iter().enumerate() {
        halves[n % 2].add(points(file, &detections(file)));
    }
    let [mut all, other] = halves;
    all.add(other);
    println!(
        "{:<58} {:>14.1}                           goal >= 60",
        "NAB, standard profile, one threshold",
        all.normal()
    );
    println!(
        "{:<58} {:>6.1} / {:>5.1}",
        "  files of even and of odd place",
        halves[0].normal(),
        halves[1].normal()
    );
}

/// Points at which an anomaly begins. Streaming, through the same door as everything else.
fn detections(file: &File) -> Vec<bool> {
    let mut steps: Vec<i64> = file.at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    steps.sort_unstable();
    let every = steps.get(steps.len() / 2).copied().unwrap_or(300).max(1).unsigned_abs();
    let mut detector = SeriesDetector::new(&spec(Millis::secs(every)));
    let none = BTreeMap::new();
    let mut on = false;
    let points = file.at.iter().zip(&file.values);
    points
        .map(|(at, value)| {
            let before = on;
            for signal in detector.feed("m", *value, &none, Timestamp(at * 1_000)) {
                if signal.kind == kind::METRIC_ANOMALY {
                    on = signal.state == SignalState::Firing;
                }
            }
            on && !before
        })
        .collect()
}

/// The benchmark's curve: 1 at the left edge of a window, 0 at its right, towards -1 behind it.
fn curve(place: f64) -> f64 {
    if place > 3.0 { -1.0 } else { 2.0 / (1.0 + (5.0 * place).exp()) - 1.0 }
}

/// The weight of a false alarm in the standard profile.
const FALSE_ALARM: f64 = 0.11;

/// Points of a file. What lies in the first 15 %, of 5 000 values at most, does not count.
fn points(file: &File, hits: &[bool]) -> Points {
    let probation = (0.15 * file.at.len() as f64).floor().min(750.0) as usize;
    let place = |at: i64| file.at.iter().position(|known| *known == at);
    let spans: Vec<(usize, usize)> =
        file.windows.iter().filter_map(|(from, to)| Some((place(*from)?, place(*to)?))).collect();
    let mut found = Points::default();
    for (from, to) in spans.iter().filter(|(_, to)| *to >= probation) {
        let width = (to - from + 1) as f64;
        let first = (*from.max(&probation)..=*to).find(|at| hits.get(*at) == Some(&true));
        found.windows += 1.0;
        found.raw += first.map_or(-1.0, |at| curve(-((to - at + 1) as f64) / width) / curve(-1.0));
    }
    for at in (probation..hits.len()).filter(|at| hits.get(*at) == Some(&true)) {
        if spans.iter().any(|(from, to)| (*from..=*to).contains(&at)) {
            continue;
        }
        let before = spans.iter().rev().find(|(_, to)| *to < at);
        let behind = before.map_or(-1.0, |(from, to)| curve((at - to) as f64 / (to - from) as f64));
        found.raw += FALSE_ALARM * behind;
    }
    found
}

/// All files with their windows, by name.
fn files(dir: &Path) -> Vec<File> {
    let labels =
        fs::read_to_string(dir.join("labels/combined_windows.json")).expect("labels of the benchmark");
    let labels: BTreeMap<String, Vec<(String, String)>> =
        serde_json::from_str(&labels).expect("windows by file");
    let moment = |text: &str| -> i64 {
        let cut = text.split('.').next().unwrap_or(text);
        cut.parse::<Timestamp>().expect("a time").0 / 1_000
    };
    let read = |(name, windows): (String, Vec<(String, String)>)| {
        let text = fs::read_to_string(dir.join("data").join(&name)).expect("data of the benchmark");
        let rows = text.lines().skip(1).filter_map(|line| line.split_once(','));
        let (at, values) = rows.map(|(at, value)| (moment(at), value.parse().unwrap_or(f64::NAN))).unzip();
        let windows = windows.iter().map(|(from, to)| (moment(from), moment(to))).collect();
        File { name, at, values, windows }
    };
    labels.into_iter().map(read).collect()
}

/// What another detector said of a file, if it is there.
fn theirs(dir: &Path, detector: &str, file: &File) -> Option<Vec<f64>> {
    let (kind, name) = file.name.split_once('/')?;
    let path = dir.join("results").join(detector).join(kind).join(format!("{detector}_{name}"));
    let text = fs::read_to_string(path).ok()?;
    let column = text.lines().next()?.split(',').position(|column| column == "anomaly_score")?;
    Some(
        text.lines()
            .skip(1)
            .map(|line| line.split(',').nth(column).unwrap_or("").parse().unwrap_or(0.0))
            .collect(),
    )
}
