//! Lines of all logs together that come many times as fast as they usually do: too much at once, whatever they say. Pure.
//!
//! What is usual is a moving average that a flood cannot lift faster than its own bound: what goes on becomes usual within
//! minutes. Nothing is told before the watchtower knows what is usual, nor of a rate that any house takes.

use crate::domain::{
    text::count,
    time::{Millis, Timestamp},
};

/// Lines are counted over this long.
const SPAN: Millis = Millis::secs(10);
/// Spans before anything is told: five minutes.
const LEARNS: u32 = 30;
/// Below so many lines in a span it is no flood, however quiet it was before.
const LEAST: f64 = 1_000.0;
/// Weight of the newest span in what is usual: about that of ten minutes.
const WEIGHT: f64 = 2.0 / 61.0;

/// Counts lines.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    began: Option<Timestamp>,
    lines: u64,
    /// Lines a span.
    usual: f64,
    spans: u32,
}

impl Gauge {
    /// So many lines came.
    pub(super) fn count(&mut self, lines: u64) {
        self.lines = self.lines.saturating_add(lines);
    }

    /// Time has passed: what came is so many times the usual that it is a flood, in words.
    pub(super) fn tick(&mut self, now: Timestamp, factor: u32) -> Option<String> {
        let began = *self.began.get_or_insert(now);
        let passed = now.since(began);
        if passed < SPAN {
            return None;
        }
        let lines = std::mem::take(&mut self.lines);
        self.began = Some(now);
        // Whoever comes late to count counted for longer.
        let came = lines as f64 * SPAN.0 as f64 / passed.0 as f64;
        let bound = (self.usual * f64::from(factor)).max(LEAST);
        let knows = self.spans >= LEARNS;
        let words = (knows && came > bound).then(|| {
            let times = came / self.usual.max(1.0);
            format!("{} of logs within {passed}, {times:.0} times the usual", count(lines, "line"))
        });
        self.spans = self.spans.saturating_add(1);
        // The mean at first.
        let weight = WEIGHT.max(1.0 / f64::from(self.spans));
        self.usual += weight * (came.min(bound) - self.usual);
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines a span, one after the other; the spans in which it was a flood.
    fn floods(spans: impl IntoIterator<Item = u64>) -> Vec<usize> {
        let mut gauge = Gauge::default();
        assert_eq!(gauge.tick(Timestamp(0), 10), None);
        let mut told = Vec::new();
        for (at, lines) in spans.into_iter().enumerate() {
            gauge.count(lines);
            if gauge.tick(Timestamp((at as i64 + 1) * 10_000), 10).is_some() {
                told.push(at);
            }
        }
        told
    }

    #[test]
    fn c1_ten_times_the_usual_is_a_flood_and_less_is_not() {
        let usual = |lines| std::iter::repeat_n(lines, 100);
        assert_eq!(floods(usual(500).chain([5_100, 500])), [100]);
        assert!(floods(usual(500).chain([4_900, 500])).is_empty());
        assert!(floods(usual(10).chain([900, 990])).is_empty(), "any house takes that");
        assert_eq!(floods(usual(0).chain([1_001])), [100]);
        assert!(floods([100_000; 20]).is_empty(), "it does not know yet what is usual");
    }

    #[test]
    fn c1_what_goes_on_becomes_usual() {
        let lasts = std::iter::repeat_n(100, 60).chain(std::iter::repeat_n(20_000, 360));
        let told = floods(lasts);
        assert_eq!(told.first(), Some(&60));
        let minutes = (told.len() * 10).div_ceil(60);
        assert!((2..30).contains(&minutes), "{minutes} minutes");
        assert!(told.windows(2).all(|two| two[1] == two[0] + 1), "and stays so: {told:?}");
    }

    #[test]
    fn whoever_counts_late_does_not_call_it_a_flood() {
        let mut gauge = Gauge::default();
        for second in 0..=1_000 {
            gauge.count(100);
            assert_eq!(gauge.tick(Timestamp(second * 1_000), 10), None);
        }
        gauge.count(100 * 60);
        assert_eq!(gauge.tick(Timestamp(1_060_000), 10), None);
    }
}
