//! Runs value and floor in turn, takes medians, prints one row for each figure.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// Runs of each side.
pub const RUNS: usize = 7;

/// Medians of a value and of its floor, measured in turn so that both saw the same machine.
pub struct Pair {
    pub value: Duration,
    pub floor: Duration,
}

/// How long the work takes.
pub fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    black_box(work());
    start.elapsed()
}

/// The middle one.
pub fn median(mut spans: Vec<Duration>) -> Duration {
    spans.sort_unstable();
    spans.get(spans.len() / 2).copied().unwrap_or_default()
}

/// Measures both sides in turn, after one run of each that does not count.
pub fn pair(mut value: impl FnMut() -> Duration, mut floor: impl FnMut() -> Duration) -> Pair {
    value();
    floor();
    let (mut values, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        values.push(value());
        floors.push(floor());
    }
    Pair { value: median(values), floor: median(floors) }
}

/// What the columns mean.
pub fn heading() {
    println!("medians of {RUNS} runs; floor: the least possible, in the same minutes; ratio: value / floor");
    println!("{:<58} {:>14} {:>14} {:>9}  goal", "what", "value", "floor", "ratio");
}

/// One row.
pub fn row(what: &str, value: &str, floor: &str, ratio: f64, goal: &str) {
    println!("{what:<58} {value:>14} {floor:>14} {ratio:>8.2}x  {goal}");
}

/// A row of times.
pub fn times(what: &str, pair: &Pair, goal: &str) {
    let ratio = pair.value.as_secs_f64() / pair.floor.as_secs_f64().max(1e-9);
    row(what, &span(pair.value), &span(pair.floor), ratio, goal);
}

/// A row of rates over `bytes`.
pub fn rates(what: &str, pair: &Pair, bytes: usize, goal: &str) {
    let rate = |time: Duration| bytes as f64 / time.as_secs_f64().max(1e-9) / 1e6;
    let ratio = pair.value.as_secs_f64() / pair.floor.as_secs_f64().max(1e-9);
    row(
        what,
        &format!("{:.0} MB/s", rate(pair.value)),
        &format!("{:.0} MB/s", rate(pair.floor)),
        ratio,
        goal,
    );
}

/// A time with a fitting unit.
pub fn span(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    match micros {
        ..1_000.0 => format!("{micros:.2} us"),
        ..1_000_000.0 => format!("{:.2} ms", micros / 1e3),
        _ => format!("{:.2} s", micros / 1e6),
    }
}
