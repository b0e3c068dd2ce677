//! How fast one vendor may be asked: calls at once, calls per minute, and a pause that the vendor itself asked for.
//! Waiting is done by the caller; this only says how long.

use std::time::Duration;
use tokio::time::Instant;

/// Bounds of one vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaceLimits {
    /// Calls at the same time.
    pub at_once: u32,
    /// Calls begun per minute.
    pub per_minute: u32,
}

impl Default for PaceLimits {
    fn default() -> Self {
        Self { at_once: 8, per_minute: 120 }
    }
}

/// A token bucket kept as the instant at which it would be full again; as large as a quarter of a minute.
#[derive(Debug)]
pub struct Pace {
    interval: Duration,
    burst: u32,
    full_at: Option<Instant>,
    hold_until: Option<Instant>,
}

impl Pace {
    /// A full bucket.
    #[must_use]
    pub fn new(limits: PaceLimits) -> Self {
        let per_minute = limits.per_minute.max(1);
        Self {
            interval: Duration::from_secs(60) / per_minute,
            burst: (per_minute / 4).max(1),
            full_at: None,
            hold_until: None,
        }
    }

    /// Takes one place and says how long to wait for it.
    pub fn take(&mut self, now: Instant) -> Duration {
        let full_at = self.full_at.unwrap_or(now).max(now) + self.interval;
        self.full_at = Some(full_at);
        let ahead = full_at - now;
        let by_rate = ahead.saturating_sub(self.interval * self.burst);
        let by_vendor = self.hold_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        by_rate.max(by_vendor)
    }

    /// The vendor wants nothing before `until`: every team waits, not only the one that was told.
    pub fn hold(&mut self, until: Instant) {
        self.hold_until = Some(self.hold_until.map_or(until, |before| before.max(until)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_then_an_even_pace() {
        let mut pace = Pace::new(PaceLimits { at_once: 1, per_minute: 8 });
        let start = Instant::now();
        let waits: Vec<u128> = (0..4).map(|_| pace.take(start).as_millis()).collect();
        assert_eq!(waits, [0, 0, 7_500, 15_000]);
        let later = start + Duration::from_secs(60);
        assert_eq!(pace.take(later), Duration::ZERO);
        pace.hold(later + Duration::from_secs(30));
        pace.hold(later + Duration::from_secs(10));
        assert_eq!(pace.take(later), Duration::from_secs(30));
    }
}
