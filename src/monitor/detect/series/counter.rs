//! Counters: numbers that only grow, and begin at nothing when their process does. What is told of them is how fast.

use crate::domain::time::Timestamp;

/// End of the names of counters, by the custom of Prometheus.
const ENDING: &str = "_total";

/// Whether a metric of that name is a counter.
#[must_use]
pub fn is_counter(metric: &str) -> bool {
    metric.ends_with(ENDING)
}

/// The last state of a counter.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Counter {
    last: Option<(Timestamp, f64)>,
}

impl Counter {
    /// Rise for each second since the last value. `None` for the first one, and where no time has passed; nothing for
    /// what is not a number. After a reset all that is there has risen since.
    pub fn rate(&mut self, at: Timestamp, value: f64) -> Option<f64> {
        if !value.is_finite() || value < 0.0 {
            return self.last.map(|_| 0.0);
        }
        let Some((then, before)) = self.last else {
            self.last = Some((at, value));
            return None;
        };
        let seconds = at.since(then).0 as f64 / 1_000.0;
        if seconds <= 0.0 {
            // The same moment again, or the clock went back: counted from here.
            if at < then {
                self.last = Some((at, value));
            }
            return None;
        }
        self.last = Some((at, value));
        Some(if value >= before { value - before } else { value } / seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_tells_its_rate_over_resets_gaps_and_clocks() {
        let mut counter = Counter::default();
        let at = |seconds: i64| Timestamp(seconds * 1_000);
        assert_eq!(counter.rate(at(0), 100.0), None);
        assert_eq!(counter.rate(at(10), 150.0), Some(5.0));
        assert_eq!(counter.rate(at(20), f64::NAN), Some(0.0));
        assert_eq!(counter.rate(at(30), 190.0), Some(2.0));
        assert_eq!(counter.rate(at(40), 30.0), Some(3.0));
        assert_eq!(counter.rate(at(40), 35.0), None);
        assert_eq!(counter.rate(at(20), 40.0), None);
        assert_eq!(counter.rate(at(30), 60.0), Some(2.0));
        assert!(is_counter("http_requests_total") && !is_counter("total_memory"));
    }
}
