//! Circuit breaker of one vendor: after some failures in a row nothing is sent for a while, then one call probes.
//! Pure but for the instants it is given.

use std::time::Duration;
use tokio::time::Instant;

/// When it opens and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerLimits {
    /// Failures in a row that open it.
    pub failures: u32,
    /// So long it stays open.
    pub open: Duration,
}

impl Default for BreakerLimits {
    fn default() -> Self {
        Self { failures: 5, open: Duration::from_secs(120) }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant },
    Probing,
}

/// One vendor's breaker.
#[derive(Debug)]
pub struct Breaker {
    limits: BreakerLimits,
    state: State,
}

impl Breaker {
    /// Closed.
    #[must_use]
    pub fn new(limits: BreakerLimits) -> Self {
        Self { limits, state: State::Closed { failures: 0 } }
    }

    /// Whether a call may be made now; otherwise after how long to ask again. When the open time is over, the
    /// first to ask becomes the probe.
    ///
    /// # Errors
    /// The time until the next probe.
    pub fn admit(&mut self, now: Instant) -> Result<(), Duration> {
        match self.state {
            State::Closed { .. } => Ok(()),
            State::Open { until } if now < until => Err(until - now),
            State::Open { .. } => {
                self.state = State::Probing;
                Ok(())
            }
            State::Probing => Err(Duration::ZERO),
        }
    }

    /// How long it stays open, if it is.
    #[must_use]
    pub fn open_for(&self, now: Instant) -> Option<Duration> {
        match self.state {
            State::Open { until } if now < until => Some(until - now),
            _ => None,
        }
    }

    /// The vendor answered, if only with a refusal that is our own fault.
    pub fn succeeded(&mut self) {
        self.state = State::Closed { failures: 0 };
    }

    /// The vendor failed. True when this opened the breaker.
    pub fn failed(&mut self, now: Instant) -> bool {
        let failures = match self.state {
            State::Closed { failures } => failures + 1,
            State::Probing | State::Open { .. } => self.limits.failures,
        };
        let opens = failures >= self.limits.failures;
        self.state =
            if opens { State::Open { until: now + self.limits.open } } else { State::Closed { failures } };
        opens
    }

    /// A call was given up without an answer: a probe leaves its place to the next.
    pub fn abandoned(&mut self, now: Instant) {
        if self.state == State::Probing {
            self.state = State::Open { until: now };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn opens_after_five_and_lets_one_probe() {
        let mut breaker = Breaker::new(BreakerLimits::default());
        let start = Instant::now();
        for _ in 0..4 {
            assert!(!breaker.failed(start));
        }
        breaker.succeeded();
        for at in 0..5 {
            assert!(breaker.admit(start).is_ok());
            assert_eq!(breaker.failed(start), at == 4);
        }
        assert_eq!(breaker.admit(start), Err(Duration::from_secs(120)));
        let later = start + Duration::from_secs(120);
        assert_eq!(breaker.admit(later), Ok(()));
        assert_eq!(breaker.admit(later), Err(Duration::ZERO), "only one probe");
        assert!(breaker.failed(later), "a failed probe opens it again at once");
        let latest = later + Duration::from_secs(120);
        assert_eq!(breaker.admit(latest), Ok(()));
        breaker.abandoned(latest);
        assert_eq!(breaker.admit(latest), Ok(()), "a cancelled probe leaves its place");
        breaker.succeeded();
        assert!(breaker.admit(latest).is_ok() && breaker.admit(latest).is_ok());
    }
}
