//! What the probes read last: checks that hold and fail, of the service and of what it stands on, and numbers. Pure. A
//! reading that is too old says nothing about now.

use crate::{
    domain::{
        incident::ClueSort,
        signal::{Check, Reading, kind},
        text,
    },
    monitor::investigate::{
        book::Standing,
        findings::{Found, Piece},
        scene::{Newest, Scene},
        vocabulary::METRIC,
    },
};
use std::collections::BTreeMap;

/// Clues made of failing checks.
const FAILING_MOST: usize = 10;
/// Numbers that become facts.
const SAMPLES_MOST: usize = 64;

/// Reads them.
#[must_use]
pub fn read(scene: &Scene) -> Found {
    let mut found = checks(scene);
    found.pieces.extend(dependencies(scene));
    found.pieces.extend(samples(scene));
    found
}

fn checks(scene: &Scene) -> Found {
    let mut found = Found::default();
    let all: Vec<(&Newest, &Check)> = scene.checks(&scene.service.name).collect();
    let (fresh, stale): (Vec<_>, Vec<_>) = all.into_iter().partition(|(newest, _)| newest.fresh(scene.now));
    for (newest, check) in &stale {
        found.gaps.push(format!("probe {} has not checked {} lately", newest.seen.probe, check.name));
    }
    if fresh.is_empty() {
        return found;
    }
    let failing: Vec<_> = fresh.iter().filter(|(_, check)| !check.ok).collect();
    let holding = fresh.len() - failing.len();
    let words = match failing.len() {
        0 => format!("all {} hold now", text::count(fresh.len(), "check")),
        bad => format!("{bad} of {} fail now", text::count(fresh.len(), "check")),
    };
    let mut sum = Piece::now(ClueSort::Check, words)
        .number("check.failing", number(failing.len()))
        .number("check.holding", number(holding))
        .truth("check.all_hold", failing.is_empty() && stale.is_empty())
        .truth("check.refused", failing.iter().any(|(_, check)| is_refused(check)))
        .truth("check.unanswered", failing.iter().any(|(_, check)| is_silent(check, "late")));
    let mut kinds: BTreeMap<&str, bool> = BTreeMap::new();
    for (_, check) in &fresh {
        *kinds.entry(check.kind).or_default() |= !check.ok;
    }
    for (kind, fails) in kinds {
        sum = sum.truth(&format!("check.{}", kind.replace('.', "_")), fails);
    }
    found.pieces.push(sum);
    let label =
        |check: &Check, name: &str| check.labels.get(name).and_then(|value| value.parse::<f64>().ok());
    for (newest, check) in failing.into_iter().take(FAILING_MOST) {
        let words =
            format!("check {} of probe {} fails: {}", check.name, newest.seen.probe, quoted(&check.words));
        let mut piece = Piece::now(ClueSort::Check, words);
        if let Some(status) = label(check, "status") {
            piece = piece.number("check.status", status);
        }
        if let Some(times) = label(check, "restarts") {
            piece = piece.number("check.restarts", times);
        }
        if let Some(days) = label(check, "days") {
            piece = piece.number("check.tls_days", days);
        }
        if let Some(host) = nameless(check) {
            piece = piece.truth("dns.fails", true).name("dns.host", host);
        }
        found.pieces.push(piece);
    }
    found
}

/// The host whose name has no address, where that is why a page cannot be asked.
fn nameless(check: &Check) -> Option<&str> {
    check.labels.get("host").map(String::as_str).filter(|_| is_silent(check, "nameless"))
}

/// A port's check is of our own words: whoever does not answer there has said nothing in it. That of a page may be of others'.
fn is_refused(check: &Check) -> bool {
    check.kind == kind::TCP_DOWN && check.words.contains("connection is refused")
        || is_silent(check, "refused")
}

/// Whether an address gave no answer, in this way; only the probe itself says so.
fn is_silent(check: &Check, how: &str) -> bool {
    check.kind == kind::HTTP_DOWN && check.labels.get("silent").is_some_and(|word| word == how)
}

fn quoted(words: &str) -> String {
    format!("“{}”", text::clean_line(words, 160))
}

/// A service below that fails is the likelier cause; one that cannot be reached from here is looked at by `reach`.
fn dependencies(scene: &Scene) -> Option<Piece> {
    let mut known = 0;
    let mut down = None;
    for name in &scene.service.depends_on {
        let mut checks = scene.checks(name).filter(|(newest, _)| newest.fresh(scene.now)).peekable();
        known += usize::from(checks.peek().is_some());
        let fails =
            |check: &Check| !check.ok && matches!(check.kind, "http.down" | "tcp.down" | "process.down");
        if down.is_none() && checks.any(|(_, check)| fails(check)) {
            down = Some(name);
        }
    }
    let piece = match down {
        Some(name) => {
            Piece::now(ClueSort::Check, format!("{name}, which it stands on, fails its checks now"))
                .name("dependency.name", name)
        }
        None if known > 0 && known == scene.service.depends_on.len() => Piece::now(
            ClueSort::Check,
            format!("all {} it stands on are well", text::count(known, "service")),
        ),
        None => return None,
    };
    Some(piece.truth("dependency.down", down.is_some()))
}

fn samples(scene: &Scene) -> Option<Piece> {
    let own = |newest: &&Newest| newest.service == scene.service.name;
    let mut piece = Piece::now(ClueSort::Metric, String::new());
    let mut shown = Vec::new();
    for newest in scene.readings.iter().filter(own).take(Scene::READINGS_MOST) {
        let Reading::Sample { metric, value, .. } = &newest.seen.reading else { continue };
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        if !newest.fresh(scene.now) || metric.is_empty() || metric.len() > 64 || !metric.chars().all(plain) {
            continue;
        }
        // What could not be measured is no number.
        if shown.len() < SAMPLES_MOST && value.is_finite() {
            piece = piece.number(&format!("{METRIC}{metric}"), *value);
            shown.push(format!("{metric} {value}"));
        }
    }
    piece.words = format!("numbers now: {}", shown.join(", "));
    (!shown.is_empty()).then(|| piece.standing(Standing::Now))
}

#[expect(clippy::cast_precision_loss, reason = "a count far below 2^52")]
fn number(count: usize) -> f64 {
    count as f64
}
