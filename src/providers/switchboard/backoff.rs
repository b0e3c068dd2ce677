//! How long to wait before the next attempt: exponential with full jitter, never less than the vendor asks.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Bounds of the retries of one call at one vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryLimits {
    /// Attempts, the first included.
    pub attempts: u32,
    /// Longest wait after the first attempt; doubles with each.
    pub base: Duration,
    /// Longest wait of our own choosing.
    pub most: Duration,
    /// A vendor that asks for longer is not waited for.
    pub retry_after_most: Duration,
}

impl Default for RetryLimits {
    fn default() -> Self {
        Self {
            attempts: 4,
            base: Duration::from_secs(1),
            most: Duration::from_secs(30),
            retry_after_most: Duration::from_secs(300),
        }
    }
}

/// A source of even enough numbers, seeded from outside so that a run can be repeated.
#[derive(Debug)]
pub struct Jitter(AtomicU64);

impl Jitter {
    /// From this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// Between nothing and `most`. Numbers after the published SplitMix64 recurrence.
    #[must_use]
    pub fn up_to(&self, most: Duration) -> Duration {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut x = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^= x >> 31;
        let ms = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(if ms == u64::MAX { x } else { x % (ms + 1) })
    }
}

/// The wait after failed attempt `attempt` (from 1); `None`: the vendor asks for more than anybody waits.
#[must_use]
pub fn wait(
    limits: &RetryLimits,
    attempt: u32,
    asked: Option<Duration>,
    jitter: &Jitter,
) -> Option<Duration> {
    match asked {
        Some(asked) if asked > limits.retry_after_most => None,
        // A little spread, so that teams that were told the same do not come back in the same instant.
        Some(asked) => Some(asked + jitter.up_to(limits.base)),
        None => {
            let doubled = limits.base.saturating_mul(1 << (attempt.saturating_sub(1)).min(16));
            Some(jitter.up_to(doubled.min(limits.most)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_are_spread_and_honour_the_vendor() {
        let (limits, jitter) = (RetryLimits::default(), Jitter::new(7));
        for attempt in 1..=10 {
            let bound = Duration::from_secs(1 << (attempt - 1)).min(limits.most);
            let waits: Vec<Duration> =
                (0..200).map(|_| wait(&limits, attempt, None, &jitter).unwrap()).collect();
            assert!(waits.iter().all(|wait| *wait <= bound));
            assert!(waits.iter().any(|wait| *wait > bound / 2) && waits.iter().any(|wait| *wait < bound / 2));
        }
        let asked = Duration::from_secs(40);
        assert!((asked..=asked + limits.base).contains(&wait(&limits, 1, Some(asked), &jitter).unwrap()));
        assert_eq!(wait(&limits, 1, Some(Duration::from_secs(301)), &jitter), None);
        let repeat = |seed| Jitter::new(seed).up_to(Duration::from_secs(9));
        assert_eq!(repeat(3), repeat(3));
    }
}
