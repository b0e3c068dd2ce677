//! What the incident's own signals say. Text becomes two things only: which of the known markers it contains, and a
//! quotation for people. Pure.

use crate::{
    domain::{
        incident::ClueSort,
        signal::{Reading, Signal, SignalState},
        text,
    },
    monitor::investigate::{
        book::{Standing, Trust},
        findings::{Found, Piece},
        markers::{self, MARKERS},
        scene::Scene,
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
    let texts: Vec<&Signal> = scene.telling().collect();
    let said: Vec<Vec<&str>> = texts.iter().map(|signal| markers::said(&spoken(signal))).collect();
    let said_by_any: Vec<&str> = said.concat();
    // What is quoted is what says something known, not what merely came first.
    let quoted = said.iter().position(|said| !said.is_empty()).unwrap_or(0);
    for (at, (signal, said)) in texts.iter().zip(&said).enumerate().take(SIGNALS_MOST) {
        let mut piece = Piece::told(words(signal)).detail(signal.sample.as_deref().unwrap_or_default());
        for marker in said {
            piece = piece.truth(&format!("{SAYS}{marker}"), true);
        }
        if at == quoted {
            piece = piece.name("log.quote", &text::clean_line(&signal.title, QUOTE_MOST));
        }
        if at == 0 {
            piece = piece
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
    found.pieces.extend(traced(scene));
    found
}

/// Whether the program itself fails: an exception, a crash, a stack trace. Our own detector found it in the text.
fn traced(scene: &Scene) -> Option<Piece> {
    let fails = |signal: &&Signal| {
        let kind = signal.kind.as_str();
        signal.state == SignalState::Firing
            && (matches!(kind, "log.exception" | "log.crash") || !signal.frames.is_empty())
    };
    let signal = scene.signals.iter().take(Scene::SIGNALS_MOST).find(fails)?;
    let piece = Piece::now(ClueSort::Code, format!("the program itself fails: a {} is seen", signal.kind));
    Some(piece.standing(Standing::Event).truth("code.traced", true))
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
    let numbers = || {
        scene.readings.iter().filter(|newest| {
            newest.seen.probe == first.probe && matches!(newest.seen.reading, Reading::Sample { .. })
        })
    };
    let asked = numbers().next().is_none() || numbers().any(|newest| newest.fresh(scene.now));
    let fresh = asked && scene.now.since(scene.last_seen) <= Scene::QUIET;
    let shifted =
        firing.iter().any(|signal| matches!(signal.kind.as_str(), "metric.shift" | "metric.anomaly"));
    let words = format!("{} of probe {}", first.kind, first.probe);
    let piece = Piece::now(ClueSort::Metric, words).trusted(Trust::Own).detail(first.title.clone());
    let piece = piece.standing(if fresh { Standing::Now } else { Standing::Past });
    let slow = firing.iter().any(|signal| is_slow(signal));
    Some(
        piece.truth("metric.out_of_bounds", true).truth("metric.shifted", shifted).truth("metric.slow", slow),
    )
}

/// Whether it is a number of how long something takes, and that is not less than usual. Its title begins with its name.
fn is_slow(signal: &Signal) -> bool {
    let metric = signal.title.split(' ').next().unwrap_or_default();
    let less = signal.labels.get("direction").is_some_and(|direction| direction == "lower");
    let bound = signal.labels.get("bound").is_some_and(|bound| bound.starts_with("below"));
    let label = |name: &str| signal.labels.get(name).and_then(|value| value.parse::<f64>().ok());
    let fell = label("from").zip(label("to")).is_some_and(|(from, to)| to < from);
    ["latency", "duration", "response_time"].iter().any(|word| metric.contains(word))
        && !less
        && !bound
        && !fell
}

#[expect(clippy::cast_precision_loss, reason = "a count far below 2^52")]
fn hits(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "a count far below 2^52")]
fn count(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::expr::Value;

    fn signal(kind: &str, title: &str) -> Signal {
        Signal {
            fingerprint: crate::domain::signal::Fingerprint::of(&[kind, title]),
            service: "web".into(),
            env: "production".into(),
            kind: kind.into(),
            severity: crate::domain::incident::Severity::P3,
            title: title.into(),
            probe: "log".into(),
            state: SignalState::Firing,
            count: 4,
            affected: 0,
            sample: Some(title.into()),
            frames: Vec::new(),
            labels: std::collections::BTreeMap::new(),
        }
    }

    fn fact(signals: Vec<Signal>, name: &str) -> Option<Value> {
        let found = read(&Scene { signals, ..Scene::default() });
        let mut facts = found.pieces.into_iter().flat_map(|piece| piece.facts);
        facts.find(|(known, _)| known == name).map(|(_, value)| value)
    }

    #[test]
    fn c3_an_error_of_a_log_is_not_put_down_to_what_another_line_says() {
        let (card, bind) = ("payment provider said no: card declined", "bind: address already in use");
        let taken = |first: Signal, other: Signal| fact(vec![first, other], "log.says_port_taken");
        let log = |title: &str| signal("log.error", title);
        assert_eq!(taken(log(card), log(bind)), Some(Value::Truth(false)), "another cause of the same log");
        assert_eq!(taken(log(bind), log(card)), Some(Value::Truth(true)));
        assert_eq!(fact(vec![log(card), log(bind)], "log.hits"), Some(Value::Number(4.0)));
        let checks = vec![signal("http.down", "HTTP 500"), log(card), log(bind)];
        assert_eq!(fact(checks.clone(), "log.says_port_taken"), Some(Value::Truth(true)), "a second witness");
        assert_eq!(
            fact(checks, "log.quote"),
            Some(Value::Text(bind.into())),
            "what says it is what is quoted"
        );
    }
}
