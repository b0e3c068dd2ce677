//! The triggers, one by one: each looks at what was seen and says pass, fail, too little or a mere note, in words with
//! the numbers it went by. All clauses of a trigger must hold before it fails a release.

use super::{
    normal,
    normal::Share,
    rank,
    soaking::{Class, Resource, SLOPE_OVER, Soaking},
};
use crate::{
    domain::{text, time::Millis},
    policy::healing::Soak,
};

/// Errors may be this many times the baseline's before the fast path takes them for certain.
const FAST_RATIO: f64 = 5.0;
/// Least z of the fast path.
const FAST_Z: f64 = 3.1;
/// A rate of errors that is too much whatever the baseline.
const FAST_RATE: f64 = 0.25;
/// Requests from which that counts.
const FAST_REQUESTS: f64 = 40.0;
/// Response times needed on each side.
const LATENCIES_LEAST: usize = 50;
/// The process may be down for less than this.
const DOWN_MOST: Millis = Millis::secs(30);
/// Response times may be beyond all bounds for less than this.
const STALLED_MOST: Millis = Millis::secs(60);
/// Percent of checks that may fail.
const CHECKS_FAILED_PCT: u32 = 20;
/// Requests or hosts that a new error must have hit.
const PLACES_LEAST: usize = 2;
/// A resource may grow to this much of the baseline.
const USE_RATIO: f64 = 1.5;
/// And to this share of its limit.
const USE_SHARE: f64 = 0.8;

/// What a trigger came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Which trigger: `errors`, `new-errors`, `health`, `latency`, `saturation`, `data`, `aim`.
    pub rule: &'static str,
    /// What it came to.
    pub outcome: Outcome,
    /// The numbers, in one line.
    pub words: String,
}

impl Finding {
    /// A finding of this rule.
    #[must_use]
    pub fn of(rule: &'static str, outcome: Outcome, words: String) -> Self {
        Self { rule, outcome, words }
    }
}

/// What a trigger came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing against the release.
    Pass,
    /// It is bad.
    Fail,
    /// There is too little to say.
    Unknown,
    /// Worth a word, decides nothing.
    Note,
}

/// A share as people read it.
#[must_use]
pub fn percent(rate: f64) -> String {
    let percent = rate * 100.0;
    if percent >= 10.0 {
        format!("{percent:.0} %")
    } else if percent >= 0.995 || percent == 0.0 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.2} %")
    }
}

fn times(ratio: f64) -> String {
    if ratio.is_finite() { format!("{ratio:.2}x") } else { "many times".into() }
}

fn ratio(baseline: f64, candidate: f64) -> f64 {
    if baseline > 0.0 {
        candidate / baseline
    } else if candidate > 0.0 {
        f64::INFINITY
    } else {
        1.0
    }
}

/// What fails a release at any moment, the warm-up included.
#[must_use]
pub fn fast(seen: &Soaking) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut fail = |rule, words: String| found.push(Finding::of(rule, Outcome::Fail, words));
    let (old, new) = (seen.baseline.errors, seen.whole);
    let z = normal::two_shares(old, new);
    let much = ratio(old.rate(), new.rate());
    if much >= FAST_RATIO && new.bad >= 10.0 && z.is_some_and(|z| z >= FAST_Z) {
        fail("errors", format!("errors are {} the baseline's: {}", times(much), both(old, new)));
    } else if new.all >= FAST_REQUESTS && new.rate() >= FAST_RATE {
        fail("errors", format!("{} of requests fail", percent(new.rate())));
    }
    for fresh in seen.fresh.iter().filter(|fresh| fresh.class == Class::Catastrophic && fresh.ever > 0) {
        fail("new-errors", format!("a crash or corruption not seen before: {}", name(&fresh.name)));
    }
    if seen.down >= DOWN_MOST {
        fail("health", format!("the process was down for {} s", seen.down.0 / 1_000));
    }
    if seen.stalled >= STALLED_MOST {
        let stalled = seen.stalled.0 / 1_000;
        fail("latency", format!("p95 was above 1 s and ten times the baseline's for {stalled} s"));
    }
    if seen.oom_kills > 0 {
        let kills = text::count(seen.oom_kills, "process");
        fail("saturation", format!("the kernel ended {kills} for want of memory"));
    }
    found
}

/// What fails a release at any moment after the warm-up: rules that no number of looks makes fire by chance.
#[must_use]
pub fn standing(seen: &Soaking, soak: &Soak) -> Vec<Finding> {
    let mut found = new_errors(seen, soak);
    if seen.checks.row >= soak.health_failures.max(1) {
        let row = seen.checks.row;
        found.push(Finding::of("health", Outcome::Fail, format!("{row} health checks in a row failed")));
    }
    found.extend(seen.resources.iter().map(saturation));
    found
}

/// Errors of the candidate against those of the baseline; for one look, at the end.
#[must_use]
pub fn errors(seen: &Soaking, soak: &Soak) -> Finding {
    let (old, new) = (seen.baseline.errors, seen.candidate.errors);
    let least = f64::from(soak.requests_least);
    if old.all < least || new.all < least {
        let words = format!(
            "too few requests to compare errors: {:.0} before and {:.0} since, {least:.0} needed on each side",
            old.all, new.all
        );
        return Finding::of("errors", Outcome::Unknown, words);
    }
    let much = ratio(old.rate(), new.rate());
    let z = normal::two_shares(old, new).unwrap_or(0.0);
    let rise = new.rate() - old.rate();
    let bad = much > f64::from(soak.error_ratio_pct) / 100.0
        && z >= f64::from(soak.error_z_pct) / 100.0
        && new.bad >= f64::from(soak.errors_least)
        && rise >= f64::from(soak.rise_least_mpp) / 100_000.0;
    let outcome = if bad { Outcome::Fail } else { Outcome::Pass };
    Finding::of("errors", outcome, format!("errors {} ({}, z {z:.1})", both(old, new), times(much)))
}

fn both(old: Share, new: Share) -> String {
    format!(
        "{} of {:.0} before, {} of {:.0} since",
        percent(old.rate()),
        old.all,
        percent(new.rate()),
        new.all
    )
}

fn name(raw: &str) -> String {
    text::clean_line(raw, 120).to_string()
}

fn new_errors(seen: &Soaking, soak: &Soak) -> Vec<Finding> {
    let plain = seen.fresh.iter().filter(|fresh| fresh.class == Class::Plain && fresh.ever > 0);
    plain
        .map(|fresh| {
            let many = fresh.hits >= soak.new_errors_least && fresh.places.len() >= PLACES_LEAST;
            let outcome = if many { Outcome::Fail } else { Outcome::Note };
            let (hits, places) =
                (text::count(fresh.hits, "hit"), text::count(fresh.places.len() as u64, "place"));
            let words = format!("an error not seen before, {hits} in {places}: {}", name(&fresh.name));
            Finding::of("new-errors", outcome, words)
        })
        .collect()
}

/// Health checks over the whole soak, at the end.
#[must_use]
pub fn health(seen: &Soaking, soak: &Soak) -> Finding {
    let checks = seen.checks;
    if checks.all == 0 {
        return Finding::of("health", Outcome::Unknown, "no health checks are configured".into());
    }
    let many = u64::from(checks.failed) * 100 > u64::from(checks.all) * u64::from(CHECKS_FAILED_PCT);
    let bad = many || checks.row >= soak.health_failures.max(1);
    let outcome = if bad { Outcome::Fail } else { Outcome::Pass };
    let words = format!("{} of {} failed", checks.failed, text::count(checks.all, "health check"));
    Finding::of("health", outcome, words)
}

/// Response times, at the end.
#[must_use]
pub fn latency(seen: &Soaking, soak: &Soak) -> Finding {
    let (old, new) = (seen.baseline.latency.sorted(), seen.candidate.latency.sorted());
    if old.len() < LATENCIES_LEAST || new.len() < LATENCIES_LEAST {
        let (before, since) = (old.len(), new.len());
        let words = format!(
            "too few response times: {before} before and {since} since, {LATENCIES_LEAST} needed on each side"
        );
        return Finding::of("latency", Outcome::Unknown, words);
    }
    let p95 = |sorted: &[f64]| normal::percentile(sorted, 95.0).unwrap_or(0.0);
    let (before, since) = (p95(&old), p95(&new));
    let p = rank::ranked(&new, &old).map_or(1.0, |found| found.p_greater());
    let bad = ratio(before, since) > f64::from(soak.latency_ratio_pct) / 100.0
        && since - before >= soak.latency_least.0 as f64
        && p < f64::from(soak.rank_p_mille) / 1_000.0;
    let outcome = if bad { Outcome::Fail } else { Outcome::Pass };
    Finding::of("latency", outcome, format!("p95 {before:.0} ms before, {since:.0} ms since (p {p:.3})"))
}

fn saturation(resource: &Resource) -> Finding {
    let now = resource.history.back().map_or(0.0, |(_, value)| *value);
    let name = name(&resource.name);
    if !(resource.limit > 0.0 && resource.baseline > 0.0) {
        let words = format!("{name}: its limit or its baseline is not known");
        return Finding::of("saturation", Outcome::Note, words);
    }
    let (much, share) = (now / resource.baseline, now / resource.limit);
    let bad = much > USE_RATIO && share > USE_SHARE && rising(resource);
    let outcome = if bad { Outcome::Fail } else { Outcome::Pass };
    Finding::of("saturation", outcome, format!("{name} at {} of its limit, {}", percent(share), times(much)))
}

/// Whether it has been rising over the last five minutes: a full span of values, and a slope above nothing.
fn rising(resource: &Resource) -> bool {
    let Some((last, _)) = resource.history.back() else { return false };
    let from = Millis(last.0.saturating_sub(SLOPE_OVER.0));
    let spans = resource.history.front().is_some_and(|(first, _)| *first <= from) && last.0 >= SLOPE_OVER.0;
    let recent: Vec<(f64, f64)> = resource
        .history
        .iter()
        .filter(|(at, _)| *at >= from)
        .map(|(at, value)| (at.0.saturating_sub(from.0) as f64, *value))
        .collect();
    let all = recent.len().max(1) as f64;
    let middle = recent.iter().map(|(at, _)| at).sum::<f64>() / all;
    let level = recent.iter().map(|(_, value)| value / all).sum::<f64>();
    let slope: f64 = recent.iter().map(|(at, value)| (at - middle) * (value - level)).sum();
    spans && recent.len() >= 3 && slope > 0.0
}
