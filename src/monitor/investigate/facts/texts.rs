//! What the incident's own signals say. Text becomes two things only: which of the known markers it contains, and a
//! quotation for people. Pure.

use crate::{
    domain::{
        incident::ClueSort,
        signal::{Signal, SignalState},
        text,
    },
    monitor::investigate::{
        book::{Standing, Trust},
        findings::{Found, Piece},
        markers::{self, MARKERS},
        scene::{self, Scene},
        vocabulary::SAYS,
    },
};

/// Characters of a quotation.
const QUOTE_MOST: usize = 120;
/// Clues made of signals.
const SIGNALS_MOST: usize = 8;

/// Reads them.
#[must_use]
pub fn read(scene: &Scene) -> Found {
    let mut found = Found::default();
    let texts: Vec<&Signal> =
        scene.signals.iter().take(Scene::SIGNALS_MOST).filter(|signal| scene::told(&signal.kind)).collect();
    let said: Vec<Vec<&str>> = texts.iter().map(|signal| markers::said(&spoken(signal))).collect();
    let said_by_any: Vec<&str> = said.concat();
    for (at, (signal, said)) in texts.iter().zip(&said).enumerate().take(SIGNALS_MOST) {
        let mut piece = Piece::told(words(signal)).detail(signal.sample.as_deref().unwrap_or_default());
        for marker in said {
            piece = piece.truth(&format!("{SAYS}{marker}"), true);
        }
        if at == 0 {
            piece = piece
                .name("log.quote", &text::clean_line(&signal.title, QUOTE_MOST))
                .number("log.frames", count(texts.iter().map(|signal| signal.frames.len()).sum()))
                .number("log.hits", texts.iter().map(|signal| hits(signal.count)).sum());
            let unsaid = |marker: &&str| !said_by_any.contains(marker);
            for marker in MARKERS.iter().map(|(marker, _)| *marker).filter(unsaid) {
                piece = piece.truth(&format!("{SAYS}{marker}"), false);
            }
        }
        found.pieces.push(piece);
    }
    found.pieces.extend(metrics(scene));
    found
}

fn spoken(signal: &Signal) -> String {
    format!("{}\n{}", signal.title, signal.sample.as_deref().unwrap_or_default())
}

fn words(signal: &Signal) -> String {
    format!(
        "{} of {}: “{}”",
        text::count(signal.count, "line"),
        signal.kind,
        text::clean_line(&signal.title, QUOTE_MOST)
    )
}

/// Numbers that our own detector found out of their bounds: its word, not the text's.
fn metrics(scene: &Scene) -> Option<Piece> {
    let fires = |signal: &&Signal| {
        signal.state == SignalState::Firing
            && (signal.kind.starts_with("metric.") || signal.kind == "slo.burn")
    };
    let firing: Vec<&Signal> = scene.signals.iter().take(Scene::SIGNALS_MOST).filter(fires).collect();
    let first = firing.first()?;
    let fresh = scene.now.since(scene.last_seen) <= Scene::QUIET;
    let shifted =
        firing.iter().any(|signal| matches!(signal.kind.as_str(), "metric.shift" | "metric.anomaly"));
    let words = format!("{} of probe {}", first.kind, first.probe);
    let piece = Piece::now(ClueSort::Metric, words).trusted(Trust::Own).detail(first.title.clone());
    let piece = piece.standing(if fresh { Standing::Now } else { Standing::Past });
    Some(piece.truth("metric.out_of_bounds", true).truth("metric.shifted", shifted))
}

#[expect(clippy::cast_precision_loss, reason = "a count far below 2^52")]
fn hits(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "a count far below 2^52")]
fn count(count: usize) -> f64 {
    count as f64
}
