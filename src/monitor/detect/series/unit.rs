//! The unit of a metric, as its name ends, and the least change that is worth a word in it. A service that answers in
//! three milliseconds instead of one has changed, and nobody waits longer for it.

use super::counter::is_counter;

/// Least change worth a word, by what a metric's name ends with. What ends otherwise has none.
const TELLING: [(&str, f64); 6] = [
    ("_ms", 50.0),
    ("_milliseconds", 50.0),
    ("_seconds", 0.05),
    ("_pct", 2.0),
    ("_percent", 2.0),
    ("_bytes", 16.0 * 1024.0 * 1024.0),
];

/// Least change of this metric, in its own unit, that is worth a word; it does not concern bounds that were set. What a
/// counter counts up to says nothing of how fast it does, so it has none.
#[must_use]
pub fn telling(metric: &str) -> f64 {
    if is_counter(metric) {
        return 0.0;
    }
    TELLING.iter().find(|(end, _)| metric.ends_with(end)).map_or(0.0, |(_, least)| *least)
}

#[cfg(test)]
mod tests {
    use super::telling;

    #[test]
    fn units_are_read_off_the_end_of_the_name() {
        assert!((telling("http_latency_ms") - 50.0).abs() < f64::EPSILON);
        assert!((telling("http_request_duration_seconds") - 0.05).abs() < f64::EPSILON);
        assert!(telling("queue_length").abs() < f64::EPSILON);
        assert!(telling("items").abs() < f64::EPSILON, "an end that only looks like a unit");
    }
}
