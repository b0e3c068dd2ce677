//! How a metric moves, as its name says: which of its changes mean something. It concerns habits only; bounds that were set
//! hold for every metric.

use super::counter::is_counter;

/// How a metric moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// It stands at a level, and another level is news.
    Level,
    /// Less of it is better: errors, and how long something takes. That it falls is no trouble.
    Burden,
    /// How much is done: that nothing is asked for is no trouble of whoever would do it.
    Flow,
    /// It goes on by itself and falls back when somebody sees to it, or tells nothing where little is there: it has no level.
    Drift,
}

/// Words in the names of what less is better of.
const BURDENS: [&str; 15] = [
    "error",
    "errors",
    "exception",
    "exceptions",
    "fail",
    "failed",
    "failing",
    "failure",
    "failures",
    "latency",
    "duration",
    "timeout",
    "timeouts",
    "rejected",
    "dropped",
];
/// Last words of counts in which such a word only names what is counted.
const COUNTS: [&str; 3] = ["count", "sum", "bucket"];
/// Ends of the names of what is done.
const FLOWS: [&str; 7] = ["_ops", "_transactions", "_per_sec", "_per_second", "_rps", "_qps", "_throughput"];
/// Ends of the names of what goes on by itself.
const DRIFTS: [&str; 4] = ["_age", "_uptime", "_uptime_seconds", "_fragmentation"];
/// Share of what was done below which it is idle.
const IDLE: f64 = 0.1;

impl Manner {
    /// Of a metric of this name.
    #[must_use]
    pub fn of(metric: &str) -> Self {
        let ends = |ends: &[&str]| ends.iter().any(|end| metric.ends_with(end));
        let mut words = metric.split(|c: char| !c.is_ascii_alphanumeric());
        let counts = words.clone().next_back().is_some_and(|last| COUNTS.contains(&last));
        match () {
            () if ends(&DRIFTS) => Self::Drift,
            () if !counts && words.any(|word| BURDENS.contains(&word)) => Self::Burden,
            () if is_counter(metric) || ends(&FLOWS) => Self::Flow,
            () => Self::Level,
        }
    }

    /// Whether going from one value to the other is worth a word.
    #[must_use]
    pub fn tells(self, from: f64, to: f64) -> bool {
        match self {
            Self::Level => true,
            Self::Burden => to > from,
            Self::Flow => to > IDLE * from,
            Self::Drift => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_name_says_how_it_moves() {
        assert_eq!(Manner::of("pg_xid_age"), Manner::Drift);
        assert_eq!(Manner::of("http_requests_total"), Manner::Flow);
        assert_eq!(Manner::of("http_latency_ms"), Manner::Burden);
        assert_eq!(Manner::of("error-rate"), Manner::Burden);
        assert_eq!(
            Manner::of("http_request_duration_seconds_count"),
            Manner::Level,
            "how many, not how long"
        );
        assert_eq!(Manner::of("terrors"), Manner::Level);
        assert!(Manner::Burden.tells(0.1, 0.5) && !Manner::Burden.tells(0.5, 0.0), "less of it is better");
        assert_eq!(Manner::of("pages"), Manner::Level, "an end that only looks like one");
        assert!(
            Manner::Flow.tells(100.0, 40.0) && Manner::Flow.tells(100.0, 900.0),
            "half of it, or much more"
        );
        assert!(!Manner::Flow.tells(100.0, 3.0) && !Manner::Flow.tells(100.0, 0.0), "idle");
    }
}
