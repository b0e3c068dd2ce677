//! What a load came to: spans by rank, and failures.

use super::{TOLD_MOST, shown};
use crate::cli::out::Out;
use serde_json::{Value, json};
use std::time::Duration;

/// Spans, in any order.
#[derive(Debug, Clone, Default)]
pub(super) struct Spans(Vec<Duration>);

impl Spans {
    pub(super) fn add(&mut self, span: Duration) {
        self.0.push(span);
    }

    /// The span that so many percent are not longer than: the nearest rank. `None` where there is none.
    fn rank(&self, percent: usize) -> Option<Duration> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (percent * sorted.len()).div_ceil(100).max(1);
        sorted.get(rank - 1).copied()
    }

    fn value(&self) -> Value {
        let ms = |percent| self.rank(percent).map(|span| span.as_secs_f64() * 1_000.0);
        json!({"count": self.0.len(), "p50_ms": ms(50), "p95_ms": ms(95), "p99_ms": ms(99), "most_ms": ms(100)})
    }

    fn row(&self, what: &str) -> Vec<String> {
        let cell = |percent| self.rank(percent).map_or_else(|| "-".to_owned(), shown);
        vec![what.to_owned(), self.0.len().to_string(), cell(50), cell(95), cell(99), cell(100)]
    }
}

/// Everything.
#[derive(Debug)]
pub(super) struct Figures {
    agents: u16,
    /// Until the brief is durable.
    pub(super) accepted: Spans,
    /// Until any agent's first finished answer.
    pub(super) answer: Spans,
    /// Until a team's first finished turn.
    pub(super) turn: Spans,
    /// All of it together.
    pub(super) took: Duration,
    failures: Vec<String>,
}

impl Figures {
    pub(super) fn new(agents: u16) -> Self {
        let (accepted, answer, turn) = (Spans::default(), Spans::default(), Spans::default());
        Self { agents, accepted, answer, turn, took: Duration::ZERO, failures: Vec::new() }
    }

    pub(super) fn fail(&mut self, why: String) {
        self.failures.push(why);
    }

    pub(super) fn failed(&self) -> usize {
        self.failures.len()
    }

    pub(super) fn say(&self, out: &mut Out) {
        let head = ["from the brief to", "count", "p50", "p95", "p99", "most"].map(str::to_owned).to_vec();
        out.table(&[
            head,
            self.accepted.row("its place in the journal"),
            self.answer.row("the first finished answer of an agent"),
            self.turn.row("the first finished turn of a team"),
        ]);
        let took = shown(self.took);
        out.say(&format!(
            "{} briefs, {} failed, {took} in all; the rehearsal answers at once",
            self.agents,
            self.failed()
        ));
        for why in self.failures.iter().take(TOLD_MOST) {
            out.say(&format!("  {why}"));
        }
        out.tell(&json!({
            "kind": "load", "agents": self.agents, "failed": self.failed(),
            "took_ms": self.took.as_secs_f64() * 1_000.0,
            "accepted": self.accepted.value(), "first_answer": self.answer.value(), "first_turn": self.turn.value(),
            "failures": self.failures.iter().take(TOLD_MOST).collect::<Vec<_>>(),
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::out::{Form, tests::Kept};

    #[test]
    fn e10_a_rank_is_one_of_the_spans_and_never_between_two() {
        let mut spans = Spans::default();
        assert_eq!(spans.rank(95), None);
        (1..=20).rev().for_each(|ms| spans.add(Duration::from_millis(ms)));
        let rank = |percent| spans.rank(percent).unwrap().as_millis();
        assert_eq!([rank(0), rank(50), rank(95), rank(99), rank(100)], [1, 10, 19, 20, 20]);
    }

    #[test]
    fn e10_failures_are_counted_and_told_and_nothing_is_made_up_for_them() {
        let mut figures = Figures::new(3);
        figures.accepted.add(Duration::from_millis(7));
        (0..9).for_each(|number| figures.fail(format!("M-{number}: it did not speak in time")));
        let (mut out, kept) = Kept::out(Form::Human);
        figures.say(&mut out);
        let text = kept.text();
        assert!(text.contains("3 briefs, 9 failed") && text.contains("7 ms"), "{text}");
        assert_eq!(text.matches("did not speak").count(), TOLD_MOST);
        let (mut out, kept) = Kept::out(Form::Json);
        figures.say(&mut out);
        let line = kept.lines().pop().unwrap();
        assert_eq!((line["failed"].as_u64(), line["first_turn"]["p95_ms"].as_f64()), (Some(9), None));
    }
}
