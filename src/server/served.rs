//! How many requests were answered, by how: for `/metrics`, and for whoever wants to know how busy this face is.

use std::sync::atomic::{AtomicU64, Ordering};

/// Classes of status, as they are told.
const CLASSES: [&str; 3] = ["2xx", "4xx", "5xx"];

/// Answers so far.
#[derive(Debug, Default)]
pub(super) struct Served([AtomicU64; CLASSES.len()]);

impl Served {
    /// One more with this status.
    pub fn count(&self, status: u16) {
        let class = match status {
            ..400 => 0,
            400..500 => 1,
            _ => 2,
        };
        if let Some(count) = self.0.get(class) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Each class with its answers.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, u64)> {
        CLASSES.into_iter().zip(self.0.iter().map(|count| count.load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d3_every_status_is_of_one_class() {
        let served = Served::default();
        for status in [100, 200, 201, 304, 399, 400, 404, 499, 500, 503, 599, 999] {
            served.count(status);
        }
        assert_eq!(served.all().collect::<Vec<_>>(), [("2xx", 5), ("4xx", 3), ("5xx", 4)]);
    }
}
